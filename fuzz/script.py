"""Fuzzed bytes as a script: data that one end sends, and actions in between.

The byte 0xF5, which occurs neither in UTF-8 nor in ``telnet``'s commands, begins an action; the
next byte is its number. Twice the byte is the byte itself. The data between two actions is sent in
one piece.
"""

from collections.abc import Iterator
from typing import Final

MARK: Final = 0xF5

#: The rest of a longer script is ignored: it would only repeat the same actions.
MAX_STEPS: Final = 60


def steps(data: bytes) -> Iterator[bytes | int]:
    """Data to send, and numbers of actions."""
    piece = bytearray()
    count = 0
    values = iter(data)
    for value in values:
        if value != MARK:
            piece.append(value)
            continue
        action = next(values, 0)
        if action == MARK:
            piece.append(MARK)
            continue
        if piece:
            yield bytes(piece)
            piece.clear()
        yield action
        count += 1
        if count >= MAX_STEPS:
            return
    if piece:
        yield bytes(piece)


def script(*parts: bytes | int) -> bytes:
    """The bytes that :func:`steps` parses into these parts."""
    return b"".join(
        bytes((MARK, part)) if isinstance(part, int) else part.replace(b"\xf5", b"\xf5\xf5")
        for part in parts
    )
