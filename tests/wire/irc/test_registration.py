"""Entering by IRC: every client gets in, under the nickname that it may have."""

from base64 import b64encode

import pytest

from tests.wire.irc.chat import IrcChat, IrcClient

ENTERED = ["NICK ice", "USER ice 0 * :Ice"]


@pytest.fixture
def chat() -> IrcChat:
    return IrcChat({"star": "secret", "comet": "hidden"})


def numbers(lines: list[str]) -> list[str]:
    return [line.split(" ")[1] for line in lines]


def plain(account: str, password: str) -> str:
    return b64encode(f"\0{account}\0{password}".encode()).decode()


def test_a_client_enters_with_nick_and_user_in_either_order(chat: IrcChat) -> None:
    for nickname, order in (("ice", 1), ("moon", -1)):
        client = chat.connect()
        lines = client.send(*[f"NICK {nickname}", f"USER {nickname} 0 * :x"][::order])
        assert numbers(lines) == [
            "001",
            "002",
            "003",
            "004",
            "005",
            "005",
            "375",
            *["372"] * 3,
            "376",
        ]
        assert (
            lines[0]
            == f":work.chatd 001 {nickname} :Welcome to the work network, {nickname}!~user@chatd"
        )
    assert [each.nickname for each in chat.hub.users().users] == ["ice", "moon"]


def test_a_client_is_in_no_room_and_is_told_where_the_others_are(chat: IrcChat) -> None:
    lines = chat.connect().send(*ENTERED)
    assert any("/join #lobby" in line for line in lines)
    assert chat.hub.users("#lobby").users == ()


def test_registration_waits_for_the_end_of_the_negotiation(chat: IrcChat) -> None:
    client = chat.connect()
    [offer] = client.send("CAP LS 302")
    assert offer.startswith(":work.chatd CAP * LS :")
    assert "sasl=PLAIN" in offer.split()
    assert client.send(*ENTERED) == []
    assert client.send("CAP REQ :server-time") == [":work.chatd CAP ice ACK :server-time"]
    assert numbers(client.send("CAP END"))[0] == "001"


def test_sasl_is_offered_where_there_are_accounts(chat: IrcChat) -> None:
    assert "sasl" in chat.connect().send("CAP LS")[0]


def test_a_nickname_that_is_taken_is_answered_so_that_the_client_tries_another(
    chat: IrcChat,
) -> None:
    chat.come("ice")
    client = chat.connect()
    [refusal] = client.send(*ENTERED)
    assert refusal == ":work.chatd 433 ice ice :The nickname ice is taken; choose another one."
    assert numbers(client.send("NICK ice_"))[0] == "001"


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("NICK", "431"), ("NICK :", "431"), ("NICK a,b", "432"), ("NICK #a", "432"),
        ("NICK " + "x" * 26, "432"), ("USER ice", "461"),
        ("USER ice 0 * :", "461"), ("PASS", "461"),
        ("JOIN #dev", "451"), ("JOIN :", "451"), ("NONSENSE", "451"), ("PRIVMSG ice :x", "451"),
        ("AUTHENTICATE", "461"), ("CAP X", "410"),
    ],
)  # fmt: skip
def test_what_is_wrong_before_entering_has_a_numeric_and_goes_on(
    chat: IrcChat, line: str, number: str
) -> None:
    client = chat.connect()
    assert numbers(client.send(line)) == [number]
    client.send("CAP END")
    assert numbers(client.send(*ENTERED))[0] == "001"


def test_a_client_pings_before_it_enters(chat: IrcChat) -> None:
    assert chat.connect().send("PING 123") == [":work.chatd PONG work.chatd :123"]


def test_a_nickname_with_a_password_is_refused_without_it(chat: IrcChat) -> None:
    client = chat.connect()
    [refusal] = client.send("NICK star", "USER s 0 * :s")
    assert numbers([refusal]) == ["433"]
    assert "password" in refusal
    assert numbers(client.send("NICK star_"))[0] == "001"


