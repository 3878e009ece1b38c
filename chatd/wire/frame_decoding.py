"""Decoding a frame of the native dialect, with a useful error."""

from collections.abc import Collection
from typing import Final, TypeVar

import msgspec

from chatd.chat.errors import (
    BadFrame,
    InvalidJson,
    InvalidUtf8,
    NoType,
    Refusal,
    RequestId,
    UnknownType,
)
from chatd.wire.frames import Id

_object_decoder: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_id_decoder: Final = msgspec.json.Decoder(Id)
_string_decoder: Final = msgspec.json.Decoder(str)

#: The most characters of an invalid line that an error quotes.
_QUOTED_CHARACTERS: Final = 80

_Frame = TypeVar("_Frame")


def decode(decoder: msgspec.json.Decoder[_Frame], types: Collection[str], line: bytes) -> _Frame:
    """The frame in `line`.

    :param types: the frame types that `decoder` knows.
    :raises Refusal: if it is not a frame; with the id of the request, if that can be read.
    """
    try:
        # msgspec would accept invalid UTF-8 in keys and values that it skips.
        return decoder.decode(line.decode("utf-8"))
    except UnicodeDecodeError:
        raise InvalidUtf8 from None
    except (ValueError, RecursionError) as error:
        raise _refusal(line, types, error) from None


def frame_type(line: bytes) -> str:
    """The ``type`` of the JSON object in `line`; empty if it has none, or is not an object."""
    try:
        return _string_decoder.decode(_object_decoder.decode(line).get("type", b'""'))
    except (ValueError, RecursionError):
        return ""


def _refusal(line: bytes, types: Collection[str], error: Exception) -> Refusal:
    """The refusal of `line`, found by decoding it again, part by part.

    Only invalid lines take this way; what is valid is decoded in one step.
    """
    try:
        raw = _object_decoder.decode(line)
    except (ValueError, RecursionError):
        return InvalidJson()
    try:
        request_id: RequestId = _id_decoder.decode(raw.get("id", b"null"))
    except (ValueError, RecursionError):
        request_id = None
    name = frame_type(line)
    if name and name not in types:
        return UnknownType(f"There is no frame type {name[:_QUOTED_CHARACTERS]!r}.", request_id)
    refusal = BadFrame if name else NoType
    return refusal(f"Invalid frame: {str(error)[:_QUOTED_CHARACTERS]}.", request_id)
