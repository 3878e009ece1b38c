"""The web page of real programs: where it is served, its members, and how it ends."""

import json
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from types import SimpleNamespace

import pytest

from tests.e2e.programs import CHATD, TWISTD, Program, programs
from tests.e2e.websocket_client import WebSocketClient, get
from tests.ports import free_port, free_udp_port, loopback
from tests.timeouts import TIMEOUT_SECONDS

HERE, HERE_TOO = loopback(1), loopback(2)
#: Addresses of this host, too, but not named to the server.
ELSEWHERE = (loopback(3), "127.0.0.1")

COMMANDS = {
    "chatd": [*CHATD, "server", "--id", "party"],
    "twistd": [*TWISTD, "-n", "chatserver", "--id", "party"],
    "launch": [*CHATD, "launch", "--nickname", "zoe", "--log-level", "info"],
}


@pytest.fixture
def start() -> Iterator[Callable[..., Program]]:
    with programs() as start_one:
        yield start_one


@pytest.fixture
def ports() -> SimpleNamespace:
    """Free ports."""
    main, web, plain = free_port(), free_port(), free_port()
    return SimpleNamespace(tcp=main, web=web, plain=plain, udp=free_udp_port())


@pytest.fixture
def serve(start: Callable[..., Program], ports: SimpleNamespace) -> Callable[..., Program]:
    """Starts a server, and waits until it is there."""

    def begin(command: str = "chatd", *words: str) -> Program:
        started = start(
            [
                *COMMANDS[command],
                *("--ifaddrs", f"{HERE}/8", f"{HERE_TOO}/8", "--port", str(ports.tcp)),
                *("--discovery-port", str(ports.udp), "--web", str(ports.web), *words),
            ]
        )
        started.expect_stderr("party answers discovery")
        return started

    return begin


def chats(start: Callable[..., Program], nickname: str, port: int) -> Program:
    """A client that is in."""
    address = (HERE, str(port), "--ifaddrs", f"{HERE}/8")
    client = start([*CHATD, "client", *address, "--nickname", nickname])
    client.expect_stderr("Connected to")
    return client


@pytest.mark.parametrize("command", COMMANDS)
def test_the_page_is_served_only_on_the_given_addresses(
    command: str, serve: Callable[..., Program], ports: SimpleNamespace
) -> None:
    serve(command)
    for address in (HERE, HERE_TOO):
        answer, page = get(address, ports.web, "/")
        assert answer.status == 200
        assert page.lower().startswith(b"<!doctype html>")
        answer, health = get(address, ports.web, "/health")
        assert answer.status == 200
        assert json.loads(health)["status"] == "ok"
    for address in ELSEWHERE:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((address, ports.web), TIMEOUT_SECONDS)


def test_without_the_option_a_server_has_no_page(
    start: Callable[..., Program], ports: SimpleNamespace
) -> None:
    at = ("--ifaddrs", f"{HERE}/8", "--port", str(ports.tcp), "--discovery-port", str(ports.udp))
    started = start([*CHATD, "server", *at])
    started.expect_stderr("answers discovery")
    assert not [line for line in started.stderr if "web" in line]


@pytest.mark.smoke
def test_a_browser_a_client_and_nc_are_in_one_chat(
    start: Callable[..., Program], serve: Callable[..., Program], ports: SimpleNamespace
) -> None:
    serve("chatd", "--plain", str(ports.plain))
    client = chats(start, "moon", ports.tcp)
    with (
        closing(WebSocketClient(HERE, ports.web)) as ice,
        closing(WebSocketClient(HERE_TOO, ports.web)) as watcher,
        socket.create_connection((HERE, ports.plain), TIMEOUT_SECONDS) as nc,
    ):
        watcher.send("watch")
        watcher.receive("watching")
        ice.enter("ice")
        client.expect_stdout("ice has entered the chat")
        stream = nc.makefile("rw", encoding="utf-8", newline="\n")
        stream.write("sun\n")
        stream.flush()
        client.expect_stdout("sun has entered the chat")

        ice.send("message", {"text": "hello from a browser"})
        client.expect_stdout("ice: hello from a browser")
        while "ice: hello from a browser" not in stream.readline():
            pass
        client.send_line("hello from a terminal")
        for browser in (ice, watcher):
            said = browser.receive("message")["data"]
            if browser is watcher and said["source"] == "ice":
                said = browser.receive("message")["data"]
            assert (said["source"], said["text"]) == ("moon", "hello from a terminal")
        stream.write("hello from nc\n")
        stream.flush()
        assert ice.receive("message")["data"]["source"] == "sun"
        client.send_line("@ice a word")
        assert ice.receive("private")["data"]["text"] == "a word"

        users = json.loads(get(HERE, ports.web, "/api/users")[1])["users"]
        assert sorted(each["nickname"] for each in users) == ["ice", "moon", "sun"]
        stream.close()


