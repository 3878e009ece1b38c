"""The roles of members in a room: operators keep order there, voiced members write there.

Whoever has created a room is its first operator, and its *maker* while it is there. Operators and
hosts give the roles and take them. The maker alone may take back what it has not any more: so
neither a slip nor somebody whom it has trusted leaves it without its room. The lobby has hosts in
place of operators, and a host keeps order everywhere, whatever role it has.
"""

from chatd.chat import events, limits, order_commands
from chatd.chat.errors import NoSuchUser
from chatd.chat.members import Nicknames
from chatd.chat.model import Member, Room
from chatd.chat.moderation_errors import NotAllowedHere, UserNotInRoom
from chatd.chat.moderation_events import Moderation
from chatd.chat.names import LOBBY
from chatd.chat.outbox import Outbox
from chatd.chat.permissions import Permissions
from chatd.chat.rooms import Rooms
from chatd.chat.sessions import Sessions


class Roles:
    """Gives roles to members, and takes them."""

    def __init__(
        self,
        nicknames: Nicknames,
        rooms: Rooms,
        sessions: Sessions,
        permissions: Permissions,
        outbox: Outbox,
    ) -> None:
        self._nicknames = nicknames
        self._rooms = rooms
        self._sessions = sessions
        self._permissions = permissions
        self._outbox = outbox

    def set_role(self, member: Member, command: order_commands.SetRole, now: int) -> events.Ok:
        """Give a member of a room a role there, or take it, and tell its members.

        :raises Refusal: if `member` may not do that, or the other one is not in the room.
        """
        room = self._rooms.find(command.room, member)
        target = self._nicknames.get(command.nickname)
        takes_back = target is member and member.member_id == room.maker and command.given
        if not takes_back:
            self._permissions.check_keeps_order(member, room)
        if target is None:
            raise NoSuchUser(command.nickname[: limits.NICKNAME_CHARACTERS])
        if room.name not in target.rooms:
            raise UserNotInRoom(target.nickname, room.name)
        self._check_operator(target, room, command)
        what = command.role if command.given else f"un{command.role}"
        event = Moderation(what, member.nickname, target.nickname, room.name)
        if self._set(target, room, command):
            self._rooms.tell_moderation(room, event, member)
        else:
            # Nothing is new to the others, but who asked for it is told that it is so.
            self._outbox.to_member(member.member_id, event)
        return events.Ok()

    def _check_operator(self, target: Member, room: Room, command: order_commands.SetRole) -> None:
        if command.role != "operator":
            return
        if room.name == LOBBY:
            raise NotAllowedHere(f"{LOBBY} has hosts alone: /host CODE makes one.")
        if not command.given and self._permissions.is_host(target):
            raise NotAllowedHere(f"{target.nickname} is a host, and so an operator of every room.")

    def _set(self, target: Member, room: Room, command: order_commands.SetRole) -> bool:
        """Change the role; returns whether it was another one before."""
        is_operator = command.role == "operator"
        members = room.operators if is_operator else room.voiced
        if (target.member_id in members) == command.given:
            return False
        (members.add if command.given else members.discard)(target.member_id)
        session = self._sessions.of(target.member_id)
        if session is not None and is_operator:
            session.rooms[room.name].is_operator = command.given
        elif session is not None:
            session.rooms[room.name].is_voiced = command.given
        return True
