"""The checks of Host and Origin, which keep foreign pages out."""

import pytest
from twisted.internet.address import IPv4Address, IPv6Address

from tests.web.http_clients import HOST, SERVER_ADDRESS, UPGRADE_HEADERS, WebHarness

PATHS = ["/", "/api/users", "/health", "/socket", "/nothing"]


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:54321",
        "192.168.1.1",
        "192.168.1.1:80",
        "192.168.1.2:54321",
        "localhost",
        "localhost:54322",
        "localhost.evil.example:54321",
        "localhost..:54321",
        "localhost:0",
        "[::1]:54321",
        "[::ffff:192.168.1.2]:54321",
        "",
    ],
)
def test_a_foreign_host_is_rejected(harness: WebHarness, host: str) -> None:
    for path in PATHS:
        response = harness.connect_http().get(path, UPGRADE_HEADERS, host=host)
        assert (response.status, response.code) == (421, "foreign-host")
        assert "ws:" not in response.headers["content-security-policy"]
    assert harness.chat.counters == {"foreign-host": len(PATHS)}


@pytest.mark.parametrize(
    "host",
    [
        "user@192.168.1.1:54321",
        "192.168.1.1:54321.evil.example",
        "192.168.1.1:54321, 192.168.1.1:54321",
        "192.168.1.1:54321:54321",
        "192.168.1.1:port",
        "192.168.1.1:+54321",
        "192.168.1.1:" + "9" * 5_000,
        "http://192.168.1.1:54321",
        "192.168.1.1:54321/",
        "192.168.1.1 :54321",
        "192.168.1.1;script-src:54321 *",
        "::1:54321",
        "[::1:54321",
        "[1::2::3]:54321",
        "[::1%25eth0]:54321",
        "local%host:54321",
        "\xe9:54321",
    ],
)
def test_a_malformed_host_is_a_bad_request(harness: WebHarness, host: str) -> None:
    for path in PATHS:
        response = harness.connect_http().get(path, UPGRADE_HEADERS, host=host)
        assert (response.status, response.code) == (400, "bad-request")
        assert "ws:" not in response.headers["content-security-policy"]


def test_http_1_0_without_a_host_is_a_health_check_and_no_page(harness: WebHarness) -> None:
    assert harness.connect_http().get("/", host=None, version="1.0").status == 200
    origin = {"Origin": "http://evil.example"}
    response = harness.connect_http().get("/", origin, host=None, version="1.0")
    assert response.code == "foreign-origin"


@pytest.mark.parametrize(
    "host",
    [
        HOST,
        "localhost:54321",
        "LocalHost:54321",
        "localhost.:54321",
        "localhost:054321",
        "[::ffff:192.168.1.1]:54321",
        "[::FFFF:C0A8:0101]:54321",
    ],
)
def test_every_way_to_write_an_allowed_host_is_allowed(harness: WebHarness, host: str) -> None:
    response = harness.connect_http().get("/health", {"Origin": f"http://{host}"}, host=host)
    assert response.status == 200
    assert f"ws://{host.lower()} " in response.headers["content-security-policy"]


@pytest.mark.parametrize(
    "host",
    ["[2001:db8::1]:54321", "[2001:DB8:0:0::1]:54321", "[2001:0db8:0000::0001]:054321"],
)
def test_an_ipv6_address_may_be_written_in_any_way(harness: WebHarness, host: str) -> None:
    harness.local_address = IPv6Address("TCP", "2001:db8::1", 54_321)
    assert harness.connect_http().get("/health", host=host).status == 200
    other = harness.connect_http().get("/health", host="[2001:db8::2]:54321")
    assert other.code == "foreign-host"


@pytest.mark.parametrize("host", ["localhost", "localhost:", "localhost.", "LOCALHOST.:080"])
def test_port_80_may_be_left_out(harness: WebHarness, host: str) -> None:
    harness.local_address = IPv4Address("TCP", SERVER_ADDRESS.host, 80)
    assert harness.connect_http().get("/health", host=host).status == 200
    assert harness.connect_http().get("/health", host="localhost:0").code == "foreign-host"


def test_the_hosts_name_is_an_allowed_host(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("chatd.web.http.gethostname", lambda: "Laptop")
    with WebHarness() as harness:
        assert harness.connect_http().get("/health", host="laptop:54321").status == 200


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "https://evil.example",
        "http://192.168.1.1",
        "http://192.168.1.1:54322",
        "http://192.168.1.1:54321.evil.example",
        f"ftp://{HOST}",
        f"http://{HOST}/",
        f"http://user@{HOST}",
        HOST,
        "null",
        "",
    ],
)
def test_a_foreign_origin_is_rejected(harness: WebHarness, origin: str) -> None:
    for path in PATHS:
        response = harness.connect_http().get(path, UPGRADE_HEADERS | {"Origin": origin})
        assert (response.status, response.code) == (403, "foreign-origin")
    assert harness.chat.counters == {"foreign-origin": len(PATHS)}
    assert harness.chat.sessions == set()


@pytest.mark.parametrize("origin", [f"http://{HOST}", f"https://{HOST}", "http://localhost:54321"])
def test_the_servers_own_origin_is_allowed(harness: WebHarness, origin: str) -> None:
    assert harness.connect_http().get("/health", {"Origin": origin}).status == 200


@pytest.mark.parametrize(
    ("port", "origin", "status"),
    [
        (80, "http://192.168.1.1", 200),
        (80, "https://192.168.1.1", 403),
        (443, "https://192.168.1.1", 200),
        (443, "http://192.168.1.1", 403),
        (443, "http://localhost", 403),
        (80, "ftp://192.168.1.1", 403),
    ],
)
def test_an_origin_with_another_port_is_foreign(
    harness: WebHarness, port: int, origin: str, status: int
) -> None:
    harness.local_address = IPv4Address("TCP", SERVER_ADDRESS.host, port)
    assert (
        harness.connect_http().get("/health", {"Origin": origin}, host=SERVER_ADDRESS.host).status
        == status
    )


def test_a_target_in_absolute_form_replaces_the_host_header(harness: WebHarness) -> None:
    for target in (f"http://{HOST}/health", f"HTTP://{HOST}/health?"):
        assert harness.connect_http().get(target).json["status"] == "ok"
        assert harness.connect_http().get(target, host="evil.example").json["status"] == "ok"
    assert (
        harness.connect_http().get(f"http://{HOST}").headers["content-type"].startswith("text/html")
    )
    for host in ("evil.example", "192.168.1.1", "", f"evil.example?{HOST}"):
        response = harness.connect_http().get(f"http://{host}/health")
        assert (response.status, response.code) == (421, "foreign-host")


def test_an_ipv4_mapped_address_is_an_ipv4_host(harness: WebHarness) -> None:
    harness.local_address = IPv6Address("TCP", "::ffff:192.168.1.1", 54_321)
    assert harness.connect_http().get("/health", {"Origin": f"http://{HOST}"}).status == 200
