"""Which nicknames, room names and texts are valid, and which names are equal."""

# ruff: noqa: RUF001  # these tests are about characters that look alike

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.chat import names
from chatd.chat.errors import BadNickname, BadRoomName, BadText, Refusal

VALID = [
    "ice",
    "Ice-T_9",
    "x",
    "Štěpán",
    "Ωμέγα",
    "李小龍",
    "محمد",
    "👩",
    "'\"<>&%$:;.=+-~^_`|\\()",
    "a" * 25,
    "👩" * 25,
    "127.0.0.1",
    "12:30",
    "1::1",
    "1.2.3:4",
    "1.2.3.4.5:6",
    "1.2.3.4:5x",
    "Server",
]

#: A text, and the name that it becomes.
NORMALISED = [
    ("ｉｃｅ", "ice"),
    ("ﬁsh", "fish"),
    ("e\u0301", "\u00e9"),
    ("\u212b", "\u00c5"),
    ("①", "1"),
    ("２５５", "255"),
    ("\u1112\u1161\u11ab" * 25, "한" * 25),
]

INVALID = [
    ("nothing at all", ""),
    ("only a space", " "),
    ("a space inside", "ice cold"),
    ("a leading space", " ice"),
    ("a trailing space", "ice "),
    ("a no-break space", "ice\u00a0cold"),
    ("an ideographic space", "ice\u3000cold"),
    ("a thin space", "ice\u2009cold"),
    ("an Ogham space", "ice\u1680cold"),
    ("a line separator", "ice\u2028cold"),
    ("a paragraph separator", "ice\u2029cold"),
    ("a tab", "ice\tcold"),
    ("a line feed", "ice\ncold"),
    ("a carriage return", "ice\rcold"),
    ("a NUL", "ice\x00"),
    ("an escape", "\x1b[31mice"),
    ("a delete", "ice\x7f"),
    ("a next line", "ice\x85"),
    ("a C1 control character", "ice\x9b31m"),
    ("a zero width space", "ice\u200b"),
    ("a zero width joiner", "ice\u200d"),
    ("a right-to-left mark", "ice\u200f"),
    ("a right-to-left override", "\u202eeci"),
    ("a right-to-left isolate", "\u2067ice"),
    ("a soft hyphen", "ice\u00ad"),
    ("a word joiner", "ice\u2060"),
    ("a byte order mark", "\ufeffice"),
    ("an Arabic letter mark", "ice\u061c"),
    ("a language tag", "ice\U000e0065"),
    ("a combining grapheme joiner", "ice\u034f"),
    ("a Hangul filler", "ice\u3164"),
    ("a half-width Hangul filler", "ice\uffa0"),
    ("a Hangul initial filler", "\u115fice"),
    ("a Khmer inherent vowel", "ice\u17b4"),
    ("a Mongolian variation selector", "ice\u180b"),
    ("a variation selector", "ice\ufe0f"),
    ("a supplementary variation selector", "ice\U000e0100"),
    ("a blank Braille pattern", "ice\u2800"),
    ("a lone surrogate", "ice\ud800"),
    ("a combining mark at the beginning", "\u0301ice"),
    ("a vowel sign at the beginning", "\u0903ice"),
    ("an enclosing circle at the beginning", "\u20ddice"),
    ("a hash", "#ice"),
    ("an at sign", "ice@home"),
    ("a comma", "ice,moon"),
    ("a slash", "/ice"),
    ("an opening bracket", "[Server"),
    ("a closing bracket", "Server]"),
    ("a full-width hash", "＃ice"),
    ("a full-width at sign", "ice＠home"),
    ("a full-width comma", "ice，moon"),
    ("a full-width slash", "／ice"),
    ("full-width brackets", "［Server］"),
    ("a fraction, which has a slash when decomposed", "a℀"),
    ("an acute accent alone, which has a space when decomposed", "ice´"),
    ("an exclamation mark, which ends a nickname in IRC", "ice!"),
    ("a star, which is any characters in a mask", "ic*"),
    ("a question mark, which is any character in a mask", "ice?"),
    ("a colon at the beginning", ":ice"),
    ("a full-width tilde at the beginning", "～ice"),
    *((f"the mark {mark} of IRC at the beginning", f"{mark}ice") for mark in "$~&+%"),
    ("26 characters", "a" * 26),
    ("26 characters outside the basic plane", "👩" * 26),
    ("25 characters that are 26 when decomposed", "a" * 24 + "ﬁ"),
    ("one character that is 18 when decomposed, twice", "\ufdfa\ufdfa"),
    ("100,000 characters", "a" * 100_000),
    ("the name of a connection", "127.0.0.1:57354"),
    ("the name of a connection that cannot be", "999.0.0.1:0"),
    ("the name of a connection in full-width digits", "１２７.0.0.1：57354"),
]

REASON_AND_NAME = [pytest.param(name, id=reason) for reason, name in INVALID]


@pytest.mark.parametrize("name", VALID)
def test_a_name_is_kept_as_it_is_typed(name: str) -> None:
    assert names.nickname(name) == name


@pytest.mark.parametrize(("text", "name"), NORMALISED)
def test_a_name_is_normalised(text: str, name: str) -> None:
    assert names.nickname(text) == name


