"""The server as a service: it listens on its addresses, answers discovery, and stops gracefully."""

import ipaddress
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from socket import gethostname
from typing import Any, Final

from twisted.application.service import MultiService
from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import (
    CancelledError,
    Deferred,
    DeferredList,
    maybeDeferred,
    succeed,
)
from twisted.internet.endpoints import serverFromString
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort
from twisted.internet.protocol import ServerFactory
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure
from typing_extensions import override

from chatd import tcp
from chatd.chat import limits
from chatd.chat.server_events import Node, ServerKey
from chatd.discovery.responder import Responder
from chatd.discovery.subnets import DEFAULT_PORT, Subnet
from chatd.log.missing_messages import Peer
from chatd.server import node_peer
from chatd.server.chat import Chat
from chatd.server.factory import ChatFactory, MainFactory
from chatd.server.transport import write_eagerly
from chatd.wire import discovery

#: Connections that wait in the kernel to be accepted: a burst of clients is not refused.
_BACKLOG: Final = 1_024

#: How many free ports of the first address to try on the other addresses.
_FREE_PORT_ATTEMPTS: Final = 16

#: The name of the main port among the listening ports.
_MAIN_PORT: Final = ""
#: The names of the web page's, and the schemes of their URLs.
_WEB_PORTS: Final = (("web", "http"), ("web-tls", "https"))
#: What stands for the loopback addresses of a server that has none.
_LOOPBACK: Final = ipaddress.IPv4Address("127.0.0.1")
#: The name of the port that speaks nothing but TLS.
_TLS_PORT: Final = "tls"

#: How connections write: at once, or in the reactor's next turn (see ``server.transport``). Each
#: value prepares a port that has begun to listen.
WRITE_MODES: Final[dict[str, Callable[[IListeningPort], None]]] = {
    "eager": write_eagerly,
    "queued": lambda port: None,
}


@dataclass(frozen=True, slots=True)
class ExtraPort:
    """A port besides the main port: of another dialect, or the web page's.

    :param name: the name of its option.
    :param sentence: what the log says of it, with ``{where}`` for the address and port.
    :param factory: makes the factory of its connections.
    :param address: a port number, which it then has on every address of the server, or an endpoint
        description; None for `default_port` or, if that is taken on any address, a free one.
    :param is_local: whether a port number is that of loopback addresses only.
    """

    name: str
    factory: Callable[[Chat], ServerFactory]
    address: int | str | None
    default_port: int = 0
    sentence: str = "Chat listens on {where}"
    is_local: bool = False


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """How a server speaks TLS. The main port does so, besides plain TCP.

    :param context: an ``IOpenSSLServerConnectionCreator`` that knows the ``fingerprint`` of its
        key and its ``words``; they may be others later.
    :param is_required: whether other hosts must speak TLS on the main port.
    """

    context: Any
    is_required: bool = False

    @property
    def fingerprint(self) -> str:
        """That of the server's public key."""
        return str(self.context.fingerprint)

    def describe_key(self) -> ServerKey:
        """The server's public key, as clients are told of it."""
        return ServerKey(self.fingerprint, self.context.words)


@dataclass(frozen=True, slots=True)
class ListenSettings:
    """Where a server listens.

    :param port: the TCP port on all addresses; None for the default port or, if that is taken on
        any address, a free one.
    :param write_mode: one of :data:`WRITE_MODES`.
    :param tls: how TLS is spoken; None if it is not.
    """

    subnets: tuple[Subnet, ...]
    port: int | None = None
    discovery_port: int = DEFAULT_PORT
    extra_ports: tuple[ExtraPort, ...] = ()
    write_mode: str = "eager"
    tls: TlsSettings | None = None


class CannotListen(Exception):
    """A port or an endpoint cannot be listened on.

    :ivar port_name: the name of the port in the log, empty for the main port.
    """

    def __init__(self, port_name: str, address: str, error: BaseException | None) -> None:
        cause = error.socketError if isinstance(error, CannotListenError) else error
        super().__init__(f"cannot listen on {address}: {getattr(cause, 'strerror', None) or cause}")
        self.port_name = port_name


