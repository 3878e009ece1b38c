"""The kind of a file comes from its content, and only pictures have one."""

import pytest

from chatd.files.media_types import OCTETS, PICTURES, START_BYTES, media_type

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"),
        (b"GIF87a\1\0\1\0", "image/gif"),
        (b"GIF89a\1\0\1\0", "image/gif"),
        (b"RIFF\x24\0\0\0WEBPVP8 ", "image/webp"),
        # What has scripts, or could be taken for a page.
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>", OCTETS),
        (b"<!doctype html><script>alert(1)</script>", OCTETS),
        (b"%PDF-1.7", OCTETS),
        (b"PK\3\4", OCTETS),
        (b"RIFF\x24\0\0\0WAVEfmt ", OCTETS),
        (b" \x89PNG\r\n\x1a\n", OCTETS),
        (b"", OCTETS),
    ],
)
def test_only_pictures_have_a_kind_of_their_own(start: bytes, kind: str) -> None:
    assert media_type(start) == kind
    assert media_type(start[:START_BYTES]) == kind


def test_no_kind_of_picture_can_have_scripts() -> None:
    assert frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"}) == PICTURES
