"""A whole client in memory, and a server that sends fuzzed bytes."""

from collections.abc import Callable
from typing import Final

from chatd.chat import events
from chatd.client.terminal import formatting
from chatd.client.terminal.roster import Roster
from fuzz.log_check import check_displayable, log_is_clean
from fuzz.script import steps
from tests.client.service_harness import ClientHarness
from tests.fakes import FakeUI

#: In seconds since 1970; messages of other days are shown with their dates.
_NOW: Final = 1_700_000_000.0

#: The lines that the user types, one after the other.
_LINES: Final = ("hello", "/users", "/join #dev", "/setname sun", "@moon psst", "/message", "/quit")


class CheckedUI(FakeUI):
    """Formats everything for both user interfaces, and checks that a terminal can show it."""

    def __init__(self) -> None:
        super().__init__(is_interactive=True)
        self._roster = Roster()

    def show_event(self, event: object) -> None:
        super().show_event(event)
        self._roster.update(event)
        if isinstance(event, events.Message):
            self._roster.message_received(event, "#dev")
        if isinstance(event, events.History):
            self._roster.unseen(event.messages)
        for line in formatting.format_event(event, "ice", _NOW):
            for _, text, *_ in line:
                check_displayable(text)
        for shown in self.shown:
            check_displayable(shown)
        self.shown.clear()

    def answer_prompt(self) -> None:
        if self.on_answer is not None:
            self.answer("sun")


class Scenario:
    """A client that has connected, until it has ended."""

    def __init__(self) -> None:
        ui = CheckedUI()
        self._client = client = ClientHarness(ui=ui)
        client.connect()
        self._is_lost = False
        self._typed = 0
        self._actions: list[Callable[[], object]] = [
            lambda: None,  # the next bytes come in another piece
            lambda: client.advance(1),
            lambda: client.advance(5),
            self._type_line,
            ui.answer_prompt,
            self._lose_connection,
            self._reconnect,
            lambda: client.service.set_paused(True),
            lambda: client.service.set_paused(False),
        ]

    def act(self, number: int) -> None:
        """Do an action."""
        self._actions[number % len(self._actions)]()
        self._finish_closing()

    def send(self, data: bytes) -> None:
        """The server sends, if the client is connected."""
        if not self._is_lost:
            if self._client.transport.producerState == "paused":
                self._client.service.set_paused(False)
            self._client.receive_bytes(data)
            self._finish_closing()

    def end(self) -> None:
        """The client is stopped; nothing may be left of it."""
        client = self._client
        client.service.stopService()
        client.advance(60)
        self._lose_connection()
        assert len(client.exit_statuses) == 1, "the client has not ended, or twice"
        assert not client.delayed_calls, "a delayed call was left behind"

    def _type_line(self) -> None:
        self._client.type(_LINES[self._typed % len(_LINES)])
        self._typed += 1

    def _finish_closing(self) -> None:
        """A connection that the client has closed is lost."""
        if self._client.transport.disconnecting:
            self._lose_connection()

    def _lose_connection(self) -> None:
        if not self._is_lost:
            self._is_lost = True
            self._client.lose_connection()

    def _reconnect(self) -> None:
        self._lose_connection()
        self._client.advance(5)
        if self._client.finder.is_searching:
            self._client.connect()
            self._is_lost = False


def fuzz_client(data: bytes) -> None:
    """A client's server runs the script in `data`."""
    with log_is_clean():
        scenario = Scenario()
        for step in steps(data):
            if isinstance(step, int):
                scenario.act(step)
            else:
                scenario.send(step)
        scenario.end()
