"""A node reads in the archive of another one, over the network."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectionLost
from twisted.internet.task import Clock, LoopingCall
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.python.failure import Failure

from chatd.chat import limits
from chatd.chat.events import Message
from chatd.chat.server_events import Node
from chatd.discovery.subnets import Subnet
from chatd.log.cluster_codec import first_snapshot
from chatd.log.engine import ArchivedMessage, Snapshot, Store
from chatd.log.missing_messages import PeerFailed
from chatd.server import node_peer
from chatd.server.chat import Chat, ServerSettings
from chatd.server.node_peer import NodePeer
from chatd.server.service import ChatServer, ListenSettings
from tests.fakes import on_reactor
from tests.log.memory_engine import MemoryEngine
from tests.log.shared_engine import MemoryLog, MemorySharedEngine
from tests.ports import HOST, free_port, free_udp_port
from tests.server.sockets import enter, reactor

CLUSTER = {"id": "c1", "node": "a", "nodes": []}


class OtherNode:
    """What the other end says to a connection, and what it hears."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.peer = NodePeer(self.clock, "a", "c1")
        self.transport = StringTransport()
        self.peer.makeConnection(self.transport)
        self.results: list[Any] = []

    def says(self, frame_type: str, data: object = None, request_id: int | None = None) -> None:
        frame = {"type": frame_type, "data": data, "id": request_id}
        line = json.dumps({key: value for key, value in frame.items() if value is not None})
        self.peer.dataReceived(line.encode() + b"\n")

    def heard(self) -> list[str]:
        """The types of the frames that came."""
        lines = self.transport.value().splitlines()
        self.transport.clear()
        return [json.loads(line)["type"] for line in lines]

    def record(self, result: Deferred[Any]) -> None:
        result.addBoth(self.results.append)

    def refuses(self, code: str, request_id: int | None = None) -> None:
        self.says("error", {"code": code, "message": "No."}, request_id)

    def begin(self, **cluster: str) -> None:
        self.record(self.peer.watch())
        self.refuses("bad-nickname")
        data = {"server": "party", "started": 1, "cluster": {**CLUSTER, **cluster}}
        self.says("watching", data)

    def failure(self) -> str:
        """Why the last request has failed."""
        failure = self.results.pop()
        assert isinstance(failure, Failure)
        assert failure.check(PeerFailed), failure
        return str(failure.value)


@pytest.fixture
def other() -> OtherNode:
    return OtherNode()


def message(seq: int, text: str = "hello") -> dict[str, Any]:
    return {"room": "#lobby", "seq": seq, "time": 5, "source": "ice", "text": text}


def test_it_watches_and_reads_a_page_in_parts(other: OtherNode) -> None:
    other.begin()
    assert other.heard() == ["hello", "watch"]
    assert other.results.pop() is None
    other.record(other.peer.history("#lobby", 9))
    assert json.loads(other.transport.value()) == {
        "type": "history",
        "id": 1,
        "data": {"room": "#lobby", "limit": limits.FETCHED_PAGE_MESSAGES, "before": 9},
    }
    other.says("message", message(11, "live"))
    other.says("history", {"room": "#lobby", "messages": [message(5)]}, 7)
    other.says("history", {"room": "#lobby", "messages": [message(6)], "more": True}, 1)
    other.says("history", {"room": "#lobby", "messages": [message(7)]}, 1)
    assert [each.seq for each in other.results.pop()] == [6, 7]


def test_a_room_that_has_ended_has_no_messages(other: OtherNode) -> None:
    other.begin()
    other.record(other.peer.history("#tea", 9))
    other.refuses("no-such-room", 1)
    assert other.results.pop() == ()


@pytest.mark.parametrize("code", ["full", "too-many-watchers", "cut-off"])
def test_a_node_that_has_no_place_says_so(other: OtherNode, code: str) -> None:
    other.record(other.peer.watch())
    other.refuses(code)
    assert other.failure() == f"it refuses: {code}"


@pytest.mark.parametrize("cluster", [{"id": "c2"}, {"node": "b"}])
def test_another_server_at_its_address_is_not_asked(
    other: OtherNode, cluster: dict[str, str]
) -> None:
    other.begin(**cluster)
    assert other.failure() == "another server has its address"


def test_a_server_without_a_cluster_is_not_asked(other: OtherNode) -> None:
    other.record(other.peer.watch())
    other.says("watching", {"server": "party", "started": 1})
    assert other.failure() == "another server has its address"


@pytest.mark.parametrize(
    "garbage",
    [
        b"\n",
        b"\xff\xfe\n",
        b"[" * 50_000 + b"\n",
        b'{"type":"history","id":1,"data":7}\n',
        b'{"type":"history","id":1,"data":{"room":"#lobby","messages":[{"seq":"x"}]}}\n',
        b'{"type":"watching","data":{"server":"party","started":1}}\n',
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
    ],
)
def test_garbage_is_no_answer_and_is_not_waited_for_for_ever(
    other: OtherNode, garbage: bytes
) -> None:
    other.begin()
    other.results.clear()
    other.record(other.peer.history("#lobby", 9))
    other.peer.dataReceived(garbage)
    assert other.results == []
    other.clock.advance(limits.FETCH_REPLY_SECONDS)
    assert other.failure() == "it does not answer"


