"""The port through which several nodes share one log.

Every node appends entries, and follows those of all nodes in one order. What is said is carried out
only when it was read back, by each node alike. ``etcd`` keeps the log for real; tests, in a list.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from twisted.internet.defer import Deferred

from chatd.log.engine import Position, Snapshot


@dataclass(frozen=True, slots=True)
class SharedEntry:
    """Bytes that a node has appended. The positions rise, but need not be consecutive."""

    position: Position
    data: bytes


class LogUnreachable(Exception):
    """Nothing can be read or appended for now. Its text is a sentence: what, and what to do.

    Whether the entry that failed was appended is not known.
    """


class LogUnusable(Exception):
    """The log can never be used as it is: it was not made, is another chat's, or denies access.

    Its text is a sentence for the operator: what is wrong, and what to do.
    """


class SharedEngine(Protocol):
    """Keeps a log for several nodes.

    Every Deferred may fail with :exc:`LogUnreachable` or :exc:`LogUnusable`. None of them waits for
    longer than a few seconds.
    """

    def load(self) -> Deferred[Snapshot]:
        """Fire with the newest snapshot: there is one from the making of the log on.

        The Deferred fails with :exc:`LogUnusable` if the log was never made.
        """

    def follow(
        self,
        after: Position,
        received: Callable[[Sequence[SharedEntry]], None],
        ended: Callable[[Exception], None],
    ) -> None:
        """Call `received` with all entries after that position, in order, each once, for ever.

        Another server of the engine takes over where one fails. At an end, `ended` is called once:
        with :exc:`~chatd.log.engine.LogLost` if the next entry is gone, or :exc:`LogUnusable`.

        A second call takes the place of the first.
        """

    def append(self, data: bytes) -> Deferred[None]:
        """Append an entry; fires when no crash can undo that.

        At most one is under way at a time. After a failure it may have been appended nevertheless,
        or may be so later.

        :param data: at most 512 KiB.
        """

    def save(self, snapshot: Snapshot) -> Deferred[None]:
        """Keep `snapshot` if there is none as new as it.

        The entries up to the snapshot that it replaces are forgotten; those after that one are not,
        as a node may still be reading them.
        """

    def close(self) -> Deferred[None]:
        """Follow no more, and close all connections."""
