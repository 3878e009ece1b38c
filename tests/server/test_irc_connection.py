"""An IRC client at its port (docs/reference/irc.rst)."""

from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatd.chat import limits
from tests.server.harness import Harness, connect_irc, enter_irc, enter_plain
from tests.server.test_authentication import AccountsHarness


@pytest.fixture
def accounts(tmp_path: Path) -> Iterator[AccountsHarness]:
    with AccountsHarness(tmp_path / "accounts") as harness:
        yield harness


def numbers(lines: list[str]) -> list[str]:
    return [each.split(" ")[1] for each in lines]


def test_irc_clients_and_others_talk_in_one_room(harness: Harness) -> None:
    native, plain = harness.enter("moon"), enter_plain(harness, "sun")
    ice = enter_irc(harness, "ice", "#lobby")
    native.heard()
    plain.shown()
    ice.tell("PRIVMSG #lobby :hello all", "PRIVMSG #lobby :\x01ACTION waves\x01")
    assert [each["text"] for each in native.heard_of("message")] == ["hello all", "waves"]
    assert plain.shown() == ["ice: hello all", "* ice waves"]
    native.say("hi\nthere")
    assert ice.shown() == [f":moon!~user@chatd PRIVMSG #lobby :{text}" for text in ("hi", "there")]
    plain.type("@ice psst")
    assert ice.shown() == [":sun!~user@chatd PRIVMSG ice :psst"]


def test_an_irc_client_sees_others_come_into_the_lobby_and_go(harness: Harness) -> None:
    ice = enter_irc(harness, "ice", "#lobby")
    moon = harness.enter("moon")
    assert ice.shown() == [":moon!~user@chatd JOIN #lobby"]
    moon.send("quit")
    assert ice.shown() == [":moon!~user@chatd QUIT :quit"]


def test_a_client_is_told_of_those_alone_with_whom_it_shares_a_room(harness: Harness) -> None:
    ice = enter_irc(harness, "ice", "#dev")
    ice.tell("CAP REQ away-notify")
    moon = harness.enter("moon")
    moon.say("hello")
    moon.send("away", {"text": "lunch"})
    moon.send("set-name", {"nickname": "sun"})
    assert ice.shown() == []
    moon.send("join", {"room": "#dev"})
    moon.send("away", {"text": "tea"})
    moon.send("set-name", {"nickname": "star"})
    moon.send("quit")
    assert ice.shown() == [
        ":sun!~user@chatd JOIN #dev",
        ":sun!~user@chatd AWAY :lunch",
        ":sun!~user@chatd AWAY :tea",
        ":sun!~user@chatd NICK star",
        ":star!~user@chatd QUIT :quit",
    ]
    harness.enter("moon").send("quit")
    assert ice.shown() == []


def test_a_client_takes_a_slot_when_it_enters(harness: Harness) -> None:
    free = harness.free
    client = connect_irc(harness)
    client.tell("CAP LS 302", "NICK ice")
    assert harness.free == free
    client.tell("USER i 0 * :i", "CAP END")
    assert harness.free == free - 1
    client.hang_up()
    assert harness.free == free


def test_a_client_has_a_minute_to_register(harness: Harness) -> None:
    client = connect_irc(harness)
    client.tell("NICK ice")
    harness.pass_time(limits.REGISTRATION_SECONDS - 1)
    assert not client.is_dropped()
    harness.pass_time(2)
    [last] = client.shown()
    assert last.startswith("ERROR :Closing Link: ")
    assert client.is_dropped()


def test_a_client_that_quits_is_sent_a_last_line(harness: Harness) -> None:
    moon = harness.enter("moon")
    ice = enter_irc(harness, "ice")
    moon.heard()
    assert ice.tell("QUIT :bye") == ["ERROR :Closing Link: quit"]
    assert ice.is_dropped()
    assert not ice.is_cut_off()
    assert moon.heard_of("left") == [{"nickname": "ice", "reason": "quit", "text": "bye"}]
    unregistered = connect_irc(harness)
    assert unregistered.tell("QUIT") == ["ERROR :Closing Link: quit"]
    assert unregistered.is_dropped()


def test_every_line_is_answered_in_order_however_the_bytes_arrive(harness: Harness) -> None:
    lines = b"PING 1\r\nWHOIS ice\nJOIN #a,#b\r\nPRIVMSG #a :x\r\nNAMES #b\r\nPING 2\r\n"
    whole, split = enter_irc(harness, "ice"), enter_irc(harness, "moon")
    whole.send_bytes(lines)
    expected = whole.shown()
    assert numbers(expected)[0] == numbers(expected)[-1] == "PONG"
    whole.hang_up()
    split.tell("NICK ice")
    about = {"311", "317"}  # its user, and when it entered
    for at in range(len(lines)):
        split.send_bytes(lines[at : at + 1])
    seen = [each for each in split.shown() if each.split()[1] not in about]
    assert seen == [each for each in expected if each.split()[1] not in about]


