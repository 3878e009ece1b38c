"""However a client at a terminal ends, the terminal is as it was, and nothing typed is lost."""

import signal
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from tests.e2e.native_peer import FakeServer, Peer
from tests.e2e.programs import FAULTY_CLIENT
from tests.e2e.pty_terminal import (
    CONTROL_C,
    CONTROL_D,
    StartTerminal,
    Terminal,
    bracketed_paste,
    terminals,
)
from tests.ports import HOST, IFADDRS

#: What shows that the program has given the terminal back: no bracketed paste, and the cursor seen.
GIVEN_BACK = (b"\x1b[?2004l", b"\x1b[?25h")


def is_as_before(terminal: Terminal) -> None:
    """Check that the terminal of a program that has ended is as it was found."""
    assert terminal.current_modes == terminal.modes
    for sequence in GIVEN_BACK:
        opposite = sequence[:-1] + (b"h" if sequence.endswith(b"l") else b"l")
        assert terminal.raw.rfind(sequence) > terminal.raw.rfind(opposite)
    assert "online as" not in terminal.text, "the status line is gone"
    assert "Traceback" not in terminal.text


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(lambda ice: ice.send_line("/quit"), id="/quit"),
        pytest.param(lambda ice: ice.send_line("exit()"), id="exit()"),
        pytest.param(lambda ice: ice.send_keys(CONTROL_D), id="Ctrl-D"),
        pytest.param(lambda ice: ice.send_keys(CONTROL_C), id="Ctrl-C"),
        pytest.param(lambda ice: ice.send_signal(signal.SIGINT), id="SIGINT"),
        pytest.param(lambda ice: ice.send_signal(signal.SIGTERM), id="SIGTERM"),
        pytest.param(lambda ice: ice.send_signal(signal.SIGHUP), id="SIGHUP"),
    ],
)
def test_the_terminal_is_restored_at_the_end(
    end: Callable[[Terminal], None],
    client: StartTerminal,
    peer: Callable[[str], Peer],
) -> None:
    moon, ice = peer("moon"), client("ice")
    assert ice.current_modes != ice.modes
    end(ice)
    assert ice.wait() == 0
    is_as_before(ice)
    assert moon.receive("left")["data"] == {"nickname": "ice", "reason": "quit"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_ends_it_at_once_and_restores_the_terminal(
    number: signal.Signals, open_terminal: StartTerminal, fake_server: FakeServer
) -> None:
    ice = open_terminal("client", HOST, str(fake_server.port), *IFADDRS, "-n", "ice")
    server = fake_server.accept_member()
    ice.expect("online as ice")
    ice.send_signal(number)
    server.receive("quit")  # which it does not answer
    ice.send_signal(number)
    assert ice.wait() == -number
    is_as_before(ice)


def test_the_terminal_is_restored_when_the_server_closes_the_connection(
    open_terminal: StartTerminal, fake_server: FakeServer
) -> None:
    ice = open_terminal("client", HOST, str(fake_server.port), *IFADDRS, "-n", "ice")
    server = fake_server.accept_member()
    ice.expect("online as ice")
    ice.send_keys("half a line")
    ice.expect_last_lines("#lobby> half a line", "party")
    server.close()
    assert ice.wait() == 0
    is_as_before(ice)
    assert ice.lines[-2:] == ["Server disconnected", "Not sent: half a line"]


#: Ways to leave from the midst of a question.
BREAKING_OFF = [
    pytest.param(lambda ice, server: ice.send_keys(CONTROL_C), id="Ctrl-C"),
    pytest.param(lambda ice, server: ice.send_signal(signal.SIGTERM), id="SIGTERM"),
    pytest.param(lambda ice, server: server.close(), id="the server goes"),
]


@pytest.mark.parametrize("end", BREAKING_OFF)
@pytest.mark.parametrize("is_answering", [False, True])
def test_the_text_in_a_prompt_is_listed_as_not_sent_if_the_client_ends(
    end: Callable[[Terminal, Peer], None],
    is_answering: bool,
    open_terminal: StartTerminal,
    fake_server: FakeServer,
) -> None:
    ice = open_terminal("client", HOST, str(fake_server.port), *IFADDRS, "-n", "ice")
    server = fake_server.accept_member()
    ice.expect("/help shows the commands")
    if is_answering:
        ice.send_line("/message")
        ice.expect("Recipients?")
        ice.send_line("moon")
        ice.expect("Message for moon?")
        ice.send_keys("half an answer")
        ice.expect_last_lines("Message for moon? half an answer", "party")
        lost = ["half an answer"]
    else:
        lost = [f"line {number}" for number in range(1, 9)]
        ice.send_keys(bracketed_paste("\n".join(lost)))
        ice.send_line("")
        ice.expect("Send 8 lines")
    end(ice, server)
    ice.wait()
    assert ice.lines[-len(lost) :] == [f"Not sent: {line}" for line in lost]


def test_a_half_typed_password_is_not_listed(
    open_terminal: StartTerminal, fake_server: FakeServer
) -> None:
    ice = open_terminal("client", HOST, str(fake_server.port), *IFADDRS, "-n", "ice")
    server = fake_server.accept_member()
    ice.expect("/help shows the commands")
    ice.send_line("/setname moon")
    request = server.receive("set-name")
    refused = {"code": "password-required", "message": "moon needs its password."}
    server.send("error", refused, id=request["id"])
    ice.expect_last_lines("Password for moon?", "party")
    ice.send_keys("winter")
    ice.send_keys(CONTROL_C)
    ice.wait()
    assert b"winter" not in ice.raw


@pytest.mark.parametrize("goodbye", ["/quit", "exit()"])
@pytest.mark.parametrize("question", ["Recipients?", "Send 8 lines", "Your nickname?"])
def test_quit_works_in_every_prompt(
    goodbye: str,
    question: str,
    client: StartTerminal,
    open_terminal: StartTerminal,
) -> None:
    ice = open_terminal("client", *IFADDRS) if question == "Your nickname?" else client("ice")
    if question == "Recipients?":
        ice.send_line("/message")
    elif question == "Send 8 lines":
        ice.send_keys(bracketed_paste("\n".join("12345678")))
        ice.send_line("")
    ice.expect(question)
    ice.send_line(goodbye)
    assert ice.wait() == 0
    assert ("Not sent: 8" in ice.text) is (question == "Send 8 lines")


def test_the_screen_is_redrawn_after_sigstop_and_sigcont(
    client: StartTerminal,
) -> None:
    ice = client("ice")
    ice.send_keys("half a l")
    ice.expect_last_lines("#lobby> half a l", "party")
    taken = ice.current_modes
    ice.send_signal(signal.SIGSTOP)
    ice.restore_modes()  # as a shell does
    ice.screen.reset()
    ice.send_signal(signal.SIGCONT)
    ice.expect_last_lines("#lobby> half a l", "party")
    ice.send_line("ine")
    ice.expect("ice: half a line")
    assert ice.current_modes == taken


def test_after_a_bug_in_the_screen_the_terminal_is_restored_and_the_error_shown(
    server_ports: SimpleNamespace,
    peer: Callable[[str], Peer],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    words = ["client", HOST, str(server_ports.tcp), *IFADDRS, "-n", "ice"]
    state = {"XDG_STATE_HOME": str(tmp_path_factory.mktemp("state"))}
    with terminals() as open_one:
        ice = open_one([*FAULTY_CLIENT, "draw", *words], state)
        ice.expect("online as ice")
        boom = peer("boom")
        assert ice.wait() == 1
        is_as_before(ice)
        assert boom.receive("left")["data"] == {"nickname": "ice", "reason": "quit"}
        ice.expect("The display failed (ZeroDivisionError: division by zero)")
        ice.expect("--plain-terminal")


def test_control_c_and_control_d_work_in_the_nickname_prompt(
    open_terminal: StartTerminal,
) -> None:
    for keys in (CONTROL_C, CONTROL_D):
        zoe = open_terminal("client", *IFADDRS)
        zoe.expect("Your nickname?")
        zoe.send_keys(keys)
        assert zoe.wait() == 0
        is_as_before(zoe)
