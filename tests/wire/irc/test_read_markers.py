"""MARKREAD: a client learns what another one of the same user has read before."""

from dataclasses import replace

import pytest

from chatd.wire.irc import features
from chatd.wire.irc.client import Client, Server
from chatd.wire.irc.dialect import of_client
from tests.wire.irc.chat import IrcChat, IrcClient

NOON = 1_546_603_200_000  # 2019-01-04T12:00:00Z


@pytest.fixture
def ice() -> IrcClient:
    chat = IrcChat()
    chat.now = NOON
    return chat.come("ice", "draft/read-marker")


def test_what_was_read_is_told_as_it_is_known_now(ice: IrcClient) -> None:
    assert ice.send("MARKREAD #dev") == [":work.chatd MARKREAD #dev *"]
    later, earlier = "timestamp=2019-01-04T11:00:00.123Z", "timestamp=2019-01-01T00:00:00.000Z"
    told = [f":work.chatd MARKREAD #dev {later}"]
    assert ice.send(f"MARKREAD #dev {later}") == told
    assert ice.send(f"MARKREAD #dev {earlier}") == told
    assert ice.send("markread #dev") == told
    assert ice.send("MARKREAD moon") == [":work.chatd MARKREAD moon *"]


def test_what_is_said_to_be_read_in_the_future_is_read_now(ice: IrcClient) -> None:
    [told] = ice.send("MARKREAD #dev timestamp=9999-12-31T23:59:59.999Z")
    assert told == ":work.chatd MARKREAD #dev timestamp=2019-01-04T12:00:00.000Z"


def test_it_is_told_after_joining_and_before_the_names_end(ice: IrcClient) -> None:
    first = ice.send("JOIN #dev")
    assert [each.split(" ")[1] for each in first] == ["JOIN", "MARKREAD", "353", "366"]
    assert first[1] == ":work.chatd MARKREAD #dev *"
    read = "MARKREAD #dev timestamp=2019-01-04T11:00:00.000Z"
    ice.send(read, "PART #dev")
    assert ice.send("JOIN #dev")[1] == f":work.chatd {read}"


def test_without_the_capability_joining_does_not_tell_it() -> None:
    lines = IrcChat().come("ice").send("JOIN #dev")
    assert [each.split(" ")[1] for each in lines] == ["JOIN", "353", "366"]


def test_an_account_finds_it_again_with_its_next_client() -> None:
    chat = IrcChat({"sun": "secret"})
    chat.now = NOON

    def come() -> IrcClient:
        client = chat.connect("draft/read-marker")
        client.send("PASS secret", "NICK sun", "USER sun 0 * :sun")
        return client

    read = "MARKREAD #dev timestamp=2019-01-04T11:00:00.000Z"
    come().send(read, "QUIT")
    assert f":work.chatd {read}" in come().send("JOIN #dev")


@pytest.mark.parametrize(
    ("parameters", "failure"),
    [
        ("", "NEED_MORE_PARAMS"),
        (":", "NEED_MORE_PARAMS"),
        ("#dev *", "INVALID_PARAMS #dev *"),
        ("#dev timestamp=*", "INVALID_PARAMS #dev timestamp=*"),
        ("#dev timestamp=not-a-time", "INVALID_PARAMS #dev timestamp=not-a-time"),
        ("#dev 2019-01-04T11:00:00.000Z", "INVALID_PARAMS #dev 2019-01-04T11:00:00.000Z"),
        ("#", "INVALID_PARAMS #"),
        ("a!b timestamp=2019-01-04T11:00:00.000Z", "INVALID_PARAMS a!b"),
    ],
)
def test_a_mistake_is_named_by_its_code(ice: IrcClient, parameters: str, failure: str) -> None:
    [line] = ice.send(f"MARKREAD {parameters}")
    head, _, sentence = line[1:].partition(" :")
    assert head == f"work.chatd FAIL MARKREAD {failure}"
    assert sentence


def test_a_chat_that_is_not_kept_does_not_offer_it() -> None:
    server = Server("work.chatd", "work", is_kept=False)
    assert "draft/read-marker" in features.offered(replace(server, is_kept=True))
    assert "draft/read-marker" not in features.offered(server)
    ice = IrcChat().come("ice")
    ice.dialect = of_client(Client(server, nickname="ice"))
    assert ice.send("MARKREAD #dev") == [":work.chatd 421 ice MARKREAD :Unknown command"]
