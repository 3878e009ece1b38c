"""Hosts and operators: who they are, and whom they cannot throw out; and kicking."""

import pytest

from chatd.chat import limits
from chatd.chat.commands import (
    Command,
    EnterAuthenticated,
    JoinRoom,
    LeaveRoom,
    Rename,
    SendMessage,
    WhoIs,
)
from chatd.chat.errors import BadText, NoSuchRoom, NoSuchUser
from chatd.chat.events import MemberEntered, MemberLeft, RoomLeft, UserInfo
from chatd.chat.moderation_errors import (
    NotAllowedHere,
    NotHost,
    UserNotInRoom,
)
from chatd.chat.moderation_events import Moderation, Restricted
from chatd.chat.order_commands import Ban, GrantHost, Kick, ListBans, Mute, Unban, Unmute
from tests.chat.order import Order


@pytest.fixture
def chat() -> Order:
    return Order(slots=40)


# --- hosts ----------------------------------------------------------------------------------------


def test_whoever_has_given_the_code_is_a_host_and_all_are_told(chat: Order) -> None:
    ice, ana = chat.come("ice"), chat.come("ana")
    chat.received(ice)
    chat.handle(ana, GrantHost())
    assert chat.received(ice) == [Moderation("host", "ana", "ana")]
    assert chat.received(ana) == [Moderation("host", "ana", "ana")]
    chat.handle(ana, GrantHost())
    assert chat.received(ice) == [], "it was one before"


def test_a_host_is_marked_in_the_lists_of_users_and_when_it_enters(chat: Order) -> None:
    chat.hub.set_accounts({"star": False}, frozenset({"star"}), 0)
    ice = chat.come("ice")
    chat.received(ice)
    star, ana = chat.enter_account("Star"), chat.host()
    assert MemberEntered("Star", host=True) in chat.received(ice)
    hosts = {each.nickname: each.host for each in chat.users(ice)}
    assert hosts == {"ice": False, "Star": True, "ana": True}
    for nickname, is_host in hosts.items():
        profile = chat.handle(ice, WhoIs(nickname))
        assert isinstance(profile, UserInfo)
        assert profile.host == is_host
    assert chat.hub.is_connected(star)
    assert chat.hub.is_connected(ana)


def test_a_mark_at_an_account_that_comes_or_goes_takes_effect_at_once(chat: Order) -> None:
    chat.hub.set_accounts({"star": False}, frozenset(), 0)
    ice, star = chat.come("ice"), chat.enter_account("star")
    chat.refused(star, Kick("ice"), NotHost)
    chat.received(ice)
    chat.hub.set_accounts({"star": False}, frozenset({"star"}), 0)
    assert chat.received(ice) == [Moderation("host", "", "star")]
    chat.handle(star, Mute("ice"))
    chat.hub.set_accounts({"star": False}, frozenset(), 0)
    assert chat.received(ice)[-1] == Moderation("unhost", "", "star")
    chat.refused(star, Unmute("ice"), NotHost)


def test_a_guest_with_the_nickname_of_a_hosts_account_is_no_host(chat: Order) -> None:
    star = chat.come("star")
    chat.hub.set_accounts({"star": False}, frozenset({"star"}), 0)
    chat.refused(star, Ban("ice"), NotHost)


def test_the_account_of_a_host_is_one_only_under_its_own_nickname(chat: Order) -> None:
    chat.hub.set_accounts({"star": False}, frozenset({"star"}), 0)
    ice, star = chat.come("ice"), chat.enter_account("star")
    chat.received(ice)
    chat.handle(star, Rename("nova"))
    assert chat.received(ice)[-1] == Moderation("unhost", "nova", "nova")
    chat.refused(star, Kick("ice"), NotHost)
    chat.handle(star, EnterAuthenticated("star"))
    assert chat.received(ice)[-1] == Moderation("host", "star", "star")


