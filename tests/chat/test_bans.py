"""Bans and mutes: whom they hold for, and how long."""

import pytest

from chatd.chat import limits
from chatd.chat.commands import (
    Command,
    Enter,
    EnterAuthenticated,
    JoinRoom,
    LeaveRoom,
    Rename,
    SendMessage,
    SendPrivate,
    SendToLobby,
    SessionKeys,
    SetAway,
    SetTopic,
)
from chatd.chat.errors import BadNickname, BadText
from chatd.chat.events import MemberLeft
from chatd.chat.moderation_errors import (
    Banned,
    Muted,
    NicknameBanned,
    NoSuchBan,
    NotAllowedHere,
    TooManyBans,
)
from chatd.chat.moderation_events import BanEntry, Moderation, Restricted
from chatd.chat.order_commands import Ban, GrantHost, Mute, Unban, Unmute
from tests.chat.order import Order

#: The word ice in Cyrillic letters.
LOOK_ALIKE = "\u0456\u0441\u0435"


@pytest.fixture
def chat() -> Order:
    return Order(slots=40)


# --- banning --------------------------------------------------------------------------------------


def test_a_banned_member_is_told_why_and_until_when_and_kept_out(chat: Order) -> None:
    ana, ice, sun = chat.host(), chat.come("ice", new="i"), chat.come("sun", "10.0.0.2")
    chat.received(sun)
    chat.handle(ana, Ban("ice", None, 600, "spam"))
    until = chat.now + 600_000
    assert chat.received(sun) == [Moderation("ban", "ana", "ice"), MemberLeft("ice", "banned")]
    assert Restricted("ban", "ana", None, "spam", until) in chat.received(ice)
    assert chat.outbox.ended == [(ice, "banned")]
    connection = chat.hub.reserve_slot("10.0.0.9:1")
    chat.later(60)
    refusal = chat.refused(connection, Enter("ice"), Banned)
    assert refusal.closes_connection
    assert str(refusal) == "You are banned from the chat for 9 min: spam."


@pytest.mark.parametrize("nickname", ["ICE", "\uff29ce", LOOK_ALIKE, "\u0406\u0421\u0415"])
def test_case_and_look_alikes_do_not_evade_a_ban(chat: Order, nickname: str) -> None:
    ana = chat.host()
    chat.handle(ana, Ban("ice"))
    connection = chat.hub.reserve_slot("10.0.0.9:1")
    chat.refused(connection, Enter(nickname), Banned)
    sun = chat.come("sun")
    refusal = chat.refused(sun, Rename(nickname), NicknameBanned)
    assert not refusal.closes_connection, "others may try to be called so"
    assert refusal.code == "banned"


def test_another_nickname_does_not_evade_a_ban(chat: Order) -> None:
    ana, ice = chat.host(), chat.come("ice", "10.0.0.7", new="i")
    chat.handle(ice, Rename("snow"))
    chat.handle(ana, Ban("snow"))
    for keys, address in ((SessionKeys("j"), "10.0.0.7"), (SessionKeys("j", "i"), "10.0.0.8")):
        connection = chat.hub.reserve_slot(f"{address}:1")
        chat.refused(connection, Enter("rain", keys=keys), Banned)
    chat.come("rain", "10.0.0.8")  # nothing tells that this is the same person


def test_an_account_does_not_evade_a_ban(chat: Order) -> None:
    chat.hub.set_accounts({"star": False}, frozenset(), 0)
    ana, star = chat.host(), chat.enter_account("star", "10.0.0.7")
    chat.handle(ana, Ban("star"))
    connection = chat.hub.reserve_slot("10.0.0.7:1")
    chat.refused(connection, EnterAuthenticated("star"), Banned)
    assert not chat.hub.is_connected(star)


def test_an_address_that_others_share_is_not_banned(chat: Order) -> None:
    ana, ice, sun = chat.host(), chat.come("ice", "10.0.0.7"), chat.come("sun", "10.0.0.7")
    chat.handle(ana, Ban("ice"))
    [entry] = chat.bans(ana)
    assert entry == BanEntry("ban", "ice", "ana")
    chat.come("moon", "10.0.0.7")
    chat.handle(sun, SendMessage("still here"))
    assert not chat.hub.is_connected(ice)


def test_an_address_that_nobody_shares_is_banned_and_the_list_says_so(chat: Order) -> None:
    ana = chat.host()
    chat.come("ice", "10.0.0.7")
    chat.handle(ana, Ban("ice", None, 60, "spam"))
    entry = BanEntry("ban", "ice", "ana", "spam", chat.now + 60_000, address=True)
    assert chat.bans(ana) == (entry,)
    assert "10.0.0.7" not in repr(entry)


