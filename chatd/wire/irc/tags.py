"""The tags before a line of IRC: their values, the time and the id of a message. Pure.

Sources: https://ircv3.net/specs/extensions/message-tags,
https://ircv3.net/specs/extensions/server-time and https://ircv3.net/specs/extensions/message-ids.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from chatd.chat.commands import Place
from chatd.chat.events import Message

#: message-tags, "Escaping values".
_ESCAPES: Final = {";": "\\:", " ": "\\s", "\\": "\\\\", "\r": "\\r", "\n": "\\n"}
_TO_ESCAPE: Final = re.compile(r"[; \\\r\n]")
_CHARACTERS: Final = {escape[1]: character for character, escape in _ESCAPES.items()}
_ESCAPED: Final = re.compile(r"\\(.?)", re.DOTALL)

#: As :func:`server_time` writes it; clients may leave out the milliseconds.
_SERVER_TIME: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{3}))?Z"
)
#: As :func:`message_id` writes it. The numbers are below 2**52.
_MESSAGE_ID: Final = re.compile("([0-9a-f]{1,13})-([0-9a-f]{1,13})(#.*)", re.DOTALL)

#: The last year that the format of server-time has.
_MAX_SECONDS: Final = 253_402_300_799


def parse_tags(text: str) -> dict[str, str]:
    """The tags in `text`, without the ``@`` and the space around it.

    Of a name that occurs twice the last value counts; one without a value has an empty one.
    """
    tags = {}
    for part in text.split(";"):
        name, _, value = part.partition("=")
        if name:
            tags[name] = unescape(value)
    return tags


def format_tags(tags: Mapping[str, str]) -> str:
    """`tags` as text, without the ``@``. An empty value is left out, with its ``=``."""
    return ";".join(f"{name}={escape(value)}" if value else name for name, value in tags.items())


def escape(value: str) -> str:
    """The value of a tag as it is sent."""
    return _TO_ESCAPE.sub(lambda found: _ESCAPES[found[0]], value)


def unescape(value: str) -> str:
    """The value of a tag as it is meant; a backslash before any other character is dropped."""
    return _ESCAPED.sub(lambda found: _CHARACTERS.get(found[1], found[1]), value)


def server_time(milliseconds: int) -> str:
    """The value of the tag ``time``: ``2026-11-25T10:15:00.000Z``.

    :param milliseconds: since 1970. A time before that, or after the year 9999, becomes the nearest
        one that can be written.
    """
    seconds, rest = divmod(milliseconds, 1_000)
    if not 0 <= seconds <= _MAX_SECONDS:
        seconds, rest = (0, 0) if seconds < 0 else (_MAX_SECONDS, 999)
    return f"{_second(seconds)}.{rest:03}Z"


@lru_cache(maxsize=64)  # those of one moment, and of one page of history
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()[:19]


def parse_server_time(value: str) -> int | None:
    """The milliseconds since 1970 in such a value; None if it is not one."""
    found = _SERVER_TIME.fullmatch(value)
    if found is None:
        return None
    try:
        moment = datetime.fromisoformat(f"{found[1]}+00:00")
    except ValueError:  # the 31st of February
        return None
    return int(moment.timestamp()) * 1_000 + int(found[2] or 0)


def message_id(message: Message) -> str:
    """The value of the tag ``msgid``: the same for everybody, at once and in the history.

    It has the number and the time, and the room, as every room begins with number 1. Without a kept
    history the same room may begin again, but at another time.
    """
    return room_id(message.room, message.seq, message.time)


def room_id(room: str, seq: int, time: int) -> str:
    """The same of the message that was sent there, with that number, at that time."""
    return f"{seq:x}-{time:x}{room}"


def number_id(number: int, time: int) -> str:
    """The value of the tag for what is in no room: see :class:`TaggedPrivate`."""
    return f"{number:x}-{time:x}"


def parse_message_id(value: str) -> tuple[Place, str] | None:
    """The place and the room in such a value; None if it is not one.

    Clients send it, so it need not be the id of any message.
    """
    found = _MESSAGE_ID.fullmatch(value)
    return None if found is None else (Place(int(found[2], 16), int(found[1], 16)), found[3])
