"""A server that the user gave by one word, which is an id or a host's name.

Both are looked for at once, and the id counts first. Its answer comes within milliseconds, while a
network without Internet may take many seconds to say that it does not know a name. So a host is
connected to if no server has answered to that id for OFFER_COLLECT_SECONDS.
"""

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import DNSLookupError
from twisted.internet.interfaces import IDelayedCall
from twisted.python.failure import Failure
from typing_extensions import override

from chatd.chat import limits
from chatd.client.cluster import KnownNodes
from chatd.client.connection_notices import SearchUI
from chatd.client.finder import BroadcastFinder, DirectAddress, Finder
from chatd.client.lifecycle import ServerAddress
from chatd.wire.rendering import escape


class NamedServer(Finder):
    """Finds the server with an id, or else the host of that name; what it finds first it keeps.

    :param reactor: provides ``IReactorTime``, and looks up names.
    :param search: for the server with that id.
    :param host: where the server is if the word is a host's name.
    :ivar on_host: called once if that is what the word is.
    """

    def __init__(
        self, reactor: Any, search: BroadcastFinder, host: ServerAddress, ui: SearchUI
    ) -> None:
        self.on_host: Callable[[], None] = lambda: None
        self._reactor = reactor
        self._search = search
        self._host = host
        self._ui = ui
        self._found: Finder | None = None
        self._is_host_known = False
        self._looking_up: Deferred[Any] | None = None
        self._check_call: IDelayedCall | None = None

    @override
    def find(
        self,
        on_found: Callable[[ServerAddress], None],
        on_failed: Callable[[str], None],
        holds_slot: bool = False,
    ) -> None:
        if self._found is not None:
            self._found.find(on_found, on_failed, holds_slot)
            return

        def answered(server: ServerAddress) -> None:
            self._found = self._search
            on_found(server)

        def check() -> None:
            self._check_call = None
            if self._is_host_known and not self._search.is_undecided:
                self._take_host()
                self.find(on_found, on_failed)
            else:
                self._check_call = self._reactor.callLater(limits.OFFER_COLLECT_SECONDS, check)

        self._search.suggests = lambda: not self._is_host_known
        self._search.find(answered, on_failed, holds_slot)
        self._check_call = self._reactor.callLater(limits.OFFER_COLLECT_SECONDS, check)
        self._looking_up = self._reactor.resolve(self._host.host)
        self._looking_up.addCallbacks(self._host_found, self._no_host)

    @override
    def stop(self) -> None:
        self._search.stop()
        if self._check_call is not None:
            self._check_call.cancel()
            self._check_call = None
        if self._looking_up is not None:
            self._looking_up.cancel()
            self._looking_up = None

    @property
    @override
    def nodes(self) -> KnownNodes:
        return self._search.nodes

    def _host_found(self, address: str) -> None:
        self._is_host_known = True

    def _no_host(self, failure: Failure) -> None:
        failure.trap(DNSLookupError, CancelledError)

    def _take_host(self) -> None:
        self.stop()
        self._found = DirectAddress(self._host, nodes=self.nodes)
        word = escape(self._host.host)
        self._ui.notify(f"No server {word} answers, but there is a host of that name.")
        self.on_host()