def test_the_servers_own_address_is_not_banned(chat: Order) -> None:
    """Its own computer, and a proxy there that connects for everybody."""
    ana = chat.host()
    chat.come("ice", "127.0.0.1")
    chat.handle(ana, Ban("ice"))
    chat.come("sun", "127.0.0.1")


def test_a_hosts_account_comes_in_from_a_banned_address(chat: Order) -> None:
    chat.hub.set_accounts({"star": False}, frozenset({"star"}), 0)
    ana = chat.host()
    chat.come("ice", "10.0.0.7")
    chat.handle(ana, Ban("ice"))
    chat.enter_account("star", "10.0.0.7")


def test_a_member_whose_nickname_looks_the_same_is_not_banned_with_another(chat: Order) -> None:
    ana, other = chat.host(), chat.come("l1", "10.0.0.3")
    chat.come("Il", "10.0.0.4")
    chat.handle(ana, Mute("Il"))
    chat.handle(other, SendMessage("It was not me."))


def test_whoever_is_not_there_can_be_banned_by_nickname(chat: Order) -> None:
    ana = chat.host()
    chat.handle(ana, Ban("ice"))
    assert chat.bans(ana) == (BanEntry("ban", "ice", "ana"),)
    chat.refused(chat.hub.reserve_slot("10.0.0.9:1"), Enter("ice"), Banned)
    chat.refused(ana, Ban("i ce"), BadNickname)
    chat.refused(ana, Ban("x" * 70_000), BadNickname)


def test_an_absent_member_that_is_banned_does_not_resume(chat: Order) -> None:
    ana, ice = chat.host(), chat.come("ice", new="i")
    chat.lose(ice)
    chat.later(limits.AWAY_SECONDS)
    chat.hub.tick(chat.now)
    chat.handle(ana, Ban("ice"))
    for nickname in ("ice", "rain"):
        connection = chat.hub.reserve_slot("10.0.0.9:1")
        chat.refused(connection, Enter(nickname, keys=SessionKeys("j", "i")), Banned)


def test_a_ban_ends_by_itself_and_vanishes(chat: Order) -> None:
    ana = chat.host()
    chat.come("ice", "10.0.0.7")
    chat.handle(ana, Ban("ice", None, 60))
    assert chat.hub.next_deadline() == chat.now + 60_000
    chat.later(60)
    assert chat.bans(ana) == ()
    chat.hub.tick(chat.now)
    assert chat.hub.next_deadline() is None
    assert chat.hub.state().restrictions == ()
    chat.come("ice", "10.0.0.7")


def test_a_ban_that_is_lifted_is_over(chat: Order) -> None:
    ana, sun = chat.host(), chat.come("sun")
    chat.come("ice", "10.0.0.7")
    chat.handle(ana, Ban("ice"))
    chat.received(sun)
    chat.handle(ana, Unban("ICE"))
    assert chat.received(sun) == [Moderation("unban", "ana", "ice")]
    assert chat.bans(ana) == ()
    chat.come("ice", "10.0.0.7")
    assert "ice is not banned" in str(chat.refused(ana, Unban("ice"), NoSuchBan))
    assert "ice is not muted" in str(chat.refused(ana, Unmute("ice"), NoSuchBan))


def test_a_second_ban_takes_the_place_of_the_first_and_forgets_no_address(chat: Order) -> None:
    ana = chat.host()
    chat.come("ice", "10.0.0.7")
    chat.handle(ana, Ban("ice", None, 60, "spam"))
    chat.handle(ana, Ban("Ice", None, None, "more spam"))
    assert chat.bans(ana) == (BanEntry("ban", "Ice", "ana", "more spam", address=True),)
    chat.later(60)
    chat.refused(chat.hub.reserve_slot("10.0.0.7:1"), Enter("rain"), Banned)


@pytest.mark.parametrize("decision", [Ban, Mute])
@pytest.mark.parametrize("seconds", [0, -1, limits.BAN_SECONDS + 1, 2**53 - 1])
def test_a_time_that_is_none_is_refused(chat: Order, decision: type[Ban], seconds: int) -> None:
    ana = chat.host()
    chat.come("ice")
    chat.refused(ana, decision("ice", None, seconds), BadText)
    chat.handle(ana, decision("ice", None, limits.BAN_SECONDS))


