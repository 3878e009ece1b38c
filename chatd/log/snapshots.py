"""When a node saves a snapshot of the shared log, so that the log need not be kept for ever."""

from typing import Final

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from chatd.chat import limits
from chatd.log import codec
from chatd.log.replica import Replica
from chatd.log.shared_engine import SharedEngine

#: How often a snapshot is saved for private texts: the second one has the entries before the first
#: one forgotten.
_PRIVATE_SAVES: Final = 2
#: How often the digest of a replica is logged, in entries.
_DIGEST_ENTRIES: Final = 1_000


class Snapshots:
    """Saves the replica after an own entry, if one is due. So one node at a time does.

    :param logs_digests: whether to log now and then what the replica is like: the lines of all
        nodes must be equal. To compute it takes a while.
    """

    log = Logger()

    def __init__(self, replica: Replica, engine: SharedEngine, *, logs_digests: bool) -> None:
        self._replica = replica
        self._engine = engine
        self._logs_digests = logs_digests
        self._saves_due = 0
        self._private_changes = 0
        self._minute = self._bytes = 0

    def entry_applied(self, size: int, *, is_own: bool) -> None:
        """An entry was applied, of so many bytes."""
        replica = self._replica
        self._bytes += size
        is_due = (
            replica.entries % limits.SNAPSHOT_ENTRIES == 0
            or self._bytes >= limits.SNAPSHOT_LOG_BYTES
        )
        minute, self._minute = self._minute, replica.time // 60_000
        if self._private_changes != replica.hub.private_changes:
            self._private_changes = replica.hub.private_changes
            self._saves_due = _PRIVATE_SAVES
        if minute != self._minute and self._saves_due:
            self._saves_due -= 1
            is_due = True
        if is_due:
            self._bytes = 0
            if is_own:
                self.save()
        if self._logs_digests and replica.entries % _DIGEST_ENTRIES == 0:
            self.log.debug(
                "{entries} entries have led to {digest}",
                entries=replica.entries,
                digest=codec.digest(replica.hub.state()),
            )

    def save(self) -> Deferred[None]:
        """Save the replica; fires when that is done, or has failed, which the log says."""
        saved = self._engine.save(self._replica.snapshot())
        return saved.addErrback(
            lambda failure: self.log.warn(
                "no snapshot was saved: {error}", error=str(failure.value)
            )
        )
