"""REDACT: what was said is taken back, and everybody is told in words that they know."""

import pytest

from tests.wire.irc.chat import HOST_CODE, IrcChat, IrcClient

CAPS = ("message-tags", "echo-message", "draft/message-redaction")


@pytest.fixture
def chat() -> IrcChat:
    return IrcChat()


def enter(chat: IrcChat, nickname: str, *capabilities: str) -> IrcClient:
    client = chat.come(nickname, *capabilities)
    client.send("JOIN #dev")
    for other in chat.outbox.clients.values():
        other.read()
    return client


def said(client: IrcClient, text: str) -> str:
    """The id of what `client` says in #dev."""
    client.chat.now += 1  # whoever takes it back was here before
    [echo] = client.send(f"PRIVMSG #dev :{text}")
    for other in client.chat.outbox.clients.values():
        other.read()
    return echo.partition("msgid=")[2].partition(" ")[0]


def test_one_takes_back_what_one_has_said(chat: IrcChat) -> None:
    enter(chat, "operator")
    ice, moon, old = enter(chat, "ice", *CAPS), enter(chat, "moon", *CAPS), enter(chat, "old")
    identifier = said(ice, "oops")
    told = f":ice!~user@chatd REDACT #dev {identifier}"
    assert ice.send(f"REDACT #dev {identifier}") == [told]
    assert moon.read() == [told]
    assert old.read() == [":work.chatd NOTICE #dev :ice removed message 1 in #dev."]
    assert chat.hub.read_history("#dev", 1).messages[0].removed == "ice"


def test_an_operator_removes_what_others_have_said_and_says_why(chat: IrcChat) -> None:
    ice, moon, old = enter(chat, "ice", *CAPS), enter(chat, "moon", *CAPS), enter(chat, "old")
    identifier = said(moon, "spam")
    told = f":ice!~user@chatd REDACT #dev {identifier} :spam, again"
    assert ice.send(f"REDACT #dev {identifier} :spam, \x02again\x02") == [told]
    assert moon.read()[0] == told
    assert old.read()[0].endswith("ice removed message 1 of moon in #dev: spam, again.")


def test_nobody_else_may(chat: IrcChat) -> None:
    ice, moon = enter(chat, "ice", *CAPS), enter(chat, "moon", *CAPS)
    identifier = said(ice, "hi")
    [refusal] = moon.send(f"REDACT #dev {identifier}")
    assert refusal.startswith(f":work.chatd FAIL REDACT REDACT_FORBIDDEN #dev {identifier} :")
    assert ice.read() == []
    moon.send(f"OPER x {HOST_CODE}")
    assert f":moon!~user@chatd REDACT #dev {identifier}" in moon.send(f"REDACT #DEV {identifier}")


def test_what_is_no_message_there_is_refused(chat: IrcChat) -> None:
    ice = enter(chat, "ice", *CAPS)
    identifier = said(ice, "hi")
    seq, _, rest = identifier.partition("-")
    other_time = f"{seq}-1#{rest.partition('#')[2]}"
    for unknown in ("nonsense", other_time, f"9-{rest}", identifier.replace("dev", "lobby")):
        [refusal] = ice.send(f"REDACT #dev {unknown}")
        assert refusal.startswith(f":work.chatd FAIL REDACT UNKNOWN_MSGID #dev {unknown} :")
    ice.send(f"REDACT #dev {identifier}")
    [refusal] = ice.send(f"REDACT #dev {identifier}")
    assert " FAIL REDACT UNKNOWN_MSGID " in refusal


@pytest.mark.parametrize("target", ["#none", "moon", "#"])
def test_a_target_that_has_no_such_messages_is_refused(chat: IrcChat, target: str) -> None:
    ice = enter(chat, "ice", *CAPS)
    for identifier in ("nonsense", f"1-1{target}"):
        [refusal] = ice.send(f"REDACT {target} {identifier}")
        assert refusal.startswith(f":work.chatd FAIL REDACT INVALID_TARGET {target} :")


def test_a_private_room_looks_like_none(chat: IrcChat) -> None:
    ice, moon = enter(chat, "ice", *CAPS), chat.come("moon", *CAPS)
    ice.send("MODE #dev +s")
    identifier = said(ice, "hi")
    assert [line.split(" ")[3] for line in moon.send(f"REDACT #dev {identifier}")] == [
        "INVALID_TARGET"
    ]


def test_it_needs_a_message_and_the_capability(chat: IrcChat) -> None:
    ice, old = enter(chat, "ice", *CAPS), enter(chat, "old")
    assert " 461 " in ice.send("REDACT #dev")[0]
    assert " 421 " in old.send("REDACT #dev 1-1#dev")[0]
