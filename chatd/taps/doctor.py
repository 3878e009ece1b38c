"""``chatd doctor``: why a server is not found, and what to do about it."""

from typing import Any, ClassVar

from twisted.internet.defer import Deferred

from chatd.discovery.subnets import DEFAULT_PORT, HostAddress, host_addresses
from chatd.doctor.checkup import Checkup
from chatd.doctor.findings import Findings, Subject, interfaces
from chatd.doctor.report import as_json, as_text
from chatd.stderr import write_line
from chatd.taps.options import LOG_PARAMETERS, PORT, CommandOptions, positive_number, server_id
from chatd.taps.program import Program, get_reactor
from chatd.wire.rendering import escape


class Options(CommandOptions):
    """The options of an examination."""

    command = "chatd doctor"
    synopsis = "[options]"
    longdesc = (
        "Find out why a server is not found: ask each subnet three times, connect to every server "
        "that answers, and say what is wrong and what to do. Exit status 0 if the server (without "
        "--server: one of them) answers and can be reached, else 1."
    )
    optParameters: ClassVar = [
        ["server", None, None, "the id of the server that should be found. [default: any]"],
        ["wait", None, "3", "for how many seconds to ask and to collect answers"],
        ["discovery-port", None, str(DEFAULT_PORT), "UDP port that servers answer on"],
        *[
            ["log-level", None, "warn", each[3]] if each[0] == "log-level" else each
            for each in LOG_PARAMETERS
        ],
    ]
    optFlags: ClassVar = [["json", None, "one JSON object instead of tables and a sentence"]]
    readers: ClassVar = {
        "server": server_id,
        "wait": positive_number("seconds"),
        "discovery-port": PORT,
    }

    def validate(self) -> None:
        """Read what depends on more than one value."""
        self.host = self.host_addresses()
        self.known_subnets = self.subnets(self.host)
        self.interfaces = interfaces(self.host, self.known_subnets if self.ifaddrs else ())

    def host_addresses(self) -> list[HostAddress]:
        """The addresses of the host to examine."""
        return host_addresses()


class DoctorProgram(Program):
    """Examines once, prints, ends; with status 1 unless all went well."""

    def __init__(self, reactor: Any, options: Options) -> None:
        super().__init__(reactor)
        self._options = options
        self._port = options.read["discovery-port"]
        self._wanted = options.read.get("server")
        self._checkup = Checkup(
            reactor,
            options.interfaces,
            frozenset(each.address.ip for each in options.host),
            self._port,
            options.read["wait"],
        )
        self.status = 1  # until it is known to be reachable, also when it is broken off

    def startService(self) -> None:
        """Ask."""
        super().startService()
        asked = [each for each in self._options.interfaces if each.is_asked]
        where = ", ".join(dict.fromkeys(str(each.subnet.network) for each in asked)) or "no network"
        what = "any server" if self._wanted is None else escape(self._wanted)
        write_line(f"Asking for {what} on UDP port {self._port} of {where} …")
        self._checkup.start().addCallback(self._print)

    def stop_children(self) -> Deferred[Any]:
        """Close the sockets."""
        return self._checkup.stop()

    def _print(self, subjects: tuple[Subject, ...]) -> None:
        found = Findings(self._wanted, self._port, not self._options.ifaddrs, subjects)
        if not self.write_stdout(as_json(found) if self._options["json"] else as_text(found)):
            return
        self.status = 0 if found.reachable else 1
        self.exit()


def makeService(options: Options, reactor: Any = None) -> Program:  # Twisted's name
    """What ``chatd doctor`` runs."""
    reactor = reactor or get_reactor()
    return DoctorProgram(reactor, options)
