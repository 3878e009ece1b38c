"""The rooms of one person: where lines go, and where to go back to after a reconnect.

Lines may be typed before the server has answered a ``/join``; they are for the room that the person
thinks to be in.
"""

from chatd.chat import commands
from chatd.chat.commands import ClientCommand
from chatd.chat.errors import AlreadyInRoom
from chatd.chat.names import LOBBY, casefold


class JoinedRooms:
    """Which rooms the person is in; names that differ in case only are one.

    :ivar current: where lines go.
    """

    def __init__(self) -> None:
        self.current = LOBBY
        self._joined = {LOBBY: LOBBY}
        self._previous_rooms: dict[str, str] = {}

    def requested(self, command: ClientCommand) -> None:
        """The person asked for that; the server will answer."""
        match command:
            case commands.JoinRoom(room):
                self._previous_rooms[casefold(room)] = self.current
                self.current = room
            case commands.LeaveRoom(room) if casefold(room) == casefold(self.current):
                self.current = LOBBY

    def confirmed(self, command: ClientCommand | None) -> None:
        """The server did that."""
        match command:
            case commands.JoinRoom(room):
                self._joined[casefold(room)] = room
                self._previous_rooms.pop(casefold(room), None)
            case commands.LeaveRoom(room):
                self._joined.pop(casefold(room), None)

    def refused(self, command: ClientCommand | None, code: str) -> None:
        """The server did not do that."""
        if not isinstance(command, commands.JoinRoom):
            return
        room = command.room
        before = self._previous_rooms.pop(casefold(room), LOBBY)
        if code == AlreadyInRoom.code:
            self._joined[casefold(room)] = room
            return
        for each, its_before in self._previous_rooms.items():
            if casefold(its_before) == casefold(room):
                self._previous_rooms[each] = before
        if casefold(self.current) == casefold(room):
            self.current = before

    def rejoin_commands(self) -> list[ClientCommand]:
        """What to ask a server that one has just entered, to be where one was."""
        leave: list[ClientCommand] = [] if LOBBY in self._joined else [commands.LeaveRoom(LOBBY)]
        return leave + [
            commands.JoinRoom(room) for key, room in self._joined.items() if key != LOBBY
        ]
