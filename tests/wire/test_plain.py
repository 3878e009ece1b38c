"""The plain dialect: what a typed line means, and the lines that are sent."""

import re
from dataclasses import replace

import pytest

from chatd.chat import commands, errors, events, limits, server_events
from chatd.chat.commands import (
    Enter,
    JoinRoom,
    LeaveRoom,
    ListRooms,
    ListUsers,
    Quit,
    ReadHistory,
    Rename,
    Search,
    SendMessage,
    SendPrivate,
)
from chatd.chat.errors import Refusal
from chatd.chat.events import Message, Undelivered
from chatd.wire import slash_commands
from chatd.wire.dialect import Dialect, LocalReply, Request, Result
from chatd.wire.plain import Plain, Prompt, connected
from tests.slash_command_cases import CASES, Case, assert_is

GUEST = Plain()
MEMBER = Plain(prompt=Prompt.NOTHING)
MESSAGE = Message("#lobby", 1, 0, "ice", "one\ntwo")


def shown(data: bytes) -> list[str]:
    """The lines."""
    *lines, rest = data.decode().split("\n")
    assert rest == ""
    return lines


def updated(plain: Dialect, line: str, result: Result) -> Dialect:
    return plain.updated(plain.decode(line.encode()), result)


def test_the_greeting_asks_for_a_nickname() -> None:
    [line] = shown(GUEST.greeting)
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
def test_before_entering_a_line_is_a_nickname_or_quits(
    line: str, command: commands.ClientCommand, end: str
) -> None:
    assert GUEST.decode(f"{line}{end}".encode()).command == command


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
    ("/search tea in:dev", Search("tea", "#dev")),
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
def test_a_members_line_is_a_message_or_a_command(
    line: str, command: commands.ClientCommand, end: str
) -> None:
    assert MEMBER.decode(f"{line}{end}".encode()).command == command


#: What the plain dialect carries out without a command for the server.
LOCAL = (
    *("help", "switch-room", "prompt-private", "more-results", "open-private", "ignore"),
    *("unignore", "clear", "show-invite", "who-am-i", "send-path", "save-path"),
)


@pytest.mark.parametrize(
    "case",
    [
        case
        for case in CASES
        if "\n" not in case.line and case.kind not in LOCAL and case.target.startswith("#")
    ],
    ids=lambda case: ascii(case.line)[:40],
)
def test_a_slip_never_makes_a_private_message_public(case: Case) -> None:
    assert_is(case, lambda line, room: replace(MEMBER, room=room).decode(line.encode()).command)


@pytest.mark.parametrize("line", ["", "\r", "  ", "\t\r"])
def test_an_empty_line_has_no_effect(line: str) -> None:
    assert MEMBER.decode(line.encode()).command == LocalReply()


@pytest.mark.parametrize(
    "line",
    [b"/dance", b"/msg moon", b"@moon", b"/history x", b"/join", b"a\x1b[2Jb", b"\xff", b"\x00"],
)
def test_an_invalid_line_is_refused_with_a_notice(line: bytes) -> None:
    with pytest.raises(Refusal) as caught:
        MEMBER.decode(line)
    [answer] = shown(MEMBER.encode_reply(caught.value))
    assert answer.startswith("[Server]: ")
    assert len(answer) < 200


@pytest.mark.parametrize(("line", "is_for_hosts"), [(b"/help", False), (b"/help hosts", True)])
def test_help_lists_every_command(line: bytes, is_for_hosts: bool) -> None:
    request = MEMBER.decode(line)
    assert isinstance(request.command, LocalReply)
    listed = "\n".join(shown(MEMBER.encode_reply(request.command)))
    for spec in slash_commands.SLASH_COMMANDS:
        if spec.is_for_hosts == is_for_hosts:
            assert all(name in listed for name in spec.names)


def test_who_was_thrown_out_of_a_room_is_told_how_to_write_elsewhere() -> None:
    member = replace(MEMBER, room="#dev")
    [answer] = shown(member.encode_reply(errors.NotInRoom("#dev")))
    assert answer.endswith(" /room #lobby switches back.")
    [answer] = shown(MEMBER.encode_reply(errors.NotInRoom("#lobby")))
    assert "switches back" not in answer


def test_whoever_makes_a_room_is_told_that_it_is_the_operator() -> None:
    [made] = shown(MEMBER.encode_reply(events.JoinDone("#dev", created=True)))
    assert made.startswith("You are its operator: /help hosts. ")
    [joined] = shown(MEMBER.encode_reply(events.JoinDone("#dev", created=False)))
    assert "operator" not in joined


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