def test_a_host_by_its_code_stays_one_when_it_is_renamed_or_resumes(chat: Order) -> None:
    ice, ana = chat.come("ice"), chat.come("ana", new="a")
    chat.handle(ana, GrantHost())
    chat.handle(ana, Rename("anna"))
    chat.lose(ana)
    again = chat.come("x", brought="a")
    chat.handle(again, Mute("ice"))
    chat.lose(again)
    chat.later(limits.AWAY_SECONDS)
    chat.hub.tick(chat.now)
    assert "anna" not in chat.nicknames()
    chat.received(ice)
    once_more = chat.come("x", brought="a")
    assert chat.received(ice) == [MemberEntered("anna", host=True)]
    chat.handle(once_more, Unmute("ice"))


def test_a_host_that_has_quit_needs_the_code_again(chat: Order) -> None:
    ice, ana = chat.come("ice"), chat.come("ana", new="a")
    chat.handle(ana, GrantHost())
    chat.hub.remove_member(ana, "quit", chat.now)
    again = chat.come("ana", new="b", brought="a")
    chat.refused(again, Kick("ice"), NotHost)
    assert chat.hub.is_connected(ice)


# --- operators ------------------------------------------------------------------------------------


def test_whoever_makes_a_room_is_its_operator_there_alone(chat: Order) -> None:
    ice, sun = chat.come("ice"), chat.come("sun")
    for room in ("#dev", "#tea"):
        chat.handle(ice if room == "#dev" else sun, JoinRoom(room))
        chat.handle(sun if room == "#dev" else ice, JoinRoom(room))
    operators = {each.nickname: each.operator for each in chat.users(sun)}
    assert operators == {"ice": ("#dev",), "sun": ("#tea",)}
    chat.refused(ice, Kick("sun", "#tea"), NotHost)
    chat.refused(ice, Kick("sun", "#lobby"), NotHost)
    chat.refused(ice, Kick("sun"), NotHost)
    chat.handle(ice, Kick("sun", "#DEV"))
    assert chat.in_room("#dev") == ["ice"]


def test_nobody_is_the_operator_of_the_lobby(chat: Order) -> None:
    ice = chat.come("ice")
    sun = chat.come("sun")
    chat.handle(ice, LeaveRoom())
    chat.handle(ice, JoinRoom("#lobby"))
    chat.refused(ice, Mute("sun", "#lobby"), NotHost)
    assert chat.hub.is_connected(sun)


def test_an_operator_that_leaves_its_room_is_none_when_it_comes_back(chat: Order) -> None:
    ice, sun = chat.come("ice"), chat.come("sun")
    chat.handle(ice, JoinRoom("#dev"))
    chat.handle(sun, JoinRoom("#dev"))
    chat.handle(ice, LeaveRoom("#dev"))
    chat.handle(ice, JoinRoom("#dev"))
    chat.refused(ice, Kick("sun", "#dev"), NotHost)


def test_a_room_that_is_made_again_has_another_operator(chat: Order) -> None:
    ice, sun = chat.come("ice"), chat.come("sun")
    chat.handle(ice, JoinRoom("#dev"))
    chat.handle(ice, LeaveRoom("#dev"))
    chat.handle(sun, JoinRoom("#dev"))
    chat.handle(ice, JoinRoom("#dev"))
    chat.refused(ice, Kick("sun", "#dev"), NotHost)
    chat.handle(sun, Kick("ice", "#dev"))


@pytest.mark.parametrize("seconds", [1, limits.AWAY_SECONDS])
def test_an_operator_whose_connection_is_lost_is_one_when_it_resumes(
    chat: Order, seconds: int
) -> None:
    sun, ice = chat.come("sun"), chat.come("ice", new="i")
    for member in (ice, sun):
        chat.handle(member, JoinRoom("#dev"))
    chat.lose(ice)
    chat.later(seconds)
    chat.hub.tick(chat.now)
    again = chat.come("x", brought="i")
    assert chat.in_room("#dev") == ["sun", "ice"]
    chat.handle(again, Kick("sun", "#dev"))


def test_whoever_resumes_into_another_life_of_its_room_is_not_its_operator(chat: Order) -> None:
    sun, ice = chat.come("sun"), chat.come("ice", new="i")
    chat.handle(ice, JoinRoom("#dev"))
    chat.lose(ice)
    chat.later(limits.AWAY_SECONDS + limits.EMPTY_ROOM_SECONDS)
    chat.hub.tick(chat.now)
    chat.later(limits.EMPTY_ROOM_SECONDS)
    chat.hub.tick(chat.now)
    chat.handle(sun, JoinRoom("#dev"))
    again = chat.come("x", brought="i")
    assert chat.in_room("#dev") == ["sun", "ice"]
    chat.refused(again, Kick("sun", "#dev"), NotHost)
    chat.handle(sun, Kick("ice", "#dev"))


