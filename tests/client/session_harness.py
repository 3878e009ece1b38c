"""Sessions for tests: one whose client is the test, and one that only records its calls."""

from collections.abc import Callable

from twisted.internet.testing import MemoryReactorClock

from chatd.chat.commands import ClientCommand, SendMessage
from chatd.chat.errors import Refusal, RequestId
from chatd.chat.names import LOBBY
from chatd.client.files.file_server import FileServer
from chatd.client.files.transfers import Transfers
from chatd.client.ignored import IgnoredNicknames
from chatd.client.lifecycle import ServerAddress
from chatd.client.session import Session
from chatd.client.ui import SessionView
from chatd.wire import frames
from chatd.wire.frames import FromServer
from chatd.wire.slash_commands import parse
from chatd.wire.user_inputs import UserInput
from tests.fakes import FakeUI


def type_line(session: SessionView, line: str) -> None:
    """Hand a line to `session`, as a user interface does."""
    try:
        user_input = parse(line, session.target)
    except Refusal as refusal:
        session.not_sent(str(refusal))
    else:
        session.submit(line, user_input)


class SessionHarness:
    """A session, and the test in the place of its client and the server.

    :ivar sent: the commands sent, with their request ids.
    :ivar leave_calls: how often the session wanted to leave.
    """

    def __init__(self, is_interactive: bool = False, online: bool = True) -> None:
        self.ui = FakeUI(is_interactive)
        self.sent: list[tuple[ClientCommand, RequestId]] = []
        self.leave_calls = 0
        self.server: ServerAddress | None = ServerAddress("10.35.11.111", 7777)
        self.paused: list[bool] = []
        self.clock = MemoryReactorClock()
        self.transfers = Transfers(self.clock, self.ui, lambda: self.file_server)
        self.file_server: FileServer | None = None
        self.session = Session("ice", self.ui, self, self.transfers)
        if online:
            self.session.online()

    def send(self, command: ClientCommand, request_id: RequestId) -> None:
        assert self.session.is_online, "sent while offline"
        self.sent.append((command, request_id))

    def leave(self) -> None:
        self.leave_calls += 1

    def restart_flush_timeout(self) -> None:
        """The client has a timeout to start; the session does not depend on it."""

    def set_paused(self, paused: bool) -> None:
        self.paused.append(paused)

    def notify_of_connection(self, message: str) -> None:
        self.ui.notify(message)

    def type(self, *lines: str) -> None:
        for line in lines:
            type_line(self.session, line)

    def confirm(self, request_id: RequestId) -> None:
        self.session.frame_received(frames.Ok(id=request_id))

    def refuse(self, request_id: RequestId, code: str, message: str = "No.") -> None:
        self.session.frame_received(
            frames.Error(id=request_id, data=frames.ErrorData(code, message))
        )

    def reconnect(self) -> None:
        """Lose the connection, and get another one."""
        self.session.offline()
        self.clear()
        self.session.online()

    def clear(self) -> None:
        """Look only at what is sent and notified from now on."""
        self.sent.clear()
        self.ui.notices.clear()

    def input_is_paused(self) -> bool:
        return self.ui.is_input_paused

    @property
    def commands(self) -> list[ClientCommand]:
        return [command for command, _ in self.sent]

    @property
    def texts(self) -> list[str]:
        return [command.text for command, _ in self.sent if isinstance(command, SendMessage)]


class RecordingSession:
    """The session that a user interface under test is attached to.

    :ivar lines: the lines submitted, in order.
    :ivar inputs: what the user interface parsed them to.
    :ivar on_submit: called after each line.
    """

    nickname = "ice"
    target = LOBBY
    unconfirmed_count = 0

    def __init__(self, on_submit: Callable[[], None] = lambda: None) -> None:
        self.lines: list[str] = []
        self.inputs: list[UserInput | None] = []
        self.problems: list[str] = []
        self.requests: list[ClientCommand] = []
        self.paused: list[bool] = []
        self.ends = 0
        self.losses = self.stops = 0
        self.ignored = IgnoredNicknames()
        self.on_submit = on_submit

    def submit(self, line: str, user_input: UserInput | None) -> None:
        self.lines.append(line)
        self.inputs.append(user_input)
        self.on_submit()

    def switch(self, target: str) -> None:
        self.target = target

    def without_ignored(self, event: object) -> object | None:
        return self.ignored.without_ignored(event)

    def not_sent(self, reason: str) -> None:
        self.problems.append(reason)

    def end_of_input(self) -> None:
        self.ends += 1

    def output_lost(self) -> None:
        self.losses += 1

    def set_output_paused(self, paused: bool) -> None:
        self.paused.append(paused)

    def stop_transfer(self) -> None:
        self.stops += 1

    def request(self, command: ClientCommand, on_reply: Callable[[FromServer], None]) -> None:
        self.requests.append(command)
