"""The pages of a cluster's other nodes may connect here, and read what this server's own may."""

import pytest
from twisted.internet.address import IPv4Address

from chatd.chat.server_events import Node
from chatd.web.hosts import NodeOrigins
from tests.web.http_clients import HOST, UPGRADE_HEADERS, WebHarness

OWN = Node("library", ("192.168.1.1:7777",), (f"http://{HOST}",))
GYM = Node("gym", ("192.168.1.2:7777",), ("http://192.168.1.2:8080", "http://10.0.0.2:8080"))
ORIGIN = GYM.origins[0]


def begin(harness: WebHarness, *nodes: Node) -> None:
    """Let these nodes be the cluster's."""
    for node in nodes:
        harness.chat.hub.nodes.begin(node, 9, 0)


def policy(harness: WebHarness) -> str:
    """The sources that the page may connect to."""
    header = harness.connect_http().get("/").headers["content-security-policy"]
    [sources] = [part for part in header.split("; ") if part.startswith("connect-src ")]
    return sources


@pytest.mark.parametrize("origin", [*GYM.origins, "HTTP://192.168.1.2:08080"])
def test_the_page_of_another_node_may_read_the_responses(harness: WebHarness, origin: str) -> None:
    begin(harness, OWN, GYM)
    for path in ("/health", "/api/users", "/api/messages"):
        response = harness.connect_http().get(path, {"Origin": origin})
        assert response.status == 200
        assert response.headers["access-control-allow-origin"] == origin
        assert response.headers["access-control-expose-headers"] == "Date"
        assert response.headers["vary"] == "Origin"


def test_the_page_of_another_node_may_read_why_a_request_is_refused(harness: WebHarness) -> None:
    begin(harness, OWN, GYM)
    response = harness.connect_http().get("/api/messages?limit=x", {"Origin": ORIGIN})
    assert (response.status, response.code) == (400, "bad-query")
    assert response.headers["access-control-allow-origin"] == ORIGIN


def test_the_page_of_another_node_may_open_a_websocket(harness: WebHarness) -> None:
    begin(harness, OWN, GYM)
    response = harness.connect_http().get("/socket", UPGRADE_HEADERS | {"Origin": ORIGIN})
    assert response.status == 101


@pytest.mark.parametrize(
    "origin",
    ["http://192.168.1.2:8081", "https://192.168.1.2:8080", "http://192.168.1.3:8080", "null"],
)
def test_any_other_page_is_as_foreign_as_without_a_cluster(
    harness: WebHarness, origin: str
) -> None:
    begin(harness, OWN, GYM)
    for path in ("/", "/api/users", "/socket"):
        response = harness.connect_http().get(path, UPGRADE_HEADERS | {"Origin": origin})
        assert (response.status, response.code) == (403, "foreign-origin")
        assert "access-control-allow-origin" not in response.headers


def test_another_nodes_name_in_host_is_still_another_servers(harness: WebHarness) -> None:
    begin(harness, OWN, GYM)
    assert harness.connect_http().get("/health", host="192.168.1.2:8080").code == "foreign-host"


@pytest.mark.parametrize("headers", [{}, {"Origin": f"http://{HOST}"}])
def test_the_servers_own_page_needs_no_permission(
    harness: WebHarness, headers: dict[str, str]
) -> None:
    begin(harness, OWN, GYM)
    response = harness.connect_http().get("/health", headers)
    assert response.status == 200
    assert "access-control-allow-origin" not in response.headers


def test_the_page_may_connect_to_all_nodes_and_to_nothing_else(harness: WebHarness) -> None:
    begin(harness, OWN, GYM)
    assert policy(harness) == (
        f"connect-src 'self' ws://{HOST} wss://{HOST} http://{HOST} ws://{HOST} "
        "http://192.168.1.2:8080 ws://192.168.1.2:8080 http://10.0.0.2:8080 ws://10.0.0.2:8080"
    )


def test_with_tls_it_may_connect_with_tls(harness: WebHarness) -> None:
    begin(harness, Node("gym", (), ("https://gym.example",)))
    assert policy(harness).endswith(" https://gym.example:443 wss://gym.example:443")


def test_without_a_cluster_the_page_may_connect_to_its_server_only(harness: WebHarness) -> None:
    assert policy(harness) == f"connect-src 'self' ws://{HOST} wss://{HOST}"


def test_a_page_of_a_node_that_has_gone_lives_on_with_the_others(harness: WebHarness) -> None:
    begin(harness, OWN, GYM)
    assert harness.connect_http().get("/health", {"Origin": ORIGIN}).status == 200
    harness.chat.hub.nodes.end("gym", 1)
    begin(harness, Node("canteen", (), ("http://192.168.1.3:8080",)))
    assert harness.connect_http().get("/health", {"Origin": ORIGIN}).status == 200


def test_a_node_that_comes_is_known_at_once(harness: WebHarness) -> None:
    begin(harness, OWN)
    assert harness.connect_http().get("/health", {"Origin": ORIGIN}).status == 403
    begin(harness, GYM)
    assert harness.connect_http().get("/health", {"Origin": ORIGIN}).status == 200


@pytest.mark.parametrize(
    "origin",
    [
        *("", "gym", "ftp://10.0.0.2:8080", "http://10.0.0.2:8080/", "http://a b:1"),
        *("http://gym:port", "http://gym;script-src:1", "http://gym,*:1", "http://*:1"),
        *("http://'self':1", "http://:1"),
    ],
)
def test_what_is_no_origin_is_in_no_header(harness: WebHarness, origin: str) -> None:
    begin(harness, Node("odd", (), (origin,)))
    assert policy(harness) == f"connect-src 'self' ws://{HOST} wss://{HOST}"
    assert harness.connect_http().get("/health", {"Origin": origin}).status == 403


def test_any_number_of_origins_fills_no_memory() -> None:
    origins = NodeOrigins()
    for number in range(1_000):
        node = Node("gym", (), (f"http://10.0.{number // 250}.{number % 250}:8080",))
        assert len(origins.of((node,))) <= 64
    assert "http://10.0.3.249:8080" in origins.of((node,))


def test_the_same_page_on_port_80_is_the_servers_own(harness: WebHarness) -> None:
    harness.local_address = IPv4Address("TCP", "192.168.1.1", 80)
    begin(harness, Node("library", (), ("http://192.168.1.1:80",)))
    response = harness.connect_http().get(
        "/health", {"Origin": "http://192.168.1.1"}, host="192.168.1.1"
    )
    assert response.status == 200
