"""The commands of ``chatd``, as real programs on loopback."""

import json
import shlex
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.e2e.programs import CHATD, Program, programs
from tests.ports import HOST, IFADDRS, free_port, free_udp_port
from tests.timeouts import TIMEOUT_SECONDS


@pytest.fixture
def start() -> Iterator[Callable[..., Program]]:
    with programs() as start_one:
        yield lambda *words: start_one([*CHATD, *words])


@pytest.fixture
def shell() -> Iterator[Callable[..., Program]]:
    """Run a line of shell in which `chatd "$@"` is the program with these arguments."""
    with programs() as start_one:
        yield lambda script, *words: start_one(
            ["sh", "-c", f'chatd() {{ {shlex.join(CHATD)} "$@"; }}; {script}', "sh", *words]
        )


@pytest.fixture
def ports() -> SimpleNamespace:
    """A free TCP port and a free UDP port."""
    return SimpleNamespace(tcp=str(free_port()), udp=str(free_udp_port()))


@pytest.fixture
def server(start: Callable[..., Program], ports: SimpleNamespace) -> Program:
    """A server that can be reached."""
    started = start(
        *("server", *IFADDRS, "--id", "party"),
        *("--port", ports.tcp, "--discovery-port", ports.udp),
    )
    started.expect_stderr("party answers discovery")
    return started


@pytest.fixture
def client(
    start: Callable[..., Program], ports: SimpleNamespace, server: Program
) -> Callable[..., Program]:
    """Starts a client that goes straight to the server, and is in."""

    def enter(nickname: str, *words: str) -> Program:
        entering = start("client", HOST, ports.tcp, *IFADDRS, "--nickname", nickname, *words)
        entering.expect_stderr("Connected to")
        return entering

    return enter


@pytest.mark.smoke
def test_the_example_with_an_address_and_a_port(
    start: Callable[..., Program], ports: SimpleNamespace
) -> None:
    server = start("server", HOST, ports.tcp, "--discovery-port", ports.udp)
    server.expect_stderr("answers discovery")
    ice = start("client", HOST, ports.tcp, "--nickname", "ice")
    ice.expect_stderr("Connected to")
    with socket.create_connection((HOST, int(ports.tcp)), TIMEOUT_SECONDS) as connection:
        name = "{}:{}".format(*connection.getsockname())
        for frame_type, data in (
            ("message", "hello"),
            ("set-name", "Kobzol"),
            ("message", "hello"),
        ):
            connection.sendall(json.dumps({"type": frame_type, "data": data}).encode() + b"\n")
        ice.expect_stdout("Kobzol: hello")
    ice.expect_stdout("Kobzol has left the chat (connection lost)")
    server.send_signal(signal.SIGTERM)
    assert ice.wait() == 0
    assert ice.stdout[:-1] == [
        f"[Server]: {name} has entered the chat",
        f"{name}: hello",
        f"[Server]: {name} renamed to Kobzol",
        "Kobzol: hello",
    ]
    assert ice.stderr[-1] == "Server disconnected"


@pytest.mark.smoke
def test_launch_shows_what_a_guest_receives(
    start: Callable[..., Program], ports: SimpleNamespace
) -> None:
    launch = start(
        *("launch", *IFADDRS, "--nickname", "ice"),
        *("--port", ports.tcp, "--discovery-port", ports.udp),
    )
    launch.send_line("hello")
    launch.close_stdin()
    assert launch.wait() == 0
    assert launch.stdout == [
        "[guest-2] [Server]: ice has entered the chat",
        "[guest-2] [Server]: ice is a host now.",
        "[guest-2] ice: hello",
        "[guest-2] [Server]: ice has left the chat (quit)",
    ]
    assert f"party listens on {HOST}:{ports.tcp}" in launch.stderr


