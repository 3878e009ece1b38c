"""Messages of IRC clients with more than a text, and the members of other dialects."""

from collections.abc import Iterator

import pytest

from tests.server.harness import Harness, IrcClient, enter_irc, enter_plain
from tests.server.test_kept_chat import KeptHarness
from tests.server.test_private_rooms import native, settle

CAPS = "CAP REQ :message-tags echo-message batch draft/multiline draft/message-redaction"


@pytest.fixture(params=["in memory", "kept"])
def harness(request: pytest.FixtureRequest) -> Iterator[Harness]:
    made = KeptHarness(history=3) if request.param == "kept" else Harness(flood=0)
    with made:
        yield made


def enter(harness: Harness, nickname: str) -> IrcClient:
    client = enter_irc(harness, nickname, "#lobby")
    client.tell(CAPS)
    settle(harness)
    client.shown()
    return client


def tell(harness: Harness, client: IrcClient, *lines: str) -> list[str]:
    shown = client.tell(*lines)
    settle(harness)
    return shown + client.shown()


def test_others_get_the_text_and_nothing_of_the_tags(harness: Harness) -> None:
    moon, plain = native(harness, "moon"), enter_plain(harness, "sun")
    ice = enter(harness, "ice")
    for client in (moon, plain):
        client.transport.clear()
    tell(harness, ice, "MODE ice +B", "@+typing=active TAGMSG #lobby", "@+a=b PRIVMSG #lobby :hi")
    [message] = moon.heard()
    assert message["type"] == "message"
    assert message["data"].keys() == {"room", "seq", "time", "source", "text"}
    assert plain.shown() == ["ice: hi"]
    tell(harness, ice, "@+a=b PRIVMSG moon :psst", "@+typing=active TAGMSG moon")
    [private] = moon.heard()
    assert private["data"].keys() == {"source", "to", "time", "text", "seq"}
    moon.send("users")
    settle(harness)
    [users] = moon.heard_of("users")
    assert [each["nickname"] for each in users["users"] if each.get("bot")] == ["ice"]


def test_several_lines_are_one_message_for_everybody(harness: Harness) -> None:
    moon = native(harness, "moon")
    ice = enter(harness, "ice")
    moon.heard()
    tell(
        harness,
        ice,
        "BATCH +1 draft/multiline #lobby",
        "@batch=1 PRIVMSG #lobby :one",
        "@batch=1 PRIVMSG #lobby :two ",
        "@batch=1;draft/multiline-concat PRIVMSG #lobby :three",
        "BATCH -1",
    )
    assert [each["text"] for each in moon.heard_of("message")] == ["one\ntwo three"]


def test_a_message_beyond_memory_is_taken_back_by_its_id_and_no_other_one(
    harness: Harness,
) -> None:
    moon = native(harness, "moon")
    ice = enter(harness, "ice")
    [echo] = tell(harness, ice, "PRIVMSG #lobby :oops")
    identifier = echo.partition("msgid=")[2].partition(" ")[0]
    for number in range(5):
        tell(harness, ice, f"PRIVMSG #lobby :{number}")
    other = identifier.replace("#", "1#")  # at another time
    [refused] = tell(harness, ice, f"REDACT #lobby {other}")
    assert " FAIL REDACT UNKNOWN_MSGID " in refused
    moon.heard()
    assert tell(harness, ice, f"REDACT #lobby {identifier} :wrong room") == [
        f":ice!~user@chatd REDACT #lobby {identifier} :wrong room"
    ]
    [told] = moon.heard_of("moderation")
    assert (told["seq"], told["reason"]) == (1, "wrong room")
    moon.send("history", {"limit": 100})
    settle(harness)
    [history] = moon.heard_of("history")
    assert [each["seq"] for each in history["messages"] if "removed" in each] == [1]


def test_the_lines_of_one_message_cost_less_than_as_many_messages() -> None:
    with Harness(flood=5) as harness:
        ice, moon = enter(harness, "ice"), harness.enter("moon")
        harness.clock.advance(60)
        ice.shown()
        batch = [
            "BATCH +1 draft/multiline #lobby",
            *["@batch=1 PRIVMSG #lobby :x"] * 60,
            "BATCH -1",
        ]
        ice.send_bytes("".join(f"{line}\r\n" for line in batch).encode())
        assert len(moon.heard_of("message")) == 1
        harness.clock.advance(60)
        ice.send_bytes(b"PRIVMSG #lobby :x\r\n" * 60)
        assert len(moon.heard_of("message")) < 60
