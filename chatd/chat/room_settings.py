"""The settings of rooms: what they allow, and changing them."""

import re
from typing import Final

from chatd.chat import events, limits, order_commands
from chatd.chat.errors import BadText
from chatd.chat.model import Member, Room
from chatd.chat.moderation_errors import NotAllowedHere
from chatd.chat.moderation_events import Moderation, RoomInfo, RoomSettings, SettingsChanged
from chatd.chat.names import LOBBY
from chatd.chat.outbox import NOBODY, Outbox
from chatd.chat.permissions import Permissions
from chatd.chat.rooms import Rooms
from chatd.chat.state import OPEN, Settings

#: For each setting, what the members are told of its change.
_WHAT: Final = {
    "read_only": "read-only",
    "slow": "slow",
    "closed": "closed",
    "key": "key",
    "topic_locked": "topic-lock",
    "limit": "limit",
    "private": "private",
}
#: Those that have another name in the state.
_FIELDS: Final = {"private": "is_private"}


class SettingsChanges:
    """Changes the settings of rooms."""

    def __init__(self, rooms: Rooms, permissions: Permissions, outbox: Outbox) -> None:
        self._rooms = rooms
        self._permissions = permissions
        self._outbox = outbox

    def change(self, member: Member, command: order_commands.ChangeRoom, now: int) -> events.Ok:
        """Change those settings of a room that the command names, and tell its members.

        :raises Refusal: if `member` does not keep order there, or the room cannot have them.
        """
        room = self._rooms.find(command.room, member)
        self._permissions.check_keeps_order(member, room)
        before, after = room.settings, _changed(room, command)
        self._rooms.set_settings(room, after)
        if not after.slow:
            room.wrote.clear()
        elif not before.slow:
            # Everybody may write at once, as long ago as it may have been.
            room.wrote = dict.fromkeys(room.members, now - 1_000 * limits.SLOW_SECONDS)
        changes = []
        for name, what in _WHAT.items():
            if getattr(command, name) is None:
                continue
            field = _FIELDS.get(name, name)
            value = getattr(after, field)
            # The word itself is for those alone who are told it by a member.
            number = bool(value) if name == "key" else value
            moderation = Moderation(what, member.nickname, room=room.name, value=int(number))
            if value != getattr(before, field):
                self._rooms.tell_moderation(room, moderation, member)
                changes.append(moderation)
            else:
                # Nothing is new to the others, but who asked for it is told that it is so.
                self._outbox.to_member(member.member_id, moderation)
        if changes:
            self._rooms.tell_moderation(room, SettingsChanged(tuple(changes)), member)
            room.tell(describe(room), NOBODY)
        return events.Ok()


def set_up(member: Member) -> tuple[RoomSettings, ...]:
    """The settings of the rooms that `member` is in, of those that have any."""
    return tuple(describe(room) for room in member.rooms.values() if room.settings != OPEN)


def describe(room: Room) -> RoomSettings:
    """The settings of a room, as its members are told of them."""
    settings = room.settings
    return RoomSettings(
        room.name,
        settings.read_only,
        settings.slow,
        settings.closed,
        bool(settings.key),
        settings.is_private,
        settings.topic_locked,
        settings.limit,
    )


def room_info(room: Room) -> RoomInfo:
    """The settings of a room, and when it was created."""
    settings = describe(room)
    fields = {name: getattr(settings, name) for name in RoomSettings.__struct_fields__}
    return RoomInfo(**fields, created=room.created)


def _changed(room: Room, command: order_commands.ChangeRoom) -> Settings:
    """The settings of `room` after the command.

    :raises Refusal: if it cannot have them.
    """
    if room.name == LOBBY and (command.key or command.closed or command.limit or command.private):
        raise NotAllowedHere(
            f"Everybody enters the chat in {LOBBY}, so it has no key and no limit, and is never "
            "closed or private; make another room for a closed circle."
        )
    if command.private is False and room.settings.is_private:
        raise NotAllowedHere(f"{room.name} is private, and stays so until it ends.")
    if command.limit is not None and not 0 <= command.limit <= limits.ROOM_MEMBERS:
        raise BadText(f"A limit is 1 to {limits.ROOM_MEMBERS} members; 0 is none.")
    if command.slow is not None and not 0 <= command.slow <= limits.SLOW_SECONDS:
        raise BadText(
            f"In a slow room a member waits for 1 to {limits.SLOW_SECONDS} seconds; 0 is off."
        )
    if command.key and not (
        len(command.key) <= limits.KEY_CHARACTERS and re.fullmatch(r"\S+", command.key)
    ):
        raise BadText(
            f"The key of a room is one word of at most {limits.KEY_CHARACTERS} characters."
        )
    given = {
        name: value
        for name in _WHAT
        if name not in _FIELDS and (value := getattr(command, name)) is not None
    }
    is_private = room.settings.is_private or bool(command.key or command.private)
    return room.settings._replace(**given, is_private=is_private)
