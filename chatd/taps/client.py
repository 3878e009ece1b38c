"""``chatd client`` and twistd's ``chatclient``: options, and the services that run a client."""

import os
import random
from typing import Any, ClassVar

from twisted.internet.defer import Deferred
from twisted.logger import ILogObserver
from twisted.python import usage
from typing_extensions import override

from chatd.chat import limits
from chatd.client.connection_notices import ConnectionNotices
from chatd.client.console import close_with_timeout
from chatd.client.finder import BroadcastFinder, DirectAddress, Finder
from chatd.client.ignored import IgnoredNicknames, ignored_file
from chatd.client.lifecycle import ServerAddress
from chatd.client.named_server import NamedServer
from chatd.client.server_keys import ServerKeys
from chatd.client.service import ChatClient
from chatd.client.ui import InteractiveUI, UserInterface
from chatd.discovery.subnets import DEFAULT_PORT, default_subnets, host_addresses
from chatd.taps import environment
from chatd.taps.interactive import InteractiveOptions, install_reactor, is_terminal, make_ui
from chatd.taps.known_servers import known_servers
from chatd.taps.options import (
    coerce_value,
    log_parameters,
    may_be_id,
    nickname,
    parameter,
    port_number,
    server_id,
)
from chatd.taps.program import Program, get_reactor
from chatd.taps.remembered_nickname import read_nickname, remember_nickname

__all__ = ["Options", "install_reactor", "makeService"]


class Options(InteractiveOptions):
    """The options of ``chatd client``.

    :ivar address: the server's address; None to look for the server.
    :ivar is_id_possible: whether that is one word, which may be a server's id as well.
    :ivar nickname: the nickname to enter with; empty to prompt for one.
    :ivar offered_nickname: the default answer of that prompt; empty for none.
    """

    is_id_possible = False
    _address_name = "--connect"  # as the user gave it
    command = "chatd client"
    synopsis = "[options] [ID | ADDRESS [PORT]]"
    longdesc = (
        "Chat over standard input and output. The client finds its server by id, with UDP "
        "broadcast: chatd client party --nickname ice. Without an id, it takes the one "
        "server that answers, or lets you choose; with ADDRESS, it connects there without "
        "searching. A word without a dot is an id (as with --server) or, if no server has it, the "
        "name of a host (as with --connect). Each line of input is a message; /help lists the "
        "commands."
    )
    optParameters: ClassVar = [
        parameter("server", None, "the id of the server to look for", server_id),
        parameter(
            "nickname",
            None,
            "your nickname. [default: prompted for on a terminal, else your login name]",
            nickname,
            short="n",
        ),
        parameter("name", None, "the same as --nickname", nickname),
        [
            "connect",
            None,
            None,
            f"HOST:PORT of the server, instead of looking for it. [default PORT: {DEFAULT_PORT}]",
        ],
        parameter("discovery-port", DEFAULT_PORT, "UDP port that servers answer on", port_number),
        *log_parameters(level="warn"),
    ]
    optFlags: ClassVar = [
        ["reconnect", None, "with ADDRESS or --connect: reconnect when the connection is lost"],
    ]

    @override
    def parseArgs(self, *words: str) -> None:
        super().parseArgs(*words[2:])
        if words:
            if self["connect"] is not None:
                raise usage.UsageError(f"{words[0]!r}: give ADDRESS or --connect, not both")
            self["connect"], self._address_name = ":".join(words), "ADDRESS [PORT]"
            self.is_id_possible = len(words) == 1 and may_be_id(words[0])

    @override
    def validate(self) -> None:
        if self.parent is not None and self.parent.get("nodaemon") == 0:
            raise usage.UsageError(
                "a client chats over standard input and output, which a daemon does not have: "
                "run twistd -n chatclient"
            )
        self.address = (
            None if self["connect"] is None else split_address(self._address_name, self["connect"])
        )
        if self["nickname"] is not None and self["name"] is not None:
            raise usage.UsageError(f"--name: {self['name']!r}: give --name or --nickname, not both")
        if self.address is not None and self["server"] is not None:
            raise usage.UsageError(
                f"--server: {self['server']!r}: give --server or an address, not both"
            )
        self.known_subnets = self.subnets()
        self.nickname = self["nickname"] or self["name"] or ""
        self.offered_nickname = ""
        if not self.nickname:
            self._default_nickname()

    def _default_nickname(self) -> None:
        """Offer the last nickname, or the login name, on a terminal; else use the login name."""
        if not is_terminal():
            self.nickname = environment.nickname()
        elif last := read_nickname(os.environ):
            self.offered_nickname = last
        elif login := environment.login_name():
            self.offered_nickname = environment.substitute_nickname(login)


