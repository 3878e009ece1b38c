"""The port of the ordered log: decides on the order of the operations, and applies them."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from twisted.internet.defer import Deferred

from chatd.chat.errors import Refusal
from chatd.chat.hub import Hub
from chatd.log.engine import Gap
from chatd.log.operations import Operation

_Result = TypeVar("_Result")


class OrderedLog(Protocol):
    """Applies operations to its hub, in one order for everybody.

    :ivar hub: to read from; only the log changes it.
    :ivar problem: the sentence for the members while nothing is kept that should be, or the node
        is cut off; else empty.
    :ivar is_cut_off: whether nothing is carried out for now, as the other nodes are out of reach.
    """

    hub: Hub
    problem: str
    is_cut_off: bool

    def open(self) -> Deferred[Exception | None]:
        """Restore the chat that was kept; what is asked for before that waits.

        The Deferred fires with what has failed, if anything: then the chat begins anew, and
        nothing is kept.
        """

    def time(self) -> int:
        """The time of the chat, in milliseconds since 1970; deadlines of the hub are in it."""

    def ask(self, operation: Operation[_Result], done: Callable[[_Result | Refusal], None]) -> None:
        """Apply `operation` in its turn, and call `done` with its result.

        The results come in the order in which one has asked, perhaps before this call returns. What
        the hub sends to members because of the operation goes out before its result is handed over.
        """

    def gap(self, room: str) -> Gap | None:
        """The gap of a room in the archive, if it has one that other nodes may fill."""
        return None

    def ending(self) -> Operation[None]:
        """The operation with which the server ends; nothing is to be asked for after it."""

    def stop(self) -> Deferred[None]:
        """Fires when everything that was asked is kept; nothing may be asked any more."""
