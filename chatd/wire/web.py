"""The native dialect in a browser: each frame is one WebSocket message (RFC 6455)."""

from dataclasses import dataclass
from struct import Struct
from typing import ClassVar, Final

from chatd.wire.native import Native

#: A whole text message, unmasked, and how long it is: in 7 bits, or in 2 or 8 bytes after a mark.
_TEXT: Final = 0x81
_SHORT: Final = Struct(">BB")
_MEDIUM: Final = Struct(">BBH")
_LONG: Final = Struct(">BBQ")


@dataclass(frozen=True, slots=True)
class WebSocketNative(Native):
    """What a web page speaks; what it is sent goes to the socket as it stands.

    A unit to decode is the payload of one message.
    """

    variant: ClassVar[str] = "web"

    def frame_bytes(self, payload: bytes) -> bytes:
        """One frame as a WebSocket message."""
        size = len(payload)
        if size < 126:
            return _SHORT.pack(_TEXT, size) + payload
        if size < 1 << 16:
            return _MEDIUM.pack(_TEXT, 126, size) + payload
        return _LONG.pack(_TEXT, 127, size) + payload
