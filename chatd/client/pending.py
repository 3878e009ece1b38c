"""A line that the server has not confirmed yet."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from chatd.chat.commands import ClientCommand, SendMessage, SendPrivate
from chatd.wire.native_frames import FromServer

#: What the person sees on a terminal once the server has it, in the order that all others see.
MESSAGE_COMMANDS: Final = (SendMessage, SendPrivate)


@dataclass(frozen=True, slots=True)
class PendingCommand:
    """A line of the person's, and its command; no line, if the client does it by itself.

    :ivar answered: who gets the answer, if it is not for the person.
    """

    line: str
    command: ClientCommand
    on_reply: Callable[[FromServer], None] | None = None

    @property
    def is_message(self) -> bool:
        """Whether it says something, to everyone or to some."""
        return isinstance(self.command, MESSAGE_COMMANDS)


def format_count(lines: int) -> str:
    """So many lines."""
    return f"{lines:,} line{'' if lines == 1 else 's'}"
