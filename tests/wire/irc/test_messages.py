"""Messages: everything that is said arrives, in IRC and from it."""

import pytest

from chatd.chat import commands, irc_limits
from tests.wire.irc.chat import IrcChat, IrcClient


@pytest.fixture
def chat() -> IrcChat:
    return IrcChat({"star": "secret"})


def pair(chat: IrcChat, *capabilities: str) -> tuple[IrcClient, IrcClient]:
    """Two clients in #dev, the first one with `capabilities`."""
    ice, moon = chat.come("ice", *capabilities), chat.come("moon")
    for client in (ice, moon):
        client.send("JOIN #dev")
    ice.read()
    return ice, moon


def numbers(lines: list[str]) -> list[str]:
    return [line.split(" ")[1] for line in lines]


def test_a_message_reaches_the_others_in_the_room_and_is_not_answered(chat: IrcChat) -> None:
    ice, moon = pair(chat)
    assert ice.send("PRIVMSG #dev :hello all") == []
    assert moon.read() == [":ice!~user@chatd PRIVMSG #dev :hello all"]


def test_a_private_message_reaches_its_recipient_alone(chat: IrcChat) -> None:
    ice, moon = pair(chat)
    sun = chat.come("sun")
    assert ice.send("PRIVMSG moon psst") == []
    assert moon.read() == [":ice!~user@chatd PRIVMSG moon :psst"]
    assert sun.read() == []


def test_rooms_and_nicknames_may_be_mixed_and_who_was_missed_is_named(chat: IrcChat) -> None:
    ice, moon = pair(chat)
    refused = ice.send("PRIVMSG moon,#dev,nobody,#none,star :hi")
    assert [line.split(" ")[1:4:2] for line in refused] == [
        ["403", "#none"], ["401", "nobody"], ["401", "star"],
    ]  # fmt: skip
    assert len(moon.read()) == 2


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("PRIVMSG", "411"), ("PRIVMSG :", "411"), ("PRIVMSG #dev", "412"),
        ("PRIVMSG #dev :", "412"),
        ("PRIVMSG #dev : ", "412"), ("PRIVMSG #dev :\x02\x02", "412"), ("PRIVMSG #lobby x", "404"),
        ("PRIVMSG #dev :a\x07b", "404"), ("PRIVMSG nobody x", "401"), ("PRIVMSG # x", "403"),
        ("PRIVMSG " + ",".join(f"n{n}" for n in range(33)) + " x", "407"),
    ],
)  # fmt: skip
def test_a_message_that_cannot_be_sent_says_why_and_a_notice_says_nothing(
    chat: IrcChat, line: str, number: str
) -> None:
    ice, moon = pair(chat)
    assert numbers(ice.send(line)) == [number]
    assert ice.send(line.replace("PRIVMSG", "NOTICE")) == []
    assert moon.read() == []


def test_a_notice_is_one_for_irc_clients_and_a_message_for_the_others(chat: IrcChat) -> None:
    ice, moon = pair(chat)
    assert ice.send("NOTICE #dev,moon :build 7 passed") == []
    assert moon.read() == [
        ":ice!~user@chatd NOTICE #dev :build 7 passed",
        ":ice!~user@chatd NOTICE moon :build 7 passed",
    ]
    message = chat.hub.read_history("#dev", 1).messages[0]
    assert (message.text, message.notice) == ("build 7 passed", True)


def test_an_action_is_one_in_every_dialect(chat: IrcChat) -> None:
    ice, moon = pair(chat)
    ice.send("PRIVMSG #dev :\x01ACTION waves\x01")
    assert moon.read() == [":ice!~user@chatd PRIVMSG #dev :\x01ACTION waves\x01"]
    message = chat.hub.read_history("#dev", 1).messages[0]
    assert (message.text, message.action) == ("waves", True)
    ice.send("PRIVMSG #dev :\x01VERSION\x01", "PRIVMSG #dev :\x034red\x03")
    assert moon.read() == [":ice!~user@chatd PRIVMSG #dev :red"]


def test_a_client_that_wants_its_messages_back_gets_them(chat: IrcChat) -> None:
    ice, _ = pair(chat, "echo-message")
    assert ice.send("PRIVMSG #dev,moon :\x02hi\x02") == [
        ":ice!~user@chatd PRIVMSG #dev :hi",
        ":ice!~user@chatd PRIVMSG moon :hi",
    ]
    assert ice.send("NOTICE #dev hi") == [":ice!~user@chatd NOTICE #dev :hi"]


