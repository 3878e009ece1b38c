"""``chatd`` itself: its commands, its help, and what it prints without a command."""

import pytest

import chatd
from chatd.cli import main
from chatd.taps.commands import COMMANDS
from tests.taps import command_lines


def status(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[object, str]:
    """The exit status of ``chatd`` with these arguments, and its output."""
    with pytest.raises(SystemExit) as ended:
        main(argv)
    return ended.value.code, capsys.readouterr().out


@pytest.mark.parametrize(
    ("argv", "why"),
    [((), "no command given"), (("party",), "party"), (("--bogus",), "bogus"), (("-x",), "x")],
)
def test_without_a_valid_command_the_usage_is_printed_and_the_status_is_1(
    argv: tuple[str, ...], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    message, out = status(capsys, *argv)
    assert isinstance(message, str)  # on standard error, with status 1
    assert message.startswith("Usage: chatd COMMAND")
    assert why in message.splitlines()[-1]
    assert out == ""


@pytest.mark.parametrize(
    ("typed", "meant"), [("servr", "server"), ("serve", "server"), ("Client", "client")]
)
def test_the_command_that_was_probably_meant_is_named(
    typed: str, meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    message, _ = status(capsys, typed, "--id", "party")
    assert str(message).endswith(f"\nchatd: there is no command {typed!r}; did you mean {meant}?")


def test_no_command_is_named_that_has_nothing_of_what_was_typed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    message, _ = status(capsys, "xyz")
    assert str(message).endswith("\nchatd: there is no command 'xyz'")


def test_the_option_that_was_probably_meant_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    message, _ = status(capsys, "client", "--nikname", "ice")
    assert message == (
        "chatd client: option --nikname not recognized; did you mean --nickname? See --help"
    )


def test_help_lists_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    code, out = status(capsys, "--help")
    assert not code
    for command, _, description in COMMANDS:
        assert command in out
        assert description in out


def test_version_shows_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert status(capsys, "--version") == (0, f"chatd {chatd.__version__}\n")


@pytest.mark.parametrize("command", [command for command, _, _ in COMMANDS])
def test_each_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = status(capsys, command, "--help")
    assert not code
    assert f"chatd {command} [options]" in out.splitlines()[0]
    assert status(capsys, command, "-h") == (code, out)


@pytest.mark.parametrize("command", command_lines.COMMANDS)
def test_a_bad_value_ends_a_command_before_it_starts(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    message, out = status(capsys, command, "--ifaddrs", "127.0.0.1/x")
    assert isinstance(message, str)
    assert "--ifaddrs: '127.0.0.1/x' is not an address with its prefix" in message
    assert len(message.splitlines()) == 1
    assert out == ""
