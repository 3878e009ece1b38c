"""The sessions of accounts: who may resume them, and what a change of the account does to them."""

from collections.abc import Iterator

import pytest
from twisted.internet.defer import succeed

from chatd.chat import limits
from chatd.chat.commands import Enter, EnterAuthenticated, SessionKeys
from chatd.chat.hub import Hub, HubSettings
from tests.fakes import RecordingOutbox
from tests.server.harness import Harness
from tests.server.resuming import Frame, Member, killed, texts
from tests.server.test_kept_chat import KeptHarness


@pytest.fixture
def harness() -> Iterator[Harness]:
    with Harness(flood=0) as harness:
        yield harness


def change_account(harness: Harness, nickname: str, password: str | None) -> None:
    """Make it the only account; without a `password` it is blocked."""
    fingerprints = {} if password is None else {nickname: password}
    harness.chat.set_accounts({nickname: password is None}, fingerprints)


def enter_account(harness: Harness, nickname: str) -> Member:
    """A member with the nickname of an account."""
    change_account(harness, nickname, "its password")
    harness.chat.check_password = lambda command, address: succeed(command.account)
    return Member(harness, nickname, "sesame")


def test_who_has_given_the_password_need_not_give_it_again(harness: Harness) -> None:
    star = enter_account(harness, "star")
    star.hang_up()
    harness.pass_time(limits.AWAY_SECONDS)
    star.resume()
    assert (star.welcome["resumed"], star.welcome["nickname"]) == (True, "star")


def test_a_blocked_account_cannot_come_back(harness: Harness) -> None:
    star = enter_account(harness, "star")
    star.hang_up()
    harness.pass_time(limits.AWAY_SECONDS)
    change_account(harness, "star", None)
    [(kind, data)] = star.resume()
    assert (kind, data["code"]) == ("error", "blocked")


def test_a_guest_whose_nickname_has_become_an_account_needs_its_password(harness: Harness) -> None:
    ice = Member(harness, "ice")
    ice.hang_up()
    harness.pass_time(limits.AWAY_SECONDS)
    change_account(harness, "ice", "its password")
    harness.chat.check_password = lambda command, address: succeed(command.account)
    [(kind, data)] = ice.resume()
    assert (kind, data["code"]) == ("error", "password-required")
    ice.client.send("authenticate", {"account": "ice", "password": "sesame"})
    ice.read()
    assert ice.welcome["resumed"] is True


def test_a_password_behind_a_late_hello_resumes_as_well(harness: Harness) -> None:
    ice, moon = Member(harness, "ice"), Member(harness, "moon")
    ice.hang_up()
    harness.pass_time(limits.AWAY_SECONDS)
    moon.say("meanwhile")
    change_account(harness, "ice", "its password")
    harness.chat.check_password = lambda command, address: succeed(command.account)
    ice.client = harness.connect()
    harness.clock.advance(limits.DIALECT_DETECTION_MILLISECONDS / 1_000)
    harness.clock.advance(0)
    ice.client.transport.clear()  # what a basic client is told
    ice.hello_again()
    assert ice.client.errors() == ["password-required"]
    ice.client.send("authenticate", {"account": "ice", "password": "sesame"})
    frames = ice.read()
    assert ice.welcome["resumed"] is True
    assert texts(frames) == ["meanwhile"]


# --- when the account changes -------------------------------------------------------------------


def codes(frames: list[Frame]) -> list[str]:
    return [data["code"] for kind, data in frames if kind == "error"]


def test_a_session_ends_with_the_password_it_was_entered_with(harness: Harness) -> None:
    star = enter_account(harness, "star")
    star.hang_up()
    harness.pass_time(limits.AWAY_SECONDS)
    change_account(harness, "star", "another password")
    assert codes(star.resume()) == ["password-required"]
    star.client.send("authenticate", {"account": "star", "password": "another password"})
    star.read()
    assert (star.welcome["nickname"], star.welcome["resumed"]) == ("star", False)


def test_a_member_that_is_away_leaves_when_its_password_changes(harness: Harness) -> None:
    star, moon = enter_account(harness, "star"), Member(harness, "moon")
    star.hang_up()
    change_account(harness, "star", "another password")
    left = [data for kind, data in moon.read() if kind == "left"]
    assert left == [{"nickname": "star", "reason": "connection lost"}]
    assert codes(star.resume()) == ["password-required"]


def test_a_member_stays_when_its_password_changes_and_cannot_resume(harness: Harness) -> None:
    star, moon = enter_account(harness, "star"), Member(harness, "moon")
    change_account(harness, "star", "another password")
    assert [kind for kind, _ in star.say("still here", 1)] == ["ok"]
    assert texts(moon.read()) == ["still here"]
    star.hang_up()
    assert "left" in [kind for kind, _ in moon.read()]
    assert codes(star.resume()) == ["password-required"]


def test_nobody_takes_over_the_connection_of_a_member_whose_password_has_changed(
    harness: Harness,
) -> None:
    star = enter_account(harness, "star")
    change_account(harness, "star", "another password")
    assert codes(star.resume()) == ["nickname-taken"]


def test_a_member_that_is_away_cannot_come_back_when_it_is_blocked(harness: Harness) -> None:
    star = enter_account(harness, "star")
    star.hang_up()
    change_account(harness, "star", None)
    assert codes(star.resume()) == ["blocked"]
    change_account(harness, "star", "its password")
    assert codes(star.resume()) == ["password-required"]


def test_a_removed_account_cannot_be_resumed(harness: Harness) -> None:
    star = enter_account(harness, "star")
    star.hang_up()
    harness.pass_time(limits.AWAY_SECONDS)
    harness.chat.set_accounts({}, {})
    star.resume()
    assert (star.welcome["nickname"], star.welcome["resumed"]) == ("star", False)


def test_a_session_goes_on_when_another_account_changes(harness: Harness) -> None:
    star = enter_account(harness, "star")
    star.hang_up()
    harness.pass_time(limits.AWAY_SECONDS)
    accounts = {"star": False, "sun": False}
    harness.chat.set_accounts(accounts, {"star": "its password", "sun": "old"})
    harness.chat.set_accounts(accounts, {"star": "its password", "sun": "new"})
    star.resume()
    assert star.welcome["resumed"] is True


def test_a_session_ends_when_the_password_changes_while_no_server_runs() -> None:
    first = KeptHarness()
    star = enter_account(first, "star")
    first.commit()
    star.read()
    assert star.welcome["session"]
    with killed(first) as second:
        star.harness = second
        change_account(second, "star", "another password")
        second.commit()
        assert codes(star.resume()) == ["password-required"]


def test_a_member_whose_session_ends_while_it_catches_up_hears_what_follows() -> None:
    outbox = RecordingOutbox()
    hub = Hub(HubSettings("party", 4, 5), outbox, 0)
    hub.set_fingerprints({"star": "its password"}, 0)
    first = hub.reserve_slot("127.0.0.1:40001")
    hub.handle(first, EnterAuthenticated("star", keys=SessionKeys("old")), 0)
    hub.lose_connection(first, 0)
    second = hub.reserve_slot("127.0.0.1:40002")
    hub.handle(second, Enter("star", keys=SessionKeys("new", "old")), 0)
    hub.set_fingerprints({"star": "another password"}, 0)
    assert hub.read_missed(second, {}, ()).is_complete
    assert second in outbox.rooms["#lobby"]
