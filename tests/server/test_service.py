"""The server as a service, on a fake network: where it listens and what it offers."""

from collections.abc import Callable, Sequence
from ipaddress import IPv4Interface

import msgspec
import pytest
from twisted.internet.address import IPv4Address

from chatd.chat import limits
from chatd.discovery.subnets import Subnet
from chatd.log.cluster_codec import first_snapshot
from chatd.log.engine import Snapshot
from chatd.server.chat import Chat, ServerSettings
from chatd.server.factory import ChatFactory
from chatd.server.protocol import LineProtocol
from chatd.server.service import CannotListen, ChatServer, ExtraPort, ListenSettings
from chatd.wire import discovery
from tests.fakes import FakeNetwork, log_lines
from tests.log.shared_engine import MemoryLog, MemorySharedEngine
from tests.server.harness import Client


def _subnets(*values: str) -> tuple[Subnet, ...]:
    return tuple(
        Subnet(interface.ip, interface.network) for interface in map(IPv4Interface, values)
    )


WORK = _subnets("10.35.11.113/24", "192.168.1.124/24")
HOSTS = ["10.35.11.113", "192.168.1.124"]


class _ServiceHarness:
    """A network and one server on it."""

    def __init__(
        self,
        subnets: tuple[Subnet, ...] = WORK,
        port: int | None = None,
        current: Callable[[], Sequence[Subnet]] | None = None,
        slots: int = 9,
        settings: ServerSettings | None = None,
    ) -> None:
        self.network = FakeNetwork()
        settings = settings or ServerSettings("work", slots)
        self.chat = Chat(settings, self.network, lambda: 0)
        self.server = ChatServer(
            self.network, ListenSettings(subnets, port, discovery_port=4_444), self.chat, current
        )

    def connect(self) -> Client:
        address = IPv4Address("TCP", "10.35.11.112", 1_234)
        connection = ChatFactory(self.chat).buildProtocol(address)
        assert isinstance(connection, LineProtocol)
        return Client(connection, address)

    def offers(self, broadcast: str, client: str) -> list[discovery.Offer]:
        """What the server answers to a question that is broadcast there."""
        socket = self.network.open_udp(broadcast)
        socket.protocol.datagramReceived(discovery.DISCOVER, (client, 5_000))
        return [
            discovery.decode_offer(datagram)
            for port in self.network.udp
            for datagram, address in port.written
            if address == (client, 5_000)
        ]


def test_the_server_listens_on_each_given_address_and_nowhere_else() -> None:
    harness = _ServiceHarness()
    harness.server.startService()
    assert harness.network.listening() == [(host, 7777) for host in HOSTS]
    assert harness.server.port == 7777
    assert {port.interface for port in harness.network.udp} == {
        "10.35.11.113",
        "10.35.11.255",
        "192.168.1.124",
        "192.168.1.255",
    }
    harness.server.stopService()


def test_the_backlog_has_room_for_many_clients_at_once() -> None:
    harness = _ServiceHarness()
    harness.server.startService()
    assert all(port.backlog >= 1_000 for port in harness.network.open_tcp)
    harness.server.stopService()


@pytest.mark.parametrize("host", HOSTS)
def test_a_free_port_for_all_is_taken_where_the_default_is_taken_on_any(host: str) -> None:
    harness = _ServiceHarness()
    harness.network.taken.add((host, 7777))
    harness.server.startService()
    assert harness.network.listening() == [(each, 50_000) for each in HOSTS]
    assert harness.server.port == 50_000
    [offer] = harness.offers("10.35.11.255", "10.35.11.112")
    assert offer.port == 50_000
    harness.server.stopService()


def test_a_free_port_must_be_free_on_every_address() -> None:
    harness = _ServiceHarness()
    harness.network.taken |= {(HOSTS[0], 7777), (HOSTS[1], 50_000), (HOSTS[1], 50_001)}
    harness.server.startService()
    assert harness.network.listening() == [(each, 50_002) for each in HOSTS]
    harness.server.stopService()