def test_no_guest_of_a_launch_takes_the_user_s_nickname(
    start: Callable[..., Program], ports: SimpleNamespace
) -> None:
    launch = start(
        *("launch", *IFADDRS, "--nickname", "Guest-2"),
        *("--port", ports.tcp, "--discovery-port", ports.udp),
    )
    launch.expect_stderr("Connected to party")
    launch.send_line("hello")
    launch.expect_stdout("[guest-2] Guest-2: hello")
    launch.close_stdin()
    assert launch.wait() == 0


def test_servers_lists_what_answers(
    start: Callable[..., Program], ports: SimpleNamespace, server: Program
) -> None:
    servers = start("servers", *IFADDRS, "--discovery-port", ports.udp, "--json")
    assert servers.wait() == 0
    assert json.loads("\n".join(servers.stdout)) == [
        {"id": "party", "address": HOST, "port": int(ports.tcp), "slots": 1000, "free": 1000}
    ]


def test_servers_ends_with_status_1_if_there_is_none(
    start: Callable[..., Program], ports: SimpleNamespace
) -> None:
    servers = start("servers", *IFADDRS, "--discovery-port", ports.udp, "--wait", "0.1")
    assert servers.wait() == 1
    assert servers.stdout == []
    assert servers.stderr == ["No server answered on 127.0.0.0/8."]


def test_a_piped_client_finds_its_server_sends_its_lines_and_ends_with_status_0(
    start: Callable[..., Program], ports: SimpleNamespace, client: Callable[..., Program]
) -> None:
    moon = client("moon")
    ice = start(
        *("client", *IFADDRS, "--server", "party", "--discovery-port", ports.udp, "-n", "ice")
    )
    ice.send_line("one")
    ice.send_line("two")
    ice.close_stdin()
    assert ice.wait() == 0
    moon.expect_stdout("ice has left the chat (quit)")
    assert moon.stdout[1:3] == ["ice: one", "ice: two"]


