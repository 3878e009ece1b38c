"""Changes of the system clock neither disconnect members nor stop timeouts."""

import signal
import sys
from collections.abc import Callable, Iterator

import pytest

from tests.e2e.native_peer import Peer, enter
from tests.e2e.programs import CHATD, TWISTD, Program, programs
from tests.ports import IFADDRS, free_port, free_udp_port

#: Runs what follows on a host whose clock is set a day ahead by SIGUSR1, and back by SIGUSR2.
_JUMPING = """
import runpy, signal, sys, time
true_time, true_time_ns, day = time.time, time.time_ns, 86_400
ahead = 0
time.time = lambda: true_time() + ahead
time.time_ns = lambda: true_time_ns() + ahead * 1_000_000_000

def set_clock(number, frame):
    global ahead
    ahead += day if number == signal.SIGUSR1 else -day
    print("the clock was set", file=sys.stderr, flush=True)

signal.signal(signal.SIGUSR1, set_clock)
signal.signal(signal.SIGUSR2, set_clock)
if sys.argv[1] == "-m":
    del sys.argv[1]
    runpy.run_module(sys.argv.pop(1), run_name="__main__", alter_sys=False)
else:
    del sys.argv[0]
    runpy.run_path(sys.argv[0], run_name="__main__")
"""


class Jumping:
    """A server whose clock can be set.

    :ivar port: its TCP port.
    """

    def __init__(self, program: Program, port: int) -> None:
        self._program = program
        self.port = port

    def set_clock(self, number: signal.Signals) -> None:
        """Set it a day ahead by SIGUSR1, or back by SIGUSR2."""
        before = len(self._program.stderr)
        self._program.send_signal(number)
        self._program.expect_stderr("the clock was set", after=before)


@pytest.fixture(params=["chatd", "twistd"])
def jumping(request: pytest.FixtureRequest) -> Iterator[Callable[[str], Jumping]]:
    """Starts a server with a time-out, whose clock can be set."""
    words = [*CHATD, "server"] if request.param == "chatd" else [*TWISTD, "-n", "chatserver"]
    if words[0] == sys.executable:
        del words[0]

    with programs() as start:

        def started(timeout: str) -> Jumping:
            port = free_port()
            server = start(
                [
                    *(sys.executable, "-c", _JUMPING, *words, *IFADDRS, "--id", "clock"),
                    *("--port", str(port), "--timeout", timeout),
                    *("--discovery-port", str(free_udp_port())),
                ]
            )
            server.expect_stderr("clock answers discovery")
            return Jumping(server, port)

        yield started


def _turn(peer: Peer) -> None:
    """Wait until the server has gone through what it has to do, at least once."""
    for _ in range(2):
        peer.send("ping")
        peer.receive("pong")


def test_a_clock_set_a_day_ahead_makes_no_member_inactive(
    jumping: Callable[[str], Jumping],
) -> None:
    server = jumping("600")
    ice, moon = enter(server.port, "ice"), enter(server.port, "moon")
    server.set_clock(signal.SIGUSR1)
    _turn(ice)
    ice.send("message", {"text": "what day is it?"})
    assert moon.receive("message")["data"]["text"] == "what day is it?"
    moon.send("users")
    assert {each["nickname"] for each in moon.receive("users")["data"]["users"]} == {"ice", "moon"}
    ice.close()
    moon.close()


def test_a_clock_set_a_day_back_delays_no_timeout(
    jumping: Callable[[str], Jumping],
) -> None:
    server = jumping("3")
    ice = enter(server.port, "ice")
    server.set_clock(signal.SIGUSR2)
    assert ice.receive("goodbye")["data"]["reason"] == "inactive"
    ice.close()