@pytest.mark.parametrize("host", HOSTS)
def test_a_given_port_is_never_replaced(host: str) -> None:
    harness = _ServiceHarness(port=5_555)
    harness.network.taken.add((host, 5_555))
    with pytest.raises(CannotListen):
        harness.server.startService()
    assert harness.network.listening() == []
    assert harness.network.udp == []
    assert not harness.server.running


def test_the_server_gives_up_where_no_port_is_free_on_every_address() -> None:
    harness = _ServiceHarness()
    harness.network.taken |= {(HOSTS[1], port) for port in (7777, *range(50_000, 50_100))}
    with pytest.raises(CannotListen):
        harness.server.startService()
    assert harness.network.listening() == []


def test_an_offer_names_the_address_in_the_subnet_that_asked() -> None:
    harness = _ServiceHarness(port=5_555)
    harness.server.startService()
    for broadcast, client, own in (
        ("10.35.11.255", "10.35.11.112", HOSTS[0]),
        ("192.168.1.255", "192.168.1.123", HOSTS[1]),
    ):
        [offer] = harness.offers(broadcast, client)
        assert offer == discovery.Offer(
            version=1, id="work", address=own, port=5_555, slots=9, free=9
        )
        [written] = harness.network.open_udp(own).written
        assert written[1] == (client, 5_000)
    harness.server.stopService()


def test_an_offer_says_how_many_slots_are_free_now() -> None:
    harness = _ServiceHarness(slots=1)
    harness.server.startService()
    client = harness.connect()
    [offer] = harness.offers("10.35.11.255", "10.35.11.112")
    assert (offer.slots, offer.free) == (1, 0)
    client.hang_up()
    assert harness.offers("10.35.11.255", "10.35.11.112")[-1].free == 1
    harness.server.stopService()


def test_an_offer_has_the_documented_fields_and_no_others() -> None:
    harness = _ServiceHarness(slots=5)
    harness.server.startService()
    harness.offers("10.35.11.255", "10.35.11.112")
    [(datagram, _)] = harness.network.open_udp(HOSTS[0]).written
    assert msgspec.json.decode(datagram) == {
        "type": "offer",
        "data": {
            "version": 1,
            "id": "work",
            "address": "10.35.11.113",
            "port": 7777,
            "slots": 5,
            "free": 5,
        },
    }
    harness.server.stopService()


def test_an_address_without_broadcast_is_listened_on_but_not_discoverable() -> None:
    harness = _ServiceHarness(_subnets("10.0.0.1/32", "10.0.1.1/31"))
    with log_lines() as lines:
        harness.server.startService()
    assert harness.network.listening() == [("10.0.0.1", 7777), ("10.0.1.1", 7777)]
    assert harness.network.udp == []
    assert not [line for line in lines if "discovery" in line]
    harness.server.stopService()


def test_discovery_that_fails_does_not_stop_the_server() -> None:
    harness = _ServiceHarness()
    harness.network.broken |= {"10.35.11.255", "192.168.1.255"}
    harness.server.startService()
    assert len(harness.network.listening()) == 2
    harness.server.stopService()


def test_the_log_has_each_address_and_port_at_the_start() -> None:
    harness = _ServiceHarness()
    with log_lines() as lines:
        harness.server.startService()
    for host, network in (("10.35.11.113", "10.35.11.0/24"), ("192.168.1.124", "192.168.1.0/24")):
        assert any(f"{host}:7777" in line and "Chat for chatd clients" in line for line in lines)
        assert any(network in line and "UDP port 4444" in line for line in lines)
    harness.server.stopService()


