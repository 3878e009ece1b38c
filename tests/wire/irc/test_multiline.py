"""A message of several lines: one message for everybody, and as its sender has cut it."""

import pytest

from chatd.chat import commands, limits
from chatd.chat.errors import Refusal
from tests.wire.irc.chat import IrcChat, IrcClient

CAPS = ("message-tags", "batch", "echo-message", "draft/multiline", "labeled-response")


@pytest.fixture
def chat() -> IrcChat:
    return IrcChat()


def enter(chat: IrcChat, nickname: str, *capabilities: str) -> IrcClient:
    client = chat.come(nickname, *capabilities)
    client.send("JOIN #dev")
    for other in chat.outbox.clients.values():
        other.read()
    return client


def without_tags(line: str) -> str:
    return line.partition(" ")[2] if line.startswith("@") else line


def test_it_arrives_as_a_batch_and_without_the_capability_as_lines(chat: IrcChat) -> None:
    ice, moon, old = enter(chat, "ice", *CAPS), enter(chat, "moon", *CAPS), enter(chat, "old")
    tagged = enter(chat, "tagged", "message-tags")
    echo = ice.send(
        "@label=x;+a=b BATCH +1 draft/multiline #dev",
        "@batch=1 PRIVMSG #dev :",
        "@batch=1 PRIVMSG #dev :how is ",
        "@batch=1;draft/multiline-concat PRIVMSG #dev :everyone?",
        "BATCH -1",
    )
    message = chat.hub.read_history("#dev", 1).messages[0]
    assert message.text == "\nhow is everyone?"
    opening = (
        f"+a=b;msgid=1-{message.time:x}#dev :ice!~user@chatd BATCH +message draft/multiline #dev"
    )
    rest = [
        "@batch=message :ice!~user@chatd PRIVMSG #dev :",
        "@batch=message :ice!~user@chatd PRIVMSG #dev :how is ",
        "@batch=message;draft/multiline-concat :ice!~user@chatd PRIVMSG #dev :everyone?",
        ":ice!~user@chatd BATCH -message",
    ]
    assert echo == [f"@label=x;{opening}", *rest]
    assert moon.read() == [f"@{opening}", *rest]
    lines = [":ice!~user@chatd PRIVMSG #dev :how is ", ":ice!~user@chatd PRIVMSG #dev :everyone?"]
    assert old.read() == lines
    first, second = tagged.read()
    assert [without_tags(first), without_tags(second)] == lines
    assert "msgid=1-" in first
    assert "msgid" not in second
    assert second.startswith("@+a=b ")


def test_a_message_of_another_dialect_is_a_batch_too_and_an_action_is_none(chat: IrcChat) -> None:
    ice, moon = enter(chat, "ice", *CAPS), enter(chat, "moon", *CAPS)
    long = "x" * 600
    chat.hub.handle(ice.member, commands.SendMessage(f"one\n{long}", "#dev"), chat.now)
    assert [without_tags(line).partition("#dev")[2] for line in moon.read()] == [
        *("", " :one", f" :{long[:500]}", f" :{long[500:]}", ""),
    ]
    chat.hub.handle(ice.member, commands.SendMessage("waves\nbows", "#dev", True), chat.now)
    assert [without_tags(line).split(" ", 1)[1] for line in moon.read()] == [
        "PRIVMSG #dev :\x01ACTION waves\x01",
        "PRIVMSG #dev :\x01ACTION bows\x01",
    ]


def test_it_may_be_private_a_notice_or_an_action(chat: IrcChat) -> None:
    ice, moon, old = enter(chat, "ice", *CAPS), enter(chat, "moon", *CAPS), enter(chat, "old")
    batch = ["@batch=1 NOTICE {} :one", "@batch=1 NOTICE {} :two", "BATCH -1"]
    for target in ("moon", "old", "#dev"):
        echo = ice.send(
            f"BATCH +1 draft/multiline {target}", *(each.format(target) for each in batch)
        )
        assert len(echo) == 4
    assert [without_tags(line) for line in moon.read()[:2]] == [
        ":ice!~user@chatd BATCH +message draft/multiline moon",
        ":ice!~user@chatd NOTICE moon :one",
    ]
    assert old.read()[:2] == [
        ":ice!~user@chatd NOTICE old :one", ":ice!~user@chatd NOTICE old :two",
    ]  # fmt: skip
    ice.send(
        "BATCH +1 draft/multiline #dev",
        "@batch=1 PRIVMSG #dev :\x01ACTION waves",
        "@batch=1 PRIVMSG #dev :and bows\x01",
        "BATCH -1",
    )
    message = chat.hub.read_history("#dev", 1).messages[0]
    assert (message.text, message.action) == ("waves\nand bows", True)


