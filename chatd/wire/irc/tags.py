"""The tags before a line of IRC: their values, the time and the id of a message. Pure.

Sources: https://ircv3.net/specs/extensions/message-tags,
https://ircv3.net/specs/extensions/server-time and https://ircv3.net/specs/extensions/message-ids.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from chatd.chat.events import Message

#: message-tags, "Escaping values".
_ESCAPES: Final = {";": "\\:", " ": "\\s", "\\": "\\\\", "\r": "\\r", "\n": "\\n"}
_TO_ESCAPE: Final = re.compile(r"[; \\\r\n]")
_CHARACTERS: Final = {escape[1]: character for character, escape in _ESCAPES.items()}
_ESCAPED: Final = re.compile(r"\\(.?)", re.DOTALL)

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


def message_id(message: Message) -> str:
    """The value of the tag ``msgid``: the same for everybody, at once and in the history.

    It has the number and the time, and the room, as every room begins with number 1. Without a kept
    history the same room may begin again, but at another time.
    """
    return f"{message.seq:x}-{message.time:x}{message.room}"