def test_the_server_follows_the_addresses_of_its_host() -> None:
    have = [WORK]
    harness = _ServiceHarness(current=lambda: have[0])
    harness.server.startService()
    with log_lines() as lines:
        harness.network.pump([3.0] * 3)
        assert lines == []
        have[0] = _subnets("10.35.11.113/24", "172.16.0.9/16")
        harness.network.pump([3.0] * 3)
    assert [line for line in lines if "no longer has the address 192.168.1.124/24" in line]
    assert [line for line in lines if "listens on 172.16.0.9:7777" in line]
    assert len(lines) == 4, "each change once"
    assert harness.network.listening() == [("10.35.11.113", 7777), ("172.16.0.9", 7777)]
    [offer] = harness.offers("172.16.255.255", "172.16.0.1")
    assert (offer.address, offer.port) == ("172.16.0.9", 7777)
    assert harness.offers("172.16.255.255", "192.168.1.123") == []
    assert harness.chat.connection_throttle.is_local("172.16.0.9")
    assert not harness.chat.connection_throttle.is_local("192.168.1.124")
    harness.server.stopService()
    assert harness.network.getDelayedCalls() == []


def test_a_server_that_is_started_before_its_network_is_reached_there_later() -> None:
    loopback = _subnets("127.0.0.1/8")
    have = [loopback]
    harness = _ServiceHarness(loopback, current=lambda: have[0])
    harness.server.startService()
    have[0] = (*loopback, *WORK)
    harness.network.pump([3.0])
    assert {host for host, _ in harness.network.listening()} == {"127.0.0.1", *HOSTS}
    [offer] = harness.offers("10.35.11.255", "10.35.11.112")
    assert offer.address == "10.35.11.113"
    harness.server.stopService()


def test_an_address_with_another_prefix_keeps_its_ports() -> None:
    have = [_subnets("10.35.11.113/24", "192.168.1.124/24")]
    harness = _ServiceHarness(WORK, current=lambda: have[0])
    harness.server.startService()
    ports = list(harness.network.open_tcp)
    have[0] = _subnets("10.35.11.113/16", "192.168.1.124/24")
    harness.network.pump([3.0])
    assert list(harness.network.open_tcp) == ports
    [offer] = harness.offers("10.35.255.255", "10.35.200.1")
    assert offer.address == "10.35.11.113"
    harness.server.stopService()


def test_an_address_with_two_prefixes_is_listened_on_once() -> None:
    both = _subnets("10.35.11.113/24", "10.35.11.113/16")
    harness = _ServiceHarness(both)
    harness.server.startService()
    assert harness.network.listening() == [("10.35.11.113", 7777)]
    for broadcast, client in (("10.35.11.255", "10.35.11.1"), ("10.35.255.255", "10.35.200.1")):
        [offer] = harness.offers(broadcast, client)
        assert offer.address == "10.35.11.113"
    harness.server.stopService()


def test_an_address_that_comes_with_two_prefixes_is_listened_on_once() -> None:
    have = [WORK[1:]]
    harness = _ServiceHarness(WORK[1:], current=lambda: have[0])
    harness.server.startService()
    have[0] = _subnets("10.35.11.113/24", "10.35.11.113/16", "192.168.1.124/24")
    harness.network.pump([3.0])
    assert sorted(harness.network.listening()) == [(host, 7777) for host in HOSTS]
    have[0] = WORK[1:]
    harness.network.pump([3.0])
    assert harness.network.listening() == [("192.168.1.124", 7777)]
    harness.server.stopService()


def test_the_first_address_of_a_host_is_tried_until_its_port_is_free() -> None:
    have: list[tuple[Subnet, ...]] = [()]
    harness = _ServiceHarness((), current=lambda: have[0])
    harness.server.startService()
    harness.network.taken.add((HOSTS[0], 7777))
    have[0] = WORK[:1]
    harness.network.pump([3.0])
    assert harness.network.listening() == []
    harness.network.taken.clear()
    harness.network.pump([3.0])
    assert harness.network.listening() == [(HOSTS[0], 7777)]
    harness.server.stopService()


