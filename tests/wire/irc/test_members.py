"""What IRC clients are told of members: who they are, and what changes about them."""

import pytest

from chatd.chat import irc_limits
from tests.wire.irc.chat import IrcChat, IrcClient

#: ``star`` and its password, for SASL PLAIN.
STAR = "AHN0YXIAc2VjcmV0"


@pytest.fixture
def chat() -> IrcChat:
    return IrcChat({"star": "secret"})


def come_as_star(chat: IrcChat) -> IrcClient:
    client = chat.connect()
    client.send("CAP LS 302", "CAP REQ sasl", "AUTHENTICATE PLAIN", f"AUTHENTICATE {STAR}")
    client.send("NICK star", "USER s 0 * :Star Dust", "CAP END")
    return client


def test_a_join_says_who_it_is_to_clients_that_ask_for_it(chat: IrcChat) -> None:
    ice = chat.come("ice", "extended-join")
    sun = chat.come("sun")
    for each in (ice, sun):
        each.send("JOIN #dev")
    ice.read()
    chat.come("moon").send("JOIN #dev")
    come_as_star(chat).send("JOIN #dev")
    assert ice.read() == [
        ":moon!~user@chatd JOIN #dev * :moon",
        ":star!~user@chatd JOIN #dev star :Star Dust",
    ]
    assert sun.read() == [":moon!~user@chatd JOIN #dev", ":star!~user@chatd JOIN #dev"]


def test_a_client_sees_its_own_join_in_the_same_form(chat: IrcChat) -> None:
    star = come_as_star(chat)
    star.send("CAP REQ extended-join")
    assert star.send("JOIN #dev")[0] == ":star!~user@chatd JOIN #dev star :Star Dust"


def test_a_password_that_was_given_with_pass_is_that_of_an_account_as_well(chat: IrcChat) -> None:
    client = chat.connect("extended-join")
    client.send("PASS secret", "NICK star", "USER s 0 * :Star")
    assert client.send("JOIN #dev")[0] == ":star!~user@chatd JOIN #dev star :Star"


def test_who_joins_and_is_away_is_told_of_as_away(chat: IrcChat) -> None:
    ice, sun = chat.come("ice", "away-notify"), chat.come("sun")
    ice.send("JOIN #dev")
    sun.send("JOIN #dev")
    ice.read()
    moon = chat.come("moon")
    moon.send("AWAY :lunch")
    assert not [line for line in moon.send("JOIN #dev") if "AWAY" in line]
    assert ice.read() == [":moon!~user@chatd JOIN #dev", ":moon!~user@chatd AWAY :lunch"]
    assert sun.read() == [":moon!~user@chatd JOIN #dev"]


def test_those_in_a_room_are_told_who_gives_a_password_and_who_goes_on_without(
    chat: IrcChat,
) -> None:
    ice, sun, far = (chat.come(name, "account-notify") for name in ("ice", "sun", "far"))
    for each in (ice, sun):
        each.send("JOIN #dev")
    ice.read()
    sun.send("AUTHENTICATE PLAIN", f"AUTHENTICATE {STAR}")
    assert ice.read() == [":sun!~user@chatd NICK star", ":star!~user@chatd ACCOUNT star"]
    sun.send("NICK moon")
    assert ice.read() == [":star!~user@chatd NICK moon", ":moon!~user@chatd ACCOUNT *"]
    assert far.read() == []


def test_setname_is_told_to_those_in_a_room_and_to_oneself(chat: IrcChat) -> None:
    ice, sun, far = (chat.come(name, "setname") for name in ("ice", "sun", "far"))
    plain = chat.come("plain")
    for each in (ice, sun, plain):
        each.send("JOIN #dev")
    for each in (ice, sun, plain):
        each.read()
    assert sun.send("SETNAME :Sun Shine") == [":sun!~user@chatd SETNAME :Sun Shine"]
    assert ice.read() == [":sun!~user@chatd SETNAME :Sun Shine"]
    assert plain.read() == far.read() == []
    assert "chatd * :Sun Shine" in ice.send("WHOIS sun")[0]
    assert plain.send("SETNAME :Plain") == []


