"""The plain dialect: what a typed line means, and what the screen shows (SPEC §5)."""

import pytest

from chatd.chat import commands, events, refusals, registration
from chatd.chat.commands import (
    Enter,
    Join,
    Leave,
    ListRooms,
    ListUsers,
    Quit,
    ReadHistory,
    Rename,
    Say,
    Tell,
)
from chatd.chat.events import Missed, Said
from chatd.chat.refusals import Refusal
from chatd.wire import typed
from chatd.wire.dialect import Dialect, Note, Outcome, Request
from chatd.wire.plain import Asked, Plain

DOOR = Plain()
INSIDE = Plain(asked=Asked.NOTHING)
SAID = Said("#lobby", 1, 0, "ice", "one\ntwo")


def shown(data: bytes) -> list[str]:
    """The lines on the screen."""
    *lines, rest = data.decode().split("\n")
    assert rest == ""
    return lines


def after(plain: Dialect, line: str, outcome: Outcome) -> Dialect:
    return plain.after(plain.decode(line.encode()), outcome)


def test_the_first_thing_on_the_screen_is_the_question_for_a_nickname() -> None:
    [line] = shown(DOOR.greeting)
    assert "nickname?" in line


@pytest.mark.parametrize("end", ["", "\r"])
@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("ice", Enter("ice")),
        ("  ice ", Enter("ice")),
        ("", Enter("")),
        ("/users", Enter("/users")),
        ("exit()", Quit()),
        ("/quit", Quit()),
    ],
)
def test_at_the_door_a_line_is_a_nickname_or_the_end(
    line: str, command: commands.Asked, end: str
) -> None:
    assert DOOR.decode(f"{line}{end}".encode()).command == command


LINES: list[tuple[str, commands.Asked]] = [
    ("hello", Say("hello")),
    (" hello ", Say(" hello ")),
    ("h\u00e9llo \U0001f469", Say("h\u00e9llo \U0001f469")),
    ("//etc/passwd", Say("/etc/passwd")),
    ("@", Say("@")),
    ("I said exit()", Say("I said exit()")),
    ("@moon hello you", Tell("hello you", ("moon",))),
    ("@moon @sun hello", Tell("hello", ("moon", "sun"))),
    ("/msg moon hello", Tell("hello", ("moon",))),
    ("/msg moon,sun hello", Tell("hello", ("moon", "sun"))),
    ("/users", ListUsers()),
    ("/rooms", ListRooms()),
    ("/history", ReadHistory()),
    ("/history 20", ReadHistory(limit=20)),
    ("/join #dev", Join("#dev")),
    ("/leave", Leave("#lobby")),
    ("/leave #dev", Leave("#dev")),
    ("/setname sun", Rename("sun")),
    ("exit()", Quit()),
    ("/quit", Quit()),
    ("/exit", Quit()),
]


@pytest.mark.parametrize("end", ["", "\r"])
@pytest.mark.parametrize(("line", "command"), LINES)
def test_inside_a_line_is_a_message_or_a_command(
    line: str, command: commands.Asked, end: str
) -> None:
    assert INSIDE.decode(f"{line}{end}".encode()).command == command


@pytest.mark.parametrize("line", ["", "\r", "  ", "\t\r"])
def test_an_empty_line_is_nothing(line: str) -> None:
    assert INSIDE.decode(line.encode()).command == Note()


@pytest.mark.parametrize(
    "line",
    [b"/dance", b"/msg moon", b"@moon", b"/history x", b"/join", b"a\x1b[2Jb", b"\xff", b"\x00"],
)
def test_a_line_that_means_nothing_is_refused_with_a_sentence_of_the_server(line: bytes) -> None:
    with pytest.raises(Refusal) as caught:
        INSIDE.decode(line)
    [answer] = shown(INSIDE.answer(caught.value))
    assert answer.startswith("[Server]: ")
    assert len(answer) < 200


def test_help_lists_every_command() -> None:
    request = INSIDE.decode(b"/help")
    assert isinstance(request.command, Note)
    listed = "\n".join(shown(INSIDE.answer(request.command)))
    for name in (name for spec in typed.TABLE for name in spec.names):
        assert name in listed


ROOM_AFTER: list[tuple[str, str, Outcome, str]] = [
    ("#lobby", "/join #dev", events.RoomJoined("#dev", created=True), "#dev"),
    ("#lobby", "/join #DEV", events.RoomJoined("#dev", created=False), "#dev"),
    ("#lobby", "/join #dev", refusals.TooManyRooms("?"), "#lobby"),
    ("#dev", "/leave", events.Done(), "#lobby"),
    ("#dev", "/leave #dev", events.Done(), "#lobby"),
    ("#dev", "/leave #DEV", events.Done(), "#lobby"),
    ("#dev", "/leave #other", events.Done(), "#dev"),
    ("#dev", "/leave", refusals.NotInRoom("#dev"), "#dev"),
    ("#dev", "hello", events.Done("#dev", 1, 1), "#dev"),
]


