"""``chatd server`` and twistd's ``chatserver``: options, and the services that run a server."""

import gc
import os
import sys
import time
from functools import partial
from ipaddress import IPv4Address
from typing import TYPE_CHECKING, Any, ClassVar, Final

from twisted.cred import strcred
from twisted.logger import ILogObserver
from twisted.python import usage
from twisted.python.failure import Failure
from typing_extensions import override

from chatd.accounts.authenticator import Authenticator
from chatd.accounts.checker import AccountsChecker
from chatd.accounts.password_file import Accounts
from chatd.chat import limits
from chatd.discovery.subnets import (
    DEFAULT_PORT,
    Subnet,
    default_subnets,
    host_addresses,
    subnet_of_address,
)
from chatd.log.engine import StoreInUse
from chatd.server.chat import Chat, ServerSettings
from chatd.server.service import (
    WRITE_MODES,
    CannotListen,
    ChatServer,
    ListenSettings,
    TlsSettings,
)
from chatd.taps import environment, tls, web_address
from chatd.taps.etcd_address import cluster_parameter, open_engine
from chatd.taps.extra_ports import make_extra_ports, named_ports
from chatd.taps.files import FolderUnusable, check_named_folder, check_page, take_files
from chatd.taps.host_code import HostCodeFile, host_code_path, is_on_terminal
from chatd.taps.invitation import client_command, write_invitation
from chatd.taps.options import (
    choice,
    coerce_value,
    integer,
    log_parameters,
    non_negative_number,
    parameter,
    port_number,
    port_or_endpoint,
    server_id,
)
from chatd.taps.program import Program, get_reactor
from chatd.taps.rlimits import raise_open_file_limit
from chatd.taps.store import (
    check_named_store,
    describe_used_store,
    open_store,
    report_problem,
    store_parameters,
)
from chatd.taps.web_options import WebOptions
from chatd.threads import call_in_thread
from chatd.tls.certificate_service import CertificateService
from chatd.tls.server_key import KeyUnusable
from chatd.wire.rendering import escape

if TYPE_CHECKING:
    from chatd.web.settings import WebSettings


def parse_auth(value: str) -> AccountsChecker:
    """Coerce ``chatd:PATH`` to the checker of that password file.

    :raises ValueError: the value has another form, or the file is not a password file.
    """
    if value.partition(":")[0] == "file":
        raise ValueError("keeps passwords in the clear; use chatd:PATH, see chatd account --help")
    try:
        checker = strcred.makeChecker(value)
    except strcred.StrcredException:
        checker = None
    if not isinstance(checker, AccountsChecker):
        raise ValueError("is not chatd:PATH")  # noqa: TRY004  # it is the text that is wrong
    return checker


#: The options of every command that runs a server.
SERVER_PARAMETERS: Final = [
    parameter("id", None, "the name that clients look for. [default: this host's name]", server_id),
    parameter(
        "slots",
        limits.SLOTS,
        "how many clients may be in the chat at the same time",
        integer(1, 1_000_000),
    ),
    parameter(
        "timeout",
        0,
        "disconnect members who do nothing for this many seconds; 0: never. A lost connection is "
        "noticed without it",
        non_negative_number("seconds"),
    ),
    parameter(
        "port",
        None,
        f"TCP port to listen on. [default: {DEFAULT_PORT}, or a free one if that is taken]",
        port_number,
    ),
    parameter("discovery-port", DEFAULT_PORT, "UDP port that clients query", port_number),
    parameter(
        "irc",
        None,
        "also serve IRC clients, as WeeChat and irssi: on this TCP port of the --ifaddrs addresses "
        "(6667 is usual), or at an endpoint",
        port_or_endpoint,
    ),
    parameter(
        "jim",
        None,
        "also serve JIM messengers: on this TCP port of the --ifaddrs addresses, or at an endpoint "
        "such as tcp:7778:interface=127.0.0.1",
        port_or_endpoint,
    ),
    parameter(
        "plain",
        None,
        "also serve nc and telnet: on this TCP port of the --ifaddrs addresses, or at an endpoint",
        port_or_endpoint,
    ),
    parameter(
        "web",
        None,
        "also serve the web page: on this TCP port of the --ifaddrs addresses, or at an endpoint. "
        "[default: no page]",
        port_or_endpoint,
    ),
    parameter(
        "history",
        limits.HISTORY_MESSAGES,
        "how many messages to keep for each room",
        integer(0, 1_000_000),
    ),
    parameter(
        "flood",
        limits.FLOOD_FRAMES_PER_SECOND,
        "frames a client may send per second (twice that in a burst) before the server reads from "
        "it more slowly; 0 disables",
        non_negative_number("frames per second"),
    ),
    parameter(
        "accept-rate",
        limits.ACCEPT_CONNECTIONS_PER_SECOND,
        "new connections accepted per second from one address, loopback exempt; 0 disables",
        non_negative_number("connections per second"),
    ),
    parameter(
        "writes",
        "eager",
        "when to send to a client: eager, at once; or queued, in the reactor's next turn, as most "
        "servers do",
        choice(tuple(WRITE_MODES)),
    ),
    parameter(
        "auth",
        None,
        "the nicknames that need a password: chatd:PATH, with a file made by chatd account. "
        "[default: none]",
        parse_auth,
    ),
    tls.tls_parameter(tls.DEFAULT_OFF),
    *tls.TLS_PARAMETERS,
]

