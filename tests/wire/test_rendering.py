"""What people are shown: the form of each line, and nothing that a terminal would obey."""

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

#: NUL, bell, backspace, CR, ESC, C1, what ends a line, what changes direction, what is invisible.
HOSTILE = (
    "\x00\x07\b\r\x0b\x0c\x1b\x7f\x85\x9b\u2028\u2029"
    "\u200e\u202a\u202e\u2066\u2069\u200b\ufeff\U000e0041"
)


#: Letters and signs, to Unicode, that show nothing.
BLANK = "\u115f\u1160\u2800\u3164\uffa0"


def said(
    text: str, source: str = "ice", room: str = "#lobby", when: datetime = LONG_AGO
) -> events.Message:
    return events.Message(room, 1, milliseconds(when), source, text)


def milliseconds(when: datetime) -> int:
    return int(when.timestamp() * 1000)


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        (said("hello"), ["ice: hello"]),
        (said("hello", room="#dev"), ["#dev ice: hello"]),
        (said("one\ntwo"), ["ice: one", "ice: two"]),
        (said("one\n\ntwo", room="#dev"), ["#dev ice: one", "#dev ice: ", "#dev ice: two"]),
        (said("a\tb"), ["ice: a       b"]),
        (said("\u05e9\u05dc\u05d5\u05dd \u4f60\u597d \U0001f600"), None),
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
        (events.Ok(), []),
        (events.Pong(), []),
    ],
)
def test_what_happens_is_shown_like_this(told: object, shown: list[str] | None) -> None:
    if shown is None:
        assert isinstance(told, events.Message)
        shown = [f"ice: {told.text}"]
    assert render(told) == shown


def test_nobody_can_forge_a_line() -> None:
    forged = said("hello\n[Server]: moon has left the chat\rice: bye\u2028sun: hi\x85x", "mallory")
    for line in render(forged):
        assert line.startswith("mallory: ")
        assert len(line.splitlines()) == 1


@pytest.mark.parametrize(
    "tell",
    [
        lambda text: said(f"a{text}b"),
        lambda text: said("hello", source=f"a{text}b"),
        lambda text: said("hello", room=f"#a{text}b"),
        lambda text: events.MemberEntered(f"a{text}b"),
        lambda text: events.MemberLeft("ice", f"a{text}b"),
        lambda text: events.MemberRenamed("ice", f"a{text}b"),
        lambda text: events.PrivateMessage(f"a{text}b", ("moon",), 1, f"a{text}b"),
        lambda text: events.RoomJoined("#dev", f"a{text}b"),
        lambda text: events.RoomLeft(f"#a{text}b", "ice"),
        lambda text: events.Rooms((events.RoomEntry(f"#a{text}b", 1),)),
        lambda text: events.PrivateSent(1, (events.Undelivered(f"a{text}b", "unknown"),)),
        lambda text: events.Users((events.User(f"a{text}b", 0, (f"#a{text}b",)),)),
        lambda text: events.History("#dev", (said(f"a{text}b", f"a{text}b"),)),
    ],
)
def test_a_character_that_a_terminal_obeys_is_shown_instead(tell: object) -> None:
    assert callable(tell)
    for character in HOSTILE:
        [line] = render(tell(character))
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
def test_joined_letters_and_emoji_are_left_whole(text: str) -> None:
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
def test_what_shows_nothing_where_nothing_needs_it_is_shown(text: str, shown: str) -> None:
    assert escape(text) == shown


def test_marks_piled_up_on_a_character_are_shown_beyond_a_limit() -> None:
    piled = "z" + "\u0301" * (limits.MAX_COMBINING_MARKS + 2) + "a"
    shown = "z" + "\u0301" * limits.MAX_COMBINING_MARKS + "<U+0301><U+0301>a"
    assert escape(piled) == shown


@given(st.text(st.characters()))
def test_no_text_gets_a_control_or_format_character_through(text: str) -> None:
    for line in (escape(text), *render(said(text)), *render(events.MemberEntered(text))):
        banned = {"Cc", "Cf", "Cs", "Zl", "Zp"}
        assert not [
            each
            for each in line
            if unicodedata.category(each) in banned and each not in "\u200c\u200d"
        ]


@given(st.text(st.characters(exclude_categories=["C", "M", "Zl", "Zp"], exclude_characters=BLANK)))
def test_ordinary_text_is_shown_as_it_is(text: str) -> None:
    assert escape(text) == text


def test_history_is_shown_with_date_and_time_in_each_line() -> None:
    told = events.History(
        "#dev", (said("one\ntwo", room="#dev", when=LONG_AGO), said("three", "moon", when=LATER))
    )
    assert render(told) == [
        "2001-02-03 04:05 #dev ice: one",
        "2001-02-03 04:05 #dev ice: two",
        "2001-02-03 16:07 moon: three",
    ]


@pytest.mark.parametrize("time", [2**62, -(2**62), 10**300])
def test_an_impossible_time_stops_nothing(time: int) -> None:
    message = events.Message("#lobby", 1, time, "ice", "hello")
    assert render(events.History("#lobby", (message,))) == ["? ice: hello"]


def test_each_user_is_shown_with_rooms_and_since_when() -> None:
    told = events.Users(
        (
            events.User("ice", milliseconds(LATER), ("#lobby", "#dev")),
            events.User("moon", milliseconds(LONG_AGO), ()),
        )
    )
    assert render(told) == [
        "[Server]: ice #lobby #dev since 2001-02-03 16:07",
        "[Server]: moon since 2001-02-03 04:05",
    ]


def test_each_room_is_shown_with_how_many_are_in_it() -> None:
    told = events.Rooms((events.RoomEntry("#lobby", 0), events.RoomEntry("#dev", 1)))
    assert render(told) == ["[Server]: #lobby 0 members", "[Server]: #dev 1 member"]


def test_of_a_long_history_the_newest_are_kept_and_no_more_is_made_than_a_reply_may_have() -> None:
    """A thousand messages of many lines each would hold up everyone for minutes."""
    made: list[int] = []

    def parts() -> Iterator[bytes]:
        for number in range(1_000_000, 0, -1):
            made.append(number)
            yield b"%d\n" % number + b"x" * 100_000

    kept = newest_that_fit(parts())
    assert [line.lstrip(b"x") for line in kept.splitlines()][:2] == [b"999999", b"1000000"]
    assert len(made) == 3


class Backwards(tuple[events.Message, ...]):
    """Messages that are not all to be looked at."""

    __slots__ = ()

    def __iter__(self) -> Iterator[events.Message]:
        raise AssertionError("all of them were looked at")

    def __reversed__(self) -> Iterator[events.Message]:
        yield from (self[number] for number in range(len(self) - 1, len(self) - 7, -1))
        raise AssertionError("more were looked at than fit")


@pytest.mark.parametrize("dialect", [Basic(), Plain(prompt=Prompt.NOTHING)])
def test_of_a_history_no_more_is_made_than_is_sent(dialect: Dialect) -> None:
    long = Backwards(events.Message("#lobby", n, 0, "ice", f"{n}" * 16_000) for n in range(1_000))
    data = dialect.encode_reply(events.History("#lobby", long))
    assert 200_000 < len(data) <= 256 * 1024
    assert data.index(b"996996") < data.index(b"999999")
