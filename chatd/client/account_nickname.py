"""A ``/setname`` to an account's nickname: the user is asked for the password, and it is sent."""

from functools import partial
from typing import Protocol

from chatd.chat import commands
from chatd.client.lifecycle import ServerAddress
from chatd.client.passwords import Passwords, privacy_warning
from chatd.client.ui import UserInterface
from chatd.client.unconfirmed import PendingCommand
from chatd.wire.rendering import escape


class RenamedSession(Protocol):
    """The session, as far as the password's prompt needs it."""

    nickname: str
    passwords: Passwords
    #: Whether commands can be sent now.
    is_online: bool

    @property
    def server(self) -> ServerAddress | None:
        """The address of the server that the client is, or was last, connected to."""

    def refused(self, message: str) -> None:
        """Notify the user of a refusal; it counts for the exit status."""

    def send_at_once(self, pending: PendingCommand) -> None:
        """Send a command now, before those that wait."""

    def enqueue(self, pending: PendingCommand) -> None:
        """Send a command behind those that wait."""


class AccountNickname:
    """Asks for the password of an account whose nickname the user wants."""

    def __init__(self, ui: UserInterface, session: RenamedSession) -> None:
        self._ui = ui
        self._session = session

    def prompt_password(self, nickname: str, problem: str = "") -> None:
        """Ask for the password, because the server requires it, or because of `problem`."""
        if not self._ui.is_interactive:
            self._session.refused(
                f"Refused: {nickname} needs a password, which can be entered only at a terminal."
            )
            return
        keep = f" (Enter alone: stay {self._session.nickname})" if problem else ""
        server = self._session.server
        self._ui.prompt_password(
            f"{escape(problem)} Password for {nickname}?{keep}{privacy_warning(server)}".lstrip(),
            partial(self._authenticate, nickname, server),
        )

    def _authenticate(self, nickname: str, server: ServerAddress | None, password: str) -> None:
        """Send the password, at once and only to the server that asked for it."""
        session = self._session
        line = f"/setname {nickname}"  # shown to the user if it fails; without the password
        if not password:
            self._ui.password_checked()
            self._ui.notify(f"You are still {escape(session.nickname)}.")
        elif session.is_online and session.server == server:
            session.passwords.remember(server, nickname, password)
            session.send_at_once(PendingCommand(line, commands.Authenticate(nickname, password)))
        else:
            self._ui.password_checked()
            self._ui.notify(
                "The connection was lost meanwhile, so the password was not sent. You will be "
                "asked for it again."
            )
            session.enqueue(PendingCommand(line, commands.Rename(nickname)))
