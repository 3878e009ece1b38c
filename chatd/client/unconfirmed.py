"""The commands that a client has sent, and that the server has not answered yet."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from chatd.chat import commands
from chatd.chat.commands import ClientCommand, SendMessage, SendPrivate
from chatd.chat.errors import RequestId
from chatd.wire.frames import FromServer

#: The commands that carry a message to others; a terminal shows them once they are confirmed.
MESSAGE_COMMANDS: Final = (SendMessage, SendPrivate)


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

    The ids 1, 2, 3 … go on over all connections of a run.
    """

    def __init__(self) -> None:
        self._last_id = 0
        self._commands: dict[int, PendingCommand] = {}

    def __len__(self) -> int:
        return len(self._commands)

    def __iter__(self) -> Iterator[PendingCommand]:
        return iter(self._commands.values())

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

    def clear(self) -> list[PendingCommand]:
        """Forget all commands, and return them."""
        forgotten = list(self)
        self._commands.clear()
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
        return any(pending.on_reply is None for pending in self)