@pytest.mark.parametrize("name", REASON_AND_NAME)
def test_a_bad_nickname_is_refused_in_one_readable_line(name: str) -> None:
    with pytest.raises(BadNickname) as refused:
        names.nickname(name)
    assert str(refused.value).isprintable()
    assert len(str(refused.value)) < 200


def test_the_suggestion_for_a_nickname_has_none_of_the_marks_of_irc() -> None:
    with pytest.raises(BadNickname) as refused:
        names.nickname("~&ice? really!")
    assert refused.value.suggestion == "ice_really"


def test_a_connection_may_be_named_after_its_address() -> None:
    assert names.nickname("127.0.0.1:57354", "127.0.0.1:57354") == "127.0.0.1:57354"


def test_a_connection_may_not_be_named_after_another_address() -> None:
    with pytest.raises(BadNickname):
        names.nickname("127.0.0.1:57355", "127.0.0.1:57354")


EQUAL = [
    ("ice", "ICE"),
    ("Ice", "iCE"),
    ("Štěpán", "ŠTĚPÁN"),
    ("straße", "STRASSE"),
    ("ς", "Σ"),
    ("ﬁsh", "FISH"),
    ("ｉｃｅ", "ICE"),
    ("É", "e\u0301"),
    ("ŉ", "ʼn"),
]

DIFFERENT = [("ice", "icy"), ("ice", "ice1"), ("e", "é"), ("o", "0"), ("ice", "iсe"), ("i", "ı")]


@pytest.mark.parametrize(("one", "other"), EQUAL)
def test_names_that_differ_in_case_or_form_only_are_equal(one: str, other: str) -> None:
    assert names.casefold(names.nickname(one)) == names.casefold(names.nickname(other))


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_other_names_are_different(one: str, other: str) -> None:
    assert names.casefold(names.nickname(one)) != names.casefold(names.nickname(other))


def test_a_text_too_long_for_a_name_costs_no_more_and_equals_no_name() -> None:
    """Normalising 60,000 marks would stop the server for a second."""
    marks = "\u0301\u0316" * 30_000
    assert len(names.casefold(f"ice{marks}")) < 300
    composed = "\u1f82" * 25
    decomposed = unicodedata.normalize("NFD", composed)
    assert len(decomposed) == 100
    assert names.casefold(decomposed) == names.casefold(names.nickname(composed))
    for more in ("a", "\u0301", marks):
        assert names.casefold(decomposed + more) != names.casefold(composed)


@given(st.text() | st.text(st.characters(categories=["Cs", "Cf", "Mn", "Lm", "So", "Zs"])))
def test_any_nickname_is_valid_or_refused(text: str) -> None:
    try:
        name = names.nickname(text)
    except BadNickname:
        return
    assert 1 <= len(name) <= 25
    assert names.nickname(name) == name
    assert not any(character.isspace() for character in name)
    assert names.casefold(names.casefold(name)) == names.casefold(name)
    assert names.room_name("#" + name[:24]) == "#" + names.nickname(name[:24])


@given(st.text() | st.text().map(lambda text: "#" + text))
def test_any_room_name_is_valid_or_refused(text: str) -> None:
    try:
        name = names.room_name(text)
    except BadRoomName:
        return
    assert 2 <= len(name) <= 64
    assert name.startswith("#")
    assert names.room_name(name) == name


@pytest.mark.parametrize(
    "name", ["#lobby", "#Dev", "#a", "#" + "a" * 63, "#127.0.0.1:57354", "#what?!"]
)
def test_a_room_name_starts_with_a_hash(name: str) -> None:
    assert names.room_name(name) == name


@pytest.mark.parametrize(
    "name", ["", "#", "lobby", "##", "#a b", "#a#b", "#a,b", "#\u200b", "#" + "a" * 64, "#a\n"]
)
def test_other_room_names_are_refused(name: str) -> None:
    with pytest.raises(BadRoomName):
        names.room_name(name)


@pytest.mark.parametrize(
    "text",
    [
        "hi",
        "two\nlines",
        "a\ttab",
        " indented",
        "👩‍👩‍👧",
        "שלום",
        "\u202e",
        "#@,/[]",
        "x" * 4096,
        "👩" * 4096,
    ],
)
def test_a_valid_message_is_unchanged(text: str) -> None:
    assert names.message_text(text) == text


def test_a_message_has_no_control_characters_but_lf_and_tab() -> None:
    for code in [*range(9), *range(11, 32), *range(127, 160)]:
        with pytest.raises(BadText, match=re.escape(f"U+{code:04X}")):
            names.message_text(f"a{chr(code)}b")


@pytest.mark.parametrize("text", ["", " ", "\n", "\t\n ", "x" * 4097, "\u3000"])
def test_a_message_has_some_text_and_not_too_much(text: str) -> None:
    with pytest.raises(BadText):
        names.message_text(text)


def test_a_message_may_have_256_lines_and_no_more() -> None:
    """A plain member is sent the sender with each line: 4,096 lines would be 800 KB."""
    assert names.message_text("x" + "\n" * 255)
    with pytest.raises(BadText, match="at most 256 lines"):
        names.message_text("x" + "\n" * 256)


@given(st.text())
def test_any_message_is_unchanged_or_refused(text: str) -> None:
    try:
        assert names.message_text(text) == text
    except Refusal as refusal:
        assert isinstance(refusal, BadText)  # noqa: PT017  # either outcome is right
