"""``chatserver`` and ``chatd server``: the options of a server, and what it is made of."""

import gc
import socket
import time
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

from twisted.cred import strcred
from twisted.internet.defer import Deferred
from twisted.internet.protocol import ServerFactory
from twisted.internet.threads import deferToThreadPool
from twisted.python import usage

from chatd.accounts.authenticator import Authenticator
from chatd.accounts.checker import AccountsChecker
from chatd.chat import limits
from chatd.discovery.subnets import (
    DEFAULT_PORT,
    Subnet,
    default_subnets,
    host_addresses,
    subnet_of_address,
)
from chatd.server.factory import JIM, PLAIN, ChatFactory, DialectFactory, ServerSettings
from chatd.server.service import WRITE_MODES, CannotListen, ChatServer, ExtraPort, ListenSettings
from chatd.taps import web_address
from chatd.taps.options import (
    LOG_PARAMETERS,
    PORT,
    CommandOptions,
    choice,
    integer,
    non_negative_number,
    port_or_endpoint,
    server_id,
)
from chatd.taps.program import Program, get_reactor
from chatd.taps.rlimits import raise_open_file_limit

AUTH_PARAMETER: Final = [
    "auth",
    None,
    None,
    "which nicknames need a password: chatd:PATH, with a file that chatd account makes. "
    "[default: none]",
]


