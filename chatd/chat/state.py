"""The state of the hub as a frozen value: what a log keeps to restore it.

It is in one canonical order, the order in which things happened: two hubs that applied the same
operations have equal states. The messages of the rooms are not in it: they are kept in the archive.
"""

from dataclasses import dataclass
from hmac import compare_digest
from typing import Final, NamedTuple

from typing_extensions import override

from chatd.chat.events import PrivateMessage
from chatd.chat.outbox import MemberId
from chatd.chat.restrictions import Restriction
from chatd.chat.server_events import Node
from chatd.chat.user_events import PastMember

#: The number of the hub's rules. It changes when the same operations have other results.
RULES = 6


#: The name of a pool, and the connections in it, in the order in which they came there.
PoolState = tuple[str, tuple[MemberId, ...]]


@dataclass(frozen=True, slots=True)
class MemberState:
    """A connection: see :class:`chatd.chat.model.Member`. `pool` is the name of its pool."""

    member_id: MemberId
    address: str
    pool: str
    nickname: str
    since: int
    rooms: tuple[str, ...]
    away_until: int | None = None
    away_text: str = ""
    is_authenticated: bool = False
    named_since: int = 0
    has_host_code: bool = False
    user_name: str = ""
    real_name: str = ""
    monitored: tuple[str, ...] = ()
    invited: tuple[int, ...] = ()
    is_bot: bool = False
    read_markers: tuple[tuple[str, int], ...] = ()


#: An account, and the casefolded rooms and users with the times up to which its user has read.
AccountMarkers = tuple[str, tuple[tuple[str, int], ...]]


class Settings(NamedTuple):
    """The settings of a room, as in :class:`chatd.chat.moderation_events.RoomSettings`.

    :ivar key: the word that joining needs; empty for none.
    :ivar is_private: whether the room is for its members alone.
    """

    read_only: bool = False
    slow: int = 0
    closed: bool = False
    key: str = ""
    topic_locked: bool = False
    is_private: bool = False
    limit: int = 0

    def fits(self, key: str) -> bool:
        """Whether `key` is the word that joining needs."""
        word = self.key.encode("utf-8", "surrogatepass")
        return compare_digest(key.encode("utf-8", "surrogatepass"), word)

    @override
    def __repr__(self) -> str:
        return f"Settings({'private' if self.is_private else ''})"  # without the key


#: The settings of a room as it is made.
OPEN: Final = Settings()


@dataclass(frozen=True, slots=True)
class RoomState:
    """A room: see :class:`chatd.chat.model.Room`.

    :ivar seq: the number of its last message.
    :ivar topic: its text, who has set it, and when.
    :ivar wrote: of a slow room, when its members have written last.
    """

    name: str
    life: int
    seq: int
    ends_at: int | None
    members: tuple[MemberId, ...]
    topic: tuple[str, str, int] | None = None
    settings: Settings = OPEN
    wrote: tuple[tuple[MemberId, int], ...] = ()
    operators: tuple[MemberId, ...] = ()
    restrictions: tuple[Restriction, ...] = ()
    begins_after: int | None = None
    created: int = 0
    voiced: tuple[MemberId, ...] = ()
    maker: MemberId = 0


class OutcomeState(NamedTuple):
    """The outcome of a numbered command: see :class:`chatd.chat.sessions.Outcome`.

    The other fields are those of the reply. A private message has `to`, and its number as `seq`; a
    joined room has `created`.
    """

    number: int
    checksum: int
    room: str | None = None
    seq: int | None = None
    time: int | None = None
    created: bool | None = None
    to: tuple[str, ...] | None = None
    undelivered: tuple[tuple[str, str], ...] = ()
    away: tuple[tuple[str, str], ...] = ()


class JoinedRoomState(NamedTuple):
    """A room that a session is in: see :class:`chatd.chat.sessions.JoinedRoom`."""

    name: str
    life: int
    seq: int
    is_operator: bool = False
    is_voiced: bool = False
    is_maker: bool = False


@dataclass(frozen=True, slots=True)
class SessionState:
    """A session: see :class:`chatd.chat.sessions.MemberSession`."""

    digest: str
    member_id: MemberId | None
    nickname: str
    is_authenticated: bool
    last_number: int
    outcomes: tuple[OutcomeState, ...]
    private_seq: int
    private: tuple[PrivateMessage, ...]
    rooms: tuple[JoinedRoomState, ...]
    absent_since: int | None
    has_host_code: bool = False


@dataclass(frozen=True, slots=True)
class NodeState:
    """A node of a cluster: see :class:`chatd.chat.nodes.Nodes`.

    :ivar is_there: whether it has begun, and not ended; else some of its members may come back.
    """

    node: Node
    slots: int
    is_there: bool
    pools: tuple[PoolState, ...]


@dataclass(frozen=True, slots=True)
class HubState:
    """Everything that the hub has to know again.

    :ivar started: when the chat began, in milliseconds since 1970.
    :ivar next_id: the id of the next connection.
    :ivar lives: how many rooms there have been.
    :ivar ended_seq: the highest number of a message in a room that has ended.
    :ivar pools: of a server that is no cluster.
    :ivar fingerprints: of the accounts' passwords.
    :ivar hosts: the accounts that are marked as hosts, sorted.
    :ivar restrictions: who is banned from the whole chat, or muted in it.
    :ivar private_lives: of private rooms, and their names, also of the last that have ended.
    :ivar removed: the casefolded rooms and the numbers of the last messages that were removed, and
        who has removed them.
    :ivar past: the nicknames that were used last.
    :ivar max_members: the most that there have been at once.
    :ivar last_number: of what is in no room.
    :ivar read_markers: of accounts, in the order in which they were set.
    """

    rules: int
    started: int
    next_id: MemberId
    lives: int
    ended_seq: int
    members: tuple[MemberState, ...]
    pools: tuple[PoolState, ...]
    rooms: tuple[RoomState, ...]
    accounts: tuple[tuple[str, bool], ...]
    sessions: tuple[SessionState, ...] = ()
    nodes: tuple[NodeState, ...] = ()
    cluster_id: str = ""
    fingerprints: tuple[tuple[str, str], ...] = ()
    hosts: tuple[str, ...] = ()
    restrictions: tuple[Restriction, ...] = ()
    private_lives: tuple[tuple[int, str], ...] = ()
    removed: tuple[tuple[str, int, str], ...] = ()
    past: tuple[PastMember, ...] = ()
    max_members: int = 0
    last_number: int = 0
    read_markers: tuple[AccountMarkers, ...] = ()
