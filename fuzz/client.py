"""A whole client in memory, and a server that says what a fuzzer made up."""

from collections.abc import Callable
from typing import Final

from chatd.chat import events
from chatd.client.terminal import formatting
from chatd.client.terminal.roster import Roster
from fuzz.script import steps
from fuzz.watch import check_shown, watched
from tests.client.party import Client, DiscreetScreen

#: In seconds since 1970; what is said on another day is shown with its date.
_NOW: Final = 1_700_000_000.0

#: What the person types, one after the other.
_TYPED: Final = ("hello", "/users", "/join #dev", "/setname sun", "@moon psst", "/message", "/quit")


class Screen(DiscreetScreen):
    """Shows everything in both ways, and looks whether a terminal would obey anything of it."""

    def __init__(self) -> None:
        super().__init__(can_ask=True)
        self._company = Roster()

    def show_event(self, event: object) -> None:
        super().show_event(event)
        self._company.update(event)
        if isinstance(event, events.Message):
            self._company.message_received(event, "#dev")
        if isinstance(event, events.History):
            self._company.unseen(event.messages)
        for line in formatting.format_event(event, "ice", _NOW):
            for _, text, *_ in line:
                check_shown(text)
        for shown in self.shown:
            check_shown(shown)
        self.shown.clear()

    def answer_if_asked(self) -> None:
        if self._answered is not None:
            self.answer("sun")


class Scene:
    """One client that is about to register, at a server that is not what it should be."""

    def __init__(self) -> None:
        self._screen = Screen()
        self._client = client = Client(screen=self._screen)
        client.connect()
        self._is_lost = False
        self._typed = 0
        self._happens: list[Callable[[], object]] = [
            lambda: None,  # the next bytes come in another piece
            lambda: client.passes(1),
            lambda: client.passes(5),
            self._type,
            self._screen.answer_if_asked,
            self._lose,
            self._return,
            lambda: client.service.set_paused(True),
            lambda: client.service.set_paused(False),
        ]

    def happen(self, number: int) -> None:
        """One of the other things happens."""
        self._happens[number % len(self._happens)]()
        self._close()

    def send(self, data: bytes) -> None:
        """The server says something, as long as there is somebody to hear it."""
        if not self._is_lost:
            if self._client.transport.producerState == "paused":
                self._client.service.set_paused(False)
            self._client.says_bytes(data)
            self._close()

    def end(self) -> None:
        """The person leaves; nothing is left of the client."""
        client = self._client
        client.service.stopService()
        client.passes(60)
        self._lose()
        assert len(client.ended) == 1, "the client has not ended, or twice"
        assert not client.leftovers, "a delayed call was left behind"

    def _type(self) -> None:
        self._client.types(_TYPED[self._typed % len(_TYPED)])
        self._typed += 1

    def _close(self) -> None:
        """What the client has closed is lost."""
        if self._client.transport.disconnecting:
            self._lose()

    def _lose(self) -> None:
        if not self._is_lost:
            self._is_lost = True
            self._client.lose_connection()

    def _return(self) -> None:
        self._lose()
        self._client.passes(5)
        if self._client.finder.is_seeking:
            self._client.connect()
            self._is_lost = False


def hear(data: bytes) -> None:
    """Have a client hear `data` from its server."""
    with watched():
        scene = Scene()
        for step in steps(data):
            if isinstance(step, int):
                scene.happen(step)
            else:
                scene.send(step)
        scene.end()