@pytest.mark.parametrize("password", ["secret", "star:secret", "STAR:secret"])
def test_pass_gives_the_password_of_the_nickname(chat: IrcChat, password: str) -> None:
    client = chat.connect()
    lines = client.send(f"PASS {password}", "NICK star", "USER s 0 * :s")
    assert numbers(lines)[0] == "001"
    assert "secret" not in repr(client.dialect)


def test_a_wrong_password_is_refused_and_another_nickname_may_be_chosen(chat: IrcChat) -> None:
    client = chat.connect()
    assert numbers(client.send("PASS wrong", "NICK star", "USER s 0 * :s")) == ["464"]
    assert numbers(client.send("NICK ice"))[0] == "001"


def test_pass_does_no_harm_where_it_is_not_needed(chat: IrcChat) -> None:
    assert numbers(chat.connect().send("PASS whatever", *ENTERED))[0] == "001"


def sasl_client(chat: IrcChat) -> IrcClient:
    client = chat.connect()
    client.send("CAP LS 302", "NICK star", "USER s 0 * :s", "CAP REQ sasl")
    assert client.send("AUTHENTICATE PLAIN") == [":work.chatd AUTHENTICATE +"]
    return client


def test_sasl_gives_the_password_before_entering(chat: IrcChat) -> None:
    client = sasl_client(chat)
    lines = client.send(f"AUTHENTICATE {plain('star', 'secret')}")
    assert numbers(lines) == ["900", "903"]
    assert chat.hub.users().users == (), "it has not entered yet"
    assert client.send("CAP END")[0].split()[2] == "star"
    assert "secret" not in repr(client.dialect)


def test_a_wrong_password_by_sasl_fails_and_may_be_given_again(chat: IrcChat) -> None:
    client = sasl_client(chat)
    assert numbers(client.send(f"AUTHENTICATE {plain('star', 'wrong')}")) == ["904"]
    client.send("AUTHENTICATE PLAIN")
    assert numbers(client.send(f"AUTHENTICATE {plain('star', 'secret')}")) == ["900", "903"]


def test_other_ends_of_sasl_have_their_numerics(chat: IrcChat) -> None:
    client = sasl_client(chat)
    assert numbers(client.send("AUTHENTICATE *")) == ["906"]
    assert numbers(client.send("AUTHENTICATE EXTERNAL")) == ["908", "904"]
    client.send("AUTHENTICATE PLAIN")
    assert numbers(client.send("AUTHENTICATE " + "x" * 401)) == ["905"]


def test_who_is_authenticated_enters_under_the_account(chat: IrcChat) -> None:
    client = sasl_client(chat)
    client.send("NICK other", f"AUTHENTICATE {plain('star', 'secret')}")
    assert client.send("CAP END")[0].split()[2] == "star"


def test_who_is_signed_in_may_sign_in_to_another_account(chat: IrcChat) -> None:
    """sasl-3.2: a client may authenticate again at any time."""
    client = sasl_client(chat)
    client.send(f"AUTHENTICATE {plain('star', 'secret')}")
    client.send("AUTHENTICATE PLAIN")
    assert numbers(client.send(f"AUTHENTICATE {plain('comet', 'hidden')}")) == ["900", "903"]
    assert client.send("CAP END")[0].split()[2] == "comet"
    client.send("AUTHENTICATE PLAIN")
    lines = client.send(f"AUTHENTICATE {plain('star', 'secret')}")
    assert numbers(lines) == ["900", "903", "NICK"]


def test_a_wrong_password_signs_out_who_has_not_entered_yet(chat: IrcChat) -> None:
    client = sasl_client(chat)
    client.send("NICK ice", f"AUTHENTICATE {plain('star', 'secret')}")
    client.send("AUTHENTICATE PLAIN")
    assert numbers(client.send(f"AUTHENTICATE {plain('star', 'wrong')}")) == ["904"]
    assert client.send("CAP END")[0].split()[2] == "ice"