def split_address(name: str, value: str) -> ServerAddress:
    """The address that the option or argument `name` has; its port may be missing.

    :raises usage.UsageError: if it is not valid.
    """
    host, colon, port = value.partition(":")
    if not host or ":" in port or (colon and not port):
        raise usage.UsageError(f"{name}: {value!r} is not HOST:PORT, such as 10.0.0.1:7777")
    return ServerAddress(host, coerce_value(name, port_number, port) if colon else DEFAULT_PORT)


def jitter() -> float:
    """A random time to add to the wait before a reconnection, in seconds.

    Without it, all clients of a server would come back at the same moment when it restarts.
    """
    return random.uniform(0, limits.RETRY_JITTER_SECONDS)  # noqa: S311  # nosec B311  # not a secret


def remembered_ignored(ui: UserInterface) -> IgnoredNicknames:
    """The nicknames that the user ignores; off a terminal, none from earlier runs."""
    return IgnoredNicknames(ignored_file(os.environ) if ui.is_interactive else None)


def make_client(options: Options, nickname: str, ui: UserInterface, reactor: Any) -> ChatClient:
    """The client that `options` ask for."""
    notices = ConnectionNotices(ui, reactor)
    keys = ServerKeys(known_servers(os.environ, ui.notify), ui.notify, reactor)
    address, once = options.address, not options["reconnect"]

    def search(server_id: str | None) -> BroadcastFinder:
        return BroadcastFinder(
            reactor,
            (lambda: options.known_subnets)
            if options.ifaddrs
            else (lambda: default_subnets(host_addresses())),
            options["discovery-port"],
            server_id,
            notices,
            accepts=keys.accepts,
        )

    def client(finder: Finder, once: bool) -> ChatClient:
        return ChatClient(
            *(reactor, nickname, finder, ui, jitter, once, options.offered_nickname),
            notices=notices,
            keys=keys,
            ignored=remembered_ignored(ui),
        )

    if address is None:
        return client(search(options["server"]), once=False)
    if not options.is_id_possible:
        return client(DirectAddress(address), once)
    host = keys.as_server(address)
    named = NamedServer(reactor, search(address.host), host, notices)
    made = client(named, once=False)
    if once:
        named.on_host = made.stop_reconnecting
    return made


class ClientProgram(Program):
    """A client, and the user interface that its session is attached to."""

    def __init__(
        self,
        reactor: Any,
        client: ChatClient,
        ui: InteractiveUI,
        observer: ILogObserver | None = None,
    ) -> None:
        super().__init__(reactor, observer)
        self.client = client
        self._ui = ui
        client.setServiceParent(self)
        client.when_ended.addCallback(self._client_ended)
        if ui.is_interactive:
            remember_nickname(client, os.environ)
        ui.attach(client.session)

    @override
    def startService(self) -> None:
        # The cleanup restores the terminal; it runs even when a second signal ends the process.
        self.add_cleanup(self._ui.open(self._reactor))
        super().startService()

    @override
    def stop_children(self) -> Deferred[Any]:
        # The client stops first: what it still receives and reports must be shown, too.
        return (
            super()
            .stop_children()
            .addBoth(lambda result: close_with_timeout(self._ui, self._reactor))
        )

    def _client_ended(self, status: int) -> int:
        self.exit(status)
        return status


def makeService(options: Options, reactor: Any = None) -> Program:  # Twisted's name
    """The program of ``chatclient``."""
    reactor = reactor or get_reactor()
    ui = make_ui(options, reactor)
    client = make_client(options, options.nickname, ui, reactor)
    return ClientProgram(reactor, client, ui, options.twistd_observer)
