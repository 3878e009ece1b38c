"""Who is here, which rooms there are, and what the person has not read in them. Pure.

What the server tells goes in. It is asked for its lists on entering; from then on the notices keep
them current, as far as they are told: of rooms that the person is not in, nobody hears.
"""

from collections.abc import Iterable
from typing import Final

from chatd.chat import events
from chatd.chat.names import LOBBY, folded
from chatd.wire.native_frames import OkData

_NEVER: Final = 2**63


class Company:
    """One server's people and rooms, as far as this client was told.

    :ivar server: the server's id.
    """

    def __init__(self) -> None:
        self.server = ""
        self._started: int | None = None
        self._people: dict[str, str] = {}
        self._rooms: dict[str, str] = {folded(LOBBY): LOBBY}
        self._members: dict[str, set[str]] = {}
        self._unread: dict[str, int] = {}
        self._last: dict[str, int] = {}
        self._known_before: dict[str, int] = {}
        self._first_live: dict[str, int] = {}

    @property
    def nicknames(self) -> list[str]:
        """Everyone who is here, sorted."""
        return sorted(self._people.values(), key=folded)

    @property
    def rooms(self) -> list[str]:
        """The rooms that were heard of, sorted."""
        return sorted(self._rooms.values(), key=folded)

    @property
    def unread(self) -> list[tuple[str, int]]:
        """The rooms with messages that were not read, and how many."""
        return [(self._rooms[key], number) for key, number in self._unread.items()]

    def members(self, room: str) -> int:
        """How many are in `room`."""
        return len(self._members.get(folded(room), ()))

    def looks_at(self, room: str) -> None:
        """The person's lines go to `room`, so its messages are read."""
        self._unread.pop(folded(room), None)

    def said(self, message: events.Said, current: str) -> None:
        """A message came in while the person's lines go to `current`."""
        self._heard(message.room, message.seq)
        key = folded(message.room)
        if key != folded(current):
            self._rooms.setdefault(key, message.room)
            self._unread[key] = self._unread.get(key, 0) + 1

    def told(self, what: object) -> None:  # noqa: C901  # a list, one kind a piece
        """Note what the server told."""
        match what:
            case events.Welcome(server, started, nickname, rooms):
                self._welcomed(server, started)
                for room in rooms:
                    self._joined(room, nickname)
            case OkData(room=str(room), seq=int(seq)):
                self._heard(room, seq)
            case events.Users(users):
                for user in users:
                    self._people[folded(user.nickname)] = user.nickname
                    for room in user.rooms:
                        self._joined(room, user.nickname)
            case events.Rooms(rooms):
                self._rooms |= {folded(each.room): each.room for each in rooms}
            case events.Entered(nickname):
                # Most begin in the lobby; who doesn't is counted there until the next entering.
                self._joined(LOBBY, nickname)
            case events.Joined(room, nickname):
                self._joined(room, nickname)
            case events.Parted(room, nickname):
                self._members.get(folded(room), set()).discard(folded(nickname))
            case events.Left(nickname):
                self._gone(nickname)
            case events.Renamed(old, new):
                rooms_of_old = [room for room, who in self._members.items() if folded(old) in who]
                self._gone(old)
                self._people[folded(new)] = new
                for room in rooms_of_old:
                    self._members[room].add(folded(new))

    def unheard(self, history: Iterable[events.Said]) -> list[events.Said]:
        """What of a room's history was not shown before, nor since the welcome."""
        return [
            each
            for each in history
            if self._known_before.get(folded(each.room), 0)
            < each.seq
            < self._first_live.get(folded(each.room), _NEVER)
        ]

    def missed_before(self, first: events.Said) -> int:
        """How many messages of a room were missed before the `first` of those that were read."""
        missed = first.seq - self._known_before.get(folded(first.room), 0) - 1
        return min(max(0, missed), _NEVER)  # which can be told, whatever the server says

    def was_here(self, room: str) -> bool:
        """Whether messages of `room` were heard before the last welcome."""
        return folded(room) in self._known_before

    def _welcomed(self, server: str, started: int) -> None:
        is_same = (server, started) == (self.server, self._started)
        self._known_before = dict(self._last) if is_same else {}
        self._last = dict(self._known_before)
        self._first_live.clear()
        self._people.clear()
        self._members.clear()
        self.server, self._started = server, started

    def _heard(self, room: str, seq: int) -> None:
        key = folded(room)
        self._first_live.setdefault(key, seq)
        self._last[key] = max(seq, self._last.get(key, 0))

    def _joined(self, room: str, nickname: str) -> None:
        self._people[folded(nickname)] = nickname
        self._rooms.setdefault(folded(room), room)
        self._members.setdefault(folded(room), set()).add(folded(nickname))

    def _gone(self, nickname: str) -> None:
        self._people.pop(folded(nickname), None)
        for members in self._members.values():
            members.discard(folded(nickname))
