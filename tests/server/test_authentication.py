"""Nicknames that need a password, in the words of each dialect (SPEC §5 Accounts)."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from chatd.chat import limits
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
        self.chat.check_password = self.accounts.guard.check_password

    def _know(self, known: Mapping[str, bool]) -> None:
        self.chat.hub.accounts = known

    def authenticate(self, client: Client, password: str, account: str = "ice") -> None:
        client.send("authenticate", {"account": account, "password": password})


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[AccountsHarness]:
    with AccountsHarness(tmp_path / "accounts") as harness:
        yield harness


def types(client: Client) -> list[str]:
    return [frame["type"] for frame in client.heard()]


# --- native -------------------------------------------------------------------------------------


def test_a_nickname_that_is_an_account_needs_its_password(guarded: AccountsHarness) -> None:
    sun = guarded.enter("sun")
    client = guarded.connect()
    client.hello("ice")
    assert client.errors() == ["password-required"]
    guarded.authenticate(client, "cold")
    [welcome] = client.heard_of("welcome")
    assert welcome["nickname"] == "Ice"
    assert sun.heard_of("entered") == [{"nickname": "Ice"}]


def test_a_wrong_password_is_refused_and_the_next_one_may_be_right(
    guarded: AccountsHarness,
) -> None:
    client = guarded.connect()
    client.hello("ice")
    guarded.authenticate(client, "warm")
    assert client.errors() == ["password-required", "wrong-password"]
    guarded.authenticate(client, "cold")
    assert types(client) == ["welcome"]


def test_a_nickname_that_is_no_account_needs_no_password(guarded: AccountsHarness) -> None:
    assert guarded.enter("sun").transport.connected


def test_a_wrong_password_a_hundred_times_ends_in_too_many_attempts(
    guarded: AccountsHarness,
) -> None:
    client = guarded.connect()
    client.hello("ice")
    for _ in range(100):
        guarded.authenticate(client, "warm")
    errors = client.errors()[1:]
    assert errors == ["wrong-password"] * 5 + ["too-many-attempts"] * 95
    assert guarded.accounts.hashes == 5


def test_renaming_to_an_account_needs_its_password_every_time(
    guarded: AccountsHarness,
) -> None:
    sun, star = guarded.enter_all("sun", "star")
    sun.send("set-name", {"nickname": "ICE"})
    assert sun.errors() == ["password-required"]
    guarded.authenticate(sun, "cold")
    assert star.heard_of("renamed") == [{"old": "sun", "new": "Ice"}]
    sun.send("set-name", {"nickname": "rain"})
    assert star.heard_of("renamed") == [{"old": "Ice", "new": "rain"}]
    sun.heard()
    sun.send("set-name", {"nickname": "ice"})
    assert sun.errors() == ["password-required"]


def test_an_authenticated_member_may_change_the_case_of_its_nickname(
    guarded: AccountsHarness,
) -> None:
    client = guarded.connect()
    client.hello("ice")
    guarded.authenticate(client, "cold")
    client.heard()
    client.send("set-name", {"nickname": "ICE"})
    assert client.errors() == []


@pytest.mark.parametrize("nickname", ["moon", "MOON"])
def test_a_blocked_account_may_not_be_used_with_or_without_its_password(
    guarded: AccountsHarness, nickname: str
) -> None:
    client = guarded.connect()
    client.hello(nickname)
    guarded.authenticate(client, "full", nickname)
    assert client.errors() == ["blocked", "blocked"]


def test_an_account_that_is_online_is_taken_even_with_its_password(
    guarded: AccountsHarness,
) -> None:
    first, second = guarded.connect(), guarded.connect()
    for client in (first, second):
        client.hello("ice")
        guarded.authenticate(client, "cold")
    assert types(first) == ["error", "welcome"]
    assert second.errors() == ["nickname-taken", "nickname-taken"]


def test_nothing_else_is_read_while_a_password_is_checked(guarded: AccountsHarness) -> None:
    guarded.accounts.is_paused = True
    client = guarded.connect()
    client.hello("ice")
    guarded.authenticate(client, "cold")
    assert not client.is_read()
    guarded.accounts.finish()
    assert client.is_read()


@pytest.mark.parametrize("password", ["cold", "warm"])
def test_a_client_that_disconnects_during_a_password_check_does_not_enter(
    guarded: AccountsHarness, password: str
) -> None:
    sun = guarded.enter("sun")
    guarded.accounts.is_paused = True
    client = guarded.connect()
    client.hello("ice")
    guarded.authenticate(client, password)
    client.hang_up()
    guarded.accounts.finish()
    assert sun.heard() == []
    assert guarded.free == limits.SLOTS - 1


def test_an_account_that_is_not_connected_is_offline_and_others_are_unknown(
    guarded: AccountsHarness,
) -> None:
    sun = guarded.enter("sun")
    sun.send("private", {"text": "hello", "to": ["ice", "nobody"]})
    [refused] = sun.heard_of("error")
    assert refused["code"] == "not-reached"
    assert "offline" in refused["message"]
    assert "unknown" in refused["message"]


def test_an_account_that_is_added_while_the_server_runs_counts_at_the_next_hello(
    guarded: AccountsHarness,
) -> None:
    guarded.accounts.guard.startService()
    fill(guarded.accounts.path, {"sun": "hot"})
    guarded.clock.advance(limits.PASSWORD_FILE_SECONDS)
    guarded.accounts.guard.stopService()
    client = guarded.connect()
    client.hello("sun")
    assert client.errors() == ["password-required"]


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
    guarded: AccountsHarness, account: str, password: str, code: int
) -> None:
    client = connect_jim(guarded)
    client.ask("authenticate", user={"account_name": account, "password": password})
    assert codes(guarded, client) == [code]


def test_a_jim_client_whose_presence_names_an_account_must_authenticate(
    guarded: AccountsHarness,
) -> None:
    client = connect_jim(guarded)
    client.present("ice")
    client.ask("authenticate", user={"account_name": "ice", "password": "cold"})
    assert codes(guarded, client) == [401, 200]


def test_a_login_that_is_connected_already_is_409(guarded: AccountsHarness) -> None:
    for expected in (200, 409):
        client = connect_jim(guarded)
        client.ask("authenticate", user={"account_name": "ice", "password": "cold"})
        assert codes(guarded, client) == [expected]


def test_a_message_to_an_account_that_is_offline_is_410_and_to_nobody_404(
    guarded: AccountsHarness,
) -> None:
    client = enter_jim(guarded, "sun")
    client.ask("msg", to="ice", message="hello")
    client.ask("msg", to="nobody", message="hello")
    assert codes(guarded, client) == [410, 404]


def test_too_many_wrong_passwords_are_402_and_the_connection_stays(
    guarded: AccountsHarness,
) -> None:
    client = connect_jim(guarded)
    client.present("sun" * 9)  # refused: somebody is there who may take a minute
    for _ in range(7):
        client.ask("authenticate", account_name="ice", password="warm")  # noqa: S106  # a wrong one
    assert codes(guarded, client) == [400, *[402] * 7]
    assert guarded.accounts.hashes == 5


def test_a_jim_client_is_not_disconnected_while_its_password_waits_to_be_checked(
    guarded: AccountsHarness,
) -> None:
    guarded.accounts.is_paused = True
    client = connect_jim(guarded)
    client.ask("authenticate", user={"account_name": "ice", "password": "cold"})
    guarded.clock.advance(limits.FIRST_LINE_TIMEOUT_SECONDS)
    guarded.accounts.finish()
    assert codes(guarded, client) == [200]
    assert not client.is_dropped()


# --- plain and basic ----------------------------------------------------------------------------


def test_a_plain_client_is_asked_for_the_password(guarded: AccountsHarness) -> None:
    client = connect_plain(guarded)
    client.type("ice", "warm", "ice", "cold")
    shown = "\n".join(client.shown())
    assert shown.count("needs its password") == 2
    assert "Wrong account or password." in shown
    assert "You are Ice on party." in shown


def test_a_basic_client_cannot_take_an_account_and_keeps_its_nickname(
    guarded: AccountsHarness,
) -> None:
    client = enter_silent_basic(guarded)
    client.send("set-name", "ice")
    assert "needs its password" in "\n".join(client.shown())
    sun = guarded.enter("sun")
    client.say("hello")
    assert [said["source"] for said in sun.heard_of("message")] == [client.address]


def test_a_delayed_hello_is_welcomed_once_the_password_is_right(
    guarded: AccountsHarness,
) -> None:
    client = guarded.connect()
    guarded.clock.advance(limits.DIALECT_DETECTION_MILLISECONDS / 1_000)
    client.heard()
    client.hello("ice")
    assert types(client) == ["error"]
    guarded.authenticate(client, "cold")
    assert "welcome" in types(client)


def test_a_password_check_is_cancelled_when_its_client_disconnects(
    guarded: AccountsHarness,
) -> None:
    guarded.accounts.is_paused = True
    first, second = guarded.connect(), guarded.connect()
    for client in (first, second):
        client.hello("ice")
        guarded.authenticate(client, "wrong")
    hashes = guarded.accounts.hashes
    second.hang_up()
    while guarded.accounts.running_checks:
        guarded.accounts.finish()
    assert guarded.accounts.hashes <= hashes + 1
