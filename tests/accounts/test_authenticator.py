"""Checking passwords, and throttling after wrong ones."""

import unicodedata
from pathlib import Path
from typing import Any, Literal

import pytest
from argon2 import PasswordHasher
from argon2.exceptions import HashingError, InvalidHashError, VerificationError
from twisted.internet.defer import CancelledError, Deferred, fail

from chatd.accounts.hashing import Argon2Hasher
from chatd.chat import limits
from chatd.chat.commands import Authenticate
from chatd.chat.errors import Blocked, Refusal, TooManyAttempts, WrongPassword
from tests.accounts.accounts_fixture import CHEAP, AccountsFixture
from tests.fakes import log_lines


@pytest.fixture
def accounts(tmp_path: Path) -> AccountsFixture:
    """Ice, whose password is cold, and moon, who is blocked."""
    return AccountsFixture(
        tmp_path / "accounts", {"Ice": "cold", "moon": "full"}, blocked=("moon",)
    )


@pytest.mark.parametrize("account", ["Ice", "ice", "ICE", "\uff29ce"])
def test_the_right_password_gives_the_name_as_it_is_stored(
    accounts: AccountsFixture, account: str
) -> None:
    assert accounts.ask(account, "cold") == ["Ice"]


@pytest.mark.parametrize(
    ("account", "password", "refusal"),
    [
        ("Ice", "warm", WrongPassword),
        ("Ice", "", WrongPassword),
        ("Ice", "Cold", WrongPassword),
        ("Ice", "cold ", WrongPassword),
        ("Ice", "x" * 60_000, WrongPassword),
        ("Ice", "\ud800", WrongPassword),
        ("sun", "cold", WrongPassword),
        ("", "cold", WrongPassword),
        ("x" * 26, "cold", WrongPassword),
        ("#lobby", "cold", WrongPassword),
        ("\ud800", "cold", WrongPassword),
        ("moon", "full", Blocked),
        ("MOON", "wrong", Blocked),
    ],
)
def test_any_other_password_or_account_is_refused(
    accounts: AccountsFixture, account: str, password: str, refusal: type[Refusal]
) -> None:
    assert accounts.ask(account, password) == [refusal]


@pytest.mark.parametrize("password", ["caf\u00e9", "\u00e9" * 128, "\u1f82" * 128])
def test_a_password_is_the_same_however_the_keyboard_composes_it(
    tmp_path: Path, password: str
) -> None:
    accounts = AccountsFixture(tmp_path / "accounts", {"ice": password})
    assert accounts.ask("ice", unicodedata.normalize("NFD", password)) == ["ice"]


