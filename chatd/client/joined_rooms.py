"""Where the user's lines go, and which rooms to rejoin after a reconnect.

The user may type lines before the server has answered a ``/join``. They are meant for the room that
the user expects to be in then, so :attr:`JoinedRooms.current` changes with the request. If the
server refuses it, ``current`` goes back to where it was.
"""

from collections.abc import Iterable

from chatd.chat import commands, order_commands
from chatd.chat.commands import ClientCommand
from chatd.chat.errors import AlreadyInRoom
from chatd.chat.names import LOBBY, casefold


class JoinedRooms:
    """The rooms that the user has joined; names that differ only in case are one room.

    :ivar current: the target, which is where lines go: a room, or a private talk such as ``@ice``
        or ``@ice,moon``.
    """

    def __init__(self) -> None:
        self.current = LOBBY
        self._joined = {LOBBY: LOBBY}
        # The words that joining these rooms needed.
        self._keys: dict[str, str] = {}
        # For each join without a reply: which room was current before it.
        self._previous_rooms: dict[str, str] = {}

    @property
    def names(self) -> list[str]:
        """The rooms that the user is in, or has asked to join."""
        asked = {key: key for key in self._previous_rooms}
        return list((asked | self._joined).values())

    def find(self, room: str) -> str | None:
        """The room with this name, if the user is in it or has asked to join it."""
        key = casefold(room)
        return self._joined.get(key, room if key in self._previous_rooms else None)

    def left_target(self) -> None:
        """Lines go to the lobby from now on, or to another room if the user is not in it."""
        self.current = LOBBY if LOBBY in self._joined or not self._joined else self.names[-1]

    def left(self, room: str) -> None:
        """The user is not in `room` any more."""
        key = casefold(room)
        self._joined.pop(key, None)
        self._keys.pop(key, None)
        # The user may have asked to join it again.
        if casefold(self.current) == key and key not in self._previous_rooms:
            self.left_target()

    def renamed(self, old: str, new: str) -> None:
        """A member has another nickname: a private talk with it goes on."""
        if self.current.startswith("@"):
            names = self.current[1:].split(",")
            renamed = [new if casefold(name) == casefold(old) else name for name in names]
            self.current = f"@{','.join(renamed)}"

    def requested(self, command: ClientCommand) -> None:
        """Take note of a command that the server has not answered yet."""
        match command:
            case commands.JoinRoom(room):
                self._previous_rooms[casefold(room)] = self.current
                self.current = room
            case commands.LeaveRoom(room) if casefold(room) == casefold(self.current):
                self.left_target()

    def confirmed(self, command: ClientCommand | None) -> None:
        """Take note that the server has carried out `command`."""
        match command:
            case commands.JoinRoom(room, key):
                self._joined[casefold(room)] = room
                self._keys[casefold(room)] = key
                self._previous_rooms.pop(casefold(room), None)
            case commands.LeaveRoom(room):
                self._joined.pop(casefold(room), None)
                self._keys.pop(casefold(room), None)
            case order_commands.ChangeRoom(room, key=str(key)):
                self._keys[casefold(room)] = key

    def refused(self, command: ClientCommand | None, code: str) -> None:
        """Take note that the server has refused `command`."""
        if not isinstance(command, commands.JoinRoom):
            return
        room = command.room
        previous = self._previous_rooms.pop(casefold(room), LOBBY)
        if code == AlreadyInRoom.code:
            self._joined[casefold(room)] = room
            return
        # After "/join #a" and "/join #b", #b's previous room is #a. If the server refuses #a and
        # then #b, the user must be back where they were before #a.
        for each, its_previous in self._previous_rooms.items():
            if casefold(its_previous) == casefold(room):
                self._previous_rooms[each] = previous
        if casefold(self.current) == casefold(room):
            self.current = previous

    def resumed(
        self, rooms: Iterable[str], pending: Iterable[ClientCommand]
    ) -> tuple[list[str], list[str]]:
        """Take over the rooms that the server says the user is in.

        :param pending: the commands without a reply; what they ask for is still to come.
        :return: the rooms that the user joined and left, which the client was not told.
        """
        asked = list(pending)
        joining = {casefold(each.room) for each in asked if isinstance(each, commands.JoinRoom)}
        leaving = {casefold(each.room) for each in asked if isinstance(each, commands.LeaveRoom)}
        there = {casefold(room): room for room in rooms}
        joined = {k: room for k, room in there.items() if k not in self._joined.keys() | leaving}
        left = {k: room for k, room in self._joined.items() if k not in there.keys() | joining}
        self._joined = {k: r for k, r in self._joined.items() if k not in left} | joined
        if casefold(self.current) in left:
            self.left_target()
        return list(joined.values()), list(left.values())

    def rejoin_commands(self) -> list[ClientCommand]:
        """The commands that bring a new member, who starts in the lobby, back into these rooms."""
        leave: list[ClientCommand] = [] if LOBBY in self._joined else [commands.LeaveRoom(LOBBY)]
        return leave + [
            commands.JoinRoom(room, self._keys.get(key, ""))
            for key, room in self._joined.items()
            if key != LOBBY
        ]
