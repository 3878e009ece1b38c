"""A terminal's user interface on an emulated screen, with a session whose server is the test."""

from pathlib import Path

import pyte
from prompt_toolkit.data_structures import Size
from prompt_toolkit.input import DummyInput
from prompt_toolkit.output.vt100 import Vt100_Output
from twisted.internet.task import Clock

from chatd.chat import events
from chatd.chat.commands import ClientCommand, JoinRoom, LeaveRoom
from chatd.chat.errors import RequestId
from chatd.client.files.transfers import Transfers
from chatd.client.ignored import IgnoredNicknames
from chatd.client.lifecycle import ServerAddress
from chatd.client.session import Session
from chatd.client.status import Online
from chatd.client.terminal.screen import TerminalUI
from chatd.client.terminal.tty import Tty
from chatd.client.terminal.window import WindowFile
from chatd.client.ui import CONDENSED
from chatd.wire import frames
from chatd.wire.frames import FromServer


class Emulator:
    """What an output writes to: it keeps the screen, and what has scrolled off its top."""

    encoding = "utf-8"

    def __init__(self, columns: int, rows: int) -> None:
        self.screen = pyte.HistoryScreen(columns, rows, history=10_000)
        self._stream = pyte.Stream(self.screen)

    def write(self, text: str) -> None:
        self._stream.feed(text)

    def flush(self) -> None:
        """Nothing waits."""

    def fileno(self) -> int:
        return -1

    def isatty(self) -> bool:
        return True


class ViewScreen:
    """The user *ice* at a terminal.

    :ivar now: the time, in seconds since 1970.
    :ivar sent: what the client has sent, with the request ids.
    """

    def __init__(
        self,
        directory: Path,
        columns: int = 60,
        rows: int = 12,
        *,
        arrivals: str = CONDENSED,
        one_stream: bool = False,
    ) -> None:
        self.now = 0.0
        self.clock = Clock()
        self.size = Size(rows=rows, columns=columns)
        self.emulator = Emulator(columns, rows)
        self.sent: list[tuple[ClientCommand, RequestId]] = []
        self.server = ServerAddress("10.35.11.111", 7777)
        window = Vt100_Output(
            self.emulator,  # type: ignore[arg-type]  # as much of a text file as is needed
            lambda: self.size,
            term="xterm",
            enable_cpr=False,
        )
        tty = Tty(DummyInput(), window, WindowFile(-1), one_stream=one_stream, arrivals=arrivals)
        self.ui = TerminalUI(self.clock, tty, directory / "history", lambda: self.now)
        self.ignored = IgnoredNicknames(directory / "ignored")
        transfers = Transfers(self.clock, self.ui, lambda: None)
        self.session = Session("ice", self.ui, self, transfers, self.ignored)
        self.ui.attach(self.session)
        welcome = events.Welcome("party", 7, "ice", ("#lobby",))
        self.ui.show_event(welcome)
        self.session.welcomed(welcome)
        self.ui.set_status(Online("ice"))
        self.session.online()

    # --- the session's owner --------------------------------------------------------------------

    def send(self, command: ClientCommand, request_id: RequestId) -> None:
        self.sent.append((command, request_id))

    def leave(self) -> None:
        """The client would leave."""

    def restart_flush_timeout(self) -> None:
        """The client would give up later."""

    def set_paused(self, paused: bool) -> None:
        """The client would stop reading."""

    def notify_of_connection(self, message: str) -> None:
        self.ui.notify(message)

    # --- what happens ---------------------------------------------------------------------------

    def receive(self, *received: FromServer) -> None:
        for frame in received:
            self.session.frame_received(frame)

    def say(self, room: str, *texts: str, source: str = "moon") -> None:
        for text in texts:
            self.receive(frames.Message(data=events.Message(room, 1, 0, source, text)))

    def say_privately(
        self, *texts: str, source: str = "moon", to: tuple[str, ...] = ("ice",)
    ) -> None:
        for text in texts:
            self.receive(frames.PrivateMessage(data=events.PrivateMessage(source, to, 0, text)))

    def come(self, *nicknames: str) -> None:
        self.receive(*(frames.MemberEntered(data=events.MemberEntered(each)) for each in nicknames))

    def go(self, *nicknames: str) -> None:
        for each in nicknames:
            self.receive(frames.MemberLeft(data=events.MemberLeft(each, "quit")))

    def type(self, text: str) -> None:
        self.ui._editor.application.current_buffer.insert_text(text)

    def enter(self, *lines: str) -> None:
        for line in lines:
            self.type(line)
            self.ui._editor.enter()

    def confirm(self) -> None:
        """Carry out the last command, as a server does."""
        command, request_id = self.sent[-1]
        match command:
            case JoinRoom(room):
                self.receive(frames.RoomJoined(data=events.RoomJoined(room, "ice")))
            case LeaveRoom(room):
                self.receive(frames.RoomLeft(data=events.RoomLeft(room, "ice")))
        self.receive(frames.Ok(id=request_id))

    def join(self, *rooms: str) -> None:
        for room in rooms:
            self.enter(f"/join {room}")
            [index] = [i for i, (each, _) in enumerate(self.sent) if each == JoinRoom(room)]
            command = self.sent.pop(index)
            self.sent.append(command)
            self.confirm()

    # --- what is seen ---------------------------------------------------------------------------

    @property
    def shown(self) -> list[str]:
        """The lines in the window, without their times."""
        self.clock.advance(1)
        rows = [row.rstrip() for row in self.emulator.screen.display]
        return [row.removeprefix("00:00 ") for row in rows if row]

    @property
    def prompt(self) -> str:
        return self.ui._status_bar.prompt(self.draft, self.size.columns)[1]

    @property
    def status(self) -> str:
        return self.ui._status_bar.status(self.size.columns)

    @property
    def draft(self) -> str:
        return self.ui._editor.application.current_buffer.text
