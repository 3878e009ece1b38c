"""Events and replies as lines: their form, and nothing that a terminal would obey."""

import unicodedata
from collections.abc import Iterator
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.chat import events, limits
from chatd.wire.basic import Basic
from chatd.wire.dialect import Dialect
from chatd.wire.plain import Plain, Prompt
from chatd.wire.rendering import escape, newest_that_fit, render

LONG_AGO = datetime(2001, 2, 3, 4, 5, 6).astimezone()
LATER = datetime(2001, 2, 3, 16, 7, 8).astimezone()

#: Control characters, line ends, changes of direction, and invisible characters.
HOSTILE = (
    "\x00\x07\b\r\x0b\x0c\x1b\x7f\x85\x9b\u2028\u2029"
    "\u200e\u202a\u202e\u2066\u2069\u200b\ufeff\U000e0041"
)


#: Characters that Unicode calls letters or signs, and that show nothing.
BLANK = "\u115f\u1160\u2800\u3164\uffa0"


def message(
    text: str, source: str = "ice", room: str = "#lobby", when: datetime = LONG_AGO
) -> events.Message:
    return events.Message(room, 1, milliseconds(when), source, text)


def milliseconds(when: datetime) -> int:
    return int(when.timestamp() * 1000)


@pytest.mark.parametrize(
    ("event", "lines"),
    [
        (message("hello"), ["ice: hello"]),
        (message("hello", room="#dev"), ["#dev ice: hello"]),
        (message("one\ntwo"), ["ice: one", "ice: two"]),
        (message("one\n\ntwo", room="#dev"), ["#dev ice: one", "#dev ice: ", "#dev ice: two"]),
        (message("a\tb"), ["ice: a       b"]),
        (message("\u05e9\u05dc\u05d5\u05dd \u4f60\u597d \U0001f600"), None),
        (events.MemberEntered("ice"), ["[Server]: ice has entered the chat"]),
        (events.MemberLeft("ice", "too slow"), ["[Server]: ice has left the chat (too slow)"]),
        (events.MemberRenamed("ice", "moon"), ["[Server]: ice renamed to moon"]),
        (
            events.PrivateMessage("ice", ("moon", "sun"), 1, "a\nb"),
            ["[private] ice: a", "[private] ice: b"],
        ),
        (events.RoomJoined("#dev", "ice"), ["[Server]: ice has joined #dev"]),
        (events.RoomLeft("#dev", "ice"), ["[Server]: ice has left #dev"]),
        (events.PrivateSent(1), []),
        (
            events.PrivateSent(
                1, (events.Undelivered("sun", "unknown"), events.Undelivered("star", "offline"))
            ),
            ["[Server]: Not reached: sun (unknown), star (offline)."],
        ),
        (events.Users((), None), []),
        (events.History("#lobby", ()), []),
        (events.SearchResult(), ["[Server]: Nothing was found."]),
        (events.Ok(), []),
        (events.Pong(), []),
    ],
)
def test_an_event_is_rendered_as_lines(event: object, lines: list[str] | None) -> None:
    if lines is None:
        assert isinstance(event, events.Message)
        lines = [f"ice: {event.text}"]
    assert render(event) == lines


def test_nobody_can_forge_a_line() -> None:
    forged = message(
        "hello\n[Server]: moon has left the chat\rice: bye\u2028sun: hi\x85x", "mallory"
    )
    for line in render(forged):
        assert line.startswith("mallory: ")
        assert len(line.splitlines()) == 1


@pytest.mark.parametrize(
    "make_event",
    [
        lambda text: message(f"a{text}b"),
        lambda text: message("hello", source=f"a{text}b"),
        lambda text: message("hello", room=f"#a{text}b"),
        lambda text: events.MemberEntered(f"a{text}b"),
        lambda text: events.MemberLeft("ice", f"a{text}b"),
        lambda text: events.MemberRenamed("ice", f"a{text}b"),
        lambda text: events.PrivateMessage(f"a{text}b", ("moon",), 1, f"a{text}b"),
        lambda text: events.RoomJoined("#dev", f"a{text}b"),
        lambda text: events.RoomLeft(f"#a{text}b", "ice"),
        lambda text: events.Rooms((events.RoomEntry(f"#a{text}b", 1),)),
        lambda text: events.PrivateSent(1, (events.Undelivered(f"a{text}b", "unknown"),)),
        lambda text: events.Users((events.User(f"a{text}b", 0, (f"#a{text}b",)),)),
        lambda text: events.History("#dev", (message(f"a{text}b", f"a{text}b"),)),
        lambda text: events.SearchResult((message(f"a{text}b", f"a{text}b", f"#a{text}b"),)),
    ],
)
def test_control_and_format_characters_are_escaped(make_event: object) -> None:
    assert callable(make_event)
    for character in HOSTILE:
        [line] = render(make_event(character))
        assert character not in line
        assert f"a<U+{ord(character):04X}>b" in line