def test_an_endpoint_stays_while_its_address_is_gone() -> None:
    """Its socket works again when the address comes back; nobody would open it anew."""
    have = [WORK]
    harness = _ServiceHarness(current=lambda: have[0])
    endpoint = ExtraPort("plain", ChatFactory, f"tcp:7000:interface={HOSTS[1]}")
    settings = ListenSettings(WORK, discovery_port=4_444, extra_ports=(endpoint,))
    server = ChatServer(harness.network, settings, harness.chat, lambda: have[0])
    server.startService()
    for have[0] in (WORK[:1], WORK):
        harness.network.pump([3.0])
        assert (HOSTS[1], 7000) in harness.network.listening()
    assert sorted(harness.network.listening()) == [
        (HOSTS[0], 7777),
        (HOSTS[1], 7000),
        (HOSTS[1], 7777),
    ]
    server.stopService()


def test_a_new_address_whose_port_is_taken_is_tried_again() -> None:
    have = [WORK[:1]]
    harness = _ServiceHarness(WORK[:1], current=lambda: have[0])
    harness.server.startService()
    harness.network.taken.add(("192.168.1.124", 7777))
    have[0] = WORK
    with log_lines() as lines:
        harness.network.pump([3.0] * 3)
        assert len([line for line in lines if "cannot listen on the new address" in line]) == 1
        harness.network.taken.clear()
        harness.network.pump([3.0])
    assert harness.network.listening() == [(host, 7777) for host in HOSTS]
    harness.server.stopService()


def test_addresses_in_another_order_are_no_change() -> None:
    harness = _ServiceHarness(current=lambda: WORK[::-1])
    harness.server.startService()
    with log_lines() as lines:
        harness.network.pump([3.0] * 3)
    assert lines == []
    harness.server.stopService()


def test_addresses_that_come_back_are_used_again() -> None:
    have = [WORK]
    harness = _ServiceHarness(current=lambda: have[0])
    harness.server.startService()
    have[0] = WORK[:1]
    harness.network.pump([3.0])
    with log_lines() as lines:
        have[0] = WORK
        harness.network.pump([3.0])
    assert [line for line in lines if "has the new address 192.168.1.124/24" in line]
    assert harness.network.listening() == [(host, 7777) for host in HOSTS]
    harness.server.stopService()


def test_addresses_that_cannot_be_read_are_read_again_at_the_next_period() -> None:
    answers: list[Sequence[Subnet] | OSError] = [OSError(24, "Too many open files"), WORK[:1]]

    def current() -> Sequence[Subnet]:
        answer = answers.pop(0)
        if isinstance(answer, OSError):
            raise answer
        return answer

    harness = _ServiceHarness(current=current)
    harness.server.startService()
    with log_lines() as lines:
        harness.network.pump([3.0, 3.0])
    assert [line for line in lines if "no longer has the address 192.168.1.124/24" in line]
    harness.server.stopService()


def test_stopping_closes_every_port_and_waits_for_every_connection() -> None:
    harness = _ServiceHarness()
    harness.server.startService()
    client = harness.connect()
    client.hello("ice")
    stopped = harness.server.stopService()
    assert harness.network.listening() == []
    assert not [port for port in harness.network.udp if port.is_open]
    assert client.heard_of("goodbye") == [{"reason": "server is stopping"}]
    assert not stopped.called
    client.hang_up()
    assert harness.network.getDelayedCalls() == []
    assert stopped.called


def test_the_log_has_the_number_of_refusals_at_the_end() -> None:
    harness = _ServiceHarness()
    harness.server.startService()
    client = harness.connect()
    client.send_bytes(b"nonsense\n")
    client.hang_up()
    harness.network.open_udp("10.35.11.255").protocol.datagramReceived(b"?", ("10.35.11.112", 5))
    with log_lines() as lines:
        harness.server.stopService()
    assert any("invalid-json" in line for line in lines)
    assert any("malformed" in line for line in lines)


