"""The credentials checker: threads, changes of the file, and Twisted's cred."""

import os
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import get_ident
from typing import Any

import pytest
from twisted.cred.credentials import UsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.internet.task import Clock

from chatd.accounts.authenticator import Authenticator
from chatd.accounts.checker import AccountsChecker
from chatd.chat import limits
from chatd.chat.commands import Authenticate
from chatd.chat.errors import Blocked, WrongPassword
from tests.accounts.accounts_fixture import AccountsFixture, CountingHasher, fill
from tests.fakes import log_lines, on_reactor


@pytest.fixture
def accounts(tmp_path: Path) -> AccountsFixture:
    """Ice, whose password is cold, and moon, who is blocked."""
    return AccountsFixture(
        tmp_path / "accounts", {"Ice": "cold", "moon": "full"}, blocked=("moon",)
    )


@on_reactor
async def test_hashes_are_made_off_the_reactor_s_thread() -> None:
    with TemporaryDirectory() as directory:
        passwords = CountingHasher()
        checker = AccountsChecker(fill(Path(directory) / "accounts", {"ice": "cold"}), passwords)
    guard = Authenticator(checker, Clock(), lambda known: None)
    assert await guard.check_password(Authenticate("ice", "cold"), "10.0.0.1:1") == "ice"
    for account in ("ice", "sun"):
        with pytest.raises(WrongPassword):
            await guard.check_password(Authenticate(account, "warm"), "10.0.0.1:1")
    assert len(passwords.threads) == 3
    assert get_ident() not in passwords.threads


# --- as cred knows it ---------------------------------------------------------------------------


def test_cred_is_given_the_account_s_name(accounts: AccountsFixture) -> None:
    names: list[bytes | tuple[()]] = []
    accounts.checker.requestAvatarId(UsernamePassword(b"ice", b"cold")).addCallback(names.append)
    assert names == [b"Ice"]


@pytest.mark.parametrize(
    ("account", "password"),
    [(b"ice", b"warm"), (b"sun", b"cold"), (b"moon", b"full"), (b"\xff", b"\xff"), (b"ice", b"")],
)
def test_any_other_credentials_are_unauthorized_for_cred(
    accounts: AccountsFixture, account: bytes, password: bytes
) -> None:
    asked = accounts.checker.requestAvatarId(UsernamePassword(account, password))
    failures: list[Any] = []
    asked.addErrback(failures.append)
    assert [failure.type for failure in failures] == [UnauthorizedLogin]


# --- changes and the log ------------------------------------------------------------------------


def test_the_chat_knows_the_accounts_from_the_start(accounts: AccountsFixture) -> None:
    assert accounts.blocked_by_key == {"ice": False, "moon": True}


def test_a_change_of_the_file_is_noticed_soon(accounts: AccountsFixture) -> None:
    accounts.authenticator.startService()
    fill(accounts.path, {"sun": "hot", "Ice": "cold"}, blocked=("Ice",))
    accounts.clock.advance(limits.PASSWORD_FILE_SECONDS)
    assert accounts.blocked_by_key == {"sun": False, "ice": True}
    accounts.authenticator.stopService()
    accounts.authenticator.stopService()
    assert not accounts.clock.getDelayedCalls()


def test_a_change_of_the_file_is_noticed_at_once_when_a_password_is_checked(
    accounts: AccountsFixture,
) -> None:
    fill(accounts.path, {"sun": "hot"})
    assert accounts.ask("sun", "hot") == ["sun"]
    assert accounts.ask("ice", "cold") == [WrongPassword]
    assert accounts.blocked_by_key == {"sun": False}


def test_an_account_that_is_blocked_while_its_password_waits_is_blocked(
    accounts: AccountsFixture,
) -> None:
    accounts.is_paused = True
    first, second = accounts.ask("ice", "cold"), accounts.ask("ice", "cold")
    fill(accounts.path, {"ice": "cold"}, blocked=("ice",))
    assert accounts.ask("ice", "cold") == [Blocked]
    accounts.finish()
    assert (first, second) == (["Ice"], [Blocked])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def replace_by_directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def replace_by_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def replace_by_link_to_itself(path: Path) -> None:
    path.unlink()
    path.symlink_to(path)


def fill_with_nuls(path: Path) -> None:
    path.write_bytes(b"\0" * path.stat().st_size)