@pytest.mark.parametrize(("before", "line", "result", "room"), ROOM_AFTER)
def test_lines_go_to_the_last_joined_room_until_it_is_left(
    before: str, line: str, result: Result, room: str
) -> None:
    plain = updated(Plain(prompt=Prompt.NOTHING, room=before), line, result)
    assert plain.decode(b"hello").command == SendMessage("hello", room)
    assert plain.decode(b"/history").command == ReadHistory(room)


def test_slash_room_switches_the_room() -> None:
    request = MEMBER.decode(b"/room #dev")
    assert isinstance(request.command, LocalReply)
    assert shown(MEMBER.encode_reply(request.command)) == ["You now write to #dev."]
    assert MEMBER.updated(request, request.command).decode(b"hi").command == SendMessage(
        "hi", "#dev"
    )


EVENTS = [
    (MESSAGE, ["ice: one", "ice: two"]),
    (Message("#dev", 1, 0, "ice", "hello"), ["#dev ice: hello"]),
    (events.PrivateMessage("ice", ("moon",), 0, "psst"), ["[private] ice: psst"]),
    (events.MemberEntered("ice"), ["[Server]: ice has entered the chat"]),
    (events.MemberLeft("ice", "quit"), ["[Server]: ice has left the chat (quit)"]),
    (events.MemberRenamed("ice", "sun"), ["[Server]: ice renamed to sun"]),
    (events.RoomJoined("#dev", "ice"), ["[Server]: ice has joined #dev"]),
    (events.RoomLeft("#dev", "ice"), ["[Server]: ice has left #dev"]),
]


@pytest.mark.parametrize(("event", "lines"), EVENTS)
def test_an_event_is_lines_with_their_source(event: events.Event, lines: list[str]) -> None:
    assert shown(MEMBER.encode_event(event)) == lines


