"""Pasted text: what is accepted, how it is shown, and what the user confirms before it is sent."""

import re
from typing import Final

from chatd.chat import limits
from chatd.wire.rendering import escape

#: Characters that a message cannot contain, and surrogates, which UTF-8 cannot encode.
_NOT_TEXT: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")

#: For the user after a paste that :func:`escape_paste` has changed.
ESCAPED_NOTICE: Final = (
    "The pasted text has characters that are invisible or change its direction; the input line "
    "shows them as <U+…>."
)


class PasteError(Exception):
    """The reason why a paste is not accepted, as a sentence for the user."""


def validate_paste(pasted: str) -> str:
    """The text of a paste, with ``\\n`` as its line ends, and without those at its end.

    :raises PasteError: if it cannot be a message.
    """
    if len(pasted) > limits.MESSAGE_CHARACTERS:
        raise PasteError(
            f"Not pasted: the text has {len(pasted):,} characters, and a message may have at most "
            f"{limits.MESSAGE_CHARACTERS:,}."
        )
    text = pasted.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
    if (count := text.count("\n") + 1) > limits.MESSAGE_LINES:
        raise PasteError(
            f"Not pasted: the text has {count:,} lines, and a message may have at most "
            f"{limits.MESSAGE_LINES:,}."
        )
    if found := _NOT_TEXT.search(text):
        raise PasteError(
            f"Not pasted: the text contains the character U+{ord(found[0]):04X}, which a message "
            "cannot contain."
        )
    return text


def escape_paste(text: str) -> str:
    """`text` for the input line: characters that a terminal might obey are written as ``<U+…>``.

    The user sees them, can remove them, and sends what is seen. Tabs stay.

    :raises PasteError: if that is too long for a message.
    """
    escaped = "\n".join(
        "\t".join(escape(piece) for piece in line.split("\t")) for line in text.split("\n")
    )
    return validate_paste(escaped)


def is_long(text: str) -> bool:
    """Whether the user must confirm `text` before it is sent."""
    return text.count("\n") >= limits.PASTE_CONFIRM_LINES


def confirmation(text: str) -> str:
    """The question before a long text is sent."""
    lines = text.count("\n") + 1
    return f"Send {lines:,} lines ({len(text):,} characters) as one message? (y or n)"
