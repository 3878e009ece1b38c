"""Joining and leaving rooms, as members ask for it."""

from collections.abc import Callable, Mapping
from typing import Any

from chatd.chat import commands, events
from chatd.chat.events import Reply
from chatd.chat.model import Member, Room
from chatd.chat.outbox import Outbox
from chatd.chat.permissions import Permissions
from chatd.chat.room_settings import describe
from chatd.chat.rooms import Rooms, join_event
from chatd.chat.sessions import JoinedRoom, Sessions
from chatd.chat.state import OPEN


class Joining:
    """Lets members into rooms and out of them, and tells the others.

    :ivar handlers: carry out the commands about it.
    """

    def __init__(
        self, rooms: Rooms, sessions: Sessions, permissions: Permissions, outbox: Outbox
    ) -> None:
        self._rooms = rooms
        self._sessions = sessions
        self._permissions = permissions
        self._outbox = outbox
        self.handlers: Mapping[type, Callable[[Member, Any, int], Reply]] = {
            commands.JoinRoom: self.join,
            commands.JoinQuietly: self.join,
            commands.LeaveRoom: self.leave,
        }

    def join(self, member: Member, command: commands.JoinRoom, now: int) -> events.JoinDone:
        """Put `member` into a room, which is created if need be.

        :raises Refusal: if it may not join, is in it, or there are too many rooms.
        """
        reply = self._rooms.join(member, command, now)
        session = self._sessions.of(member.member_id)
        if session is not None:
            room = member.rooms[reply.room]
            session.rooms[room.name] = JoinedRoom(
                room.life, room.history.seq, reply.created, is_maker=reply.created
            )
        room = member.rooms[reply.room]
        room.tell(join_event(member, room), member.member_id)
        if room.topic and not isinstance(command, commands.JoinQuietly):
            self._outbox.to_member(member.member_id, room.topic)
        if room.settings != OPEN:
            self._outbox.to_member(member.member_id, describe(room))
        return reply

    def leave(self, member: Member, command: commands.LeaveRoom, now: int) -> events.Ok:
        """Take `member` out of a room.

        :raises Refusal: if it is not in it, or its text is none.
        """
        room = self._rooms.get_joined(member, command.room)
        text = self._permissions.last_text(member, command.text, [room], now)
        self.take_out(member, room, text=text)
        return events.Ok()

    def take_out(self, member: Member, room: Room, by: str = "", text: str = "") -> None:
        """Take `member` out of `room`, also when it comes back, and tell those who are there.

        :param by: the nickname of the host or operator who does that; empty if it leaves.
        :param text: what it says as it leaves.
        """
        # Before it is taken out: dialects that echo show a member that it left.
        event = events.RoomLeft(room.name, member.nickname, by, text)
        room.tell(event, member.member_id)
        self._rooms.remove(member, room)
        session = self._sessions.of(member.member_id)
        if session is not None:
            session.rooms.pop(room.name, None)
