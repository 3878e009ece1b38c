"""Who is where: what the hub knows of a connection, of a place for connections, and of a room."""

from dataclasses import dataclass, field

from chatd.chat.history import RoomHistory
from chatd.chat.outbox import MemberId


@dataclass(slots=True)
class Member:
    """A connection, in some place; without a nickname it has not entered yet."""

    member_id: MemberId
    address: str
    pool: "Pool"
    nickname: str = ""
    since: int = 0
    rooms: dict[str, "Room"] = field(default_factory=dict)


@dataclass(slots=True)
class Pool:
    """Where connections are: at the door, watching, or in a slot; in the order they came.

    :ivar size: how many there may be.
    """

    capacity: int
    members: dict[MemberId, Member] = field(default_factory=dict)


@dataclass(slots=True)
class Room:
    """A room and who is in it, in the order they came."""

    name: str
    history: RoomHistory
    members: dict[MemberId, Member] = field(default_factory=dict)