def test_colours_are_removed_and_the_cuts_stay_where_they_were(chat: IrcChat) -> None:
    ice, moon = enter(chat, "ice", *CAPS), enter(chat, "moon", *CAPS)
    ice.send(
        "BATCH +1 draft/multiline #dev",
        "@batch=1 PRIVMSG #dev :\x02one\x02 ",
        "@batch=1;draft/multiline-concat PRIVMSG #dev :\x0f",
        "@batch=1;draft/multiline-concat PRIVMSG #dev :\x034two",
        "BATCH -1",
    )
    assert [line.rpartition(" :")[2] for line in moon.read()[1:-1]] == ["one ", "two"]


def opened(chat: IrcChat, target: str = "#dev") -> IrcClient:
    ice = enter(chat, "ice", *CAPS)
    assert ice.send(f"@label=x BATCH +1 draft/multiline {target}") == []
    return ice


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (["@batch=1 PRIVMSG #lobby :hi"], "MULTILINE_INVALID_TARGET #dev #lobby"),
        (["@batch=1 PRIVMSG #dev :hi", "@batch=1 NOTICE #dev :hi"], "MULTILINE_INVALID"),
        (
            [
                "@batch=1 PRIVMSG #dev :hi",
                "@batch=1;draft/multiline-concat PRIVMSG #dev :",
            ],
            "MULTILINE_INVALID",
        ),
        (["@batch=1 PRIVMSG"], "MULTILINE_INVALID_TARGET #dev *"),
        (["@batch=1 PRIVMSG #dev :" + "x" * 400] * 11, "MULTILINE_MAX_BYTES 4096"),
        (["@batch=1 PRIVMSG #dev :"] * 257, "MULTILINE_MAX_LINES 256"),
        (["BATCH -1"], "MULTILINE_INVALID"),
        (["@batch=1 PRIVMSG #dev :", "@batch=1 PRIVMSG #dev : ", "BATCH -1"], "MULTILINE_INVALID"),
    ],
)
def test_a_fault_is_told_once_with_the_label_and_nothing_is_sent(
    chat: IrcChat, lines: list[str], code: str
) -> None:
    ice, moon = opened(chat), enter(chat, "moon")
    [refusal] = ice.send(*lines)
    assert refusal.startswith(f"@label=x :work.chatd FAIL BATCH {code} :")
    if lines[-1] != "BATCH -1":
        assert ice.send("@batch=1 PRIVMSG #dev :more", "BATCH -1") == []
    assert moon.read() == []
    ice.send("PRIVMSG #dev :hi")
    assert moon.read() == [":ice!~user@chatd PRIVMSG #dev :hi"]


@pytest.mark.parametrize(
    "line",
    [
        "BATCH +1", "BATCH + draft/multiline #dev", "BATCH +1 other #dev", "BATCH -1", "BATCH x",
        "BATCH +1 draft/multiline #dev,#lobby", "BATCH +1 draft/multiline :",
        "@batch=1 PRIVMSG #dev :hi",
    ],
)  # fmt: skip
def test_what_is_no_batch_is_refused(chat: IrcChat, line: str) -> None:
    ice, moon = enter(chat, "ice", *CAPS), enter(chat, "moon")
    [refusal] = ice.send(line)
    assert refusal.startswith(":work.chatd FAIL BATCH MULTILINE_INVALID :")
    assert moon.read() == []


def test_another_batch_takes_the_place_of_one_that_is_open(chat: IrcChat) -> None:
    ice, moon = opened(chat), enter(chat, "moon")
    ice.send("@batch=1 PRIVMSG #dev :one")
    [refusal] = ice.send("@label=y BATCH +2 draft/multiline #dev")
    assert refusal.startswith("@label=x :work.chatd FAIL BATCH MULTILINE_INVALID :")
    ice.send("@batch=2 PRIVMSG #dev :two", "BATCH -2")
    assert moon.read() == [":ice!~user@chatd PRIVMSG #dev :two"]


