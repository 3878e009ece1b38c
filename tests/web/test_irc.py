"""IRC clients in a browser, over the WebSocket of the page (docs/reference/irc.rst)."""

import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wsproto import events

from chatd.chat import limits
from chatd.web.settings import WebSettings
from chatd.wire.irc.client import Server
from chatd.wire.irc.features import offered
from tests.server.harness import connect_irc, enter_irc
from tests.server.irc_openings import OPENINGS, Opening
from tests.web.http_clients import UPGRADE_HEADERS, Browser, WebHarness, request

TEXT, BINARY = "text.ircv3.net", "binary.ircv3.net"


@pytest.fixture
def harness() -> Iterator[WebHarness]:
    with WebHarness(WebSettings(has_irc=True)) as harness:
        yield harness


class IrcBrowser(Browser):
    """An IRC client in a browser."""

    def __init__(self, harness: WebHarness, subprotocols: str = TEXT) -> None:
        super().__init__(harness.connect_http(), {"Sec-WebSocket-Protocol": subprotocols})

    def tell(self, *lines: str) -> list[str]:
        """Send each line as a message, and read what came."""
        for line in lines:
            self.send_frames(events.TextMessage(line))
        return self.shown()

    def shown(self) -> list[str]:
        """The lines that came, each a whole message of the kind that was agreed on."""
        kind = events.BytesMessage if subprotocol(self) == BINARY else events.TextMessage
        messages = [each for each in self.events() if not isinstance(each, events.CloseConnection)]
        lines = []
        for each in messages:
            assert isinstance(each, kind)
            assert each.message_finished
            lines.append(each.data if isinstance(each.data, str) else bytes(each.data).decode())
        assert not any("\n" in each or "\r" in each for each in lines)
        return lines

    def enter(self, nickname: str, *rooms: str) -> list[str]:
        """Enter, and join `rooms`."""
        joins = (f"JOIN {room}" for room in rooms)
        return self.tell(f"NICK {nickname}", f"USER {nickname} 0 * :{nickname}", *joins)


def subprotocol(client: Browser) -> str | None:
    fields = dict(each.split(": ", 1) for each in client.head.split("\r\n")[1:])
    return fields.get("Sec-WebSocket-Protocol")


def test_browsers_irc_clients_and_others_talk_in_one_room(harness: WebHarness) -> None:
    moon, sun = harness.enter("moon"), enter_irc(harness, "sun", "#lobby")
    ice = IrcBrowser(harness)
    lines = ice.enter("ice", "#lobby")
    assert lines[0].startswith(":party.chatd 001 ice ")
    assert ":ice!~user@chatd JOIN #lobby" in lines
    moon.heard()
    sun.shown()
    assert ice.tell("PRIVMSG #lobby :hi there") == []
    assert [each["text"] for each in moon.heard_of("message")] == ["hi there"]
    assert sun.shown() == [":ice!~user@chatd PRIVMSG #lobby :hi there"]
    moon.say("one\ntwo \N{GRINNING FACE}")
    assert ice.shown() == [
        ":moon!~user@chatd PRIVMSG #lobby :one",
        ":moon!~user@chatd PRIVMSG #lobby :two \N{GRINNING FACE}",
    ]


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        (TEXT, TEXT),
        (BINARY, BINARY),
        (f"{TEXT}, {BINARY}", TEXT),
        (f"{BINARY}, {TEXT}", BINARY),
        (f"chat, {BINARY}", BINARY),
    ],
)
def test_the_client_gets_the_subprotocol_that_it_likes_best(
    harness: WebHarness, wanted: str, chosen: str
) -> None:
    client = IrcBrowser(harness, wanted)
    assert subprotocol(client) == chosen
    client.send_frames(events.TextMessage("NICK ice"), events.BytesMessage(b"USER i 0 * :i"))
    assert client.shown()[0].startswith(":party.chatd 001 ice ")