def test_a_message_has_its_time_and_an_id_that_is_the_same_for_all(chat: IrcChat) -> None:
    ice, _ = pair(chat, "echo-message", "message-tags", "server-time")
    sun = chat.come("sun", "message-tags", "server-time")
    sun.send("JOIN #dev")
    [echo] = [line for line in ice.send("PRIVMSG #dev :hi") if "PRIVMSG" in line]
    assert echo == (
        "@time=1970-01-01T00:16:40.000Z;msgid=1-f4240#dev :ice!~user@chatd PRIVMSG #dev :hi"
    )
    assert sun.read() == [echo]
    plain = chat.come("plain", "message-tags")
    plain.send("JOIN #dev")
    ice.send("PRIVMSG #dev :hi")
    assert plain.read()[0].startswith("@msgid=2-f4240#dev :")


def test_whoever_writes_to_somebody_who_is_away_is_told(chat: IrcChat) -> None:
    ice, moon = pair(chat)
    assert numbers(moon.send("AWAY :lunch")) == ["306"]
    assert ice.send("PRIVMSG moon hi") == [":work.chatd 301 ice moon :lunch"]
    assert numbers(moon.send("AWAY"))[-1] == "305"
    assert ice.send("PRIVMSG moon hi") == []


def test_a_client_that_wants_to_know_who_is_away_is_told(chat: IrcChat) -> None:
    ice, moon = pair(chat, "away-notify")
    moon.send("AWAY :lunch", "AWAY")
    assert ice.read() == [":moon!~user@chatd AWAY :lunch", ":moon!~user@chatd AWAY"]
    ice.send("AWAY :tea")
    assert moon.read() == []


def test_every_line_of_a_message_arrives_and_so_does_a_very_long_one(chat: IrcChat) -> None:
    ice, moon = pair(chat)
    text = f"one\n\ntwo\n{'x' * 4_000}"
    chat.hub.handle(ice.member, commands.SendMessage(text, "#dev"), 0)
    shown = [line.partition(" :")[2] for line in moon.read()]
    assert shown[:2] == ["one", "two"]
    assert "".join(shown[2:]) == "x" * 4_000
    assert max(map(len, shown)) <= irc_limits.IRC_TEXT_BYTES


def test_what_deceives_is_shown_as_its_code(chat: IrcChat) -> None:
    ice, moon = pair(chat)
    chat.hub.handle(ice.member, commands.SendMessage("a\u202eb", "#dev"), 0)
    assert moon.read() == [":ice!~user@chatd PRIVMSG #dev :a<U+202E>b"]


def test_a_label_comes_back_with_the_one_answer(chat: IrcChat) -> None:
    ice, _ = pair(chat, "labeled-response", "batch", "echo-message")
    assert ice.send("@label=1 PING x") == ["@label=1 :work.chatd PONG work.chatd :x"]
    assert ice.send("@label=2 PONG x") == ["@label=2 :work.chatd ACK"]
    assert ice.send("@label=3 PRIVMSG #dev :hi") == ["@label=3 :ice!~user@chatd PRIVMSG #dev :hi"]
    first, *middle, last = ice.send("@label=4 WHOIS moon")
    assert first == "@label=4 :work.chatd BATCH +answer labeled-response"
    assert all(line.startswith("@batch=answer :work.chatd ") for line in middle)
    assert last == ":work.chatd BATCH -answer"
    first, *middle, last = ice.send("@label=5 JOIN #music")
    assert "BATCH +answer" in first
    assert all(line.startswith("@batch=answer ") for line in middle)
    assert last == ":work.chatd BATCH -answer"
    assert ice.send("@label=6 NONSENSE") == [
        "@label=6 :work.chatd 421 ice NONSENSE :Unknown command"
    ]


def test_a_label_needs_the_capability(chat: IrcChat) -> None:
    _, moon = pair(chat)
    moon.read()
    assert moon.send("@label=1 PING x") == [":work.chatd PONG work.chatd :x"]


def test_lines_that_cannot_be_read_are_refused_and_the_next_one_is_not(chat: IrcChat) -> None:
    ice = chat.come("ice")
    assert ice.send(b"PRIVMSG #dev :\xff")[0].startswith(":work.chatd FAIL PRIVMSG INVALID_UTF8 :")
    assert numbers(ice.send("PRIVMSG #dev :" + "x" * 600)) == ["417"]
    assert numbers(ice.send(b"PRIVMSG #dev :a\0b")) == ["400"]
    assert ice.send("", "   ") == []
    assert numbers(ice.send("PING x")) == ["PONG"]


@pytest.mark.parametrize("line", ["PRIVMSG moon hi", "INVITE moon #dev", "WHOIS moon"])
def test_why_somebody_is_away_deceives_nobody(chat: IrcChat, line: str) -> None:
    ice, moon = chat.come("ice"), chat.come("moon")
    moon.send("AWAY :back\u202e soon")
    ice.send("JOIN #dev")
    [away] = [each for each in ice.send(line) if each.split(" ")[1] == "301"]
    assert away == ":work.chatd 301 ice moon :back<U+202E> soon"
