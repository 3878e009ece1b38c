"""The commands that a client has sent, and that the server has not answered yet."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from chatd.chat import commands, limits
from chatd.chat.commands import ClientCommand, SendMessage, SendPrivate
from chatd.chat.errors import RequestId
from chatd.wire import frames
from chatd.wire.frames import FromServer

#: The commands that carry a message to others; a terminal shows them once they are confirmed.
MESSAGE_COMMANDS: Final = (SendMessage, SendPrivate)

#: Replies that may come in several frames, of which the last one confirms.
LIST_REPLIES: Final = (frames.Users, frames.Rooms, frames.History, frames.Bans, frames.SearchResult)

#: More frames of one reply are handed on before the last one has come; no chatd server sends them.
_MAX_PARTS: Final = 2 * limits.REPLY_BYTES // limits.LIST_FRAME_BYTES


@dataclass(frozen=True, slots=True)
class PendingCommand:
    """A command that is queued or unconfirmed.

    :ivar line: the user's line; empty if the client sends the command by itself.
    :ivar on_reply: called with the reply, if it is not for the user.
    """

    line: str
    command: ClientCommand
    on_reply: Callable[[FromServer], None] | None = None

    @property
    def is_message(self) -> bool:
        """Whether the command carries a message to others."""
        return isinstance(self.command, MESSAGE_COMMANDS)


class UnconfirmedCommands:
    """The unconfirmed commands by their request ids, the oldest first.

    The ids 1, 2, 3 … go on over all connections of a run. They are also the numbers by which the
    server knows a command that is sent again, and does not carry it out twice.
    """

    def __init__(self) -> None:
        self._last_id = 0
        self._last_resent_id = 0
        self._commands: dict[int, PendingCommand] = {}
        self._parts: dict[int, list[FromServer]] = {}

    def __len__(self) -> int:
        return len(self._commands)

    def __iter__(self) -> Iterator[PendingCommand]:
        return iter(self._commands.values())

    def items(self) -> list[tuple[int, PendingCommand]]:
        """The commands with their request ids."""
        return list(self._commands.items())

    def add(self, pending: PendingCommand) -> int:
        """Add a command that is being sent, and return its request id."""
        self._last_id += 1
        self._commands[self._last_id] = pending
        return self._last_id

    def get(self, request_id: RequestId) -> PendingCommand | None:
        """The command with this request id; None if there is none."""
        return self._commands.get(request_id) if isinstance(request_id, int) else None

    def remove(self, request_id: RequestId) -> None:
        """Forget the command with this request id: its reply is complete."""
        if isinstance(request_id, int):
            self._commands.pop(request_id, None)
            self._parts.pop(request_id, None)

    def collect(self, frame: FromServer) -> list[FromServer]:
        """All frames of a reply when its last one has come; until then none.

        So a reply that is cut off with its connection is not shown in part, and then again.
        """
        if not isinstance(frame, LIST_REPLIES) or self.get(frame.id) is None:
            return [frame]
        request_id = int(frame.id or 0)
        parts = self._parts.setdefault(request_id, [])
        parts.append(frame)
        if frame.data.more and len(parts) < _MAX_PARTS:
            return []
        del self._parts[request_id]
        return parts

    def resend(self) -> list[tuple[int, PendingCommand]]:
        """The commands to send again on another connection, with their request ids."""
        self._last_resent_id = self._last_id
        self._parts.clear()
        return self.items()

    def is_resent(self, request_id: RequestId) -> bool:
        """Whether a command was sent on an earlier connection for the first time."""
        return isinstance(request_id, int) and request_id <= self._last_resent_id

    def clear(self) -> list[PendingCommand]:
        """Forget all commands, and return them."""
        forgotten = list(self)
        self._commands.clear()
        self._parts.clear()
        return forgotten

    @property
    def message_count(self) -> int:
        """How many of them carry a message to others."""
        return sum(pending.is_message for pending in self)

    @property
    def is_renaming(self) -> bool:
        """Whether a ``/setname`` is among them."""
        return any(isinstance(pending.command, commands.Rename) for pending in self)

    @property
    def is_awaited(self) -> bool:
        """Whether the user waits for a reply; those to the UI's own requests would not be shown."""
        return any(pending.line or pending.on_reply is None for pending in self)


def format_count(lines: int) -> str:
    """A number of lines, such as ``1 line`` or ``1,234 lines``."""
    return f"{lines:,} line{'' if lines == 1 else 's'}"