#: Without the option, a chat is kept.
STORE_PARAMETERS: Final = store_parameters(
    None, "a file named after the id, in the state directory"
)


_CLUSTER_PARAMETERS: Final = [
    cluster_parameter(
        "be one server together with all others that name the same etcd, such as "
        "etcd://10.0.0.1,10.0.0.2,10.0.0.3; see chatd cluster --help. [default: none]"
    ),
    parameter(
        "node",
        None,
        "this server's name in the cluster. [default: this host's name]",
        server_id,
    ),
]

#: Objects that may be allocated (less those freed) before a collection; Python's default is 700.
_GC_THRESHOLD: Final = 20_000


class ServerOptions(WebOptions):
    """The options of a command that runs a server.

    :ivar known_subnets: where the server listens and answers discovery.
    :ivar extra_ports: for each extra port that is served, its port or endpoint; None for the
        default port or, if that is taken, a free one.
    :ivar tls_mode: how it speaks TLS.
    """

    known_subnets: tuple[Subnet, ...]
    extra_ports: dict[str, int | str | None]
    tls_mode: tls.TlsMode

    @override
    def validate(self) -> None:
        if not self.known_subnets:
            raise usage.UsageError("--ifaddrs: no interface that is up has an IPv4 address")
        self.tls_mode = tls.checked_mode(self)
        self.extra_ports = named_ports(self, self.tls_mode)


class Options(ServerOptions):
    """The options of ``chatd server``."""

    command = "chatd server"
    synopsis = "[options] [ADDRESS [PORT]]"
    longdesc = (
        "A chat server that clients find by its id, with UDP broadcast, in every subnet of its "
        "addresses. Example: chatd server --ifaddrs 10.35.11.113/24 192.168.1.124/24 --id work. "
        "With ADDRESS, it listens on that address only; the prefix is that of its interface."
    )
    optParameters: ClassVar = [
        *SERVER_PARAMETERS,
        *_CLUSTER_PARAMETERS,
        *STORE_PARAMETERS,
        *log_parameters(),
    ]

    @override
    def parseArgs(self, *words: str) -> None:
        super().parseArgs(*words[2:])
        self["address"] = words[0] if words else None
        if len(words) > 1:
            if self["port"] is not None:
                raise usage.UsageError(f"{words[1]!r}: give PORT or --port, not both")
            self["port"] = coerce_value("PORT", port_number, words[1])

    @override
    def validate(self) -> None:
        if self["address"] is None:
            self.known_subnets = self.subnets()
        elif self.ifaddrs:
            raise usage.UsageError(f"{self['address']!r}: give ADDRESS or --ifaddrs, not both")
        else:
            try:
                self.known_subnets = (subnet_of_address(self["address"], host_addresses()),)
            except ValueError as error:
                raise usage.UsageError(str(error)) from None
        super().validate()
        check_page(self, self.extra_ports)
        if self["node"] is not None and self["cluster"] is None:
            raise usage.UsageError("--node: is a name in a cluster; give --cluster as well")


def make_server(options: ServerOptions, reactor: Any) -> ChatServer:
    """The server that `options` describe."""
    settings = ServerSettings(
        server_id=options["id"] or environment.server_id(),
        slots=options["slots"],
        history=options["history"],
        timeout=options["timeout"],
        flood=options["flood"],
        accept_rate=options["accept-rate"],
        own_addresses=frozenset(str(subnet.address) for subnet in options.known_subnets),
        log_level=options["log-level"],
        node=_node(options),
    )
    raise_open_file_limit(settings.slots)
    shared = None
    if settings.node:
        shared = open_engine(options["cluster"], settings.server_id, reactor)
    is_default = not options.ifaddrs and not options.get("address")

    def web_settings() -> "WebSettings":
        return options.web_settings(
            lambda: web_address.invitation(server, options, client_command(server, options))
        )

    certificate = _make_certificate_service(options, settings.server_id, is_default, reactor)
    tls_settings = None
    if certificate is not None:
        tls_settings = TlsSettings(certificate.context, options.tls_mode.is_required)
    store = open_store(options, _store_id(settings), os.environ, reactor)
    server = ChatServer(
        reactor,
        ListenSettings(
            options.known_subnets,
            options["port"],
            options["discovery-port"],
            make_extra_ports(
                options.extra_ports, options.tls_mode, tls_settings, web_settings, reactor
            ),
            options["writes"],
            tls_settings,
        ),
        Chat(
            settings,
            reactor,
            lambda: time.time_ns() // 1_000_000,
            store,
            time.thread_time,
            shared,
        ),
        # A server on all of the host's addresses follows them when they change.
        (lambda: default_subnets(host_addresses())) if is_default else None,
    )
    if certificate is not None:
        certificate.setServiceParent(server)
    take_files(server, options, store, reactor)
    if options["auth"] is not None:
        add_accounts(server, options["auth"], reactor)
    else:
        server.chat.remove_accounts()
    return server