def test_what_cannot_be_sent_is_refused_as_any_message(chat: IrcChat) -> None:
    ice = opened(chat, "#lobby")
    [refusal] = ice.send("@batch=1 PRIVMSG #lobby :hi", "BATCH -1")
    assert refusal.startswith("@label=x :work.chatd 404 ice #lobby :")


def test_other_lines_may_come_between(chat: IrcChat) -> None:
    ice, moon = opened(chat), enter(chat, "moon")
    ice.send("@batch=1 PRIVMSG #dev :one")
    assert ice.send("PING x") == [":work.chatd PONG work.chatd :x"]
    ice.send("PRIVMSG #dev :between", "@batch=1 PRIVMSG #dev :two", "BATCH -1")
    assert [line.rpartition(":")[2] for line in moon.read()] == ["between", "one", "two"]


def test_a_client_without_the_capability_sends_none(chat: IrcChat) -> None:
    ice, moon = enter(chat, "ice"), enter(chat, "moon")
    assert " 421 " in ice.send("BATCH +1 draft/multiline #dev")[0]
    ice.send("@batch=1 PRIVMSG #dev :hi")
    assert moon.read() == [":ice!~user@chatd PRIVMSG #dev :hi"]


def test_the_capability_says_what_the_limits_are(chat: IrcChat) -> None:
    lines = chat.connect().send("CAP LS 302")
    value = f"max-bytes={limits.MESSAGE_CHARACTERS},max-lines={limits.MESSAGE_LINES}"
    assert any(f" draft/multiline={value}" in line for line in lines)


def test_ten_lines_of_a_batch_cost_as_much_as_one(chat: IrcChat) -> None:
    ice = enter(chat, "ice", *CAPS)
    parts = []
    lines = ["BATCH +1 draft/multiline #dev", *["@batch=1 PRIVMSG #dev :x"] * 21, "BATCH -1"]
    for line in lines:
        try:
            parts.append(ice.dialect.decode(line.encode()).is_part)
        except Refusal:
            raise AssertionError(line) from None
        ice.send(line)
    paying = [number for number, is_part in enumerate(parts) if not is_part]
    assert paying == [0, 1, 11, 21, 22]
    ice.send("BATCH +1 draft/multiline #dev", "@batch=1 PRIVMSG #lobby :x")  # a fault
    assert not ice.dialect.decode(b"@batch=1 PRIVMSG #dev :x").is_part


def test_without_the_capability_no_line_is_a_part_that_was_paid_for(chat: IrcChat) -> None:
    ice = enter(chat, "ice", *CAPS)
    ice.send("BATCH +1 draft/multiline #dev", "@batch=1 PRIVMSG #dev :x")
    assert ice.dialect.decode(b"@batch=1 PRIVMSG #dev :x").is_part
    ice.send("CAP REQ :-draft/multiline")
    assert not ice.dialect.decode(b"@batch=1 PRIVMSG #dev :x").is_part


@pytest.mark.parametrize(
    ("bad", "number"),
    [
        (b"@batch=1 PRIVMSG #dev :\xff", "FAIL PRIVMSG INVALID_UTF8"),
        (b"@batch=1 PRIVMSG #dev :a\0b", "400 ice PRIVMSG"),
        (b"@a=b;batch=1 PRIVMSG #dev :" + b"x" * 512, "417 ice"),
    ],
)
def test_nothing_comes_of_a_batch_of_which_a_line_cannot_be_read(
    chat: IrcChat, bad: bytes, number: str
) -> None:
    ice, moon = opened(chat), enter(chat, "moon")
    ice.send("@batch=1 PRIVMSG #dev :one")
    [refusal] = ice.send(bad)
    assert refusal.startswith(f"@label=x :work.chatd {number} ")
    assert ice.send("@batch=1 PRIVMSG #dev :three", bad.replace(b"=1", b"=2"), "BATCH -1")[1:] == []
    assert moon.read() == []
    ice.send("PRIVMSG #dev :four")
    assert moon.read() == [":ice!~user@chatd PRIVMSG #dev :four"]


def test_nothing_is_left_of_a_batch_once_its_client_knows_no_batches(chat: IrcChat) -> None:
    ice = chat.come("ice", *CAPS)
    ice.send("JOIN #dev", "@label=x BATCH +1 draft/multiline #dev", "@batch=1 PRIVMSG #dev :one")
    ice.send("CAP REQ :-draft/multiline")
    [answer] = ice.send("@label=y;batch=1 PRIVMSG #dev :two")
    assert answer.startswith("@label=y")
