"""MONITOR: who comes and who goes."""

import pytest

from chatd.chat import irc_limits
from tests.wire.irc.chat import IrcChat, IrcClient


@pytest.fixture
def chat() -> IrcChat:
    return IrcChat({"star": "secret"})


@pytest.fixture
def ice(chat: IrcChat) -> IrcClient:
    return chat.come("ice")


def online(*names: str) -> str:
    return ":work.chatd 730 ice :" + ",".join(f"{name}!~user@chatd" for name in names)


def offline(*names: str) -> str:
    return ":work.chatd 731 ice :" + ",".join(names)


def test_who_is_monitored_is_told_of_at_once(chat: IrcChat, ice: IrcClient) -> None:
    chat.come("Moon")
    assert ice.send("MONITOR + moon,sun") == [online("Moon"), offline("sun")]
    assert ice.send("MONITOR S") == [online("Moon"), offline("sun")]


def test_coming_and_going_is_told(chat: IrcChat, ice: IrcClient) -> None:
    ice.send("MONITOR + MOON")
    moon = chat.come("moon")
    assert ice.read() == [online("moon")]
    moon.send("QUIT")
    assert ice.read() == [offline("moon")]
    chat.come("moon")
    assert ice.read() == [online("moon")]


def test_a_nickname_is_gone_when_its_member_is_renamed(chat: IrcChat, ice: IrcClient) -> None:
    ice.send("MONITOR + moon,sun")
    moon = chat.come("moon")
    ice.read()
    moon.send("NICK MOON")
    assert ice.read() == []
    moon.send("NICK sun")
    assert ice.read() == [offline("MOON"), online("sun")]


def test_nobody_is_told_of_what_it_monitors_no_more(chat: IrcChat, ice: IrcClient) -> None:
    ice.send("MONITOR + moon,sun,x")
    assert ice.send("MONITOR - Moon,nobody") == []
    assert ice.send("MONITOR L") == [
        ":work.chatd 732 ice :sun,x",
        ":work.chatd 733 ice :End of MONITOR list",
    ]
    chat.come("moon")
    assert ice.read() == []
    assert ice.send("MONITOR C") == []
    chat.come("sun")
    assert ice.read() == []
    assert ice.send("MONITOR L") == [":work.chatd 733 ice :End of MONITOR list"]


def test_each_of_two_has_its_own_list(chat: IrcChat, ice: IrcClient) -> None:
    other = chat.come("other")
    for each in (ice, other):
        each.send("MONITOR + moon")
    other.send("MONITOR - moon")
    chat.come("moon")
    assert ice.read() == [online("moon")]
    assert other.read() == []


def test_who_has_left_is_told_of_nobody(chat: IrcChat, ice: IrcClient) -> None:
    ice.send("MONITOR + moon", "QUIT")
    chat.come("moon")
    assert ice.read() == []


def test_a_form_is_no_nickname(chat: IrcChat, ice: IrcClient) -> None:
    assert [line.split(" ")[1] for line in ice.send("MONITOR + *!user@chatd,m*")] == ["432", "432"]
    chat.come("moon")
    assert ice.read() == []


@pytest.mark.parametrize("line", ["MONITOR", "MONITOR +", "MONITOR -", "MONITOR X", "MONITOR + ,"])
def test_what_is_incomplete_is_refused(ice: IrcClient, line: str) -> None:
    assert ice.send(line) == [":work.chatd 461 ice MONITOR :Not enough parameters"]


def test_no_list_has_more_than_its_limit(ice: IrcClient) -> None:
    most = irc_limits.IRC_MONITORED_NICKNAMES
    for number in range(most):
        ice.send(f"MONITOR + n{number}")
    assert ice.send("MONITOR + n0,more,again") == [
        offline("n0"),
        f":work.chatd 734 ice {most} more,again :Monitor list is full",
    ]
    ice.send("MONITOR - n0")
    assert ice.send("MONITOR + more") == [offline("more")]
    *lines, _ = ice.send("MONITOR L")
    assert sum(len(line.split(":")[2].split(",")) for line in lines) == most
    assert max(map(len, lines)) < 510


def test_ten_thousand_nicknames_are_refused_as_fast_as_they_come(ice: IrcClient) -> None:
    names = ",".join(f"n{number}" for number in range(60))
    for _ in range(200):
        ice.send(f"MONITOR + {names}", f"MONITOR - {names}")
    assert ice.send("MONITOR L") == [":work.chatd 733 ice :End of MONITOR list"]


# --- extended-monitor ---------------------------------------------------------------------------

CHANGES = ("away-notify", "account-notify", "setname")


def test_what_changes_of_whom_it_monitors_is_told_to_a_client_that_asks(chat: IrcChat) -> None:
    far = chat.come("far", "extended-monitor", *CHANGES)
    without = chat.come("without", *CHANGES)
    only = chat.come("only", "extended-monitor")
    for each in (far, without, only):
        each.send("MONITOR + moon,star")
    moon = chat.come("moon")
    for each in (far, without, only):
        each.read()
    moon.send("AWAY :lunch", "SETNAME :Moon Shine", "AWAY")
    assert far.read() == [
        ":moon!~user@chatd AWAY :lunch",
        ":moon!~user@chatd SETNAME :Moon Shine",
        ":moon!~user@chatd AWAY",
    ]
    moon.send("AUTHENTICATE PLAIN", "AUTHENTICATE AHN0YXIAc2VjcmV0")
    assert far.read() == [
        ":work.chatd 731 far :moon",
        ":work.chatd 730 far :star!~user@chatd",
        ":star!~user@chatd ACCOUNT star",
    ]
    for each in (without, only):
        assert [line.split(" ")[1] for line in each.read()] == ["731", "730"]


def test_whoever_shares_a_room_as_well_is_told_once(chat: IrcChat) -> None:
    near = chat.come("near", "extended-monitor", "away-notify")
    moon = chat.come("moon")
    for each in (near, moon):
        each.send("JOIN #dev")
    near.send("MONITOR + moon")
    near.read()
    moon.send("AWAY :lunch")
    assert near.read() == [":moon!~user@chatd AWAY :lunch"]
