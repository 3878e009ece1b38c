r"""Texts in IRC: reading those of clients, and dividing a message into lines. Pure.

A client may put codes for colours and the like into a text. In the other dialects they would be
control characters, which no message may have, so they are removed:
https://modern.ircdocs.horse/formatting.

A text between two bytes of 1 is a request to the client of the other side, not something that is
said (https://modern.ircdocs.horse/ctcp). Of these ``ACTION`` alone is a message: ``/me waves``.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from chatd.chat import irc_limits, limits, names
from chatd.chat.errors import Refusal
from chatd.wire import rendering

#: Colours by number and by their hexadecimal value, and the codes that switch something on and off.
_FORMATTING: Final = re.compile(
    r"\x03(?:[0-9]{1,2}(?:,[0-9]{1,2})?)?"
    r"|\x04(?:[0-9A-Fa-f]{6}(?:,[0-9A-Fa-f]{6})?)?"
    r"|[\x02\x0f\x11\x16\x1d\x1e\x1f]"
)

_CTCP: Final = "\x01"
_ACTION: Final = "ACTION"

#: Characters of a line that are looked at for a place to cut it: more do not make one that is seen.
_MAX_CLUSTER_CHARACTERS: Final = 32
_JOINER: Final = "\u200d"


@dataclass(frozen=True, slots=True)
class ClientText:
    """The text of a client without codes; an `action` is what the user does.

    :ivar cuts: where in the text the client has cut a line.
    """

    text: str
    action: bool = False
    cuts: tuple[int, ...] = ()


def is_request(text: str) -> bool:
    """Whether it begins as a request to the client of the other side."""
    return text.startswith(_CTCP)


def read_text(text: str) -> ClientText | None:
    """Read the last parameter of PRIVMSG or NOTICE; None for a CTCP request but ACTION.

    The closing byte may be missing: Modern asks receivers to take such a text, too.
    """
    if not is_request(text):
        return ClientText(remove_formatting(text))
    name, _, rest = text[1:].removesuffix(_CTCP).partition(" ")
    if name.upper() != _ACTION:
        return None
    return ClientText(remove_formatting(rest), action=True)


def remove_formatting(text: str) -> str:
    """`text` without codes for bold, colours and the like."""
    return text if text.isprintable() else _FORMATTING.sub("", text)


def last_text(params: Sequence[str]) -> str:
    """What a member says as it leaves: the first of `params`; empty if there is none.

    It is empty as well if it cannot be said: nobody stays because of that. It is cut to its limit.
    """
    text = remove_formatting(params[0]).strip() if params else ""
    try:
        return names.line_text(text[: limits.REASON_CHARACTERS], limits.REASON_CHARACTERS, "")
    except Refusal:
        return ""


def divide(text: str, continues: bool = False) -> Iterator[tuple[str, bool]]:
    """The lines of `text`, and the pieces of those that are too long for one line of IRC.

    :param continues: whether the first one continues what was before.
    :return: for each, its text and whether it continues the one before it.
    """
    for line in text.split("\n"):
        for piece in split_line(line, irc_limits.IRC_TEXT_BYTES):
            yield piece, continues
            continues = True
        continues = False


def as_action(text: str) -> str:
    """`text` as what the sender does."""
    return f"{_CTCP}{_ACTION} {text}{_CTCP}"


def split_line(line: str, max_bytes: int) -> list[str]:
    """`line` in pieces of at most `max_bytes` in UTF-8; together they are the line again.

    It is cut behind a space if there is one in the second half of a piece, and nowhere between a
    character and its marks, unless there are more of these than any script needs.

    :param max_bytes: at least 4, as a character may have so many.
    """
    data = line.encode()
    pieces = []
    while len(data) > max_bytes:
        end = _cut(data, max_bytes)
        pieces.append(data[:end].decode())
        data = data[end:]
    return [*pieces, data.decode()]


def _cut(data: bytes, max_bytes: int) -> int:
    """The position at which to cut `data`, which is longer than `max_bytes`."""
    space = data.rfind(b" ", max_bytes // 2, max_bytes)
    if space >= 0:
        return space + 1
    end = max_bytes
    while _is_continuation(data[end]):
        end -= 1
    # As characters from here: what is left of the piece, and the first one of the next piece.
    after = data[end : end + 4].decode("utf-8", "ignore")[:1]
    kept = data[:end].decode()
    for length in range(len(kept), max(len(kept) - _MAX_CLUSTER_CHARACTERS, 0), -1):
        if not _belongs_together(kept[length - 1], after):
            return len(kept[:length].encode())
        after = kept[length - 1]
    return end


def _is_continuation(byte: int) -> bool:
    """Whether a character in UTF-8 has begun before this byte."""
    return byte & 0xC0 == 0x80


def _belongs_together(character: str, following: str) -> bool:
    return (
        _JOINER in (character, following)
        or unicodedata.category(following).startswith("M")
        or "\U0001f3fb" <= following <= "\U0001f3ff"  # the colour of a skin
    )


def shown(text: str) -> str:
    """`text` as one line of IRC can show it."""
    return cut(rendering.escape(text), irc_limits.IRC_TEXT_BYTES)


def cut(text: str, max_bytes: int) -> str:
    """`text`, or its beginning with ``…`` if it has more than `max_bytes` in UTF-8."""
    if len(text.encode()) <= max_bytes:
        return text
    return split_line(text, max_bytes - len("…".encode()))[0].rstrip() + "…"
