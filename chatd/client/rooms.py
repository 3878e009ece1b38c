"""The rooms of one person: where lines go, and where to go back to after a reconnect.

Lines may be typed before the server has answered a ``/join``; they are for the room that the person
thinks to be in.
"""

from chatd.chat import commands
from chatd.chat.commands import Asked
from chatd.chat.names import LOBBY, folded
from chatd.chat.refusals import AlreadyInRoom


class Rooms:
    """Which rooms the person is in; names that differ in case only are one.

    :ivar current: where lines go.
    """

    def __init__(self) -> None:
        self.current = LOBBY
        self._joined = {LOBBY: LOBBY}
        self._before: dict[str, str] = {}

    def asked(self, command: Asked) -> None:
        """The person asked for that; the server will answer."""
        match command:
            case commands.Join(room):
                self._before[folded(room)] = self.current
                self.current = room
            case commands.Leave(room) if folded(room) == folded(self.current):
                self.current = LOBBY

    def done(self, command: Asked | None) -> None:
        """The server did that."""
        match command:
            case commands.Join(room):
                self._joined[folded(room)] = room
                self._before.pop(folded(room), None)
            case commands.Leave(room):
                self._joined.pop(folded(room), None)

    def refused(self, command: Asked | None, code: str) -> None:
        """The server did not do that."""
        if not isinstance(command, commands.Join):
            return
        room = command.room
        before = self._before.pop(folded(room), LOBBY)
        if code == AlreadyInRoom.code:
            self._joined[folded(room)] = room
            return
        for each, its_before in self._before.items():
            if folded(its_before) == folded(room):
                self._before[each] = before
        if folded(self.current) == folded(room):
            self.current = before

    def to_go_back(self) -> list[Asked]:
        """What to ask a server that one has just entered, to be where one was."""
        leave: list[Asked] = [] if LOBBY in self._joined else [commands.Leave(LOBBY)]
        return leave + [commands.Join(room) for key, room in self._joined.items() if key != LOBBY]
