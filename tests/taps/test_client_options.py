"""The options of a client: the server, the nickname, and whether it reconnects."""

import os
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ConnectionDone
from twisted.internet.error import ConnectionRefusedError as Refused
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from chatd.client.lifecycle import ServerAddress
from chatd.client.service import ChatClient
from chatd.taps import client
from chatd.taps.client import jitter, make_client, makeService
from chatd.taps.known_servers import known_servers
from chatd.taps.remembered_nickname import read_nickname, remember_nickname, save_nickname
from tests.fakes import FakeUdpReactor, FakeUI
from tests.taps.command_lines import error_message, parse


@pytest.mark.parametrize(
    ("line", "server"),
    [
        ("10.0.0.1", ServerAddress("10.0.0.1", 7777)),
        ("10.0.0.1 5555", ServerAddress("10.0.0.1", 5555)),
        ("--connect 10.0.0.1:5555", ServerAddress("10.0.0.1", 5555)),
        ("--connect=10.0.0.1", ServerAddress("10.0.0.1", 7777)),
        ("--connect chat.example:5555", ServerAddress("chat.example", 5555)),
        ("chat.example", ServerAddress("chat.example", 7777)),
        ("--server party", None),
        ("", None),
    ],
)
def test_the_server_has_the_given_address(line: str, server: ServerAddress | None) -> None:
    assert parse(client.Options(), line).address == server


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("--connect=", "''"),
        ("--connect :5555", "':5555'"),
        ("--connect 10.0.0.1:", "--connect"),
        ("--connect 10.0.0.1:http", "'http'"),
        ("--connect 10.0.0.1:65536", "'65536'"),
        ("--connect ::1", "'::1'"),
        ("--connect [::1]:5555", "'[::1]:5555'"),
        ("--connect 10.0.0.1:1:2", "'10.0.0.1:1:2'"),
        ("10.0.0.1 --connect 10.0.0.2", "'10.0.0.1'"),
        ("10.0.0.1 http", "ADDRESS [PORT]: 'http'"),
        ("10.0.0.1:70000", "ADDRESS [PORT]: '70000'"),
        ("''", "ADDRESS [PORT]: ''"),
        ("10.0.0.1 --server party", "'party'"),
        ("--connect 10.0.0.1 --server party", "--server"),
    ],
)
def test_a_bad_address_is_named_in_one_line(line: str, names: str) -> None:
    assert names in error_message("client", line)


@pytest.mark.parametrize("option", ["-n", "--nickname", "--name"])
def test_the_nickname_has_three_options(option: str) -> None:
    program: Any = makeService(parse(client.Options(), f"{option} ice"), FakeUdpReactor())
    assert program.client.session.nickname == "ice"


def test_off_a_terminal_the_nickname_is_the_login_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "zoe")
    program: Any = makeService(parse(client.Options(), ""), FakeUdpReactor())
    assert program.client.session.nickname == "zoe"


def started(line: str) -> tuple[Any, FakeUI, ChatClient]:
    """A client with these options that has started."""
    reactor, ui = FakeUdpReactor(), FakeUI()
    made = make_client(parse(client.Options(), line), "ice", ui, reactor)
    made.startService()
    return reactor, ui, made


def test_with_an_address_the_client_does_not_search() -> None:
    reactor, _, made = started("127.0.0.1 5555")
    assert reactor.udp == []
    assert reactor.tcpClients[0][:2] == ("127.0.0.1", 5555)
    made.stopService()


def test_without_an_address_the_client_queries_the_named_subnets() -> None:
    reactor, ui, made = started("--ifaddrs 127.0.0.1/8 127.1.0.1/16 --discovery-port 4000")
    assert [port.written[0][1] for port in reactor.udp] == [
        ("127.255.255.255", 4000),
        ("127.1.255.255", 4000),
    ]
    assert ui.notices == ["Searching for a server on 127.0.0.0/8, 127.1.0.0/16 …"]
    made.stopService()


