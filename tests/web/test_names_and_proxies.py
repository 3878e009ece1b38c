"""Other names of the server (``--web-name``), and reverse proxies (``--web-proxy``)."""

from typing import Any

import pytest

from chatd.chat import limits
from chatd.web.settings import WebSettings
from tests.web.http_clients import HOST, UPGRADE_HEADERS, Browser, WebHarness, request

NAMES = frozenset({"chat.example:", "room.example:8443"})
PROXY = "10.35.11.1"
BEHIND_PROXY = WebSettings(NAMES, frozenset({PROXY, "2001:db8::1"}))


def forwarded(client: str, host: str = "chat.example", scheme: str = "https") -> dict[str, str]:
    """The header fields that a proxy adds."""
    return {
        "X-Forwarded-For": client,
        "X-Forwarded-Host": host,
        "X-Forwarded-Proto": scheme,
    }


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("chat.example:54321", 200),
        ("CHAT.example.:54321", 200),
        ("room.example:8443", 200),
        (HOST, 200),
        ("chat.example", 421),
        ("chat.example:8443", 421),
        ("room.example", 421),
        ("room.example:54321", 421),
        ("evil.chat.example:54321", 421),
        ("chat.example.evil:54321", 421),
    ],
)
def test_a_name_of_the_server_is_an_allowed_host_and_origin(host: str, status: int) -> None:
    with WebHarness(WebSettings(NAMES)) as harness:
        client = harness.connect_http()
        assert client.get("/health", host=host).status == status
        response = client.get("/health", {"Origin": f"http://{host}"})
        assert response.status == (200 if status == 200 else 403)


def test_a_refused_host_is_explained_to_a_person(harness: WebHarness) -> None:
    client = harness.connect_http()
    accept = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}
    response = client.get("/", accept, host="chat.example:54321")
    assert response.status == 421
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["content-security-policy"].startswith("default-src 'none'")
    text = response.body.decode()
    assert "does not know the address <bdi>chat.example:54321</bdi>" in text
    assert f'<a href="http://{HOST}/">' in text
    assert "--web-name chat.example<" in text
    assert "<link" not in text  # the browser would ask the refused host for it
    assert harness.chat.counters == {"foreign-host": 1}


def test_behind_a_proxy_the_servers_own_address_is_not_recommended() -> None:
    with WebHarness(BEHIND_PROXY) as harness:
        fields = forwarded("203.0.113.9", "other.example") | {"Accept": "text/html"}
        response = harness.connect_http(PROXY).get("/", fields, host="127.0.0.1:54321")
        text = response.body.decode()
        assert "does not know the address <bdi>other.example</bdi>" in text
        assert "--web-name other.example<" in text
        assert "href" not in text


@pytest.mark.parametrize(
    ("path", "accept"),
    [("/api/users", "text/html"), ("/", "*/*"), ("/", "application/json"), ("/", "")],
)
def test_a_program_gets_a_refused_host_in_json(harness: WebHarness, path: str, accept: str) -> None:
    response = harness.connect_http().get(path, {"Accept": accept}, host="chat.example")
    assert (response.status, response.code) == (421, "foreign-host")


def test_a_refused_host_cannot_bring_markup_into_the_page(harness: WebHarness) -> None:
    accept = {"Accept": "text/html"}
    for host in ("x'onload='1", "&lt;b&gt;", "%3cb%3e"):
        response = harness.connect_http().get("/", accept, host=host)
        assert b"'onload" not in response.body
        assert b"<b>" not in response.body
        assert b"&lt;b&gt;" not in response.body.replace(b"&amp;lt;", b"")


