"""``chatd trust``: accept the key of a server, or forget it."""

import os
import signal
import sys
from collections.abc import Sequence
from typing import Any, ClassVar
from urllib.parse import unquote

from twisted.internet import task
from twisted.logger import globalLogBeginner
from twisted.python import usage
from typing_extensions import override

from chatd.client.server_keys import in_shell
from chatd.discovery.subnets import DEFAULT_PORT
from chatd.stderr import write_line
from chatd.taps.client import split_address
from chatd.taps.interactive import is_terminal
from chatd.taps.known_servers import known_servers
from chatd.taps.options import (
    CommandOptions,
    log_parameters,
    non_negative_number,
    parameter,
    port_number,
)
from chatd.taps.program import get_reactor, write_stdout
from chatd.taps.servers import collect
from chatd.tls import fingerprint
from chatd.tls.known_servers import KnownServers, address_key, id_key
from chatd.wire.discovery import Offer, is_server_id
from chatd.wire.rendering import escape
from chatd.wire.table import table


class Options(CommandOptions):
    """The options of ``chatd trust``.

    :ivar name: the server as the user names it; empty to list those that are known.
    :ivar key: how the file of known servers names it.
    :ivar fingerprint: the key to accept; empty to ask the server.
    """

    command = "chatd trust"
    synopsis = "[options] [SERVER [FINGERPRINT]]"
    longdesc = (
        "A client remembers the key with which it first met a server, and speaks with no other "
        "one. Where a server was set up anew, compare the words of its key with those that its "
        "host is shown, and accept it: chatd trust party. SERVER is the server's id, or "
        "ADDRESS:PORT for one that you connect to by its address; then give the FINGERPRINT that "
        "the client has named. Without SERVER, the known servers are listed."
    )
    optParameters: ClassVar = [
        parameter("wait", 1, "how many seconds to collect answers", non_negative_number("seconds")),
        parameter("discovery-port", DEFAULT_PORT, "UDP port that servers answer on", port_number),
        *log_parameters(level="warn"),
    ]
    optFlags: ClassVar = [
        ["forget", None, "forget the server's key; the next one that it shows is accepted"]
    ]

    @override
    def parseArgs(self, *words: str) -> None:
        super().parseArgs(*words[2:])
        self.name, self.fingerprint = (*words, "", "")[:2]

    @override
    def validate(self) -> None:
        self.key = ""
        if self.fingerprint:
            try:
                self.fingerprint = fingerprint.parse(self.fingerprint)
            except ValueError as error:
                raise usage.UsageError(f"FINGERPRINT: {self.fingerprint!r} {error}") from None
        if self["forget"] and (self.fingerprint or not self.name):
            raise usage.UsageError("--forget takes SERVER, and no FINGERPRINT")
        self.known_subnets = self.subnets()
        if self.name:
            self.key = self._key()

    def _key(self) -> str:
        if ":" in self.name and not self._is_known_id():
            address = split_address("SERVER", self.name)
            if not (self.fingerprint or self["forget"]):
                raise usage.UsageError(f"give the FINGERPRINT of {self.name}, too")
            return address_key(address.host, address.port)
        if not is_server_id(self.name):
            raise usage.UsageError(f"SERVER: {self.name!r} is neither a server's id nor an address")
        return id_key(self.name)

    def _is_known_id(self) -> bool:
        """Whether a server with that id was met, though the id looks like an address."""
        known = known_servers(os.environ, lambda warning: None)
        return known.get(id_key(self.name)) is not None


async def main(reactor: Any, options: Options, known: KnownServers) -> None:
    """Ask the server for its key, and the user whether it is right.

    :raises SystemExit: with status 1 unless one is accepted.
    """
    offers, networks = await collect(
        reactor, options.known_subnets, options["discovery-port"], options["wait"]
    )
    named = [each for each in offers if each.id == options.name and each.tls_port]
    keys = sorted({each.fingerprint for each in named})
    if not keys:
        write_line(
            f"No {escape(options.name)} that speaks TLS answered on {networks or 'any network'}."
        )
        raise SystemExit(1)
    for each in keys:
        write_stdout(f"{_where(named, each)}\n  {fingerprint.words(each)}\n  {each}\n")
    if len(keys) > 1:
        write_line(
            "These are several keys. Name the right one: "
            f"chatd trust {in_shell(options.name)} FINGERPRINT"
        )
        raise SystemExit(1)
    if known.get(options.key) == keys[0]:
        write_line("This key is trusted already.")
        return
    if not is_terminal():
        write_line(f"To accept it: chatd trust {in_shell(options.name)} {keys[0]}")
        raise SystemExit(1)
    if not _confirmed():
        write_line("Nothing was changed.")
        raise SystemExit(1)
    _trust(known, options, keys[0])


def _trust(known: KnownServers, options: Options, key: str) -> None:
    """Accept `key`.

    :raises SystemExit: with status 1, if that cannot be written down.
    """
    if not known.trust(options.key, key):
        raise SystemExit(1)  # the user was told why
    write_line(f"The key of {escape(options.name)} is trusted from now on.")


def _where(offers: Sequence[Offer], key: str) -> str:
    addresses = [f"{each.address}:{each.tls_port}" for each in offers if each.fingerprint == key]
    return f"{escape(offers[0].id)} ({', '.join(addresses)})"


def _confirmed() -> bool:
    sys.stderr.write("Is its host shown the same words? [y/N] ")
    sys.stderr.flush()
    # The reactor's handler would wait for the end of the line.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return sys.stdin.readline().strip().casefold() in ("y", "yes")
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        return False
    except UnicodeDecodeError:
        return False
    finally:
        signal.signal(signal.SIGINT, before)


def _list(known: KnownServers) -> int:
    servers = known.all()
    if not servers:
        write_line("No server was met with TLS yet.")
        return 1
    rows = [["SERVER", "KEY"]]
    rows += [[escape(unquote(key)), fingerprint.words(servers[key])] for key in sorted(servers)]
    write_stdout(table(rows))
    return 0


def _forget(known: KnownServers, options: Options) -> int:
    if known.get(options.key) is None:
        write_line(f"{escape(options.name)} is not known; chatd trust lists the known servers.")
        return 1
    if not known.forget(options.key):
        return 1  # the user was told why
    write_line(f"{escape(options.name)} is forgotten.")
    return 0


def run(options: Options) -> int:
    """Run ``chatd trust``, and return its exit status."""
    known = known_servers(os.environ, write_line)
    if not options.name:
        return _list(known)
    if options["forget"]:
        return _forget(known, options)
    if options.fingerprint:
        _trust(known, options, options.fingerprint)
    else:
        globalLogBeginner.beginLoggingTo([options.observer()], redirectStandardIO=False)
        task.react(main, [options, known], get_reactor())
    return 0
