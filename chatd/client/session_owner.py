"""The port between a session and the client that it belongs to."""

from typing import Protocol

from chatd.chat.commands import ClientCommand
from chatd.client.lifecycle import ServerAddress


class SessionOwner(Protocol):
    """The client that a session belongs to, as far as the session needs it."""

    @property
    def server(self) -> ServerAddress | None:
        """The address of the server that the client is, or was last, connected to."""

    def send(self, command: ClientCommand, request_id: int) -> None:
        """Send a command; only called while online."""

    def leave(self) -> None:
        """Leave the chat: everything is sent, or the user does not want to wait for it."""

    def restart_flush_timeout(self) -> None:
        """Restart the timeout after which a draining session is given up.

        Called when no more lines will be taken, and then at each confirmation.
        """

    def set_paused(self, paused: bool) -> None:
        """Stop reading from the server, or resume."""

    def notify_of_connection(self, message: str) -> None:
        """Show a sentence about the connection, which is of no interest if it is soon back."""