@pytest.mark.parametrize("wanted", ["", "chat", "TEXT.IRCV3.NET"])
def test_other_browsers_speak_the_native_dialect(harness: WebHarness, wanted: str) -> None:
    browser = Browser(harness.connect_http(), {"Sec-WebSocket-Protocol": wanted})
    assert subprotocol(browser) is None
    browser.hello("ice")
    assert [each["type"] for each in browser.heard()] == ["welcome"]


@pytest.mark.parametrize("first", ["CAP LS 302", "NICK ice", "nick ice", "PASS secret"])
def test_an_irc_client_without_a_subprotocol_is_known_by_its_first_line(
    harness: WebHarness, first: str
) -> None:
    client = IrcBrowser(harness, "")
    client.tell(first)
    lines = client.tell("NICK ice", "USER ice 0 * :ice", "CAP END", "JOIN #lobby")
    assert any(line.startswith(":party.chatd 001 ice ") for line in lines)
    harness.enter("moon").say("hello")
    assert client.shown()[-1] == ":moon!~user@chatd PRIVMSG #lobby :hello"


@pytest.mark.parametrize("first", ["", "hello", "[]", '{"type":"dance"}', "PING 1", "CAPTAIN"])
def test_any_other_first_message_is_of_the_native_dialect(harness: WebHarness, first: str) -> None:
    browser = Browser(harness.connect_http())
    browser.send_frames(events.TextMessage(first))
    assert [each["type"] for each in browser.heard()] == ["error"]
    browser.send_frames(events.TextMessage("NICK ice"))
    assert [each["type"] for each in browser.heard()] == ["error"]
    browser.hello("ice")
    assert [each["type"] for each in browser.heard()] == ["welcome"]


def test_a_server_without_irc_says_so() -> None:
    with WebHarness() as harness:
        wanted = UPGRADE_HEADERS | {"Sec-WebSocket-Protocol": TEXT}
        response = harness.connect_http().get("/socket", wanted)
        assert (response.status, response.code) == (400, "bad-request")
        assert b"does not speak IRC" in response.body
        assert not harness.chat.sessions
        browser = Browser(harness.connect_http())
        browser.send_frames(events.TextMessage("NICK ice"))
        assert [each["code"] for each in browser.heard_of("error")] == ["invalid-json"]


def test_a_page_of_another_server_opens_no_connection(harness: WebHarness) -> None:
    foreign = UPGRADE_HEADERS | {"Sec-WebSocket-Protocol": TEXT, "Origin": "http://evil.example"}
    client = harness.connect_http()
    client.send(request("/socket", foreign))
    assert client.transport.value().startswith(b"HTTP/1.1 403 ")


def test_a_line_end_is_no_part_of_a_line_and_a_message_is_one_line(harness: WebHarness) -> None:
    ice = IrcBrowser(harness)
    ice.enter("ice")
    assert ice.tell("PING 1\r\n") == [":party.chatd PONG party.chatd :1"]
    assert ice.tell("PING 2\n") == [":party.chatd PONG party.chatd :2"]
    lines = ice.tell("PING 3\r\nQUIT", "PRIVMSG #lobby :a\nQUIT", "PING 4")
    assert [each.split()[1] for each in lines][-1] == "PONG"
    assert not any("QUIT" in each or "ERROR" in each for each in lines)
    assert "4" in lines[-1]


def test_text_that_is_not_utf_8_is_refused(harness: WebHarness) -> None:
    ice = IrcBrowser(harness, BINARY)
    ice.enter("ice")
    ice.send_frames(events.BytesMessage(b"PRIVMSG ice :caf\xe9"))
    [line] = ice.shown()
    assert line.startswith(":party.chatd FAIL PRIVMSG INVALID_UTF8 ")


def test_a_line_that_is_too_long_is_refused_and_the_next_one_is_read(harness: WebHarness) -> None:
    ice = IrcBrowser(harness)
    ice.enter("ice")
    lines = ice.tell("PRIVMSG ice :" + "x" * 500, "PING 1")
    assert [each.split()[1] for each in lines] == ["417", "PONG"]
    ice.tell("x" * (limits.LINE_BYTES + 1))
    assert ice.close_code() == 1009


