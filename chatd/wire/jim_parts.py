"""Long text in parts, each of which fits into one object to a JIM client (SPEC §5)."""

from functools import lru_cache
from typing import Final

import msgspec

_encoder: Final = msgspec.json.Encoder()


@lru_cache(maxsize=16)  # a message to a room is the same to each of its members
def split_text(text: str, max_bytes: int) -> tuple[str, ...]:
    """`text` in pieces that are encoded in at most so many bytes each; at least one."""
    if len(_encoder.encode(text)) - 2 <= max_bytes:
        return (text,)
    pieces, begin, size = [], 0, 0
    for position, character in enumerate(text):
        added = len(_encoder.encode(character)) - 2
        if size + added > max_bytes:
            pieces.append(text[begin:position])
            begin, size = position, 0
        size += added
    return (*pieces, text[begin:])
