"""Changes of the archive that could not be carried out yet."""

from collections.abc import Sequence

from chatd.chat import limits
from chatd.chat.hub import Hub
from chatd.log.engine import ArchiveChange, ArchivedMessage, PrivateLife, RemovedMessage


def bounded(changes: Sequence[ArchiveChange]) -> list[ArchiveChange]:
    """`changes` with the last messages alone, if they wait for long.

    That a room is private and a message removed is never left out: others could read them.
    """
    messages = [each for each in changes if isinstance(each, ArchivedMessage)]
    others = dict.fromkeys(each for each in changes if not isinstance(each, ArchivedMessage))
    return [*messages[-limits.UNARCHIVED_MESSAGES :], *others]


def missed_changes(hub: Hub) -> list[ArchiveChange]:
    """What an archive that was away has not heard of, as far as the hub remembers it."""
    private = (PrivateLife(room, life) for life, room in hub.archived.private_lives.items())
    removed = (RemovedMessage(*place, by) for place, by in hub.archived.removed.items())
    return [*private, *removed]
