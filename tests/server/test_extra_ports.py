"""The ports besides the main port: address they listen, and what the log says of them."""

from collections.abc import Iterator
from functools import partial
from ipaddress import IPv4Address, IPv4Network

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.error import DNSLookupError
from twisted.internet.protocol import ServerFactory
from twisted.python.failure import Failure

from chatd.discovery.subnets import Subnet
from chatd.server.chat import Chat, ServerSettings
from chatd.server.factory import PLAIN, DialectFactory
from chatd.server.service import CannotListen, ChatServer, ExtraPort, ListenSettings
from tests.fakes import FakeNetwork, log_lines

HOSTS = ("10.35.11.113", "192.168.1.124")
SUBNETS = (
    Subnet(IPv4Address(HOSTS[0]), IPv4Network("10.35.11.0/24")),
    Subnet(IPv4Address(HOSTS[1]), IPv4Network("192.168.1.0/24")),
)
DEFAULT = 8_080


def _make_factory(chat: Chat) -> ServerFactory:
    return DialectFactory(chat, PLAIN)


class _ServiceHarness:
    """A fake network, and a server with extra ports that stops in the end."""

    def __init__(self) -> None:
        self.network = FakeNetwork()

    def start(self, *ports: ExtraPort) -> ChatServer:
        chat = Chat(ServerSettings("work"), self.network, lambda: 0)
        self.server = ChatServer(self.network, ListenSettings(SUBNETS, extra_ports=ports), chat)
        self.server.startService()
        return self.server


@pytest.fixture
def harness() -> Iterator[_ServiceHarness]:
    harness = _ServiceHarness()
    yield harness
    if harness.server.running:
        harness.server.stopService()
    assert harness.network.listening() == []


def _on(port: int) -> tuple[tuple[str, int], ...]:
    return tuple((host, port) for host in HOSTS)


@pytest.mark.parametrize("address", [None, 5_555])
def test_an_extra_port_listens_on_every_address_of_the_server(
    harness: _ServiceHarness, address: int | None
) -> None:
    server = harness.start(ExtraPort("web", _make_factory, address, DEFAULT))
    assert server.addresses("web") == _on(address or DEFAULT)
    assert harness.network.listening() == [*_on(7_777), *_on(address or DEFAULT)]
    assert server.port == 7_777


@pytest.mark.parametrize("host", HOSTS)
def test_an_extra_port_whose_default_is_taken_listens_on_a_free_one(
    harness: _ServiceHarness, host: str
) -> None:
    harness.network.taken.add((host, DEFAULT))
    server = harness.start(ExtraPort("web", _make_factory, None, DEFAULT))
    assert server.addresses("web") == _on(50_000)
    assert harness.network.listening() == [*_on(7_777), *_on(50_000)], "the main port stays open"


def test_an_extra_port_without_a_default_listens_on_a_free_one(harness: _ServiceHarness) -> None:
    assert harness.start(ExtraPort("plain", _make_factory, None)).addresses("plain") == _on(50_000)


def test_an_extra_port_with_a_given_number_never_listens_on_another(
    harness: _ServiceHarness,
) -> None:
    harness.network.taken.add((HOSTS[1], 5_555))
    with pytest.raises(CannotListen):
        harness.start(
            ExtraPort("plain", _make_factory, 5_556),
            ExtraPort("web", _make_factory, 5_555, DEFAULT),
        )
    assert harness.network.listening() == []
    assert not harness.server.running


def test_an_extra_port_can_listen_at_an_endpoint(harness: _ServiceHarness) -> None:
    server = harness.start(ExtraPort("web", _make_factory, "tcp:8081:interface=127.0.0.1", DEFAULT))
    assert server.addresses("web") == (("127.0.0.1", 8_081),)


class _Look:
    """A name that is being looked up by a fake network."""

    def __init__(self, harness: _ServiceHarness) -> None:
        self.names: list[str] = []
        self.found: Deferred[str] = Deferred()
        harness.network.resolve = self._resolve  # type: ignore[method-assign,assignment]  # a fake

    def _resolve(self, name: str) -> Deferred[str]:
        self.names.append(name)
        return self.found


def _fired(server: ChatServer) -> list[object]:
    results: list[object] = []
    server.when_listening.addBoth(results.append)
    return results


NAMED = ExtraPort(
    "web",
    _make_factory,
    "tcp:8081:interface=chat.example",
    DEFAULT,
    "The web page is at {where}",
)


def test_the_host_name_of_an_endpoint_is_looked_up_while_the_other_ports_listen(
    harness: _ServiceHarness,
) -> None:
    look = _Look(harness)
    server = harness.start(NAMED, ExtraPort("plain", _make_factory, 5_555))
    assert (look.names, _fired(server)) == (["chat.example"], [])
    assert harness.network.listening() == [*_on(7_777), *_on(5_555)]
    with log_lines() as lines:
        look.found.callback("127.0.0.7")
    assert server.addresses("web") == (("127.0.0.7", 8_081),)
    assert _fired(server) == [None]
    assert lines == ["The web page is at 127.0.0.7:8081"]


@pytest.mark.parametrize("answer", [DNSLookupError("no such name"), "127.0.0.1"])
def test_an_endpoint_whose_host_name_cannot_be_listened_on_is_told_later(
    harness: _ServiceHarness, answer: Exception | str
) -> None:
    harness.network.taken.add(("127.0.0.1", 8_081))
    look = _Look(harness)
    fired = _fired(harness.start(NAMED))
    if isinstance(answer, str):
        look.found.callback(answer)
    else:
        look.found.errback(answer)
    [failure] = fired
    assert isinstance(failure, Failure)
    assert "cannot listen on tcp:8081:interface=chat.example" in str(failure.value)


def test_no_look_up_of_an_endpoint_outlives_the_wish_to_stop(harness: _ServiceHarness) -> None:
    look = _Look(harness)
    server = harness.start(NAMED)
    fired = _fired(server)
    server.stopService()
    assert look.found.called, "it is cancelled"
    assert fired == []


def test_an_endpoint_that_is_taken_is_not_replaced(harness: _ServiceHarness) -> None:
    harness.network.taken.add(("127.0.0.1", 8_081))
    address = "tcp:8081:interface=127.0.0.1"
    with pytest.raises(
        CannotListen, match=f"cannot listen on {address}: Address already"
    ) as raised:
        harness.start(
            ExtraPort("plain", _make_factory, 5_556),
            ExtraPort("web", _make_factory, address, DEFAULT),
        )
    assert raised.value.port_name == "web"
    assert harness.network.listening() == []
    assert not harness.server.running


def test_a_port_that_is_not_served_has_no_addresses(harness: _ServiceHarness) -> None:
    assert harness.start().addresses("web") == ()


def test_the_log_says_where_each_extra_port_listens(harness: _ServiceHarness) -> None:
    with log_lines() as lines:
        harness.start(
            ExtraPort("web", _make_factory, None, DEFAULT, "The web page is at {where}"),
            ExtraPort("plain", _make_factory, 5_555, sentence="Chat for telnet is at {where}"),
        )
    for host in HOSTS:
        assert f"The web page is at {host}:8080" in lines
        assert f"Chat for telnet is at {host}:5555" in lines


def test_a_stopped_server_has_no_addresses(harness: _ServiceHarness) -> None:
    server = harness.start(
        ExtraPort("web", partial(DialectFactory, port_type=PLAIN), None, DEFAULT)
    )
    server.stopService()
    assert server.addresses("web") == ()
