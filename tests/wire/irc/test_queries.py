"""What clients ask of users and of the server; most of it by themselves."""

import pytest

from chatd.chat import commands
from chatd.wire.dialect import KeepAlive
from tests.wire.irc.chat import HOST_CODE, IrcChat, IrcClient


@pytest.fixture
def chat() -> IrcChat:
    return IrcChat({"star": "secret"})


@pytest.fixture
def ice(chat: IrcChat) -> IrcClient:
    """A client that is in #dev with moon, who is away."""
    client = chat.come("ice")
    client.send("JOIN #dev")
    moon = chat.come("moon")
    moon.send("JOIN #dev", "AWAY :lunch")
    client.read()
    return client


def numbers(lines: list[str]) -> list[str]:
    return [line.split(" ")[1] for line in lines]


def test_who_lists_the_members_of_a_channel(ice: IrcClient) -> None:
    assert ice.send("WHO #dev") == [
        ":work.chatd 352 ice #dev ~ice chatd work.chatd ice H@ :0 ice",
        ":work.chatd 352 ice #dev ~moon chatd work.chatd moon G :0 moon",
        ":work.chatd 315 ice #dev :End of WHO list",
    ]


@pytest.mark.parametrize(
    ("mask", "found"),
    [("moon", ["moon"]), ("MOON", ["moon"]), ("*", ["ice", "moon"]), ("m*", ["moon"]),
     ("0", ["ice", "moon"]), ("nobody", []), ("#none", []), ("* o", [])],
)  # fmt: skip
def test_who_finds_users_by_nickname_or_form(ice: IrcClient, mask: str, found: list[str]) -> None:
    *lines, end = ice.send(f"WHO {mask}")
    assert [line.split(" ")[7] for line in lines] == found
    assert end.split(" ")[1:4] == ["315", "ice", mask.split()[0]]


def test_whox_has_the_fields_that_are_asked_for(ice: IrcClient) -> None:
    assert ice.send("WHO #dev %tcuhnfdar,743") == [
        ":work.chatd 354 ice 743 #dev ~ice chatd ice H@ 0 0 :ice",
        ":work.chatd 354 ice 743 #dev ~moon chatd moon G 0 0 :moon",
        ":work.chatd 315 ice #dev :End of WHO list",
    ]
    assert ice.send("WHO moon %n")[0] == ":work.chatd 354 ice moon"


def test_whois_tells_what_is_known(ice: IrcClient) -> None:
    assert numbers(ice.send("WHOIS moon")) == ["311", "319", "312", "301", "317", "318"]
    lines = ice.send("WHOIS work.chatd ice")
    assert lines[:2] == [
        ":work.chatd 311 ice ice ~ice chatd * :ice",
        ":work.chatd 319 ice ice :@#dev",
    ]
    assert numbers(ice.send("WHOIS nobody")) == ["401", "318"]
    assert numbers(ice.send("WHOIS", "WHOIS :")) == ["431", "431"]


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("Ana Sol", "Ana Sol"),
        ("\x02Ana\x02 \u202eSol", "Ana <U+202E>Sol"),
        ("x" * 200, "x" * 100),
        ("Ana\x07", "ana"),
        (" ", "ana"),
    ],
)
def test_the_real_name_is_what_the_client_says_if_it_can_be_shown(
    chat: IrcChat, ice: IrcClient, given: str, shown: str
) -> None:
    ana = chat.connect()
    ana.send("NICK ana", f"USER a.sol-1 0 * :{given}")
    about = ice.send("WHOIS ana")[0]
    name = "~a.sol-1" if shown != "ana" or given == " " else "~user"
    assert about == f":work.chatd 311 ice ana {name} chatd * :{shown}"


def test_of_members_of_other_dialects_nothing_is_made_up(chat: IrcChat, ice: IrcClient) -> None:
    other = chat.connect()
    chat.hub.handle(other.member, commands.Enter("sun"), 0)
    ice.read()
    assert ice.send("WHO sun")[0] == ":work.chatd 352 ice * ~user chatd work.chatd sun H :0 sun"


def test_whois_shows_hosts_and_accounts(chat: IrcChat, ice: IrcClient) -> None:
    star = chat.connect()
    star.send("PASS secret", "NICK star", "USER s 0 * :s", f"OPER star {HOST_CODE}")
    lines = ice.send("WHOIS star")
    assert {"313", "330"} <= set(numbers(lines))
    ice.read()
    star.send("JOIN #dev")
    ice.read()
    assert "@star" in ice.send("NAMES #dev")[0]
    assert ice.send("WHO star")[0].split(" ")[8] == "H*"
    assert ice.send("WHO #DEV")[-2].split(" ")[3:9:5] == ["#dev", "H*@"]


def test_nothing_is_known_of_those_who_have_left(ice: IrcClient) -> None:
    assert numbers(ice.send("WHOWAS sun", "WHOWAS")) == ["406", "369", "431"]


def test_ison_and_userhost_tell_who_is_here(ice: IrcClient) -> None:
    assert ice.send("ISON moon nobody :Ice sun") == [":work.chatd 303 ice :moon ice"]
    assert ice.send("USERHOST ice moon nobody") == [
        ":work.chatd 302 ice :ice=+~ice@chatd moon=-~moon@chatd"
    ]
    assert numbers(ice.send("ISON", "USERHOST")) == ["461", "461"]


def test_the_server_describes_itself(ice: IrcClient) -> None:
    assert numbers(ice.send("MOTD"))[-1] == "376"
    assert numbers(ice.send("VERSION"))[:2] == ["351", "005"]
    lines = ice.send("LUSERS")
    assert numbers(lines) == ["251", "252", "253", "254", "255", "265", "266"]
    assert "There are 2 users" in lines[0]
    assert numbers(ice.send("PING", "NONSENSE")) == ["409", "421"]


def test_what_clients_ask_by_themselves_does_not_show_that_the_user_is_there(
    ice: IrcClient,
) -> None:
    for line in ("PING x", "PONG x", "WHO #dev", "NAMES #dev", "MODE #dev", "ISON moon", "CAP LIST",
                 "USERHOST moon", "LUSERS", "LIST", "WHOIS moon", "VERSION", ""):  # fmt: skip
        ice.send(line)
        assert isinstance(ice.replies[-1], KeepAlive), line
    for line in ("PRIVMSG moon hi", "JOIN #x", "AWAY :x", "TOPIC #dev :x"):
        ice.send(line)
        assert not isinstance(ice.replies[-1], KeepAlive), line


def test_a_silent_client_is_asked_with_a_ping(ice: IrcClient) -> None:
    assert ice.dialect.encode_probe(0) == b":work.chatd PING :work.chatd\r\n"
