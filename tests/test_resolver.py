"""Host names are looked up, and no look-up makes the program wait at its end."""

import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet import reactor as global_reactor
from twisted.internet.error import DNSLookupError

from chatd import resolver
from chatd.resolver import Resolver
from tests.server.sockets import on_reactor
from tests.timeouts import TIMEOUT_SECONDS

reactor: Any = global_reactor


@on_reactor
async def test_a_name_is_looked_up() -> None:
    assert await Resolver(reactor).getHostByName("localhost") == "127.0.0.1"


@pytest.mark.parametrize("name", ["a" * 70, "a..b", "nowhere.invalid"])
@on_reactor
async def test_a_name_that_has_no_address_is_a_look_up_error(name: str) -> None:
    def fail(name: str) -> str:
        name.encode("idna")
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "gethostbyname", fail)
        found = Resolver(reactor).getHostByName(name)
        with pytest.raises(DNSLookupError):
            await found


@on_reactor
async def test_without_a_thread_a_look_up_fails_like_any_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(reactor: Any, call: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(resolver, "call_in_thread", fail)
    with pytest.raises(DNSLookupError):
        await Resolver(reactor).getHostByName("localhost")


#: A client whose DNS server does not answer; it says when it looks up the server's name.
_PROGRAM = """
import os, signal, socket, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # it may have been ignored
def never(*arguments):
    while signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        time.sleep(0.001)  # the reactor does not run yet
    os.write(1, b"looking up\\n")
    time.sleep(1_000)
socket.gethostbyname = socket.getaddrinfo = never
sys.argv[1:] = ["client", "--connect", "chat.example:7777", "-n", "ice"]
from chatd.cli import main
sys.exit(main())
"""


def _send(number: signal.Signals) -> Callable[["subprocess.Popen[str]"], None]:
    return lambda client: client.send_signal(number)


def _quit(client: "subprocess.Popen[str]") -> None:
    assert client.stdin is not None
    client.stdin.write("/quit\n")
    client.stdin.flush()


def _close_stdin(client: "subprocess.Popen[str]") -> None:
    assert client.stdin is not None
    client.stdin.close()
    client.stdin = None


@pytest.mark.parametrize(
    "leave",
    [
        pytest.param(_send(signal.SIGINT), id="SIGINT"),
        pytest.param(_send(signal.SIGTERM), id="SIGTERM"),
        pytest.param(_quit, id="/quit"),
        pytest.param(_close_stdin, id="end of input"),
    ],
)
def test_a_client_ends_at_once_while_a_name_is_looked_up(
    leave: Callable[["subprocess.Popen[str]"], None],
) -> None:
    """The thread sleeps longer than this test may take."""
    program = [sys.executable, "-c", _PROGRAM]
    pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(program, text=True, **pipes) as client:  # its input stays open
        assert client.stdout is not None
        assert client.stderr is not None
        assert client.stdout.readline() == "looking up\n"
        leave(client)
        try:
            assert client.wait(TIMEOUT_SECONDS) == 0
        finally:
            client.kill()
        # Nothing is said of a connection that was not made: it was given up at once.
        assert client.stderr.read() == ""
