"""However a client at a terminal ends, the terminal is as it was, and nothing typed is lost."""

import signal
import sys
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from tests.e2e.peers import ADDRESS, HOST, FalseServer, Peer
from tests.e2e.window import CONTROL_C, CONTROL_D, Window, pasted, windows

#: What shows that the program has given the terminal back: no bracketed paste, and the cursor seen.
GIVEN_BACK = (b"\x1b[?2004l", b"\x1b[?25h")


def is_as_before(window: Window) -> None:
    """Check that the terminal of a program that has ended is as it was found."""
    assert window.modes_now == window.modes
    for sequence in GIVEN_BACK:
        opposite = sequence[:-1] + (b"h" if sequence.endswith(b"l") else b"l")
        assert window.raw.rfind(sequence) > window.raw.rfind(opposite)
    assert "online as" not in window.text, "the status line is gone"
    assert "Traceback" not in window.text


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(lambda ice: ice.enter("/quit"), id="/quit"),
        pytest.param(lambda ice: ice.enter("exit()"), id="exit()"),
        pytest.param(lambda ice: ice.type(CONTROL_D), id="Ctrl-D"),
        pytest.param(lambda ice: ice.type(CONTROL_C), id="Ctrl-C"),
        pytest.param(lambda ice: ice.signal(signal.SIGINT), id="SIGINT"),
        pytest.param(lambda ice: ice.signal(signal.SIGTERM), id="SIGTERM"),
        pytest.param(lambda ice: ice.signal(signal.SIGHUP), id="SIGHUP"),
    ],
)
def test_the_terminal_is_left_as_it_was(
    end: Callable[[Window], None], client: Callable[..., Window], peer: Callable[[str], Peer]
) -> None:
    moon, ice = peer("moon"), client("ice")
    assert ice.modes_now != ice.modes
    end(ice)
    assert ice.status() == 0
    is_as_before(ice)
    assert moon.hears("left")["data"] == {"nickname": "ice", "reason": "quit"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_second_signal_ends_it_at_once_and_the_terminal_is_as_it_was(
    number: signal.Signals, window: Callable[..., Window], false_server: FalseServer
) -> None:
    ice = window("client", HOST, str(false_server.port), *ADDRESS, "-n", "ice")
    server = false_server.accept()
    ice.shows("online as ice")
    ice.signal(number)
    server.hears("quit")  # which it does not answer
    ice.signal(number)
    assert ice.status() == -number
    is_as_before(ice)


def test_when_the_server_goes_the_terminal_is_as_it_was(
    window: Callable[..., Window], false_server: FalseServer
) -> None:
    ice = window("client", HOST, str(false_server.port), *ADDRESS, "-n", "ice")
    server = false_server.accept()
    ice.shows("online as ice")
    ice.type("half a line")
    server.close()
    assert ice.status() == 0
    is_as_before(ice)
    assert ice.lines[-2:] == ["Server disconnected", "Not sent: half a line"]


#: Ways to leave from the midst of a question.
BREAKING_OFF = [
    pytest.param(lambda ice, server: ice.type(CONTROL_C), id="Ctrl-C"),
    pytest.param(lambda ice, server: ice.signal(signal.SIGTERM), id="SIGTERM"),
    pytest.param(lambda ice, server: server.close(), id="the server goes"),
]


@pytest.mark.parametrize("end", BREAKING_OFF)
@pytest.mark.parametrize("is_answering", [False, True])
def test_what_stands_in_a_question_is_named_when_it_ends_before_the_answer(
    end: Callable[[Window, Peer], None],
    is_answering: bool,
    window: Callable[..., Window],
    false_server: FalseServer,
) -> None:
    ice = window("client", HOST, str(false_server.port), *ADDRESS, "-n", "ice")
    server = false_server.accept()
    ice.shows("a line that begins with /")
    if is_answering:
        ice.enter("/message")
        ice.shows("To whom?")
        ice.enter("moon")
        ice.shows("What shall moon be told?")
        ice.type("half an answer")
        ice.ends_with("What shall moon be told? half an answer", "party")
        lost = ["half an answer"]
    else:
        lost = [f"line {number}" for number in range(1, 9)]
        ice.type(pasted("\n".join(lost)))
        ice.enter("")
        ice.shows("Send 8 lines")
    end(ice, server)
    ice.status()
    assert ice.lines[-len(lost) :] == [f"Not sent: {line}" for line in lost]


def test_a_password_that_is_half_typed_is_not_named(
    window: Callable[..., Window], false_server: FalseServer
) -> None:
    ice = window("client", HOST, str(false_server.port), *ADDRESS, "-n", "ice")
    server = false_server.accept()
    ice.shows("a line that begins with /")
    ice.enter("/setname moon")
    request = server.hears("set-name")
    refused = {"code": "password-required", "message": "moon needs its password."}
    server.says("error", refused, id=request["id"])
    ice.ends_with("Password for moon?", "party")
    ice.type("winter")
    ice.type(CONTROL_C)
    ice.status()
    assert b"winter" not in ice.raw


@pytest.mark.parametrize("goodbye", ["/quit", "exit()"])
@pytest.mark.parametrize("question", ["To whom?", "Send 8 lines", "Your nickname?"])
def test_who_is_asked_something_may_leave_as_ever(
    goodbye: str, question: str, client: Callable[..., Window], window: Callable[..., Window]
) -> None:
    ice = window("client", *ADDRESS) if question == "Your nickname?" else client("ice")
    if question == "To whom?":
        ice.enter("/message")
    elif question == "Send 8 lines":
        ice.type(pasted("\n".join("12345678")))
        ice.enter("")
    ice.shows(question)
    ice.enter(goodbye)
    assert ice.status() == 0
    assert ("Not sent: 8" in ice.text) is (question == "Send 8 lines")


def test_after_a_stop_from_outside_the_screen_is_there_again(client: Callable[..., Window]) -> None:
    ice = client("ice")
    ice.type("half a l")
    ice.ends_with("#lobby> half a l", "party")
    taken = ice.modes_now
    ice.signal(signal.SIGSTOP)
    ice.give_back()  # as a shell does
    ice.screen.reset()
    ice.signal(signal.SIGCONT)
    ice.ends_with("#lobby> half a l", "party")
    ice.enter("ine")
    ice.shows("ice: half a line")
    assert ice.modes_now == taken


#: Has drawing the status line fail as soon as somebody says "boom".
BREAKING = """
import sys
from chatd.client.terminal.status_bar import Bottom
status = Bottom.status
def breaking(self, columns):
    if "boom" in self.completions("bo")[1]:
        raise ZeroDivisionError("division by zero")
    return status(self, columns)
Bottom.status = breaking
from chatd.cli import main
main(sys.argv[1:])
"""


def test_when_the_screen_itself_breaks_the_terminal_is_as_it_was_and_the_person_is_told(
    party: SimpleNamespace, peer: Callable[[str], Peer], tmp_path_factory: pytest.TempPathFactory
) -> None:
    words = ["client", HOST, str(party.tcp), *ADDRESS, "-n", "ice"]
    state = {"XDG_STATE_HOME": str(tmp_path_factory.mktemp("state"))}
    with windows() as open_one:
        ice = open_one([sys.executable, "-c", BREAKING, *words], state)
        ice.shows("online as ice")
        boom = peer("boom")
        assert ice.status() == 1
        is_as_before(ice)
        assert boom.hears("left")["data"] == {"nickname": "ice", "reason": "quit"}
        ice.shows("The screen broke (ZeroDivisionError: division by zero)")
        ice.shows("--plain-terminal")


def test_who_is_asked_for_a_nickname_may_leave_as_well(window: Callable[..., Window]) -> None:
    for keys in (CONTROL_C, CONTROL_D):
        zoe = window("client", *ADDRESS)
        zoe.shows("Your nickname?")
        zoe.type(keys)
        assert zoe.status() == 0
        is_as_before(zoe)
