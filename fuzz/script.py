"""What a fuzzer makes up, as a script: bytes that are sent, and what else happens meanwhile.

A byte of 0xF5, which no UTF-8 text and no ``telnet`` has, begins something else; the next byte says
what. Everything between is sent in one piece.
"""

from collections.abc import Iterator
from typing import Final

MARK: Final = 0xF5

#: More than this would only be more of the same.
MOST_STEPS: Final = 60


def steps(data: bytes) -> Iterator[bytes | int]:
    """What is sent, as bytes, and what else happens, as the number of it."""
    sent = bytearray()
    count = 0
    values = iter(data)
    for value in values:
        if value != MARK:
            sent.append(value)
            continue
        happens = next(values, 0)
        if happens == MARK:
            sent.append(MARK)
            continue
        if sent:
            yield bytes(sent)
            sent.clear()
        yield happens
        count += 1
        if count >= MOST_STEPS:
            return
    if sent:
        yield bytes(sent)


def script(*parts: bytes | int) -> bytes:
    """The bytes that :func:`steps` reads as these."""
    return b"".join(
        bytes((MARK, part)) if isinstance(part, int) else part.replace(b"\xf5", b"\xf5\xf5")
        for part in parts
    )
