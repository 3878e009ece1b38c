"""``chatd doctor``: find out why a server is not found, and what to do about it."""

from typing import Any, ClassVar, NoReturn

from twisted.internet import task
from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import globalLogBeginner
from typing_extensions import override

from chatd.discovery.subnets import DEFAULT_PORT, HostAddress, host_addresses
from chatd.doctor.findings import Findings, interfaces
from chatd.doctor.probe import NetworkProbe
from chatd.doctor.report import as_json, as_text
from chatd.stderr import write_line
from chatd.taps.options import (
    CommandOptions,
    log_parameters,
    parameter,
    port_number,
    positive_number,
    server_id,
)
from chatd.taps.program import get_reactor, write_stdout
from chatd.wire.rendering import escape


class Options(CommandOptions):
    """The options of ``chatd doctor``."""

    command = "chatd doctor"
    synopsis = "[options]"
    longdesc = (
        "Find out why a server is not found: query each subnet three times, connect to every "
        "server that answers, and print what is wrong and what to do. Exit status 0 if the server "
        "(without --server: any server) answers and accepts a TCP connection, else 1."
    )
    optParameters: ClassVar = [
        parameter(
            "server", None, "the id of the server to look for. [default: any server]", server_id
        ),
        parameter(
            "wait",
            3,
            "how many seconds to query and to collect answers",
            positive_number("seconds"),
        ),
        parameter("discovery-port", DEFAULT_PORT, "UDP port that servers answer on", port_number),
        *log_parameters(level="warn"),
    ]
    optFlags: ClassVar = [["json", None, "print one JSON object instead of tables and a sentence"]]

    @override
    def validate(self) -> None:
        self.host = self.host_addresses()
        self.known_subnets = self.subnets(self.host)
        self.interfaces = interfaces(self.host, self.known_subnets if self.ifaddrs else ())

    def host_addresses(self) -> list[HostAddress]:
        """The addresses of the host to probe."""
        return host_addresses()


async def main(reactor: Any, options: Options) -> None:
    """Probe the network, and print the findings.

    :raises SystemExit: with status 1 unless the server is reachable; also when interrupted.
    """
    # Until the reactor runs, Ctrl-C is a KeyboardInterrupt, which task.react would log as an error.
    started: Deferred[None] = Deferred()
    reactor.callWhenRunning(lambda: started.callback(None))
    await started
    server_id, port = options["server"], options["discovery-port"]
    subnets = [each.subnet for each in options.interfaces if each.is_queried]
    networks = ", ".join(dict.fromkeys(str(each.network) for each in subnets)) or "no network"
    server = "any server" if server_id is None else escape(server_id)
    write_line(f"Looking for {server} on UDP port {port} of {networks} …")
    probe = NetworkProbe(
        reactor,
        options.interfaces,
        frozenset(each.address.ip for each in options.host),
        port,
        options["wait"],
    )
    running = Deferred.fromCoroutine(probe.run())
    # Ctrl-C stops the reactor, which to task.react is a success.
    reactor.addSystemEventTrigger("before", "shutdown", running.cancel)
    try:
        reports = await running
    except CancelledError:
        raise SystemExit(1) from None
    findings = Findings(server_id, port, not options.ifaddrs, reports)
    write_stdout(as_json(findings) if options["json"] else as_text(findings))
    if not findings.reachable:
        raise SystemExit(1)


def run(options: Options) -> NoReturn:
    """Run ``chatd doctor``, and exit with its status."""
    globalLogBeginner.beginLoggingTo([options.observer()], redirectStandardIO=False)
    task.react(main, [options], get_reactor())