# --- nobody throws out a host, or themself --------------------------------------------------------

DECISIONS = [Kick, Ban, Mute]


@pytest.mark.parametrize("decision", DECISIONS)
@pytest.mark.parametrize("room", [None, "#dev"])
@pytest.mark.parametrize("nickname", ["ana", "ANA", "\uff41na"])
def test_hosts_and_operators_cannot_do_that_to_themselves(
    chat: Order, decision: type[Kick], room: str | None, nickname: str
) -> None:
    ana = chat.host()
    chat.handle(ana, JoinRoom("#dev"))
    refusal = chat.refused(ana, decision(nickname, room), NotAllowedHere)
    assert str(refusal).startswith(f"You cannot {decision.__name__.lower()} yourself: /")


@pytest.mark.parametrize("decision", DECISIONS)
@pytest.mark.parametrize("room", [None, "#dev"])
def test_two_hosts_at_odds_cannot_throw_each_other_out(
    chat: Order, decision: type[Kick], room: str | None
) -> None:
    ana, bob = chat.host("ana"), chat.host("bob")
    for member in (ana, bob):
        chat.handle(member, JoinRoom("#dev"))
    assert "is a host" in str(chat.refused(ana, decision("bob", room), NotAllowedHere))
    assert "is a host" in str(chat.refused(bob, decision("ana", room), NotAllowedHere))


@pytest.mark.parametrize("decision", [Ban, Mute])
def test_a_host_who_is_not_there_is_not_locked_out_either(chat: Order, decision: type[Ban]) -> None:
    chat.hub.set_accounts({"star": False}, frozenset({"star"}), 0)
    ana, bob = chat.host("ana"), chat.come("bob", new="b")
    chat.refused(ana, decision("STAR"), NotAllowedHere)
    chat.handle(bob, GrantHost())
    chat.lose(bob)
    chat.later(limits.AWAY_SECONDS)
    chat.hub.tick(chat.now)
    chat.refused(ana, decision("Bob"), NotAllowedHere)
    chat.handle(ana, decision("b\u043eb"))  # that looks like it
    bob = chat.come("x", brought="b")
    chat.handle(bob, SendMessage("here I am"))


def test_an_operator_cannot_act_on_a_host_but_a_host_on_an_operator(chat: Order) -> None:
    ana, ice = chat.host(), chat.come("ice")
    for member in (ice, ana):
        chat.handle(member, JoinRoom("#dev"))
    chat.refused(ice, Kick("ana", "#dev"), NotAllowedHere)
    chat.handle(ana, Kick("ice", "#dev"))
    chat.handle(ice, JoinRoom("#dev"))
    chat.refused(ice, Mute("ana", "#dev"), NotHost)


def test_a_host_keeps_order_in_rooms_where_it_is_not(chat: Order) -> None:
    ana, ice, sun = chat.host(), chat.come("ice"), chat.come("sun")
    for member in (ice, sun):
        chat.handle(member, JoinRoom("#dev"))
    chat.handle(ana, Kick("ice", "#dev"))
    assert chat.in_room("#dev") == ["sun"]


def test_a_member_keeps_no_order(chat: Order) -> None:
    ice, sun = chat.come("ice"), chat.come("sun")
    chat.handle(ice, JoinRoom("#dev"))
    for room in (None, "#dev", "#lobby"):
        decisions: list[Command] = [
            *(decision("ice", room) for decision in (Kick, Ban, Mute, Unban, Unmute)),
            ListBans(room),
        ]
        for command in decisions:
            chat.refused(sun, command, NotHost)


# --- kicking --------------------------------------------------------------------------------------


