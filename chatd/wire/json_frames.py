"""What the dialects of one JSON object a line share: reading it, or saying what is wrong."""

from collections.abc import Collection
from typing import Final, TypeVar

import msgspec

from chatd.chat.refusals import (
    BadFrame,
    InvalidJson,
    InvalidUtf8,
    Refusal,
    RequestId,
    UnknownType,
)
from chatd.wire.native_frames import Id

_object_decoder: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_id_decoder: Final = msgspec.json.Decoder(Id)
_string_decoder: Final = msgspec.json.Decoder(str)

#: What an error quotes of a line that is wrong.
_QUOTED_CHARACTERS: Final = 80

_Frame = TypeVar("_Frame")


def decode(decoder: msgspec.json.Decoder[_Frame], types: Collection[str], line: bytes) -> _Frame:
    """The frame in `line`.

    :param types: the frame types that `decoder` knows.
    :raises Refusal: if there is none, naming the request as far as that can be read.
    """
    try:
        # msgspec does not look into the strings it skips: unknown keys must be UTF-8 too.
        return decoder.decode(line.decode("utf-8"))
    except UnicodeDecodeError:
        raise InvalidUtf8 from None
    except (ValueError, RecursionError) as error:
        raise _refusal(line, types, error) from None


def frame_type(line: bytes) -> str:
    """The type that the object in `line` says it has; empty if there is no such thing."""
    try:
        return _string_decoder.decode(_object_decoder.decode(line).get("type", b'""'))
    except (ValueError, RecursionError):
        return ""


def _refusal(line: bytes, types: Collection[str], error: Exception) -> Refusal:
    try:
        raw = _object_decoder.decode(line)
    except (ValueError, RecursionError):
        return InvalidJson()
    try:
        request_id: RequestId = _id_decoder.decode(raw.get("id", b"null"))
    except (ValueError, RecursionError):
        request_id = None
    wanted = frame_type(line)
    if wanted and wanted not in types:
        return UnknownType(f"There is no frame type {wanted[:_QUOTED_CHARACTERS]!r}.", request_id)
    return BadFrame(
        f"This frame is not as it should be: {str(error)[:_QUOTED_CHARACTERS]}.", request_id
    )
