"""Which servers the client speaks TLS with, and which key each of them must have.

Anybody in the subnet can answer in a server's name. So the client remembers the key with which it
first met a server, as SSH does, and speaks with nothing else that bears its id or its address: not
with another key, and not without TLS.
"""

import shlex
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from twisted.internet.interfaces import IReactorTime

from chatd.chat import limits
from chatd.client.lifecycle import ServerAddress
from chatd.tls import fingerprint
from chatd.tls.known_servers import KnownServers, address_key, id_key
from chatd.wire.discovery import Offer, is_server_id
from chatd.wire.rendering import escape

_WHY: Final = "Either it was set up anew, or somebody else answers in its place."


class ServerKeys:
    """The keys that the client expects.

    :param known: the servers that the user has met.
    :param notify: shows the user a sentence.
    """

    def __init__(
        self, known: KnownServers, notify: Callable[[str], None], clock: IReactorTime
    ) -> None:
        self._known = known
        self._notify = notify
        self._clock = clock
        self._warned: set[tuple[str, str]] = set()
        # Where a wrong key was found, or none, and until when (by the clock) that counts.
        self._refused: dict[tuple[str, int], float] = {}
        # The keys of those that have not welcomed the client yet: it may be asked for a password.
        self._shown: dict[str, str] = {}

    def as_server(self, host: ServerAddress) -> ServerAddress:
        """`host`, whose name may be a server's id as well: a server that was met has its key."""
        is_met = self._known.get(id_key(host.host)) is not None
        if is_met and self._known.get(_key(host)) is None:
            return replace(host, server_id=host.host)
        return host

    def accepts(self, offer: Offer) -> bool:
        """Whether `offer` may be from the server that it names; if not, the user is told once."""
        refused_until = self._refused.get((offer.address, offer.tls_port), 0.0)
        known = self._known.get(id_key(offer.id))
        if known in (None, offer.fingerprint):
            return self._clock.seconds() >= refused_until
        if (offer.id, offer.fingerprint) not in self._warned:
            self._warned.add((offer.id, offer.fingerprint))
            found, forget = "another key than before", ""
            if not offer.fingerprint:
                found, forget = "no key any more", "--forget "
            self._notify(
                f"{offer.address}:{offer.port} calls itself {escape(offer.id)} but has {found}, so "
                f"this client passes it over. {_WHY} If you trust it: chatd trust {forget}"
                f"{in_shell(offer.id)}"
            )
        return False

    def tries_tls(self, server: ServerAddress) -> bool:
        """Whether to begin with TLS: what a server speaks that was given by its address must be
        tried.
        """
        return bool(self._expected(server)) or not server.server_id

    def no_tls(self, server: ServerAddress) -> str:
        """What the user must be told as a server does not speak TLS; empty if it need not."""
        if not self._expected(server):
            return ""
        return (
            f"{escape(str(server))} does not speak TLS, which it did before, so nothing was sent "
            "to it. It may be restarting. If its host has turned TLS off: chatd trust --forget "
            f"{_name(server)}"
        )

    def wrong_key(self, server: ServerAddress | None, found: str) -> str:
        """What the user must be told of a server's key if it is not the expected one; else empty.

        :param found: the fingerprint of its key.
        """
        if server is None:
            return ""
        if self._expected(server) in ("", found):
            self._shown = {_key(server): found}
            return ""
        self._refuse(server, limits.WRONG_KEY_SECONDS)
        return (
            f"{escape(str(server))} has another key than before. {_WHY} Compare these words with "
            "those that its host is shown (chatd fingerprint, or /whoami): "
            f"{fingerprint.words(found)}. If they are the same: chatd trust {_name(server)} {found}"
        )

    def entered(
        self, given: ServerAddress | None, reached: ServerAddress | None, server_id: str
    ) -> str:
        """Remember the key of the server that has welcomed the client.

        :param given: where it was looked for; without its id, if that was not known.
        :param reached: where it is, and its key, if it speaks TLS.
        :param server_id: as its welcome says.
        :return: what the user must be told if it is not the server with that id that was met
            before; else empty.
        """
        if given is None or reached is None:
            return ""
        self._shown.clear()
        found = reached.fingerprint
        if not is_server_id(server_id):
            server_id = ""  # that is no chatd server; nothing of it goes into the file
        named = replace(given, server_id=given.server_id or server_id, fingerprint="")
        # The key that the user's own address has is right, whatever the server calls itself.
        is_known_address = not given.server_id and self._expected(given) == found != ""
        if not found:
            return self.no_tls(named)
        if not is_known_address and (problem := self.wrong_key(named, found)):
            return problem
        is_new = self._known.get(_key(named)) is None
        self._known.meet(_key(named), found)
        self._known.meet(_key(given), found)
        if is_new:
            name = escape(named.server_id or str(given))
            self._notify(
                f"You meet {name} for the first time. Its key in words, to compare with those "
                f"that its host is shown: {fingerprint.words(found)}"
            )
        return ""

    def _expected(self, server: ServerAddress) -> str:
        """The fingerprint of the key that it must have; empty if it may have any, or none."""
        key = _key(server)
        return self._known.get(key) or server.fingerprint or self._shown.get(key, "")

    def trying(self, server: ServerAddress) -> None:
        """The client connects there. If that leads to nothing, the next search prefers others.

        Else who repeats the offer, and is faster, would keep the client from the right server. It
        is not for long: perhaps this is the right one, which has just been restarted.
        """
        search = limits.RETRY_SECONDS + limits.DISCOVERY_PERIOD_SECONDS
        self._refuse(server, limits.CONNECT_SECONDS + search)

    def reached(self, server: ServerAddress | None) -> None:
        """The server there has the right key, or need not have one."""
        if server is not None:
            self._refused.pop((server.host, server.port), None)

    def _refuse(self, server: ServerAddress, seconds: float) -> None:
        """Take no offers of that address for a while, so that others come into question."""
        self._refused[server.host, server.port] = self._clock.seconds() + seconds
        if len(self._refused) > limits.MAX_OFFERS:
            del self._refused[next(iter(self._refused))]


def _key(server: ServerAddress) -> str:
    """How the file of known servers names a server: by its id, or by the address given for it."""
    if server.server_id:
        return id_key(server.server_id)
    return address_key(server.host, server.port)


def _name(server: ServerAddress) -> str:
    """How the user names a server to ``chatd trust``."""
    return in_shell(server.server_id or f"{server.host}:{server.port}")


def in_shell(name: str) -> str:
    """A server's name as the user types it to ``chatd trust``."""
    quoted = shlex.quote(escape(name))
    return f"-- {quoted}" if name.startswith("-") else quoted
