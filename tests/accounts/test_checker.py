"""The credentials checker: threads, changes of the file, and Twisted's cred."""

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


@pytest.mark.parametrize("content", [None, "rubbish"])
def test_a_file_that_became_invalid_is_logged_once_and_the_accounts_stay(
    accounts: AccountsFixture, content: str | None
) -> None:
    if content is None:
        accounts.path.unlink()
    else:
        accounts.path.write_text(content)
    with log_lines() as lines:
        assert accounts.ask("ice", "cold") == ["Ice"]
        assert accounts.ask("ice", "cold") == ["Ice"]
    [line] = lines
    assert str(accounts.path) in line
    assert accounts.blocked_by_key == {"ice": False, "moon": True}
    accounts.path.unlink(missing_ok=True)
    fill(accounts.path, {"sun": "hot"})
    assert accounts.ask("sun", "hot") == ["sun"]


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
