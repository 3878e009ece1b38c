"""A connection to another node of the cluster, whose archive has messages that are missing here.

It is one of a client that watches, and has a client's limits: the other node reads its requests as
slowly as those of everybody.
"""

from collections.abc import Generator
from typing import Any, Final

from twisted.internet import defer
from twisted.internet.defer import CancelledError, Deferred, fail, inlineCallbacks
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.error import ConnectError, ConnectingCancelledError
from twisted.internet.protocol import connectionDone
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure
from typing_extensions import override

from chatd import tcp
from chatd.chat import limits
from chatd.chat.commands import Enter, ReadHistory, Watch
from chatd.chat.errors import BadNickname, NoSuchRoom
from chatd.chat.events import Message
from chatd.chat.server_events import Node
from chatd.log.missing_messages import Peer, PeerFailed
from chatd.wire import frames, native_client

#: The longest line that is read. A list frame stays below half of it.
_LINE_BYTES: Final = 2 * limits.LIST_FRAME_BYTES
#: No nickname: a ``hello`` with it is refused, and who has been refused may watch.
_NO_NICKNAME: Final = ""


class NodePeer(LineReceiver):
    """The connection; a :class:`~chatd.log.missing_messages.Peer`.

    :param node: the name that the other end must have, and `cluster`, the id of its cluster: some
        other server may have its address by now.
    """

    delimiter = b"\n"
    MAX_LENGTH = _LINE_BYTES
    transport: Any  # an ITCPTransport, once it is connected

    def __init__(self, reactor: Any, node: str, cluster: str) -> None:
        self._reactor = reactor
        self._node = node
        self._cluster = cluster
        self._waiting: Deferred[Any] | None = None
        self._request_id = 0
        self._messages: list[Message] = []
        self._reason = ""

    def watch(self) -> Deferred[None]:
        """Fire when the other node lets this one read."""
        self.transport.write(native_client.encode(Enter(_NO_NICKNAME)))
        return self._wait()

    def history(self, room: str, before: int) -> Deferred[tuple[Message, ...]]:
        """See :class:`~chatd.log.missing_messages.Peer`."""
        if self._reason:
            return fail(PeerFailed(self._reason))
        self._request_id += 1
        self._messages = []
        command = ReadHistory(room, limits.FETCHED_PAGE_MESSAGES, before)
        self.transport.write(native_client.encode(command, self._request_id))
        return self._wait()

    def close(self) -> None:
        """See :class:`~chatd.log.missing_messages.Peer`."""
        self._waiting = None
        self.transport.abortConnection()

    def _wait(self) -> Deferred[Any]:
        self._waiting = waiting = Deferred[Any]()
        waiting.addTimeout(limits.FETCH_REPLY_SECONDS, self._reactor)
        return waiting.addErrback(self._not_answered)

    def _not_answered(self, failure: Failure) -> Failure:
        if failure.check(defer.TimeoutError):
            self._waiting = None
            return Failure(PeerFailed("it does not answer"))
        return failure

    def _answer(self, result: object) -> None:
        if self._waiting is not None:
            waiting, self._waiting = self._waiting, None
            waiting.callback(result)

    def _give_up(self, reason: str) -> None:
        self._reason = reason
        self._answer(Failure(PeerFailed(reason)))

    @override
    def connectionMade(self) -> None:
        tcp.set_socket_options(self.transport)

    @override
    def lineReceived(self, line: bytes) -> None:
        frame = native_client.decode(line)
        if self._request_id:
            self._read(frame)
        else:
            self._begin(frame)

    def _begin(self, frame: frames.FromServer | None) -> None:
        """The other node answers ``hello`` and ``watch``."""
        match frame:
            case frames.Error(data=data) if data.code == BadNickname.code:
                self.transport.write(native_client.encode(Watch()))
            case frames.Error(data=data):
                self._give_up(f"it refuses: {data.code}")
            case frames.Watching(data=data):
                cluster = data.cluster
                if cluster and (cluster.id, cluster.node) == (self._cluster, self._node):
                    self._answer(None)
                else:
                    self._give_up("another server has its address")

    def _read(self, frame: frames.FromServer | None) -> None:
        """It answers a request, or tells what happens in the chat, which does not matter here."""
        if not isinstance(frame, frames.History | frames.Error) or frame.id != self._request_id:
            return
        if isinstance(frame, frames.History):
            self._messages += frame.data.messages
            if len(self._messages) > limits.FETCHED_PAGE_MESSAGES:
                self._give_up("its answer is too long")
            elif not frame.data.more:
                self._answer(tuple(self._messages))
        elif frame.data.code == NoSuchRoom.code:
            self._answer(())
        else:
            self._give_up(f"it refuses: {frame.data.code}")

    @override
    def lineLengthExceeded(self, line: bytes) -> None:
        self._give_up("it sends a line that is too long")
        self.transport.abortConnection()

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._give_up(self._reason or "the connection is lost")


@inlineCallbacks
def connect(reactor: Any, node: Node, cluster: str) -> Generator[Deferred[Any], Any, Peer]:
    """Connect to `node`; fires with a connection that can be asked, or fails with PeerFailed.

    :param cluster: the id of the cluster.
    """
    reason = "it has no address"
    # Another host's loopback addresses are not this one's.
    reachable = [each for each in node.addresses if not each.startswith("127.")]
    for address in reachable or node.addresses:
        host, _, port = address.rpartition(":")
        if not (port.isdecimal() and int(port) < 65_536):
            continue
        endpoint = TCP4ClientEndpoint(reactor, host, int(port), limits.CONNECT_SECONDS)
        try:
            peer: NodePeer = yield connectProtocol(endpoint, NodePeer(reactor, node.name, cluster))
        except ConnectingCancelledError:
            raise CancelledError from None
        except (ConnectError, OSError, ValueError, OverflowError):
            reason = "no connection to it"
            continue
        try:
            yield peer.watch()
        except BaseException:
            peer.close()
            raise
        return peer
    raise PeerFailed(reason)
