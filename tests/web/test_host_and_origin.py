"""Other people's pages are kept out: whatever their browser's user may reach, they may not."""

import pytest
from twisted.internet.address import IPv4Address, IPv6Address

from chatd.web import routes
from tests.web.visitors import HERE, HOST, UPGRADE, PageHall

PATHS = ["/", "/api/users", "/health", "/socket", "/nothing"]


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:54321",
        "192.168.1.1",
        "192.168.1.1:80",
        "192.168.1.1:54321.evil.example",
        "192.168.1.2:54321",
        "localhost",
        "localhost:54322",
        "localhost.evil.example:54321",
        "user@192.168.1.1:54321",
        "",
    ],
)
def test_a_server_by_another_name_is_not_this_one(hall: PageHall, host: str) -> None:
    for path in PATHS:
        reply = hall.visit().get(path, UPGRADE, host=host)
        assert (reply.status, reply.code) == (421, "foreign-host")
        assert "ws:" not in reply.headers["content-security-policy"]
    assert hall.chat.counters == {"foreign-host": len(PATHS)}


def test_an_old_browser_that_names_no_host_is_not_believed(hall: PageHall) -> None:
    assert hall.visit().get("/", host=None, version="1.0").code == "foreign-host"


@pytest.mark.parametrize("host", [HOST, "localhost:54321", "LocalHost:54321"])
def test_the_server_is_known_by_its_address_and_as_localhost(hall: PageHall, host: str) -> None:
    assert hall.visit().get("/health", host=host).status == 200


def test_the_server_is_known_by_the_name_of_its_host(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("chatd.web.http.gethostname", lambda: "Laptop")
    with PageHall() as hall:
        assert hall.visit().get("/health", host="laptop:54321").status == 200


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
def test_a_page_from_elsewhere_may_not_use_the_server(hall: PageHall, origin: str) -> None:
    for path in PATHS:
        reply = hall.visit().get(path, UPGRADE | {"Origin": origin})
        assert (reply.status, reply.code) == (403, "foreign-origin")
    assert hall.chat.counters == {"foreign-origin": len(PATHS)}
    assert hall.chat.sessions == set()


@pytest.mark.parametrize("origin", [f"http://{HOST}", f"https://{HOST}", "http://localhost:54321"])
def test_the_servers_own_page_may(hall: PageHall, origin: str) -> None:
    assert hall.visit().get("/health", {"Origin": origin}).status == 200


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
def test_a_page_of_another_server_on_the_same_host_is_from_elsewhere(
    hall: PageHall, port: int, origin: str, status: int
) -> None:
    hall.here = IPv4Address("TCP", HERE.host, port)
    assert hall.visit().get("/health", {"Origin": origin}, host=HERE.host).status == status


def test_an_address_in_the_request_line_says_whom_it_is_for(hall: PageHall) -> None:
    for target in (f"http://{HOST}/health", f"HTTP://{HOST}/health?"):
        assert hall.visit().get(target).json["status"] == "ok"
        assert hall.visit().get(target, host="evil.example").json["status"] == "ok"
    assert hall.visit().get(f"http://{HOST}").headers["content-type"].startswith("text/html")
    for host in ("evil.example", f"user@{HOST}", "192.168.1.1", "", f"evil.example?{HOST}"):
        reply = hall.visit().get(f"http://{host}/health")
        assert (reply.status, reply.code) == (421, "foreign-host")


def test_the_usual_port_may_be_left_out() -> None:
    assert routes.allowed_hosts("10.0.0.1", 80, {"localhost"}) == {
        "10.0.0.1",
        "10.0.0.1:80",
        "localhost",
        "localhost:80",
    }


def test_an_ipv6_address_is_in_brackets() -> None:
    assert routes.allowed_hosts("::1", 8080, ()) == {"[::1]:8080"}


def test_an_ipv4_address_that_ipv6_carries_is_called_as_ever(hall: PageHall) -> None:
    hall.here = IPv6Address("TCP", "::ffff:192.168.1.1", 54_321)
    assert hall.visit().get("/health", {"Origin": f"http://{HOST}"}).status == 200
