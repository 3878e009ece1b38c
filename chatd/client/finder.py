"""Finding the server: by broadcast, by name or by choice; or not at all, with a direct address."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from twisted.internet.interfaces import IDelayedCall

from chatd.chat import limits
from chatd.client import standing
from chatd.client.lifecycle import Server
from chatd.client.screen import WHICH, Choice, Screen
from chatd.discovery.seeker import Seeker
from chatd.discovery.subnets import HostAddress, Subnet, host_addresses
from chatd.wire.beacon import Offer
from chatd.wire.lines import visible


class Finder(Protocol):
    """Something that finds the server."""

    def seek(self, found: Callable[[Server], None], failed: Callable[[str], None]) -> None:
        """Look for the server until :meth:`stop`; `found` is called once, or `failed` is."""

    def stop(self) -> None:
        """Do not look any more."""


class DirectAddress:
    """There is nothing to find: the person said where the server is."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def seek(self, found: Callable[[Server], None], failed: Callable[[str], None]) -> None:
        """It is where it is."""
        found(self._server)

    def stop(self) -> None:
        """Nothing goes on."""


class BroadcastFinder:
    """Asks the known subnets, and takes the first offer of the server wanted that has a free slot.

    Without a name, it collects offers for a second: one server is taken, of several the person
    chooses, from the second one on; the choice is kept.

    :param host: the addresses of this host, to name the interface of a subnet that was asked.
    """

    def __init__(
        self,
        reactor: Any,  # IReactorTime and IReactorUDP, which zope cannot say
        subnets: Callable[[], Sequence[Subnet]],
        port: int,
        server_id: str | None,
        screen: Screen,
        host: Callable[[], Sequence[HostAddress]] = host_addresses,
    ) -> None:
        self._clock = reactor
        self._port = port
        self._host = host
        self._seeker = Seeker(reactor, subnets, port, self._heard)
        self._wanted = server_id
        self._screen = screen
        self._offers: dict[str, Offer] = {}
        self._said_full = False
        self._said_advice = False
        self._call: IDelayedCall | None = None
        self._found: Callable[[Server], None] = lambda server: None
        self._failed: Callable[[str], None] = lambda reason: None

    def seek(self, found: Callable[[Server], None], failed: Callable[[str], None]) -> None:
        """Ask now and at every period."""
        self._found, self._failed = found, failed
        self._offers.clear()
        self._said_full = False
        self._seeker.start()
        what = "a server" if self._wanted is None else visible(self._wanted)
        where = ", ".join(str(subnet.network) for subnet in self._seeker.asked)
        self._stand()
        nowhere = "nowhere, as no subnet here has a broadcast address"
        self._screen.talk(f"Searching for {what} on {where or nowhere} …")
        self._later(limits.DISCOVERY_PERIOD_SECONDS, self._nothing_yet)

    def stop(self) -> None:
        """Ask no more."""
        self._later(None)
        self._seeker.stop()

    def _later(self, seconds: float | None, call: Callable[[], None] = lambda: None) -> None:
        if self._call is not None and self._call.active():
            self._call.cancel()
        self._call = None if seconds is None else self._clock.callLater(seconds, call)

    def _stand(self) -> None:
        searching = standing.Searching(
            self._wanted or "", len(self._seeker.asked), len(self._offers)
        )
        self._screen.stands(searching)

    def _nothing_yet(self) -> None:
        if not self._said_full:
            self._screen.talk(
                f"No answer within {limits.DISCOVERY_PERIOD_SECONDS} s; still searching."
            )
            if not self._said_advice:
                self._said_advice = True
                for sentence in self._advice():
                    self._screen.talk(sentence)

    def _advice(self) -> list[str]:
        """Where it was asked, what usually blocks it, what to do."""
        try:
            names = {each.address.ip: each.interface for each in self._host()}
        except OSError:
            names = {}

        def interface(subnet: Subnet) -> str:
            loopback = "lo" if subnet.address.is_loopback else "?"
            return f"{names.get(subnet.address, loopback)} ({subnet})"

        asked = [
            f"  asked on {interface(subnet)}: everyone at {subnet.broadcast}, UDP port {self._port}"
            for subnet in self._seeker.asked
        ]
        failed = [
            f"  could not ask on {interface(subnet)}: {visible(reason)}"
            for subnet, reason in self._seeker.failed.items()
        ]
        return [
            *(asked + failed or ["  nothing could be asked: no subnet has a broadcast address"]),
            f"What usually blocks it: a firewall, here or there, on UDP port {self._port}; a Wi-Fi "
            "that isolates its clients from each other; a VPN.",
            "chatd doctor finds out which. If you know its address, no search is needed: "
            "chatd client ADDRESS [PORT]",
        ]

    def _heard(self, offer: Offer) -> None:
        if self._wanted is None:
            self._collect(offer)
        elif offer.id == self._wanted:
            if offer.free > 0:
                self._found(_server(offer))
            else:
                self._say_full(offer)

    def _say_full(self, offer: Offer) -> None:
        if not self._said_full:
            self._said_full = True
            self._screen.talk(f"{visible(offer.id)} is full; waiting for a free place …")

    def _collect(self, offer: Offer) -> None:
        if offer.free <= 0:
            self._say_full(offer)
            return
        if len(self._offers) >= limits.OFFERS:
            return
        if not self._offers:
            self._later(limits.CHOICE_SECONDS, self._choose)
        if offer.id not in self._offers:
            self._offers[offer.id] = offer
            self._stand()
            if len(self._offers) > 1 and self._screen.can_ask:
                self._ask(WHICH)

    def _choose(self) -> None:
        self._seeker.stop()
        if len(self._offers) == 1:
            self._take(*self._offers.values())
        elif not self._screen.can_ask:
            names = ", ".join(visible(server_id) for server_id in self._offers)
            self._failed(f"Several servers answer: {names}. Say which: --server NAME")

    def _ask(self, question: str) -> None:
        choices = [
            Choice(
                offer.id,
                f"{offer.address}:{offer.port}  {offer.free} of {offer.slots} "
                f"place{'' if offer.slots == 1 else 's'} free",
            )
            for offer in self._offers.values()
        ]
        self._screen.choose(question, choices, self._chosen)

    def _chosen(self, answer: str) -> None:
        wanted = answer.strip()
        numbered = {str(number): offer for number, offer in enumerate(self._offers.values(), 1)}
        offer = self._offers.get(wanted) or numbered.get(wanted)
        if offer is not None:
            self._take(offer)
        else:
            self._ask(f"{visible(answer)} is none of them. {WHICH}")

    def _take(self, offer: Offer) -> None:
        self._wanted = offer.id
        self._found(_server(offer))


def _server(offer: Offer) -> Server:
    return Server(offer.address, offer.port, offer.id)
