"""``chatd host`` at a real terminal: the end of its start, and the question before its end."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chatd.taps import web_address
from tests.e2e.namespaces import Host, create_network
from tests.e2e.programs import CHATD, Program
from tests.e2e.pty_terminal import CONTROL_C, CONTROL_D, Terminal, terminals

OFFICE = "10.35.11.0/24"
URL = "http://10.35.11.111:8080/"
CODE = web_address.qr_rows(URL)
QUESTION = "1 other is here; end the chat for all?"


@pytest.fixture
def computer() -> Iterator[Host]:
    """A computer that a phone could reach."""
    with create_network([OFFICE]) as network:
        yield network.add_host("host1", {OFFICE: "10.35.11.111/24"})


Hosting = Callable[..., Terminal]


@pytest.fixture
def hosting(computer: Host, tmp_path: Path) -> Iterator[Hosting]:
    """A function that hosts a chat in a terminal, and waits until its start has ended."""
    with terminals() as open_one:

        def start(*words: str, columns: int = 80, **environment: str) -> Terminal:
            there = ("ip", "netns", "exec", computer.namespace)
            terminal: Terminal = open_one(
                [*there, *CHATD, "host", "class", *words],
                {"XDG_STATE_HOME": str(tmp_path), "LOGNAME": "zoe", **environment},
                columns=columns,
            )
            terminal.expect("/qr shows this again.")
            return terminal

        yield start


def moon(computer: Host) -> Program:
    """Another member, who has typed what the invitation says."""
    client = computer.start(*CHATD, "client", "class", "--nickname", "moon")
    client.expect_stderr("Connected to class")
    return client


@pytest.mark.parametrize("columns", [80, 40])
def test_at_the_end_of_the_start_address_code_and_command_are_on_the_screen(
    hosting: Hosting, columns: int
) -> None:
    terminal = hosting(columns=columns)
    terminal.expect("online as zoe")
    screen = [line.rstrip() for line in terminal.screen.display]
    assert len(screen) == 24
    for row in CODE:
        assert any(line.startswith(row) for line in screen), "the code is whole"
    for text in ("Others join class", URL, "chatd client class"):
        assert any(text in line for line in screen)
    assert any("online as zoe" in line for line in screen)


def test_the_user_of_the_servers_own_terminal_is_its_host(hosting: Hosting) -> None:
    hosting().expect("online as zoe (host)")


def test_qr_shows_the_code_again(hosting: Hosting) -> None:
    terminal = hosting()
    terminal.send_line("/qr")
    terminal.wait_until(lambda: terminal.text.count(CODE[1]) == 2, "the code")
    terminal.wait_until(
        lambda: sum(line.startswith(CODE[1]) for line in terminal.screen.display) == 1,
        "one code in the window",
    )


def test_without_colours_the_code_consists_of_blocks(hosting: Hosting) -> None:
    terminal = hosting(NO_COLOR="1")
    assert any(line.startswith(CODE[1]) for line in terminal.screen.display)
    assert "\x1b[97;40m" not in terminal.raw.decode()


def test_a_terminal_that_cannot_show_a_code_shows_the_address(hosting: Hosting) -> None:
    terminal = hosting(TERM="dumb")
    terminal.expect(URL)
    terminal.expect("chatd client class")
    assert "\N{FULL BLOCK}" not in terminal.text


def test_a_host_who_is_alone_is_not_asked(hosting: Hosting) -> None:
    terminal = hosting()
    terminal.send_keys(CONTROL_D)
    assert terminal.wait() == 0
    assert "end the chat" not in terminal.text


@pytest.mark.parametrize("keys", [CONTROL_D, CONTROL_C, "/quit\r"])
def test_a_host_who_leaves_while_others_are_here_is_asked_first(
    hosting: Hosting, computer: Host, keys: str
) -> None:
    terminal = hosting()
    other = moon(computer)
    terminal.send_keys(keys)
    terminal.expect(QUESTION)
    terminal.send_line("")
    terminal.expect("The chat goes on.")
    other.send_line("still here")
    terminal.expect("moon: still here")
    terminal.send_keys(keys)
    terminal.wait_until(lambda: terminal.text.count("end the chat for all?") == 2, "the question")
    terminal.send_line("yes")
    assert terminal.wait() == 0
    other.expect_stderr("server is stopping")


def test_a_second_ctrl_c_ends_the_chat_at_once_and_the_others_are_told(
    hosting: Hosting, computer: Host
) -> None:
    terminal = hosting()
    other = moon(computer)
    terminal.send_keys(CONTROL_C)
    terminal.expect(QUESTION)
    terminal.send_keys(CONTROL_C)
    assert terminal.wait() == 0
    other.expect_stderr("server is stopping")


def test_sigterm_asks_nobody(hosting: Hosting, computer: Host) -> None:
    terminal = hosting()
    moon(computer)
    terminal.send_signal(signal.SIGTERM)
    assert terminal.wait() == 0
    assert "end the chat" not in terminal.text


def test_off_a_terminal_nobody_is_asked(computer: Host) -> None:
    program = computer.start(*CHATD, "host", "class", "--store", "none")
    program.expect_stderr("/qr shows this again.")
    assert f"  {URL}" in program.stderr
    moon(computer)
    program.send_line("/quit")
    assert program.wait() == 0
    assert not [line for line in program.stderr if "\N{FULL BLOCK}" in line or "end the" in line]


def test_the_chat_and_the_nickname_are_there_the_next_time(hosting: Hosting) -> None:
    first = hosting()
    first.send_line("/setname ice")
    first.send_line("the first hour")
    first.expect("ice: the first hour")
    first.send_keys(CONTROL_D)
    assert first.wait() == 0
    second = hosting()
    second.expect("the first hour")
    second.expect("online as ice")