def test_whoever_is_banned_from_a_room_is_out_and_cannot_join_it(chat: Order) -> None:
    ice, sun = chat.come("ice"), chat.come("sun", new="s")
    for member in (ice, sun):
        chat.handle(member, JoinRoom("#dev"))
    chat.handle(ice, Ban("sun", "#dev", 60, "spam"))
    assert chat.in_room("#dev") == ["ice"]
    assert chat.nicknames() == ["ice", "sun"]
    refusal = chat.refused(sun, JoinRoom("#DEV"), Banned)
    assert not refusal.closes_connection
    assert str(refusal) == "You are banned from #dev for 1 min: spam."
    chat.handle(sun, Rename("rain"))
    chat.refused(sun, JoinRoom("#dev"), Banned)
    chat.lose(sun)
    again = chat.come("x", brought="s")
    chat.refused(again, JoinRoom("#dev"), Banned)
    chat.later(60)
    chat.handle(again, JoinRoom("#dev"))


def test_whoever_is_renamed_after_a_ban_by_nickname_alone_is_still_banned(chat: Order) -> None:
    ice = chat.come("ice")
    chat.handle(ice, JoinRoom("#dev"))
    chat.handle(ice, Ban("sun", "#dev"))
    sun = chat.come("sun", "10.0.0.7")
    chat.handle(sun, Rename("rain"))
    chat.refused(sun, JoinRoom("#dev"), Banned)
    assert [each.nickname for each in chat.bans(ice, "#dev")] == ["sun", "rain"]
    chat.handle(ice, Unban("rain", "#dev"))
    chat.handle(sun, JoinRoom("#dev"))


def test_whoever_was_banned_while_absent_does_not_come_back_into_the_room(chat: Order) -> None:
    ice, sun = chat.come("ice"), chat.come("sun", new="s")
    for member in (ice, sun):
        chat.handle(member, JoinRoom("#dev"))
    chat.lose(sun)
    chat.later(limits.AWAY_SECONDS)
    chat.hub.tick(chat.now)
    chat.handle(ice, Ban("sun", "#dev"))
    chat.come("x", brought="s")
    assert chat.nicknames() == ["ice", "sun"]
    assert chat.in_room("#dev") == ["ice"]


def test_the_bans_of_a_room_end_with_it(chat: Order) -> None:
    ice, sun = chat.come("ice"), chat.come("sun")
    chat.handle(ice, JoinRoom("#dev"))
    chat.handle(ice, Ban("sun", "#dev"))
    chat.handle(ice, LeaveRoom("#dev"))
    chat.handle(sun, JoinRoom("#dev"))


def test_whoever_is_banned_from_the_lobby_enters_without_it(chat: Order) -> None:
    ana = chat.host()
    chat.come("ice", "10.0.0.7")
    chat.handle(ana, Ban("ice", "#lobby"))
    assert chat.in_room("#lobby") == ["ana"]
    rain = chat.come("rain", "10.0.0.7")
    assert chat.in_room("#lobby") == ["ana"]
    chat.refused(rain, SendToLobby("hello"), Banned)


def test_a_host_joins_a_room_from_which_its_nickname_is_banned(chat: Order) -> None:
    ice, ana = chat.come("ice"), chat.come("ana")
    for member in (ice, ana):
        chat.handle(member, JoinRoom("#dev"))
    chat.handle(ice, Ban("ana", "#dev"))
    chat.refused(ana, JoinRoom("#dev"), Banned)
    chat.handle(ana, GrantHost())
    chat.handle(ana, JoinRoom("#dev"))


# --- muting ---------------------------------------------------------------------------------------


def test_a_muted_member_is_told_why_and_until_when_and_says_nothing(chat: Order) -> None:
    ana, ice, sun = chat.host(), chat.come("ice"), chat.come("sun")
    chat.handle(ice, JoinRoom("#dev"))
    chat.received(sun)
    chat.handle(ana, Mute("ice", None, 600, "spam"))
    until = chat.now + 600_000
    assert chat.received(sun) == [Moderation("mute", "ana", "ice")]
    assert Restricted("mute", "ana", None, "spam", until) in chat.received(ice)
    silenced: list[Command] = [
        SendMessage("hello"),
        SendMessage("waves", "#dev", action=True),
        SendToLobby("hello"),
        SetTopic("#dev", "me"),
        SendPrivate("psst", ("sun",)),
        SendPrivate("psst", ("ana", "sun")),
        SetAway("shouting"),
        Rename("loud"),
    ]
    for command in silenced:
        refusal = chat.refused(ice, command, Muted)
    assert str(refusal) == "You are muted for 10 min: spam."
    chat.handle(ice, SendPrivate("Why?", ("ana",)))
    chat.handle(ice, SetAway(""))
    chat.later(600)
    chat.handle(ice, SendMessage("hello again"))


