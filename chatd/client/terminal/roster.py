"""The roster: the users of the chat, the rooms, and which messages the user has not seen.

It is made of the server's lists, which :class:`CatchUp` requests on entering, and kept current by
the events that follow. Of rooms that the user is not in, the server sends no events: what is known
of them may be out of date.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from chatd.chat import commands, events, limits
from chatd.chat.names import LOBBY, casefold
from chatd.client.terminal.room_states import RoomStates
from chatd.client.ui import SessionView
from chatd.wire import frames
from chatd.wire.frames import FromServer, OkData
from chatd.wire.rendering import escape

_INFINITE_SEQ: Final = 2**63


class Roster:
    """The users and rooms of a server, as far as this client knows them.

    Each message of a room has a sequence number, ``seq``. The roster remembers two of them for each
    room, to find out which messages of a room's history the user has not seen yet:

    * the highest one that was shown before the last welcome (``_last_before``): what comes after it
      was missed while the client was away;
    * the lowest one received since (``_first_live``): that message and those after it are shown
      already, as they arrived before the history did.

    For a server that was started anew the numbers begin again, so nothing is remembered of it.

    :ivar server: the server's id.
    :ivar room_states: who keeps order in the rooms, and what is set there.
    """

    def __init__(self) -> None:
        self.server = ""
        self.room_states = RoomStates()
        self._started: int | None = None
        # All keys are casefolded names.
        self._nicknames: dict[str, str] = {}
        self._rooms: dict[str, str] = {casefold(LOBBY): LOBBY}
        self._members: dict[str, set[str]] = {}
        self._unread: dict[str, int] = {}
        self._last: dict[str, int] = {}
        self._last_before: dict[str, int] = {}
        self._first_live: dict[str, int] = {}

    @property
    def nicknames(self) -> list[str]:
        """The nicknames of all users, sorted."""
        return sorted(self._nicknames.values(), key=casefold)

    @property
    def rooms(self) -> list[str]:
        """The known rooms, sorted."""
        return sorted(self._rooms.values(), key=casefold)

    @property
    def unread(self) -> list[tuple[str, int]]:
        """The rooms with unread messages, each with their number."""
        return [(self._rooms[key], count) for key, count in self._unread.items()]

    def members(self, room: str) -> int:
        """How many users are in `room`; 0 if that is not known."""
        return len(self._members.get(casefold(room), ()))

    def rooms_of(self, event: object) -> list[str]:
        """The rooms of the member that an event is about, as far as they are known."""
        match event:
            case events.MemberLeft(nickname) | events.MemberRenamed(old=nickname):
                name = casefold(nickname)
                keys = [key for key, members in self._members.items() if name in members]
                return [self._rooms.get(key, key) for key in keys]
        return []

    def mark_read(self, room: str) -> None:
        """The user's lines go to `room`, so its messages count as read."""
        self._unread.pop(casefold(room), None)

    def message_received(self, message: events.Message, current: str) -> None:
        """Count a message as unread unless it is in the room that lines go to, `current`."""
        self._record_seq(message.room, message.seq)
        key = casefold(message.room)
        if key != casefold(current):
            self._rooms.setdefault(key, message.room)
            self._unread[key] = self._unread.get(key, 0) + 1

    def update(self, event: object) -> None:  # noqa: C901  # a list, one kind of event a case
        """Take over what an event or a reply says about users and rooms."""
        self.room_states.update(event)
        match event:
            case events.Welcome(server, started, nickname, rooms):
                self._welcomed(server, started, event.resumed)
                for room in rooms:
                    self._joined(room, nickname)
            case OkData(room=str(room), seq=int(seq)) | events.Message(room, seq):
                self._record_seq(room, seq)
            case events.Users(users):
                for user in users:
                    self._nicknames[casefold(user.nickname)] = user.nickname
                    for room in user.rooms:
                        self._joined(room, user.nickname)
            case events.Rooms(rooms):
                self._rooms |= {casefold(each.room): each.room for each in rooms}
            case events.MemberEntered(nickname):
                # Most members start in the lobby. A JIM member starts in no room, and is counted
                # here all the same until the next list of users.
                self._joined(LOBBY, nickname)
            case events.RoomJoined(room, nickname):
                self._joined(room, nickname)
            case events.RoomLeft(room, nickname):
                self._members.get(casefold(room), set()).discard(casefold(nickname))
            case events.MemberLeft(nickname):
                self._remove(nickname)
            case events.MemberRenamed(old, new):
                keys = [key for key, names in self._members.items() if casefold(old) in names]
                self._remove(old)
                self._nicknames[casefold(new)] = new
                for key in keys:
                    self._members[key].add(casefold(new))

    def unseen(self, history: Iterable[events.Message]) -> list[events.Message]:
        """The messages of a room's history that were not shown yet."""
        return [
            message
            for message in history
            if self._last_before.get(casefold(message.room), 0)
            < message.seq
            < self._first_live.get(casefold(message.room), _INFINITE_SEQ)
        ]

    def count_missed_before(self, first: events.Message) -> int:
        """How many missed messages of a room are older than `first`, the first of its history."""
        missed = first.seq - self._last_before.get(casefold(first.room), 0) - 1
        # A false server may send a number with more digits than Python converts to text.
        return min(max(0, missed), _INFINITE_SEQ)

    def is_known_room(self, room: str) -> bool:
        """Whether messages of `room` were received before the last welcome."""
        return casefold(room) in self._last_before

    def _welcomed(self, server: str, started: int, is_resumed: bool) -> None:
        # After resuming, everything that was missed is received like what follows.
        if not is_resumed:
            is_same = (server, started) == (self.server, self._started)
            self._last_before = dict(self._last) if is_same else {}
            self._last = dict(self._last_before)
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
    """Requests what a user wants to know on entering the chat or a room, and shows what is new.

    It requests something only then, never at other times: a client that sends requests by itself
    would never count as inactive.

    :param show: called with a room, a title, its messages that were not shown yet, and a note.
    :param changed: called when the roster has changed.
    """

    def __init__(
        self,
        roster: Roster,
        show: Callable[[str, str, Sequence[events.Message], str], None],
        changed: Callable[[], None],
    ) -> None:
        self._roster = roster
        self._show = show
        self._changed = changed

    def entered(self, session: SessionView) -> None:
        """Request the users, the rooms and the lobby's history: the user is in the chat."""
        self.resumed(session)
        self._request_history(session, LOBBY)

    def resumed(self, session: SessionView) -> None:
        """Request the users and the rooms: the server does not say what happened to them."""
        session.request(commands.ListUsers(), self._on_list)
        session.request(commands.ListRooms(), self._on_list)

    def joined(self, session: SessionView, room: str) -> None:
        """Request the users and the history of a room that the user has joined."""
        session.request(commands.ListUsers(room), self._on_list)
        self._request_history(session, room)

    def _request_history(self, session: SessionView, room: str) -> None:
        messages: list[events.Message] = []

        def on_reply(frame: FromServer) -> None:
            if isinstance(frame, frames.History):
                messages.extend(frame.data.messages)
                if not frame.data.more:
                    self._show_unseen(room, messages)

        is_known = self._roster.is_known_room(room)
        count = limits.HISTORY_REPLY_MESSAGES if is_known else limits.ENTERING_HISTORY_MESSAGES
        session.request(commands.ReadHistory(room, count), on_reply)

    def _on_list(self, frame: FromServer) -> None:
        if isinstance(frame, frames.Users | frames.Rooms):
            self._roster.update(frame.data)
            self._changed()

    def _show_unseen(self, room: str, messages: Sequence[events.Message]) -> None:
        unseen = self._roster.unseen(messages)
        if not unseen:
            return
        if self._roster.is_known_room(room):
            earlier = self._roster.count_missed_before(messages[0])
            note = _format_earlier(earlier, len(messages), room)
            self._show(room, f"messages missed in {escape(room)}", unseen, note)
        else:
            self._show(room, f"history of {escape(room)}", unseen, "")


def _format_earlier(earlier: int, read: int, room: str) -> str:
    """A note about missed messages that are older than the `read` ones of the history."""
    if not earlier:
        return ""
    return f"; {earlier:,} earlier: /history {earlier + read} in {escape(room)} shows them"
