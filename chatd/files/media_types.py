"""The kind of a file, by its content: a name can claim anything.

Only pictures that browsers show without running anything have a kind of their own. SVG has scripts,
and HTML is a page, so both are octets like all the rest: only ever a download.
"""

from typing import Final

#: The kind of what is no such picture.
OCTETS: Final = "application/octet-stream"

#: What a picture begins with: bytes and where they are; and its kind.
_PICTURES: Final = (
    (((0, b"\x89PNG\r\n\x1a\n"),), "image/png"),
    (((0, b"\xff\xd8\xff"),), "image/jpeg"),
    (((0, b"GIF87a"),), "image/gif"),
    (((0, b"GIF89a"),), "image/gif"),
    (((0, b"RIFF"), (8, b"WEBP")), "image/webp"),
)

#: The kinds of pictures.
PICTURES: Final = frozenset(kind for _, kind in _PICTURES)

#: How much of the start of a file :func:`media_type` needs.
START_BYTES: Final = 12


def media_type(start: bytes) -> str:
    """The kind of the file that begins with `start`."""
    for marks, kind in _PICTURES:
        if all(start.startswith(mark, place) for place, mark in marks):
            return kind
    return OCTETS
