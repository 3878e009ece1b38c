"""Who is here, which rooms there are, and what the person has not read in them. Pure.

What the server tells goes in. It is asked for its lists on entering; from then on the notices keep
them current, as far as they are told: of rooms that the person is not in, nobody hears.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from chatd.chat import commands, events, limits
from chatd.chat.names import LOBBY, casefold
from chatd.client.ui import SessionView
from chatd.wire import frames
from chatd.wire.frames import FromServer, OkData
from chatd.wire.rendering import escape

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


class CatchUp:
    """Asks what is to be known on the way in.

    :param show: gets a title, the messages that were not shown before, and a note on them.
    :param changed: called when more is known of the company.
    """

    def __init__(
        self,
        roster: Roster,
        show: Callable[[str, Sequence[events.Message], str], None],
        changed: Callable[[], None],
    ) -> None:
        self._roster = roster
        self._show = show
        self._changed = changed

    def entered(self, session: SessionView) -> None:
        """The person came in."""
        session.request(commands.ListUsers(), self._listed)
        session.request(commands.ListRooms(), self._listed)
        self._ask_history(session, LOBBY)

    def joined(self, session: SessionView, room: str) -> None:
        """The person came into a room."""
        session.request(commands.ListUsers(room), self._listed)
        self._ask_history(session, room)

    def _ask_history(self, session: SessionView, room: str) -> None:
        parts: list[events.Message] = []

        def read(frame: FromServer) -> None:
            if isinstance(frame, frames.History):
                parts.extend(frame.data.messages)
                if not frame.data.more:
                    self._read(room, parts)

        was_here = self._roster.is_known_room(room)
        count = limits.HISTORY_REPLY_MESSAGES if was_here else limits.ENTERING_HISTORY_MESSAGES
        session.request(commands.ReadHistory(room, count), read)

    def _listed(self, frame: FromServer) -> None:
        if isinstance(frame, frames.Users | frames.Rooms):
            self._roster.update(frame.data)
            self._changed()

    def _read(self, room: str, messages: Sequence[events.Message]) -> None:
        unheard = self._roster.unseen(messages)
        if unheard:
            was_here = self._roster.is_known_room(room)
            title = "said meanwhile in" if was_here else "history of"
            note = _note(self._roster.count_missed_before(messages[0]), len(messages), room)
            self._show(f"{title} {escape(room)}", unheard, note if was_here else "")


def _note(earlier: int, read: int, room: str) -> str:
    """What is said of missed messages `earlier` than those that were read."""
    if not earlier:
        return ""
    return f"; {earlier:,} earlier: /history {earlier + read} in {escape(room)} shows them"
