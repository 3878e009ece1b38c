"""PART and QUIT with a text."""

import pytest

from chatd.chat import limits, order_commands
from tests.wire.irc.chat import IrcChat, IrcClient


@pytest.fixture
def chat() -> IrcChat:
    return IrcChat()


@pytest.fixture
def ice(chat: IrcChat) -> IrcClient:
    """Is in #dev and #tea."""
    client = chat.come("ice")
    client.send("JOIN #dev,#tea")
    return client


@pytest.fixture
def moon(chat: IrcChat, ice: IrcClient) -> IrcClient:
    """Is there as well, and both have read everything."""
    client = chat.come("moon")
    client.send("JOIN #dev,#tea")
    ice.read()
    return client


def test_the_text_of_a_part_is_told_to_all_who_are_there(ice: IrcClient, moon: IrcClient) -> None:
    told = [f":moon!~user@chatd PART #{room} :back at two" for room in ("dev", "tea")]
    assert moon.send("PART #dev,#tea :back at two") == told
    assert ice.read() == told


def test_the_text_of_a_quit_is_told_as_one_of_the_user(ice: IrcClient, moon: IrcClient) -> None:
    assert moon.send("QUIT :kicked") == ["ERROR :Closing Link: quit"]
    assert ice.read() == [":moon!~user@chatd QUIT :Quit: kicked"]


def test_a_text_is_cut_to_its_limit_and_loses_its_colours(ice: IrcClient, moon: IrcClient) -> None:
    moon.send(f"PART #dev :\x02{'x' * 400}", "QUIT :\x0304,12red\x03 ")
    assert ice.read() == [
        f":moon!~user@chatd PART #dev :{'x' * limits.REASON_CHARACTERS}",
        ":moon!~user@chatd QUIT :Quit: red",
    ]


@pytest.mark.parametrize("text", ["", " ", "\x07bell", "tab\there", "\u2028"])
def test_what_is_no_text_keeps_nobody_from_leaving(
    ice: IrcClient, moon: IrcClient, text: str
) -> None:
    moon.send(f"PART #dev :{text}", f"QUIT :{text}")
    assert ice.read() == [":moon!~user@chatd PART #dev", ":moon!~user@chatd QUIT :quit"]


def test_characters_that_deceive_are_shown_as_their_code_points(
    ice: IrcClient, moon: IrcClient
) -> None:
    moon.send("PART #dev :\u202egnp.exe")
    assert ice.read() == [":moon!~user@chatd PART #dev :<U+202E>gnp.exe"]


def test_a_member_that_is_muted_leaves_without_a_text(
    chat: IrcChat, ice: IrcClient, moon: IrcClient
) -> None:
    chat.hub.handle(ice.member, order_commands.Mute("moon", "#dev"), chat.now)
    ice.read()
    moon.send("PART #dev :one word more")
    assert ice.read() == [":moon!~user@chatd PART #dev"]
