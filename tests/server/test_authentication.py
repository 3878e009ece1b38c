"""Nicknames that need a password, in each dialect (docs/howto/accounts.rst)."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from twisted.internet.defer import Deferred, fail
from twisted.python.failure import Failure

from chatd.accounts.password_file import Accounts
from chatd.chat import limits
from chatd.server.lookups import Lookups
from tests.accounts.accounts_fixture import AccountsFixture, fill
from tests.server.harness import (
    Client,
    Harness,
    JimClient,
    connect_jim,
    connect_plain,
    drain_jim_queues,
    enter_jim,
    enter_silent_basic,
)


class AccountsHarness(Harness):
    """A harness where Ice needs the password cold, and moon is blocked."""

    def __init__(self, path: Path) -> None:
        super().__init__(flood=0)
        people = {"Ice": "cold", "moon": "full"}
        self.accounts = AccountsFixture(path, people, ("moon",), self.clock, self._know)
        self.chat.check_password = self.accounts.authenticator.check_password

    def _know(self, accounts: Accounts) -> None:
        self.chat.hub.accounts = {key: each.is_blocked for key, each in accounts.items()}

    def authenticate(self, client: Client, password: str, account: str = "ice") -> None:
        client.send("authenticate", {"account": account, "password": password})


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[AccountsHarness]:
    with AccountsHarness(tmp_path / "accounts") as harness:
        yield harness


def types(client: Client) -> list[str]:
    return [frame["type"] for frame in client.heard()]


# --- native -------------------------------------------------------------------------------------


def test_a_nickname_that_is_an_account_needs_its_password(harness: AccountsHarness) -> None:
    sun = harness.enter("sun")
    client = harness.connect()
    client.hello("ice")
    assert client.errors() == ["password-required"]
    harness.authenticate(client, "cold")
    [welcome] = client.heard_of("welcome")
    assert welcome["nickname"] == "Ice"
    assert sun.heard_of("entered") == [{"nickname": "Ice"}]


def test_a_wrong_password_is_refused_and_the_next_one_may_be_right(
    harness: AccountsHarness,
) -> None:
    client = harness.connect()
    client.hello("ice")
    harness.authenticate(client, "warm")
    assert client.errors() == ["password-required", "wrong-password"]
    harness.authenticate(client, "cold")
    assert types(client) == ["welcome"]


def test_a_nickname_that_is_no_account_needs_no_password(harness: AccountsHarness) -> None:
    assert harness.enter("sun").transport.connected


def test_a_wrong_password_a_hundred_times_ends_in_too_many_attempts(
    harness: AccountsHarness,
) -> None:
    client = harness.connect()
    client.hello("ice")
    for _ in range(100):
        harness.authenticate(client, "warm")
    errors = client.errors()[1:]
    assert errors == ["wrong-password"] * 5 + ["too-many-attempts"] * 95
    assert harness.accounts.hashes == 5


def test_renaming_to_an_account_needs_its_password_every_time(
    harness: AccountsHarness,
) -> None:
    sun, star = harness.enter_all("sun", "star")
    sun.send("set-name", {"nickname": "ICE"})
    assert sun.errors() == ["password-required"]
    harness.authenticate(sun, "cold")
    assert star.heard_of("renamed") == [{"old": "sun", "new": "Ice"}]
    sun.send("set-name", {"nickname": "rain"})
    assert star.heard_of("renamed") == [{"old": "Ice", "new": "rain"}]
    sun.heard()
    sun.send("set-name", {"nickname": "ice"})
    assert sun.errors() == ["password-required"]


def test_an_authenticated_member_may_change_the_case_of_its_nickname(
    harness: AccountsHarness,
) -> None:
    client = harness.connect()
    client.hello("ice")
    harness.authenticate(client, "cold")
    client.heard()
    client.send("set-name", {"nickname": "ICE"})
    assert client.errors() == []


@pytest.mark.parametrize("nickname", ["moon", "MOON"])
def test_a_blocked_account_may_not_be_used_with_or_without_its_password(
    harness: AccountsHarness, nickname: str
) -> None:
    client = harness.connect()
    client.hello(nickname)
    harness.authenticate(client, "full", nickname)
    assert client.errors() == ["blocked", "blocked"]


def test_an_account_that_is_online_is_taken_even_with_its_password(
    harness: AccountsHarness,
) -> None:
    first, second = harness.connect(), harness.connect()
    for client in (first, second):
        client.hello("ice")
        harness.authenticate(client, "cold")
    assert types(first) == ["error", "welcome"]
    assert second.errors() == ["nickname-taken", "nickname-taken"]


def test_nothing_else_is_read_while_a_password_is_checked(harness: AccountsHarness) -> None:
    harness.accounts.is_paused = True
    client = harness.connect()
    client.hello("ice")
    harness.authenticate(client, "cold")
    assert not client.is_read()
    harness.accounts.finish()
    assert client.is_read()


@pytest.mark.parametrize("password", ["cold", "warm"])
def test_a_client_that_disconnects_during_a_password_check_does_not_enter(
    harness: AccountsHarness, password: str
) -> None:
    sun = harness.enter("sun")
    harness.accounts.is_paused = True
    client = harness.connect()
    client.hello("ice")
    harness.authenticate(client, password)
    client.hang_up()
    harness.accounts.finish()
    assert sun.heard() == []
    assert harness.free == limits.SLOTS - 1


def test_an_account_that_is_not_connected_is_offline_and_others_are_unknown(
    harness: AccountsHarness,
) -> None:
    sun = harness.enter("sun")
    sun.send("private", {"text": "hello", "to": ["ice", "nobody"]})
    [refused] = sun.heard_of("error")
    assert refused["code"] == "not-reached"
    assert "offline" in refused["message"]
    assert "unknown" in refused["message"]


def test_an_account_that_is_added_while_the_server_runs_counts_at_the_next_hello(
    harness: AccountsHarness,
) -> None:
    harness.accounts.authenticator.startService()
    fill(harness.accounts.path, {"sun": "hot"})
    harness.clock.advance(limits.PASSWORD_FILE_SECONDS)
    harness.accounts.authenticator.stopService()
    client = harness.connect()
    client.hello("sun")
    assert client.errors() == ["password-required"]


class RecordingLog:
    """The log of a session, in which failures are expected."""

    def __init__(self) -> None:
        self.failures: list[tuple[str, Failure]] = []

    def failure(self, text: str, failure: Failure) -> None:
        self.failures.append((text, failure))


def without_memory(check: object) -> Deferred[bool]:
    return fail(MemoryError())


def test_a_password_that_cannot_be_checked_is_not_called_wrong_and_may_be_sent_again(
    harness: AccountsHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = RecordingLog()
    monkeypatch.setattr(Lookups, "log", log)
    working, harness.accounts.checker.in_thread = harness.accounts.checker.in_thread, without_memory
    client, messenger = harness.connect(), connect_jim(harness)
    client.hello("ice")
    tries = 2 * limits.ADDRESS_WRONG_PASSWORDS
    for _ in range(tries):
        harness.authenticate(client, "cold")
        messenger.ask("authenticate", user={"account_name": "ice", "password": "cold"})
    assert client.errors() == ["password-required", *["server-failed"] * tries]
    assert codes(harness, messenger) == [500] * tries
    assert len(log.failures) == 2 * tries
    assert "cold" not in "".join(failure.getTraceback() for _, failure in log.failures)
    harness.accounts.checker.in_thread = working
    harness.authenticate(client, "cold")
    assert "welcome" in types(client)


# --- JIM ----------------------------------------------------------------------------------------


def codes(harness: Harness, client: JimClient) -> list[int]:
    drain_jim_queues(harness)
    return client.codes()


@pytest.mark.parametrize(
    ("account", "password", "code"),
    [
        ("ice", "cold", 200),
        ("ice", "warm", 402),
        ("nobody", "cold", 402),
        ("x" * 26, "cold", 402),
        ("moon", "full", 403),
    ],
)
def test_a_jim_client_is_refused_with_a_response_code(
    harness: AccountsHarness, account: str, password: str, code: int
) -> None:
    client = connect_jim(harness)
    client.ask("authenticate", user={"account_name": account, "password": password})
    assert codes(harness, client) == [code]


def test_a_jim_client_whose_presence_names_an_account_must_authenticate(
    harness: AccountsHarness,
) -> None:
    client = connect_jim(harness)
    client.present("ice")
    client.ask("authenticate", user={"account_name": "ice", "password": "cold"})
    assert codes(harness, client) == [401, 200]


def test_a_login_that_is_connected_already_is_409(harness: AccountsHarness) -> None:
    for expected in (200, 409):
        client = connect_jim(harness)
        client.ask("authenticate", user={"account_name": "ice", "password": "cold"})
        assert codes(harness, client) == [expected]


def test_a_message_to_an_account_that_is_offline_is_410_and_to_nobody_404(
    harness: AccountsHarness,
) -> None:
    client = enter_jim(harness, "sun")
    client.ask("msg", to="ice", message="hello")
    client.ask("msg", to="nobody", message="hello")
    assert codes(harness, client) == [410, 404]


def test_too_many_wrong_passwords_are_402_and_the_connection_stays(
    harness: AccountsHarness,
) -> None:
    client = connect_jim(harness)
    client.present("sun" * 9)  # refused: somebody is there who may take a minute
    for _ in range(7):
        client.ask("authenticate", account_name="ice", password="warm")  # noqa: S106  # a wrong one
    assert codes(harness, client) == [400, *[402] * 7]
    assert harness.accounts.hashes == 5


def test_a_jim_client_is_not_disconnected_while_its_password_waits_to_be_checked(
    harness: AccountsHarness,
) -> None:
    harness.accounts.is_paused = True
    client = connect_jim(harness)
    client.ask("authenticate", user={"account_name": "ice", "password": "cold"})
    harness.clock.advance(limits.FIRST_LINE_TIMEOUT_SECONDS)
    harness.accounts.finish()
    assert codes(harness, client) == [200]
    assert not client.is_dropped()


# --- plain and basic ----------------------------------------------------------------------------


def test_a_plain_client_is_asked_for_the_password(harness: AccountsHarness) -> None:
    client = connect_plain(harness)
    client.type("ice", "warm", "", "ice", "warmer", "cold")
    shown = "\n".join(client.shown())
    assert shown.count("needs its password") == 2
    assert shown.count("Wrong account or password.") == 2
    assert "Wrong account or password." in shown
    assert "You are Ice on party." in shown


def test_a_basic_client_cannot_take_an_account_and_keeps_its_nickname(
    harness: AccountsHarness,
) -> None:
    client = enter_silent_basic(harness)
    client.send("set-name", "ice")
    assert "needs its password" in "\n".join(client.shown())
    sun = harness.enter("sun")
    client.say("hello")
    assert [said["source"] for said in sun.heard_of("message")] == [client.address]


def test_a_delayed_hello_is_welcomed_once_the_password_is_right(
    harness: AccountsHarness,
) -> None:
    client = harness.connect()
    harness.clock.advance(limits.DIALECT_DETECTION_MILLISECONDS / 1_000)
    client.heard()
    client.hello("ice")
    assert types(client) == ["error"]
    harness.authenticate(client, "cold")
    assert "welcome" in types(client)


def test_a_password_check_is_cancelled_when_its_client_disconnects(
    harness: AccountsHarness,
) -> None:
    harness.accounts.is_paused = True
    first, second = harness.connect(), harness.connect()
    for client in (first, second):
        client.hello("ice")
        harness.authenticate(client, "wrong")
    hashes = harness.accounts.hashes
    second.hang_up()
    while harness.accounts.running_checks:
        harness.accounts.finish()
    assert harness.accounts.hashes <= hashes + 1