@pytest.mark.parametrize("command", ["chatd", "launch"])
def test_a_signal_ends_it_with_status_0_and_browsers_are_notified(
    command: str, serve: Callable[..., Program], ports: SimpleNamespace
) -> None:
    server = serve(command)
    with (
        closing(WebSocketClient(HERE, ports.web)) as ice,
        closing(WebSocketClient(HERE, ports.web)) as watcher,
        closing(WebSocketClient(HERE, ports.web)),  # one that sends no frame
        socket.create_connection((HERE, ports.web), TIMEOUT_SECONDS),  # and one without a request
    ):
        ice.enter("ice")
        watcher.send("watch")
        watcher.receive("watching")
        server.send_signal(signal.SIGTERM)
        for browser in (ice, watcher):
            assert browser.receive("goodbye")["data"]["reason"] == "server is stopping"
            assert browser.wait_for_close() == 1000
        assert server.wait() == 0
    assert not [line for line in server.stderr if "Traceback" in line]


@pytest.mark.parametrize("command", ["chatd", "launch"])
@pytest.mark.parametrize(
    ("where", "said"),
    [("{port}", f"{HERE}:{{port}}"), (f"tcp:{{port}}:interface={HERE}",) * 2],
    ids=["port", "endpoint"],
)
def test_a_page_port_in_use_is_one_line_and_status_1(
    where: str, said: str, command: str, start: Callable[..., Program], ports: SimpleNamespace
) -> None:
    with socket.create_server((HERE, ports.web)):
        server = start(
            [
                *COMMANDS[command],
                *("--ifaddrs", f"{HERE}/8", "--port", str(ports.tcp), "--log-level", "warn"),
                *("--discovery-port", str(ports.udp), "--web", where.format(port=ports.web)),
            ]
        )
        assert server.wait() == 1
    assert server.stdout == []
    place, program = said.format(port=ports.web), f"chatd {COMMANDS[command][len(CHATD)]}"
    assert server.stderr == [f"{program}: --web: cannot listen on {place}: Address already in use"]


def launched(start: Callable[..., Program], ports: SimpleNamespace, address: str) -> Program:
    return start(
        [
            *(*CHATD, "launch", "--nickname", "ice", "--ifaddrs", f"{address}/8"),
            *("--port", str(ports.tcp), "--discovery-port", str(ports.udp)),
        ]
    )


def test_launch_on_a_pipe_prints_the_address_of_its_page_and_no_qr_code(
    start: Callable[..., Program], ports: SimpleNamespace
) -> None:
    launch = launched(start, ports, HERE)
    launch.send_line("hello")
    launch.close_stdin()
    assert launch.wait() == 0
    assert "[guest-2] ice: hello" in launch.stdout
    assert f"In a browser: http://{HERE}:8080/ or https://{HERE}:8443/" in launch.stderr
    assert not [line for line in launch.stderr if "\N{FULL BLOCK}" in line]


def test_launch_takes_a_free_port_for_its_page_if_the_default_is_in_use(
    start: Callable[..., Program], ports: SimpleNamespace
) -> None:
    with socket.create_server((HERE, 8080)):
        launch = launched(start, ports, HERE)
        launch.expect_stderr(f"In a browser: http://{HERE}:")
    [said] = [line for line in launch.stderr if "In a browser" in line]
    port = int(said.partition(f"http://{HERE}:")[2].partition("/")[0])
    assert port != 8080
    assert get(HERE, port, "/health")[0].status == 200