class _NodeHarness(_ServiceHarness):
    """A network, one server on it, and the log of the cluster of which it is a node.

    :param page: the address of the web port.
    :param current: returns the subnets that its host has now.
    """

    def __init__(
        self,
        page: int | str = 8_080,
        current: Callable[[], tuple[Subnet, ...]] | None = None,
    ) -> None:
        self.network = FakeNetwork()
        log = MemoryLog(Snapshot(1, first_snapshot("campus", "Ku2e0bnXrTY", 0)))
        self.engine = MemorySharedEngine(log)
        settings = ServerSettings("campus", slots=9, node="library")
        self.chat = Chat(settings, self.network, lambda: 0, shared=self.engine)
        extra = ExtraPort("web", ChatFactory, page)
        listening = ListenSettings(WORK, 7_000, extra_ports=(extra,))
        self.server = ChatServer(self.network, listening, self.chat, current)
        self.server.startService()
        self.pass_time(1)

    def pass_time(self, seconds: float) -> None:
        for _ in range(int(seconds * 10)):
            self.network.advance(0.1)
            self.engine.send()
            self.engine.deliver()

    def offer(self) -> discovery.Offer:
        return self.offers("10.35.11.255", "10.35.11.112")[-1]


def test_a_node_of_a_cluster_names_itself_and_its_cluster_in_its_offers() -> None:
    harness = _NodeHarness()
    offer = harness.offer()
    assert (offer.id, offer.node, offer.cluster) == ("campus", "library", "Ku2e0bnXrTY")
    assert (offer.free, offer.is_cut_off) == (9, False)
    harness.server.stopService()


def test_a_node_that_is_cut_off_says_so_and_offers_no_slot() -> None:
    harness = _NodeHarness()
    harness.engine.is_connected = False
    harness.pass_time(6)
    offer = harness.offer()
    assert (offer.slots, offer.free, offer.is_cut_off) == (9, 0, True)
    harness.engine.is_connected = True
    harness.pass_time(3)
    assert not harness.offer().is_cut_off
    harness.server.stopService()


def test_the_other_nodes_learn_at_which_addresses_a_node_listens(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("chatd.server.service.gethostname", lambda: "Laptop")
    harness = _NodeHarness()
    [node] = harness.chat.hub.nodes.there
    assert node.addresses == tuple(f"{host}:7000" for host in HOSTS)
    pages = [*HOSTS, "laptop"]  # by which a page may have been opened
    assert node.origins == tuple(f"http://{page}:8080" for page in pages)
    harness.server.stopService()


def test_a_page_that_is_on_all_addresses_has_those_of_its_host(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("chatd.server.service.gethostname", lambda: "Laptop")
    harness = _NodeHarness("tcp:8080:interface=0.0.0.0")
    [node] = harness.chat.hub.nodes.there
    assert node.origins == tuple(f"http://{page}:8080" for page in (*HOSTS, "laptop"))
    harness.server.stopService()


def test_the_other_nodes_learn_of_an_address_that_a_node_has_got_later() -> None:
    have = [WORK[:1]]
    harness = _NodeHarness(current=lambda: have[0])
    have[0] = _subnets("10.35.11.113/24", "172.16.0.9/16")
    harness.pass_time(2 * limits.DISCOVERY_PERIOD_SECONDS)
    [node] = harness.chat.hub.nodes.there
    assert node.addresses == ("10.35.11.113:7000", "172.16.0.9:7000")
    assert "http://172.16.0.9:8080" in node.origins
    harness.server.stopService()


def test_a_server_that_is_no_node_offers_just_what_it_did_before_there_were_clusters() -> None:
    harness = _ServiceHarness()
    harness.server.startService()
    [offer] = harness.offers("10.35.11.255", "10.35.11.112")
    sent = msgspec.json.decode(discovery.encode_offer(offer))["data"]
    assert sent.keys() == {"version", "id", "address", "port", "slots", "free"}
    harness.server.stopService()
