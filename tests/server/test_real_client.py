"""The client's real protocol and the server's, connected in memory."""

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


class _ClientEnd:
    """The owner of a real client connection."""

    def __init__(self, harness: Harness, port: int) -> None:
        self.received: list[FromServer] = []
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

    def reached(self) -> None:
        """Nothing depends on it here."""

    def handshake_failed(self, connection: ServerConnection, reason: str) -> None:
        raise NotImplementedError

    def connected(self, connection: ServerConnection, fingerprint: str) -> None:
        pass

    def frame_received(self, frame: FromServer) -> None:
        self.received.append(frame)

    def connection_lost(self, connection: ServerConnection, reason: str) -> None:
        self.losses.append(reason)

    def take(self) -> list[Any]:
        """The data of what was received since the last time."""
        received, self.received = self.received, []
        return [frame.data if hasattr(frame, "data") else frame for frame in received]


def _flush(*ends: _ClientEnd) -> None:
    while sum(end.pump.flush() for end in ends):
        pass


def test_two_clients_have_a_conversation() -> None:
    with Harness() as harness:
        ice, moon = _ClientEnd(harness, 1001), _ClientEnd(harness, 1002)
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
        frames_by_type = {type(each).__name__: each for each in ice.take()}
        assert [user.nickname for user in frames_by_type["Users"].users] == ["ice", "moon"]
        assert [said.text for said in frames_by_type["History"].messages] == ["and back"]
        assert frames_by_type["MemberRenamed"].new == "sun"

        moon.take()
        moon.client.send(commands.Quit())
        _flush(ice, moon)
        assert [each.reason for each in moon.take()] == ["quit"]
        assert len(moon.losses) == 1
        assert [(each.nickname, each.reason) for each in ice.take()] == [("sun", "quit")]
        ice.client.close()
        _flush(ice, moon)
        harness.pass_time(limits.AWAY_SECONDS)
        assert harness.free == harness.chat.settings.slots


def test_the_error_for_an_over_long_line_still_reaches_the_client() -> None:
    with Harness() as harness:
        ice = _ClientEnd(harness, 1001)
        ice.client.send(commands.Enter("ice"))
        _flush(ice)
        ice.take()
        ice.transports[1].write(b"x" * (3 * limits.LINE_BYTES))
        _flush(ice)
        assert [error.code for error in ice.take()] == ["line-too-long"]
        assert len(ice.losses) == 1


def test_the_client_understands_a_full_server() -> None:
    with Harness(slots=0) as harness:
        ice = _ClientEnd(harness, 1001)
        ice.client.send(commands.Enter("ice"), 1)
        _flush(ice)
        [frame] = ice.received
        assert isinstance(frame, frames.Error)
        assert (frame.id, frame.data.code) == (1, "full")
        assert len(ice.losses) == 1


def test_a_stopping_server_says_so_to_every_client() -> None:
    with Harness() as harness:
        ends = [_ClientEnd(harness, 1001), _ClientEnd(harness, 1002)]
        for end, name in zip(ends, ("ice", "moon"), strict=True):
            end.client.send(commands.Enter(name))
        _flush(*ends)
        ended = harness.chat.end()
        _flush(*ends)
        for end in ends:
            assert end.take()[-1].reason == "server is stopping"
            assert len(end.losses) == 1
        assert ended.called


def test_clients_that_received_the_same_message_are_not_probed_at_the_same_time() -> None:
    with Harness() as harness:
        ends = [_ClientEnd(harness, 1001 + number) for number in range(200)]
        first = [end.transports[0].handle.options[socket.TCP_KEEPIDLE] for end in ends]
        assert max(first.count(seconds) for seconds in first) <= len(ends) / 8
        for end in ends:
            end.client.close()
        _flush(*ends)


def test_both_ends_detect_a_dead_peer_in_time() -> None:
    with Harness() as harness:
        ice = _ClientEnd(harness, 1001)
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
