"""The server as a service: listens on its addresses, answers discovery, and ends gracefully."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from twisted.application.service import MultiService
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred, DeferredList, maybeDeferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort
from twisted.internet.protocol import ServerFactory
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatd.chat import limits
from chatd.discovery.responder import Responder
from chatd.discovery.subnets import DEFAULT_PORT, Subnet
from chatd.server.chat import Chat
from chatd.server.factory import ChatFactory
from chatd.server.transport import write_eagerly
from chatd.wire import discovery

#: A burst of clients that all come at once waits here instead of being refused.
_BACKLOG: Final = 1_024

#: Free ports to try, before giving up on finding one that is free on every address.
_FREE_PORT_ATTEMPTS: Final = 16


#: What the main port is called among the others.
_MAIN_PORT: Final = ""

#: How connections write: at once, or in the reactor's next turn.
WRITE_MODES: Final[dict[str, Callable[[IListeningPort], None]]] = {
    "eager": write_eagerly,
    "queued": lambda port: None,
}


@dataclass(frozen=True, slots=True)
class ExtraPort:
    """What else a server serves, beside its main port.

    :param name: what the log calls it.
    :param make: makes the factory of its connections.
    :param where: its port on every address, or an endpoint description; None for the port
        `default` or, if that is taken on any address, a free one.
    """

    name: str
    factory: Callable[[Chat], ServerFactory]
    address: int | str | None
    default_port: int = 0


@dataclass(frozen=True, slots=True)
class ListenSettings:
    """Where a server is reached; without a port, on the default one or, if taken, a free one.

    :param writes: one of :data:`WRITES`.
    """

    subnets: tuple[Subnet, ...]
    port: int | None = None
    discovery_port: int = DEFAULT_PORT
    extra_ports: tuple[ExtraPort, ...] = ()
    write_mode: str = "eager"


class CannotListen(Exception):
    """A port or an endpoint that cannot be listened on.

    :ivar side: what it was for, as the log calls it; empty if for the main port.
    """

    def __init__(self, port_name: str, address: str, error: BaseException | None) -> None:
        cause = error.socketError if isinstance(error, CannotListenError) else error
        super().__init__(f"cannot listen on {address}: {getattr(cause, 'strerror', None) or cause}")
        self.port_name = port_name


class ChatServer(MultiService):
    """A chat server on the network; its children, such as its accounts, run while it does.

    :param reactor: the reactor.
    :param current: the subnets that this host has now, where they were not named; the log says when
        they are no longer those that the server listens on.
    :ivar port: the TCP port, once the service has started.
    """

    log = Logger()

    def __init__(
        self,
        reactor: Any,
        settings: ListenSettings,
        chat: Chat,
        current_subnets: Callable[[], Sequence[Subnet]] | None = None,
    ) -> None:
        super().__init__()
        self.chat = chat
        self.port = 0
        self._reactor = reactor
        self._settings = settings
        self._listening: dict[str, list[IListeningPort]] = {}
        self._responder = Responder(
            reactor, settings.subnets, settings.discovery_port, self._make_offer
        )
        self._current_subnets = current_subnets
        self._last_seen_subnets: Sequence[Subnet] = settings.subnets
        self._address_check = LoopingCall(self._check_addresses)
        self._address_check.clock = reactor

    def startService(self) -> None:
        """Listen on every address.

        :raises CannotListen: if that is not possible; then nothing is left listening.
        """
        try:
            self.port = self._listen(
                _MAIN_PORT, self._settings.port, DEFAULT_PORT, ChatFactory(self.chat)
            )
            for side in self._settings.extra_ports:
                self._listen_extra(side)
        except CannotListen:
            self._stop_listening()
            raise
        super().startService()
        for subnet in self._settings.subnets:
            self.log.info(
                "{id} listens on {address}:{port} (TCP)",
                id=self.chat.settings.server_id,
                address=str(subnet.address),
                port=self.port,
            )
            if subnet.is_discoverable:
                self.log.info(
                    "{id} answers discovery in {network} (UDP port {port})",
                    id=self.chat.settings.server_id,
                    network=str(subnet.network),
                    port=self._settings.discovery_port,
                )
            else:
                self.log.warn(
                    "nothing can be discovered in {subnet}: it has no broadcast address",
                    subnet=str(subnet),
                )
        self._responder.start()
        if self._current_subnets is not None:
            self._address_check.start(limits.DISCOVERY_PERIOD_SECONDS, now=False)

    def stopService(self) -> Deferred[Any]:
        """Stop accepting, tell everyone, and fire when all that was queued has gone out."""
        children_stopped = super().stopService()
        if self._address_check.running:
            self._address_check.stop()
        return DeferredList(
            [children_stopped, self._responder.stop(), self._stop_listening(), self.chat.end()]
        ).addCallback(self._log_counters)

    def addresses(self, name: str) -> tuple[tuple[str, int], ...]:
        """The addresses and ports where the side of that name is reached, once it listens."""
        hosts = [port.getHost() for port in self._listening.get(name, [])]
        return tuple(
            (host.host, host.port) for host in hosts if isinstance(host, IPv4Address | IPv6Address)
        )

    def _listen_extra(self, extra: ExtraPort) -> None:
        """Listen for something else."""
        factory = extra.factory(self.chat)
        if isinstance(extra.address, str):
            self._listen_at(extra.name, extra.address, factory)
        else:
            self._listen(extra.name, extra.address, extra.default_port, factory)
        self._log_address(extra)

    def _listen_at(self, name: str, description: str, factory: ServerFactory) -> None:
        """Listen at an endpoint: one of TCP, where it is known at once whether that can be."""
        failures: list[Failure] = []
        listening: Deferred[IListeningPort] = serverFromString(self._reactor, description).listen(
            factory
        )
        listening.addCallbacks(lambda port: self._opened(name, port), failures.append)
        for failure in failures:
            raise CannotListen(name, description, failure.value)

    def _log_address(self, extra: ExtraPort) -> None:
        for host, port in self.addresses(extra.name):
            self.log.info(
                "{id} listens on {address}:{port} ({side})",
                id=self.chat.settings.server_id,
                address=host,
                port=port,
                side=extra.name,
            )

    def _listen(self, name: str, port: int | None, default: int, factory: ServerFactory) -> int:
        """Listen on one port of all addresses; the answer is which."""
        try:
            return self._listen_on(name, default if port is None else port, factory)
        except CannotListen:
            if port is not None:
                raise
        for _ in range(_FREE_PORT_ATTEMPTS - 1):
            with suppress(CannotListen):
                return self._listen_on(name, 0, factory)
        return self._listen_on(name, 0, factory)

    def _listen_on(self, name: str, port: int, factory: ServerFactory) -> int:
        opened: list[IListeningPort] = []
        try:
            for subnet in self._settings.subnets:
                listening = self._reactor.listenTCP(
                    port, factory, backlog=_BACKLOG, interface=str(subnet.address)
                )
                opened.append(listening)
                port = listening.getHost().port
        except CannotListenError as error:
            for each in opened:
                each.stopListening()
            raise CannotListen(name, f"{error.interface}:{error.port}", error) from None
        for each in opened:
            self._opened(name, each)
        return port

    def _opened(self, name: str, port: IListeningPort) -> None:
        WRITE_MODES[self._settings.write_mode](port)
        self._listening.setdefault(name, []).append(port)

    def _stop_listening(self) -> Deferred[Any]:
        ports = [port for opened in self._listening.values() for port in opened]
        self._listening.clear()
        return DeferredList([maybeDeferred(port.stopListening) for port in ports])

    def _make_offer(self, subnet: Subnet) -> discovery.Offer:
        return discovery.Offer(
            version=discovery.VERSION,
            id=self.chat.settings.server_id,
            address=str(subnet.address),
            port=self.port,
            slots=self.chat.settings.slots,
            free=self.chat.hub.free_slots,
        )

    def _check_addresses(self) -> None:
        """Say in the log when this host's addresses are no longer those listened on."""
        assert self._current_subnets is not None  # noqa: S101  # nosec B101  # only started with it
        try:
            now = self._current_subnets()
        except OSError as error:
            self.log.warn("this host's addresses cannot be read for now: {error}", error=str(error))
            return
        if set(now) == set(self._last_seen_subnets):
            return
        self._last_seen_subnets = now
        if set(now) == set(self._settings.subnets):
            self.log.info("this host has the addresses again that the server listens on")
        else:
            self.log.warn(
                "this host's addresses changed to {now}; the server still listens on {listening}: "
                "restart it to be reached there",
                now=", ".join(map(str, now)) or "none",
                listening=", ".join(map(str, self._settings.subnets)),
            )

    def _log_counters(self, result: object) -> None:
        for what, counters in (
            ("refused", self.chat.counters),
            ("datagrams", self._responder.counters),
        ):
            if counters:
                self.log.info("{what}: {counts}", what=what, counts=dict(counters))