@pytest.mark.parametrize(("before", "line", "outcome", "room"), ROOM_AFTER)
def test_lines_go_to_the_room_that_was_joined_last_until_it_is_left(
    before: str, line: str, outcome: Outcome, room: str
) -> None:
    plain = after(Plain(asked=Asked.NOTHING, room=before), line, outcome)
    assert plain.decode(b"hello").command == Say("hello", room)
    assert plain.decode(b"/history").command == ReadHistory(room)


def test_room_says_where_lines_go_from_now_on() -> None:
    request = INSIDE.decode(b"/room #dev")
    assert isinstance(request.command, Note)
    assert shown(INSIDE.answer(request.command)) == ["You write to #dev now."]
    assert INSIDE.after(request, request.command).decode(b"hi").command == Say("hi", "#dev")


EVENTS = [
    (SAID, ["ice: one", "ice: two"]),
    (Said("#dev", 1, 0, "ice", "hello"), ["#dev ice: hello"]),
    (events.Private("ice", ("moon",), 0, "psst"), ["[private] ice: psst"]),
    (events.Entered("ice"), ["[Server]: ice has entered the chat"]),
    (events.Left("ice", "quit"), ["[Server]: ice has left the chat (quit)"]),
    (events.Renamed("ice", "sun"), ["[Server]: ice renamed to sun"]),
    (events.Joined("#dev", "ice"), ["[Server]: ice has joined #dev"]),
    (events.Parted("#dev", "ice"), ["[Server]: ice has left #dev"]),
]


@pytest.mark.parametrize(("event", "lines"), EVENTS)
def test_what_happens_is_shown_with_who_before_each_line(
    event: events.Event, lines: list[str]
) -> None:
    assert shown(INSIDE.encode(event)) == lines


ANSWERS: list[tuple[Outcome, list[str]]] = [
    (events.Done("#lobby", 1, 1), []),
    (events.Told(1), []),
    (events.Told(1, (Missed("sun", "unknown"),)), ["[Server]: Not reached: sun (unknown)."]),
    (refusals.NotReached((Missed("sun", "offline"),)), ["[Server]: Not reached: sun (offline)."]),
    (events.Rooms((events.RoomEntry("#lobby", 2),)), ["[Server]: #lobby 2 members"]),
    (events.Goodbye("inactive"), ["[Server]: Goodbye (inactive)"]),
]


@pytest.mark.parametrize(("outcome", "lines"), ANSWERS)
def test_a_command_is_answered_in_lines_of_the_server(outcome: Outcome, lines: list[str]) -> None:
    assert shown(INSIDE.answer(outcome)) == lines


def test_the_welcome_names_the_nickname_and_the_server() -> None:
    [line] = shown(DOOR.answer(events.Welcome("work", 0, "ice", ("#lobby",))))
    assert "ice" in line
    assert "work" in line


@pytest.mark.parametrize(
    "refusal", [refusals.NicknameTaken("ice"), refusals.BadNickname("No."), refusals.InvalidUtf8()]
)
def test_a_refused_nickname_is_asked_for_again(refusal: Refusal) -> None:
    [line] = shown(DOOR.answer(refusal))
    assert line.startswith(str(refusal))
    assert line.endswith("nickname?")
    assert DOOR.after(Request(Enter("ice")), refusal).decode(b"moon").command == Enter("moon")


@pytest.mark.parametrize(
    "refusal", [registration.Full(), registration.TooLate("?"), refusals.LineTooLong()]
)
def test_who_is_sent_away_at_the_door_is_asked_nothing(refusal: Refusal) -> None:
    [line] = shown(DOOR.answer(refusal))
    assert str(refusal) in line
    assert "nickname" not in line


def test_the_password_of_an_account_is_asked_for_and_is_no_message() -> None:
    refusal = refusals.PasswordRequired("sun")
    for plain, line in ((DOOR, "sun"), (INSIDE, "/setname sun")):
        assert shown(plain.answer(refusal))[-1].endswith("(It is shown as you type.)")
        asking = after(plain, line, refusal)
        for password in ("/users", " two words ", ""):
            command = asking.decode(password.encode()).command
            assert command == commands.Authenticate("sun", password)
        assert asking.decode(b"exit()").command == commands.Quit()


def test_after_a_wrong_password_things_are_as_they_were_before() -> None:
    refusal = refusals.PasswordRequired("sun")
    for plain, line in ((DOOR, "sun"), (INSIDE, "/setname sun")):
        again = after(after(plain, line, refusal), "wrong", refusals.WrongPassword())
        assert again.decode(b"moon") == plain.decode(b"moon")
    inside = after(after(DOOR, "sun", refusal), "right", events.Welcome("work", 0, "sun", ()))
    assert inside.decode(b"moon").command == Say("moon")


def test_a_member_hears_its_own_messages_entering_renaming_and_ways_through_rooms() -> None:
    own = {events.Said, events.Entered, events.Renamed, events.Joined, events.Parted}
    assert own <= INSIDE.hears_own
