"""The lines of IRC: read as a client may send them, and written so that they stay one line."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chatd.chat.errors import BadFrame, InputTooLong, InvalidUtf8, Malformed
from chatd.wire.irc.lines import Line, encode, parse


@pytest.mark.parametrize(
    ("frame", "line"),
    [
        (b"PING token", Line("PING", ("token",))),
        (b"PING token\r", Line("PING", ("token",))),
        (b"ping :a b", Line("PING", ("a b",))),
        (b"PRIVMSG #dev ::-) x", Line("PRIVMSG", ("#dev", ":-) x"))),
        (b"TOPIC #dev :", Line("TOPIC", ("#dev", ""))),
        (b"  JOIN   #a  key ", Line("JOIN", ("#a", "key"))),
        (b"JOIN :", Line("JOIN", ("",))),
        (b":moon PRIVMSG ice :hi", Line("PRIVMSG", ("ice", "hi"))),
        (b":moon", Line("")),
        (b"", Line("")),
        (b"   ", Line("")),
        (b"@+typing=active;label=7 TAGMSG #dev", Line(
            "TAGMSG", ("#dev",), tags={"+typing": "active", "label": "7"})),
        (b"@a;b=;a=2 X", Line("X", tags={"a": "2", "b": ""})),
        (b"@ X", Line("X")),
        (b"@a", Line("", tags={"a": ""})),
        (b"USER ice 0 * real\tname", Line("USER", ("ice", "0", "*", "real\tname"))),
        ("PRIVMSG #café :día".encode(), Line("PRIVMSG", ("#café", "día"))),
    ],
)  # fmt: skip
def test_a_line_is_read_as_its_specification_says(frame: bytes, line: Line) -> None:
    assert parse(frame) == line


def test_a_line_may_have_512_bytes_and_4094_of_tags_before_it() -> None:
    longest = b"PRIVMSG #dev :" + b"x" * (510 - 14)
    assert parse(longest).params[1].endswith("x")
    tags = b"+a=" + b"x" * (4_094 - 3)
    assert parse(b"@" + tags + b" " + longest).tags["+a"].endswith("x")
    for frame in (longest + b"x", b"@" + tags + b"x X", b"@" + b"x" * 5_000):
        with pytest.raises(InputTooLong) as caught:
            parse(frame)
        assert not caught.value.closes_connection


@pytest.mark.parametrize(
    ("frame", "command"),
    [
        (b"privmsg #dev :\xff", "PRIVMSG"),
        (b":moon NICK \xc3", "NICK"),
        (b"@a=\xff TOPIC #dev", "TOPIC"),
        (b"\xff\xff", "*"),
    ],
)
def test_a_line_that_is_not_utf8_is_refused_with_its_command(frame: bytes, command: str) -> None:
    with pytest.raises(InvalidUtf8) as caught:
        parse(frame)
    assert caught.value.request_id == command


@pytest.mark.parametrize("frame", [b"PRIVMSG #dev :a\0b", b"PRIVMSG #dev :a\rQUIT", b"X\r\r"])
def test_a_nul_or_a_cr_inside_is_refused_and_is_no_line_end(frame: bytes) -> None:
    with pytest.raises(BadFrame):
        parse(frame)


@given(st.binary(max_size=600) | st.text(max_size=200).map(str.encode))
@example(b"@")
@example(b":")
@example(b": :")
@example(b"@ @ :: :")
def test_any_bytes_are_a_line_or_refused(frame: bytes) -> None:
    try:
        line = parse(frame)
    except Malformed:
        return
    assert " " not in line.command
    assert not line.source


_words = st.text(st.characters(exclude_characters=" \r\n\0", exclude_categories=["Cs"]), min_size=1)
_middles = _words.filter(lambda word: not word.startswith(":"))
_texts = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]))
_tag_names = st.text("abc-+/.", min_size=1).filter(lambda name: not name.startswith("="))


@given(
    st.sampled_from(["PRIVMSG", "005", "X"]),
    st.lists(_middles, max_size=20),
    _texts,
    st.dictionaries(_tag_names, st.text(st.characters(exclude_categories=["Cs"]))),
    st.booleans(),
)
def test_what_is_written_is_read_the_same(
    command: str, middles: list[str], text: str, tags: dict[str, str], has_text: bool
) -> None:
    tags = {name: value.replace("\0", "") for name, value in tags.items()}
    line = Line(command, (*middles, text), tags=tags, has_text=has_text)
    data = encode(line)
    assert data.endswith(b"\r\n")
    try:
        read = parse(data[:-1])
    except InputTooLong:
        return
    assert (read.command, read.params, read.tags) == (command, (*middles, text), tags)


_anything = st.text()


@given(_anything, st.lists(_anything, max_size=4), st.dictionaries(_tag_names, _anything))
@example("X", ["a\r\nQUIT", "b"], {})
@example("X", ["", ":", "\0"], {"a": "\r\n"})
def test_whatever_is_written_is_one_line(
    source: str, params: list[str], tags: dict[str, str]
) -> None:
    data = encode(Line("NOTICE", tuple(params), source.replace(" ", ""), tags, has_text=True))
    assert data.count(b"\n") == data.count(b"\r") == 1
    assert data.endswith(b"\r\n")
    assert b"\0" not in data


def test_a_word_of_text_has_a_colon_and_another_parameter_has_none() -> None:
    assert encode(Line("PRIVMSG", ("#dev", "hi"), "ice!~ice@chatd", has_text=True)) == (
        b":ice!~ice@chatd PRIVMSG #dev :hi\r\n"
    )
    assert encode(Line("JOIN", ("#dev",), "ice!~ice@chatd")) == b":ice!~ice@chatd JOIN #dev\r\n"


@pytest.mark.parametrize(
    ("param", "shown"), [("a b", "a"), ("", "*"), (":", "*"), (":x y", "x"), ("#café", "#café")]
)
def test_a_parameter_that_cannot_stand_before_another_one_is_shortened(
    param: str, shown: str
) -> None:
    assert encode(Line("401", ("ice", param, "No such nick"))) == (
        f"401 ice {shown} :No such nick\r\n".encode()
    )
