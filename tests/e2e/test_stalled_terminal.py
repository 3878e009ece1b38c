"""A terminal that takes nothing: a stopped ssh, a window stopped with Ctrl-S."""

import signal
from pathlib import Path

import pytest

from tests.e2e.native_peer import Peer, enter
from tests.e2e.programs import CHATD
from tests.e2e.pty_terminal import StartTerminal, Terminal, terminals
from tests.ports import HOST, IFADDRS, free_port, free_udp_port

#: Enough for the kernel's buffers, those of the client, and more than the server keeps for a member
#: that does not read; then short ones, which replace the long ones where only the newest are kept.
_MESSAGES = ["x" * 800] * 2_500 + ["x"] * 2_000


def _say(peer: Peer, text: str) -> None:
    peer.send("message", {"text": text}, id=1)
    peer.receive("ok")


def _chat(ice: Peer, sun: Peer) -> None:
    for text in _MESSAGES:
        _say(ice, text)
        sun.receive("message")


@pytest.mark.parametrize("mode", [(), ("--plain-terminal",)], ids=["full screen", "line mode"])
def test_a_stalled_terminal_of_launch_stops_nobody_and_goes_on_when_it_moves(
    mode: tuple[str, ...], tmp_path: Path
) -> None:
    port = free_port()
    words = [*CHATD, "launch", *IFADDRS, "-n", "moon", "--port", str(port), "--flood", "0", *mode]
    words += ["--discovery-port", str(free_udp_port()), "--web", str(free_port())]
    with terminals() as open_one:
        moon = open_one(words, {"XDG_STATE_HOME": str(tmp_path)})
        moon.expect("/help shows the commands")
        ice, sun = enter(port, "ice"), enter(port, "sun")
        _chat(ice, sun)  # and the terminal is not read
        moon.expect("lines are missing here, because they could not be shown")
        _say(ice, "it moves again")
        moon.expect("ice: it moves again")
        if not mode:
            moon.expect_last_lines("#lobby>", "party")
        moon.send_line("nothing is lost for me")
        while sun.receive("message")["data"]["text"] != "nothing is lost for me":
            pass
        for each in (ice, sun):
            each.close()
        moon.send_signal(signal.SIGTERM)
        assert moon.wait() == 0
        assert moon.current_modes == moon.modes


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_client_at_a_stalled_terminal_can_be_ended(
    number: signal.Signals, open_terminal: StartTerminal
) -> None:
    port = free_port()
    with terminals() as open_one:
        words = [*CHATD, "launch", *IFADDRS, "-n", "moon", "--port", str(port), "--flood", "0"]
        words += ["--discovery-port", str(free_udp_port()), "--web", str(free_port())]
        server = open_one([*words, "--plain-terminal"], {})
        server.expect("/help shows the commands")
        stalled: Terminal = open_terminal("client", HOST, str(port), *IFADDRS, "-n", "zoe")
        stalled.expect("online as zoe")
        ice, sun = enter(port, "ice"), enter(port, "sun")
        for text in _MESSAGES[:200]:
            _say(ice, text)
        stalled.send_signal(number)
        assert stalled.wait_without_reading() == 0
        assert stalled.current_modes == stalled.modes
        for each in (ice, sun):
            each.close()