@pytest.mark.parametrize(("flag", "tries"), [("", 1), ("--reconnect", 2)])
def test_with_an_address_a_client_reconnects_only_with_reconnect(flag: str, tries: int) -> None:
    reactor, _, made = started(f"127.0.0.1 5555 {flag}")
    factory = reactor.tcpClients[0][2]
    factory.clientConnectionFailed(reactor.connectors[0], Failure(Refused()))
    reactor.advance(4)
    assert len(reactor.tcpClients) == tries
    made.stopService()


def test_the_jitter_is_at_most_a_second() -> None:
    assert all(0 <= jitter() <= 1 for _ in range(100))


@pytest.mark.parametrize(
    ("line", "is_possible"),
    [
        ("party", True),
        ("'Year 7'", True),
        ("party 5555", False),
        ("10.0.0.1", False),
        ("chat.example", False),
        ("localhost", False),
        ("party:5555", False),
        ("--connect party", False),
        ("--server party", False),
    ],
)
def test_one_word_without_a_dot_may_be_an_id(line: str, is_possible: bool) -> None:
    assert parse(client.Options(), line).is_id_possible is is_possible


def test_a_word_is_looked_for_as_an_id(monkeypatch: pytest.MonkeyPatch) -> None:
    reactor: Any = FakeUdpReactor()
    reactor.resolve = lambda name: Deferred()
    ui: Any = FakeUI()
    made = make_client(parse(client.Options(), "party --ifaddrs 127.0.0.1/8"), "ice", ui, reactor)
    made.startService()
    assert ui.notices == ["Searching for party on 127.0.0.0/8 …"]
    assert reactor.tcpClients == []
    made.stopService()


@pytest.mark.parametrize(("flag", "tries"), [("", 1), ("--reconnect", 2)])
def test_a_host_given_by_its_name_is_reconnected_to_only_with_reconnect(
    flag: str, tries: int
) -> None:
    reactor: Any = FakeUdpReactor()
    reactor.resolve = lambda name: succeed("10.0.0.1")
    ui: Any = FakeUI()
    line = f"party --ifaddrs 127.0.0.1/8 {flag}"
    made = make_client(parse(client.Options(), line), "ice", ui, reactor)
    made.startService()
    reactor.advance(1)
    factory = reactor.tcpClients[0][2]
    factory.clientConnectionFailed(reactor.connectors[0], Failure(Refused()))
    reactor.advance(4)
    assert len(reactor.tcpClients) == tries
    made.stopService()


def test_a_host_is_no_way_round_the_key_of_a_server_that_has_the_word_as_its_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    known_servers(os.environ, lambda warning: None).meet("party", "a" * 64)
    reactor: Any = FakeUdpReactor()
    reactor.resolve = lambda name: succeed("10.0.0.1")
    ui: Any = FakeUI()
    made = make_client(parse(client.Options(), "party --ifaddrs 127.0.0.1/8"), "ice", ui, reactor)
    made.startService()
    reactor.advance(1)
    protocol: Any = reactor.tcpClients[0][2].buildProtocol(None)
    protocol.makeConnection(StringTransport())
    protocol.connectionLost(Failure(ConnectionDone()))
    assert len(reactor.tcpClients) == 1, "it is not tried without TLS"
    assert any("chatd trust --forget party" in each for each in ui.notices)


def test_on_a_terminal_the_last_nickname_is_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "zoe")
    monkeypatch.setattr(client, "is_terminal", lambda: True)
    assert parse(client.Options(), "").offered_nickname == "zoe"
    save_nickname("ice", os.environ)
    assert parse(client.Options(), "").offered_nickname == "ice"
    assert parse(client.Options(), "-n moon").nickname == "moon"


def test_the_nickname_is_remembered_once_the_server_has_accepted_it() -> None:
    _, _, made = started("127.0.0.1 5555")
    remember_nickname(made, os.environ)
    assert read_nickname(os.environ) == ""
    made.when_online.callback(None)
    assert read_nickname(os.environ) == "ice"
    made.session.nickname = "renamed"
    made.stopService()
    assert read_nickname(os.environ) == "renamed"


def test_a_nickname_that_no_server_has_accepted_is_not_remembered() -> None:
    _, _, made = started("127.0.0.1 5555")
    remember_nickname(made, os.environ)
    made.stopService()
    assert read_nickname(os.environ) == ""