def parse_auth(value: str) -> AccountsChecker:
    """Read which nicknames need a password.

    :raises ValueError: if that is no password file of ours.
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


class GuardedServer(ChatServer):
    """A chat server some of whose nicknames may need a password."""

    _guard: Authenticator | None = None

    def guard(self, checker: AccountsChecker, reactor: Any) -> None:
        """Have `checker` say which, from now on."""

        def known(accounts: Mapping[str, bool]) -> None:
            self.factory.hub.accounts = accounts

        def in_thread(check: Callable[[], bool]) -> Deferred[bool]:
            return deferToThreadPool(reactor, reactor.getThreadPool(), check)

        checker.in_thread = in_thread
        self._guard = Authenticator(checker, reactor, known)
        self.factory.check_password = self._guard.check_password

    def startService(self) -> None:
        """Listen, then mind the changes of the accounts."""
        super().startService()
        if self._guard is not None:
            self._guard.start()

    def stopService(self) -> Deferred[Any]:
        """Stop both."""
        if self._guard is not None:
            self._guard.stop()
        return super().stopService()


#: The options of every role that has a server in it.
SERVER_PARAMETERS: Final = [
    ["id", None, None, "the name that clients look for. [default: this host's name]"],
    ["slots", None, str(limits.SLOTS), "how many clients may be connected at the same time"],
    [
        "timeout",
        None,
        str(limits.INACTIVITY_SECONDS),
        "disconnect a client that is silent for so many seconds; 0 for never",
    ],
    ["port", None, None, f"TCP port. [default: {DEFAULT_PORT}, or if that is taken a free one]"],
    ["discovery-port", None, str(DEFAULT_PORT), "UDP port that clients ask on"],
    [
        "jim",
        None,
        None,
        "also serve JIM messengers: on this TCP port of the --ifaddrs addresses, or at an endpoint "
        "such as tcp:7778:interface=127.0.0.1",
    ],
    ["plain", None, None, "also serve nc and telnet, there"],
    [
        "web",
        None,
        None,
        "also serve the web page: on this TCP port of the --ifaddrs addresses, or at an endpoint. "
        "[default: no page]",
    ],
    ["history", None, str(limits.HISTORY_MESSAGES), "messages kept for each room"],
    [
        "flood",
        None,
        str(limits.FLOOD_FRAMES_PER_SECOND),
        "frames a client may send each second (twice that in a burst); beyond it the server reads "
        "more slowly, 0 for no limit",
    ],
    [
        "accept-rate",
        None,
        str(limits.ACCEPT_CONNECTIONS_PER_SECOND),
        "new connections each second from one address, loopback exempt; 0 for no limit",
    ],
    [
        "writes",
        None,
        "eager",
        "eager: send to each client at once; queued: in the next turn, as most servers do",
    ],
    AUTH_PARAMETER,
]

SERVER_READERS: Final[dict[str, Callable[[str], Any]]] = {
    "id": server_id,
    "slots": integer(1, 1_000_000),
    "timeout": non_negative_number("seconds"),
    "port": PORT,
    "discovery-port": PORT,
    "jim": port_or_endpoint,
    "plain": port_or_endpoint,
    "web": port_or_endpoint,
    "history": integer(0, 1_000_000),
    "flood": non_negative_number("frames each second"),
    "accept-rate": non_negative_number("connections each second"),
    "writes": choice(tuple(WRITE_MODES)),
    "auth": parse_auth,
}


#: New objects, less those freed, before the garbage collector looks at them.
_GC_THRESHOLD: Final = 20_000

#: What else is served if the option of that name is given, and on which port if it doesn't say.
_EXTRA_PORTS: Final[tuple[tuple[str, Callable[[ChatFactory], ServerFactory], int], ...]] = (
    ("jim", lambda chat: DialectFactory(chat, JIM), 0),
    ("plain", lambda chat: DialectFactory(chat, PLAIN), 0),
    ("web", web_address.make_web_factory, web_address.DEFAULT_PORT),
)


class Options(CommandOptions):
    """The options of a server."""

    command = "chatserver"
    synopsis = "[options] [ADDRESS [PORT]]"
    longdesc = (
        "A chat server that clients find by its id, with UDP broadcast, in every subnet of its "
        "addresses. Example: chatserver --ifaddrs 10.35.11.113/24 192.168.1.124/24 --id work. "
        "With ADDRESS it listens there only, with the prefix of the interface that has it."
    )
    optParameters: ClassVar = [*SERVER_PARAMETERS, *LOG_PARAMETERS]
    readers = SERVER_READERS

    def parseArgs(self, *words: str) -> None:
        """Take ADDRESS and PORT."""
        super().parseArgs(*words[2:])
        self["address"] = words[0] if words else None
        if len(words) > 1:
            if self["port"] is not None:
                raise usage.UsageError(f"{words[1]!r}: give PORT or --port, not both")
            self["port"] = words[1]

    def validate(self) -> None:
        """Read what depends on more than one value."""
        if self["address"] is None:
            self.known_subnets = self.subnets()
        elif self.ifaddrs:
            raise usage.UsageError(f"{self['address']!r}: give ADDRESS or --ifaddrs, not both")
        else:
            try:
                self.known_subnets = (subnet_of_address(self["address"], host_addresses()),)
            except ValueError as error:
                raise usage.UsageError(str(error)) from None
        if not self.known_subnets:
            raise usage.UsageError("--ifaddrs: this host has no IPv4 address that is up")


def make_server(options: CommandOptions, subnets: tuple[Subnet, ...], reactor: Any) -> ChatServer:
    """The server that `options`, read by :data:`SERVER_READERS`, ask for."""
    read = options.read
    settings = ServerSettings(
        server_id=read.get("id") or socket.gethostname(),
        slots=read["slots"],
        history=read["history"],
        timeout=read["timeout"],
        flood=read["flood"],
        accept_rate=read["accept-rate"],
        own_addresses=frozenset(str(subnet.address) for subnet in subnets),
        log_level=read["log-level"],
    )
    raise_open_file_limit(settings.slots)
    is_default = not options.ifaddrs and not options.get("address")
    server = GuardedServer(
        reactor,
        ListenSettings(
            subnets,
            read.get("port"),
            read["discovery-port"],
            tuple(
                ExtraPort(name, make, read[name], port)
                for name, make, port in _EXTRA_PORTS
                if name in read
            ),
            read["writes"],
        ),
        ChatFactory(settings, reactor, lambda: time.time_ns() // 1_000_000),
        (lambda: default_subnets(host_addresses())) if is_default else None,
    )
    if "auth" in read:
        server.guard(read["auth"], reactor)
    return server


class ServerProgram(Program):
    """A server and nothing else."""

    def startService(self) -> None:
        """Start; a port that is taken is one line for the person."""
        self._reactor.callWhenRunning(tune_garbage_collector)
        try:
            super().startService()
        except CannotListen as error:
            self.abort(describe_cannot_listen(error))


def tune_garbage_collector() -> None:
    """Spare the garbage collector what stays as long as the server, and let it come more seldom.

    What a chat leaves behind is nearly all freed without it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_GC_THRESHOLD, *gc.get_threshold()[1:])


def describe_cannot_listen(error: CannotListen) -> str:
    """What a person is told when a port or an endpoint cannot be listened on."""
    return f"chatserver: --{error.port_name or 'port'}: {error}"


def makeService(options: Options, reactor: Any = None) -> Program:  # Twisted's name
    """What ``chatserver`` runs."""
    reactor = reactor or get_reactor()
    program = ServerProgram(reactor, options.twistd_observer)
    make_server(options, options.known_subnets, reactor).setServiceParent(program)
    return program
