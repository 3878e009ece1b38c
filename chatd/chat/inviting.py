"""Invitations: a member of a room asks another one to come.

One from somebody who keeps order there lets in once, also while the room is closed or full. It
belongs to the member that is invited, and to that life of the room; it ends with either.
"""

from collections.abc import Callable
from typing import Any

from chatd.chat import events, limits, order_commands
from chatd.chat.errors import NoSuchUser, UserInRoom
from chatd.chat.members import Nicknames
from chatd.chat.model import Member, Room
from chatd.chat.moderation_events import Invited, Moderation
from chatd.chat.outbox import Outbox
from chatd.chat.permissions import Permissions
from chatd.chat.rooms import Rooms


class Inviting:
    """Invites members into rooms."""

    def __init__(
        self, nicknames: Nicknames, rooms: Rooms, permissions: Permissions, outbox: Outbox
    ) -> None:
        self._nicknames = nicknames
        self._rooms = rooms
        self._permissions = permissions
        self._outbox = outbox
        self.handlers: dict[type, Callable[[Member, Any, int], events.Reply]] = {
            order_commands.Invite: self._invite,
            order_commands.ListInvitations: self._list,
        }

    def _invite(self, member: Member, command: order_commands.Invite, now: int) -> events.Reply:
        room = self._rooms.get_joined(member, command.room)
        self._permissions.check_may_invite(member, room, now)
        target = self._nicknames.get(command.nickname)
        if target is None:
            raise NoSuchUser(command.nickname[: limits.NICKNAME_CHARACTERS])
        if room.name in target.rooms:
            raise UserInRoom(target.nickname, room.name)
        if self._permissions.keeps_order(member, room):
            _let_in(target, room)
        invited = Invited(room.name, member.nickname, member.is_authenticated)
        self._outbox.to_member(target.member_id, invited)
        told = Moderation("invite", member.nickname, target.nickname, room.name)
        self._rooms.tell_moderation(room, told, member)
        return events.Ok(room.name)

    def _list(
        self, member: Member, command: order_commands.ListInvitations, now: int
    ) -> events.Reply:
        return events.Rooms(
            tuple(
                events.RoomEntry(room.name, len(room.members))
                for room in self._rooms.all()
                if room.life in member.invited
            )
        )


def _let_in(member: Member, room: Room) -> None:
    """Remember the invitation; of too many the oldest is forgotten."""
    others = [life for life in member.invited if life != room.life]
    member.invited = (*others, room.life)[-limits.INVITED_ROOMS :]
