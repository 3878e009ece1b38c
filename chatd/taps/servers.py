"""``chatd servers``: which servers answer now."""

import json
from typing import Any, ClassVar

from twisted.internet.defer import Deferred
from twisted.python import usage

from chatd.chat import limits
from chatd.discovery.querier import Querier
from chatd.discovery.subnets import DEFAULT_PORT
from chatd.taps.options import LOG_PARAMETERS, PORT, CommandOptions, non_negative_number
from chatd.taps.program import Program, get_reactor
from chatd.wire.discovery import Offer
from chatd.wire.rendering import escape


class Options(CommandOptions):
    """The options of the list."""

    command = "chatd servers"
    synopsis = "[options]"
    longdesc = (
        "List the servers that answer a broadcast now. Exit status 0 if there is one, else 1."
    )
    optParameters: ClassVar = [
        ["wait", None, "1", "for how many seconds to collect answers"],
        ["discovery-port", None, str(DEFAULT_PORT), "UDP port that servers answer on"],
        *[
            ["log-level", None, "warn", each[3]] if each[0] == "log-level" else each
            for each in LOG_PARAMETERS
        ],
    ]
    optFlags: ClassVar = [["json", None, "one JSON list instead of a table"]]
    readers: ClassVar = {"wait": non_negative_number("seconds"), "discovery-port": PORT}

    def validate(self) -> None:
        """Read what depends on more than one value."""
        self.known_subnets = self.subnets()
        if not any(subnet.is_discoverable for subnet in self.known_subnets):
            raise usage.UsageError("--ifaddrs: no subnet here has a broadcast address")


class ServersProgram(Program):
    """Asks once, collects for a while, prints, ends."""

    def __init__(self, reactor: Any, options: Options) -> None:
        super().__init__(reactor)
        self._options = options
        self._offers: dict[tuple[str, str, int], Offer] = {}
        self._querier = Querier(
            reactor,
            lambda: options.known_subnets,
            options.read["discovery-port"],
            self._offer_received,
        )

    def startService(self) -> None:
        """Ask."""
        super().startService()
        self._querier.start()
        self._reactor.callLater(self._options.read["wait"], self._print)

    def stop_children(self) -> Deferred[Any]:
        """Close the sockets."""
        return self._querier.stop()

    def _offer_received(self, offer: Offer) -> None:
        if len(self._offers) < limits.MAX_OFFERS:
            self._offers[offer.id, offer.address, offer.port] = offer

    def _print(self) -> None:
        offers = [self._offers[key] for key in sorted(self._offers)]
        text = as_json(offers) if self._options["json"] else as_table(offers) if offers else ""
        if not self.write_stdout(text):
            return
        if not offers:
            asked = ", ".join(str(subnet.network) for subnet in self._querier.queried)
            self.abort(f"No server answered on {asked or 'any network'}.")
        else:
            self.exit()


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
        for each in offers
    ]
    return json.dumps(rows, ensure_ascii=False, indent=1) + "\n"


def as_table(offers: list[Offer]) -> str:
    """`offers` as a table with a heading."""
    rows = [("SERVER", "ADDRESS", "FREE", "SLOTS")]
    rows += [
        (escape(each.id), f"{each.address}:{each.port}", str(each.free), str(each.slots))
        for each in offers
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
    return "\n".join(lines) + "\n"


def makeService(options: Options, reactor: Any = None) -> Program:  # Twisted's name
    """What ``chatd servers`` runs."""
    reactor = reactor or get_reactor()
    return ServersProgram(reactor, options)
