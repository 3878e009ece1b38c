"""The opening handshake: accepted, and rejected."""

import pytest

from chatd.chat import limits
from tests.web.http_clients import UPGRADE_HEADERS, Browser, WebHarness, many_addresses, request


def test_a_websocket_takes_no_slot(harness: WebHarness) -> None:
    browser = harness.open_websocket()
    assert browser.heard() == []
    assert (harness.free, harness.chat.hub.member_count) == (limits.SLOTS, 0)


def test_a_program_needs_no_origin(harness: WebHarness) -> None:
    client = harness.connect_http()
    client.send(request("/socket", UPGRADE_HEADERS))
    assert client.transport.value().startswith(b"HTTP/1.1 101 ")


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
def test_an_incomplete_handshake_gets_426_with_the_required_headers(
    harness: WebHarness, header: str, value: str
) -> None:
    response = harness.connect_http().get("/socket", UPGRADE_HEADERS | {header: value})
    assert (response.status, response.code) == (426, "upgrade-required")
    assert response.headers["sec-websocket-version"] == "13"
    assert response.headers["upgrade"] == "websocket"
    assert harness.chat.sessions == set()


def test_a_request_without_upgrade_gets_426(harness: WebHarness) -> None:
    client = harness.connect_http()
    assert client.get("/socket").status == 426
    assert client.get("/health").status == 200


@pytest.mark.parametrize("key", ["", "x", "dGhlIHNhbXBsZQ==", "é" * 12, "=" * 24, "A" * 24])
def test_an_invalid_key_is_rejected(harness: WebHarness, key: str) -> None:
    response = harness.connect_http().get("/socket", UPGRADE_HEADERS | {"Sec-WebSocket-Key": key})
    assert (response.status, response.code) == (400, "bad-request")
    assert harness.chat.sessions == set()


def test_a_missing_key_is_rejected(harness: WebHarness) -> None:
    headers = {
        name: value for name, value in UPGRADE_HEADERS.items() if name != "Sec-WebSocket-Key"
    }
    assert harness.connect_http().get("/socket", headers).code == "bad-request"


def test_http_1_0_cannot_upgrade(harness: WebHarness) -> None:
    assert harness.connect_http().get("/socket", UPGRADE_HEADERS, version="1.0").status == 426


def test_head_cannot_upgrade(harness: WebHarness) -> None:
    response = harness.connect_http().get("/socket", UPGRADE_HEADERS, method="HEAD")
    assert (response.status, response.headers["allow"]) == (405, "GET")


def test_the_query_of_a_handshake_is_ignored(harness: WebHarness) -> None:
    client = harness.connect_http()
    client.send(request("/socket?x=1", UPGRADE_HEADERS))
    assert client.transport.value().startswith(b"HTTP/1.1 101 ")


def test_frames_directly_behind_the_upgrade_request_are_not_lost(harness: WebHarness) -> None:
    probe = Browser(harness.connect_http())
    hello = probe.masked(1, b'{"type":"hello","data":{"nickname":"ice","version":1}}')
    client = harness.connect_http()
    client.send(request("/health") + request("/socket", UPGRADE_HEADERS) + hello)
    harness.clock.advance(0)
    assert [user.nickname for user in harness.chat.hub.users().users] == ["ice"]
    assert b'"welcome"' in client.transport.value()


def test_a_frame_before_the_handshake_is_a_malformed_request(harness: WebHarness) -> None:
    client = harness.connect_http()
    client.send(b"\x81\x85\0\0\0\0hello")
    client.send(b"\r\n\r\n")
    assert [response.code for response in client.responses()] == ["bad-request"]


def test_an_upgrade_over_the_limit_of_unregistered_connections_gets_503(
    harness: WebHarness,
) -> None:
    unregistered = [
        harness.open_websocket(host) for host in many_addresses(limits.UNREGISTERED_CONNECTIONS)
    ]
    client = harness.connect_http()
    response = client.get("/socket", UPGRADE_HEADERS)
    assert (response.status, response.code) == (503, "too-many-connections")
    assert harness.chat.counters == {"too-many-connections": 1}
    assert client.get("/health").status == 200
    unregistered[0].send("watch")
    assert harness.open_websocket().heard() == []


def test_a_websocket_does_not_count_as_an_http_connection(harness: WebHarness) -> None:
    harness.open_websocket()
    assert harness.http_factory.connections == set()


def test_a_websocket_that_sends_nothing_times_out(harness: WebHarness) -> None:
    browser = harness.open_websocket()
    harness.pass_time(limits.FIRST_LINE_TIMEOUT_SECONDS)
    assert browser.heard_of("error")[0]["code"] == "too-late"
    assert browser.close_code() == 1000
    assert browser.client.is_half_closed()


def test_a_client_that_half_closes_behind_its_upgrade_gets_101_and_close(
    harness: WebHarness,
) -> None:
    """The requests and the half-close arrive before anything is answered."""
    client = harness.connect_http()
    client.connection.dataReceived(request("/health") + request("/socket", UPGRADE_HEADERS))
    client.half_close()
    harness.clock.advance(0)
    assert client.transport.value().endswith(b"\x88\x02\x03\xe8")
    assert client.is_half_closed()
