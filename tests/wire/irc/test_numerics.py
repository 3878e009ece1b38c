"""Numerics, the features in 005, and the lists in parameters."""

from hypothesis import given
from hypothesis import strategies as st

from chatd.wire.irc import numerics
from chatd.wire.irc.isupport import isupport_lines
from chatd.wire.irc.lines import LIST_BYTES, encode
from chatd.wire.irc.numerics import numeric
from chatd.wire.irc.targets import channels_and_keys, is_channel, split_list


def test_every_numeric_has_a_number_of_its_own() -> None:
    numbers = [
        value for name, value in vars(numerics).items() if name.isupper() and len(value) == 3
    ]
    assert len(numbers) == len(set(numbers)) > 90
    assert all(number.isdecimal() for number in numbers)
    assert numerics.SENTENCES.keys() <= set(numbers)


def test_a_numeric_is_for_a_nickname_and_has_its_sentence() -> None:
    line = numeric(numerics.NOSUCHNICK, "a.chatd", "ice", "moon")
    assert encode(line) == b":a.chatd 401 ice moon :No such nick/channel\r\n"
    line = numeric(numerics.CHANNELMODEIS, "a.chatd", "ice", "#dev", "+n")
    assert encode(line) == b":a.chatd 324 ice #dev +n\r\n"
    line = numeric(numerics.WELCOME, "a.chatd", "", text="Hello")
    assert encode(line) == b":a.chatd 001 * :Hello\r\n"


def test_features_have_values_or_none_and_come_in_lines_of_13() -> None:
    tokens: dict[str, str | None] = {"UTF8ONLY": None, "NETWORK": "my chat\\=", "EXCEPTS": ""}
    [line] = isupport_lines(tokens)
    assert line == ["UTF8ONLY", r"NETWORK=my\x20chat\x5C\x3D", "EXCEPTS="]
    many: dict[str, str | None] = {f"N{number}": "x" * 20 for number in range(40)}
    lines = list(isupport_lines(many))
    assert max(map(len, lines)) <= 13
    assert [token.partition("=")[0] for line in lines for token in line] == list(many)


@given(st.dictionaries(st.text("ABC", min_size=1), st.none() | st.text(max_size=120)))
def test_no_line_of_features_is_too_long(tokens: dict[str, str | None]) -> None:
    lines = list(isupport_lines(tokens))
    assert sum(map(len, lines)) == len(tokens)
    assert all(len(" ".join(line).encode()) <= LIST_BYTES or len(line) == 1 for line in lines)


def test_a_list_is_read_in_its_order_and_names_nothing_twice() -> None:
    assert split_list("#b,#a,,#B,ice") == ["#b", "#a", "ice"]
    assert split_list("") == split_list(",,") == []


def test_each_channel_has_the_key_at_its_place() -> None:
    assert channels_and_keys("#a,#b,#c", "x,,z") == [("#a", "x"), ("#b", ""), ("#c", "z")]
    assert channels_and_keys("#a,#b", "x") == [("#a", "x"), ("#b", "")]
    assert channels_and_keys("#a,,#A,#b", "x,y,z,w") == [("#a", "x"), ("#b", "w")]


def test_a_channel_begins_with_a_number_sign() -> None:
    assert is_channel("#dev")
    assert not is_channel("ice")