def test_a_line_without_end_is_refused_once_and_the_next_one_is_read() -> None:
    with Harness(flood=0) as harness:
        ice = enter_irc(harness, "ice")
        for _ in range(30):
            ice.send_bytes(b"x" * 10_000)
        assert numbers(ice.shown()) == ["417"]
        ice.send_bytes(b"x\r\nPING 1\r\n")
        assert numbers(ice.shown()) == ["PONG"]
        ice.send_bytes(b"x" * 60_000)
        ice.send_bytes(b"x" * 60_000 + b"\r\nPING 2\r\nPING 3\r\n")
        assert numbers(ice.shown()) == ["417", "PONG", "PONG"]


def test_many_rooms_may_be_joined_with_one_line(harness: Harness) -> None:
    ice = enter_irc(harness, "ice")
    lines = ice.tell("JOIN " + ",".join(f"#{number}" for number in range(100)))
    assert numbers(lines).count("JOIN") == limits.JOINED_ROOMS
    assert numbers(lines).count("405") == 100 - limits.JOINED_ROOMS


def test_a_silent_client_is_pinged_and_stays_if_it_answers() -> None:
    with Harness(timeout=60) as harness:
        ice = enter_irc(harness, "ice")
        harness.pass_time(31)
        assert ice.shown() == [":party.chatd PING :party.chatd"]
        ice.tell("PONG party.chatd")
        harness.pass_time(31)
        assert numbers(ice.shown()) == ["PING"]
        harness.pass_time(31)
        assert ice.shown() == ["ERROR :Closing Link: inactive"]


def test_a_browser_that_is_led_to_the_port_is_dropped(harness: Harness) -> None:
    client = connect_irc(harness)
    client.send_bytes(b"POST / HTTP/1.1\r\nHost: x\r\n\r\nNICK ice\r\nUSER i 0 * :i\r\n")
    assert client.is_cut_off()
    assert harness.chat.hub.users().users == ()


def test_a_server_that_ends_says_goodbye(harness: Harness) -> None:
    ice = enter_irc(harness, "ice")
    harness.chat.end()
    harness.clock.advance(0)
    assert ice.shown() == ["ERROR :Closing Link: server is stopping"]


@pytest.mark.parametrize("ways", ["pass", "sasl"])
def test_an_account_enters_with_its_password(accounts: AccountsHarness, ways: str) -> None:
    client = connect_irc(accounts)
    credentials = b64encode(b"\0Ice\0cold").decode()
    if ways == "pass":
        client.tell("PASS cold", "NICK Ice", "USER i 0 * :i")
    else:
        client.tell("CAP REQ sasl", "NICK guest", "USER i 0 * :i", "AUTHENTICATE PLAIN")
        lines = client.tell(f"AUTHENTICATE {credentials}")
        assert numbers(lines) == ["900", "903"]
        client.tell("CAP END")
    [user] = accounts.chat.hub.users().users
    assert user.nickname == "Ice"
    assert numbers(client.tell("WHOIS Ice")).count("330") == 1


def test_a_wrong_password_is_counted_and_refused(accounts: AccountsHarness) -> None:
    client = connect_irc(accounts)
    lines = client.tell("PASS wrong", "NICK Ice", "USER i 0 * :i")
    assert numbers(lines) == ["464"]
    assert accounts.chat.counters["wrong-password"] == 1
    assert numbers(client.tell("NICK sun"))[0] == "001"


def test_nobody_enters_as_an_account_without_having_shown_its_password(
    accounts: AccountsHarness,
) -> None:
    client = connect_irc(accounts)
    assert numbers(client.tell("NICK Ice", "USER i 0 * :i")) == ["433"]
    assert accounts.chat.hub.users().users == ()


def test_the_host_code_makes_a_host(harness: Harness) -> None:
    moon = harness.enter("moon")
    ice = enter_irc(harness, "ice")
    assert numbers(ice.tell("OPER ice wrong")) == ["464"]
    moon.heard()
    lines = ice.tell(f"OPER ice {harness.chat.host_code.code}")
    assert numbers(lines)[-2:] == ["381", "MODE"]
    assert [each["what"] for each in moon.heard_of("moderation")] == ["host"]