def append_nuls(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0" * 9)


def write_rubbish(path: Path) -> None:
    path.write_text("rubbish")


@pytest.mark.parametrize(
    "accident",
    [
        empty,
        Path.unlink,
        cut,
        replace_by_directory,
        replace_by_pipe,
        replace_by_link_to_itself,
        fill_with_nuls,
        append_nuls,
        write_rubbish,
    ],
)
def test_a_file_that_became_invalid_is_logged_once_and_the_accounts_stay(
    accounts: AccountsFixture, accident: Callable[[Path], None]
) -> None:
    content = accounts.path.read_bytes()
    accident(accounts.path)
    with log_lines() as lines:
        accounts.authenticator.startService()
        for _ in range(9):
            accounts.clock.advance(limits.PASSWORD_FILE_SECONDS)
        assert accounts.ask("ice", "cold") == ["Ice"]
    accounts.authenticator.stopService()
    [line] = lines
    assert line.startswith(str(accounts.path))
    assert line.endswith("; the accounts stay as they were")
    assert accounts.blocked_by_key == {"ice": False, "moon": True}
    if accounts.path.is_dir():
        accounts.path.rmdir()
    accounts.path.unlink(missing_ok=True)
    accounts.path.write_bytes(content)
    fill(accounts.path, {"sun": "hot"})
    assert accounts.ask("sun", "hot") == ["sun"]
    assert accounts.blocked_by_key == {"sun": False}


def test_a_file_that_cannot_be_read_for_a_while_is_read_once_that_is_over(
    accounts: AccountsFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No descriptor may be free, or a mode may be wrong, when the file has changed."""

    def no_descriptor(self: Path, mode: str) -> None:
        raise OSError(24, "Too many open files")

    fill(accounts.path, {"Ice": "cold", "moon": "full", "sun": "hot"}, blocked=("moon",))
    monkeypatch.setattr(Path, "open", no_descriptor)
    with log_lines() as lines:
        for _ in range(3):
            accounts.checker.refresh()
    assert lines == [
        f"{accounts.path} cannot be read: Too many open files; the accounts stay as they were"
    ]
    monkeypatch.undo()
    assert accounts.ask("sun", "hot") == ["sun"]


def test_a_file_that_is_back_unchanged_is_logged(accounts: AccountsFixture) -> None:
    away = accounts.path.with_name("away")
    away.mkdir()
    hidden = AccountsFixture(away / "accounts", {"Ice": "cold"})
    away.rename(accounts.path.with_name("elsewhere"))
    hidden.checker.refresh()
    accounts.path.with_name("elsewhere").rename(away)
    with log_lines() as lines:
        hidden.checker.refresh()
        hidden.checker.refresh()
    assert lines == [f"{hidden.path} can be read again"]


def test_an_account_that_the_file_has_lost_stays_and_the_log_names_it(
    accounts: AccountsFixture,
) -> None:
    first, second = accounts.path.read_text().splitlines(keepends=True)
    accounts.path.write_text(first)
    with log_lines() as lines:
        assert accounts.ask("moon", "full") == [Blocked]
        assert accounts.ask("ice", "cold") == ["Ice"]
    assert lines[0].endswith("has changed: 1 accounts")
    assert "no longer has 1 accounts that chatd account did not remove (moon)" in lines[1]
    assert "until the server is started again" in lines[1]
    assert len(lines) == 2
    accounts.path.write_text(second)
    assert accounts.ask("ice", "cold") == ["Ice"]
    assert accounts.blocked_by_key == {"ice": False, "moon": True}


def test_an_account_that_is_added_to_a_file_that_lost_others_counts_at_once(
    accounts: AccountsFixture,
) -> None:
    accounts.path.unlink()
    accounts.checker.refresh()
    fill(accounts.path, {"sun": "hot"})
    assert accounts.ask("sun", "hot") == ["sun"]
    assert accounts.blocked_by_key == {"ice": False, "moon": True, "sun": False}


def test_a_removed_account_is_free_at_once_and_so_is_the_last_one(
    accounts: AccountsFixture,
) -> None:
    fill(accounts.path, {"moon": "full"})
    with log_lines() as lines:
        accounts.checker.refresh()
        assert list(accounts.checker.accounts) == ["moon"]
        fill(accounts.path, {})
        accounts.checker.refresh()
    assert accounts.checker.accounts == {}
    assert [line.rpartition(": ")[2] for line in lines] == ["1 accounts", "0 accounts"]


@pytest.mark.parametrize(("count", "end"), [(10, "name8, name9)"), (11, "name8, name9, …)")])
def test_of_many_lost_accounts_the_log_names_ten(tmp_path: Path, count: int, end: str) -> None:
    accounts = AccountsFixture(tmp_path / "accounts", {f"name{n}": "cold" for n in range(count)})
    accounts.path.write_text("sun\tremoved\t-\n")
    with log_lines() as lines:
        accounts.checker.refresh()
    assert f"no longer has {count} accounts" in lines[1]
    assert end in lines[1]


def test_who_else_may_change_the_file_is_logged_at_the_start_and_when_that_changes(
    accounts: AccountsFixture,
) -> None:
    accounts.path.chmod(0o620)
    with log_lines() as lines:
        accounts.authenticator.startService()
        accounts.clock.advance(limits.PASSWORD_FILE_SECONDS)
        accounts.path.chmod(0o602)
        accounts.clock.advance(limits.PASSWORD_FILE_SECONDS)
        accounts.authenticator.stopService()
    warnings = [line for line in lines if "can be written" in line]
    assert len(warnings) == 2
    assert "by its group" in warnings[0]
    assert "by anyone" in warnings[1]


def test_a_wrong_password_is_logged_without_the_password(accounts: AccountsFixture) -> None:
    with log_lines() as lines:
        accounts.ask("ice", "s3cret", "10.0.0.1:1")
        accounts.ask("s3cret", "", "10.0.0.2:1")
        accounts.ask("ice", "cold", "10.0.0.3:1")
        fill(accounts.path, {"ice": "s3cret"})
        accounts.ask("ice", "s3cret", "10.0.0.3:1")
    assert lines[:2] == [
        "wrong password from 10.0.0.1 for Ice",
        "wrong password from 10.0.0.2 for no account",
    ]
    assert not [line for line in lines if "s3cret" in line or "argon2" in line]


def test_a_password_is_not_in_the_repr_of_its_objects(accounts: AccountsFixture) -> None:
    assert "s3cret" not in repr(Authenticate("ice", "s3cret"))
    assert "cold" not in repr([accounts.checker, accounts.checker.accounts, accounts.authenticator])
