"""Resuming: a member whose connection is lost, and the connection that takes its place.

The rules for what a session keeps are in ``sessions``. Here is what resuming changes in the chat,
and how a client is told what it has missed.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from chatd.chat import events, limits
from chatd.chat.events import Message, Missed
from chatd.chat.members import Connections, Nicknames
from chatd.chat.model import Member
from chatd.chat.monitoring import Monitoring
from chatd.chat.names import LOBBY
from chatd.chat.outbox import Outbox
from chatd.chat.permissions import Permissions
from chatd.chat.rooms import Rooms, join_event
from chatd.chat.sessions import JoinedRoom, MemberSession, Sessions

#: The reason that a connection is told when another one has resumed its session.
RESUMED_ELSEWHERE: Final = "resumed elsewhere"
#: The reason that is told when a member does not come back.
CONNECTION_LOST: Final = "connection lost"


@dataclass(frozen=True, slots=True)
class MissedPage:
    """A part of what a client has missed.

    :ivar parts: by rooms; without the client's own messages.
    :ivar seen: for each room, the number up to which the client has everything after this page.
    :ivar room_beyond: the room whose next messages are not in memory any more.
    :ivar own: the rooms and numbers of the client's own messages.
    :ivar is_complete: whether nothing follows: the client is sent what is said from now on.
    """

    parts: tuple[Missed, ...]
    seen: Mapping[str, int]
    room_beyond: str | None
    own: frozenset[tuple[str, int]]
    is_complete: bool


class Resuming:
    """Lets members go away and come back.

    :param outbox: is told who is sent what, as by the hub.
    """

    def __init__(
        self,
        connections: Connections,
        nicknames: Nicknames,
        rooms: Rooms,
        sessions: Sessions,
        permissions: Permissions,
        monitoring: Monitoring,
        outbox: Outbox,
    ) -> None:
        self._connections = connections
        self._nicknames = nicknames
        self._rooms = rooms
        self._sessions = sessions
        self._permissions = permissions
        self._monitoring = monitoring
        self._outbox = outbox

    def go_away(self, member: Member, session: MemberSession, now: int) -> None:
        """The connection of `member` is lost: it may come back, and nobody is told."""
        self._sessions.disconnected(session, now)
        member.away_until = now + 1_000 * limits.AWAY_SECONDS
        member.address = ""  # not to be kept on the disk for somebody who is not here
        self._outbox.remove_member(member.member_id)

    def take_over(self, session: MemberSession, old: Member, member: Member, private: int) -> None:
        """Let the connection `member` be the member of that session, in place of `old`.

        The connection of `old` may still be there: the server has not noticed that it is gone.

        :param private: the number of the last private message that the client has.
        """
        self._connections.replace(old, member)
        self._nicknames.release(old)
        self._nicknames.assign(member, old.nickname)
        self._monitoring.replace(old, member)
        member.since = old.since
        member.away_text = old.away_text
        member.named_since = old.named_since
        member.invited = old.invited
        member.is_authenticated = session.is_authenticated
        member.has_host_code = session.has_host_code
        for name, room in old.rooms.items():
            del room.members[old.member_id]
            room.members[member.member_id] = member
            member.rooms[name] = room
            for role in (room.operators, room.voiced):
                if old.member_id in role:
                    role.remove(old.member_id)
                    role.add(member.member_id)
            if room.maker == old.member_id:
                room.maker = member.member_id
            if old.member_id in room.wrote:
                room.wrote[member.member_id] = room.wrote.pop(old.member_id)
        self._sessions.resumed(session, member, private)
        self._outbox.remove_member(old.member_id)
        self._outbox.add_member(member.member_id)
        # Last: this may make the old connection leave at once.
        self._outbox.end_connection(old.member_id, RESUMED_ELSEWHERE)

    def rejoin(self, session: MemberSession, member: Member, now: int) -> tuple[str, ...]:
        """Put `member`, which has entered again, into the rooms where it was, unless it is banned.

        Its roles in a room are those that it had, if the room has not ended or begins anew with it.

        Returns the rooms whose numbers have begun again: their messages are all new.
        """
        restarted = []
        before, session.rooms = session.rooms, {}
        for name, joined in before.items():
            if self._rooms.has_ended_private(name, joined.life):
                continue  # what its members said among themselves, others could read now
            room = self._rooms.find_or_create(name, now)
            if room is None or not self._permissions.may_join_again(member, room, joined, now):
                continue  # there are too many by now, or it may not come back
            is_new = not room.members and room.ends_at is None
            self._rooms.place(member, room, now)  # read_missed lets it hear what is said there
            has_roles = is_new or room.life == joined.life
            is_operator = joined.is_operator and has_roles
            is_voiced = joined.is_voiced and has_roles
            is_maker = joined.is_maker and has_roles
            if is_operator:
                room.operators.add(member.member_id)
            if is_voiced:
                room.voiced.add(member.member_id)
            if is_maker:
                room.maker = member.member_id
            begins_anew = room.life != joined.life and not self._rooms.is_archived
            if begins_anew:
                restarted.append(room.name)
            session.rooms[room.name] = JoinedRoom(
                *(room.life, 0 if begins_anew else joined.seq),
                *(is_operator, is_voiced, is_maker),
            )
            is_told = room.name == LOBBY  # entering tells of that
            make = events.RoomEntered if is_told else events.RoomJoined
            room.tell(join_event(member, room, make), member.member_id)
        return tuple(restarted)

    def read_missed(
        self,
        member: Member,
        session: MemberSession | None,
        seen: Mapping[str, int],
        gaps: Collection[str],
    ) -> MissedPage:
        """The next page of what `member` has missed; with the last one it is sent what follows.

        :param session: None if it has ended meanwhile; then nothing more is missed.
        :param seen: for each room, the number of the last message that the client has. Without one,
            or with one that the room has not reached, everything since it joined is missed.
        :param gaps: the rooms whose messages that are not in memory cannot be read elsewhere.
        """
        if session is None:
            self._hear_rooms(member)
            return MissedPage((), {}, None, frozenset(), is_complete=True)
        reached: dict[str, int] = {}
        parts: list[Missed] = []
        own = session.own_messages()
        messages_left, characters_left = limits.MISSED_MESSAGES, limits.MISSED_CHARACTERS
        is_complete = True
        for name, room in member.rooms.items():
            joined = session.rooms[name].seq
            after = seen.get(name, joined)
            after = joined if after > room.history.seq else max(after, joined)
            reached[name] = after
            if after == room.history.seq or not is_complete:
                continue
            if messages_left <= 0 or characters_left <= 0:
                is_complete = False
                continue
            found = room.history.after(after)
            is_gap = not found or found[0].seq > after + 1
            if is_gap and name not in gaps:
                return MissedPage(tuple(parts), reached, name, own, is_complete=False)
            page = first_page(found, messages_left, characters_left)
            messages_left -= len(page)
            characters_left -= sum(len(message.text) for message in page)
            reached[name] = page[-1].seq if page else room.history.seq
            is_complete = reached[name] == room.history.seq
            others = tuple(each for each in page if (name, each.seq) not in own)
            if others or is_gap:
                parts.append(Missed(name, others, gap=is_gap))
        if is_complete:
            self._hear_rooms(member)
        return MissedPage(tuple(parts), reached, None, own, is_complete)

    def _hear_rooms(self, member: Member) -> None:
        for name in member.rooms:
            self._outbox.join_room(member.member_id, name)


def first_page(
    messages: tuple[Message, ...], max_messages: int, max_characters: int
) -> tuple[Message, ...]:
    """The first of `messages` within the limits; at least one, however long it is."""
    characters = 0
    for count, message in enumerate(messages[:max_messages]):
        characters += len(message.text)
        if characters > max_characters and count:
            return messages[:count]
    return messages[:max_messages]
