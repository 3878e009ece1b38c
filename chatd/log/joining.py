"""How a node joins the others: what it reads, waits for and checks before it begins."""

import secrets
from collections.abc import Generator
from typing import Any, Final, Protocol

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger

from chatd.chat import limits
from chatd.log import cluster_codec
from chatd.log.appender import Appender
from chatd.log.engine import Snapshot
from chatd.log.node_operations import VERSION
from chatd.log.presence import Presence
from chatd.log.replica import Replica
from chatd.log.shared_engine import LogUnreachable, LogUnusable, SharedEngine
from chatd.log.shared_time import SharedTime

#: Seconds in which a node that is there is heard of.
_PATIENCE_TICKS: Final = 2
_NO_ACCOUNTS_ANY_MORE: Final = (
    " It was killed, or has crashed. To have no accounts any more, start one node with --auth, "
    "wait until chatd cluster status shows that the others have ended, and stop it."
)


class JoiningHost(Protocol):
    """Whoever knows what all nodes must have in common."""

    def describe_accounts(self) -> str:
        """The digest of this node's accounts; see :class:`~chatd.log.node_operations.BeginNode`."""

    def key_fingerprint(self) -> str:
        """That of this node's key for TLS; empty if it has none."""


class Joining:
    """Brings a node to the point where it may begin.

    :param node: its name.
    """

    log = Logger()

    def __init__(
        self,
        node: str,
        engine: SharedEngine,
        clock: IReactorTime,
        replica: Replica,
        time: SharedTime,
        presence: Presence,
        appender: Appender,
        host: JoiningHost,
    ) -> None:
        self._node = node
        self._engine = engine
        self._clock = clock
        self._replica = replica
        self._time = time
        self._presence = presence
        self._appender = appender
        self._host = host
        self._look: tuple[int, Deferred[None]] | None = None

    @inlineCallbacks
    def load(self) -> Generator[Deferred[Any], Any, Snapshot]:
        """Fires with the newest snapshot; while the log does not answer, it is asked again.

        The Deferred fails with :exc:`LogUnusable` if there is none.
        """
        is_told = False
        while True:
            try:
                snapshot: Snapshot = yield self._engine.load()
            except LogUnreachable as error:
                if not is_told:
                    is_told = True
                    self.log.warn("the node waits for its cluster: {error}", error=str(error))
                yield deferLater(self._clock, limits.APPEND_RETRY_MILLISECONDS / 1_000)
            else:
                return snapshot

    def catch_up(self) -> Deferred[None]:
        """Fires when everything was read that is in the log by now.

        That is so when an entry is read back that never counts.
        """
        token, seen = secrets.randbits(53), Deferred[None]()
        self._look = token, seen
        data = cluster_codec.encode_entry(
            self._node, token, 0, self._time.read(), cluster_codec.join_operations(())
        )
        self._appender.append(data, [])
        return seen

    def saw(self, entry: cluster_codec.ClusterEntry) -> None:
        """An entry was read that never counts."""
        if self._look is not None and entry.life == self._look[0]:
            (_, seen), self._look = self._look, None
            self._appender.confirm()
            # Not within the batch of entries that are being read.
            self._clock.callLater(0, seen.callback, None)

    @inlineCallbacks
    def wait_for_others(self) -> Generator[Deferred[Any], Any, None]:
        """Fires when another node was heard of, if one is there; a dead one says nothing.

        The Deferred fails with :exc:`LogUnusable` if this one cannot be one of them.
        """
        yield self._check()
        there = self._replica.lives.there()
        self._time.forget()  # what was read up to now may be old
        if not there:
            return
        patience = self._wait()
        if self._node in there:
            # Either it was killed, and nobody has buried it yet; or another one has its name, and
            # says so every second.
            self._presence.listen()
            yield patience
            if self._presence.is_heard(self._node):
                raise self.twin()
        while not patience.called:
            yield _first(self._presence.listen(), patience)
            if abs(self._time.difference()) <= limits.NODE_CLOCK_SECONDS:
                break
        patience.cancel()
        difference = self._time.difference()
        if abs(difference) > limits.NODE_CLOCK_SECONDS:
            direction = "ahead of" if difference > 0 else "behind"
            raise LogUnusable(
                f"The clock of this node is {abs(difference):.0f} s {direction} the cluster; "
                "set it, and start again."
            )

    @inlineCallbacks
    def _check(self) -> Generator[Deferred[Any], Any, None]:
        if self._misfit() is not None:
            # Nodes that were killed are listed as well, and say nothing.
            self._presence.listen()
            yield self._wait()
            misfit = self._misfit()
            if misfit is not None:
                raise misfit

    @inlineCallbacks
    def _wait(self) -> Generator[Deferred[Any], Any, None]:
        """Fires after so long that nodes that are there were heard of.

        Entries that never count are appended meanwhile: a log that says nothing is taken for lost.
        """
        for _ in range(_PATIENCE_TICKS):
            yield deferLater(self._clock, limits.NODE_TICK_SECONDS)
            yield self.catch_up()

    def _misfit(self) -> LogUnusable | None:
        """Why this node may not be one of those that are there; None if it may."""
        accounts, key = self._host.describe_accounts(), self._host.key_fingerprint()
        others = [
            (name, each) for name, each in self._replica.lives.there().items() if name != self._node
        ]
        for name, each in others:
            if each.version != VERSION and self._presence.is_heard(name):
                return LogUnusable(
                    f"This chatd has {VERSION}, that of node {name} has {each.version}. All nodes "
                    "need the same ones: stop all of them, then start them with one version."
                )
            if each.accounts and not accounts:
                advice = "" if self._presence.is_heard(name) else _NO_ACCOUNTS_ANY_MORE
                return LogUnusable(
                    f"Node {name} of this cluster has accounts, and people could enter here under "
                    f"their nicknames: start this server with the same --auth.{advice}"
                )
            # A node that was killed may have had a key that is lost; so it does not count.
            if key and each.key not in ("", key) and self._presence.is_heard(name):
                return LogUnusable(
                    f"Node {name} of this cluster has another key for TLS, and clients would take "
                    "one of the two for an impostor: copy its key to this host, and start again."
                )
        # What other rules have led to since the snapshot, this node does not know.
        versions = self._replica.versions | {each.version for _, each in others}
        for version in sorted(versions - {VERSION}, key=str):
            return LogUnusable(
                f"This chatd has {VERSION}, and the nodes that have {version} were killed before "
                "the last of them could save the chat. Start one of them with its version, wait "
                "until chatd cluster status shows that the others have ended, and stop it. Then "
                "start this one."
            )
        return None

    def refused(self) -> LogUnusable:
        """Why this node could not begin, or cannot go on, as another one has begun meanwhile."""
        return self._misfit() or self.twin()

    def twin(self) -> LogUnusable:
        """Another node has the name of this one."""
        return LogUnusable(
            f"Another server of this cluster is called {self._node}, too; give one of them another "
            "name with --node."
        )


def _first(*deferreds: Deferred[Any]) -> Deferred[None]:
    """Fires with the first of these; the others go on."""
    first: Deferred[None] = Deferred()

    def fire(result: object) -> None:
        if not first.called:
            first.callback(None)

    for each in deferreds:
        each.addBoth(fire)
    return first
