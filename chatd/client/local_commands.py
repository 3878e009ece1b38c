"""The commands that the client carries out by itself, without a request to the server."""

from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

from chatd.chat.names import casefold
from chatd.client.ignored import IgnoredNicknames
from chatd.client.joined_rooms import JoinedRooms
from chatd.client.ui import UserInterface, show_help
from chatd.wire import user_inputs
from chatd.wire.rendering import escape

LocalCommand = (
    user_inputs.Help
    | user_inputs.SwitchRoom
    | user_inputs.OpenPrivate
    | user_inputs.ClosePrivate
    | user_inputs.Clear
    | user_inputs.Ignore
    | user_inputs.Unignore
    | user_inputs.WhoAmI
)


class LocalCommands:
    """Carries them out.

    :param refuse: called with the reason if one cannot be carried out.
    :param show_identity: carries out ``/whoami``.
    """

    def __init__(
        self,
        ui: UserInterface,
        rooms: JoinedRooms,
        ignored: IgnoredNicknames,
        refuse: Callable[[str], None],
        show_identity: Callable[[], None],
    ) -> None:
        self._ui = ui
        self._rooms = rooms
        self._ignored = ignored
        self._refuse = refuse
        self._actions: dict[type, Callable[[Any], None]] = {
            user_inputs.Help: lambda command: show_help(
                self._ui, is_for_hosts=command.is_for_hosts
            ),
            user_inputs.SwitchRoom: lambda command: self._switch_room(command.room),
            user_inputs.OpenPrivate: lambda command: self.switch(_talk(command.to)),
            user_inputs.ClosePrivate: lambda command: self._close_private(command.to),
            user_inputs.Clear: lambda command: self._ui.clear(),
            user_inputs.Ignore: lambda command: self._ignore(command.nickname),
            user_inputs.Unignore: lambda command: self._unignore(command.nickname),
            user_inputs.WhoAmI: lambda command: show_identity(),
        }

    def carry_out(self, command: LocalCommand) -> None:
        """Do what the user has asked for."""
        self._actions[type(command)](command)

    def switch(self, target: str) -> None:
        """Send the user's lines to a room or a private talk from now on."""
        self._rooms.current = target
        self._ui.switched(target)

    def _switch_room(self, room: str) -> None:
        joined = self._rooms.find(room)
        if joined is None and self._ui.is_interactive:
            # The lines of a pipe that follow are for that room: the server refuses them.
            self._refuse(self._not_there(room))
        else:
            self.switch(joined or room)

    def _not_there(self, room: str) -> str:
        joined = {casefold(name): name for name in self._rooms.names}
        near = get_close_matches(casefold(room), joined, n=1)
        hint = f"; did you mean /room {joined[near[0]]}?" if near else "."
        return f"you are not in {escape(room)}{escape(hint)} /join {escape(room)} joins it."

    def _close_private(self, to: tuple[str, ...]) -> None:
        talk = _talk(to)
        if self._rooms.current == talk:
            self._rooms.left_target()
            self._ui.switched(self._rooms.current)
        self._ui.closed(talk)

    def _ignore(self, nickname: str | None) -> None:
        if nickname is not None:
            self._ui.notify(self._ignored.add(nickname))
        elif names := self._ignored.names:
            listed = ", ".join(map(escape, names))
            self._ui.notify(f"You ignore {listed}. /unignore NAME ends that.")
        else:
            self._ui.notify("You ignore nobody. /ignore NAME hides what NAME says.")

    def _unignore(self, nickname: str) -> None:
        self._ui.notify(self._ignored.remove(nickname))


def _talk(to: tuple[str, ...]) -> str:
    return f"@{','.join(to)}"
