"""Who is here, which rooms there are, and what the person has not read in them. Pure.

What the server tells goes in. It is asked for its lists on entering; from then on the notices keep
them current, as far as they are told: of rooms that the person is not in, nobody hears.
"""

from collections.abc import Iterable
from typing import Final

from chatd.chat import events
from chatd.chat.names import LOBBY, casefold
from chatd.wire.native_frames import OkData

_NEVER: Final = 2**63


class Roster:
    """One server's people and rooms, as far as this client was told.

    :ivar server: the server's id.
    """

    def __init__(self) -> None:
        self.server = ""
        self._started: int | None = None
        self._nicknames: dict[str, str] = {}
        self._rooms: dict[str, str] = {casefold(LOBBY): LOBBY}
        self._members: dict[str, set[str]] = {}
        self._unread: dict[str, int] = {}
        self._last: dict[str, int] = {}
        self._known_before: dict[str, int] = {}
        self._first_live: dict[str, int] = {}

    @property
    def nicknames(self) -> list[str]:
        """Everyone who is here, sorted."""
        return sorted(self._nicknames.values(), key=casefold)

    @property
    def rooms(self) -> list[str]:
        """The rooms that were heard of, sorted."""
        return sorted(self._rooms.values(), key=casefold)

    @property
    def unread(self) -> list[tuple[str, int]]:
        """The rooms with messages that were not read, and how many."""
        return [(self._rooms[key], number) for key, number in self._unread.items()]

    def members(self, room: str) -> int:
        """How many are in `room`."""
        return len(self._members.get(casefold(room), ()))

    def mark_read(self, room: str) -> None:
        """The person's lines go to `room`, so its messages are read."""
        self._unread.pop(casefold(room), None)

    def message_received(self, message: events.Message, current: str) -> None:
        """A message came in while the person's lines go to `current`."""
        self._record_seq(message.room, message.seq)
        key = casefold(message.room)
        if key != casefold(current):
            self._rooms.setdefault(key, message.room)
            self._unread[key] = self._unread.get(key, 0) + 1

    def update(self, event: object) -> None:  # noqa: C901  # a list, one kind a piece
        """Note what the server told."""
        match event:
            case events.Welcome(server, started, nickname, rooms):
                self._welcomed(server, started)
                for room in rooms:
                    self._joined(room, nickname)
            case OkData(room=str(room), seq=int(seq)):
                self._record_seq(room, seq)
            case events.Users(users):
                for user in users:
                    self._nicknames[casefold(user.nickname)] = user.nickname
                    for room in user.rooms:
                        self._joined(room, user.nickname)
            case events.Rooms(rooms):
                self._rooms |= {casefold(each.room): each.room for each in rooms}
            case events.MemberEntered(nickname):
                # Most begin in the lobby; who doesn't is counted there until the next entering.
                self._joined(LOBBY, nickname)
            case events.RoomJoined(room, nickname):
                self._joined(room, nickname)
            case events.RoomLeft(room, nickname):
                self._members.get(casefold(room), set()).discard(casefold(nickname))
            case events.MemberLeft(nickname):
                self._remove(nickname)
            case events.MemberRenamed(old, new):
                rooms_of_old = [room for room, who in self._members.items() if casefold(old) in who]
                self._remove(old)
                self._nicknames[casefold(new)] = new
                for room in rooms_of_old:
                    self._members[room].add(casefold(new))

    def unseen(self, history: Iterable[events.Message]) -> list[events.Message]:
        """What of a room's history was not shown before, nor since the welcome."""
        return [
            each
            for each in history
            if self._known_before.get(casefold(each.room), 0)
            < each.seq
            < self._first_live.get(casefold(each.room), _NEVER)
        ]

    def count_missed_before(self, first: events.Message) -> int:
        """How many messages of a room were missed before the `first` of those that were read."""
        missed = first.seq - self._known_before.get(casefold(first.room), 0) - 1
        return min(max(0, missed), _NEVER)  # which can be told, whatever the server says

    def is_known_room(self, room: str) -> bool:
        """Whether messages of `room` were heard before the last welcome."""
        return casefold(room) in self._known_before

    def _welcomed(self, server: str, started: int) -> None:
        is_same = (server, started) == (self.server, self._started)
        self._known_before = dict(self._last) if is_same else {}
        self._last = dict(self._known_before)
        self._first_live.clear()
        self._nicknames.clear()
        self._members.clear()
        self.server, self._started = server, started

    def _record_seq(self, room: str, seq: int) -> None:
        key = casefold(room)
        self._first_live.setdefault(key, seq)
        self._last[key] = max(seq, self._last.get(key, 0))

    def _joined(self, room: str, nickname: str) -> None:
        self._nicknames[casefold(nickname)] = nickname
        self._rooms.setdefault(casefold(room), room)
        self._members.setdefault(casefold(room), set()).add(casefold(nickname))

    def _remove(self, nickname: str) -> None:
        self._nicknames.pop(casefold(nickname), None)
        for members in self._members.values():
            members.discard(casefold(nickname))
