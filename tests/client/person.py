"""A person with a session and nothing behind it: the test is the server."""

from chatd.chat.commands import ClientCommand, SendMessage
from chatd.chat.errors import RequestId
from chatd.client.session import Session
from chatd.wire import frames
from tests.fakes import FakeScreen


class Person:
    """A session, its screen, what was sent, and how often it wanted to leave."""

    def __init__(self, can_ask: bool = False, online: bool = True) -> None:
        self.screen = FakeScreen(can_ask)
        self.sent: list[tuple[ClientCommand, RequestId]] = []
        self.left = 0
        self.session = Session("ice", self.screen, self._send, self._leave)
        if online:
            self.session.online()

    def _send(self, command: ClientCommand, request_id: RequestId) -> None:
        assert self.session.is_online, "sent while offline"
        self.sent.append((command, request_id))

    def _leave(self) -> None:
        self.left += 1

    def types(self, *lines: str) -> None:
        for line in lines:
            self.session.submit(line)

    def confirm(self, request_id: RequestId) -> None:
        self.session.frame_received(frames.Ok(id=request_id))

    def holds(self) -> bool:
        return self.screen.is_held

    def refuse(self, request_id: RequestId, code: str, sentence: str = "No.") -> None:
        self.session.frame_received(
            frames.Error(id=request_id, data=frames.ErrorData(code, sentence))
        )

    def comes_back(self) -> None:
        """Lose the connection, and get another one."""
        self.session.offline()
        self.forget()
        self.session.online()

    def forget(self) -> None:
        """Look only at what is sent and said from now on."""
        self.sent.clear()
        self.screen.said.clear()

    @property
    def commands(self) -> list[ClientCommand]:
        return [command for command, _ in self.sent]

    @property
    def texts(self) -> list[str]:
        return [command.text for command, _ in self.sent if isinstance(command, SendMessage)]
