"""What a dialect is: the port between bytes and the hub's values.

A dialect is a frozen value, pure and without I/O: bytes in, commands out; events in, bytes out. It
knows no hub. What a connection's dialect learns on the way makes another value.
"""

from dataclasses import dataclass
from typing import Final, Protocol

from chatd.chat import events
from chatd.chat.commands import ClientCommand
from chatd.chat.errors import Refusal, RequestId
from chatd.chat.events import Event, Reply

#: All that a member can hear of its own doings: where there is no other answer.
ALL_ECHOES: Final[frozenset[type]] = frozenset(
    {
        events.Message,
        events.PrivateMessage,
        events.MemberEntered,
        events.MemberRenamed,
        events.RoomJoined,
        events.RoomLeft,
    }
)


@dataclass(frozen=True, slots=True)
class LocalReply:
    """What a dialect answers by itself, such as its list of commands; a line each."""

    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KeepAlive(LocalReply):
    """The client says that it is there, which is no sign of a person's activity."""


#: What came of a request.
Result = Reply | Refusal | LocalReply


@dataclass(frozen=True, slots=True)
class Request:
    """A command, or what needs none; what its sender calls it, and in which words it came."""

    command: ClientCommand | LocalReply
    request_id: RequestId = None
    vocabulary: object = None


class Dialect(Protocol):
    """One wire format. `now` is in milliseconds since 1970, for dialects that show it."""

    @property
    def variant(self) -> str | None:
        """Dialects of one variant encode each event alike, and what they send may be joined.

        None if each thing must be sent by itself.
        """

    @property
    def echoes(self) -> frozenset[type]:
        """What a member hears of its own doings (SPEC §4's table)."""

    @property
    def initial_rooms(self) -> tuple[str, ...]:
        """The rooms that a member begins in."""

    @property
    def greeting(self) -> bytes:
        """What is sent as soon as somebody connects."""

    @property
    def probe(self) -> bytes:
        """What asks a silent member whether it is there; empty if nothing does."""

    @property
    def auto_registers(self) -> bool:
        """Whether a client becomes a member by whatever it sends first."""

    def detect(self, frame: bytes) -> "Dialect":
        """The dialect that `unit` is in, which it may be the first to show."""

    def decode(self, frame: bytes) -> Request:
        """The request in one line, its end removed, or in one object.

        :raises Refusal: if there is none; never anything else, whatever the bytes.
        """

    def encode_event(self, event: Event, now: int = 0) -> bytes:
        """What a member is sent when this happens; empty if this dialect says nothing."""

    def encode_reply(self, result: Result, request_id: RequestId = None, now: int = 0) -> bytes:
        """What a member is sent for its request; empty if this dialect says nothing."""

    def updated(self, request: Request, result: Result) -> "Dialect":
        """The dialect to speak from now on, after what came of `request`."""