@pytest.mark.parametrize("name", ["x" * (irc_limits.REAL_NAME_CHARACTERS + 1), "a\u0007b"])
def test_a_real_name_that_cannot_be_one_is_refused(chat: IrcChat, name: str) -> None:
    ice = chat.come("ice", "setname")
    [line] = ice.send(f"SETNAME :{name}")
    assert line.startswith(":work.chatd FAIL SETNAME INVALID_REALNAME :")
    assert "chatd * :ice" in ice.send("WHOIS ice")[0]


def test_a_muted_member_does_not_speak_by_its_real_name(chat: IrcChat) -> None:
    sun = chat.come("sun", "setname")
    chat.mute("sun")
    sun.read()
    [line] = sun.send("SETNAME :hear me")
    assert line.startswith(":work.chatd FAIL SETNAME CANNOT_CHANGE_REALNAME :")


def test_a_muted_member_does_not_bring_a_real_name_as_it_comes_again(chat: IrcChat) -> None:
    ice, sun = chat.come("ice", "extended-join"), chat.come("sun")
    ice.send("JOIN #dev")
    chat.mute("sun")
    sun.send("QUIT")
    again = chat.connect()
    again.send("NICK sun", "USER sun 0 * :hear me", "JOIN #dev")
    assert ice.read()[-1] == ":sun!~user@chatd JOIN #dev * :sun"
    assert "hear me" not in "".join(ice.send("WHOIS sun", "WHO #dev"))


def test_a_list_of_users_says_who_has_given_a_password(chat: IrcChat) -> None:
    ice = chat.come("ice")
    come_as_star(chat)
    assert ice.send("WHO star %na")[0] == ":work.chatd 354 ice star star"
    assert ice.send("WHO * %na")[:2] == [
        ":work.chatd 354 ice ice 0",
        ":work.chatd 354 ice star star",
    ]


# --- WHOWAS -------------------------------------------------------------------------------------


def test_whowas_tells_of_those_who_have_left_the_newest_first(chat: IrcChat) -> None:
    ice = chat.come("ice")
    for user in ("first", "second"):
        client = chat.connect()
        client.send("NICK moon", f"USER {user} 0 * :Moon Shine", "QUIT")
    newest, oldest = (
        [
            f":work.chatd 314 ice moon ~{user} chatd * :Moon Shine",
            ":work.chatd 312 ice moon work.chatd :1970-01-01 00:16 UTC",
        ]
        for user in ("second", "first")
    )
    end = [":work.chatd 369 ice MOON :End of WHOWAS"]
    for count in ("", " 2", " 0", " -1", " x"):
        assert ice.send(f"WHOWAS MOON{count}") == newest + oldest + end
    assert ice.send("WHOWAS MOON 1") == newest + end


def test_whowas_of_a_nickname_that_nobody_had(chat: IrcChat) -> None:
    assert chat.come("ice").send("WHOWAS ice") == [
        ":work.chatd 406 ice ice :There was no such nickname",
        ":work.chatd 369 ice ice :End of WHOWAS",
    ]


def test_whoever_is_renamed_had_the_nickname_before(chat: IrcChat) -> None:
    ice = chat.come("ice")
    ice.send("NICK Ice")
    assert ice.send("WHOWAS ice")[0].split(" ")[1] == "406"
    ice.send("NICK sun")
    assert ice.send("WHOWAS ice")[0] == ":work.chatd 314 sun Ice ~ice chatd * :ice"


def test_only_the_last_nicknames_are_known(chat: IrcChat) -> None:
    ice = chat.come("ice")
    for number in range(irc_limits.PAST_NICKNAMES + 1):
        ice.send(f"NICK n{number}")
    numbers = [ice.send(f"WHOWAS {name}")[0].split(" ")[1] for name in ("ice", "n0", "n1")]
    assert numbers == ["406", "314", "314"]
