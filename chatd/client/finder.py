"""Finding the server: by broadcast, by name or by choice; or not at all, with a direct address."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from twisted.internet.interfaces import IDelayedCall

from chatd.chat import limits
from chatd.client import status
from chatd.client.lifecycle import Server
from chatd.client.ui import SERVER_PROMPT, Choice, UserInterface
from chatd.discovery.querier import Querier
from chatd.discovery.subnets import HostAddress, Subnet, host_addresses
from chatd.wire.discovery import Offer
from chatd.wire.rendering import escape


class Finder(Protocol):
    """Something that finds the server."""

    def find(self, on_found: Callable[[Server], None], on_failed: Callable[[str], None]) -> None:
        """Look for the server until :meth:`stop`; `found` is called once, or `failed` is."""

    def stop(self) -> None:
        """Do not look any more."""


class DirectAddress:
    """There is nothing to find: the person said where the server is."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def find(self, on_found: Callable[[Server], None], on_failed: Callable[[str], None]) -> None:
        """It is where it is."""
        on_found(self._server)

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
        ui: UserInterface,
        host: Callable[[], Sequence[HostAddress]] = host_addresses,
    ) -> None:
        self._clock = reactor
        self._port = port
        self._host = host
        self._querier = Querier(reactor, subnets, port, self._offer_received)
        self._server_id = server_id
        self._ui = ui
        self._offers: dict[str, Offer] = {}
        self._reported_full = False
        self._gave_advice = False
        self._timeout: IDelayedCall | None = None
        self._on_found: Callable[[Server], None] = lambda server: None
        self._on_failed: Callable[[str], None] = lambda reason: None

    def find(self, on_found: Callable[[Server], None], on_failed: Callable[[str], None]) -> None:
        """Ask now and at every period."""
        self._on_found, self._on_failed = on_found, on_failed
        self._offers.clear()
        self._reported_full = False
        self._querier.start()
        what = "a server" if self._server_id is None else escape(self._server_id)
        where = ", ".join(str(subnet.network) for subnet in self._querier.queried)
        self._update_status()
        nowhere = "nowhere, as no subnet here has a broadcast address"
        self._ui.notify(f"Searching for {what} on {where or nowhere} …")
        self._set_timeout(limits.DISCOVERY_PERIOD_SECONDS, self._no_answer)

    def stop(self) -> None:
        """Ask no more."""
        self._set_timeout(None)
        self._querier.stop()

    def _set_timeout(self, seconds: float | None, call: Callable[[], None] = lambda: None) -> None:
        if self._timeout is not None and self._timeout.active():
            self._timeout.cancel()
        self._timeout = None if seconds is None else self._clock.callLater(seconds, call)

    def _update_status(self) -> None:
        searching = status.Searching(
            self._server_id or "", len(self._querier.queried), len(self._offers)
        )
        self._ui.set_status(searching)

    def _no_answer(self) -> None:
        if not self._reported_full:
            self._ui.notify(
                f"No answer within {limits.DISCOVERY_PERIOD_SECONDS} s; still searching."
            )
            if not self._gave_advice:
                self._gave_advice = True
                for sentence in self._troubleshooting():
                    self._ui.notify(sentence)

    def _troubleshooting(self) -> list[str]:
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
            for subnet in self._querier.queried
        ]
        failed = [
            f"  could not ask on {interface(subnet)}: {escape(reason)}"
            for subnet, reason in self._querier.failures.items()
        ]
        return [
            *(asked + failed or ["  nothing could be asked: no subnet has a broadcast address"]),
            f"What usually blocks it: a firewall, here or there, on UDP port {self._port}; a Wi-Fi "
            "that isolates its clients from each other; a VPN.",
            "chatd doctor finds out which. If you know its address, no search is needed: "
            "chatd client ADDRESS [PORT]",
        ]

    def _offer_received(self, offer: Offer) -> None:
        if self._server_id is None:
            self._collect(offer)
        elif offer.id == self._server_id:
            if offer.free > 0:
                self._on_found(_server(offer))
            else:
                self._report_full(offer)

    def _report_full(self, offer: Offer) -> None:
        if not self._reported_full:
            self._reported_full = True
            self._ui.notify(f"{escape(offer.id)} is full; waiting for a free place …")

    def _collect(self, offer: Offer) -> None:
        if offer.free <= 0:
            self._report_full(offer)
            return
        if len(self._offers) >= limits.MAX_OFFERS:
            return
        if not self._offers:
            self._set_timeout(limits.OFFER_COLLECT_SECONDS, self._collected)
        if offer.id not in self._offers:
            self._offers[offer.id] = offer
            self._update_status()
            if len(self._offers) > 1 and self._ui.can_ask:
                self._prompt_choice(SERVER_PROMPT)

    def _collected(self) -> None:
        self._querier.stop()
        if len(self._offers) == 1:
            self._take(*self._offers.values())
        elif not self._ui.can_ask:
            names = ", ".join(escape(server_id) for server_id in self._offers)
            self._on_failed(f"Several servers answer: {names}. Say which: --server NAME")

    def _prompt_choice(self, question: str) -> None:
        choices = [
            Choice(
                offer.id,
                f"{offer.address}:{offer.port}  {offer.free} of {offer.slots} "
                f"place{'' if offer.slots == 1 else 's'} free",
            )
            for offer in self._offers.values()
        ]
        self._ui.choose(question, choices, self._chosen)

    def _chosen(self, answer: str) -> None:
        wanted = answer.strip()
        numbered = {str(number): offer for number, offer in enumerate(self._offers.values(), 1)}
        offer = self._offers.get(wanted) or numbered.get(wanted)
        if offer is not None:
            self._take(offer)
        else:
            self._prompt_choice(f"{escape(answer)} is none of them. {SERVER_PROMPT}")

    def _take(self, offer: Offer) -> None:
        self._server_id = offer.id
        self._on_found(_server(offer))


def _server(offer: Offer) -> Server:
    return Server(offer.address, offer.port, offer.id)
