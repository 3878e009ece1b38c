"""The chat's log: public events at info, commands and their results at debug."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.task import Clock
from twisted.logger import formatEvent

from chatd.chat import events, limits
from chatd.chat.server_events import Node, NodesChanged
from chatd.server import event_log
from chatd.server.event_log import LoggingOutbox
from tests.fakes import RecordingOutbox
from tests.server.harness import (
    connect_plain,
    enter_jim,
    enter_plain,
    enter_silent_basic,
    hello,
    line,
)
from tests.server.log_capture import PASSWORD, LoggedHarness, log_events, logged


@pytest.fixture
def debug_harness() -> Iterator[LoggedHarness]:
    """A server that logs from debug on."""
    with logged(LoggedHarness("debug")) as harness:
        yield harness


@pytest.fixture
def info_harness() -> Iterator[LoggedHarness]:
    """A server that logs from info on."""
    with logged(LoggedHarness("info")) as harness:
        yield harness


# --- info -------------------------------------------------------------------------------------


def test_public_events_are_logged_in_order(info_harness: LoggedHarness) -> None:
    moon, sun = info_harness.enter("moon"), info_harness.enter("sun")
    moon.say("one")
    sun.say("two")
    moon.send("join", {"room": "#dev"})
    moon.send("message", {"text": "three", "room": "#dev"})
    moon.send("set-name", {"nickname": "luna"})
    moon.say("four")
    moon.send("leave", {"room": "#dev"})
    moon.send("quit")
    sun.hang_up()
    info_harness.pass_time(limits.AWAY_SECONDS)
    assert info_harness.info_messages() == [
        "moon has entered the chat",
        "sun has entered the chat",
        "#lobby moon: 'one'",
        "#lobby sun: 'two'",
        "moon has joined #dev",
        "#dev moon: 'three'",
        "moon is now luna",
        "#lobby luna: 'four'",
        "luna has left #dev",
        "luna has left the chat (quit)",
        "sun has left the chat (connection lost)",
    ]


def test_messages_of_all_dialects_are_logged_in_the_order_that_members_see(
    info_harness: LoggedHarness,
) -> None:
    native, old = info_harness.enter("moon"), enter_silent_basic(info_harness)
    person, jim = enter_plain(info_harness, "sun"), enter_jim(info_harness, "star", "#lobby")
    for number in range(3):
        native.say(f"native {number}")
        old.say(f"basic {number}")
        person.type(f"plain {number}")
        jim.ask("msg", to="#", message=f"jim {number}")
    heard = [said["text"] for said in native.heard_of("message")]
    in_log = [each for each in info_harness.info_messages() if each.startswith("#lobby")]
    others = [each.partition(": ")[2] for each in in_log if " moon: " not in each]
    assert others == [repr(text) for text in heard]
    assert len(in_log) == 12


def test_a_message_has_its_parts_in_fields_of_their_own(info_harness: LoggedHarness) -> None:
    moon = info_harness.enter("moon")
    moon.say("one")
    record = json.loads(info_harness.file.getvalue().splitlines()[-1])
    assert [record[name] for name in ("event", "room", "source", "seq", "text")] == [
        "message", "#lobby", "moon", 1, "one",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["one\ntwo", "a\tb", "a\u2028b", "a\u202eb"])
def test_a_message_is_one_line_of_text(text: str) -> None:
    with logged(LoggedHarness("info", "text")) as harness:
        moon = harness.enter("moon")
        moon.say(text)
        moon.hang_up()
        harness.pass_time(limits.AWAY_SECONDS)
        lines = harness.file.getvalue().splitlines()
    assert len(lines) == 3
    assert lines[1].endswith(f"#lobby moon: {text!r}")
    assert all(each.isprintable() for each in lines)


@pytest.mark.parametrize("level", ["warn", "error", "critical"])
def test_above_info_no_chat_event_is_logged(level: str) -> None:
    with logged(LoggedHarness(level)) as harness, log_events() as made:
        moon = harness.enter("moon")
        moon.say("one")
        moon.hang_up()
    assert made == []


def test_an_entry_has_the_time_of_its_event_and_not_of_the_turn_s_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, times = Clock(), iter([1_700_000_000.125, 1_700_000_000.25])
    monkeypatch.setattr(event_log, "time", lambda: next(times))
    outbox = LoggingOutbox(RecordingOutbox(), clock)
    with log_events() as made:
        outbox.to_all(events.MemberEntered("moon"), 1)
        outbox.to_all(events.MemberEntered("sun"), 2)
        assert made == []
        clock.advance(0)
    assert [each["log_time"] for each in made] == [1_700_000_000.125, 1_700_000_000.25]


@pytest.mark.parametrize("kind", sorted(event_log._FORMATS.keys() - {NodesChanged}, key=str))
def test_an_entry_is_what_twisteds_logger_makes_of_all_fields(kind: type[Any]) -> None:
    # The link of a file is a secret, nothing is removed when it is said, and who joins is a name.
    others = ("file", "removed", "account", "real_name", "away_text")
    values = {name: name for name in kind.__match_args__ if name not in others}
    log_format, fields_of = event_log._FORMATS[kind]
    fields = fields_of(kind(**values))
    assert values.items() <= fields.items()
    clock = Clock()
    outbox = LoggingOutbox(RecordingOutbox(), clock)
    with log_events() as made:
        outbox.to_all(kind(**values), 1)
        clock.advance(0)
        outbox.log.info(log_format, event=event_log._log_name(kind), **fields)
    ours, twisteds = made
    for entry in (ours, twisteds):
        assert entry.pop("log_time") > 0
    # Twisted makes a logger anew at each access.
    assert ours.pop("log_logger").namespace == twisteds.pop("log_logger").namespace
    assert ours == twisteds


@pytest.mark.parametrize(
    ("text", "sentence"), [("lunch", "moon is away: 'lunch'"), ("", "moon is back")]
)
def test_the_log_says_who_is_away_and_who_is_back(text: str, sentence: str) -> None:
    clock = Clock()
    outbox = LoggingOutbox(RecordingOutbox(), clock)
    with log_events() as made:
        outbox.to_all(events.AwayChanged("moon", text), 1)
        clock.advance(0)
    assert [formatEvent(each) for each in made] == [sentence]


def test_the_nodes_of_a_cluster_are_in_the_log_when_one_comes_or_goes() -> None:
    clock = Clock()
    outbox = LoggingOutbox(RecordingOutbox(), clock)
    with log_events() as made:
        outbox.to_all(NodesChanged((Node("library", (), ()), Node("gym", (), ()))), 0)
        clock.advance(0)
    [entry] = made
    assert formatEvent(entry) == "the nodes of the cluster are: library, gym"
    assert entry["event"] == "nodes-changed"


# --- debug ------------------------------------------------------------------------------------


def test_each_command_is_logged_with_its_result(debug_harness: LoggedHarness) -> None:
    moon, sun = debug_harness.enter("moon"), debug_harness.enter("sun")
    debug_harness.commands()
    for frame_type, data, command, outcome in [
        ("message", {"text": "one"}, "send-message", "ok"),
        ("message", {"text": " "}, "send-message", "bad-text"),
        ("message", {"text": "one", "room": "#dev"}, "send-message", "no-such-room"),
        ("private", {"text": "psst", "to": ["sun"]}, "send-private", "private-sent"),
        ("private", {"text": "psst", "to": ["nobody"]}, "send-private", "not-reached"),
        ("join", {"room": "#dev"}, "join-room", "join-done"),
        ("leave", {"room": "#dev"}, "leave-room", "ok"),
        ("set-name", {"nickname": "sun"}, "rename", "nickname-taken"),
        ("set-name", {"nickname": "ice"}, "rename", "password-required"),
        ("users", {}, "list-users", "users"),
        ("rooms", None, "list-rooms", "rooms"),
        ("history", {}, "read-history", "history"),
        ("ping", None, "ping", "pong"),
        ("authenticate", {"account": "ice", "password": "x"}, "authenticate", "wrong-password"),
        ("hello", {"nickname": "x", "version": 1}, "enter", "already-entered"),
    ]:
        moon.send(frame_type, data)
        assert debug_harness.commands() == [("moon", command, outcome)]
    sun.send("quit")
    assert debug_harness.commands() == [("sun", "quit", "goodbye")]


@pytest.mark.parametrize(
    ("sent", "outcome"),
    [
        (b"\xff\n", "invalid-utf8"),
        (b"no json\n", "invalid-json"),
        (line("no-such-type"), "unknown-type"),
        (line("message", {"text": 5}), "bad-frame"),
        (b"x" * 100_000, "line-too-long"),
    ],
)
def test_an_invalid_frame_is_logged_as_unreadable(
    debug_harness: LoggedHarness, sent: bytes, outcome: str
) -> None:
    moon = debug_harness.enter("moon")
    debug_harness.commands()
    moon.send_bytes(sent)
    assert debug_harness.commands() == [("moon", "unreadable", outcome)]


def test_a_client_without_a_nickname_is_logged_by_address(debug_harness: LoggedHarness) -> None:
    client = debug_harness.connect()
    client.send_bytes(line("hello", {"nickname": "ice", "version": 1}))
    client.send("authenticate", {"account": "ice", "password": "wrong"})
    client.send("authenticate", {"account": "ice", "password": PASSWORD})
    client.send("quit")
    address = f"10.35.11.112:{debug_harness.last_port}"
    assert debug_harness.commands() == [
        (address, "enter", "password-required"),
        (address, "authenticate", "wrong-password"),
        ("ice", "authenticate", "welcome"),
        ("ice", "quit", "goodbye"),
    ]


def test_clients_without_a_slot_or_a_first_line_are_logged() -> None:
    with logged(LoggedHarness("debug", slots=1)) as harness:
        person = connect_plain(harness)
        address = person.address
        one_too_many = harness.connect()
        one_too_many.send_bytes(hello("sun"))
        harness.pass_time(61)
        assert harness.commands() == [
            (f"10.35.11.112:{harness.last_port}", "enter", "full"),
            (address, "nothing", "too-late"),
        ]
        assert person.is_dropped()


def test_a_command_is_logged_after_the_event_that_it_caused(debug_harness: LoggedHarness) -> None:
    moon = debug_harness.enter("moon")
    debug_harness.commands()
    moon.send_bytes(line("message", {"text": "one"}) + line("ping"))
    written = [json.loads(each)["message"] for each in debug_harness.file.getvalue().splitlines()]
    assert written == ["#lobby moon: 'one'", "moon send-message: ok", "moon ping: pong"]


def test_the_server_s_own_actions_are_not_logged_as_commands(debug_harness: LoggedHarness) -> None:
    debug_harness.enter("moon")
    debug_harness.commands()
    debug_harness.chat.end()
    assert debug_harness.commands() == []


@pytest.mark.parametrize("level", ["info", "warn"])
def test_above_debug_commands_are_not_logged(level: str) -> None:
    with logged(LoggedHarness(level)) as harness, log_events() as made:
        harness.enter("moon").send("ping")
    assert [each for each in made if "command" in each] == []


def test_the_log_says_how_large_a_file_is_and_not_how_to_read_it() -> None:
    clock = Clock()
    outbox = LoggingOutbox(RecordingOutbox(), clock)
    file = events.File("secret", "worksheet.pdf", 1_200_000, "application/octet-stream")
    with log_events() as made:
        message = events.Message("#dev", 1, 0, "ice", "worksheet.pdf", file=file)
        outbox.to_room("#dev", message, 0)
        clock.advance(0)
    assert made[0]["bytes"] == 1_200_000
    assert "secret" not in str(made)
