"""What a server serves beside its main port: where it listens, and where it says that it does."""

from collections.abc import Iterator
from functools import partial
from ipaddress import IPv4Address, IPv4Network

import pytest
from twisted.internet.protocol import ServerFactory

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


def _made(chat: Chat) -> ServerFactory:
    return DialectFactory(chat, PLAIN)


class _House:
    """A network and a server with sides on it, which stops in the end."""

    def __init__(self) -> None:
        self.network = FakeNetwork()

    def start(self, *sides: ExtraPort) -> ChatServer:
        chat = Chat(ServerSettings("work"), self.network, lambda: 0)
        self.server = ChatServer(self.network, ListenSettings(SUBNETS, extra_ports=sides), chat)
        self.server.startService()
        return self.server


@pytest.fixture
def house() -> Iterator[_House]:
    house = _House()
    yield house
    if house.server.running:
        house.server.stopService()
    assert house.network.listening() == []


def _on(port: int) -> tuple[tuple[str, int], ...]:
    return tuple((host, port) for host in HOSTS)


@pytest.mark.parametrize("where", [None, 5_555])
def test_an_extra_port_listens_on_every_address_of_the_server(
    house: _House, where: int | None
) -> None:
    server = house.start(ExtraPort("web", _made, where, DEFAULT))
    assert server.addresses("web") == _on(where or DEFAULT)
    assert house.network.listening() == [*_on(7_777), *_on(where or DEFAULT)]
    assert server.port == 7_777


@pytest.mark.parametrize("host", HOSTS)
def test_an_extra_port_whose_default_is_taken_listens_on_a_free_one(
    house: _House, host: str
) -> None:
    house.network.taken.add((host, DEFAULT))
    server = house.start(ExtraPort("web", _made, None, DEFAULT))
    assert server.addresses("web") == _on(50_000)
    assert house.network.listening() == [*_on(7_777), *_on(50_000)], "the main port stays open"


def test_an_extra_port_without_a_default_listens_on_a_free_one(house: _House) -> None:
    assert house.start(ExtraPort("plain", _made, None)).addresses("plain") == _on(50_000)


def test_an_extra_port_with_a_given_number_never_listens_on_another(house: _House) -> None:
    house.network.taken.add((HOSTS[1], 5_555))
    with pytest.raises(CannotListen):
        house.start(ExtraPort("plain", _made, 5_556), ExtraPort("web", _made, 5_555, DEFAULT))
    assert house.network.listening() == []
    assert not house.server.running


def test_an_extra_port_can_listen_at_an_endpoint(house: _House) -> None:
    server = house.start(ExtraPort("web", _made, "tcp:8081:interface=127.0.0.1", DEFAULT))
    assert server.addresses("web") == (("127.0.0.1", 8_081),)


def test_an_endpoint_that_is_taken_is_not_replaced(house: _House) -> None:
    house.network.taken.add(("127.0.0.1", 8_081))
    where = "tcp:8081:interface=127.0.0.1"
    with pytest.raises(CannotListen, match=f"cannot listen on {where}: Address already") as raised:
        house.start(ExtraPort("plain", _made, 5_556), ExtraPort("web", _made, where, DEFAULT))
    assert raised.value.port_name == "web"
    assert house.network.listening() == []
    assert not house.server.running


def test_a_port_that_is_not_served_has_no_addresses(house: _House) -> None:
    assert house.start().addresses("web") == ()


def test_the_log_says_where_each_extra_port_listens(house: _House) -> None:
    with log_lines() as lines:
        house.start(ExtraPort("web", _made, None, DEFAULT), ExtraPort("plain", _made, 5_555))
    for host in HOSTS:
        assert f"work listens on {host}:8080 (web)" in lines
        assert f"work listens on {host}:5555 (plain)" in lines


def test_a_stopped_server_has_no_addresses(house: _House) -> None:
    server = house.start(ExtraPort("web", partial(DialectFactory, port_type=PLAIN), None, DEFAULT))
    server.stopService()
    assert server.addresses("web") == ()
