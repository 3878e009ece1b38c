"""HTTP connections: keep-alive, pipelining, throttling, timeouts and limits."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IProtocolNegotiationFactory

from chatd.chat import limits
from chatd.server.chat import Chat
from chatd.web.messages import Request, Response
from chatd.web.routes import ROUTES
from chatd.web.websocket import Upgrade
from tests.web.http_clients import HTTPClient, WebHarness, many_addresses, request


def test_a_connection_is_kept_alive_for_many_requests(harness: WebHarness) -> None:
    client = harness.connect_http()
    for _ in range(5):
        assert client.get("/health").status == 200
    assert not client.is_dropped()


def test_pipelined_requests_are_answered_in_order(harness: WebHarness) -> None:
    client = harness.connect_http()
    client.send(request("/health") + request("/nothing") + request("/health", method="HEAD"))
    harness.clock.advance(0)
    data = client.transport.value()
    assert [part[:3] for part in data.split(b"HTTP/1.1 ")] == [b"", b"200", b"404", b"200"]
    assert client.is_read()


def test_many_requests_do_not_delay_the_chat() -> None:
    """Each response takes longer here than the time slice of a turn."""
    with WebHarness(flood=0) as harness:
        answered: list[int] = []
        clients = [harness.connect_http() for _ in range(3)]

        def health(request: Request, chat: Chat) -> Response | Upgrade | Deferred[Response]:
            harness.clock.rightNow += 0.1
            return ROUTES["/health"](request, chat)

        harness.http_factory.router = replace(
            harness.http_factory.router, routes={"/health": health}
        )
        for client in clients:
            client.connection.dataReceived(request("/health") * 2)
            assert not client.is_read()

        def chat() -> None:
            answered.append(sum(each.transport.value().count(b" 200 OK") for each in clients))
            if answered[-1] < 6:
                harness.clock.callLater(0, chat)

        harness.clock.callLater(0, chat)
        harness.clock.advance(1)
        assert sorted(set(answered)) == [1, 2, 3, 4, 5, 6]
        assert all(each.is_read() for each in clients)


def test_a_request_does_not_time_out_while_the_server_is_busy(harness: WebHarness) -> None:
    client = harness.connect_http()
    waiting: list[Callable[[], None]] = []
    harness.chat.work_queue.add = waiting.append  # type: ignore[assignment,method-assign]  # a queue that does not run
    client.connection.dataReceived(request("/health"))
    harness.pass_time(limits.FIRST_LINE_TIMEOUT_SECONDS + 1)
    waiting.pop()()
    assert client.transport.value().count(b" 200 OK") == 1
    assert not client.is_dropped()


def test_frequent_requests_are_throttled() -> None:
    with WebHarness(flood=10) as harness:
        client = harness.connect_http()
        client.send(request("/health") * 30)
        for _ in range(40):
            harness.clock.advance(0)
        assert client.transport.value().count(b"HTTP/1.1 200") < 23
        harness.pass_time(2)
        for _ in range(40):
            harness.clock.advance(0.1)
        assert client.transport.value().count(b"HTTP/1.1 200") == 30


def test_a_throttled_client_that_disconnects_leaves_no_timer() -> None:
    with WebHarness(flood=10) as harness:
        client = harness.connect_http()
        client.send(request("/health") * 30)
        assert not client.is_read()
        client.hang_up()
        assert not harness.clock.getDelayedCalls()


def test_a_request_may_arrive_byte_by_byte(harness: WebHarness) -> None:
    client = harness.connect_http()
    for byte in request("/health"):
        assert client.transport.value() == b""
        client.send(bytes([byte]))
    assert [response.status for response in client.responses()] == [200]


def test_an_http_1_0_client_is_answered_and_closed(harness: WebHarness) -> None:
    client = harness.connect_http()
    response = client.get("/health", version="1.0")
    assert (response.status, response.headers["connection"]) == (200, "close")
    assert client.is_half_closed()


def test_connection_close_is_answered_first(harness: WebHarness) -> None:
    client = harness.connect_http()
    client.send(request("/health", {"Connection": "close"}) + request("/health"))
    assert [response.status for response in client.responses()] == [200]
    assert client.is_half_closed()


def test_a_client_that_half_closes_gets_its_responses(harness: WebHarness) -> None:
    client = harness.connect_http()
    client.connection.dataReceived(request("/health") * 2)
    client.half_close()
    harness.clock.advance(0.1)
    assert [response.status for response in client.responses()] == [200, 200]
    harness.clock.advance(0.1)
    assert client.is_half_closed()


def test_half_a_request_is_malformed(harness: WebHarness) -> None:
    client = harness.connect_http()
    client.send(request("/health")[:-2])
    client.half_close()
    assert [response.code for response in client.responses()] == ["bad-request"]
    assert client.is_half_closed()


def test_an_incomplete_request_times_out_with_408(harness: WebHarness) -> None:
    client = harness.connect_http()
    client.send(b"GET / HTTP/1.1\r\n")
    harness.pass_time(limits.FIRST_LINE_TIMEOUT_SECONDS - 1, lambda: client.send(b"X: y\r\n"))
    assert client.responses() == []
    harness.pass_time(1)
    [response] = client.responses()
    assert (response.status, response.code) == (408, "too-late")
    assert client.is_half_closed()


def test_an_idle_connection_is_closed_silently(harness: WebHarness) -> None:
    new, used = harness.connect_http(), harness.connect_http()
    harness.pass_time(limits.FIRST_LINE_TIMEOUT_SECONDS - 1)
    assert used.get("/health").status == 200
    harness.pass_time(1)
    assert (new.is_half_closed(), new.responses()) == (True, [])
    harness.pass_time(limits.FIRST_LINE_TIMEOUT_SECONDS - 1)
    assert used.is_half_closed()
    assert not harness.chat.counters


def test_reading_pauses_until_the_response_is_read(harness: WebHarness) -> None:
    client = harness.connect_http()
    client.send(request("/health"))
    client.transport.clear()
    client.producer.pauseProducing()
    client.connection.dataReceived(request("/health") * 3)
    harness.pass_time(10)
    assert client.transport.value().count(b"200 OK") <= 1
    assert not client.is_read()
    client.producer.resumeProducing()
    harness.pass_time(1)
    assert client.transport.value().count(b"200 OK") == 3
    assert client.is_read()


def test_requests_received_while_paused_wait_until_the_response_is_read() -> None:
    """TLS may deliver data while reading is paused; the responses must not pile up."""
    with WebHarness(flood=0) as harness:
        client = harness.connect_http()
        client.producer.pauseProducing()
        for _ in range(2_000):
            client.connection.dataReceived(request("/health"))
        assert not client.is_cut_off()
        client.producer.resumeProducing()
        harness.clock.advance(0)
        assert client.transport.value().count(b"200 OK") == 2_000


def test_a_client_that_never_reads_its_response_is_cut_off(harness: WebHarness) -> None:
    client = harness.connect_http()
    client.producer.pauseProducing()
    client.connection.dataReceived(request("/health") * 3)
    harness.pass_time(limits.DEAD_PEER_SECONDS + limits.FIRST_LINE_TIMEOUT_SECONDS)
    assert client.is_cut_off()


def test_a_client_that_never_closes_is_cut_off(harness: WebHarness) -> None:
    client = harness.connect_http()
    client.send(request("/health", {"Connection": "close"}))
    assert client.is_half_closed()
    client.connection.writeConnectionLost()
    harness.pass_time(limits.SHUTDOWN_SECONDS)
    assert client.is_cut_off()


def test_a_connection_half_closed_by_both_is_closed(harness: WebHarness) -> None:
    client = harness.connect_http()
    client.send(request("/health", {"Connection": "close"}))
    client.connection.writeConnectionLost()
    client.half_close()
    assert client.transport.disconnecting


def test_connections_over_the_limit_are_closed_silently(harness: WebHarness) -> None:
    clients = [harness.connect_http(host) for host in many_addresses(limits.HTTP_CONNECTIONS)]
    assert harness.try_connect_http() is None
    assert harness.chat.counters == {"closed silently": 1}
    clients[0].hang_up()
    assert harness.connect_http().get("/health").status == 200


def test_one_address_cannot_take_all_connections(harness: WebHarness) -> None:
    half = limits.ADDRESS_PAGE_CONNECTIONS // 2
    clients = [harness.connect_http() for _ in range(half)]
    browsers = [harness.open_websocket() for _ in range(limits.ADDRESS_PAGE_CONNECTIONS - half)]
    browsers[0].send("watch")
    assert harness.try_connect_http() is None
    assert harness.try_connect_http("::ffff:10.35.11.112") is None
    assert harness.chat.counters == {"closed silently": 2}
    assert harness.connect_http("10.35.11.113").get("/health").status == 200
    for leaving in (clients[0], browsers[0].client):
        leaving.hang_up()
        harness.connect_http()
        assert harness.try_connect_http() is None


@pytest.mark.parametrize("host", ["127.0.0.1", "10.35.11.1"])
def test_the_servers_own_host_has_no_limit_per_address(host: str) -> None:
    with WebHarness(own_addresses=frozenset({"10.35.11.1"})) as harness:
        for _ in range(limits.HTTP_CONNECTIONS):
            harness.connect_http(host)


def test_too_many_new_connections_from_one_address_are_closed() -> None:
    with WebHarness(accept_rate=2) as harness:
        connections = [harness.try_connect_http() for _ in range(5)]
        assert sum(isinstance(each, HTTPClient) for each in connections) == 2
        assert harness.try_connect_http("10.35.11.113")
        assert harness.chat.counters == {"accept-rate": 3}


def test_http_connections_are_aborted_when_the_server_stops(harness: WebHarness) -> None:
    clients = [harness.connect_http(), harness.connect_http()]
    clients[1].send(b"GET / HT")
    harness.http_factory.doStart()
    harness.http_factory.doStop()
    assert all(client.is_cut_off() for client in clients)


def test_other_upgrades_are_ignored(harness: WebHarness) -> None:
    client = harness.connect_http()
    headers = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": ""}
    assert client.get("/health", headers).status == 200
    assert client.get("/health").status == 200


def test_alpn_offers_http_1_1(harness: WebHarness) -> None:
    assert IProtocolNegotiationFactory.providedBy(harness.http_factory)
    assert harness.http_factory.acceptableProtocols() == [b"http/1.1"]


def test_responses_have_a_date(harness: WebHarness) -> None:
    assert harness.connect_http().get("/health").headers["date"] == "Tue, 14 Nov 2023 22:13:20 GMT"
