"""The tags of a message: those of clients, its id, and who has sent it."""

import pytest

from chatd.chat import irc_limits, order_commands
from tests.wire.irc.chat import IrcChat, IrcClient

TAGS = "message-tags"


@pytest.fixture
def chat() -> IrcChat:
    return IrcChat({"star": "secret"})


def enter(chat: IrcChat, nickname: str, *capabilities: str) -> IrcClient:
    """A client in #dev that has read all that came."""
    client = chat.come(nickname, *capabilities)
    client.send("JOIN #dev")
    for other in chat.outbox.clients.values():
        other.read()
    return client


def tags_of(line: str) -> dict[str, str]:
    pairs = line.partition(" ")[0].removeprefix("@").split(";") if line.startswith("@") else []
    return {name: value for name, _, value in (pair.partition("=") for pair in pairs)}


def test_tags_for_clients_go_with_the_message_to_those_who_know_tags(chat: IrcChat) -> None:
    ice = enter(chat, "ice", TAGS, "echo-message")
    moon, sun, old = (
        enter(chat, "moon", TAGS), enter(chat, "sun", "server-time"), enter(chat, "old"),
    )  # fmt: skip
    [echo] = ice.send(r"@+typing=done;other=1;+a/b.c=x\:y;+bad_name=1;label=2 PRIVMSG #dev :hi")
    sent = tags_of(echo)
    assert sent == {"+typing": "done", "+a/b.c": r"x\:y", "msgid": sent["msgid"]}
    assert moon.read() == [echo]
    assert sun.read() == ["@time=1970-01-01T00:16:40.000Z :ice!~user@chatd PRIVMSG #dev :hi"]
    assert old.read() == [":ice!~user@chatd PRIVMSG #dev :hi"]
    assert chat.hub.read_history("#dev", 1).messages[0].text == "hi"


def test_tags_of_a_client_that_knows_none_are_not_passed_on(chat: IrcChat) -> None:
    ice, moon = enter(chat, "ice"), enter(chat, "moon", TAGS)
    ice.send("@+typing=done PRIVMSG #dev :hi", "@+typing=active TAGMSG #dev")
    [line] = moon.read()
    assert set(tags_of(line)) == {"msgid"}


def test_the_most_tags_that_a_line_may_have_arrive(chat: IrcChat) -> None:
    ice, moon = enter(chat, "ice", TAGS), enter(chat, "moon", TAGS)
    value = "a" * (irc_limits.IRC_TAGS_BYTES - len("+baz="))
    ice.send(f"@+baz={value} TAGMSG #dev", f"@+baz={value} PRIVMSG #dev :hi")
    assert [tags_of(line)["+baz"] for line in moon.read()] == [value, value]
    [refusal] = ice.send(f"@+baz={value}a TAGMSG #dev")
    assert " 417 " in refusal
    assert moon.read() == []


def test_what_has_no_text_is_told_to_those_who_know_tags_and_to_nobody_else(
    chat: IrcChat,
) -> None:
    ice = enter(chat, "ice", TAGS, "echo-message")
    moon, old = enter(chat, "moon", TAGS), enter(chat, "old", "server-time")
    [echo] = ice.send("@+typing=active TAGMSG #dev")
    assert echo.endswith(":ice!~user@chatd TAGMSG #dev")
    assert set(tags_of(echo)) == {"+typing", "msgid"}
    assert moon.read() == [echo]
    assert old.read() == []
    assert chat.hub.read_history("#dev", 1).messages == ()
    assert ice.send("TAGMSG #dev") == []  # nothing is nothing to tell
    assert moon.read() == []


def test_what_has_no_text_reaches_a_user_and_oneself(chat: IrcChat) -> None:
    ice = enter(chat, "ice", TAGS, "echo-message", "labeled-response", "batch")
    moon = enter(chat, "moon", TAGS)
    [echo] = ice.send("@label=1;+draft/react=x TAGMSG moon")
    [told] = moon.read()
    assert tags_of(echo) == {"label": "1", **tags_of(told)}
    assert told.endswith(":ice!~user@chatd TAGMSG moon")
    own = ice.send("@label=2;+draft/react=x TAGMSG ice")
    assert ["label" in tags_of(line) for line in own] == [False, True]