@pytest.mark.parametrize(
    "text",
    [
        "\U0001f468\u200d\U0001f469",  # a family
        "\u2764\ufe0f\u200d\U0001f525",  # a heart on fire
        "1\ufe0f\u20e3 \u00a9\ufe0f",  # a key, a sign
        "\u0646\u200c\u0645",  # Persian
        "\u0915\u094d\u200d\u0937",  # Hindi
        "e\u0301",
    ],
)
def test_joined_letters_and_emoji_are_not_escaped(text: str) -> None:
    assert escape(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ad\u200dmin", "ad<U+200D>min"),
        ("\u0430d\u200cmin", "\u0430d<U+200C>min"),
        ("\u200dadmin", "<U+200D>admin"),
        ("\U0001f468\u200d\u200d", "\U0001f468\u200d<U+200D>"),
        ("a\ufe0fb", "a<U+FE0F>b"),
        ("\u2764\ufe0f\ufe0f", "\u2764\ufe0f<U+FE0F>"),
        ("a\u3164b\u115f\u034f\u2800", "a<U+3164>b<U+115F><U+034F><U+2800>"),
    ],
)
def test_invisible_characters_are_escaped_where_nothing_needs_them(text: str, shown: str) -> None:
    assert escape(text) == shown


def test_combining_marks_on_nothing_are_as_few() -> None:
    marks = "\u0301" * limits.MAX_COMBINING_MARKS
    assert escape(marks + "\u0301a") == f"{marks}<U+0301>a"


def test_combining_marks_beyond_the_limit_are_escaped() -> None:
    text = "z" + "\u0301" * (limits.MAX_COMBINING_MARKS + 2) + "a"
    shown = "z" + "\u0301" * limits.MAX_COMBINING_MARKS + "<U+0301><U+0301>a"
    assert escape(text) == shown


@given(st.text(st.characters()))
def test_no_text_gets_a_control_or_format_character_through(text: str) -> None:
    for line in (escape(text), *render(message(text)), *render(events.MemberEntered(text))):
        banned = {"Cc", "Cf", "Cs", "Zl", "Zp"}
        assert not [
            each
            for each in line
            if unicodedata.category(each) in banned and each not in "\u200c\u200d"
        ]


@given(st.text(st.characters(exclude_categories=["C", "M", "Zl", "Zp"], exclude_characters=BLANK)))
def test_ordinary_text_is_not_escaped(text: str) -> None:
    assert escape(text) == text


def test_history_is_shown_with_date_time_and_number_in_each_line() -> None:
    event = events.History(
        "#dev",
        (message("one\ntwo", room="#dev", when=LONG_AGO), message("three", "moon", when=LATER)),
    )
    assert render(event) == [
        "2001-02-03 04:05 [1] #dev ice: one",
        "2001-02-03 04:05 [1] #dev ice: two",
        "2001-02-03 16:07 [1] moon: three",
    ]


def test_found_messages_are_shown_with_their_room_and_the_newest_last() -> None:
    found = (message("three", "moon", when=LATER), message("one\ntwo", room="#dev", when=LONG_AGO))
    assert render(events.SearchResult(found, before=5)) == [
        "2001-02-03 04:05 #dev ice: one",
        "2001-02-03 04:05 #dev ice: two",
        "2001-02-03 16:07 #lobby moon: three",
        "[Server]: There are older results: /more shows them.",
    ]


@pytest.mark.parametrize("time", [2**62, -(2**62), 10**300])
def test_an_impossible_time_is_shown_as_a_question_mark(time: int) -> None:
    impossible = events.Message("#lobby", 1, time, "ice", "hello")
    assert render(events.History("#lobby", (impossible,))) == ["? [1] ice: hello"]


def test_each_user_is_shown_with_rooms_and_since_when() -> None:
    event = events.Users(
        (
            events.User("ice", milliseconds(LATER), ("#lobby", "#dev")),
            events.User("moon", milliseconds(LONG_AGO), ()),
        )
    )
    assert render(event) == [
        "[Server]: ice #lobby #dev since 2001-02-03 16:07",
        "[Server]: moon since 2001-02-03 04:05",
    ]


def test_each_room_is_shown_with_how_many_are_in_it() -> None:
    event = events.Rooms((events.RoomEntry("#lobby", 0), events.RoomEntry("#dev", 1)))
    assert render(event) == ["[Server]: #lobby 0 members", "[Server]: #dev 1 member"]


