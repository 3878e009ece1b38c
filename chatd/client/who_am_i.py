"""The reply to ``/whoami``: who the user is, where, and whether others can read along."""

from ipaddress import ip_address
from typing import Protocol

from chatd.client.lifecycle import ServerAddress
from chatd.client.ui import UserInterface
from chatd.tls.fingerprint import words
from chatd.wire.rendering import describe_self, escape


class Identity(Protocol):
    """The nickname and the server of the user.

    :ivar server: that the client is connected to; None if it is not connected.
    """

    nickname: str

    @property
    def server(self) -> ServerAddress | None:
        """The server."""


def show_identity(ui: UserInterface, identity: Identity) -> None:
    """Show who the user is."""
    nickname, server = identity.nickname, identity.server
    if server is None:
        ui.notify(f"You are {escape(nickname)}, and not connected.")
        return
    for sentence in describe_self(
        nickname,
        server.server_id or server.host,
        is_encrypted=server.fingerprint != "",
        is_local=is_loopback(server.host),
        key_words=words(server.fingerprint) if server.fingerprint else "",
    ):
        ui.notify(sentence)


def is_loopback(host: str) -> bool:
    """Whether `host` is this one."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
