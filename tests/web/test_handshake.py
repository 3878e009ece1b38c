"""How a connection becomes a WebSocket, and why it may not."""

import pytest

from chatd.chat import limits
from tests.web.visitors import UPGRADE, Browser, PageHall, from_many, request


def test_a_browser_is_let_in_without_a_slot(hall: PageHall) -> None:
    browser = hall.browse()
    assert browser.heard() == []
    assert (hall.free, hall.chat.hub.member_count) == (limits.SLOTS, 0)


def test_a_program_needs_no_origin(hall: PageHall) -> None:
    visitor = hall.visit()
    visitor.send(request("/socket", UPGRADE))
    assert visitor.transport.value().startswith(b"HTTP/1.1 101 ")


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Upgrade", ""),
        ("Upgrade", "h2c"),
        ("Connection", "keep-alive"),
        ("Sec-WebSocket-Version", "8"),
        ("Sec-WebSocket-Version", ""),
    ],
)
def test_what_asks_for_no_websocket_is_told_how(hall: PageHall, header: str, value: str) -> None:
    reply = hall.visit().get("/socket", UPGRADE | {header: value})
    assert (reply.status, reply.code) == (426, "upgrade-required")
    assert reply.headers["sec-websocket-version"] == "13"
    assert reply.headers["upgrade"] == "websocket"
    assert hall.chat.sessions == set()


def test_an_ordinary_request_is_told_how(hall: PageHall) -> None:
    visitor = hall.visit()
    assert visitor.get("/socket").status == 426
    assert visitor.get("/health").status == 200


@pytest.mark.parametrize("key", ["", "x", "dGhlIHNhbXBsZQ==", "é" * 12, "=" * 24, "A" * 24])
def test_a_key_that_is_none_is_refused(hall: PageHall, key: str) -> None:
    reply = hall.visit().get("/socket", UPGRADE | {"Sec-WebSocket-Key": key})
    assert (reply.status, reply.code) == (400, "bad-request")
    assert hall.chat.sessions == set()


def test_a_missing_key_is_refused(hall: PageHall) -> None:
    headers = {name: value for name, value in UPGRADE.items() if name != "Sec-WebSocket-Key"}
    assert hall.visit().get("/socket", headers).code == "bad-request"


def test_an_old_client_gets_no_websocket(hall: PageHall) -> None:
    assert hall.visit().get("/socket", UPGRADE, version="1.0").status == 426


def test_head_opens_no_websocket(hall: PageHall) -> None:
    reply = hall.visit().get("/socket", UPGRADE, method="HEAD")
    assert (reply.status, reply.headers["allow"]) == (405, "GET")


def test_a_query_does_not_hurt(hall: PageHall) -> None:
    visitor = hall.visit()
    visitor.send(request("/socket?x=1", UPGRADE))
    assert visitor.transport.value().startswith(b"HTTP/1.1 101 ")


def test_what_comes_right_behind_the_request_is_not_lost(hall: PageHall) -> None:
    probe = Browser(hall.visit())
    hello = probe.masked(1, b'{"type":"hello","data":{"nickname":"ice","version":1}}')
    visitor = hall.visit()
    visitor.send(request("/health") + request("/socket", UPGRADE) + hello)
    hall.clock.advance(0)
    assert [user.nickname for user in hall.chat.hub.users().users] == ["ice"]
    assert b'"welcome"' in visitor.transport.value()


def test_a_frame_before_the_handshake_is_no_request(hall: PageHall) -> None:
    visitor = hall.visit()
    visitor.send(b"\x81\x85\0\0\0\0hello")
    visitor.send(b"\r\n\r\n")
    assert [reply.code for reply in visitor.replies()] == ["bad-request"]


def test_when_too_many_stand_at_the_door_the_next_is_told_before(hall: PageHall) -> None:
    standing = [hall.browse(host) for host in from_many(limits.UNREGISTERED_CONNECTIONS)]
    visitor = hall.visit()
    reply = visitor.get("/socket", UPGRADE)
    assert (reply.status, reply.code) == (503, "too-many-connections")
    assert hall.chat.counters == {"too-many-connections": 1}
    assert visitor.get("/health").status == 200
    standing[0].send("watch")
    assert hall.browse().heard() == []


def test_a_websocket_is_no_http_connection_any_more(hall: PageHall) -> None:
    hall.browse()
    assert hall.page.connections == set()


def test_who_says_nothing_after_the_handshake_does_not_stay(hall: PageHall) -> None:
    browser = hall.browse()
    hall.pass_time(limits.FIRST_LINE_TIMEOUT_SECONDS)
    assert browser.heard_of("error")[0]["code"] == "too-late"
    assert browser.close_code() == 1000
    assert browser.visitor.is_ended()


def test_who_is_gone_when_asking_hears_the_answer_and_the_end(hall: PageHall) -> None:
    """The request, a frame and the end of the stream come before anything is answered."""
    visitor = hall.visit()
    visitor.connection.dataReceived(request("/health") + request("/socket", UPGRADE))
    visitor.shut()
    hall.clock.advance(0)
    assert visitor.transport.value().endswith(b"\x88\x02\x03\xe8")
    assert visitor.is_ended()
