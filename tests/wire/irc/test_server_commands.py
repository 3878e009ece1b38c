"""What clients ask of the server, and what hosts do in the whole chat."""

import re

import pytest

from chatd.wire.irc import dialect, help_commands, modes
from tests.wire.irc.chat import HOST_CODE, IrcChat, IrcClient


@pytest.fixture
def chat() -> IrcChat:
    return IrcChat()


@pytest.fixture
def ice(chat: IrcChat) -> IrcClient:
    return chat.come("ice")


def numbers(lines: list[str]) -> list[str]:
    return [line.split(" ")[1] for line in lines]


def make_host(client: IrcClient) -> IrcClient:
    assert "381" in numbers(client.send(f"OPER admin {HOST_CODE}"))
    return client


def test_info_says_what_the_server_is(ice: IrcClient) -> None:
    lines = ice.send("INFO")
    assert set(numbers(lines[:-1])) == {"371"}
    assert lines[0].startswith(":work.chatd 371 ice :chatd-")
    assert lines[-1] == ":work.chatd 374 ice :End of INFO list"


def test_time_is_that_of_the_server(chat: IrcChat, ice: IrcClient) -> None:
    chat.now = 1_795_788_058_820
    assert ice.send("TIME") == [":work.chatd 391 ice work.chatd :2026-11-27 14:00:58 UTC"]


def test_links_lists_no_other_server(ice: IrcClient) -> None:
    assert ice.send("LINKS") == [":work.chatd 365 ice * :End of LINKS list"]


def test_lusers_counts_members_hosts_connections_and_the_most_that_there_were(
    chat: IrcChat, ice: IrcClient
) -> None:
    make_host(ice)
    chat.come("moon").send("QUIT")
    chat.connect().send("NICK sun")
    ice.send("JOIN #dev,#tea")
    assert ice.send("LUSERS") == [
        ":work.chatd 251 ice :There are 1 users and 0 invisible on 1 servers",
        ":work.chatd 252 ice 1 :operator(s) online",
        ":work.chatd 253 ice 1 :unknown connection(s)",
        ":work.chatd 254 ice 2 :channels formed",
        ":work.chatd 255 ice :I have 1 clients and 0 servers",
        ":work.chatd 265 ice 1 2 :Current local users 1, max 2",
        ":work.chatd 266 ice 1 2 :Current global users 1, max 2",
    ]


# --- help -----------------------------------------------------------------------------------------


def test_every_command_has_a_help_and_every_help_a_command() -> None:
    assert help_commands.TOPICS.keys() == dialect._COMMANDS.keys()


@pytest.mark.parametrize("command", ["HELP", "HELPOP"])
def test_help_lists_all_commands(ice: IrcClient, command: str) -> None:
    lines = ice.send(command)
    assert numbers(lines) == ["704", *["705"] * (len(lines) - 2), "706"]
    assert {line.split(" ")[3] for line in lines} == {"index"}
    listed = " ".join(line.partition(" index :")[2] for line in lines[1:-1]).split()
    assert set(listed) == help_commands.TOPICS.keys()


@pytest.mark.parametrize("subject", sorted(help_commands.TOPICS))
def test_help_says_what_a_command_does(ice: IrcClient, subject: str) -> None:
    first, last = ice.send(f"HELP {subject.lower()}")
    assert first.startswith(f":work.chatd 704 ice {subject.lower()} :{subject}")
    assert last.startswith(f":work.chatd 706 ice {subject.lower()} :")


def test_the_help_on_mode_names_every_mode() -> None:
    params, _ = help_commands.TOPICS["MODE"]
    assert set("".join(re.findall(r"\+([a-z]+)", params))) == set(modes.LETTERS)


def test_there_is_no_help_on_what_is_no_command(ice: IrcClient) -> None:
    assert numbers(ice.send("HELP THISISNONE")) == ["524"]


# --- hosts ----------------------------------------------------------------------------------------


def test_a_host_takes_a_member_out_of_the_chat(chat: IrcChat, ice: IrcClient) -> None:
    moon = chat.come("moon")
    make_host(ice)
    moon.read()
    assert numbers(ice.send("KILL moon :spam")) == ["NOTICE"]
    assert [each.nickname for each in chat.hub.users().users] == ["ice"]
    assert "spam" in moon.read()[0], "it is told why"


def test_a_host_needs_no_reason(chat: IrcChat, ice: IrcClient) -> None:
    chat.come("moon")
    make_host(ice).send("KILL moon")
    assert [each.nickname for each in chat.hub.users().users] == ["ice"]


@pytest.mark.parametrize("line", ["KILL moon :no", "KILL ice :no"])
def test_only_hosts_do_that(chat: IrcChat, ice: IrcClient, line: str) -> None:
    chat.come("moon")
    assert numbers(ice.send(line)) == ["481"]
    assert [each.nickname for each in chat.hub.users().users] == ["ice", "moon"]


def test_a_host_that_names_nobody_is_told_so(ice: IrcClient) -> None:
    make_host(ice)
    assert numbers(ice.send("KILL moon", "KILL", "KILL :")) == ["401", "461", "461"]
    assert numbers(ice.send("KILL ice")) == ["481"], "a host cannot throw itself out"