def test_what_has_no_text_is_refused_without_a_word(chat: IrcChat) -> None:
    host = enter(chat, "host", TAGS)
    ice, moon = enter(chat, "ice", TAGS), enter(chat, "moon", TAGS)
    chat.hub.handle(host.member, order_commands.Mute("ice", "#dev"), chat.now)
    for client in (ice, moon):
        client.read()
    assert ice.send("@+typing=active TAGMSG #dev", "@+typing=active TAGMSG nobody,#none") == []
    assert moon.read() == []
    assert " 411 " in ice.send("@+typing=active TAGMSG")[0]


def test_that_somebody_is_typing_does_not_show_that_the_user_is_there(chat: IrcChat) -> None:
    ice = enter(chat, "ice", TAGS)
    ice.send("@+typing=active TAGMSG #dev")
    assert type(ice.replies[-1]).__name__ == "_SentUnasked"


def test_a_private_message_has_an_id_that_is_the_same_for_all(chat: IrcChat) -> None:
    ice = enter(chat, "ice", TAGS, "echo-message")
    moon, sun = enter(chat, "moon", TAGS), enter(chat, "sun", TAGS)
    first, second = ice.send("PRIVMSG moon,sun :one")
    assert tags_of(first) == tags_of(second)
    assert [tags_of(each.read()[0]) for each in (moon, sun)] == [tags_of(first)] * 2
    [third] = ice.send("PRIVMSG moon :two")
    assert tags_of(third)["msgid"] not in ("", tags_of(first)["msgid"])
    moon.read()
    assert moon.send("@+draft/reply=1 PRIVMSG ice :yes") == []
    assert tags_of(ice.read()[0])["+draft/reply"] == "1"


def test_who_has_given_a_password_is_named_by_the_account(chat: IrcChat) -> None:
    star = chat.connect("echo-message", "account-tag")
    star.send("PASS secret", "NICK star", "USER star 0 * :star", "JOIN #dev")
    moon, old = enter(chat, "moon", "account-tag"), enter(chat, "old")
    assert star.send("PRIVMSG #dev,moon :hi") == [
        "@account=star :star!~user@chatd PRIVMSG #dev :hi",
        "@account=star :star!~user@chatd PRIVMSG moon :hi",
    ]
    assert [tags_of(line) for line in moon.read()] == [{"account": "star"}] * 2
    assert old.read() == [":star!~user@chatd PRIVMSG #dev :hi"]
    moon.send("PRIVMSG #dev :hi")
    assert star.read() == [":moon!~user@chatd PRIVMSG #dev :hi"]
    star.send("NICK comet", "PRIVMSG #dev :hi")
    assert "account" not in tags_of(moon.read()[-1])


def test_the_account_is_named_with_an_invitation_and_where_somebody_joins(chat: IrcChat) -> None:
    moon, old = enter(chat, "moon", "account-tag", "server-time"), enter(chat, "old")
    star = chat.connect()
    star.send("PASS secret", "NICK star", "USER star 0 * :star", "JOIN #dev", "JOIN #music")
    time = "1970-01-01T00:16:40.000Z"
    assert moon.read() == [f"@time={time};account=star :star!~user@chatd JOIN #dev"]
    assert old.read() == [":star!~user@chatd JOIN #dev"]
    star.send("INVITE moon #music", "INVITE old #music")
    assert moon.read() == [f"@time={time};account=star :star!~user@chatd INVITE moon #music"]
    assert old.read() == [":star!~user@chatd INVITE old #music"]


def test_a_bot_says_so_and_everybody_can_see_it(chat: IrcChat) -> None:
    bot = enter(chat, "bot", TAGS, "echo-message")
    moon = enter(chat, "moon", TAGS)
    assert bot.send("MODE bot +B", "MODE bot +B") == [":bot!~user@chatd MODE bot +B"]
    assert bot.send("MODE bot") == [":work.chatd 221 bot +B"]
    for line in (*bot.send("PRIVMSG #dev :beep", "PRIVMSG moon :beep"), *moon.read()):
        assert tags_of(line)["bot"] == ""
    assert ":work.chatd 335 moon bot :is a bot" in moon.send("WHOIS bot")
    who = {line.split()[7]: line.split()[8] for line in moon.send("WHO #dev")[:-1]}
    assert who == {"bot": "HB@", "moon": "H"}
    assert bot.send("MODE bot -B") == [":bot!~user@chatd MODE bot -B"]
    assert "bot" not in tags_of(bot.send("PRIVMSG #dev :hi")[0])
    assert bot.send("MODE bot +i") == []


def test_the_server_says_what_marks_a_bot(chat: IrcChat) -> None:
    client = chat.connect()
    lines = client.send("NICK ice", "USER ice 0 * :ice")
    assert any(" BOT=B " in line for line in lines if " 005 " in line)
