"""The real client protocol and the real server connection, joined in memory."""

import socket
from typing import Any

from twisted.internet.address import IPv4Address
from twisted.internet.interfaces import IAddress
from twisted.test.iosim import FakeTransport, IOPump, connect

from chatd.chat import commands, limits
from chatd.client.protocol import ServerConnection
from chatd.server.factory import ChatFactory
from chatd.wire import frames
from chatd.wire.frames import FromServer
from tests.server.harness import Handle, Harness


class _TcpTransport(FakeTransport):
    """A joined transport with a handle, which tells its peer when it closes for writing."""

    def __init__(self, protocol: object, is_server: bool, peer: IAddress) -> None:
        super().__init__(protocol, is_server, peerAddress=peer)
        self.handle = Handle()
        self.is_kept_alive = False

    def getHandle(self) -> Handle:
        return self.handle

    def setTcpKeepAlive(self, enabled: bool) -> None:
        self.is_kept_alive = enabled

    def loseWriteConnection(self) -> None:
        self.loseConnection()


class _Person:
    """The owner of a real client connection."""

    def __init__(self, harness: Harness, port: int) -> None:
        self.heard: list[FromServer] = []
        self.losses: list[str] = []
        self.client = ServerConnection(self)
        address = IPv4Address("TCP", "10.35.11.112", port)
        server = ChatFactory(harness.chat).buildProtocol(address)
        assert server is not None
        self.transports = (
            _TcpTransport(server, True, address),
            _TcpTransport(self.client, False, IPv4Address("TCP", "10.35.11.111", 7777)),
        )
        self.pump: IOPump = connect(
            server, self.transports[0], self.client, self.transports[1], clock=harness.clock
        )

    def connected(self, connection: ServerConnection) -> None:
        pass

    def frame_received(self, frame: FromServer) -> None:
        self.heard.append(frame)

    def connection_lost(self, connection: ServerConnection, reason: str) -> None:
        self.losses.append(reason)

    def take(self) -> list[Any]:
        """The data of what was heard since the last time."""
        heard, self.heard = self.heard, []
        return [frame.data if hasattr(frame, "data") else frame for frame in heard]


def _flush(*people: _Person) -> None:
    while sum(person.pump.flush() for person in people):
        pass


def test_two_clients_have_a_conversation() -> None:
    with Harness() as harness:
        ice, moon = _Person(harness, 1001), _Person(harness, 1002)
        ice.client.send(commands.Enter("ice"))
        _flush(ice, moon)
        moon.client.send(commands.Enter("ICE"), 1)
        _flush(ice, moon)
        [refused] = moon.take()
        assert refused.code == "nickname-taken"
        moon.client.send(commands.Enter("moon"), 2)
        _flush(ice, moon)
        [welcome] = moon.take()
        assert (welcome.nickname, welcome.server) == ("moon", "party")

        ice.take()
        ice.client.send(commands.SendMessage("grüße\nvon hier 🧊"), 3)
        moon.client.send(commands.SendMessage("and back"), 4)
        _flush(ice, moon)
        confirmed, answer = ice.take()
        assert (confirmed.seq, answer.source, answer.text) == (1, "moon", "and back")
        assert [(each.seq, getattr(each, "text", None)) for each in moon.take()] == [
            (1, "grüße\nvon hier 🧊"),
            (2, None),
        ]

        moon.client.send(commands.Rename("sun"), 5)
        ice.client.send(commands.ListUsers(), 6)
        ice.client.send(commands.ReadHistory(limit=1), 7)
        _flush(ice, moon)
        frames_heard = {type(each).__name__: each for each in ice.take()}
        assert [user.nickname for user in frames_heard["Users"].users] == ["ice", "moon"]
        assert [said.text for said in frames_heard["History"].messages] == ["and back"]
        assert frames_heard["MemberRenamed"].new == "sun"

        moon.take()
        moon.client.send(commands.Quit())
        _flush(ice, moon)
        assert [each.reason for each in moon.take()] == ["quit"]
        assert len(moon.losses) == 1
        assert [(each.nickname, each.reason) for each in ice.take()] == [("sun", "quit")]
        ice.client.close()
        _flush(ice, moon)
        assert harness.free == harness.chat.settings.slots


def test_the_error_for_an_over_long_line_still_reaches_the_client() -> None:
    with Harness() as harness:
        ice = _Person(harness, 1001)
        ice.client.send(commands.Enter("ice"))
        _flush(ice)
        ice.take()
        ice.transports[1].write(b"x" * (3 * limits.LINE_BYTES))
        _flush(ice)
        assert [error.code for error in ice.take()] == ["line-too-long"]
        assert len(ice.losses) == 1


def test_the_client_understands_a_full_server() -> None:
    with Harness(slots=0) as harness:
        ice = _Person(harness, 1001)
        ice.client.send(commands.Enter("ice"), 1)
        _flush(ice)
        [frame] = ice.heard
        assert isinstance(frame, frames.Error)
        assert (frame.id, frame.data.code) == (1, "full")
        assert len(ice.losses) == 1


def test_a_stopping_server_says_so_to_every_client() -> None:
    with Harness() as harness:
        people = [_Person(harness, 1001), _Person(harness, 1002)]
        for person, name in zip(people, ("ice", "moon"), strict=True):
            person.client.send(commands.Enter(name))
        _flush(*people)
        ended = harness.chat.end()
        _flush(*people)
        for person in people:
            assert person.take()[-1].reason == "server is stopping"
            assert len(person.losses) == 1
        assert ended.called


def test_clients_that_received_the_same_message_are_not_probed_at_the_same_time() -> None:
    with Harness() as harness:
        people = [_Person(harness, 1001 + number) for number in range(200)]
        first = [person.transports[0].handle.options[socket.TCP_KEEPIDLE] for person in people]
        assert max(first.count(seconds) for seconds in first) <= len(people) / 8
        for person in people:
            person.client.close()
        _flush(*people)


def test_both_ends_detect_a_dead_peer_in_time() -> None:
    with Harness() as harness:
        ice = _Person(harness, 1001)
        for transport in ice.transports:
            assert transport.is_kept_alive
            options = transport.handle.options
            first, between = options[socket.TCP_KEEPIDLE], options[socket.TCP_KEEPINTVL]
            unanswered = options[socket.TCP_USER_TIMEOUT] / 1_000
            # The probes give up with the first that finds the time over; what is sent just before
            # stops them, and is given up after the same time.
            assert first + 3 * between <= unanswered, "one lost probe says nothing"
            assert unanswered + between + unanswered <= limits.DEAD_PEER_SECONDS
        ice.client.close()
        _flush(ice)
