"""A browser's connection once it is a WebSocket: each message is one frame of the native dialect.

wsproto reads what comes in. What goes out are whole WebSocket frames that ``wire.web`` has made,
the same bytes for every browser; only pongs and the end are this connection's own.
"""

from collections.abc import Callable
from typing import Any, Final

from wsproto import events
from wsproto.connection import SERVER, Connection, ConnectionState
from wsproto.frame_protocol import CloseReason

from chatd import links
from chatd.chat import limits
from chatd.chat.refusals import LineTooLong
from chatd.server.outlet import Outlet
from chatd.server.participant import Participant
from chatd.server.timing import TokenBucket

#: The last frame of a connection that says goodbye.
_GOODBYE: Final = Connection(SERVER).send(events.CloseConnection(CloseReason.NORMAL_CLOSURE))


class WebOutlet(Outlet):
    """The way out of a WebSocket.

    :ivar farewell: the Close frame that is the last to be sent.
    """

    __slots__ = ("farewell",)

    def __init__(self, transport: Any, most_bytes: int, overflowed: Callable[[], None]) -> None:
        super().__init__(transport, most_bytes, overflowed)
        self.farewell = _GOODBYE

    def finish(self) -> None:
        """Say farewell once everything that waits has gone out, and end the stream."""
        self.send(None, self.farewell)
        super().finish()


class WebSocket:
    """Implements :class:`chatd.server.outlet.Stream`, for a browser.

    :param transport: the connection, whose handshake is done.
    """

    def __init__(self, participant: Participant, transport: Any) -> None:
        self._participant = participant
        self._transport = transport
        self._frames = Connection(SERVER)
        self._message = bytearray()
        self._is_taking = self._is_paused = self._is_draining = False
        rate = participant.factory.settings.flood
        self._clock = participant.factory.clock
        self._bucket = TokenBucket(rate, rate * limits.FLOOD_BURST_FACTOR, self._clock.seconds())
        self._outlet = WebOutlet(transport, limits.OUTBOUND_BYTES, participant.overflowed)
        participant.connected(self, self._outlet)
        links.tend(transport)

    def received(self, data: bytes) -> None:
        """Take what comes, until the end; what comes after it is read and thrown away."""
        if not self._is_draining:
            self._frames.receive_data(data)
            self._take_frames()

    def ended(self) -> None:
        """The peer will send nothing more."""
        self._participant.end()

    def lost(self) -> None:
        """Forget everything about this connection."""
        self._is_draining = True
        self._participant.lost()

    def pauseProducing(self) -> None:
        """Take no more frames for now."""
        self._is_paused = True
        self._transport.pauseProducing()

    def resumeProducing(self) -> None:
        """Read on, beginning with what is here already."""
        self._is_paused = False
        self._transport.resumeProducing()
        self._take_frames()

    def drain(self) -> None:
        """Throw away what was and will be read."""
        self._is_draining = True
        self._message.clear()
        self._transport.resumeProducing()

    def abort(self) -> None:
        """Close at once."""
        self._is_draining = True
        self._transport.abortConnection()

    def _take_frames(self) -> None:
        if self._is_taking:
            return  # what a frame asks for may let the reading go on; one loop is enough
        self._is_taking = True
        try:
            # wsproto cuts a frame off only when it is asked for it, so the others wait in there.
            frames = self._frames.events()
            while not (self._is_paused or self._is_draining):
                frame = next(frames, None)
                if frame is None:
                    return
                self._take(frame)
        finally:
            self._is_taking = False

    def _take(self, frame: events.Event) -> None:
        match frame:
            case events.TextMessage():
                self._take_text(frame)
            case events.BytesMessage():
                self._end(CloseReason.UNSUPPORTED_DATA, "only text is understood here")
            case events.Ping():
                self._outlet.send(None, self._frames.send(frame.response()))
                self._count()
            case events.Pong():
                self._count()
            case events.CloseConnection():
                if self._frames.state is ConnectionState.REMOTE_CLOSING:
                    self._outlet.farewell = self._frames.send(frame.response())
                    self._participant.end()
                else:
                    self._end(CloseReason(frame.code), "this is not as RFC 6455 has it")

    def _take_text(self, frame: events.TextMessage) -> None:
        self._message += frame.data.encode()
        if len(self._message) > limits.LINE_BYTES:
            self._say_farewell(CloseReason.MESSAGE_TOO_BIG, "a message may have 65,536 bytes")
            self._participant.refuse(LineTooLong())
        elif frame.message_finished:
            message, self._message = bytes(self._message), bytearray()
            self._participant.received(message)
        elif frame.frame_finished:
            self._count()

    def _count(self) -> None:
        """Let nobody have too much of what is no message; messages count by themselves."""
        if not self._bucket.admit(self._clock.seconds()):
            self._end(CloseReason.POLICY_VIOLATION, "too many frames that are no message")

    def _end(self, code: CloseReason, why: str) -> None:
        """Close since the peer does not keep to the protocol."""
        self._participant.factory.counters[f"websocket-{code.value}"] += 1
        self._say_farewell(code, why)
        self._participant.end()

    def _say_farewell(self, code: CloseReason, why: str) -> None:
        self._outlet.farewell = self._frames.send(events.CloseConnection(code, why))
