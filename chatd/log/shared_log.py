"""An ordered log that several nodes share: one chat on many machines.

What is asked for in one turn of the reactor is one entry, which is appended to the log. Nothing is
carried out yet. Every node follows the log, reads all entries in the same order, and applies them
to its replica of the chat. A session is answered when its own entry was read back::

    ask ask ──▶ append ──▶ [ log ] ──▶ received ──▶ apply ──▶ answer, tell the members of this node
                              ▲   └──▶ received ──▶ apply ──▶ tell the members of that node
    (another node) ───────────┘

So a node that cannot reach the log can confirm nothing, and the parts of a network that is cut in
two never tell different stories: the part without the log stands still.

A node lives from the ``BeginNode`` that it appends to an ``EndNode``, of its own or of another
node that has not heard of it for too long::

    joining ──▶ beginning ──▶ there ──▶ ended, as it stops
       ▲            ▲           │
       │            └───────────┤ another node has ended it
       └────────────────────────┘ the log was lost
"""

import secrets
from collections.abc import Callable, Generator, Sequence
from typing import Any, Final, Protocol, TypeVar

from twisted.internet.defer import Deferred, inlineCallbacks, succeed
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure
from typing_extensions import override

from chatd.chat import limits
from chatd.chat.errors import CutOff, NotRegistered, Refusal, ServerFailed
from chatd.chat.hub import Hub, HubSettings
from chatd.chat.outbox import Outbox
from chatd.chat.server_events import Node
from chatd.log import cluster_codec, codec
from chatd.log.appender import Appender, Asked
from chatd.log.cluster_codec import ClusterEntry
from chatd.log.engine import Gap, LogLost
from chatd.log.held_outbox import HeldOutbox
from chatd.log.joining import Joining, JoiningHost
from chatd.log.missing_messages import Connector, MissingMessages
from chatd.log.node_accounts import AccountsHost, NodeAccounts
from chatd.log.node_archive import NodeArchive
from chatd.log.node_operations import VERSION, BeginNode, EndNode
from chatd.log.operations import Operation, Unreadable, changes_hub
from chatd.log.ordered_log import OrderedLog
from chatd.log.presence import Presence
from chatd.log.replica import ARRIVALS, Replica
from chatd.log.shared_engine import LogUnusable, SharedEngine, SharedEntry
from chatd.log.shared_time import SharedTime
from chatd.log.snapshots import Snapshots

_Result = TypeVar("_Result")

#: How much higher a node's next life may be: two that begin at once under one name differ.
_LIFE_STEP: Final = 2**20


class NodeHost(AccountsHost, Connector, JoiningHost, Protocol):
    """The server around the log: :class:`chatd.server.chat.Chat`."""

    def describe_node(self) -> Node:
        """This node, as the others are told of it."""

    def notify(self, text: str) -> None:
        """Tell everybody here something that concerns the server."""

    def drop_connections(self) -> None:
        """Close all connections: their clients resume on this node or another one."""

    def cluster_failed(self, reason: str) -> None:
        """The node cannot go on; `reason` is a sentence for its operator."""


