"""The lines of IRC, which its specifications call messages: as values and as bytes. Pure.

::

    @time=2026-11-25T10:15:00.000Z :ice!~ice@chatd PRIVMSG #dev :hello everybody
    tags                           source          command params

The rules are those of https://modern.ircdocs.horse/#message-format, and for tags those of
https://ircv3.net/specs/extensions/message-tags.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from msgspec import Struct

from chatd.chat import irc_limits
from chatd.chat.errors import BadFrame, InputTooLong, InvalidUtf8, Malformed
from chatd.wire.irc.tags import format_tags, parse_tags

#: The bytes of a list in one line. The rest is for the server's name, the nickname and a sentence.
LIST_BYTES: Final = 350

#: The characters that end a line, or a string in C, wherever they stand.
_ENDS: Final = re.compile("[\r\n\0]")
_COMMAND: Final = re.compile(rb"[ ]*(?::[^ ]*[ ]+)?([A-Za-z0-9]+)")


class Line(Struct, frozen=True):
    """One line.

    :ivar command: in capitals, or three digits; empty for an empty line.
    :ivar source: its sender. That in a line from a client is not kept.
    :ivar tags: by their names; without a value, empty.
    :ivar has_text: whether the last parameter is a sentence or a user's text. It is written with a
        colon even if it is one word, as simple clients look for the colon.
    """

    command: str
    params: tuple[str, ...] = ()
    source: str = ""
    tags: Mapping[str, str] = {}
    has_text: bool = False


def parse(frame: bytes) -> Line:
    """The line in `frame`, from a client.

    Only LF ends a line; a CR before it belongs to the end. (Modern allows a server to take a single
    CR for an end as well, but then one line could be read as two.)

    :param frame: a line without its LF.
    :raises Malformed: :class:`InputTooLong`; :class:`InvalidUtf8`, with the command as its request
        id (https://ircv3.net/specs/extensions/utf8-only); :class:`BadFrame` for a NUL or a CR
        inside, which no line may have.
    """
    frame = frame.removesuffix(b"\r")
    tags, rest = _split_tags(frame)
    # The limits are those of message-tags, "Size limit"; the line's own counts its CR LF.
    if len(tags) > irc_limits.IRC_TAGS_BYTES or len(rest) > irc_limits.IRC_LINE_BYTES - 2:
        raise InputTooLong
    try:
        text = rest.decode()
        tag_text = tags.decode()
    except UnicodeDecodeError:
        refusal: Malformed = InvalidUtf8()
        refusal.request_id = _command(rest)
        raise refusal from None
    if b"\0" in frame or b"\r" in frame:
        raise BadFrame("A line may contain no NUL, and no CR but at its end.", _command(rest))
    return _parse_text(text, parse_tags(tag_text) if tag_text else {})


def _split_tags(frame: bytes) -> tuple[bytes, bytes]:
    """The data of the tags, without the ``@`` and the space, and what follows them."""
    if not frame.startswith(b"@"):
        return b"", frame
    tags, _, rest = frame[1:].partition(b" ")
    return tags, rest


def _parse_text(text: str, tags: Mapping[str, str]) -> Line:
    before, colon, last = f" {text}".partition(" :")
    if colon and not before.strip(" "):
        # A source, which a server ignores: Modern, "Source".
        _, _, text = last.partition(" ")
        before, colon, last = f" {text}".partition(" :")
    # One or more spaces stand between two parameters; no other white space counts.
    words = [word for word in before.split(" ") if word]
    if not words:
        return Line("", tags=tags)
    return Line(words[0].upper(), (*words[1:], *[last] * bool(colon)), tags=tags)


def _command(rest: bytes) -> str:
    """The command of a line that cannot be read; ``*`` if not even that can be."""
    found = _COMMAND.match(rest)
    return found[1].decode().upper() if found else "*"


def encode(line: Line) -> bytes:
    """The bytes of `line`, with CR LF. Whatever its values are, they are one line.

    A parameter before the last one that cannot stand there, as it has a space, is empty or begins
    with a colon, is what can of it, or ``*``.
    """
    parts = []
    if line.tags:
        parts.append(f"@{format_tags(line.tags)}")
    if line.source:
        parts.append(f":{line.source}")
    parts.append(line.command)
    if line.params:
        *middle, last = line.params
        parts.extend(map(as_middle, middle))
        needs_colon = line.has_text or not last or last[0] == ":" or " " in last
        parts.append(f":{last}" if needs_colon else last)
    return f"{_ENDS.sub(' ', ' '.join(parts))}\r\n".encode("utf-8", "replace")


def as_middle(param: str) -> str:
    """`param`, or what of it can stand before other parameters."""
    if param and param[0] != ":" and not _BREAKS.search(param):
        return param
    return _BREAKS.split(param.lstrip(": \r\n\0"), maxsplit=1)[0] or "*"


_BREAKS: Final = re.compile("[ \r\n\0]")


def in_lines(words: Iterable[str], max_words: int | None = None) -> Iterator[list[str]]:
    """`words` in as many lines as they need; one that is too long has a line of its own.

    :param max_words: in one line; None for as many as fit.
    """
    line: list[str] = []
    size = 0
    for word in words:
        added = len(word.encode()) + 1  # with a space
        if line and (len(line) == max_words or size + added > LIST_BYTES):
            yield line
            line, size = [], 0
        line.append(word)
        size += added
    if line:
        yield line