def test_a_password_that_is_too_long_is_compared_as_it_is() -> None:
    """Normalising 60,000 marks would hold up everyone for a second."""
    compared: list[bytes] = []

    class Hasher(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002  # its name
            assert isinstance(password, bytes)
            compared.append(password)
            return super().verify(hash, password)

    passwords = Argon2Hasher(Hasher())
    pile = ("\u0301\u0316" * 15_000).encode()
    assert not passwords.verify(CHEAP.hash("cold"), pile)
    assert compared == [pile]


def test_an_unknown_account_costs_a_hash_as_a_known_one_does(accounts: AccountsFixture) -> None:
    accounts.ask("sun", "cold")
    assert accounts.hashes == 1
    accounts.ask("ice", "warm")
    assert accounts.hashes == 2


def test_a_blocked_account_costs_no_hash(accounts: AccountsFixture) -> None:
    accounts.ask("moon", "full")
    assert accounts.hashes == 0


# --- how often ----------------------------------------------------------------------------------


def test_a_wrong_password_a_hundred_times_is_hashed_five_times(accounts: AccountsFixture) -> None:
    came = [answer for _ in range(100) for answer in accounts.ask("ice", "warm")]
    assert came == [WrongPassword] * 5 + [TooManyAttempts] * 95
    assert accounts.hashes == 5


def test_a_hundred_wrong_passwords_at_once_are_hashed_five_times(accounts: AccountsFixture) -> None:
    accounts.is_paused = True
    answers = [accounts.ask("ice", f"warm {number}") for number in range(100)]
    while accounts.running_checks:
        assert accounts.running_checks == 1
        accounts.finish()
    came = [answer for [answer] in answers]
    assert came.count(WrongPassword) == accounts.hashes == 5
    assert came.count(TooManyAttempts) == 95


def test_the_right_password_is_refused_as_well_while_an_address_is_throttled(
    accounts: AccountsFixture,
) -> None:
    for _ in range(5):
        accounts.ask("ice", "warm")
    assert accounts.ask("ice", "cold") == [TooManyAttempts]
    accounts.clock.advance(limits.ADDRESS_ATTEMPT_SECONDS)
    assert accounts.ask("ice", "cold") == ["Ice"]


def test_after_a_burst_there_is_one_attempt_every_ten_seconds(accounts: AccountsFixture) -> None:
    for _ in range(5):
        accounts.ask("ice", "warm")
    for _ in range(3):
        accounts.clock.advance(9)
        assert accounts.ask("ice", "warm") == [TooManyAttempts]
        accounts.clock.advance(1)
        assert accounts.ask("ice", "warm") == [WrongPassword]


def test_trying_too_early_does_not_make_the_wait_longer(accounts: AccountsFixture) -> None:
    for _ in range(5):
        accounts.ask("ice", "warm")
    for _ in range(9):
        accounts.clock.advance(1)
        assert accounts.ask("ice", "cold") == [TooManyAttempts]
    accounts.clock.advance(1)
    assert accounts.ask("ice", "cold") == ["Ice"]


def test_right_passwords_are_not_limited(accounts: AccountsFixture) -> None:
    assert [accounts.ask("ice", "cold") for _ in range(100)] == [["Ice"]] * 100


def test_an_address_is_limited_whatever_the_account_and_the_port(accounts: AccountsFixture) -> None:
    for number in range(5):
        accounts.ask(f"name-{number}", "warm", f"10.0.0.1:{50_000 + number}")
    assert accounts.ask("ice", "cold", "10.0.0.1:60000") == [TooManyAttempts]
    assert accounts.ask("ice", "cold", "10.0.0.2:60000") == ["Ice"]


def test_an_account_is_limited_whatever_the_address(accounts: AccountsFixture) -> None:
    hosts = range(limits.ACCOUNT_WRONG_PASSWORDS)
    assert [accounts.ask("ice", "warm", f"10.0.0.{host}:1") for host in hosts] == [
        [WrongPassword] for _ in hosts
    ]
    assert accounts.ask("ICE", "cold", "10.0.1.1:1") == [TooManyAttempts]
    assert accounts.ask("sun", "cold", "10.0.1.1:1") == [WrongPassword]
    accounts.clock.advance(limits.ACCOUNT_ATTEMPT_SECONDS)
    assert accounts.ask("ICE", "cold", "10.0.1.1:1") == ["Ice"]


def test_an_attacker_at_one_address_cannot_lock_an_account_s_owner_out(
    accounts: AccountsFixture,
) -> None:
    for _ in range(600):
        accounts.clock.advance(1)
        accounts.ask("ice", "warm", "10.0.0.66:1")
        assert accounts.ask("ice", "cold", "10.0.0.1:1") == ["Ice"]


def test_one_password_is_checked_at_a_time_and_a_bounded_number_waits(
    accounts: AccountsFixture,
) -> None:
    accounts.is_paused = True
    hosts = (limits.WAITING_PASSWORDS + 1) // limits.ADDRESS_WAITING_PASSWORDS + 1
    addresses = [f"10.0.1.{host}:1" for host in range(hosts)] * limits.ADDRESS_WAITING_PASSWORDS
    answers = [
        accounts.ask("ice", "cold", address)
        for address in addresses[: limits.WAITING_PASSWORDS + 1]
    ]
    assert accounts.running_checks == 1
    assert accounts.ask("ice", "cold", "10.0.0.2:1") == [TooManyAttempts]
    while accounts.running_checks:
        assert accounts.running_checks == 1
        accounts.finish()
    assert answers == [["Ice"]] * len(answers)


def test_one_address_does_not_fill_the_queue(accounts: AccountsFixture) -> None:
    accounts.is_paused = True
    for _ in range(limits.ADDRESS_WAITING_PASSWORDS):
        accounts.ask("ice", "cold", "10.0.0.1:1")
    assert accounts.ask("ice", "cold", "10.0.0.1:2") == [TooManyAttempts]
    answer = accounts.ask("ice", "cold", "10.0.0.2:1")
    while accounts.running_checks:
        accounts.finish()
    assert answer == ["Ice"]


# --- clients that leave meanwhile ---------------------------------------------------------------


def asking(accounts: AccountsFixture, password: str, address: str) -> Deferred[str]:
    """Ask, and keep the answer, which a client that disconnects cancels."""
    asked = accounts.authenticator.check_password(Authenticate("ice", password), address)
    return asked.addErrback(lambda failure: failure.trap(CancelledError, Refusal).__name__)


def test_there_is_never_more_than_one_hash_however_many_clients_leave_meanwhile(
    accounts: AccountsFixture,
) -> None:
    accounts.is_paused = True
    for number in range(86):
        asking(accounts, "warm", f"10.0.0.{number}:1").cancel()
        assert accounts.running_checks == 1
    accounts.finish()
    assert accounts.running_checks == 0
    assert accounts.hashes == 1


def test_a_client_that_leaves_before_the_answer_is_counted_all_the_same(
    accounts: AccountsFixture,
) -> None:
    with log_lines() as lines:
        for _ in range(20):
            accounts.is_paused = True
            asked = asking(accounts, "warm", "10.0.0.1:1")
            asked.cancel()
            accounts.is_paused = False
            if accounts.running_checks:
                accounts.finish()
    assert accounts.hashes == limits.ADDRESS_WRONG_PASSWORDS
    assert lines == ["wrong password from 10.0.0.1 for Ice"] * limits.ADDRESS_WRONG_PASSWORDS
    assert accounts.ask("ice", "cold", "10.0.0.1:1") == [TooManyAttempts]


def test_an_attempt_counts_from_its_beginning(accounts: AccountsFixture) -> None:
    for _ in range(limits.ADDRESS_WRONG_PASSWORDS - 1):
        accounts.ask("ice", "warm", "10.0.0.1:1")
    accounts.is_paused = True
    asking(accounts, "warm", "10.0.0.1:1").cancel()
    assert accounts.ask("ice", "cold", "10.0.0.1:2") == [TooManyAttempts]
    accounts.finish()


def test_a_right_password_whose_client_has_left_counts_as_right(accounts: AccountsFixture) -> None:
    for _ in range(20):
        accounts.is_paused = True
        asking(accounts, "cold", "10.0.0.1:1").cancel()
        accounts.is_paused = False
        accounts.finish()
    assert accounts.ask("ice", "cold", "10.0.0.1:1") == ["Ice"]


def test_a_client_that_leaves_while_its_password_waits_makes_room_for_another_at_once(
    accounts: AccountsFixture,
) -> None:
    accounts.is_paused = True
    waiting = [
        asking(accounts, "cold", "10.0.0.1:1") for _ in range(limits.ADDRESS_WAITING_PASSWORDS)
    ]
    assert accounts.ask("ice", "cold", "10.0.0.1:1") == [TooManyAttempts]
    waiting.pop().cancel()
    answer = accounts.ask("ice", "cold", "10.0.0.1:1")
    while accounts.running_checks:
        accounts.finish()
    assert answer == ["Ice"]
    assert accounts.hashes == limits.ADDRESS_WAITING_PASSWORDS


def test_a_running_hash_counts_for_its_address_though_its_client_has_left(
    accounts: AccountsFixture,
) -> None:
    accounts.is_paused = True
    for _ in range(limits.ADDRESS_WAITING_PASSWORDS):
        asking(accounts, "cold", "10.0.0.1:1")
    asking(accounts, "cold", "10.0.0.2:1").cancel()
    assert accounts.ask("ice", "cold", "10.0.0.1:1") == [TooManyAttempts]
    while accounts.running_checks:
        accounts.finish()


# --- when the check itself fails ----------------------------------------------------------------


@pytest.mark.parametrize(
    "failure",
    [
        MemoryError(),
        RuntimeError("can't start new thread"),
        HashingError("Memory allocation error"),
        VerificationError("Threading failure"),
        InvalidHashError(),
    ],
)
@pytest.mark.parametrize("is_synchronous", [True, False])
def test_a_check_that_fails_is_no_wrong_password_and_does_not_block_the_next_one(
    accounts: AccountsFixture, failure: Exception, is_synchronous: bool
) -> None:
    failures: list[Any] = []

    def broken(check: object) -> Deferred[bool]:
        if is_synchronous:
            raise failure
        return fail(failure)

    working, accounts.checker.in_thread = accounts.checker.in_thread, broken
    with log_lines() as lines:
        for _ in range(2 * limits.ADDRESS_WRONG_PASSWORDS):
            checked = accounts.authenticator.check_password(
                Authenticate("ice", "cold"), "10.0.0.1:1"
            )
            checked.addErrback(lambda failed: failures.append(failed.value))
    assert failures == [failure] * 2 * limits.ADDRESS_WRONG_PASSWORDS
    assert lines == []
    accounts.checker.in_thread = working
    assert accounts.ask("ice", "cold", "10.0.0.1:1") == ["Ice"]


@pytest.mark.parametrize("error", [VerificationError("Memory allocation error"), MemoryError()])
def test_only_a_mismatch_is_a_wrong_password(error: Exception) -> None:
    class Hasher(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002  # its name
            raise error

    with pytest.raises(type(error)):
        Argon2Hasher(Hasher()).verify(CHEAP.hash("cold"), b"cold")
    with pytest.raises(InvalidHashError):
        Argon2Hasher(CHEAP).verify("rubbish", b"cold")
    assert not Argon2Hasher(CHEAP).verify(CHEAP.hash("cold"), b"warm")


def test_a_wrong_password_is_told_to_the_other_nodes_and_a_right_one_is_not(
    accounts: AccountsFixture,
) -> None:
    told: list[tuple[str, str]] = []
    accounts.authenticator.on_wrong_password = lambda host, account: told.append((host, account))
    accounts.ask("ICE", "warm", "10.35.11.112:50000")
    accounts.ask("nobody", "warm", "10.35.11.112:50000")
    accounts.ask("Ice", "cold", "10.35.11.112:50000")
    accounts.ask("moon", "full", "10.35.11.112:50000")
    assert told == [("10.35.11.112", "ice"), ("10.35.11.112", "")]


def test_wrong_passwords_on_another_node_throttle_the_address_and_the_account_here(
    accounts: AccountsFixture,
) -> None:
    for _ in range(limits.ADDRESS_WRONG_PASSWORDS):
        accounts.authenticator.count_wrong_password("10.35.11.112", "")
    assert accounts.ask("Ice", "cold", "10.35.11.112:50000") == [TooManyAttempts]
    assert accounts.ask("Ice", "cold", "10.35.11.113:50000") == ["Ice"]
    for _ in range(limits.ACCOUNT_WRONG_PASSWORDS):
        accounts.authenticator.count_wrong_password("", "ice")
    assert accounts.ask("Ice", "cold", "10.35.11.113:50000") == [TooManyAttempts]
    accounts.clock.advance(limits.ACCOUNT_ATTEMPT_SECONDS)
    assert accounts.ask("Ice", "cold", "10.35.11.113:50000") == ["Ice"]


def test_attempts_on_all_nodes_share_one_rate(accounts: AccountsFixture) -> None:
    for _ in range(3):
        accounts.authenticator.count_wrong_password("10.35.11.112", "")
    assert accounts.ask("Ice", "warm", "10.35.11.112:50000") == [WrongPassword]
    assert accounts.ask("Ice", "warm", "10.35.11.112:50000") == [WrongPassword]
    assert accounts.ask("Ice", "warm", "10.35.11.112:50000") == [TooManyAttempts]