def test_of_a_long_history_the_newest_that_fit_are_encoded() -> None:
    """Rendering a thousand messages of many lines would stop the server for minutes."""
    rendered: list[int] = []

    def parts() -> Iterator[bytes]:
        for number in range(1_000_000, 0, -1):
            rendered.append(number)
            yield b"%d\n" % number + b"x" * 100_000

    kept = newest_that_fit(parts())
    assert [line.lstrip(b"x") for line in kept.splitlines()][:2] == [b"999999", b"1000000"]
    assert len(rendered) == 3


class Backwards(tuple[events.Message, ...]):
    """Messages of which only the newest may be accessed."""

    __slots__ = ()

    def __iter__(self) -> Iterator[events.Message]:
        raise AssertionError("all of them were accessed")

    def __reversed__(self) -> Iterator[events.Message]:
        yield from (self[number] for number in range(len(self) - 1, len(self) - 7, -1))
        raise AssertionError("more were accessed than fit")


@pytest.mark.parametrize("dialect", [Basic(), Plain(prompt=Prompt.NOTHING)])
def test_no_more_of_a_history_is_rendered_than_is_sent(dialect: Dialect) -> None:
    long = Backwards(events.Message("#lobby", n, 0, "ice", f"{n}" * 16_000) for n in range(1_000))
    data = dialect.encode_reply(events.History("#lobby", long))
    assert 200_000 < len(data) <= 256 * 1024
    assert data.index(b"996996") < data.index(b"999999")


#: Default_Ignorable_Code_Point as of Unicode 15 to 17, and other characters that show nothing.
HIDDEN = [
    *"\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b\u180e\u180f\u2065\u2800\u3164\ufe00\ufe0f",
    *"\ufeff\uffa0\ufff0\ufff8\ufff9\ufdd0\ufffe\U0001bca0\U0001d173\U0001fffe",
    *"\U000e0000\U000e0001\U000e0020\U000e007f\U000e0080\U000e0100\U000e01ef\U000e0fff",
]


@pytest.mark.parametrize("character", HIDDEN, ids=ascii)
def test_a_character_that_shows_nothing_is_shown_by_its_code_point(character: str) -> None:
    assert escape(f"ice{character}") == f"ice<U+{ord(character):04X}>"


@pytest.mark.parametrize(
    "text",
    [
        "\U0001f468\u200d\U0001f469\u200d\U0001f467",  # a family
        "\u2764\ufe0f\u200d\U0001f525",  # a heart on fire
        "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",  # Scotland
        "\u6f22\U000e0100",  # a variant of an ideograph
        "\u1820\u180b",  # a variant of a Mongolian letter
        "\u0915\u094d\u200d\u0937",  # a half form in Devanagari
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian
        "1\ufe0f\u20e3",  # a keycap
    ],
    ids=ascii,
)
def test_what_scripts_and_emoji_need_is_kept(text: str) -> None:
    assert escape(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "\U0001f3f4\U000e0067\U000e0062",  # a flag without an end
        "\U0001f3f4" + "\U000e0067" * 30 + "\U000e007f",  # a hidden text behind a flag
        "\u6f22\U000e0100\U000e0101",
    ],
    ids=ascii,
)
def test_what_is_hidden_in_a_sequence_is_shown(text: str) -> None:
    assert "<U+E01" in escape(text) or "<U+E0067>" in escape(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\u202e\u202e\u2800b", "a<U+202E><U+202E><U+2800>b"),
        ("a\u200d\u200d\u200cb", "a<U+200D><U+200D><U+200C>b"),
        ("\u0915\u200d\u200d\u200d", "\u0915\u200d<U+200D><U+200D>"),
        ("a\u200d\ufe0f\u202e", "a<U+200D><U+FE0F><U+202E>"),
        ("1\ufe0f\ufe0f\ufe0f", "1\ufe0f<U+FE0F><U+FE0F>"),
        ("a\u180b\u180b\u1820\u180b", "a<U+180B><U+180B>\u1820\u180b"),
        ("a\U000e0100\U000e0100\u4e00\U000e0100", "a<U+E0100><U+E0100>\u4e00\U000e0100"),
        ("\U000e0067\U000e0062", "<U+E0067><U+E0062>"),
        ("a" + 10 * "\u0301", "a" + 8 * "\u0301" + "<U+0301><U+0301>"),
        ("a" + 10 * "\U00010a0f", "a" + 8 * "\U00010a0f" + "<U+10A0F><U+10A0F>"),
    ],
)
def test_each_deceptive_character_of_many_in_a_row_is_shown(text: str, shown: str) -> None:
    assert escape(text) == shown