REPLIES: list[tuple[Result, list[str]]] = [
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


@pytest.mark.parametrize(("result", "lines"), REPLIES)
def test_a_reply_is_lines_of_the_server(result: Result, lines: list[str]) -> None:
    assert shown(MEMBER.encode_reply(result)) == lines


def test_the_welcome_names_the_nickname_and_the_server() -> None:
    [line] = shown(GUEST.encode_reply(events.Welcome("work", 0, "ice", ("#lobby",))))
    assert "ice" in line
    assert "work" in line


@pytest.mark.parametrize(
    "refusal", [errors.NicknameTaken("ice"), errors.BadNickname("No."), errors.InvalidUtf8()]
)
def test_a_refused_nickname_is_asked_for_again(refusal: Refusal) -> None:
    [line] = shown(GUEST.encode_reply(refusal))
    assert line.startswith(str(refusal))
    assert line.endswith("nickname?")
    assert GUEST.updated(Request(Enter("ice")), refusal).decode(b"moon").command == Enter("moon")


@pytest.mark.parametrize(
    "refusal", [errors.Full(), errors.RegistrationTimeout("?"), errors.LineTooLong()]
)
def test_a_refusal_that_closes_the_connection_has_no_prompt(refusal: Refusal) -> None:
    [line] = shown(GUEST.encode_reply(refusal))
    assert str(refusal) in line
    assert "nickname" not in line


def test_an_accounts_password_is_asked_for_and_is_never_a_message() -> None:
    refusal = errors.PasswordRequired("sun")
    for plain, line in ((GUEST, "sun"), (MEMBER, "/setname sun")):
        assert shown(plain.encode_reply(refusal))[-1].endswith("(It is shown as you type.)")
        far = connected(plain, is_encrypted=False, is_local=False)
        assert "this connection is not encrypted" in shown(far.encode_reply(refusal))[-1]
        secret = connected(plain, is_encrypted=True, is_local=False)
        assert "encrypted" not in shown(secret.encode_reply(refusal))[-1]
        asking = updated(plain, line, refusal)
        for password in ("/users", " two words ", "@moon hi"):
            command = asking.decode(password.encode()).command
            assert command == commands.Authenticate("sun", password)
        assert asking.decode(b"exit()").command == commands.Quit()


AGAIN = [
    errors.WrongPassword(),
    errors.TooManyAttempts(),
    errors.ServerFailed(),
    errors.InvalidUtf8(),
]


@pytest.mark.parametrize("why", AGAIN, ids=lambda why: why.code)
def test_what_is_typed_after_a_refused_password_is_a_password_until_an_empty_line(
    why: errors.Refusal,
) -> None:
    refusal = errors.PasswordRequired("sun")
    for plain, line in ((GUEST, "sun"), (MEMBER, "/setname sun")):
        asking = updated(plain, line, refusal)
        assert shown(asking.encode_reply(why))[-1].endswith("(An empty line: another nickname.)")
        again = updated(updated(asking, "wrong", why), "wrong", why)
        assert again.decode(b"hunter2").command == commands.Authenticate("sun", "hunter2")
        for empty in (b"", b"\r"):
            request = again.decode(empty)
            assert isinstance(request.command, LocalReply)
            assert shown(again.encode_reply(request.command))
            kept = again.updated(request, request.command)
            assert kept.decode(b"moon") == plain.decode(b"moon")


def test_after_the_right_password_lines_are_messages() -> None:
    refusal = errors.PasswordRequired("sun")
    member = updated(updated(GUEST, "sun", refusal), "right", events.Welcome("work", 0, "sun", ()))
    assert member.decode(b"moon").command == SendMessage("moon")


def test_everything_that_a_member_does_is_echoed() -> None:
    own = {
        events.Message,
        events.MemberEntered,
        events.MemberRenamed,
        events.RoomJoined,
        events.RoomLeft,
    }
    assert own <= MEMBER.echoes


def found(count: int, text: str = "tea") -> events.SearchResult:
    """A whole result of a search; the message with the highest number first."""
    messages = tuple(Message("#dev", n, 0, "ice", f"{n} {text}") for n in range(count, 0, -1))
    return events.SearchResult(messages, None, tuple(10 * each.seq for each in messages))


def test_a_search_shows_the_newest_last_and_more_shows_the_next_page() -> None:
    page = found(3).first(2)
    member = updated(MEMBER, "/search tea from:ice", page)
    *lines, notice = shown(member.encode_reply(page))
    assert [line.split(" ", 2)[2] for line in lines] == ["#dev ice: 2 tea", "#dev ice: 3 tea"]
    assert notice == "[Server]: There are older results: /more shows them."
    next_page = Search("tea", source="ice", before=20)
    assert member.decode(b"/more").command == next_page
    last = updated(member, "/more", found(1))
    [local] = shown(last.encode_reply(last.decode(b"/more").command))  # type: ignore[arg-type]
    assert local == f"[Server]: {slash_commands.NO_MORE_RESULTS}"


def test_before_any_search_more_shows_nothing() -> None:
    reply = MEMBER.decode(b"/more").command
    assert isinstance(reply, LocalReply)
    assert reply.lines == (f"[Server]: {slash_commands.NO_MORE_RESULTS}",)


def test_a_search_that_finds_nothing_says_so() -> None:
    assert shown(MEMBER.encode_reply(events.SearchResult())) == ["[Server]: Nothing was found."]


@pytest.mark.parametrize(
    "text", ["\u20ac" * 4_000, "\n" * 255 + "a", "\t" * 4_000, "\u202e" * 4_000]
)
def test_results_that_are_too_long_go_on_with_the_next_page(text: str) -> None:
    result = found(100, text)
    data = MEMBER.encode_reply(result)
    assert len(data) <= limits.REPLY_BYTES
    numbers = [int(each) for each in re.findall(rb"#dev ice: ([0-9]+) ", data)]
    assert numbers == list(range(numbers[0], 101))
    assert numbers[0] > 1
    more = updated(MEMBER, "/search tea", result).decode(b"/more").command
    assert more == Search("tea", before=10 * numbers[0])


@pytest.mark.parametrize(
    ("is_encrypted", "is_local", "privacy"),
    [
        (True, False, "over TLS: nobody on the network can read along"),
        (False, False, "without TLS: others on the network can read along"),
        (False, True, "without TLS, on the server's own computer"),
    ],
)
def test_whoami_says_who_and_where_the_user_is_and_whether_others_read_along(
    is_encrypted: bool, is_local: bool, privacy: str
) -> None:
    new = connected(Plain(), is_encrypted=is_encrypted, is_local=is_local)
    key = server_events.ServerKey("0" * 64, "nerve raw lab pull repeat intact")
    welcome = events.Welcome("party", 0, "ice", ("#lobby",), key=key)
    member = new.updated(new.decode(b"ice"), welcome)
    request = member.decode(b"/whoami")
    assert isinstance(request.command, LocalReply)
    assert shown(member.encode_reply(request.command)) == [
        f"[Server]: You are ice on party, {privacy}.",
        "[Server]: The server's key: nerve raw lab pull repeat intact",
    ]
    rename = member.decode(b"/setname moon")
    renamed = member.updated(rename, events.Ok())
    again = renamed.decode(b"/whoami").command
    assert isinstance(again, LocalReply)
    assert "You are moon on party" in shown(renamed.encode_reply(again))[0]