def test_who_enters_in_the_middle_of_sasl_does_so_without_it(chat: IrcChat) -> None:
    client = sasl_client(chat)
    client.send("NICK ice")
    lines = client.send("CAP END")
    assert numbers(lines)[:2] == ["906", "001"]
    # The exchange is over: this is a mechanism that there is not.
    assert numbers(client.send(f"AUTHENTICATE {plain('star', 'secret')}")) == ["908", "904"]


@pytest.mark.parametrize("is_by_pass", [True, False])
def test_who_is_renamed_away_from_the_account_is_signed_out(
    chat: IrcChat, is_by_pass: bool
) -> None:
    if is_by_pass:
        client = chat.connect()
        client.send("PASS secret", "NICK star", "USER s 0 * :s")
    else:
        client = sasl_client(chat)
        client.send(f"AUTHENTICATE {plain('star', 'secret')}", "CAP END")
    assert client.send("NICK STAR") == [":star!~user@chatd NICK STAR"]
    assert client.send("NICK ice") == [
        ":STAR!~user@chatd NICK ice",
        ":work.chatd 901 ice ice!~user@chatd :You are now logged out",
    ]


def test_a_blocked_account_has_its_own_numeric(chat: IrcChat) -> None:
    chat.blocked.add("star")
    client = sasl_client(chat)
    assert numbers(client.send(f"AUTHENTICATE {plain('star', 'secret')}")) == ["902"]


def test_an_account_that_is_connected_already_may_come_as_a_guest(chat: IrcChat) -> None:
    first = sasl_client(chat)
    first.send(f"AUTHENTICATE {plain('star', 'secret')}", "CAP END")
    second = sasl_client(chat)
    second.send(f"AUTHENTICATE {plain('star', 'secret')}")
    assert numbers(second.send("CAP END")) == ["433"]
    assert second.send("NICK star_")[0].split()[2] == "star_"


def test_a_member_may_authenticate_later_and_has_the_nickname_then(chat: IrcChat) -> None:
    client = chat.come("ice")
    client.send("AUTHENTICATE PLAIN")
    lines = client.send(f"AUTHENTICATE {plain('star', 'secret')}")
    assert numbers(lines[:-1]) == ["900", "903"]
    assert lines[-1] == ":ice!~user@chatd NICK star"


def test_a_full_server_says_so_and_ends_the_connection(chat: IrcChat) -> None:
    full = IrcChat(slots=1)
    full.come("ice")
    lines = full.connect().send("NICK moon", "USER m 0 * :m")
    assert lines == ["ERROR :Closing Link: The server is full; try again later."]


def test_a_member_renames_itself_and_the_others_are_told(chat: IrcChat) -> None:
    ice, moon = chat.come("ice"), chat.come("moon")
    moon.read()
    assert ice.send("NICK Sun") == [":ice!~user@chatd NICK Sun"]
    assert moon.read() == []  # they share no room
    assert ice.send("NICK sun") == [":Sun!~user@chatd NICK sun"]
    assert ice.send("NICK sun") == []
    assert numbers(ice.send("NICK moon")) == ["433"]
    assert numbers(ice.send("USER a b c d")) == ["462"]


def test_a_nickname_is_answered_as_the_chat_spells_it(chat: IrcChat) -> None:
    ice = chat.come("ice")
    assert ice.send("NICK \uff33un") == [":ice!~user@chatd NICK Sun"]


def test_whoever_quits_is_told_that_the_connection_ends(chat: IrcChat) -> None:
    assert chat.come("ice").send("QUIT :bye") == ["ERROR :Closing Link: quit"]
    assert chat.connect().send("QUIT") == ["ERROR :Closing Link: quit"]
    assert chat.hub.users().users == ()


def test_capabilities_may_change_after_entering(chat: IrcChat) -> None:
    ice = chat.come("ice")
    before = ice.dialect.variant
    assert ice.send("CAP REQ server-time") == [":work.chatd CAP ice ACK :server-time"]
    assert ice.dialect.variant != before
    assert ice.send("CAP LIST") == [":work.chatd CAP ice LIST :server-time"]
