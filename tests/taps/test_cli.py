"""``chatd`` itself: its roles, and what it says to a person who names none."""

import pytest

import chatd
from chatd.cli import COMMANDS, main


def status(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[object, str]:
    """What `chatd` exits with when these arguments end it early, and what it printed."""
    with pytest.raises(SystemExit) as ended:
        main(argv)
    return ended.value.code, capsys.readouterr().out


@pytest.mark.parametrize(
    ("argv", "why"),
    [((), "no command given"), (("party",), "party"), (("--bogus",), "bogus"), (("-x",), "x")],
)
def test_no_role_or_a_wrong_one_prints_the_usage_and_fails(
    argv: tuple[str, ...], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told, out = status(capsys, *argv)
    assert isinstance(told, str)  # on standard error, with status 1
    assert told.startswith("Usage: chatd COMMAND")
    assert why in told.splitlines()[-1]
    assert out == ""


def test_help_lists_the_roles(capsys: pytest.CaptureFixture[str]) -> None:
    code, out = status(capsys, "--help")
    assert not code
    for role, _, does in COMMANDS:
        assert role in out
        assert does in out


def test_version_shows_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert status(capsys, "--version") == (0, f"chatd {chatd.__version__}\n")


@pytest.mark.parametrize("role", [role for role, _, _ in COMMANDS])
def test_each_role_explains_itself(role: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = status(capsys, role, "--help")
    assert not code
    assert f"{role} [options]" in out.splitlines()[0]


@pytest.mark.parametrize("role", [role for role, _, _ in COMMANDS if role != "account"])
def test_a_bad_value_ends_a_role_before_it_begins(
    role: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told, out = status(capsys, role, "--ifaddrs", "127.0.0.1")
    assert isinstance(told, str)
    assert "--ifaddrs: '127.0.0.1' has no prefix" in told
    assert len(told.splitlines()) == 1
    assert out == ""
