"""A client that speaks a foreign protocol enters nowhere and says nothing, on any port."""

from collections.abc import Callable

import pytest

from chatd.wire.plain import Plain
from tests.server.harness import (
    Client,
    Harness,
    connect_basic,
    connect_jim,
    connect_plain,
)
from tests.wire.test_foreign_protocols import FOREIGN

#: What a page would have its visitor say, as lines of each dialect.
SMUGGLED = (
    b"POST / HTTP/1.1\r\nHost: 10.0.0.1:7777\r\nContent-Type: text/plain\r\n\r\n"
    b'{"type": "hello", "data": {"nickname": "mallory", "version": 1}}\n'
    b'{"type": "message", "data": "smuggled"}\n'
    b'{"action": "presence", "user": {"account_name": "mallory"}}'
    b"mallory\nsmuggled\n"
)

PORTS = pytest.mark.parametrize("connect", [connect_basic, connect_plain, connect_jim])


@PORTS
@pytest.mark.parametrize("size", [1, 7, len(SMUGGLED)])
def test_a_page_cannot_make_its_visitor_speak(
    harness: Harness, connect: Callable[[Harness], Client], size: int
) -> None:
    ice = harness.enter("ice")
    visitor = connect(harness)
    visitor.transport.clear()
    for at in range(0, len(SMUGGLED), size):
        if not visitor.is_cut_off():
            visitor.send_bytes(SMUGGLED[at : at + size])
    harness.pass_time(2)
    assert visitor.is_cut_off() or visitor.is_dropped()
    visitor.hang_up()
    assert ice.heard() == []
    assert harness.chat.hub.member_count == 1
    assert harness.chat.counters.total() == 1


@PORTS
@pytest.mark.parametrize("name", FOREIGN)
def test_a_foreign_client_is_dropped_and_counted(
    harness: Harness, connect: Callable[[Harness], Client], name: str
) -> None:
    ice = harness.enter("ice")
    client = connect(harness)
    client.send_bytes(FOREIGN[name])
    harness.pass_time(2)
    assert client.is_cut_off()
    client.hang_up()
    assert ice.heard() == []
    assert client.transport.value() in (b"", Plain.greeting), "nothing that a browser could show"
    counted = [code for code in harness.chat.counters if code.startswith("foreign-")]
    assert len(counted) == 1


@PORTS
def test_a_port_that_is_only_opened_and_closed_is_not_announced(
    harness: Harness, connect: Callable[[Harness], Client]
) -> None:
    ice = harness.enter("ice")
    client = connect(harness)
    harness.clock.advance(0.4)
    client.hang_up()
    harness.pass_time(2)
    assert ice.heard() == []


def test_a_connection_that_was_opened_ahead_is_dropped_once_the_browser_uses_it(
    harness: Harness,
) -> None:
    """A browser may open a connection before it has a request to send."""
    ice = harness.enter("ice")
    browser = connect_basic(harness)
    harness.pass_time(1)
    browser.send_bytes(SMUGGLED)
    assert browser.is_cut_off()
    browser.hang_up()
    assert [frame["type"] for frame in ice.heard()] == ["entered", "left"]
