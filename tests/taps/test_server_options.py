"""The options of a server: defaults, valid values, and conflicts."""

import socket
from typing import Any

import pytest

from chatd.store.retention import Keep
from chatd.taps import server
from chatd.taps.server import make_server
from chatd.taps.tls import DEFAULT_OFF
from tests.fakes import FakeUdpReactor, log_lines
from tests.taps.command_lines import error_message, parse


def test_the_defaults() -> None:
    options = parse(server.Options(), "")
    given = {option: value for option, value in options.items() if value is not None}
    assert {option: value for option, value in given.items() if not option.startswith("log-")} == {
        "slots": 1000,
        "timeout": 0,
        "history": 1000,
        "flood": 10,
        "accept-rate": 50,
        "writes": "eager",
        "store-sync": "normal",
        "keep": Keep(),
        "discovery-port": 7777,
        "tls": DEFAULT_OFF,
    }


@pytest.mark.parametrize(
    ("line", "option", "value"),
    [
        ("--slots 1", "slots", 1),
        ("--timeout 0", "timeout", 0.0),
        ("--timeout 1.5", "timeout", 1.5),
        ("--history 0", "history", 0),
        ("--flood 0", "flood", 0.0),
        ("--accept-rate 0", "accept-rate", 0.0),
        ("--port 1", "port", 1),
        ("--port 65535", "port", 65_535),
        ("--discovery-port 4000", "discovery-port", 4000),
        ("--id 'the lab'", "id", "the lab"),
        ("--id " + "x" * 64, "id", "x" * 64),
        ("--id \u00e9cole", "id", "\u00e9cole"),
        ("--log-level debug", "log-level", "debug"),
    ],
)
def test_a_valid_value_is_coerced(line: str, option: str, value: object) -> None:
    assert parse(server.Options(), line)[option] == value


@pytest.mark.parametrize(
    ("line", "port"),
    [
        ("127.0.0.1", None),
        ("127.0.0.1 5555", 5555),
        ("127.0.0.1 --port 5555", 5555),
        ("--slots 3 127.0.0.1 5555 --id work", 5555),
    ],
)
def test_an_address_has_the_prefix_of_its_interface(line: str, port: int | None) -> None:
    options = parse(server.Options(), f"--store none {line}")
    [subnet] = options.known_subnets
    assert str(subnet) == "127.0.0.1/8"
    assert options["port"] == port


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("198.51.100.7", "'198.51.100.7'"),
        ("somewhere", "'somewhere'"),
        ("127.0.0.1/8", "'127.0.0.1/8'"),
        ("::1", "'::1'"),
        ("127.0.0.1 http", "chatd server: PORT: 'http'"),
        ("127.0.0.1 0", "'0'"),
        ("127.0.0.1 5555 --ifaddrs 127.0.0.2/8", "'127.0.0.1'"),
        ("127.0.0.1 --ifaddrs=127.0.0.1/8", "--ifaddrs"),
    ],
)
def test_a_bad_address_or_port_is_named_in_one_line(line: str, names: str) -> None:
    assert names in error_message("server", line)


def started(line: str) -> Any:
    """The reactor of a server with these options that has been started and stopped."""
    options = parse(server.Options(), f"--store none {line}")
    reactor: Any = FakeUdpReactor()
    made = make_server(options, reactor)
    made.startService()
    made.stopService()
    return reactor


def test_the_server_listens_on_the_named_addresses_only() -> None:
    reactor = started("--ifaddrs 127.0.0.1/8 127.0.0.2/8 --port 5555")
    assert [(host, port) for port, _, _, host in reactor.tcpServers] == [
        ("127.0.0.1", 5555),
        ("127.0.0.2", 5555),
    ]
    assert {port.interface for port in reactor.udp} <= {
        "127.0.0.1",
        "127.0.0.2",
        "127.255.255.255",
    }


def test_the_default_id_is_the_host_name() -> None:
    options = parse(server.Options(), "--ifaddrs 127.0.0.1/8")
    made = make_server(options, FakeUdpReactor())
    assert made.chat.settings.server_id

    options = parse(server.Options(), "--ifaddrs 127.0.0.1/8 --id work")
    made = make_server(options, FakeUdpReactor())
    assert made.chat.settings.server_id == "work"


@pytest.mark.parametrize("name", ["", "x" * 65, "a\nb", "\udce4bc"])
def test_a_host_name_that_cannot_be_an_id_is_said_and_replaced(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: name)
    with log_lines() as lines:
        made = make_server(parse(server.Options(), "--ifaddrs 127.0.0.1/8"), FakeUdpReactor())
    assert made.chat.settings.server_id == "chatd"
    assert [line for line in lines if "--id sets another" in line]