def test_a_client_that_quits_is_sent_a_last_line_and_the_websocket_is_closed(
    harness: WebHarness,
) -> None:
    ice = IrcBrowser(harness)
    ice.enter("ice")
    [last] = ice.tell("QUIT")
    assert last.startswith("ERROR :Closing Link: ")
    assert ice.close_code() == 1000


def test_a_client_has_a_minute_to_register(harness: WebHarness) -> None:
    ice = IrcBrowser(harness)
    ice.tell("NICK ice")
    harness.pass_time(limits.REGISTRATION_SECONDS - 1)
    assert ice.close_code() is None
    harness.pass_time(2)
    assert ice.close_code() == 1000


def test_clients_of_both_kinds_get_the_same_lines_in_their_own_messages(
    harness: WebHarness,
) -> None:
    ice, moon = IrcBrowser(harness, TEXT), IrcBrowser(harness, BINARY)
    ice.enter("ice", "#lobby")
    moon.enter("moon", "#lobby")
    moon.events()
    ice.events()
    harness.enter("sun").say("hello")
    told = [":sun!~user@chatd JOIN #lobby", ":sun!~user@chatd PRIVMSG #lobby :hello"]
    assert ice.shown() == told
    assert moon.shown() == told


def test_a_line_may_come_in_fragments(harness: WebHarness) -> None:
    ice = IrcBrowser(harness)
    ice.enter("ice")
    ice.client.send(ice.masked(1, b"PING ", final=False) + ice.masked(0, b"1"))
    assert ice.shown() == [":party.chatd PONG party.chatd :1"]


LINES = st.sampled_from(
    [
        *("NICK moon", "JOIN #dev", "PRIVMSG #lobby :hi", "PART #lobby", "CAP LS 302", "WHO *"),
        *("PING 1", "@a=b;c TAGMSG #lobby", "AUTHENTICATE PLAIN", "LIST", "MODE #lobby +m"),
        *("\r\n", ":x", "A\nB"),
    ]
)
MESSAGES = st.lists(
    st.builds(events.TextMessage, LINES | st.text(max_size=30))
    | st.builds(events.BytesMessage, st.binary(max_size=30)),
    max_size=8,
)


@given(MESSAGES, st.booleans())
def test_any_messages_are_answered_and_leave_the_chat_intact(
    messages: list[events.Event], is_member: bool
) -> None:
    with WebHarness(WebSettings(has_irc=True), flood=0) as harness:
        moon = harness.enter("sun")
        ice = IrcBrowser(harness, BINARY)
        if is_member:
            ice.enter("ice", "#lobby")
        ice.send_frames(*messages)
        ice.shown()
        [*_, last] = ice.tell("PING :are you there")
        assert last.endswith(":are you there") or "451" in last
        moon.heard()
        harness.enter("star").say("hello")
        assert [said["text"] for said in moon.heard_of("message")] == ["hello"]


every_opening = pytest.mark.parametrize("opening", OPENINGS.values(), ids=OPENINGS)


@every_opening
def test_real_clients_get_the_same_answers_as_at_the_port_of_irc(opening: Opening) -> None:
    offered_here = tuple(offered(Server(has_accounts=False)))
    data = opening.data(offered_here)
    with WebHarness(WebSettings(has_irc=True), flood=0) as harness:
        port = connect_irc(harness)
        port.send_bytes(data)
        expected = port.shown()
        port.hang_up()
        harness.pass_time(limits.AWAY_SECONDS)
        browser = IrcBrowser(harness)
        seen = browser.tell(*data.decode().splitlines())
        assert [_without_times(each) for each in seen] == [
            _without_times(each) for each in expected
        ]


def _without_times(line: str) -> str:
    """`line` without when it was sent, and when its channel or member came."""
    return re.sub(r"(?<=@time=)[^ ;]+|\b1700000\d{3}\b|(?<=msgid=)[^ ;]+", "…", line)