def test_a_kicked_member_is_told_why_and_leaves_and_may_come_back(chat: Order) -> None:
    ana, ice, sun = chat.host(), chat.come("ice", new="i"), chat.come("sun")
    chat.received(sun)
    chat.handle(ana, Kick("ICE", None, " spam "))
    public = [Moderation("kick", "ana", "ice"), MemberLeft("ice", "kicked")]
    assert chat.received(sun) == public
    assert Restricted("kick", "ana", None, "spam") in chat.received(ice)
    assert chat.outbox.ended == [(ice, "kicked")]
    assert chat.nicknames() == ["ana", "sun"]
    chat.come("ice", brought="i")
    assert chat.nicknames() == ["ana", "sun", "ice"]


def test_a_kicked_members_session_has_ended(chat: Order) -> None:
    ana, ice = chat.host(), chat.come("ice", new="i")
    chat.handle(ice, JoinRoom("#dev"))
    chat.handle(ana, JoinRoom("#dev"))
    chat.handle(ana, Kick("ice"))
    chat.come("ice", new="j", brought="i")
    assert chat.in_room("#dev") == ["ana"]


def test_whoever_is_kicked_from_a_room_stays_in_the_chat(chat: Order) -> None:
    ice, sun, star = chat.come("ice"), chat.come("sun", new="s"), chat.come("star")
    for member in (ice, sun):
        chat.handle(member, JoinRoom("#dev"))
    for member in (ice, sun, star):
        chat.received(member)
    chat.handle(ice, Kick("sun", "#dev", "enough"))
    kicked = Moderation("kick", "ice", "sun", "#dev")
    assert chat.received(ice) == [RoomLeft("#dev", "sun", by="ice")]
    assert chat.received(sun) == [kicked, Restricted("kick", "ice", "#dev", "enough", removed=True)]
    assert chat.received(star) == []
    assert chat.outbox.ended == []
    chat.lose(sun)
    chat.come("x", brought="s")
    assert chat.in_room("#dev") == ["ice"], "resuming does not bring it back"
    assert set(chat.nicknames()) == {"ice", "star", "sun"}


def test_a_member_that_is_away_can_be_kicked(chat: Order) -> None:
    ana, ice = chat.host(), chat.come("ice", new="i")
    chat.lose(ice)
    chat.handle(ana, Kick("ice"))
    assert chat.nicknames() == ["ana"]


def test_only_those_who_are_there_can_be_kicked(chat: Order) -> None:
    ana, ice = chat.host(), chat.come("ice")
    chat.refused(ana, Kick("moon"), NoSuchUser)
    chat.handle(ana, JoinRoom("#dev"))
    chat.refused(ana, Kick("ice", "#dev"), UserNotInRoom)
    chat.refused(ana, Kick("ice", "#tea"), NoSuchRoom)
    assert chat.hub.is_connected(ice)


@pytest.mark.parametrize("decision", DECISIONS)
@pytest.mark.parametrize("reason", ["x" * (limits.REASON_CHARACTERS + 1), "two\nlines", "\x1b[2J"])
def test_a_reason_is_one_line_and_not_too_long(
    chat: Order, decision: type[Kick], reason: str
) -> None:
    ana, ice = chat.host(), chat.come("ice")
    chat.refused(ana, decision("ice", reason=reason), BadText)
    assert chat.hub.is_connected(ice)


# --- blocked accounts -----------------------------------------------------------------------------


def test_the_member_of_an_account_that_is_blocked_is_thrown_out_at_once(chat: Order) -> None:
    chat.hub.set_accounts({"star": False, "nova": False}, frozenset(), 0)
    ice, star, nova = chat.come("ice"), chat.enter_account("Star"), chat.enter_account("nova")
    chat.received(ice)
    chat.hub.set_accounts({"star": True, "nova": False}, frozenset(), chat.now)
    assert chat.received(ice) == [MemberLeft("Star", "blocked")]
    assert chat.outbox.ended == [(star, "blocked")]
    assert chat.hub.is_connected(nova)


def test_a_blocked_host_is_thrown_out_too(chat: Order) -> None:
    chat.hub.set_accounts({"star": False}, frozenset({"star"}), 0)
    star = chat.enter_account("star")
    chat.hub.set_accounts({"star": True}, frozenset({"star"}), chat.now)
    assert not chat.hub.is_connected(star)
