"""``chatd servers``: list the servers that answer a broadcast."""

import json
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NoReturn

from twisted.internet import task
from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import globalLogBeginner
from twisted.python import usage
from typing_extensions import override

from chatd.chat import limits
from chatd.discovery.querier import Querier
from chatd.discovery.subnets import DEFAULT_PORT, Subnet
from chatd.stderr import write_line
from chatd.taps.options import (
    CommandOptions,
    log_parameters,
    non_negative_number,
    parameter,
    port_number,
)
from chatd.taps.program import get_reactor, write_stdout
from chatd.tls.fingerprint import words
from chatd.wire.discovery import Offer
from chatd.wire.rendering import escape
from chatd.wire.table import table


class Options(CommandOptions):
    """The options of ``chatd servers``."""

    command = "chatd servers"
    synopsis = "[options]"
    longdesc = (
        "Send a broadcast to each subnet, and list the servers that answer. Exit status 0 if a "
        "server answers, else 1."
    )
    optParameters: ClassVar = [
        parameter("wait", 1, "how many seconds to collect answers", non_negative_number("seconds")),
        parameter("discovery-port", DEFAULT_PORT, "UDP port that servers answer on", port_number),
        *log_parameters(level="warn"),
    ]
    optFlags: ClassVar = [["json", None, "print one JSON list instead of a table"]]

    @override
    def validate(self) -> None:
        self.known_subnets = self.subnets()
        if not any(subnet.is_discoverable for subnet in self.known_subnets):
            raise usage.UsageError("--ifaddrs: none of the subnets has a broadcast address")


async def main(reactor: Any, options: Options) -> None:
    """Query once, collect offers, print them.

    :raises SystemExit: with status 1 if no server answers; also when interrupted.
    """
    found, networks = await collect(
        reactor, options.known_subnets, options["discovery-port"], options["wait"]
    )
    write_stdout(as_json(found) if options["json"] else as_table(found) if found else "")
    if not found:
        write_line(f"No server answered on {networks or 'any network'}.")
        raise SystemExit(1)


async def collect(
    reactor: Any, subnets: Sequence[Subnet], port: int, seconds: float
) -> tuple[list[Offer], str]:
    """The offers that come within that time, sorted; and the networks that were queried, in words.

    :raises SystemExit: with status 1 if the user interrupts it.
    """
    # Until the reactor runs, Ctrl-C is a KeyboardInterrupt, which task.react would log as an error.
    started: Deferred[None] = Deferred()
    reactor.callWhenRunning(lambda: started.callback(None))
    await started
    offers: dict[tuple[str, str, int], Offer] = {}

    def offer_received(offer: Offer) -> None:
        if len(offers) < limits.MAX_OFFERS:
            offers[offer.id, offer.address, offer.port] = offer

    querier = Querier(reactor, lambda: subnets, port, offer_received)
    querier.start()
    waiting: Deferred[None] = task.deferLater(reactor, seconds)
    # Ctrl-C stops the reactor, which to task.react is a success.
    reactor.addSystemEventTrigger("before", "shutdown", waiting.cancel)
    try:
        await waiting
    except CancelledError:
        raise SystemExit(1) from None
    networks = ", ".join(str(subnet.network) for subnet in querier.queried)
    await querier.stop()
    return [offers[key] for key in sorted(offers)], networks


def run(options: Options) -> NoReturn:
    """Run ``chatd servers``, and exit with its status."""
    globalLogBeginner.beginLoggingTo([options.observer()], redirectStandardIO=False)
    task.react(main, [options], get_reactor())


def as_json(offers: list[Offer]) -> str:
    """`offers` as one JSON list."""
    rows = [
        {
            "id": each.id,
            "address": each.address,
            "port": each.port,
            "slots": each.slots,
            "free": each.free,
        }
        | ({"tls_port": each.tls_port, "fingerprint": each.fingerprint} if each.tls_port else {})
        | _cluster_object(each)
        for each in offers
    ]
    return json.dumps(rows, ensure_ascii=False, indent=1) + "\n"


def _cluster_object(offer: Offer) -> dict[str, object]:
    """The part of the object that only a node of a cluster has."""
    if not offer.node:
        return {}
    return {"node": offer.node, "cluster": offer.cluster, "cut_off": offer.is_cut_off}


def as_table(offers: list[Offer]) -> str:
    """`offers` as a table with a heading; with columns for clusters if there are some.

    Of servers with one id that are no nodes of one cluster, the cluster is shown as well.
    """
    columns: list[tuple[str, Callable[[Offer], str]]] = [("SERVER", lambda each: escape(each.id))]
    clustered = {each.id for each in offers if each.node}
    if clustered:
        columns.append(("NODE", lambda each: escape(each.node)))
    if len({(each.id, each.cluster) for each in offers if each.id in clustered}) > len(clustered):
        columns.append(("CLUSTER", lambda each: escape(each.cluster)))
    columns += [
        ("ADDRESS", lambda each: f"{each.address}:{each.port}"),
        ("FREE", lambda each: "cut off" if each.is_cut_off else str(each.free)),
        ("SLOTS", lambda each: str(each.slots)),
    ]
    if any(each.fingerprint for each in offers):
        columns.append(("KEY", lambda each: words(each.fingerprint) if each.tls_port else "none"))
    rows = [[heading for heading, _ in columns]]
    rows += [[cell(each) for _, cell in columns] for each in offers]
    return table(rows)
