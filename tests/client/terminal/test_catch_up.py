"""The messages that are shown on entering and after a reconnect."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from chatd.chat import events
from chatd.chat.commands import ClientCommand, ReadHistory
from chatd.client.terminal.roster import CatchUp, Roster
from chatd.wire import frames
from chatd.wire.frames import FromServer
from tests.client.session_harness import RecordingSession

WELCOME = events.Welcome("party", 7, "ice", ("#lobby",))


def message(seq: int) -> events.Message:
    return events.Message("#lobby", seq, 0, "moon", f"number {seq}")


class HistoryServer(RecordingSession):
    """A session with a server that has a history of messages, up to the number `last`."""

    def __init__(self, last: int) -> None:
        super().__init__()
        self.last = last
        self.shown: list[tuple[str, list[int], str]] = []
        self.roster = Roster()
        self.catch_up = CatchUp(self.roster, self._show, lambda: None)

    def _show(self, room: str, title: str, messages: Sequence[events.Message], note: str) -> None:
        self.shown.append((title, [each.seq for each in messages], note))

    def request(self, command: ClientCommand, on_reply: Callable[[FromServer], None]) -> None:
        if isinstance(command, ReadHistory):
            first = max(1, self.last - command.limit + 1)
            messages = tuple(message(seq) for seq in range(first, self.last + 1))
            on_reply(frames.History(data=events.History("#lobby", messages)))

    def enter(self) -> None:
        self.roster.update(WELCOME)
        self.catch_up.entered(self)


def test_on_entering_the_last_twenty_messages_are_shown() -> None:
    server = HistoryServer(30)
    server.enter()
    assert server.shown == [("history of #lobby", list(range(11, 31)), "")]


def reconnected_after(missed: int) -> HistoryServer:
    """A user who saw message 3, missed so many, and has reconnected."""
    server = HistoryServer(3)
    server.enter()
    server.roster.message_received(message(3), "#lobby")
    server.shown.clear()
    server.last += missed
    server.enter()
    return server


def test_after_a_reconnect_all_missed_messages_are_shown() -> None:
    assert reconnected_after(40).shown == [("messages missed in #lobby", list(range(4, 44)), "")]


def test_after_resuming_nothing_is_shown_again() -> None:
    server = HistoryServer(3)
    server.enter()
    for seq in range(4, 9):
        server.roster.message_received(message(seq), "#lobby")
    server.shown.clear()
    server.last = 8
    server.roster.update(replace(WELCOME, resumed=True))
    server.catch_up.resumed(server)
    assert server.shown == []
    # A history that was requested before the connection was lost.
    server.catch_up.joined(server, "#lobby")
    assert server.shown == [("history of #lobby", [1, 2, 3], "")]


def test_a_note_says_how_many_earlier_messages_were_missed_and_how_to_read_them() -> None:
    [(title, seqs, note)] = reconnected_after(70).shown
    assert (title, seqs) == ("messages missed in #lobby", list(range(24, 74)))
    assert note == "; 20 earlier: /history 70 in #lobby shows them"
