"""The plain dialect: what a typed line means, and what the screen shows (SPEC §5)."""

import pytest

from chatd.chat import commands, errors, events
from chatd.chat.commands import (
    Enter,
    JoinRoom,
    LeaveRoom,
    ListRooms,
    ListUsers,
    Quit,
    ReadHistory,
    Rename,
    SendMessage,
    SendPrivate,
)
from chatd.chat.errors import Refusal
from chatd.chat.events import Message, Undelivered
from chatd.wire import slash_commands
from chatd.wire.dialect import Dialect, LocalReply, Request, Result
from chatd.wire.plain import Plain, Prompt

DOOR = Plain()
INSIDE = Plain(prompt=Prompt.NOTHING)
SAID = Message("#lobby", 1, 0, "ice", "one\ntwo")


def shown(data: bytes) -> list[str]:
    """The lines on the screen."""
    *lines, rest = data.decode().split("\n")
    assert rest == ""
    return lines


def after(plain: Dialect, line: str, outcome: Result) -> Dialect:
    return plain.updated(plain.decode(line.encode()), outcome)


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
    line: str, command: commands.ClientCommand, end: str
) -> None:
    assert DOOR.decode(f"{line}{end}".encode()).command == command


LINES: list[tuple[str, commands.ClientCommand]] = [
    ("hello", SendMessage("hello")),
    (" hello ", SendMessage(" hello ")),
    ("h\u00e9llo \U0001f469", SendMessage("h\u00e9llo \U0001f469")),
    ("//etc/passwd", SendMessage("/etc/passwd")),
    ("@", SendMessage("@")),
    ("I said exit()", SendMessage("I said exit()")),
    ("@moon hello you", SendPrivate("hello you", ("moon",))),
    ("@moon @sun hello", SendPrivate("hello", ("moon", "sun"))),
    ("/msg moon hello", SendPrivate("hello", ("moon",))),
    ("/msg moon,sun hello", SendPrivate("hello", ("moon", "sun"))),
    ("/users", ListUsers()),
    ("/rooms", ListRooms()),
    ("/history", ReadHistory()),
    ("/history 20", ReadHistory(limit=20)),
    ("/join #dev", JoinRoom("#dev")),
    ("/leave", LeaveRoom("#lobby")),
    ("/leave #dev", LeaveRoom("#dev")),
    ("/setname sun", Rename("sun")),
    ("exit()", Quit()),
    ("/quit", Quit()),
    ("/exit", Quit()),
]


@pytest.mark.parametrize("end", ["", "\r"])
@pytest.mark.parametrize(("line", "command"), LINES)
def test_inside_a_line_is_a_message_or_a_command(
    line: str, command: commands.ClientCommand, end: str
) -> None:
    assert INSIDE.decode(f"{line}{end}".encode()).command == command


@pytest.mark.parametrize("line", ["", "\r", "  ", "\t\r"])
def test_an_empty_line_is_nothing(line: str) -> None:
    assert INSIDE.decode(line.encode()).command == LocalReply()


@pytest.mark.parametrize(
    "line",
    [b"/dance", b"/msg moon", b"@moon", b"/history x", b"/join", b"a\x1b[2Jb", b"\xff", b"\x00"],
)
def test_a_line_that_means_nothing_is_refused_with_a_sentence_of_the_server(line: bytes) -> None:
    with pytest.raises(Refusal) as caught:
        INSIDE.decode(line)
    [answer] = shown(INSIDE.encode_reply(caught.value))
    assert answer.startswith("[Server]: ")
    assert len(answer) < 200


def test_help_lists_every_command() -> None:
    request = INSIDE.decode(b"/help")
    assert isinstance(request.command, LocalReply)
    listed = "\n".join(shown(INSIDE.encode_reply(request.command)))
    for name in (name for spec in slash_commands.SLASH_COMMANDS for name in spec.names):
        assert name in listed


ROOM_AFTER: list[tuple[str, str, Result, str]] = [
    ("#lobby", "/join #dev", events.JoinDone("#dev", created=True), "#dev"),
    ("#lobby", "/join #DEV", events.JoinDone("#dev", created=False), "#dev"),
    ("#lobby", "/join #dev", errors.TooManyRooms("?"), "#lobby"),
    ("#dev", "/leave", events.Ok(), "#lobby"),
    ("#dev", "/leave #dev", events.Ok(), "#lobby"),
    ("#dev", "/leave #DEV", events.Ok(), "#lobby"),
    ("#dev", "/leave #other", events.Ok(), "#dev"),
    ("#dev", "/leave", errors.NotInRoom("#dev"), "#dev"),
    ("#dev", "hello", events.Ok("#dev", 1, 1), "#dev"),
]


@pytest.mark.parametrize(("before", "line", "outcome", "room"), ROOM_AFTER)
def test_lines_go_to_the_room_that_was_joined_last_until_it_is_left(
    before: str, line: str, outcome: Result, room: str
) -> None:
    plain = after(Plain(prompt=Prompt.NOTHING, room=before), line, outcome)
    assert plain.decode(b"hello").command == SendMessage("hello", room)
    assert plain.decode(b"/history").command == ReadHistory(room)


