"""Where a person sits: at the screen if the terminal can do it, and else at plain lines."""

import io
import subprocess
import sys

import pytest

from chatd.client.console import Console
from chatd.taps import client, interactive
from tests.fakes import FakeUdpReactor
from tests.taps.roles import parse


class Tty(io.StringIO):
    """A standard input or output, at a terminal or not."""

    def __init__(self, is_terminal: bool) -> None:
        super().__init__()
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal


def sit(
    monkeypatch: pytest.MonkeyPatch, term: str = "xterm", stdin: bool = True, stdout: bool = True
) -> None:
    """Have this process at such a terminal."""
    monkeypatch.setenv("TERM", term)
    monkeypatch.setattr(sys, "stdin", Tty(stdin))
    monkeypatch.setattr(sys, "__stdout__", Tty(stdout))


@pytest.mark.parametrize(
    ("term", "stdin", "stdout", "line", "wanted"),
    [
        ("xterm", True, True, "", True),
        ("xterm", True, True, "--plain-terminal", False),
        ("dumb", True, True, "", False),
        ("", True, True, "", False),
        ("xterm", False, True, "", False),
        ("xterm", True, False, "", False),
    ],
)
def test_the_screen_is_for_a_terminal_that_can_do_it_and_a_person_who_wants_it(
    monkeypatch: pytest.MonkeyPatch,
    term: str,
    stdin: bool,
    stdout: bool,
    line: str,
    wanted: bool,
) -> None:
    sit(monkeypatch, term, stdin, stdout)
    options = parse(client.Options(), f"-n ice {line}")
    assert options.uses_full_ui is wanted


def test_on_another_reactor_it_is_plain_lines_and_one_line_that_says_how_to_get_the_screen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[str] = []
    monkeypatch.setattr("chatd.client.console.write_line", said.append)
    sit(monkeypatch)
    console = interactive.make_ui(parse(client.Options(), "-n ice"), FakeUdpReactor())
    assert isinstance(console, Console)
    assert console.can_ask
    [sentence] = said
    assert "chatd client" in sentence


def test_plain_lines_that_were_asked_for_need_no_word(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr("chatd.client.console.write_line", said.append)
    sit(monkeypatch)
    interactive.make_ui(parse(client.Options(), "-n ice --plain-terminal"), FakeUdpReactor())
    assert said == []


@pytest.mark.parametrize("login", ["zoe", "zoe@example.org"])
def test_on_a_terminal_the_login_name_is_offered_if_it_can_be_a_nickname(
    monkeypatch: pytest.MonkeyPatch, login: str
) -> None:
    monkeypatch.setenv("LOGNAME", login)
    sit(monkeypatch)
    options = parse(client.Options(), "")
    assert (options.nickname, options.offered_nickname) == ("", "zoe" if login == "zoe" else "")


@pytest.mark.parametrize("role", ["client", "launch"])
def test_a_client_off_a_terminal_does_not_import_what_only_the_screen_needs(role: str) -> None:
    look = (
        f"import sys, chatd.cli, chatd.taps.{role} as role\n"
        "options = role.Options()\n"
        "options.parseOptions(['-n', 'ice', '--ifaddrs', '127.0.0.1/8'])\n"
        "role.install_reactor(options)\n"
        "from twisted.internet import reactor\n"
        "role.makeService(options, reactor)\n"
        "print([name for name in sys.modules if 'prompt_toolkit' in name or 'asyncior' in name])"
    )
    done = subprocess.run(
        [sys.executable, "-c", look], stdin=subprocess.DEVNULL, capture_output=True, check=True
    )
    assert done.stdout == b"[]\n"
