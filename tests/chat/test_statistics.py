"""How many there are: what can be counted in a chat."""

import pytest

from chatd.chat.commands import JoinRoom, LeaveRoom, Quit, Rename, Watch
from chatd.chat.irc_commands import ReadStatistics
from chatd.chat.order_commands import ChangeRoom, GrantHost
from chatd.chat.outbox import MemberId
from chatd.chat.statistics import Statistics
from tests.chat.order import Order


@pytest.fixture
def chat() -> Order:
    return Order(slots=40)


def counted(chat: Order, member: MemberId) -> Statistics:
    reply = chat.handle(member, ReadStatistics())
    assert isinstance(reply, Statistics)
    return reply


def test_members_and_the_most_that_there_were(chat: Order) -> None:
    ice = chat.come("ice")
    chat.later(60)
    chat.handle(chat.come("moon"), Quit())
    chat.come("sun")
    chat.handle(chat.come("mars"), Quit())
    assert counted(chat, ice) == Statistics(chat.now, 2, 3, hosts=0, unregistered=0, rooms=1)


def test_a_member_that_is_renamed_is_not_another_one(chat: Order) -> None:
    ice = chat.come("ice")
    chat.handle(ice, Rename("sun"))
    assert counted(chat, ice).max_members == 1


def test_connections_that_have_not_entered_are_counted_but_no_watchers(chat: Order) -> None:
    ice = chat.come("ice")
    chat.hub.connect_without_slot("10.0.0.1:4000")
    chat.hub.reserve_slot("10.0.0.1:4001")
    watcher = chat.hub.connect_without_slot("10.0.0.1:4002")
    chat.hub.handle(watcher, Watch(), chat.now)
    assert counted(chat, ice).unregistered == 2
    assert counted(chat, watcher).members == 1


def test_hosts_are_counted(chat: Order) -> None:
    ice, moon = chat.come("ice"), chat.come("moon")
    chat.handle(moon, GrantHost())
    assert counted(chat, ice).hosts == 1


def test_rooms_with_members_are_counted_but_no_private_ones_of_others(chat: Order) -> None:
    ice, moon = chat.come("ice"), chat.come("moon")
    for member in (ice, moon):
        chat.handle(member, LeaveRoom())
    assert counted(chat, ice).rooms == 0
    chat.handle(moon, JoinRoom("#dev"))
    assert counted(chat, ice).rooms == 1
    chat.handle(moon, ChangeRoom("#dev", key="sesame"))
    assert counted(chat, ice).rooms == 0
    assert counted(chat, moon).rooms == 1


def test_the_most_is_known_after_a_restart(chat: Order) -> None:
    ice, moon = chat.come("ice"), chat.come("moon")
    chat.handle(moon, Quit())
    other = Order(slots=40)
    other.hub.restore(chat.hub.state())
    assert counted(other, ice).max_members == 2