class SharedLog(OrderedLog):
    """Appends what is asked for here, and applies what all nodes append.

    :param now: returns the time of day, in milliseconds since 1970.
    :param node: the name of this node.
    :param slots: how many members this node may have.
    :param archive: keeps the messages; None for none.
    :param logs_digests: whether to log now and then what the replica is like, which takes a while.
    :ivar is_cut_off: whether the log has not confirmed anything for too long, or not yet.
    """

    log = Logger()

    def __init__(
        self,
        settings: HubSettings,
        outbox: Outbox,
        now: Callable[[], int],
        clock: IReactorTime,
        engine: SharedEngine,
        host: NodeHost,
        node: str,
        slots: int,
        archive: NodeArchive | None,
        *,
        logs_digests: bool = False,
    ) -> None:
        self.problem = ""
        self.is_cut_off = True
        self._history = settings.history
        self._clock = clock
        self._engine = engine
        self._host = host
        self._node = node
        self._slots = slots
        self._archive = archive
        self._held = HeldOutbox(outbox)
        self.hub = Hub(settings, self._held, now())
        self._held.room_life = self.hub.archived.life
        self._replica = Replica(settings.server_id, self.hub)
        self._time = SharedTime(now, clock.seconds)
        self._presence = Presence(node)
        self._accounts = NodeAccounts(node, self._replica.lives, clock, host)
        self._appender = Appender(engine, clock, self._schedule, self._fail)
        self._joining = Joining(
            *(node, engine, clock, self._replica, self._time, self._presence, self._appender), host
        )
        self._missing = MissingMessages(node, self.hub, archive, host, clock, self._time.read)
        self._snapshots = Snapshots(self._replica, engine, logs_digests=logs_digests)
        self._asked: list[Asked] = []
        self._life = self._number = 0
        self._begun: Deferred[None] | None = None
        self._is_there = self._is_scheduled = False
        self._has_dropped = self._has_ended = False
        self._give_up: IDelayedCall | None = None
        self._joins = 0
        self._confirmed_at = clock.seconds()
        self._when_confirmed: Deferred[None] | None = None
        self._last_save: Deferred[None] = succeed(None)
        self._beat = LoopingCall(self._check)
        self._beat.clock = clock

    # --- joining the others -----------------------------------------------------------------------

    @override
    def open(self) -> Deferred[Exception | None]:
        return self._join().addCallbacks(lambda _: None, self._not_joined)

    def _not_joined(self, failure: Failure) -> Exception | None:
        if failure.check(LogUnusable) is None and not self._has_ended:
            self.log.failure("the node could not begin", failure)
        self._fail(str(failure.value))
        return failure.value if isinstance(failure.value, Exception) else None

    @inlineCallbacks
    def _join(self) -> Generator[Deferred[Any], Any, None]:
        self._joins += 1
        join = self._joins
        if self._archive is not None:
            yield self._archive.open()
        snapshot = yield self._joining.load()
        self._replica.restore(snapshot)
        yield self._missing.find()
        if self._archive is not None:
            yield self._archive.restore(self.hub, self._history)
        self._engine.follow(self._replica.position, self._received, self._ended)
        yield self._joining.catch_up()
        yield self._joining.wait_for_others()
        if join == self._joins and not self._has_ended:  # the log may be lost meanwhile
            yield self._begin()

    def _begin(self) -> Deferred[None]:
        """Begin a life."""
        lives = self._replica.lives
        self._life = lives.last(self._node) + 1 + secrets.randbelow(_LIFE_STEP)
        self._number = 0
        self._presence.restart(frozenset(lives.there()))
        self._begun = begun = Deferred[None]()
        operation = BeginNode(
            *(self._host.describe_node(), self._slots, VERSION),
            *(self._host.describe_accounts(), self._host.key_fingerprint()),
        )
        self._append([codec.encode_operation(operation)], [(operation, _no_answer)])
        return begun

    def _ended(self, error: Exception) -> None:
        """The engine follows no more."""
        if isinstance(error, LogLost) and not self._has_ended:
            self.log.warn("the log was lost; the node begins again from the newest snapshot")
            self._lose_life()
            self._join().addErrback(self._not_joined)
        else:
            self._fail(str(error))

    def _lose_life(self) -> None:
        """Nothing counts any more that was appended in this life: nobody is answered."""
        self._is_there = False
        self._begun, self._life = None, 0
        self._missing.stop()
        self._cut_off("")
        self._host.drop_connections()
        self._refuse_asked(ServerFailed())
        self._held.take()

    def _refuse_asked(self, refusal: Refusal) -> None:
        asked, self._asked = self._appender.forget() + self._asked, []
        for _, done in asked:
            done(refusal)

    def _fail(self, reason: str) -> None:
        if not self._has_ended:
            self._has_ended = True
            self._lose_life()
            self._stop()
            self.log.error("the node cannot go on: {reason}", reason=reason)
            self._host.cluster_failed(reason)

    # --- asking -----------------------------------------------------------------------------------

    @override
    def time(self) -> int:
        return self._time.read()

    @override
    def ask(self, operation: Operation[_Result], done: Callable[[_Result | Refusal], None]) -> None:
        if self._has_ended:
            done(NotRegistered())
            return
        if self.is_cut_off and isinstance(operation, ARRIVALS):
            done(CutOff())
            return
        self._asked.append((operation, done))
        self._schedule()
        if isinstance(operation, EndNode) and operation.node == self._node:
            # A log that does not answer holds up the end for a moment only.
            patience = 0 if self.is_cut_off else limits.SHUTDOWN_SECONDS
            self._give_up = self._clock.callLater(patience, self._end)

    @override
    def gap(self, room: str) -> Gap | None:
        return None if self._archive is None else self._archive.gap(room)

    @override
    def ending(self) -> Operation[None]:
        return EndNode(self._node, self._life)

    @override
    def stop(self) -> Deferred[None]:
        """A snapshot that is being saved is saved to its end."""
        confirmed: Deferred[None] = succeed(None)
        if self._is_there and (self._asked or not self._appender.is_confirmed):
            self._when_confirmed = confirmed = Deferred()
            confirmed.addTimeout(limits.SHUTDOWN_SECONDS, self._clock)
            confirmed.addErrback(lambda _: None)
        confirmed.addCallback(lambda _: self._stop())
        confirmed.addCallback(lambda _: self._last_save)
        confirmed.addCallback(lambda _: self._engine.close())
        return confirmed.addCallback(lambda _: self._close_archive())

    def _close_archive(self) -> Deferred[None]:
        return succeed(None) if self._archive is None else self._archive.close()

    def _stop(self) -> None:
        self._has_ended = True
        self._appender.stop()
        self._accounts.stop()
        self._missing.stop()
        if self._beat.running:
            self._beat.stop()

    def _schedule(self) -> None:
        if self._asked and self._is_there and not (self._is_scheduled or self._appender.is_sending):
            self._is_scheduled = True
            self._clock.callLater(0, self._flush)

    def _flush(self) -> None:
        """Append what was asked for."""
        self._is_scheduled = False
        if not self._is_there or self._appender.is_sending:
            return
        batch, changes = self._take_batch()
        if changes:
            self._append(changes, batch)
        elif not self._appender.is_confirmed:
            # Only reads: they come after what was asked for before.
            self._appender.answer_later(batch)
        else:
            self._carry_out(batch, self._node)
            self._held.release(self._held.take()[0])
        self._schedule()

    def _take_batch(self) -> tuple[list[Asked], list[bytes]]:
        """The oldest requests, as many as one entry holds; and the changes among them, encoded."""
        batch: list[Asked] = []
        changes: list[bytes] = []
        size = 0
        for operation, done in self._asked[: limits.SHARED_ENTRY_OPERATIONS]:
            if changes_hub(operation):
                data = codec.encode_operation(operation)
                size += len(data)
                if size > limits.SHARED_ENTRY_BYTES:
                    break
                changes.append(data)
            batch.append((operation, done))
        if not batch:
            _, done = self._asked.pop(0)
            self.log.error("an operation is too large for the log of the cluster")
            done(ServerFailed())
        del self._asked[: len(batch)]
        return batch, changes

    def _append(self, operations: Sequence[bytes], asked: list[Asked]) -> None:
        self._number += 1
        data = cluster_codec.encode_entry(
            self._node,
            self._life,
            self._number,
            self._time.read(),
            cluster_codec.join_operations(operations),
        )
        self._appender.append(data, asked)

    # --- applying ---------------------------------------------------------------------------------

    def _received(self, entries: Sequence[SharedEntry]) -> None:
        for shared in entries:
            if self._has_ended:
                return
            self._replica.position = shared.position
            try:
                entry = cluster_codec.decode_entry(shared.data)
            except ValueError as error:
                # No node can read it, so that the replicas stay equal.
                self._log_unreadable(error)
            else:
                self._read(entry)

    def _log_unreadable(self, error: ValueError) -> None:
        self.log.warn(
            "ignored what is no entry, at {position}: {error}",
            position=self._replica.position,
            error=str(error),
        )

    def _operations(self, entry: ClusterEntry) -> list[Operation[Any]] | None:
        try:
            return codec.decode_operations(entry.operations)
        except ValueError as error:
            self._log_unreadable(error)
            return None

    def _read(self, entry: ClusterEntry) -> None:
        if entry.number == 0:
            self._joining.saw(entry)
            return
        readable = self._operations(entry)
        operations = readable or []
        is_own = entry.node == self._node and entry.life == self._life
        if not self._replica.admit(entry, operations):
            if is_own and self._begun is not None:
                self._fail(str(self._joining.refused()))
            return
        self._time.read_back(self._replica.time)
        self._presence.heard(entry.node)
        if is_own:
            asked = self._appender.confirm()
            if readable is None:  # a bug must fail these operations, not the node
                asked = [(Unreadable(), done) for _, done in asked]
            self._apply(entry.node, asked)
            self._confirmed()
        elif entry.node == self._node and self._is_there:
            self._fail(str(self._joining.twin()))
        else:
            self._apply(entry.node, [(each, _no_answer) for each in operations])
        self._snapshots.entry_applied(len(entry.operations), is_own=is_own)
        self._notice_nodes(operations, is_own=is_own)

    def _apply(self, node: str, asked: list[Asked]) -> None:
        self._carry_out(asked, node)
        calls, changes = self._held.take()
        if changes and self._archive is not None:
            self._archive.add(changes)
        if self._is_there:
            self._held.release(calls)

    def _carry_out(self, asked: list[Asked], node: str) -> None:
        for operation, done in asked:
            self._held.add_result(done, self._replica.carry_out(operation, node))

    def _confirmed(self) -> None:
        """An own entry was read back."""
        self._confirmed_at = self._clock.seconds()
        if self._begun is not None:
            begun, self._begun = self._begun, None
            self._clock.callLater(0, begun.callback, None)
            self._is_begun()
        if self.is_cut_off:
            self._back()
        for node in self._presence.beat(self._confirmed_at):
            self._end_silent(node)
        if not self._asked and self._appender.is_confirmed:
            self._all_confirmed()

    def _all_confirmed(self) -> None:
        """Let :meth:`stop` go on."""
        if self._when_confirmed is not None:
            confirmed, self._when_confirmed = self._when_confirmed, None
            self._clock.callLater(0, confirmed.callback, None)

    def _is_begun(self) -> None:
        self._is_there = True
        if not self._beat.running:
            self._beat.start(limits.NODE_TICK_SECONDS / 10, now=False)
        self.log.info("this server is the node {node} of its cluster", node=self._node)
        self._missing.fetch()
        self._accounts.begun()
        self._schedule()

    # --- the ends of lives ------------------------------------------------------------------------

    def _end_silent(self, node: str) -> None:
        present = self._replica.lives.there().get(node)
        if present is not None:
            self.log.warn("node {node} is silent: its members look for another one", node=node)
            self.ask(EndNode(node, present.life), _no_answer)

    def _notice_nodes(self, operations: list[Operation[Any]], *, is_own: bool) -> None:
        lives = self._replica.lives
        if self._is_there:
            self._accounts.read(operations, is_own=is_own)
        for operation in operations:
            if isinstance(operation, BeginNode) and not is_own and self._is_there:
                self._missing.fetch()  # it may have what is missing here
            if isinstance(operation, EndNode) and operation.node not in lives.there():
                self._presence.gone(operation.node)
        if not self._is_there or lives.is_there(self._node, self._life):
            return
        if is_own and not lives.there():
            self._last_save = self._snapshots.save()  # another version can go on from it
        if is_own or self._give_up is not None:
            self._end()
        else:
            self.log.warn("the other nodes have not heard of this one for too long")
            self._lose_life()
            self._begin()

    def _end(self) -> None:
        """It stops: it has ended itself, or does not wait for that any more."""
        if self._give_up is not None and self._give_up.active():
            self._give_up.cancel()
        self._is_there, self._has_ended, self.is_cut_off = False, True, True
        self._refuse_asked(NotRegistered())
        self._all_confirmed()

    # --- being there, and being cut off -----------------------------------------------------------

    def _check(self) -> None:
        """Say that this node is there, and notice when that is not heard."""
        if not self._is_there:
            return
        now = self._clock.seconds()
        is_idle = self._appender.is_confirmed and not self._asked
        if is_idle and now - self._appender.appended_at > 0.95 * limits.NODE_TICK_SECONDS:
            self._append((), [])
        silence = now - self._confirmed_at
        if silence >= limits.CUT_OFF_MILLISECONDS / 1_000:
            self._cut_off(
                "This server is cut off from the others: what you write is said when it is back."
            )
        if silence >= limits.CUT_OFF_END_SECONDS and not self._has_dropped:
            self._has_dropped = True
            self.log.warn("the node is cut off for too long: its members look for another one")
            self._host.drop_connections()

    def _cut_off(self, problem: str) -> None:
        if not self.is_cut_off:
            self.is_cut_off = True
            self.problem = problem
            if problem:
                self.log.error("the node is cut off from its cluster")
                self._host.notify(problem)

    def _back(self) -> None:
        self.is_cut_off = self._has_dropped = False
        if self.problem:
            self.problem = ""
            self.log.info("the node is back in its cluster")
            self._host.notify("This server is back with the others.")


def _no_answer(result: object) -> None:
    """The result of an operation that another node, or this one for itself, has asked for."""