@pytest.mark.parametrize("host", ["chat.example", "chat.example:443", "room.example:8443"])
def test_a_page_behind_a_proxy_is_the_proxys_host(host: str) -> None:
    with WebHarness(BEHIND_PROXY) as harness:
        fields = forwarded("203.0.113.9", host) | {"Origin": f"https://{host}"}
        response = harness.connect_http(PROXY).get("/health", fields, host="127.0.0.1:54321")
        assert response.status == 200
        assert f" wss://{host};" in response.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"X-Forwarded-Host": "evil.example"}, 421),
        ({"X-Forwarded-Host": "chat.example, evil.example"}, 421),
        ({"X-Forwarded-Host": "chat.example\x01"}, 400),
        ({"X-Forwarded-Host": ""}, 421),
        ({"Origin": "http://chat.example"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "https://chat.example:8443"}, 403),
        ({"X-Forwarded-Proto": "http", "Origin": "https://chat.example"}, 403),
        ({"X-Forwarded-Proto": "gopher", "Origin": "https://chat.example"}, 200),
        ({"X-Forwarded-Proto": "http", "Origin": "http://chat.example"}, 200),
    ],
)
def test_a_proxy_does_not_let_foreign_pages_in(fields: dict[str, str], status: int) -> None:
    with WebHarness(BEHIND_PROXY) as harness:
        sent = forwarded("203.0.113.9") | fields
        assert harness.connect_http(PROXY).get("/health", sent).status == status


def test_the_headers_of_anyone_else_are_not_believed() -> None:
    with WebHarness(BEHIND_PROXY) as harness:
        client = harness.connect_http("10.35.11.2")
        assert client.get("/health", forwarded("203.0.113.9"), host="evil.example").status == 421
        assert client.get("/health", forwarded("203.0.113.9", "evil.example")).status == 200
        origin = {"Origin": "https://chat.example"}
        assert client.get("/health", forwarded("203.0.113.9") | origin).status == 403
        browser = open_websocket(harness, "10.35.11.2", forwarded("203.0.113.9"))
        assert browser.client.connection._websocket is not None
        assert session_addresses(harness) == {"10.35.11.2"}


def open_websocket(harness: WebHarness, peer: str, fields: dict[str, str]) -> Browser:
    """A browser with a WebSocket, whose handshake has these header fields too."""
    client = harness.connect_http(peer)
    client.send(request("/socket", UPGRADE_HEADERS | fields))
    browser = Browser.__new__(Browser)
    browser.client = client
    return browser


def session_addresses(harness: WebHarness) -> set[str]:
    """The addresses of the sessions, without their ports."""
    sessions: set[Any] = harness.chat.sessions
    return {session.address.rpartition(":")[0] for session in sessions}


@pytest.mark.parametrize(
    ("text", "client"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("198.51.100.1, 203.0.113.9", "203.0.113.9"),
        (f"198.51.100.1, 203.0.113.9, {PROXY}", "203.0.113.9"),
        ("203.0.113.9:4711", "203.0.113.9"),
        ("[2001:db8::9]:4711", "2001:db8::9"),
        ("2001:DB8:0::9", "2001:db8::9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("203.0.113.9, unknown", PROXY),
        ("203.0.113.9, evil\x01", PROXY),
        ("999.1.1.1", PROXY),
        ("", PROXY),
        ("203.0.113.9," * 1_000, PROXY),
    ],
)
def test_the_client_is_the_last_address_that_is_no_proxys(text: str, client: str) -> None:
    with WebHarness(BEHIND_PROXY) as harness:
        open_websocket(harness, PROXY, forwarded(text))
        assert session_addresses(harness) == {client}


def test_the_limits_of_an_address_are_those_of_the_proxys_client() -> None:
    with WebHarness(BEHIND_PROXY, accept_rate=0) as harness:
        for _ in range(limits.ADDRESS_PAGE_CONNECTIONS):
            open_websocket(harness, PROXY, forwarded("203.0.113.9"))
        client = harness.connect_http(PROXY)
        response = client.get("/socket", UPGRADE_HEADERS | forwarded("203.0.113.9"))
        assert (response.status, response.code) == (429, "too-many-from-address")
        assert client.get("/health", forwarded("203.0.113.9")).status == 200
        open_websocket(harness, PROXY, forwarded("203.0.113.10"))
        assert session_addresses(harness) == {"203.0.113.9", "203.0.113.10"}


def test_the_accept_rate_is_that_of_the_proxys_client() -> None:
    with WebHarness(BEHIND_PROXY, accept_rate=2) as harness:
        for _ in range(10):
            assert harness.connect_http(PROXY).get("/health", forwarded("203.0.113.9")).status
        statuses = [
            harness.connect_http(PROXY)
            .get("/socket", {"Upgrade": "nothing"} | forwarded("203.0.113.9"))
            .status
            for _ in range(4)
        ]
        assert statuses == [426, 426, 429, 429]
