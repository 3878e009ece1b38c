"""What a dialect is: the port between bytes and the hub's values.

A dialect is pure and does no I/O: bytes in, commands out; events in, bytes out. It knows no hub.
"""

from dataclasses import dataclass
from typing import Protocol

from chatd.chat.commands import Command
from chatd.chat.events import Event, Reply
from chatd.chat.refusals import Refusal, RequestId


@dataclass(frozen=True, slots=True)
class Request:
    """A command, and what its sender calls it."""

    command: Command
    request_id: RequestId = None


class Dialect(Protocol):
    """One wire format."""

    #: What a member hears of its own doings (SPEC §4's table).
    hears_own: frozenset[type]

    def decode(self, line: bytes) -> Request:
        """The request in one line, its end removed.

        :raises Refusal: if there is none; never anything else, whatever the bytes.
        """

    def encode(self, event: Event) -> bytes:
        """What a member is sent when this happens."""

    def answer(self, reply: Reply | Refusal, request_id: RequestId = None) -> bytes:
        """What a member is sent for its request; empty if this dialect says nothing."""
