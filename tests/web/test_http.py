"""Whatever comes over HTTP: an answer, or an end, within bounds."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from twisted.internet.interfaces import IProtocolNegotiationFactory

from chatd.chat import limits
from chatd.server.chat import Chat
from chatd.web.messages import Request, Response
from chatd.web.routes import ROUTES
from chatd.web.websocket import Upgrade
from tests.web.visitors import PageHall, Visitor, from_many, request


def test_many_requests_go_over_one_connection(hall: PageHall) -> None:
    visitor = hall.visit()
    for _ in range(5):
        assert visitor.get("/health").status == 200
    assert not visitor.is_dropped()


def test_requests_that_come_at_once_are_answered_in_order(hall: PageHall) -> None:
    visitor = hall.visit()
    visitor.send(request("/health") + request("/nothing") + request("/health", method="HEAD"))
    hall.clock.advance(0)
    data = visitor.transport.value()
    assert [part[:3] for part in data.split(b"HTTP/1.1 ")] == [b"", b"200", b"404", b"200"]
    assert visitor.is_read()


def test_what_comes_at_once_does_not_keep_the_chat_waiting() -> None:
    """Each answer takes longer here than there is time for in a turn of the reactor."""
    with PageHall(flood=0) as hall:
        answered: list[int] = []
        visitors = [hall.visit() for _ in range(3)]

        def health(request: Request, chat: Chat) -> Response | Upgrade:
            hall.clock.rightNow += 0.1
            return ROUTES["/health"](request, chat)

        hall.page.router = replace(hall.page.router, routes={"/health": health})
        for visitor in visitors:
            visitor.connection.dataReceived(request("/health") * 2)
            assert not visitor.is_read()

        def chat() -> None:
            answered.append(sum(each.transport.value().count(b" 200 OK") for each in visitors))
            if answered[-1] < 6:
                hall.clock.callLater(0, chat)

        hall.clock.callLater(0, chat)
        hall.clock.advance(1)
        assert sorted(set(answered)) == [1, 2, 3, 4, 5, 6]
        assert all(each.is_read() for each in visitors)


def test_who_asked_in_time_is_not_too_late_because_the_server_is_busy(hall: PageHall) -> None:
    visitor = hall.visit()
    waiting: list[Callable[[], None]] = []
    hall.page.work_queue.add = waiting.append  # type: ignore[assignment,method-assign]  # a queue that stands still
    visitor.connection.dataReceived(request("/health"))
    hall.pass_time(limits.FIRST_LINE_TIMEOUT_SECONDS + 1)
    waiting.pop()()
    assert visitor.transport.value().count(b" 200 OK") == 1
    assert not visitor.is_dropped()


def test_who_asks_too_often_is_answered_more_slowly() -> None:
    with PageHall(flood=10) as hall:
        visitor = hall.visit()
        visitor.send(request("/health") * 30)
        for _ in range(40):
            hall.clock.advance(0)
        assert visitor.transport.value().count(b"HTTP/1.1 200") < 23
        hall.pass_time(2)
        for _ in range(40):
            hall.clock.advance(0.1)
        assert visitor.transport.value().count(b"HTTP/1.1 200") == 30


def test_who_hangs_up_while_made_to_wait_leaves_nothing_behind() -> None:
    with PageHall(flood=10) as hall:
        visitor = hall.visit()
        visitor.send(request("/health") * 30)
        assert not visitor.is_read()
        visitor.hang_up()
        assert not hall.clock.getDelayedCalls()


def test_any_pieces_make_the_same_request(hall: PageHall) -> None:
    visitor = hall.visit()
    for byte in request("/health"):
        assert visitor.transport.value() == b""
        visitor.send(bytes([byte]))
    assert [reply.status for reply in visitor.replies()] == [200]


def test_an_old_client_is_answered_and_let_go(hall: PageHall) -> None:
    visitor = hall.visit()
    reply = visitor.get("/health", version="1.0")
    assert (reply.status, reply.headers["connection"]) == (200, "close")
    assert visitor.is_ended()


def test_who_asks_to_close_is_answered_first(hall: PageHall) -> None:
    visitor = hall.visit()
    visitor.send(request("/health", {"Connection": "close"}) + request("/health"))
    assert [reply.status for reply in visitor.replies()] == [200]
    assert visitor.is_ended()


def test_who_has_nothing_more_to_ask_is_answered(hall: PageHall) -> None:
    visitor = hall.visit()
    visitor.connection.dataReceived(request("/health") * 2)
    visitor.shut()
    hall.clock.advance(0.1)
    assert [reply.status for reply in visitor.replies()] == [200, 200]
    hall.clock.advance(0.1)
    assert visitor.is_ended()


def test_half_a_request_is_none(hall: PageHall) -> None:
    visitor = hall.visit()
    visitor.send(request("/health")[:-2])
    visitor.shut()
    assert [reply.code for reply in visitor.replies()] == ["bad-request"]
    assert visitor.is_ended()


def test_who_does_not_finish_a_request_is_told_so(hall: PageHall) -> None:
    visitor = hall.visit()
    visitor.send(b"GET / HTTP/1.1\r\n")
    hall.pass_time(limits.FIRST_LINE_TIMEOUT_SECONDS - 1, lambda: visitor.send(b"X: y\r\n"))
    assert visitor.replies() == []
    hall.pass_time(1)
    [reply] = visitor.replies()
    assert (reply.status, reply.code) == (408, "too-late")
    assert visitor.is_ended()


def test_who_asks_for_nothing_does_not_stay(hall: PageHall) -> None:
    new, used = hall.visit(), hall.visit()
    hall.pass_time(limits.FIRST_LINE_TIMEOUT_SECONDS - 1)
    assert used.get("/health").status == 200
    hall.pass_time(1)
    assert (new.is_ended(), new.replies()) == (True, [])
    hall.pass_time(limits.FIRST_LINE_TIMEOUT_SECONDS - 1)
    assert used.is_ended()
    assert not hall.chat.counters


def test_who_does_not_read_the_answer_is_not_read_either(hall: PageHall) -> None:
    visitor = hall.visit()
    visitor.send(request("/health"))
    visitor.transport.clear()
    visitor.producer.pauseProducing()
    visitor.connection.dataReceived(request("/health") * 3)
    hall.pass_time(10)
    assert visitor.transport.value().count(b"200 OK") <= 1
    assert not visitor.is_read()
    visitor.producer.resumeProducing()
    hall.pass_time(1)
    assert visitor.transport.value().count(b"200 OK") == 3
    assert visitor.is_read()


def test_requests_that_were_read_too_early_wait_for_the_answer_to_be_read() -> None:
    """TLS may have read more than it should; then answers would pile up, and be too much."""
    with PageHall(flood=0) as hall:
        visitor = hall.visit()
        visitor.producer.pauseProducing()
        for _ in range(2_000):
            visitor.connection.dataReceived(request("/health"))
        assert not visitor.is_cut_off()
        visitor.producer.resumeProducing()
        hall.clock.advance(0)
        assert visitor.transport.value().count(b"200 OK") == 2_000


def test_who_never_reads_the_answer_is_cut_off(hall: PageHall) -> None:
    visitor = hall.visit()
    visitor.producer.pauseProducing()
    visitor.connection.dataReceived(request("/health") * 3)
    hall.pass_time(limits.DEAD_PEER_SECONDS + limits.FIRST_LINE_TIMEOUT_SECONDS)
    assert visitor.is_cut_off()


def test_who_never_closes_is_cut_off(hall: PageHall) -> None:
    visitor = hall.visit()
    visitor.send(request("/health", {"Connection": "close"}))
    assert visitor.is_ended()
    visitor.connection.writeConnectionLost()
    hall.pass_time(limits.SHUTDOWN_SECONDS)
    assert visitor.is_cut_off()


def test_a_connection_whose_ends_are_both_closed_is_gone(hall: PageHall) -> None:
    visitor = hall.visit()
    visitor.send(request("/health", {"Connection": "close"}))
    visitor.connection.writeConnectionLost()
    visitor.shut()
    assert visitor.transport.disconnecting


def test_more_connections_than_there_may_be_are_closed_silently(hall: PageHall) -> None:
    visitors = [hall.visit(host) for host in from_many(limits.HTTP_CONNECTIONS)]
    assert hall.try_to_visit() is None
    assert hall.chat.counters == {"closed silently": 1}
    visitors[0].hang_up()
    assert hall.visit().get("/health").status == 200


def test_one_address_cannot_shut_the_others_out(hall: PageHall) -> None:
    half = limits.ADDRESS_PAGE_CONNECTIONS // 2
    visitors = [hall.visit() for _ in range(half)]
    browsers = [hall.browse() for _ in range(limits.ADDRESS_PAGE_CONNECTIONS - half)]
    browsers[0].send("watch")
    assert hall.try_to_visit() is None
    assert hall.try_to_visit("::ffff:10.35.11.112") is None
    assert hall.chat.counters == {"closed silently": 2}
    assert hall.visit("10.35.11.113").get("/health").status == 200
    for leaving in (visitors[0], browsers[0].visitor):
        leaving.hang_up()
        hall.visit()
        assert hall.try_to_visit() is None


@pytest.mark.parametrize("host", ["127.0.0.1", "10.35.11.1"])
def test_from_the_servers_own_host_there_may_be_as_many_as_there_is_room_for(host: str) -> None:
    with PageHall(own_addresses=frozenset({"10.35.11.1"})) as hall:
        for _ in range(limits.HTTP_CONNECTIONS):
            hall.visit(host)


def test_who_comes_too_often_is_not_let_in() -> None:
    with PageHall(accept_rate=2) as hall:
        came = [hall.try_to_visit() for _ in range(5)]
        assert sum(isinstance(each, Visitor) for each in came) == 2
        assert hall.try_to_visit("10.35.11.113")
        assert hall.chat.counters == {"accept-rate": 3}


def test_when_the_server_stops_no_connection_is_left(hall: PageHall) -> None:
    visitors = [hall.visit(), hall.visit()]
    visitors[1].send(b"GET / HT")
    hall.page.doStart()
    hall.page.doStop()
    assert all(visitor.is_cut_off() for visitor in visitors)


def test_other_upgrades_are_not_heard(hall: PageHall) -> None:
    visitor = hall.visit()
    asked = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": ""}
    assert visitor.get("/health", asked).status == 200
    assert visitor.get("/health").status == 200


def test_a_browser_that_asks_over_tls_is_told_to_speak_http_1(hall: PageHall) -> None:
    assert IProtocolNegotiationFactory.providedBy(hall.page)
    assert hall.page.acceptableProtocols() == [b"http/1.1"]


def test_answers_have_a_date(hall: PageHall) -> None:
    assert hall.visit().get("/health").headers["date"] == "Tue, 14 Nov 2023 22:13:20 GMT"