@pytest.mark.smoke
def test_the_chat_goes_to_standard_output_and_notices_to_standard_error(
    client: Callable[..., Program], ports: SimpleNamespace
) -> None:
    moon = client("moon")
    ice = client("ice")
    ice.send_line("hello\N{SNOWFLAKE}")
    moon.expect_stdout("ice: hello")
    moon.send_line("/dance")
    moon.expect_stderr("no command /dance")
    moon.send_line("/users")
    moon.expect_stdout("[Server]: moon")
    moon.close_stdin()
    assert moon.wait() == 1, "a line was not sent"
    assert moon.stdout[:2] == ["[Server]: ice has entered the chat", "ice: hello\N{SNOWFLAKE}"]
    assert all(line.startswith("[Server]: ") for line in moon.stdout[2:])
    assert [line.split()[0] for line in moon.stderr] == ["Connected", "Not"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_the_server_with_status_0_and_clients_are_notified(
    number: signal.Signals, server: Program, client: Callable[..., Program]
) -> None:
    staying, going = client("moon", "--reconnect"), client("ice")
    server.send_signal(number)
    staying.expect_stderr("Not connected: server is stopping.")
    assert going.wait() == 0
    assert going.stderr[-1] == "Server disconnected"
    assert server.wait() == 0
    staying.send_signal(number)
    assert staying.wait() == 0


def test_a_second_signal_ends_the_server_at_once(server: Program, ports: SimpleNamespace) -> None:
    with socket.create_connection((HOST, int(ports.tcp)), TIMEOUT_SECONDS) as connection:
        connection.sendall(b'{"type":"hello","data":{"nickname":"ice","version":1}}\n')
        stream = connection.makefile("rb")
        assert b"welcome" in stream.readline()
        server.send_signal(signal.SIGTERM)
        assert b"server is stopping" in stream.readline()
        server.send_signal(signal.SIGTERM)
        assert server.wait() == -signal.SIGTERM
        stream.close()


def test_a_taken_nickname_off_a_terminal_ends_with_status_2(
    start: Callable[..., Program], ports: SimpleNamespace, client: Callable[..., Program]
) -> None:
    client("ice")
    other = start("client", HOST, ports.tcp, *IFADDRS, "-n", "ICE")
    assert other.wait() == 2
    assert other.stdout == []
    assert other.stderr == [
        "The nickname ICE is taken; choose another one. Use another nickname: --nickname NAME"
    ]


def test_a_direct_address_without_a_server_ends_with_status_1(
    start: Callable[..., Program], ports: SimpleNamespace
) -> None:
    client = start("client", HOST, ports.tcp, *IFADDRS, "-n", "ice")
    assert client.wait() == 1
    assert client.stdout == []
    assert f"{HOST}:{ports.tcp}" in client.stderr[-1]


def test_a_port_in_use_is_one_line_and_status_1(
    start: Callable[..., Program], ports: SimpleNamespace, server: Program
) -> None:
    second = start("server", *IFADDRS, "--port", ports.tcp, "--discovery-port", ports.udp)
    assert second.wait() == 1
    told = [line for line in second.stderr if "--port" in line]
    assert len(told) == len(second.stderr) == 1
    assert f"{HOST}:{ports.tcp}" in told[0]


def test_an_error_never_gets_into_the_standard_output(
    shell: Callable[..., Program], ports: SimpleNamespace, server: Program
) -> None:
    silent = shell(
        'chatd "$@" 2>&-', "server", *IFADDRS, "--port", ports.tcp, "--discovery-port", ports.udp
    )
    assert silent.wait() == 1
    assert silent.stdout == []


def test_a_bad_value_is_one_line_and_status_1(start: Callable[..., Program]) -> None:
    server = start("server", *IFADDRS, "--slots", "many")
    assert server.wait() == 1
    assert server.stdout == []
    assert server.stderr == [
        "chatd server: --slots: 'many' is not a whole number from 1 to 1000000"
    ]


@pytest.mark.parametrize("redirection", ["<&-", "</dev/null", "<&- >&-"])
def test_a_client_without_standard_input_ends_with_status_0(
    redirection: str, shell: Callable[..., Program], ports: SimpleNamespace, server: Program
) -> None:
    client = shell(f'chatd "$@" {redirection}', "client", HOST, ports.tcp, *IFADDRS, "-n", "ice")
    assert client.wait() == 0
    assert client.stdout == []


def test_a_client_reads_a_file(
    tmp_path: Path,
    shell: Callable[..., Program],
    client: Callable[..., Program],
    ports: SimpleNamespace,
) -> None:
    lines = [f"line {number}" for number in range(10)]
    (tmp_path / "lines").write_text("\n".join(lines))
    moon = client("moon")
    ice = shell(f'chatd "$@" <{tmp_path}/lines', "client", HOST, ports.tcp, *IFADDRS, "-n", "ice")
    assert ice.wait() == 0
    moon.expect_stdout("ice has left the chat (quit)")
    assert moon.stdout[1:-1] == [f"ice: {line}" for line in lines]


def test_a_client_quits_when_its_output_is_closed(
    shell: Callable[..., Program], client: Callable[..., Program], ports: SimpleNamespace
) -> None:
    moon = client("moon")
    # sh waits for the whole pipeline: `head` ends after its line, then the client has to.
    ice = shell('chatd "$@" | head -n 1', "client", HOST, ports.tcp, *IFADDRS, "-n", "ice")
    moon.expect_stdout("ice has entered")
    moon.send_line("one")
    ice.expect_stdout("moon: one")
    moon.send_line("two")
    moon.send_line("three")
    moon.expect_stdout("ice has left the chat")
    assert ice.wait() == 0


def test_standard_input_and_output_keep_their_modes(
    shell: Callable[..., Program], ports: SimpleNamespace, server: Program
) -> None:
    look = f"{sys.executable} -c 'import os; print(os.get_blocking(0), os.get_blocking(1))'"
    ice = shell(f'chatd "$@"; {look}', "client", HOST, ports.tcp, *IFADDRS, "-n", "ice")
    ice.expect_stderr("Connected to")
    ice.send_line("/quit")
    assert ice.wait() == 0
    assert ice.stdout == ["True True"]
