"""Command lines as a user types them, under ``chatd`` and under ``twistd``."""

import shlex
import subprocess
import sys
from collections.abc import Callable, Coroutine, Sequence
from ipaddress import IPv4Interface
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure
from twisted.scripts.twistd import (  # type: ignore[attr-defined]  # this platform's
    ServerOptions,
)
from typing_extensions import override

from chatd.discovery.subnets import HostAddress, Subnet
from chatd.taps import client, doctor, host, launch, server, servers
from chatd.taps.options import CommandOptions
from chatd.wire.discovery import Offer, encode_offer
from tests.fakes import FakeRunningReactor
from twisted.plugins import chatd_plugins

#: A host with the addresses of the examples. The tests' own host has none but 127.0.0.0/8.
EXAMPLE_HOST = [
    HostAddress("eth0", IPv4Interface("10.35.11.113/24"), True),
    HostAddress("eth0", IPv4Interface("10.35.11.112/24"), True),
    HostAddress("eth1", IPv4Interface("192.168.1.124/24"), True),
    HostAddress("eth1", IPv4Interface("192.168.1.123/24"), True),
]


class _OnExampleHost(CommandOptions):
    @override
    def subnets(self, host: Sequence[HostAddress] | None = None) -> tuple[Subnet, ...]:
        return super().subnets(EXAMPLE_HOST)


class ServerOnExampleHost(_OnExampleHost, server.Options):
    """The server's options, on a host with the addresses of the examples."""


class ClientOnExampleHost(_OnExampleHost, client.Options):
    """The client's options, on a host with the addresses of the examples."""


#: The commands with options of the log and ``--ifaddrs``: those that use the network.
COMMANDS: dict[str, type[CommandOptions]] = {
    "server": server.Options,
    "client": client.Options,
    "host": host.Options,
    "launch": launch.Options,
    "servers": servers.Options,
    "doctor": doctor.Options,
}


def parse(options: CommandOptions, line: str) -> Any:
    """`options` after parsing `line`."""
    options.parseOptions(shlex.split(line))
    return options


def error_message(command: str, line: str) -> str:
    """The one line on standard error that refuses `line`; the exit status is 1."""
    options = COMMANDS[command]()
    with pytest.raises(SystemExit) as ended:
        options.parseOptions(shlex.split(line))
    # sys.exit prints a text on standard error, and the status is 1.
    assert isinstance(ended.value.code, str)
    assert len(ended.value.code.splitlines()) == 1
    return ended.value.code


class Twistd(ServerOptions):
    """Twistd's own options, with chatd's plugins and no others."""

    @staticmethod
    @override
    def _getPlugins(interface: object, package: object = None) -> list[Any]:
        return [chatd_plugins.chatserver, chatd_plugins.chatclient]


def twistd(line: str) -> Any:
    """The options of ``twistd`` after parsing `line`."""
    options = Twistd()
    options.parseOptions(shlex.split(line))
    return options


class Run:
    """A run on loopback of a command that ends by itself: ``chatd servers``, ``chatd doctor``.

    :ivar status: the exit status, or the line that ``sys.exit`` prints; None until it has ended.
    """

    def __init__(
        self,
        main: Callable[[Any, Any], Coroutine[Any, Any, None]],
        options: CommandOptions,
        line: str = "",
        *offers: Offer,
    ) -> None:
        self.reactor = FakeRunningReactor()
        self.status: object = None
        parse(options, f"--ifaddrs 127.0.0.1/8 --discovery-port 4000 {line}")
        running = Deferred.fromCoroutine(main(self.reactor, options))
        running.addCallbacks(self._finished, self._exited)
        for offer in offers:
            self.reactor.udp[0].protocol.datagramReceived(encode_offer(offer), (offer.address, 4))

    def _finished(self, result: None) -> None:
        self.status = 0

    def _exited(self, failure: Failure) -> None:
        assert isinstance(failure.value, SystemExit)
        self.status = failure.value.code

    def status_after(self, seconds: float) -> object:
        """The exit status after that time; None if the command is still running."""
        self.reactor.advance(seconds)
        return self.status

    def interrupt(self) -> None:
        """Press Ctrl-C, which stops the reactor."""
        for call, args, kwargs in self.reactor.triggers["before"]["shutdown"]:
            call(*args, **kwargs)


def modules_imported_by(command: str, line: str) -> set[str]:
    """The modules that are imported once `command` is about to start; it is not on a terminal."""
    script = (
        f"import sys, chatd.cli, chatd.taps.{command} as command\n"
        "options = command.Options()\n"
        f"options.parseOptions({shlex.split(line)})\n"
        "getattr(command, 'install_reactor', lambda options: None)(options)\n"
        "from twisted.internet import reactor\n"
        "command.makeService(options, reactor)\n"
        "print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
        text=True,
    )
    return set(done.stdout.split())


def close_log(options: Any) -> None:
    """Write what waits, and close the log file."""
    if options._log_writer is not None:
        options._log_writer.stop()
        options._log_file.close()