def _make_certificate_service(
    options: ServerOptions, server_id: str, is_default: bool, reactor: Any
) -> CertificateService | None:
    """The service with the server's key and certificate; None if the server does not speak TLS.

    :param is_default: whether the server is on all addresses of the host, whichever they are.
    :raises SystemExit: with a line, if they cannot be used.
    """

    def addresses() -> list[IPv4Address]:
        subnets = default_subnets(host_addresses()) if is_default else options.known_subnets
        return [subnet.address for subnet in subnets]

    if not options.tls_mode.is_on:
        return None
    try:
        return tls.make_certificate_service(options, server_id, addresses, os.environ, reactor)
    except KeyUnusable as error:
        raise SystemExit(f"{options.typed_command}: --tls: {escape(str(error))}") from None


def _node(options: ServerOptions) -> str:
    """The name of this server in its cluster; empty if it is in none."""
    if options.get("cluster") is None:
        return ""
    return options["node"] or environment.server_id()


def _store_id(settings: ServerSettings) -> str:
    """The id in the name of the default file: nodes on one host have a file each."""
    return f"{settings.server_id}@{settings.node}" if settings.node else settings.server_id


def add_accounts(server: ChatServer, checker: AccountsChecker, reactor: Any) -> None:
    """Have `checker` decide which nicknames need a password; hash on threads beside `reactor`."""

    def on_accounts_changed(accounts: Accounts) -> None:
        server.chat.set_accounts(
            {key: each.is_blocked for key, each in accounts.items()},
            {key: each.fingerprint for key, each in accounts.items() if not each.is_blocked},
            frozenset(key for key, each in accounts.items() if each.is_host),
        )

    checker.in_thread = partial(call_in_thread, reactor)
    authenticator = Authenticator(checker, reactor, on_accounts_changed)
    server.chat.check_password = authenticator.check_password
    server.chat.wrong_password = authenticator.count_wrong_password
    authenticator.on_wrong_password = server.chat.tell_wrong_password
    authenticator.setServiceParent(server)


class ServerProgram(Program):
    """The program of a server without clients."""

    def __init__(
        self,
        reactor: Any,
        server: ChatServer,
        options: ServerOptions,
        observer: ILogObserver | None,
    ) -> None:
        super().__init__(reactor, observer)
        self._options = options
        server.setServiceParent(self)
        self._server = server
        server.when_listening.addCallback(self._invite_later)
        self.reload = tls.reload_certificate(server)
        if not is_on_terminal(sys.__stderr__):
            path = host_code_path(options, _store_id(server.chat.settings), os.environ)
            if path is not None:
                HostCodeFile(path, server.chat.host_code.code).setServiceParent(server)
        server.when_listening.addErrback(abort_cannot_listen, self, options.typed_command)
        if server.chat.settings.node:
            server.chat.cluster_failed = self._cluster_failed
        else:
            server.when_restored.addCallback(report_problem, options, self.abort)

    @override
    def startService(self) -> None:
        # Once the reactor runs, all that the server keeps for its whole life is there.
        self._reactor.callWhenRunning(tune_garbage_collector)
        try:
            check_named_store(self._options)
            check_named_folder(self._options)
            super().startService()
        except CannotListen as error:
            self.abort(describe_cannot_listen(error, self._options.typed_command))
        except StoreInUse as error:
            self.abort(describe_used_store(error, self._options.typed_command))
        except FolderUnusable as error:
            self.abort(f"{self._options.typed_command}: {error}")

    def _invite_later(self, result: object) -> object:
        """Write the invitation at the end of the start: the ports listen, the chat is restored."""

        def restored(problem: Exception | None) -> Exception | None:
            write_invitation(self._server, self._options)
            return problem

        self._server.when_restored.addCallback(restored)
        return result

    def _cluster_failed(self, reason: str) -> None:
        self.abort(f"{self._options.typed_command}: --cluster: {reason}")


def tune_garbage_collector() -> None:
    """Freeze start-up objects and raise the collector's threshold.

    A full collection walks over all objects that are not frozen, and the chat waits for it.
    Modules, classes and services live as long as the server: nothing is found among them. Nearly
    all other objects are freed by reference counting, so collections may be rare.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_GC_THRESHOLD, *gc.get_threshold()[1:])


def describe_cannot_listen(error: CannotListen, command: str) -> str:
    """One line for the user: the option, and the port or endpoint that cannot be listened on."""
    return f"{command}: --{error.port_name or 'port'}: {error}"


def abort_cannot_listen(failure: Failure, program: Program, command: str) -> None:
    """End `program`, because a port cannot be listened on."""
    failure.trap(CannotListen)
    error: Any = failure.value
    program.abort(describe_cannot_listen(error, command))


def makeService(options: Options, reactor: Any = None) -> Program:  # Twisted's name
    """The program of ``chatserver``."""
    reactor = reactor or get_reactor()
    return ServerProgram(reactor, make_server(options, reactor), options, options.twistd_observer)
