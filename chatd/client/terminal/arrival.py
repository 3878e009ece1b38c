"""What a person who comes in wants to know: who is here, which rooms there are, what was said.

It is asked on entering and on joining a room, as a part of it, and at no other time: a client that
asked by itself would never be inactive (SPEC §4).
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from chatd.chat import commands, events, limits
from chatd.chat.commands import ClientCommand
from chatd.chat.names import LOBBY
from chatd.client.terminal.company import Roster
from chatd.wire import native_frames as frames
from chatd.wire.lines import escape
from chatd.wire.native_frames import FromServer


class Server(Protocol):
    """Who is asked."""

    def request(self, command: ClientCommand, on_reply: Callable[[FromServer], None]) -> None:
        """Ask for something; `answered` gets each frame of the answer."""


class CatchUp:
    """Asks what is to be known on the way in.

    :param show: gets a title, the messages that were not shown before, and a note on them.
    :param changed: called when more is known of the company.
    """

    def __init__(
        self,
        roster: Roster,
        show: Callable[[str, Sequence[events.Message], str], None],
        changed: Callable[[], None],
    ) -> None:
        self._roster = roster
        self._show = show
        self._changed = changed

    def entered(self, server: Server) -> None:
        """The person came in."""
        server.request(commands.ListUsers(), self._listed)
        server.request(commands.ListRooms(), self._listed)
        self._ask_history(server, LOBBY)

    def joined(self, server: Server, room: str) -> None:
        """The person came into a room."""
        server.request(commands.ListUsers(room), self._listed)
        self._ask_history(server, room)

    def _ask_history(self, server: Server, room: str) -> None:
        parts: list[events.Message] = []

        def read(frame: FromServer) -> None:
            if isinstance(frame, frames.History):
                parts.extend(frame.data.messages)
                if not frame.data.more:
                    self._read(room, parts)

        was_here = self._roster.is_known_room(room)
        count = limits.HISTORY_REPLY_MESSAGES if was_here else limits.ENTERING_HISTORY_MESSAGES
        server.request(commands.ReadHistory(room, count), read)

    def _listed(self, frame: FromServer) -> None:
        if isinstance(frame, frames.Users | frames.Rooms):
            self._roster.update(frame.data)
            self._changed()

    def _read(self, room: str, messages: Sequence[events.Message]) -> None:
        unheard = self._roster.unseen(messages)
        if unheard:
            was_here = self._roster.is_known_room(room)
            title = "said meanwhile in" if was_here else "history of"
            note = _note(self._roster.count_missed_before(messages[0]), len(messages), room)
            self._show(f"{title} {escape(room)}", unheard, note if was_here else "")


def _note(earlier: int, read: int, room: str) -> str:
    """What is said of missed messages `earlier` than those that were read."""
    if not earlier:
        return ""
    return f"; {earlier:,} earlier: /history {earlier + read} in {escape(room)} shows them"
