"""What a person who comes in, or comes back, is shown of what was said before."""

from collections.abc import Callable, Sequence

from chatd.chat import events
from chatd.chat.commands import ClientCommand, ReadHistory
from chatd.client.terminal.roster import CatchUp, Roster
from chatd.wire import frames
from chatd.wire.frames import FromServer
from tests.client.session_harness import RecordingSession

WELCOME = events.Welcome("party", 7, "ice", ("#lobby",))


def said(seq: int) -> events.Message:
    return events.Message("#lobby", seq, 0, "moon", f"number {seq}")


class Past(RecordingSession):
    """A server with a past, of which a person comes to hear; the last message is number `last`."""

    def __init__(self, last: int) -> None:
        super().__init__()
        self.last = last
        self.shown: list[tuple[str, list[int], str]] = []
        self.company = Roster()
        self.arrival = CatchUp(self.company, self._show, lambda: None)

    def _show(self, title: str, messages: Sequence[events.Message], note: str) -> None:
        self.shown.append((title, [each.seq for each in messages], note))

    def request(self, command: ClientCommand, on_reply: Callable[[FromServer], None]) -> None:
        if isinstance(command, ReadHistory):
            first = max(1, self.last - command.limit + 1)
            messages = tuple(said(seq) for seq in range(first, self.last + 1))
            on_reply(frames.History(data=events.History("#lobby", messages)))

    def enters(self) -> None:
        self.company.update(WELCOME)
        self.arrival.entered(self)


def test_who_comes_in_is_shown_the_last_twenty_messages() -> None:
    past = Past(30)
    past.enters()
    assert past.shown == [("history of #lobby", list(range(11, 31)), "")]


def back_after(missed: int) -> Past:
    """A person who heard number 3, missed so many, and is back."""
    past = Past(3)
    past.enters()
    past.company.message_received(said(3), "#lobby")
    past.shown.clear()
    past.last += missed
    past.enters()
    return past


def test_who_comes_back_is_shown_everything_that_was_missed() -> None:
    assert back_after(40).shown == [("messages missed in #lobby", list(range(4, 44)), "")]


def test_who_missed_more_than_that_is_told_how_many_and_how_to_read_them() -> None:
    [(title, seqs, note)] = back_after(70).shown
    assert (title, seqs) == ("messages missed in #lobby", list(range(24, 74)))
    assert note == "; 20 earlier: /history 70 in #lobby shows them"
