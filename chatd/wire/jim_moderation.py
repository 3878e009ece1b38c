"""The requests of hosts and operators in the JIM dialect: names and keys are the native ones."""

from collections.abc import Callable
from typing import Final, Literal

from chatd.chat import limits, order_commands
from chatd.chat.commands import ClientCommand
from chatd.chat.errors import BadFrame, BadRoomName
from chatd.chat.names import LOBBY
from chatd.wire.jim_vocabulary import ClientObject, member_of

_ROLES: Final[dict[str, Literal["operator", "voice"]]] = {
    "operator": "operator",
    "voice": "voice",
}


def room_name(room: str) -> str:
    """The name of the room that a client calls `room`."""
    return LOBBY if room == "#" else room


def room_of(client_object: ClientObject) -> str:
    """The room in a request that needs one."""
    if client_object.room is None:
        raise BadFrame("room is missing.")
    return _checked(client_object.room)


def _place(client_object: ClientObject) -> str | None:
    """The room in a request; None for the whole chat."""
    return None if client_object.room is None else _checked(client_object.room)


def _checked(room: str) -> str:
    name = room_name(room)
    if len(name) > limits.JIM_ROOM_NAME_CHARACTERS:
        raise BadRoomName(
            f"In JIM, a room name has at most {limits.JIM_ROOM_NAME_CHARACTERS} characters."
        )
    return name


def _change_room(client_object: ClientObject) -> ClientCommand:
    return order_commands.ChangeRoom(
        room_of(client_object),
        read_only=client_object.read_only,
        slow=client_object.slow,
        closed=client_object.closed,
        key=client_object.key,
        topic_locked=client_object.topic_locked,
        limit=client_object.limit,
        private=client_object.private,
    )


def _set_role(client_object: ClientObject) -> ClientCommand:
    role = _ROLES.get(client_object.role)
    if role is None:
        raise BadFrame("role is operator or voice.")
    room = room_of(client_object)
    return order_commands.SetRole(member_of(client_object), room, role, client_object.given)


def remove_message(client_object: ClientObject) -> ClientCommand:
    """The request ``remove``, which has a ``seq``: without one, it is about a contact."""
    return order_commands.RemoveMessage(room_of(client_object), client_object.seq or 0)


def _give_code(client_object: ClientObject) -> ClientCommand:
    if client_object.code is None:
        raise BadFrame("code is missing.")
    return order_commands.GiveHostCode(client_object.code)


MODERATION_PARSERS: Final[dict[str, Callable[[ClientObject], ClientCommand]]] = {
    "kick": lambda each: order_commands.Kick(member_of(each), _place(each), each.reason),
    "ban": lambda each: order_commands.Ban(
        member_of(each), _place(each), each.seconds, each.reason
    ),
    "unban": lambda each: order_commands.Unban(member_of(each), _place(each)),
    "mute": lambda each: order_commands.Mute(
        member_of(each), _place(each), each.seconds, each.reason
    ),
    "unmute": lambda each: order_commands.Unmute(member_of(each), _place(each)),
    "invite": lambda each: order_commands.Invite(member_of(each), room_of(each)),
    "role": _set_role,
    "bans": lambda each: order_commands.ListBans(_place(each)),
    "set-room": _change_room,
    "host": _give_code,
}
