"""Nicknames that need a password, in the words of each dialect (SPEC §5 Accounts)."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from chatd.chat import limits
from tests.server.hall import Guest, Hall
from tests.server.sides import JimGuest, drain, jim, jim_member, plain, silent_basic
from tests.server.vault import Vault, fill


class GuardedHall(Hall):
    """A hall where Ice needs the password cold, and moon is blocked."""

    def __init__(self, path: Path) -> None:
        super().__init__(flood=0)
        people = {"Ice": "cold", "moon": "full"}
        self.vault = Vault(path, people, ("moon",), self.clock, self._know)
        self.chat.check_password = self.vault.guard.check_password

    def _know(self, known: Mapping[str, bool]) -> None:
        self.chat.hub.accounts = known

    def authenticate(self, guest: Guest, password: str, account: str = "ice") -> None:
        guest.send("authenticate", {"account": account, "password": password})


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[GuardedHall]:
    with GuardedHall(tmp_path / "accounts") as hall:
        yield hall


def types(guest: Guest) -> list[str]:
    return [frame["type"] for frame in guest.heard()]


# --- native -------------------------------------------------------------------------------------


def test_a_nickname_that_is_an_account_needs_its_password(guarded: GuardedHall) -> None:
    sun = guarded.enter("sun")
    guest = guarded.connect()
    guest.hello("ice")
    assert guest.errors() == ["password-required"]
    guarded.authenticate(guest, "cold")
    [welcome] = guest.heard_of("welcome")
    assert welcome["nickname"] == "Ice"
    assert sun.heard_of("entered") == [{"nickname": "Ice"}]


def test_a_wrong_password_is_refused_and_the_next_one_may_be_right(guarded: GuardedHall) -> None:
    guest = guarded.connect()
    guest.hello("ice")
    guarded.authenticate(guest, "warm")
    assert guest.errors() == ["password-required", "wrong-password"]
    guarded.authenticate(guest, "cold")
    assert types(guest) == ["welcome"]


def test_other_nicknames_stay_free_for_guests(guarded: GuardedHall) -> None:
    assert guarded.enter("sun").transport.connected


def test_a_wrong_password_a_hundred_times_ends_in_too_many_attempts(guarded: GuardedHall) -> None:
    guest = guarded.connect()
    guest.hello("ice")
    for _ in range(100):
        guarded.authenticate(guest, "warm")
    errors = guest.errors()[1:]
    assert errors == ["wrong-password"] * 5 + ["too-many-attempts"] * 95
    assert guarded.vault.hashes == 5


def test_renaming_to_an_account_needs_its_password_and_renaming_away_signs_out(
    guarded: GuardedHall,
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


def test_who_is_signed_in_may_write_the_name_another_way(guarded: GuardedHall) -> None:
    guest = guarded.connect()
    guest.hello("ice")
    guarded.authenticate(guest, "cold")
    guest.heard()
    guest.send("set-name", {"nickname": "ICE"})
    assert guest.errors() == []


@pytest.mark.parametrize("nickname", ["moon", "MOON"])
def test_a_blocked_account_may_not_be_used_with_or_without_its_password(
    guarded: GuardedHall, nickname: str
) -> None:
    guest = guarded.connect()
    guest.hello(nickname)
    guarded.authenticate(guest, "full", nickname)
    assert guest.errors() == ["blocked", "blocked"]


def test_the_account_of_somebody_who_is_in_is_taken_also_with_its_password(
    guarded: GuardedHall,
) -> None:
    first, second = guarded.connect(), guarded.connect()
    for guest in (first, second):
        guest.hello("ice")
        guarded.authenticate(guest, "cold")
    assert types(first) == ["error", "welcome"]
    assert second.errors() == ["nickname-taken", "nickname-taken"]


def test_nothing_else_is_read_while_a_password_is_checked(guarded: GuardedHall) -> None:
    guarded.vault.is_held = True
    guest = guarded.connect()
    guest.hello("ice")
    guarded.authenticate(guest, "cold")
    assert not guest.is_read()
    guarded.vault.finish()
    assert guest.is_read()


@pytest.mark.parametrize("password", ["cold", "warm"])
def test_who_goes_while_a_password_is_checked_is_gone(guarded: GuardedHall, password: str) -> None:
    sun = guarded.enter("sun")
    guarded.vault.is_held = True
    guest = guarded.connect()
    guest.hello("ice")
    guarded.authenticate(guest, password)
    guest.hang_up()
    guarded.vault.finish()
    assert sun.heard() == []
    assert guarded.free == limits.SLOTS - 1


def test_an_account_that_is_not_connected_is_offline_and_others_are_unknown(
    guarded: GuardedHall,
) -> None:
    sun = guarded.enter("sun")
    sun.send("private", {"text": "hello", "to": ["ice", "nobody"]})
    [refused] = sun.heard_of("error")
    assert refused["code"] == "not-reached"
    assert "offline" in refused["message"]
    assert "unknown" in refused["message"]


def test_an_account_that_is_added_while_the_server_runs_counts_at_the_next_hello(
    guarded: GuardedHall,
) -> None:
    guarded.vault.guard.startService()
    fill(guarded.vault.path, {"sun": "hot"})
    guarded.clock.advance(limits.PASSWORD_FILE_SECONDS)
    guarded.vault.guard.stopService()
    guest = guarded.connect()
    guest.hello("sun")
    assert guest.errors() == ["password-required"]


# --- JIM ----------------------------------------------------------------------------------------


def codes(hall: Hall, guest: JimGuest) -> list[int]:
    drain(hall)
    return guest.codes()


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
def test_a_messenger_is_told_by_number(
    guarded: GuardedHall, account: str, password: str, code: int
) -> None:
    guest = jim(guarded)
    guest.ask("authenticate", user={"account_name": account, "password": password})
    assert codes(guarded, guest) == [code]


def test_a_messenger_whose_presence_is_an_account_s_must_authenticate(guarded: GuardedHall) -> None:
    guest = jim(guarded)
    guest.present("ice")
    guest.ask("authenticate", user={"account_name": "ice", "password": "cold"})
    assert codes(guarded, guest) == [401, 200]


def test_a_login_that_is_connected_already_is_409(guarded: GuardedHall) -> None:
    for expected in (200, 409):
        guest = jim(guarded)
        guest.ask("authenticate", user={"account_name": "ice", "password": "cold"})
        assert codes(guarded, guest) == [expected]


def test_a_message_to_an_account_that_is_offline_is_410_and_to_nobody_404(
    guarded: GuardedHall,
) -> None:
    guest = jim_member(guarded, "sun")
    guest.ask("msg", to="ice", message="hello")
    guest.ask("msg", to="nobody", message="hello")
    assert codes(guarded, guest) == [410, 404]


def test_too_many_wrong_passwords_are_402_and_the_connection_stays(guarded: GuardedHall) -> None:
    guest = jim(guarded)
    guest.present("sun" * 9)  # refused: somebody is there who may take a minute
    for _ in range(7):
        guest.ask("authenticate", account_name="ice", password="warm")  # noqa: S106  # a wrong one
    assert codes(guarded, guest) == [400, *[402] * 7]
    assert guarded.vault.hashes == 5


def test_a_messenger_whose_password_waits_to_be_checked_is_not_dropped_meanwhile(
    guarded: GuardedHall,
) -> None:
    guarded.vault.is_held = True
    guest = jim(guarded)
    guest.ask("authenticate", user={"account_name": "ice", "password": "cold"})
    guarded.clock.advance(limits.FIRST_LINE_TIMEOUT_SECONDS)
    guarded.vault.finish()
    assert codes(guarded, guest) == [200]
    assert not guest.is_dropped()


# --- plain and basic ----------------------------------------------------------------------------


def test_a_person_with_nc_is_asked_for_the_password(guarded: GuardedHall) -> None:
    guest = plain(guarded)
    guest.type("ice", "warm", "ice", "cold")
    shown = "\n".join(guest.shown())
    assert shown.count("needs its password") == 2
    assert "Wrong account or password." in shown
    assert "You are Ice on party." in shown


def test_a_basic_client_cannot_use_the_name_and_stays_who_it_is(guarded: GuardedHall) -> None:
    guest = silent_basic(guarded)
    guest.send("set-name", "ice")
    assert "needs its password" in "\n".join(guest.shown())
    sun = guarded.enter("sun")
    guest.say("hello")
    assert [said["source"] for said in sun.heard_of("message")] == [guest.address]


def test_a_hello_that_came_late_is_welcomed_when_the_password_is_right(
    guarded: GuardedHall,
) -> None:
    guest = guarded.connect()
    guarded.clock.advance(limits.DIALECT_DETECTION_MILLISECONDS / 1_000)
    guest.heard()
    guest.hello("ice")
    assert types(guest) == ["error"]
    guarded.authenticate(guest, "cold")
    assert "welcome" in types(guest)


def test_nobody_waits_for_the_check_of_one_who_is_gone(guarded: GuardedHall) -> None:
    guarded.vault.is_held = True
    first, second = guarded.connect(), guarded.connect()
    for guest in (first, second):
        guest.hello("ice")
        guarded.authenticate(guest, "wrong")
    hashes = guarded.vault.hashes
    second.hang_up()
    while guarded.vault.under_way:
        guarded.vault.finish()
    assert guarded.vault.hashes <= hashes + 1
