"""``--auth``: valid and invalid values, and the accounts of the server."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import get_ident
from typing import Any

import pytest
from twisted.cred import strcred
from twisted.internet import reactor as global_reactor
from twisted.internet.defer import Deferred

from chatd.accounts.checker import AccountsChecker, CheckerFactory
from chatd.accounts.password_file import PasswordFile
from chatd.chat import limits
from chatd.chat.commands import Authenticate
from chatd.chat.errors import Blocked
from chatd.server.service import ChatServer
from chatd.taps import server
from chatd.taps.server import add_accounts, make_server
from tests.accounts.accounts_fixture import CountingHasher, fill
from tests.fakes import FakeUdpReactor, on_reactor
from tests.taps.command_lines import COMMANDS, error_message, parse

BOTH_COMMANDS = pytest.mark.parametrize("command", ["server", "launch"])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A password file with two accounts: ice, and moon, which is blocked."""
    path = tmp_path / "accounts"
    fill(path, {"ice": "cold", "moon": "full"}, blocked=("moon",))
    return path


def server_with_accounts(path: Path, reactor: Any) -> ChatServer:
    """A server with the accounts in the file at `path`."""
    options = parse(server.Options(), f"--ifaddrs 127.0.0.1/8 --store none --auth chatd:{path}")
    return make_server(options, reactor)


@BOTH_COMMANDS
def test_the_accounts_are_read_with_the_options(command: str, path: Path) -> None:
    checker = parse(COMMANDS[command](), f"--auth chatd:{path}")["auth"]
    assert isinstance(checker, AccountsChecker)
    assert list(checker.accounts) == ["ice", "moon"]


def test_the_path_may_contain_a_colon(tmp_path: Path) -> None:
    fill(tmp_path / "a:b", {"ice": "cold"})
    options = parse(server.Options(), f"--auth chatd:{tmp_path}/a:b")
    assert list(options["auth"].accounts) == ["ice"]


@BOTH_COMMANDS
@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("file:/etc/passwd", "keeps passwords in the clear"),
        ("file", "keeps passwords in the clear"),
        ("file:/nowhere", "keeps passwords in the clear"),
        ("party:/nowhere", "is not chatd:PATH"),
        ("memory:ice:cold", "is not chatd:PATH"),
        ("anonymous", "is not chatd:PATH"),
        ("/etc/passwd", "is not chatd:PATH"),
        ("''", "is not chatd:PATH"),
        ("chatd", "has no path of a password file; use chatd:PATH"),
        ("chatd:", "has no path of a password file; use chatd:PATH"),
        ("chatd:/nowhere/at/all", "cannot be read: No such file or directory"),
        ("chatd:/", "cannot be read: Is a directory"),
    ],
)
def test_a_value_without_a_password_file_is_named_in_one_line(
    command: str, value: str, why: str
) -> None:
    message = error_message(command, f"--auth {value}")
    value = value.strip("'")
    assert f"--auth: {value!r} " in message
    assert why in message


@BOTH_COMMANDS
def test_an_invalid_password_file_and_its_first_bad_line_are_named_in_one_line(
    command: str, path: Path
) -> None:
    with path.open("a") as file:
        file.write("sun\tactive\tsecret\n")
    message = error_message(command, f"--auth chatd:{path}")
    assert (
        f"--auth: 'chatd:{path}' is not a password file: line 3 has no argon2 hash for sun"
        in message
    )
    assert "secret" not in message


@BOTH_COMMANDS
def test_an_empty_password_file_is_named_with_what_to_do(command: str, path: Path) -> None:
    path.write_bytes(b"")
    message = error_message(command, f"--auth chatd:{path}")
    assert "is empty, and chatd account never leaves it so: restore it from a backup" in message


@BOTH_COMMANDS
def test_without_argon2_the_error_says_what_to_install(
    command: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "chatd.accounts.hashing")
    monkeypatch.setitem(sys.modules, "argon2", None)
    message = error_message(command, f"--auth chatd:{path}")
    assert "needs argon2-cffi: pip install 'chatd[accounts]'" in message
    assert parse(COMMANDS[command](), "")["auth"] is None


def test_twisted_finds_the_checker_as_a_plugin() -> None:
    factory = strcred.findCheckerFactory("chatd")
    assert isinstance(factory, CheckerFactory)
    assert strcred.ICheckerFactory.providedBy(factory)
    assert "PATH" in factory.argStringFormat


def test_without_accounts_no_nickname_needs_a_password() -> None:
    options = parse(server.Options(), "--ifaddrs 127.0.0.1/8")
    made = make_server(options, FakeUdpReactor())
    assert made.chat.hub.accounts == {}


def test_a_running_server_notices_changed_accounts(path: Path) -> None:
    reactor = FakeUdpReactor()
    made = server_with_accounts(path, reactor)
    assert made.chat.hub.accounts == {"ice": False, "moon": True}
    made.startService()
    fill(path, {"sun": "hot"})
    reactor.advance(limits.PASSWORD_FILE_SECONDS)
    assert made.chat.hub.accounts == {"sun": False}
    made.stopService()
    assert not reactor.getDelayedCalls()


def test_a_server_that_never_started_can_be_stopped(path: Path) -> None:
    reactor = FakeUdpReactor()
    server_with_accounts(path, reactor).stopService()
    assert not reactor.getDelayedCalls()


def test_a_blocked_account_is_refused_by_the_server(path: Path) -> None:
    made = server_with_accounts(path, FakeUdpReactor())
    failures: list[Any] = []
    checked = made.chat.check_password(Authenticate("moon", "full"), "10.0.0.1:1")
    checked.addErrback(failures.append)
    assert [failure.type for failure in failures] == [Blocked]


@on_reactor
async def test_passwords_are_not_hashed_on_the_reactor_thread() -> None:
    passwords = CountingHasher()
    with TemporaryDirectory() as directory:
        file = Path(directory) / "accounts"
        fill(file, {"ice": "cold"})
        made = server_with_accounts(file, global_reactor)
        add_accounts(made, AccountsChecker(PasswordFile(file), passwords), global_reactor)
        checked: Deferred[str] = made.chat.check_password(Authenticate("ice", "cold"), "10.0.0.1:1")
        assert await checked == "ice"
    assert passwords.threads[0] != get_ident()
