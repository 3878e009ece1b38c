"""What a person who comes in wants to know: who is here, which rooms there are, what was said.

It is asked on entering and on joining a room, as a part of it, and at no other time: a client that
asked by itself would never be inactive (SPEC §4).
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from chatd.chat import commands, events, limits
from chatd.chat.commands import Asked
from chatd.chat.names import LOBBY
from chatd.client.terminal.company import Company
from chatd.wire import native_frames as frames
from chatd.wire.lines import visible
from chatd.wire.native_frames import FromServer


class Server(Protocol):
    """Who is asked."""

    def inquire(self, command: Asked, answered: Callable[[FromServer], None]) -> None:
        """Ask for something; `answered` gets each frame of the answer."""


class Arrival:
    """Asks what is to be known on the way in.

    :param show: gets a title, the messages that were not shown before, and a note on them.
    :param changed: called when more is known of the company.
    """

    def __init__(
        self,
        company: Company,
        show: Callable[[str, Sequence[events.Said], str], None],
        changed: Callable[[], None],
    ) -> None:
        self._company = company
        self._show = show
        self._changed = changed

    def entered(self, server: Server) -> None:
        """The person came in."""
        server.inquire(commands.ListUsers(), self._listed)
        server.inquire(commands.ListRooms(), self._listed)
        self._ask_history(server, LOBBY)

    def joined(self, server: Server, room: str) -> None:
        """The person came into a room."""
        server.inquire(commands.ListUsers(room), self._listed)
        self._ask_history(server, room)

    def _ask_history(self, server: Server, room: str) -> None:
        parts: list[events.Said] = []

        def read(frame: FromServer) -> None:
            if isinstance(frame, frames.HistoryRead):
                parts.extend(frame.data.messages)
                if not frame.data.more:
                    self._read(room, parts)

        was_here = self._company.was_here(room)
        count = limits.HISTORY_REPLY_MESSAGES if was_here else limits.ENTERING_HISTORY_MESSAGES
        server.inquire(commands.ReadHistory(room, count), read)

    def _listed(self, frame: FromServer) -> None:
        if isinstance(frame, frames.UsersListed | frames.RoomsListed):
            self._company.told(frame.data)
            self._changed()

    def _read(self, room: str, messages: Sequence[events.Said]) -> None:
        unheard = self._company.unheard(messages)
        if unheard:
            was_here = self._company.was_here(room)
            title = "said meanwhile in" if was_here else "history of"
            note = _note(self._company.missed_before(messages[0]), len(messages), room)
            self._show(f"{title} {visible(room)}", unheard, note if was_here else "")


def _note(earlier: int, read: int, room: str) -> str:
    """What is said of missed messages `earlier` than those that were read."""
    if not earlier:
        return ""
    return f"; {earlier:,} earlier: /history {earlier + read} in {visible(room)} shows them"
