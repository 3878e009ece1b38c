"""Whether a password is right, and how often one may be wrong."""

import unicodedata
from pathlib import Path
from typing import Any, Literal

import pytest
from argon2 import PasswordHasher
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from chatd.accounts.authenticator import FailedAttempts
from chatd.accounts.hashing import Argon2Hasher
from chatd.chat import limits
from chatd.chat.commands import Authenticate
from chatd.chat.errors import Blocked, Refusal, TooManyAttempts, WrongPassword
from tests.server.vault import CHEAP, Vault


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    """Ice, whose password is cold, and moon, who is blocked."""
    return Vault(tmp_path / "accounts", {"Ice": "cold", "moon": "full"}, blocked=("moon",))


@pytest.mark.parametrize("account", ["Ice", "ice", "ICE", "\uff29ce"])
def test_the_right_password_gives_the_name_as_it_is_stored(vault: Vault, account: str) -> None:
    assert vault.ask(account, "cold") == ["Ice"]


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
def test_anything_else_is_refused(
    vault: Vault, account: str, password: str, refusal: type[Refusal]
) -> None:
    assert vault.ask(account, password) == [refusal]


def test_a_password_is_the_same_however_the_keyboard_composes_it(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "accounts", {"ice": "caf\u00e9"})
    assert vault.ask("ice", unicodedata.normalize("NFD", "caf\u00e9")) == ["ice"]


def test_what_is_too_long_to_be_a_password_is_compared_as_it_is() -> None:
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


def test_an_unknown_account_costs_a_hash_as_a_known_one_does(vault: Vault) -> None:
    vault.ask("sun", "cold")
    assert vault.hashes == 1
    vault.ask("ice", "warm")
    assert vault.hashes == 2


def test_a_blocked_account_costs_no_hash(vault: Vault) -> None:
    vault.ask("moon", "full")
    assert vault.hashes == 0


# --- how often ----------------------------------------------------------------------------------


def test_a_wrong_password_a_hundred_times_is_hashed_five_times(vault: Vault) -> None:
    came = [answer for _ in range(100) for answer in vault.ask("ice", "warm")]
    assert came == [WrongPassword] * 5 + [TooManyAttempts] * 95
    assert vault.hashes == 5


def test_a_hundred_wrong_passwords_at_once_are_hashed_no_oftener(vault: Vault) -> None:
    vault.is_held = True
    answers = [vault.ask("ice", f"warm {number}") for number in range(100)]
    while vault.under_way:
        assert vault.under_way == 1
        vault.finish()
    came = [answer for [answer] in answers]
    assert came.count(WrongPassword) == vault.hashes == 5
    assert came.count(TooManyAttempts) == 95


def test_the_right_password_is_refused_too_while_one_has_to_wait(vault: Vault) -> None:
    for _ in range(5):
        vault.ask("ice", "warm")
    assert vault.ask("ice", "cold") == [TooManyAttempts]
    vault.clock.advance(limits.ADDRESS_ATTEMPT_SECONDS)
    assert vault.ask("ice", "cold") == ["Ice"]


def test_after_a_burst_there_is_one_try_each_ten_seconds(vault: Vault) -> None:
    for _ in range(5):
        vault.ask("ice", "warm")
    for _ in range(3):
        vault.clock.advance(9)
        assert vault.ask("ice", "warm") == [TooManyAttempts]
        vault.clock.advance(1)
        assert vault.ask("ice", "warm") == [WrongPassword]


def test_trying_too_early_does_not_make_the_wait_longer(vault: Vault) -> None:
    for _ in range(5):
        vault.ask("ice", "warm")
    for _ in range(9):
        vault.clock.advance(1)
        assert vault.ask("ice", "cold") == [TooManyAttempts]
    vault.clock.advance(1)
    assert vault.ask("ice", "cold") == ["Ice"]


def test_right_passwords_are_never_too_many(vault: Vault) -> None:
    assert [vault.ask("ice", "cold") for _ in range(100)] == [["Ice"]] * 100


def test_an_address_is_limited_whatever_the_account_and_the_port(vault: Vault) -> None:
    for number in range(5):
        vault.ask(f"name-{number}", "warm", f"10.0.0.1:{50_000 + number}")
    assert vault.ask("ice", "cold", "10.0.0.1:60000") == [TooManyAttempts]
    assert vault.ask("ice", "cold", "10.0.0.2:60000") == ["Ice"]


def test_an_account_is_limited_whatever_the_address(vault: Vault) -> None:
    hosts = range(limits.ACCOUNT_WRONG_PASSWORDS)
    assert [vault.ask("ice", "warm", f"10.0.0.{host}:1") for host in hosts] == [
        [WrongPassword] for _ in hosts
    ]
    assert vault.ask("ICE", "cold", "10.0.1.1:1") == [TooManyAttempts]
    assert vault.ask("sun", "cold", "10.0.1.1:1") == [WrongPassword]
    vault.clock.advance(limits.ACCOUNT_ATTEMPT_SECONDS)
    assert vault.ask("ICE", "cold", "10.0.1.1:1") == ["Ice"]


def test_somebody_at_one_address_cannot_shut_an_account_s_owner_out(vault: Vault) -> None:
    for _ in range(600):
        vault.clock.advance(1)
        vault.ask("ice", "warm", "10.0.0.66:1")
        assert vault.ask("ice", "cold", "10.0.0.1:1") == ["Ice"]


def test_so_many_addresses_are_remembered_and_the_oldest_is_forgotten_first() -> None:
    attempts = FailedAttempts(Clock(), burst=1, seconds=10, max_keys=2)
    for key in ("a", "b", "a", "c"):
        attempts.record_failure(key)
    assert [key for key in "abc" if attempts.is_throttled(key)] == ["a", "c"]


def test_one_password_is_checked_at_a_time_and_so_many_may_wait(vault: Vault) -> None:
    vault.is_held = True
    hosts = (limits.WAITING_PASSWORDS + 1) // limits.ADDRESS_WAITING_PASSWORDS + 1
    addresses = [f"10.0.1.{host}:1" for host in range(hosts)] * limits.ADDRESS_WAITING_PASSWORDS
    answers = [
        vault.ask("ice", "cold", address) for address in addresses[: limits.WAITING_PASSWORDS + 1]
    ]
    assert vault.under_way == 1
    assert vault.ask("ice", "cold", "10.0.0.2:1") == [TooManyAttempts]
    while vault.under_way:
        assert vault.under_way == 1
        vault.finish()
    assert answers == [["Ice"]] * len(answers)


def test_one_address_does_not_fill_the_queue(vault: Vault) -> None:
    vault.is_held = True
    for _ in range(limits.ADDRESS_WAITING_PASSWORDS):
        vault.ask("ice", "cold", "10.0.0.1:1")
    assert vault.ask("ice", "cold", "10.0.0.1:2") == [TooManyAttempts]
    answer = vault.ask("ice", "cold", "10.0.0.2:1")
    while vault.under_way:
        vault.finish()
    assert answer == ["Ice"]


def test_a_check_that_breaks_lets_the_next_one_have_its_turn(vault: Vault) -> None:
    failures: list[Any] = []

    def broken(check: object) -> Deferred[bool]:
        raise RuntimeError("broken")

    working, vault.checker.in_thread = vault.checker.in_thread, broken
    checked = vault.guard.check_password(Authenticate("ice", "cold"), "10.0.0.1:1")
    checked.addErrback(lambda failure: failures.append(failure.value))
    assert [str(each) for each in failures] == ["broken"]
    vault.checker.in_thread = working
    assert vault.ask("ice", "cold") == ["Ice"]
