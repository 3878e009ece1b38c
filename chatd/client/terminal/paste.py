"""Pasted text: what is accepted, how it is shown, and what the user confirms before it is sent."""

import re
from typing import Final

from chatd.chat import limits
from chatd.wire.rendering import escape

#: What cannot be in a message, and half a character, which is no UTF-8.
_NOT_TEXT: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")

#: What the person is told of a paste that is not in the line as it was.
REPLACED: Final = (
    "Some characters of that paste cannot be seen, or turn the text around; in the input line they "
    "are spelled out: <U+…>."
)


class PasteError(Exception):
    """Why a paste is not taken, as a sentence for the person."""


def validate_paste(pasted: str) -> str:
    """The text in `pasted`, its line ends those of a message.

    :raises NotPasted: if it cannot be a message.
    """
    if len(pasted) > limits.MESSAGE_CHARACTERS:
        raise PasteError(
            f"Not pasted: that is {len(pasted):,} characters, and a message may have at most "
            f"{limits.MESSAGE_CHARACTERS:,}."
        )
    text = pasted.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
    if (count := text.count("\n") + 1) > limits.MESSAGE_LINES:
        raise PasteError(
            f"Not pasted: that is {count:,} lines, and a message may have at most "
            f"{limits.MESSAGE_LINES:,}."
        )
    if found := _NOT_TEXT.search(text):
        raise PasteError(
            f"Not pasted: that is no text, as it contains the character U+{ord(found[0]):04X}."
        )
    return text


def escape_paste(text: str) -> str:
    """`text` as it may stand in the input line, what a terminal might obey spelled out.

    :raises NotPasted: if that is too long for a message.
    """
    spelled = "\n".join(
        "\t".join(escape(piece) for piece in line.split("\t")) for line in text.split("\n")
    )
    return validate_paste(spelled)


def is_long(text: str) -> bool:
    """Whether the person is asked before `text` is sent."""
    return text.count("\n") >= limits.PASTE_CONFIRM_LINES


def confirmation(text: str) -> str:
    """What the person is asked then."""
    lines = text.count("\n") + 1
    return f"Send {lines:,} lines ({len(text):,} characters) as one message? (y or n)"