def test_room_says_where_lines_go_from_now_on() -> None:
    request = INSIDE.decode(b"/room #dev")
    assert isinstance(request.command, LocalReply)
    assert shown(INSIDE.encode_reply(request.command)) == ["You now write to #dev."]
    assert INSIDE.updated(request, request.command).decode(b"hi").command == SendMessage(
        "hi", "#dev"
    )


EVENTS = [
    (SAID, ["ice: one", "ice: two"]),
    (Message("#dev", 1, 0, "ice", "hello"), ["#dev ice: hello"]),
    (events.PrivateMessage("ice", ("moon",), 0, "psst"), ["[private] ice: psst"]),
    (events.MemberEntered("ice"), ["[Server]: ice has entered the chat"]),
    (events.MemberLeft("ice", "quit"), ["[Server]: ice has left the chat (quit)"]),
    (events.MemberRenamed("ice", "sun"), ["[Server]: ice renamed to sun"]),
    (events.RoomJoined("#dev", "ice"), ["[Server]: ice has joined #dev"]),
    (events.RoomLeft("#dev", "ice"), ["[Server]: ice has left #dev"]),
]


@pytest.mark.parametrize(("event", "lines"), EVENTS)
def test_what_happens_is_shown_with_who_before_each_line(
    event: events.Event, lines: list[str]
) -> None:
    assert shown(INSIDE.encode_event(event)) == lines


ANSWERS: list[tuple[Result, list[str]]] = [
    (events.Ok("#lobby", 1, 1), []),
    (events.PrivateSent(1), []),
    (
        events.PrivateSent(1, (Undelivered("sun", "unknown"),)),
        ["[Server]: Not reached: sun (unknown)."],
    ),
    (
        errors.NotReached((Undelivered("sun", "offline"),)),
        ["[Server]: Not reached: sun (offline)."],
    ),
    (events.Rooms((events.RoomEntry("#lobby", 2),)), ["[Server]: #lobby 2 members"]),
    (events.Goodbye("inactive"), ["[Server]: Goodbye (inactive)"]),
]


@pytest.mark.parametrize(("outcome", "lines"), ANSWERS)
def test_a_command_is_answered_in_lines_of_the_server(outcome: Result, lines: list[str]) -> None:
    assert shown(INSIDE.encode_reply(outcome)) == lines


def test_the_welcome_names_the_nickname_and_the_server() -> None:
    [line] = shown(DOOR.encode_reply(events.Welcome("work", 0, "ice", ("#lobby",))))
    assert "ice" in line
    assert "work" in line


@pytest.mark.parametrize(
    "refusal", [errors.NicknameTaken("ice"), errors.BadNickname("No."), errors.InvalidUtf8()]
)
def test_a_refused_nickname_is_asked_for_again(refusal: Refusal) -> None:
    [line] = shown(DOOR.encode_reply(refusal))
    assert line.startswith(str(refusal))
    assert line.endswith("nickname?")
    assert DOOR.updated(Request(Enter("ice")), refusal).decode(b"moon").command == Enter("moon")


@pytest.mark.parametrize(
    "refusal", [errors.Full(), errors.RegistrationTimeout("?"), errors.LineTooLong()]
)
def test_who_is_sent_away_at_the_door_is_asked_nothing(refusal: Refusal) -> None:
    [line] = shown(DOOR.encode_reply(refusal))
    assert str(refusal) in line
    assert "nickname" not in line


def test_the_password_of_an_account_is_asked_for_and_is_no_message() -> None:
    refusal = errors.PasswordRequired("sun")
    for plain, line in ((DOOR, "sun"), (INSIDE, "/setname sun")):
        assert shown(plain.encode_reply(refusal))[-1].endswith("(It is shown as you type.)")
        asking = after(plain, line, refusal)
        for password in ("/users", " two words ", ""):
            command = asking.decode(password.encode()).command
            assert command == commands.Authenticate("sun", password)
        assert asking.decode(b"exit()").command == commands.Quit()


def test_after_a_wrong_password_things_are_as_they_were_before() -> None:
    refusal = errors.PasswordRequired("sun")
    for plain, line in ((DOOR, "sun"), (INSIDE, "/setname sun")):
        again = after(after(plain, line, refusal), "wrong", errors.WrongPassword())
        assert again.decode(b"moon") == plain.decode(b"moon")
    inside = after(after(DOOR, "sun", refusal), "right", events.Welcome("work", 0, "sun", ()))
    assert inside.decode(b"moon").command == SendMessage("moon")


def test_a_member_hears_its_own_messages_entering_renaming_and_ways_through_rooms() -> None:
    own = {
        events.Message,
        events.MemberEntered,
        events.MemberRenamed,
        events.RoomJoined,
        events.RoomLeft,
    }
    assert own <= INSIDE.echoes