class ChatServer(MultiService):
    """A chat server on the network. Its child services, such as its accounts, run while it does.

    :param current_subnets: returns the subnets that this host has now. If given, the server listens
        on addresses that come later, too, and no longer on those that are gone. Raises OSError.
    :ivar port: the TCP port of the main port, once the service has started.
    :ivar when_restored: fires when the chat that was kept is there again, or with what has failed.
    :ivar when_listening: fires once all ports listen, for the first time. That is at the start,
        unless the interface of an endpoint is a host name. Fails with :class:`CannotListen`.
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
        self._subnets = settings.subnets
        self._unusable: set[ipaddress.IPv4Address] = set()
        # The ports that are on every address: their numbers and factories, by name.
        self._numbered: dict[str, tuple[int, ServerFactory]] = {}
        self._local_ports = {extra.name for extra in settings.extra_ports if extra.is_local}
        self._opening: list[Deferred[Any]] = []
        self.when_listening: Deferred[None] = Deferred()
        self.when_restored: Deferred[Exception | None] = Deferred()
        self._address_check = LoopingCall(self._check_addresses)
        self._address_check.clock = reactor

    @override
    def startService(self) -> None:
        """Listen on every address; see `when_listening` for endpoints with a host name.

        :raises CannotListen: if that is not possible; then nothing is left listening.
        """
        try:
            self.port = self._listen(
                _MAIN_PORT, self._settings.port, DEFAULT_PORT, self._main_factory()
            )
            for extra in self._settings.extra_ports:
                self._listen_extra(extra)
        except CannotListen:
            self._stop_listening()
            raise
        super().startService()
        self.chat.describe_node = self._describe_node
        if self._settings.tls is not None:
            self.chat.describe_key = self._settings.tls.describe_key
        self.chat.connect_node = self._connect_node
        self.chat.open().chainDeferred(self.when_restored)
        for subnet in self._subnets:
            self._log_subnet(subnet)
        for extra in self._settings.extra_ports:
            self._log_address(extra)
        self._responder.start()
        if not self._opening and not self.when_listening.called:
            self.when_listening.callback(None)
        if self._current_subnets is not None:
            self._address_check.start(limits.DISCOVERY_PERIOD_SECONDS, now=False)

    @override
    def stopService(self) -> Deferred[Any]:
        """Stop listening and disconnect everyone; fires when every connection is closed."""
        children_stopped = super().stopService()
        for opening in list(self._opening):
            opening.cancel()
        if self._address_check.running:
            self._address_check.stop()
        stopped = DeferredList(
            [children_stopped, self._responder.stop(), self._stop_listening(), self.chat.end()]
        )
        stopped.addCallback(self._log_counters)
        return stopped.addCallback(lambda _: self.chat.ordered_log.stop())

    @property
    def fingerprint(self) -> str:
        """That of the server's public key; empty if it does not speak TLS."""
        return self._settings.tls.fingerprint if self._settings.tls else ""

    def addresses(self, name: str) -> tuple[tuple[str, int], ...]:
        """The addresses and port numbers of the port `name`, once it listens."""
        hosts = [port.getHost() for port in self._listening.get(name, [])]
        return tuple(
            (host.host, host.port) for host in hosts if isinstance(host, IPv4Address | IPv6Address)
        )

    def _main_factory(self) -> ChatFactory:
        tls = self._settings.tls
        if tls is None:
            return ChatFactory(self.chat)
        return MainFactory(self.chat, tls.context, tls.is_required)

    def _log_subnet(self, subnet: Subnet) -> None:
        self._log_listening(
            "Chat for chatd clients listens on {where}", str(subnet.address), self.port
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

    def _listen_extra(self, extra: ExtraPort) -> None:
        factory = extra.factory(self.chat)
        if isinstance(extra.address, str):
            self._listen_at(extra, extra.address, factory)
        else:
            self._listen(extra.name, extra.address, extra.default_port, factory)

    def _listen_at(self, extra: ExtraPort, description: str, factory: ServerFactory) -> None:
        """Listen at an endpoint: at once, or when its interface, a host name, is looked up."""
        endpoint = serverFromString(self._reactor, description)
        outcome: list[object] = []
        opening = self._look_up_interface(endpoint)
        opening.addCallback(lambda _: endpoint.listen(factory))
        opening.addCallback(lambda port: self._opened(extra.name, port))
        opening.addBoth(outcome.append)
        if not outcome:
            self._opening.append(opening)
            opening.addCallback(
                lambda _: self._opened_later(opening, extra, description, outcome[0])
            )
        elif isinstance(outcome[0], Failure):
            raise CannotListen(extra.name, description, outcome[0].value)

    def _look_up_interface(self, endpoint: Any) -> Deferred[Any]:
        """Replace the host name that is the interface of `endpoint`, if it is one, by its address.

        The system would look it up as it binds the socket, and the reactor would wait for that.
        """
        name = getattr(endpoint, "_interface", "")  # Twisted has no public name for it
        if not name or isIPAddress(name) or isIPv6Address(name):
            return succeed(None)
        found: Deferred[str] = self._reactor.resolve(name)
        return found.addCallback(lambda address: setattr(endpoint, "_interface", address))

    def _opened_later(
        self, opening: Deferred[Any], extra: ExtraPort, description: str, outcome: object
    ) -> None:
        self._opening.remove(opening)
        self._log_address(extra)
        if self.when_listening.called:
            return
        if isinstance(outcome, Failure):
            if not outcome.check(CancelledError):
                self.when_listening.errback(CannotListen(extra.name, description, outcome.value))
        elif not self._opening:
            self.when_listening.callback(None)

    def _log_address(self, extra: ExtraPort) -> None:
        for address, port in self.addresses(extra.name):
            self._log_listening(extra.sentence, address, port)

    def _log_listening(self, sentence: str, address: str, port: int) -> None:
        self.log.info(sentence, where=tcp.join_address(address, port), address=address, port=port)

    def _listen(self, name: str, port: int | None, default: int, factory: ServerFactory) -> int:
        """Listen on one port number of all addresses, and return it."""
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
        addresses = {subnet.address: None for subnet in self._subnets}
        if name in self._local_ports:
            loopback = [address for address in addresses if address.is_loopback]
            return self._open(name, port, factory, loopback or [_LOOPBACK])
        number = self._open(name, port, factory, addresses)
        self._numbered[name] = number, factory
        return number

    def _open(
        self,
        name: str,
        port: int,
        factory: ServerFactory,
        addresses: Iterable[ipaddress.IPv4Address],
    ) -> int:
        """Listen on one port number of all of `addresses`, or of none, and return the number.

        :param addresses: each once.
        :raises CannotListen: if that is not possible.
        """
        opened: list[IListeningPort] = []
        try:
            for address in addresses:
                listening = self._reactor.listenTCP(
                    port, factory, backlog=_BACKLOG, interface=str(address)
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

    def _describe_node(self) -> Node:
        addresses = [tcp.join_address(*address) for address in self._hosts(_MAIN_PORT)]
        origins = []
        for name, scheme in _WEB_PORTS:
            pages = [tcp.join_address(*address) for address in self._hosts(name)]
            # A page that was opened by the host's name has another origin.
            ports = dict.fromkeys(port for _, port in self.addresses(name))
            pages += [f"{gethostname().lower()}:{port}" for port in ports]
            origins += [f"{scheme}://{page}" for page in pages]
        return Node(self.chat.settings.node, tuple(addresses), tuple(origins))

    def _hosts(self, name: str) -> list[tuple[str, int]]:
        """The addresses of the port `name`; those of this host where it listens on all of them."""
        return [
            (str(host), port)
            for address, port in self.addresses(name)
            for host in (
                [subnet.address for subnet in self._subnets]
                if ipaddress.ip_address(address).is_unspecified
                else [address]
            )
        ]

    def _connect_node(self, node: Node) -> Deferred[Peer]:
        return node_peer.connect(self._reactor, node, self.chat.hub.nodes.cluster_id)

    def _make_offer(self, subnet: Subnet) -> discovery.Offer:
        settings, is_cut_off = self.chat.settings, self.chat.ordered_log.is_cut_off
        tls = self._settings.tls
        return discovery.Offer(
            version=discovery.VERSION,
            id=settings.server_id,
            address=str(subnet.address),
            port=self.port,
            slots=settings.slots,
            free=self.chat.free_slots,
            node=settings.node if self.chat.hub.nodes.cluster_id else "",
            cluster=self.chat.hub.nodes.cluster_id,
            state=discovery.CUT_OFF if is_cut_off else "",
            tls_port=self._tls_port() if tls else 0,
            fingerprint=self.fingerprint,
        )

    def _tls_port(self) -> int:
        """The port at which clients are told to speak TLS: one of its own, or the main port."""
        return next((port for _, port in self.addresses(_TLS_PORT)), self.port)

    def _check_addresses(self) -> None:
        """Listen on addresses that this host has got, and no longer on those that are gone."""
        assert self._current_subnets is not None  # noqa: S101  # nosec B101  # only started with it
        try:
            now = tuple(self._current_subnets())
        except OSError as error:
            self.log.warn("this host's addresses cannot be read for now: {error}", error=str(error))
            return
        if set(now) == set(self._subnets):
            return
        # By address: it may have come back with another prefix, and several subnets may have one.
        before = {subnet.address for subnet in self._subnets}
        addresses = {subnet.address for subnet in now}
        for subnet in self._subnets:
            if subnet.address not in addresses:
                self.log.warn("this host no longer has the address {subnet}", subnet=str(subnet))
        for address in before - addresses:
            self._close_at(address)
        self._unusable &= addresses
        opened = {address for address in addresses - before if self._open_at(address)}
        self._subnets = tuple(subnet for subnet in now if subnet.address in before | opened)
        for subnet in self._subnets:
            if subnet.address in opened:
                self.log.info("this host has the new address {subnet}", subnet=str(subnet))
                self._log_subnet(subnet)
        self._responder.set_subnets(self._subnets)
        self.chat.tell_node()
        self.chat.connection_throttle.own_addresses = frozenset(
            str(subnet.address) for subnet in now
        )

    def _open_at(self, address: ipaddress.IPv4Address) -> bool:
        """Listen at an address that has come; whether that is possible. It is tried again."""
        try:
            for name, (port, factory) in self._numbered.items():
                self._open(name, port, factory, [address])
        except CannotListen as error:
            self._close_at(address)
            if address not in self._unusable:
                self.log.warn(
                    "cannot listen on the new address {address} for now: {error}",
                    address=str(address),
                    error=str(error),
                )
            self._unusable.add(address)
            return False
        self._unusable.discard(address)
        return True

    def _close_at(self, address: ipaddress.IPv4Address) -> None:
        """Listen no longer at `address`; connections to it end by themselves.

        Endpoints stay: they would not be opened again when the address comes back.
        """
        for name in self._numbered:
            ports = self._listening.get(name, [])
            for port in list(ports):
                host = port.getHost()
                if isinstance(host, IPv4Address) and host.host == str(address):
                    ports.remove(port)
                    port.stopListening()

    def _log_counters(self, result: object) -> None:
        for what, counters in (
            ("refused", self.chat.counters),
            ("datagrams", self._responder.counters),
        ):
            if counters:
                self.log.info("{what}: {counts}", what=what, counts=dict(counters))
