"""Formatted lines: with times and styles, and safe to show."""

from datetime import datetime

import pytest

from chatd.chat import events
from chatd.chat.commands import ListUsers, SendMessage, SendPrivate
from chatd.client.terminal import formatting
from chatd.client.terminal.output import Line
from chatd.wire.user_inputs import UserInput

MORNING = datetime(2026, 11, 21, 10, 35).astimezone().timestamp()
YESTERDAY = MORNING - 86_400


def said(text: str, source: str = "moon", room: str = "#lobby") -> events.Message:
    return events.Message(room, 1, int(MORNING * 1000), source, text)


def plain(lines: list[Line]) -> list[str]:
    return ["".join(text for _, text, *_ in line) for line in lines]


def styles(lines: list[Line]) -> list[str]:
    return [style for line in lines for style, *_ in line]


def told(what: object) -> list[str]:
    return plain(formatting.format_event(what, "ice", MORNING))


@pytest.mark.parametrize(
    ("what", "lines"),
    [
        (said("hello"), ["10:35 moon: hello"]),
        (said("one\ntwo"), ["10:35 moon: one", "10:35 moon: two"]),
        (said("hello", room="#dev"), ["10:35 #dev moon: hello"]),
        (
            events.PrivateMessage("moon", ("ice",), int(MORNING * 1000), "psst"),
            ["10:35 [private] moon: psst"],
        ),
        (events.MemberEntered("moon"), ["10:35 [Server]: moon has entered the chat"]),
        (events.Message("#lobby", 1, 10**18, "moon", "late"), ["--:-- moon: late"]),
        (events.Message("#lobby", 1, 10**4000, "moon", "later"), ["--:-- moon: later"]),
        (events.PrivateMessage("moon", ("ice",), 10**4000, "ever"), ["--:-- [private] moon: ever"]),
        (
            events.History("#dev", (events.Message("#lobby", 1, 10**4000, "moon", "never"),)),
            ["┌ history of #dev", "│ ? --:-- [1] moon: never", "└ end of history of #dev"],
        ),
        (None, []),
    ],
)
def test_a_line_is_the_same_as_off_a_terminal_with_the_time_before_it(
    what: object, lines: list[str]
) -> None:
    assert told(what) == lines


def test_history_is_between_two_marker_lines_with_the_date_of_earlier_days() -> None:
    old = events.Message("#lobby", 1, int(YESTERDAY * 1000), "moon", "a\nb")
    assert told(events.History("#lobby", (old, said("now")))) == [
        "┌ history of #lobby",
        "│ 2026-11-20 10:35 [1] moon: a",
        "│ 2026-11-20 10:35 [1] moon: b",
        "│ 10:35 [1] moon: now",
        "└ end of history of #lobby",
    ]


def test_found_messages_have_their_room_and_the_newest_comes_last() -> None:
    old = events.Message("#dev", 7, int(YESTERDAY * 1000), "moon", "a\nb")
    found = events.SearchResult((said("tea"), old), before=5)
    assert told(found) == [
        "┌ 2 messages found",
        "│ 2026-11-20 10:35 #dev moon: a",
        "│ 2026-11-20 10:35 #dev moon: b",
        "│ 10:35 #lobby moon: tea",
        "└ There are older results: /more shows them.",
    ]
    assert told(events.SearchResult((old,)))[-1] == "└ nothing older was found"
    assert told(events.SearchResult()) == ["10:35 [Server]: Nothing was found."]


def test_a_nickname_has_a_colour_and_a_mention_has_a_style() -> None:
    assert any(
        style.startswith("bold fg:#")
        for style in styles(formatting.format_event(said("x"), "ice", 0))
    )
    assert "class:mention" not in styles(formatting.format_event(said("x"), "ice", 0))
    assert "class:mention" in styles(formatting.format_event(said("hello ice"), "ice", 0))


@pytest.mark.parametrize(
    ("text", "is_named"),
    [
        ("ice", True),
        ("hello ICE!", True),
        ("@ice: look", True),
        ("\uff49\uff43\uff45 is cold", True),
        ("icebergs", False),
        ("nice", False),
        ("", False),
    ],
)
def test_a_nickname_is_mentioned_only_as_a_word(text: str, is_named: bool) -> None:
    assert formatting.is_highlight(said(text), "ice") is is_named
    assert not formatting.is_highlight(said(text), "")


def test_a_private_message_is_always_a_highlight_and_a_notice_never() -> None:
    assert formatting.is_highlight(events.PrivateMessage("moon", ("ice",), 0, "psst"), "ice")
    assert not formatting.is_highlight(events.MemberEntered("ice"), "ice")


@pytest.mark.parametrize(
    ("line", "user_input", "shown"),
    [
        ("hello", SendMessage("hello"), []),
        ("@moon psst", SendPrivate("psst", ("moon",)), []),
        ("/users", ListUsers(), ["> /users"]),
        ("/dance", None, ["> /dance"]),
        ("\x1b[2J", None, ["> <U+001B>[2J"]),
    ],
)
def test_a_typed_line_is_shown_unless_it_is_a_message(
    line: str, user_input: UserInput | None, shown: list[str]
) -> None:
    assert plain(formatting.format_input(line, user_input)) == shown


@pytest.mark.parametrize(
    ("what", "shown"),
    [
        (SendMessage("one\ntwo"), ["10:35 ice: one", "10:35 ice: two"]),
        (SendMessage("hi", "#dev"), ["10:35 #dev ice: hi"]),
        (SendPrivate("psst", ("moon", "sun")), ["10:35 [private to moon,sun] psst"]),
    ],
)
def test_the_users_own_message_is_shown_when_it_is_confirmed(
    what: SendMessage | SendPrivate, shown: list[str]
) -> None:
    assert plain(formatting.format_own_message(what, "ice", MORNING)) == shown


HOSTILE = "\x1b[31m<ansired>\u202e"


@pytest.mark.parametrize(
    "what",
    [
        said(HOSTILE, HOSTILE, f"#{HOSTILE}"),
        events.PrivateMessage(HOSTILE, (), 0, HOSTILE),
        events.History(HOSTILE, (said(HOSTILE, HOSTILE),)),
        events.MemberEntered(HOSTILE),
    ],
)
def test_nothing_that_others_wrote_is_obeyed(what: object) -> None:
    for line in told(what):
        assert line.isprintable()
        assert "<ansired>" in line
    assert not any(
        "ansired" in style for style in styles(formatting.format_event(what, "ice", MORNING))
    )


def test_nothing_in_found_messages_is_obeyed() -> None:
    title, *found, _ = told(events.SearchResult((said(HOSTILE, HOSTILE, f"#{HOSTILE}"),)))
    assert title == "┌ 1 message found"
    for line in found:
        assert line.isprintable()
        assert line.count("<ansired>") == 3
