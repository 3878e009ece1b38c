"""Which nodes are silent: counted by the ticks of this node that came back from the log."""

from typing import Final

from twisted.internet.defer import Deferred

from chatd.chat import limits

#: Ticks come a little sooner or later than they were sent.
_TICK_SECONDS: Final = 0.9 * limits.NODE_TICK_SECONDS


class Presence:
    """Hears of nodes, and says which were silent for too long.

    Time passes for it with this node's own entries that were read back, and not by the clock: when
    the log itself stands still for a while, nobody is heard of, and nobody is taken for dead.

    :param node: the name of this node.
    """

    def __init__(self, node: str) -> None:
        self._node = node
        self._silent: dict[str, int] = {}
        self._heard: set[str] = set()
        self._listener: Deferred[None] | None = None
        self._beat_at: float | None = None

    def listen(self) -> Deferred[None]:
        """Forget who was heard; fires when any node is heard."""
        self._heard.clear()
        self._listener = listener = Deferred[None]()
        return listener

    def is_heard(self, node: str) -> bool:
        """Whether that node was heard since :meth:`listen`."""
        return node in self._heard

    def heard(self, node: str) -> None:
        """There is an entry of that node."""
        self._silent[node] = 0
        self._heard.add(node)
        if self._listener is not None:
            listener, self._listener = self._listener, None
            listener.callback(None)

    def restart(self, there: frozenset[str]) -> None:
        """This node begins; those nodes are there, or dead, which is known after some ticks."""
        self._silent = dict.fromkeys(there, 0)
        self._beat_at = None

    def gone(self, node: str) -> None:
        """That node has ended."""
        self._silent.pop(node, None)

    def beat(self, seconds: float) -> list[str]:
        """An own entry was read back: the nodes that were silent for too long, if any.

        :param seconds: the time of the clock. No more than one entry counts in each second.
        """
        if self._beat_at is not None and seconds - self._beat_at < _TICK_SECONDS:
            return []
        self._beat_at = seconds
        for node in self._silent:
            self._silent[node] += 1
        self._silent.pop(self._node, None)
        return [node for node, ticks in self._silent.items() if ticks >= limits.NODE_SILENT_TICKS]