def test_an_endless_line_ends_the_connection(other: OtherNode) -> None:
    other.begin()
    other.record(other.peer.history("#lobby", 9))
    other.peer.dataReceived(b"x" * 300_000)
    assert other.failure() == "it sends a line that is too long"
    assert other.transport.disconnected or other.transport.disconnecting


def test_an_endless_answer_is_given_up(other: OtherNode) -> None:
    other.begin()
    other.record(other.peer.history("#lobby", 9))
    part = {"room": "#lobby", "messages": [message(1)] * 100, "more": True}
    for _ in range(3):
        other.says("history", part, 1)
    assert other.failure() == "its answer is too long"
    other.record(other.peer.history("#lobby", 9))
    assert other.failure() == "its answer is too long"


def test_a_node_that_goes_is_told(other: OtherNode) -> None:
    other.begin()
    other.record(other.peer.history("#lobby", 9))
    other.peer.connectionLost(Failure(ConnectionLost()))
    assert other.failure() == "the connection is lost"


@pytest.mark.parametrize("addresses", [(), ("nonsense",), ("10.0.0.1:x",), ("10.0.0.1:99999999",)])
def test_addresses_that_are_none_are_not_tried(addresses: tuple[str, ...]) -> None:
    results: list[Any] = []
    node_peer.connect(MemoryReactorClock(), Node("a", addresses, ()), "c1").addErrback(
        results.append
    )
    assert [each.check(PeerFailed) for each in results] == [PeerFailed]


@pytest.mark.parametrize(
    ("addresses", "tried"),
    [
        (("10.0.0.2:7777", "127.0.0.1:7777"), ["10.0.0.2"]),
        (("127.0.0.2:7777", "127.0.0.3:7777"), ["127.0.0.2", "127.0.0.3"]),
    ],
)
def test_the_loopback_address_of_another_host_is_not_taken_for_that_host(
    addresses: tuple[str, ...], tried: list[str]
) -> None:
    reactor = MemoryReactorClock()
    failed: list[Any] = []
    node_peer.connect(reactor, Node("b", addresses, ()), "c1").addErrback(failed.append)
    while not failed:
        factory: Any = reactor.tcpClients[-1][2]
        factory.clientConnectionFailed(None, Failure(ConnectionRefusedError()))
    assert [host for host, *_ in reactor.tcpClients] == tried


def test_an_attempt_can_be_given_up() -> None:
    results: list[Any] = []
    connecting = node_peer.connect(MemoryReactorClock(), Node("a", ("10.0.0.1:1",), ()), "c1")
    connecting.addErrback(results.append)
    connecting.cancel()
    assert [each.check(CancelledError) for each in results] == [CancelledError]


# --- two real servers ---------------------------------------------------------------------------


@asynccontextmanager
async def running(log: MemoryLog, name: str, store: MemoryEngine) -> AsyncIterator[ChatServer]:
    engine = MemorySharedEngine(log)

    def move() -> None:
        engine.send()
        engine.deliver()

    pump = LoopingCall(move)
    pump.start(0.005)
    subnets = (Subnet(IPv4Address(HOST), IPv4Network("127.0.0.0/8")),)
    server = ChatServer(
        reactor,
        ListenSettings(subnets, free_port(), discovery_port=free_udp_port()),
        Chat(
            ServerSettings("party", history=5, node=name),
            reactor,
            lambda: round(1_000 * reactor.seconds()),
            Store(store, store),
            shared=engine,
        ),
    )
    server.startService()
    try:
        assert await server.when_restored is None
        yield server
    finally:
        await server.stopService()
        pump.stop()
        log.engines.remove(engine)


@on_reactor
async def test_what_a_node_has_got_is_in_its_histories_and_searches() -> None:
    now = round(1_000 * reactor.seconds())
    log = MemoryLog(Snapshot(1, first_snapshot("party", "c1", now)))
    full = MemoryEngine()
    async with running(log, "a", full) as first:
        ice = await enter(HOST, first.port, "ice")
        full.messages += [
            ArchivedMessage(1, Message("#lobby", seq, now + seq, "ice", f"tea {seq}"))
            for seq in range(1, 601)
        ]
        first.chat.hub.archived.skip_numbers({"#lobby": 600})
        first.chat.ordered_log._snapshots.save()  # type: ignore[attr-defined]  # it is not due yet
        log.trim(log.snapshot.position)
        empty = MemoryEngine()
        async with running(log, "b", empty) as second:
            moon = await enter(HOST, second.port, "moon")
            ice.send("message", {"text": "live"})
            await moon.hears("message")
            while len(empty.messages) < 601:
                moon.send("ping")
                await moon.hears("pong")
            moon.send("history", {"limit": 3, "before": 300})
            history = await moon.hears("history")
            assert [each["seq"] for each in history["messages"]] == [297, 298, 299]
            moon.send("history", {"limit": 3})
            history = await moon.hears("history")
            assert [each["seq"] for each in history["messages"]] == [599, 600, 601]
            moon.send("search", {"words": "tea 7"})
            found = await moon.hears("search")
            assert "tea 7" in [each["text"] for each in found["messages"]]
            assert second.chat.ordered_log.gap("#lobby") is None