def test_a_member_that_is_muted_in_a_room_speaks_elsewhere(chat: Order) -> None:
    ice, sun = chat.come("ice"), chat.come("sun")
    for member in (ice, sun):
        chat.handle(member, JoinRoom("#dev"))
    chat.handle(ice, Mute("sun", "#dev"))
    refusal = chat.refused(sun, SendMessage("hello", "#dev"), Muted)
    assert str(refusal) == "You are muted in #dev."
    chat.refused(sun, SetTopic("#dev", "hello"), Muted)
    chat.handle(sun, SendMessage("hello"))
    chat.handle(sun, SendPrivate("psst", ("ice",)))
    chat.handle(sun, Rename("rain"))
    chat.refused(sun, SendMessage("hello", "#dev"), Muted)
    chat.handle(sun, LeaveRoom("#dev"))
    chat.handle(sun, JoinRoom("#dev"))
    chat.refused(sun, SendMessage("hello", "#dev"), Muted)


def test_reconnecting_does_not_evade_a_mute(chat: Order) -> None:
    ana, ice = chat.host(), chat.come("ice", "10.0.0.7", new="i")
    chat.handle(ana, Mute("ice"))
    chat.lose(ice)
    again = chat.come("x", "10.0.0.8", brought="i")
    chat.refused(again, SendMessage("hello"), Muted)
    chat.hub.remove_member(again, "quit", chat.now)
    for nickname, address in (("rain", "10.0.0.7"), ("ICE", "10.0.0.9")):
        other = chat.come(nickname, address)
        chat.refused(other, SendMessage("hello"), Muted)


def test_an_unmuted_member_is_told_under_whatever_nickname(chat: Order) -> None:
    ice, sun = chat.come("ice"), chat.come("sun")
    for member in (ice, sun):
        chat.handle(member, JoinRoom("#dev"))
    chat.handle(ice, Mute("sun", "#dev"))
    chat.handle(sun, Rename("rain"))
    chat.received(sun)
    chat.handle(ice, Unmute("sun", "#dev"))
    assert chat.received(sun)[-1] == Restricted("unmute", "ice", "#dev")
    chat.handle(sun, SendMessage("thanks", "#dev"))
    chat.handle(ice, Mute("rain", "#dev"))
    chat.handle(sun, Rename("sun"))
    chat.handle(ice, Unmute("sun", "#dev"))
    chat.handle(sun, SendMessage("thanks", "#dev"))


def test_an_operator_that_a_host_has_muted_cannot_unmute_itself(chat: Order) -> None:
    ana, ice = chat.host(), chat.come("ice")
    chat.handle(ice, JoinRoom("#dev"))
    chat.handle(ana, Mute("ice", "#dev"))
    chat.refused(ice, SendMessage("hello", "#dev"), Muted)
    chat.refused(ice, Unmute("ice", "#dev"), NotAllowedHere)
    chat.handle(ana, Unmute("ice", "#dev"))
    chat.handle(ice, SendMessage("hello", "#dev"))


def test_a_muted_member_that_becomes_a_host_is_heard(chat: Order) -> None:
    ana, ice = chat.host(), chat.come("ice")
    chat.handle(ana, Mute("ice"))
    chat.handle(ice, GrantHost())
    chat.handle(ice, SendMessage("hello"))
    chat.handle(ice, Rename("rain"))


def test_a_mute_that_is_longer_holds_after_a_shorter_one_for_the_same_address(
    chat: Order,
) -> None:
    ana = chat.host()
    ice = chat.come("ice", "10.0.0.7")
    chat.handle(ana, Mute("ice"))
    chat.hub.remove_member(ice, "quit", chat.now)
    rain = chat.come("rain", "10.0.0.7")
    chat.handle(ana, Mute("rain", None, 60))
    chat.later(60)
    chat.refused(rain, SendMessage("hello"), Muted)


# --- limits ---------------------------------------------------------------------------------------


def test_there_are_not_too_many_bans_and_mutes(
    chat: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "BANS", 3)
    ana, ice = chat.host(), chat.come("ice")
    chat.handle(ana, JoinRoom("#dev"))
    chat.handle(ana, Ban("a"))
    chat.handle(ana, Mute("b", "#dev", 60))
    chat.handle(ana, Mute("ice"))
    assert "at most 3" in str(chat.refused(ana, Ban("c"), TooManyBans))
    chat.handle(ana, Mute("ICE", None, 5))  # in its place
    chat.handle(ana, Unban("a"))
    chat.handle(ana, Ban("c"))
    chat.refused(ana, Ban("d", "#dev"), TooManyBans)
    chat.later(60)
    chat.hub.tick(chat.now)
    chat.handle(ana, Ban("d"))
    assert chat.hub.is_connected(ice)
