"""The options that all commands share: several values, any order, one line for each mistake."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.logger import Logger, LogLevel

import chatd
from chatd.background_writer import flush_all
from chatd.discovery.subnets import default_subnets, host_addresses
from chatd.taps import client, server
from tests.taps.command_lines import (
    COMMANDS,
    ClientOnExampleHost,
    ServerOnExampleHost,
    close_log,
    error_message,
    parse,
)
from tests.timeouts import TIMEOUT_SECONDS


def known_subnets_of(options: Any) -> list[str]:
    return [str(subnet) for subnet in options.known_subnets]


def test_the_example_of_a_server_is_parsed() -> None:
    options = parse(
        ServerOnExampleHost(),
        '--ifaddrs "10.35.11.113/24" "192.168.1.124/24" --timeout 21 --slots 9 --id work',
    )
    assert known_subnets_of(options) == ["10.35.11.113/24", "192.168.1.124/24"]
    assert options["timeout"] == 21
    assert options["slots"] == 9
    assert options["id"] == "work"


def test_the_example_of_a_client_is_parsed() -> None:
    options = parse(
        ClientOnExampleHost(),
        '--ifaddrs "192.168.1.123/24" "10.35.11.112/24" --server party --nickname ice',
    )
    assert known_subnets_of(options) == ["192.168.1.123/24", "10.35.11.112/24"]
    assert options["server"] == "party"
    assert options["nickname"] == "ice"
    assert options.address is None


ONE, TWO = "127.0.0.1/8", "127.0.0.2/8"


@pytest.mark.parametrize(
    ("line", "addresses"),
    [
        (f"--ifaddrs {ONE}", [ONE]),
        (f"--ifaddrs={ONE}", [ONE]),
        (f"--ifaddrs {ONE} {TWO}", [ONE, TWO]),
        (f"--ifaddrs {ONE},{TWO}", [ONE, TWO]),
        (f"--ifaddrs '{ONE}, {TWO}'", [ONE, TWO]),
        (f"--ifaddrs={ONE},{TWO}", [ONE, TWO]),
        (f"--ifaddrs {ONE} --ifaddrs {TWO}", [ONE, TWO]),
        (f"--ifaddrs={ONE} --ifaddrs={TWO}", [ONE, TWO]),
        (f"--discovery-port 4000 --ifaddrs {ONE} {TWO}", [ONE, TWO]),
        (f"--ifaddrs {ONE} --discovery-port 4000 --ifaddrs {TWO}", [ONE, TWO]),
        (f"--ifaddrs {ONE} {TWO} --", [ONE, TWO]),
    ],
)
@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_ifaddrs_takes_one_or_several_values_in_every_notation(
    command: str, line: str, addresses: list[str]
) -> None:
    assert known_subnets_of(parse(COMMANDS[command](), line)) == addresses


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_the_prefix_that_an_address_without_one_gets_is_said(
    command: str, capfd: pytest.CaptureFixture[str]
) -> None:
    options = parse(COMMANDS[command](), "--ifaddrs 127.0.0.7 127.0.0.9/32")
    assert [str(subnet) for subnet in options.known_subnets] == ["127.0.0.7/8", "127.0.0.9/32"]
    flush_all(TIMEOUT_SECONDS)
    said = f"chatd {command}: --ifaddrs: 127.0.0.7 is 127.0.0.7/8 on this host\n"
    assert capfd.readouterr().err == said


@given(st.permutations([f"--ifaddrs {ONE} {TWO}", "--server party", "-n ice", "--reconnect"]))
def test_the_order_of_the_options_does_not_matter(parts: list[str]) -> None:
    options = parse(client.Options(), " ".join(parts))
    assert known_subnets_of(options) == [ONE, TWO]
    assert (options["server"], options["nickname"], options["reconnect"]) == ("party", "ice", 1)


_ARGUMENTS = st.sampled_from(
    [
        *("--ifaddrs", "--ifaddrs=", ONE, TWO, f"{ONE},", "--if", "-n", "ice", "--server", "party"),
        *("--port", "7777", "10.0.0.1", "--slots", "9", "--", "-", "--timeout", "1e3", "--jim"),
        *("--plain", "tcp:0:interface=\u0660", "--web", "--connect", "a:b:c", "--auth", "chatd:"),
    ]
)


@pytest.mark.parametrize("arguments", [["--jim", "\r"], ["--\n"], ["--jim=a\u2028:"], ["-\x85"]])
def test_an_error_stays_in_one_line_whatever_it_quotes(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as end:
        COMMANDS["server"]().parseOptions(arguments)
    assert len(str(end.value.code).splitlines()) == 1


@given(st.sampled_from(sorted(COMMANDS)), st.lists(_ARGUMENTS | st.text(max_size=5), max_size=7))
def test_any_arguments_are_accepted_or_refused_in_one_line(
    command: str, arguments: list[str]
) -> None:
    try:
        COMMANDS[command]().parseOptions(arguments)
    except SystemExit as end:
        assert not end.code or len(str(end.code).splitlines()) == 1  # noqa: PT017  # either is right


@pytest.mark.parametrize(
    "line",
    [
        f"10.0.0.1 5555 --ifaddrs {ONE} --nickname ice",
        f"10.0.0.1 --nickname ice --ifaddrs {ONE} -- 5555",
        f"--ifaddrs {ONE} --nickname ice 10.0.0.1 5555",
        f"--ifaddrs {ONE} --nickname ice -- 10.0.0.1 5555",
        f"--nickname=ice 10.0.0.1 --ifaddrs={ONE} 5555",
    ],
)
def test_options_may_come_before_and_after_the_address(line: str) -> None:
    options = parse(client.Options(), line)
    assert (options.address.host, options.address.port) == ("10.0.0.1", 5555)
    assert options["nickname"] == "ice"
    assert known_subnets_of(options) == [ONE]


def test_by_default_every_address_of_the_host_is_used() -> None:
    assert parse(server.Options(), "").known_subnets == default_subnets(host_addresses())


PORTS = ["0", "65536", "-1", "http", "", "7777.0", "+7777", "7_777", "99999999999999999999"]
NUMBERS = ["-1", "nan", "inf", "1e999", "soon", "", "1,5"]
COUNTS = ["-1", "1.5", "many", "", "1000001", "9" * 400]
IDS = ["", "x" * 65, "a\x1bb", "a\tb"]
NICKNAMES = ["", "two words", "x" * 26, "#ice", "a,b", "[Server]", "10.0.0.1:5", "bell\x07"]
IFADDRS = [
    "", "127.0.0", "127.0.0.1/33", "127.0.0.1/", "localhost/8", "::1/128", "127.0.0.0/8",
    "127.255.255.255/8", "198.51.100.7/24", "127.0.0.1/255.0.0.0", "256.0.0.1/8",
    "127.0.0.1/8;127.0.0.2/8",
]  # fmt: skip
LOG_LEVELS, LOG_FORMATS = ["loud", "", "INFO"], ["xml", ""]
LOG_FILES = ["/nowhere/at/all.log", "/"]

COMMON: list[tuple[str, list[str]]] = [
    ("discovery-port", PORTS),
    ("ifaddrs", IFADDRS),
    ("log-level", LOG_LEVELS),
    ("log-format", LOG_FORMATS),
    ("log-file", LOG_FILES),
]
SERVER = [
    ("port", PORTS),
    ("slots", [*COUNTS, "0"]),
    ("history", COUNTS),
    ("timeout", NUMBERS),
    ("flood", NUMBERS),
    ("accept-rate", NUMBERS),
    ("id", IDS),
]
BAD = {
    "server": SERVER,
    "client": [("server", IDS), ("nickname", NICKNAMES), ("name", NICKNAMES)],
    "launch": [*SERVER, ("clients", ["0", "1001", "two"]), ("nickname", NICKNAMES)],
    "servers": [("wait", NUMBERS)],
    "doctor": [("wait", [*NUMBERS, "0"]), ("server", IDS)],
}


@pytest.mark.parametrize(
    ("command", "option", "values"),
    [(command, *row) for command, rows in BAD.items() for row in [*rows, *COMMON]],
)
def test_a_bad_value_is_one_line_with_the_option_and_the_value(
    command: str, option: str, values: list[str]
) -> None:
    for value in values:
        message = error_message(command, f"--{option}='{value}'")
        assert f"--{option}: " in message
        assert repr(value) in message


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_an_address_named_twice_is_refused(command: str) -> None:
    message = error_message(command, "--ifaddrs 127.0.0.1/8 127.0.0.1/16")
    assert "--ifaddrs" in message
    assert "127.0.0.1/16" in message


@pytest.mark.parametrize("command", sorted(COMMANDS))
@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("--bogus", "bogus"),
        ("--ifaddrs", "--ifaddrs"),
        ("--ifaddrs --log-level info", "--ifaddrs"),
        ("--discovery-port", "discovery-port"),
        ("-x", "-x"),
    ],
)
def test_an_unknown_option_or_a_missing_value_is_one_line(
    command: str, line: str, names: str
) -> None:
    assert names in error_message(command, line)


@pytest.mark.parametrize("command", ["launch", "servers", "doctor"])
def test_a_command_without_positional_arguments_refuses_one(command: str) -> None:
    assert "10.0.0.1" in error_message(command, f"--ifaddrs {ONE} -- 10.0.0.1")


@pytest.mark.parametrize("command", ["server", "client"])
def test_an_excess_argument_is_named(command: str) -> None:
    assert "extra" in error_message(command, "127.0.0.1 5555 extra")


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_help_shows_every_option_and_its_default(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    options: Any = COMMANDS[command]()
    with pytest.raises(SystemExit) as ended:
        options.parseOptions(["--help"])
    assert not ended.value.code
    printed = capsys.readouterr()
    text = " ".join(printed.out.split())  # lines are broken between any two words
    for name, _, default, *_ in options.optParameters:
        assert f"--{name}=" in text
        assert default is None or f"[default: {default}]" in text
    assert "--ifaddrs=" in text
    assert printed.err == ""


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_version_shows_the_version_of_chatd(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        COMMANDS[command]().parseOptions(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"chatd {chatd.__version__}\n"


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_events_of_the_level_and_above_are_appended_to_the_log_file(
    log_format: str, tmp_path: Path
) -> None:
    path = tmp_path / "chat.log"
    path.write_text("an older line\n")
    options = parse(
        server.Options(), f"--log-file {path} --log-level warn --log-format {log_format}"
    )
    log = Logger("test", observer=options.observer())
    log.emit(LogLevel.info, "below the level")
    log.emit(LogLevel.warn, "{subject} happened", subject="something")
    close_log(options)
    before, *lines = path.read_text().rstrip().split("\n")
    assert before == "an older line"
    [line] = lines
    if log_format == "json":
        assert json.loads(line.lstrip("\x1e"))["subject"] == "something"
    else:
        assert line.endswith("something happened")
