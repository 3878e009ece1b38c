"""The interface of a dialect, a wire format: it translates between bytes and the hub's values.

A dialect is a frozen value, pure and without I/O. It decodes frames to commands, and encodes events
and replies; it knows no hub.

Whenever a dialect learns of a connection (which words a JIM client uses, which question a plain
line answers), that makes another value, by ``detect`` before a frame is decoded or by ``updated``
after its result is known. The session keeps the newest. So every call's outcome depends on its
arguments alone, and members of one ``variant`` can share the encoded bytes of an event.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final, Protocol

from msgspec import Struct
from msgspec.structs import replace

from chatd.chat import events
from chatd.chat.commands import ClientCommand
from chatd.chat.errors import Refusal, RequestId
from chatd.chat.events import Event, Reply
from chatd.chat.moderation_events import Moderation
from chatd.chat.tagged_messages import TaggedMessage, TaggedPrivate
from chatd.wire.hidden_fields import safe_repr

#: The echoes of a dialect in which they are the only sign that a command was carried out.
ALL_ECHOES: Final[frozenset[type]] = frozenset(
    {
        events.Message,
        events.PrivateMessage,
        TaggedMessage,
        TaggedPrivate,
        events.MemberEntered,
        events.MemberRenamed,
        events.RoomJoined,
        events.RoomLeft,
        events.Topic,
        Moderation,
    }
)


@dataclass(frozen=True, slots=True)
class LocalReply:
    """A reply that the dialect gives without the hub, such as its list of commands."""

    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KeepAlive(LocalReply):
    """The reply to a client that says that it is there.

    It counts as activity only if the server has sent a probe: a client that says it unasked would
    never be inactive.
    """


#: The result of a request.
Result = Reply | Refusal | LocalReply

#: The steps that one frame leads to: a script yields commands, and is sent the result of each; and
#: it yields replies, which the client is sent. The next frame is read when it has ended.
Script = Generator[ClientCommand | LocalReply, Result | None, None]


class Resume(Struct, frozen=True):
    """The session that a client had and resumes, as it describes it.

    :ivar token: of that session; empty if it had none.
    :ivar seen: for each room, the number of the last message that it was sent.
    :ivar private: the number of the last private message that it was sent.
    """

    token: str = ""
    seen: Mapping[str, int] = {}
    private: int = 0

    __repr__ = safe_repr


class Request(Struct, frozen=True):
    """A decoded frame.

    :ivar command: the command for the hub, or a reply that needs none.
    :ivar request_id: the client's id of the request.
    :ivar vocabulary: the words that a JIM client used.
    :ivar number: the client's number of the command, if it may be sent again; 0 for none.
    :ivar resume: what a client that can resume says when it enters.
    :ivar script: what else the frame leads to, after `command`; its replies are the only ones. None
        if the result of the command is the reply.
    :ivar is_single: whether the script has no other command, and changes nothing in the dialect:
        then the next frame may be read before the result is known.
    :ivar is_part: whether the frame is a part of a message of which another frame has paid for this
        one, too.
    """

    command: ClientCommand | LocalReply
    request_id: RequestId = None
    vocabulary: object = None
    number: int = 0
    resume: Resume | None = None
    script: Script | None = None
    is_single: bool = False
    is_part: bool = False


def begin(script: Script, *, is_single: bool = False, is_part: bool = False) -> Request:
    """The first step of a script."""
    return Request(next(script), script=script, is_single=is_single, is_part=is_part)


def proceed(request: Request, result: Result) -> Request | None:
    """The next step of the script of `request`, of which `result` came; None if it has ended."""
    assert request.script is not None  # noqa: S101  # nosec B101  # only scripts proceed
    try:
        return replace(request, command=request.script.send(result))
    except StopIteration:
        return None


class Dialect(Protocol):
    """One wire format. `now` is in milliseconds since 1970, for dialects that send the time."""

    __slots__ = ()

    @property
    def variant(self) -> str | None:
        """The name of an encoding: dialects of one variant encode every event to the same bytes.

        Frames of one variant may be joined in one write. None if each frame must be encoded and
        sent by itself.
        """

    def event_variant(self, kind: type[Event]) -> str | None:
        """The same as `variant`, for events of that kind alone: it may be that of more dialects."""
        return self.variant

    @property
    def echoes(self) -> frozenset[type]:
        """The events that are also sent to the member who caused them."""

    #: Whether a member is told alone of those with whom it shares a room: that they leave, are
    #: renamed, or are away.
    is_scoped: ClassVar[bool] = False

    @property
    def initial_rooms(self) -> tuple[str, ...]:
        """The rooms that a member is in after entering."""

    @property
    def greeting(self) -> bytes:
        """The bytes for a new connection; may be empty."""

    def encode_probe(self, now: int) -> bytes:
        """The bytes for a silent member, which should reply; may be empty."""

    @property
    def entering_history(self) -> int:
        """How many of the last messages a member is sent on entering."""

    @property
    def auto_registers(self) -> bool:
        """Whether the first frame makes the client a member, whatever it is."""

    def detect(self, frame: bytes) -> "Dialect":
        """The dialect of `frame`. Where several share a port, the first frame shows which it is."""

    def decode(self, frame: bytes) -> Request:
        """The request in `frame`.

        :param frame: one line without its LF, one JSON object or one WebSocket message.
        :raises Refusal: if it is not a request; nothing else is raised, whatever the bytes.
        """

    def encode_event(self, event: Event, now: int = 0) -> bytes:
        """The bytes that tell a member of `event`; empty if this dialect does not send it."""

    def encode_reply(self, result: Result, request_id: RequestId = None, now: int = 0) -> bytes:
        """The bytes that reply to a member's request; empty if this dialect does not send any."""

    def updated(self, request: Request, result: Result) -> "Dialect":
        """The dialect for the next frame, after `request` had `result`."""
