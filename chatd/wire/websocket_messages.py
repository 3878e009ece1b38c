"""A WebSocket message from the server, in one frame (RFC 6455, section 5.2). Pure.

Without compression and masking (a server does not mask) its bytes are the same for every client, so
they are made once.
"""

from enum import IntEnum
from struct import Struct
from typing import Final


class Kind(IntEnum):
    """The first byte of a message: FIN, and the opcode."""

    TEXT = 0x81
    BINARY = 0x82


#: The head: the kind, then the length in 7 bits; or 126 and the length in 2 bytes; or 127 and the
#: length in 8 bytes.
_SHORT: Final = Struct(">BB")
_MEDIUM: Final = Struct(">BBH")
_LONG: Final = Struct(">BBQ")


def encode_message(kind: Kind, payload: bytes) -> bytes:
    """The message with this `payload`."""
    size = len(payload)
    if size < 126:
        return _SHORT.pack(kind, size) + payload
    if size < 1 << 16:
        return _MEDIUM.pack(kind, 126, size) + payload
    return _LONG.pack(kind, 127, size) + payload
