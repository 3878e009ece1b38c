"""The passwords that the user gave in this run, each for one account at one server's address.

Discovery believes whoever answers to the server's id. A password must not go to another host only
because it answers, so it belongs to the address, and to the key of TLS, that the user gave it to.
"""

from chatd.chat import names
from chatd.client.lifecycle import ServerAddress
from chatd.client.who_am_i import is_loopback


class Passwords:
    """Remembers passwords, by the server's host and port and the account."""

    def __init__(self) -> None:
        self._passwords: dict[tuple[str, int, str, str], str] = {}

    def get(self, server: ServerAddress | None, account: str) -> str:
        """The password of `account` at this address; empty if it was not given there."""
        return self._passwords.get(_key(server, account), "") if server else ""

    def remember(self, server: ServerAddress | None, account: str, password: str) -> None:
        """Remember a password that the user gave for this address, instead of any earlier one."""
        if server is not None:
            self._passwords[_key(server, account)] = password

    def is_known_elsewhere(self, server: ServerAddress | None, account: str) -> bool:
        """Whether the user gave a password of `account`, but for other addresses only."""
        key = names.casefold(account)
        return not self.get(server, account) and any(
            name == key and password for (*_, name), password in self._passwords.items()
        )


def privacy_warning(server: ServerAddress | None) -> str:
    """What follows the question for a password if others could read the answer; else empty."""
    if server is None or server.fingerprint or is_loopback(server.host):
        return ""
    return " (This connection is not encrypted.)"


def _key(server: ServerAddress, account: str) -> tuple[str, int, str, str]:
    # Not the server's id, which anyone can claim. Its key nobody else has.
    return server.host, server.port, server.fingerprint, names.casefold(account)
