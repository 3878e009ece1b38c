"""The choice of the user interface: the full one on a capable terminal, else line mode."""

import io
import sys

import pytest
from typing_extensions import override

from chatd.client.console import Console
from chatd.taps import client, interactive
from tests.fakes import FakeUdpReactor
from tests.taps.command_lines import modules_imported_by, parse


class FakeTty(io.StringIO):
    """A standard stream, on a terminal or not."""

    def __init__(self, is_terminal: bool) -> None:
        super().__init__()
        self._is_terminal = is_terminal

    @override
    def isatty(self) -> bool:
        return self._is_terminal


def use_terminal(
    monkeypatch: pytest.MonkeyPatch, term: str = "xterm", stdin: bool = True, stdout: bool = True
) -> None:
    """Run this process on such a terminal."""
    monkeypatch.setenv("TERM", term)
    monkeypatch.setattr(sys, "stdin", FakeTty(stdin))
    monkeypatch.setattr(sys, "__stdout__", FakeTty(stdout))


@pytest.mark.parametrize(
    ("term", "stdin", "stdout", "line", "uses_full_ui"),
    [
        ("xterm", True, True, "", True),
        ("xterm", True, True, "--plain-terminal", False),
        ("dumb", True, True, "", False),
        ("", True, True, "", False),
        ("xterm", False, True, "", False),
        ("xterm", True, False, "", False),
    ],
)
def test_the_full_interface_needs_a_capable_terminal_and_can_be_turned_off(
    monkeypatch: pytest.MonkeyPatch,
    term: str,
    stdin: bool,
    stdout: bool,
    line: str,
    uses_full_ui: bool,
) -> None:
    use_terminal(monkeypatch, term, stdin, stdout)
    options = parse(client.Options(), f"-n ice {line}")
    assert options.uses_full_ui is uses_full_ui


def test_on_another_reactor_line_mode_says_how_to_get_the_full_interface(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    notices: list[str] = []
    monkeypatch.setattr("chatd.client.console.write_line", notices.append)
    use_terminal(monkeypatch)
    console = interactive.make_ui(parse(client.Options(), "-n ice"), FakeUdpReactor())
    assert isinstance(console, Console)
    assert console.is_interactive
    [notice] = notices
    assert "chatd client" in notice


def test_line_mode_by_option_prints_no_notice(monkeypatch: pytest.MonkeyPatch) -> None:
    notices: list[str] = []
    monkeypatch.setattr("chatd.client.console.write_line", notices.append)
    use_terminal(monkeypatch)
    interactive.make_ui(parse(client.Options(), "-n ice --plain-terminal"), FakeUdpReactor())
    assert notices == []


@pytest.mark.parametrize("login", ["zoe", "zoe@example.org"])
def test_on_a_terminal_the_login_name_is_offered_without_its_domain(
    monkeypatch: pytest.MonkeyPatch, login: str
) -> None:
    monkeypatch.setenv("LOGNAME", login)
    use_terminal(monkeypatch)
    options = parse(client.Options(), "")
    assert (options.nickname, options.offered_nickname) == ("", "zoe")


@pytest.mark.parametrize("command", ["client", "launch"])
def test_off_a_terminal_a_client_does_not_import_the_full_interface(command: str) -> None:
    imported = modules_imported_by(command, "-n ice --ifaddrs 127.0.0.1/8")
    assert not [name for name in imported if "prompt_toolkit" in name or "asyncior" in name]
