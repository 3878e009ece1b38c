"""Telnet (RFC 854, 855, 860): commands are taken out of the text, and options refused once."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.wire.telnet import TelnetDecoder, edited

#: What a client sends, the text in it, and what it is sent.
CASES = [
    pytest.param(b"ice\n", b"ice\n", b"", id="LF"),
    pytest.param(b"ice\r\nhi\r\n", b"ice\nhi\n", b"", id="CR LF"),
    pytest.param(b"ice\r\0hi\r\0", b"ice\nhi\n", b"", id="CR NUL, in character mode"),
    pytest.param(b"ice\rhi\r", b"ice\nhi\n", b"", id="CR"),
    pytest.param(b"ice\n\nhi\r\n\r\n", b"ice\n\nhi\n\n", b"", id="empty lines"),
    pytest.param(b"i\0ce\0\0\n", b"ice\n", b"", id="NULs"),
    pytest.param(b"\xff\xfb\x1fice\n", b"ice\n", b"\xff\xfe\x1f", id="WILL is refused"),
    pytest.param(b"\xff\xfd\x03ice\n", b"ice\n", b"\xff\xfc\x03", id="DO is refused"),
    pytest.param(b"\xff\xfc\x1f\xff\xfe\x03ice\n", b"ice\n", b"", id="WONT and DONT need nothing"),
    pytest.param(b"\xff\xfb\x1f" * 100, b"", b"\xff\xfe\x1f", id="no loop"),
    pytest.param(b"ice\xff\xf4\xff\xfd\x06", b"ice\x15", b"\xff\xfc\x06", id="Ctrl-C of telnet"),
    pytest.param(b"\xff\xfd\x06" * 3, b"", b"\xff\xfc\x06" * 3, id="each timing mark"),
    pytest.param(b"\xff\xf6", b"", b"[Server]: The server is here.\n", id="are you there"),
    pytest.param(b"icf\xff\xf7e\n", b"icf\x7fe\n", b"", id="erase character"),
    pytest.param(b"moo\xff\xf8ice\n", b"moo\x15ice\n", b"", id="erase line"),
    pytest.param(b"\xff\xf3", b"\x15", b"", id="break"),
    pytest.param(b"a\xff\xf1b\xff\xf9c\xff\xf2d\xff\xf5\n", b"abcd\n", b"", id="NOP, GA, DM, AO"),
    pytest.param(b"\xff\xfa\x1f\0\x50\0\x18\xff\xf0ice\n", b"ice\n", b"", id="the window's size"),
    pytest.param(
        b"\xff\xfa\x18\0a\xff\xffb\n\xff\xf0ice\n", b"ice\n", b"", id="IAC in a subnegotiation"
    ),
    pytest.param(b"a\xff\xffb\n", b"a\xffb\n", b"", id="a byte of 255"),
    pytest.param(b"\xff\xfe\n", b"\xff\n", b"", id="UTF-16, which is no Telnet"),
    pytest.param(
        "\u00ef\u4f60\U0001f44b\n".encode(), "\u00ef\u4f60\U0001f44b\n".encode(), b"", id="UTF-8"
    ),
]


@pytest.mark.parametrize(("data", "text", "replies"), CASES)
def test_the_text_is_what_is_left(data: bytes, text: bytes, replies: bytes) -> None:
    assert TelnetDecoder().decode(data) == (text, replies)


@pytest.mark.parametrize(("data", "text", "replies"), CASES)
def test_commands_may_come_byte_by_byte(data: bytes, text: bytes, replies: bytes) -> None:
    decoder = TelnetDecoder()
    parts = [decoder.decode(data[at : at + 1]) for at in range(len(data))]
    assert b"".join(part[0] for part in parts) == text
    assert b"".join(part[1] for part in parts) == replies


@given(st.binary(max_size=60), st.lists(st.integers(0, 60), max_size=4))
def test_any_bytes_give_the_same_text_wherever_they_are_cut(data: bytes, cuts: list[int]) -> None:
    whole = TelnetDecoder().decode(data)
    decoder = TelnetDecoder()
    ends = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    parts = [decoder.decode(data[begin:end]) for begin, end in pairwise(ends)]
    assert (b"".join(part[0] for part in parts), b"".join(part[1] for part in parts)) == whole


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("ice", "ice"),
        ("icf\x7fe", "ice"),
        ("icf\be", "ice"),
        ("\x7f\x7fice", "ice"),
        ("moon\x15ice", "ice"),
        ("h\u00e9\x7fe", "he"),
    ],
)
def test_a_line_is_edited_as_it_was_typed(typed: str, meant: str) -> None:
    assert edited(typed) == meant
