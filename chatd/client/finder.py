"""Finding the server: by broadcast, with a choice if several answer; or by a direct address."""

import random
import shlex
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any, Final, Protocol

from twisted.internet.interfaces import IDelayedCall
from typing_extensions import override

from chatd.chat import limits
from chatd.client import status
from chatd.client.cluster import Choose, KnownNodes, NodeOffers, server_of
from chatd.client.connection_notices import SearchUI
from chatd.client.lifecycle import ServerAddress
from chatd.client.near_miss import is_near_miss
from chatd.client.ui import SERVER_PROMPT, Choice
from chatd.discovery.querier import Querier
from chatd.discovery.subnets import HostAddress, Subnet, host_addresses
from chatd.wire.discovery import Offer
from chatd.wire.rendering import escape

_NODE_COLLECT_SECONDS: Final = limits.NODE_COLLECT_MILLISECONDS / 1_000


class Finder(Protocol):
    """Finds the server to connect to; used again for each reconnect."""

    def find(
        self,
        on_found: Callable[[ServerAddress], None],
        on_failed: Callable[[str], None],
        holds_slot: bool = False,
    ) -> None:
        """Search until :meth:`stop`.

        :param on_found: called once with the server.
        :param on_failed: called once with a sentence, if no search can find the server.
        :param holds_slot: whether the server may still hold the user's slot, so that none need be
            free.
        """

    def stop(self) -> None:
        """Stop the search."""

    @property
    def nodes(self) -> KnownNodes:
        """The nodes of the client's cluster; the client reports their changes here."""


class DirectAddress(Finder):
    """The user gave the server's address: no search is needed.

    A node of a cluster that is lost is tried once more, and then the others, in turn.

    :param choose: chooses the next one of them.
    :param nodes: those that are known, if another finder has them, too.
    """

    def __init__(
        self,
        server: ServerAddress,
        choose: Choose[ServerAddress] = random.choice,
        nodes: KnownNodes | None = None,
    ) -> None:
        self._server = server
        self._nodes = nodes or KnownNodes(choose, server)

    @override
    def find(
        self,
        on_found: Callable[[ServerAddress], None],
        on_failed: Callable[[str], None],
        holds_slot: bool = False,
    ) -> None:
        server = self._nodes.next(is_own_first=True)
        if server is None:
            self._nodes.restart()
            server = self._nodes.next(is_own_first=True) or self._server
        self._nodes.mark_tried(server)
        on_found(server)

    @override
    def stop(self) -> None:
        pass

    @property
    @override
    def nodes(self) -> KnownNodes:
        return self._nodes


class BroadcastFinder(Finder):
    """Queries the known subnets, and takes the first offer of its server with a free slot.

    If the server is a node of a cluster, it collects offers for NODE_COLLECT_MILLISECONDS, and
    takes the freest node. If nobody answers, it tries the addresses that the last server has told.

    Without a server id, it collects offers for OFFER_COLLECT_SECONDS. If only one server answers,
    it takes that one. Of several the user chooses, and may do so from the second one on; without a
    user it fails. The choice is kept for the following searches.

    If a server answers whose id is nearly the given one, while that one does not, the user is asked
    which one is meant; without a user the search fails. That is in the first search only: a client
    that has been in a chat never goes to another one.

    :param reactor: provides ``IReactorUDP`` and ``IReactorTime``.
    :param subnets: returns the known subnets.
    :param port: the discovery port of the servers.
    :param server_id: the id of the server to find; None for any.
    :param host: returns this host's addresses, for the names of its interfaces.
    :param choose: chooses one of several nodes that are as good.
    :param accepts: whether an offer may be from the server that it names.
    :ivar suggests: whether to ask about ids that are nearly the given one.
    """

    def __init__(
        self,
        reactor: Any,  # two interfaces at once, which zope cannot say
        subnets: Callable[[], Sequence[Subnet]],
        port: int,
        server_id: str | None,
        ui: SearchUI,
        host: Callable[[], Sequence[HostAddress]] = host_addresses,
        choose: Choose[Any] = random.choice,
        accepts: Callable[[Offer], bool] = lambda offer: True,
    ) -> None:
        self._accepts = accepts
        self._clock = reactor
        self._port = port
        self._host = host
        self._querier = Querier(reactor, subnets, port, self._offer_received)
        self._server_id = server_id
        self._ui = ui
        self._offers: dict[str, Offer] = {}
        self._node_offers = NodeOffers(choose)
        self._nodes = KnownNodes(choose)
        # Until then (by the clock) offers of other clusters are not taken.
        self._stays_until = 0.0
        self.suggests: Callable[[], bool] = lambda: True
        self._near: dict[str, Offer] = {}
        self._declined: set[str] = set()
        self._is_asking = False
        self._has_found = False
        self._entries = 0
        self._reported_twins = False
        self._holds_slot = False
        self._reported_why = False
        self._gave_advice = False
        self._timeout: IDelayedCall | None = None
        self._on_found: Callable[[ServerAddress], None] = lambda server: None
        self._on_failed: Callable[[str], None] = lambda reason: None

    @override
    def find(
        self,
        on_found: Callable[[ServerAddress], None],
        on_failed: Callable[[str], None],
        holds_slot: bool = False,
    ) -> None:
        self._on_found, self._on_failed = on_found, on_failed
        self._holds_slot = holds_slot
        self._offers.clear()
        self._node_offers.clear()
        self._near.clear()
        if self._entries != self._nodes.entries:  # the first search since then
            self._entries = self._nodes.entries
            self._stays_until = self._clock.seconds() + limits.OWN_CLUSTER_SECONDS
        self._reported_why = False
        self._querier.start()
        self._update_status()
        server = "a server" if self._server_id is None else escape(self._server_id)
        subnets = ", ".join(str(subnet.network) for subnet in self._querier.queried)
        self._ui.notify(
            f"Searching for {server} on {subnets} …"
            if subnets
            else f"Cannot search for {server}: no subnet of this host has a broadcast address."
        )
        if self._nodes.cluster:
            self._set_timeout(_NODE_COLLECT_SECONDS, self._no_node_answered)
        else:
            self._set_timeout(limits.DISCOVERY_PERIOD_SECONDS, self._report_silence)

    @override
    def stop(self) -> None:
        self._set_timeout(None)
        self._is_asking = False
        self._querier.stop()

    @property
    @override
    def nodes(self) -> KnownNodes:
        return self._nodes

    @property
    def is_undecided(self) -> bool:
        """Whether the server has answered, but is not found yet; or the user is asked which one."""
        return self._is_asking or self._reported_why or bool(self._node_offers)

    def _set_timeout(
        self, seconds: float | None, on_timeout: Callable[[], None] = lambda: None
    ) -> None:
        if self._timeout is not None and self._timeout.active():
            self._timeout.cancel()
        self._timeout = None if seconds is None else self._clock.callLater(seconds, on_timeout)

    def _update_status(self) -> None:
        searching = status.Searching(
            self._server_id or "", len(self._querier.queried), len(self._offers)
        )
        self._ui.set_status(searching)

    def _no_node_answered(self) -> None:
        # Its own node last: the client has just lost it.
        if not (self._try_known_node({self._nodes.node}) or self._try_known_node()):
            self._nodes.restart()
            self._set_timeout(limits.DISCOVERY_PERIOD_SECONDS, self._still_no_node_answered)

    def _still_no_node_answered(self) -> None:
        self._report_silence()
        self._no_node_answered()

    def _report_silence(self) -> None:
        """Nobody has answered within DISCOVERY_PERIOD_SECONDS."""
        if not self._reported_why:
            self._ui.notify(
                f"No answer within {limits.DISCOVERY_PERIOD_SECONDS} s; still searching."
            )
            if not self._gave_advice:
                self._gave_advice = True
                for line in self._troubleshooting():
                    self._ui.notify(line)

    def _troubleshooting(self) -> list[str]:
        """Which queries were sent, what usually blocks them, and what the user can do."""
        try:
            interfaces = {each.address.ip: each.interface for each in self._host()}
        except OSError:
            interfaces = {}

        def interface(subnet: Subnet) -> str:
            loopback = "lo" if subnet.address.is_loopback else "?"
            return f"{interfaces.get(subnet.address, loopback)} ({subnet})"

        sent = [
            f"  query sent on {interface(subnet)} to {subnet.broadcast}, UDP port {self._port}"
            for subnet in self._querier.queried
        ]
        failed = [
            f"  query failed on {interface(subnet)}: {escape(reason)}"
            for subnet, reason in self._querier.failures.items()
        ]
        return [
            *(sent + failed or ["  no query sent: no subnet has a broadcast address"]),
            f"Usual causes: a firewall on either host that blocks UDP port {self._port}; a Wi-Fi "
            "network that isolates its clients from each other; a VPN.",
            "Run chatd doctor to find the cause. If you know the server's address, connect to it "
            "directly: chatd client ADDRESS [PORT]",
        ]

    def _offer_received(self, offer: Offer) -> None:
        if self._server_id not in (None, offer.id):
            self._near_offer_received(offer)
        elif not self._accepts(offer):
            self._reported_why = True  # there was an answer, and the user knows why it is not taken
        elif self._is_of_another_cluster(offer):
            self._report_twin(offer)
        elif self._server_id is None:
            self._collect(offer)
        elif offer.node:
            if not self._node_offers:
                self._set_timeout(_NODE_COLLECT_SECONDS, self._choose_node)
            self._node_offers.add(offer)
        elif offer.free > 0 or self._holds_slot:
            self._take(server_of(offer))
        else:
            self._report_full(offer)

    def _near_offer_received(self, offer: Offer) -> None:
        """Another server has answered; perhaps it is the one that the user meant."""
        if (
            self._server_id is not None
            and not self._has_found
            and len(self._near) < limits.MAX_OFFERS
            and offer.id not in self._declined
            and is_near_miss(self._server_id, offer.id)
            and not self.is_undecided
            and self.suggests()
        ):
            if not self._near:  # the right one may answer a moment later
                self._set_timeout(_NODE_COLLECT_SECONDS, self._ask_about_near)
            self._near[offer.id] = offer

    def _ask_about_near(self) -> None:
        offers = list(self._near.values())
        names = [escape(each.id) for each in offers]
        if self.is_undecided or not self.suggests():
            self._go_on_searching()
        elif not self._ui.is_interactive:
            self._on_failed(
                f"{' and '.join(names)} answer{'' if len(names) > 1 else 's'} here, but not "
                f"{escape(self._server_id or '')}; did you mean "
                f"{'one of them' if len(names) > 1 else 'it'}? "
                f"Use --server {shlex.quote(names[0])}"
            )
        else:
            # No more queries from now on: the user may take a long time to answer.
            self._querier.stop()
            self._is_asking = True
            by_answer = {each.id.casefold(): number for number, each in enumerate(offers)}
            by_answer |= {each.id: number for number, each in enumerate(offers)}
            if len(offers) == 1:
                question = f"{names[0]} answers here; did you mean it?"
                by_answer |= {"yes": 0, "y": 0}
                self._ui.prompt(question, partial(self._on_near_answer, by_answer), "yes")
            else:
                choices = [Choice(each.id, _describe([each])) for each in offers]
                by_number = {str(number + 1): number for number in range(len(offers))}
                by_answer = by_number | by_answer  # a server may be called "2"
                question = "These answer here; did you mean one of them? (number, name or no)"
                self._ui.choose(question, choices, partial(self._on_near_answer, by_answer))

    def _on_near_answer(self, by_answer: Mapping[str, int], answer: str) -> None:
        if not self._is_asking:
            return  # the client has left meanwhile
        self._is_asking = False
        chosen = by_answer.get(answer.strip(), by_answer.get(answer.strip().casefold()))
        if chosen is None:
            self._declined |= set(self._near)
            self._ui.notify(f"Still searching for {escape(self._server_id or '')}.")
        else:
            self._server_id = list(self._near)[chosen]
        # Another query: the server may be full by now, or a node of a cluster.
        self._go_on_searching()

    def _go_on_searching(self) -> None:
        self._near.clear()
        self._set_timeout(limits.DISCOVERY_PERIOD_SECONDS, self._report_silence)
        self._querier.start()
        self._update_status()

    def _is_of_another_cluster(self, offer: Offer) -> bool:
        """Whether `offer` has the right id, but is of another chat than the client's own.

        If the own one is silent for long, it was perhaps made anew: then it is right.
        """
        now: float = self._clock.seconds()
        collected = self._node_offers.of(offer.id)
        own = collected[0].cluster if collected else self._nodes.cluster
        if own in ("", offer.cluster):
            self._stays_until = now + limits.OWN_CLUSTER_SECONDS
            return False
        return bool(collected) or now < self._stays_until

    def _report_twin(self, offer: Offer) -> None:
        if not self._reported_twins:
            self._reported_twins = True
            self._ui.notify(
                f"{offer.address}:{offer.port} has the id {escape(offer.id)}, too, but is another "
                "chat; this client stays with its own. Start one of them with another --id."
            )

    def _choose_node(self) -> None:
        assert self._server_id is not None  # noqa: S101  # nosec B101  # else it collects
        best = self._node_offers.best(self._server_id, self._nodes, self._holds_slot)
        heard = self._node_offers.of(self._server_id)
        self._node_offers.clear()
        if best is not None:
            self._take(server_of(best))
        elif not self._try_known_node({each.node for each in heard}):
            self._report_full(*heard)

    def _try_known_node(self, heard: Collection[str] = ()) -> bool:
        """Take an address that the last server has told; whether there is one left.

        :param heard: the nodes that have answered, and cannot be taken.
        """
        server = self._nodes.next(heard)
        if server is None:
            return False
        self._take(server)
        return True

    def _report_full(self, *offers: Offer) -> None:
        """Nobody can enter where these come from."""
        if not self._reported_why:
            self._reported_why = True
            server = escape(offers[0].id)
            self._ui.notify(
                f"{server} is cut off from its other machines; still searching …"
                if all(each.is_cut_off for each in offers)
                else f"{server} is full; waiting for a free slot …"
            )

    def _collect(self, offer: Offer) -> None:
        if offer.free <= 0 and not offer.node:
            self._report_full(offer)
            return
        if len(self._offers) >= limits.MAX_OFFERS:
            return
        if not self._offers and not self._node_offers:
            self._set_timeout(limits.OFFER_COLLECT_SECONDS, self._collected)
        if offer.node:
            self._node_offers.add(offer)
        if offer.free <= 0:
            return  # perhaps another node is not full
        if offer.id not in self._offers:
            self._offers[offer.id] = offer
            self._update_status()
            if len(self._offers) > 1 and self._ui.is_interactive:
                self._prompt_choice(SERVER_PROMPT)

    def _collected(self) -> None:
        if not self._offers:
            self._report_full(*self._node_offers)
            self._node_offers.clear()
            return
        # No more queries from now on: the user may take a long time to choose.
        self._querier.stop()
        if len(self._offers) == 1:
            self._choose(*self._offers.values())
        elif not self._ui.is_interactive:
            ids = ", ".join(escape(server_id) for server_id in self._offers)
            self._on_failed(f"Several servers answered: {ids}. Choose one with --server NAME.")

    def _prompt_choice(self, question: str) -> None:
        choices = [
            Choice(offer.id, _describe(self._node_offers.of(offer.id) or [offer]))
            for offer in self._offers.values()
        ]
        self._ui.choose(question, choices, self._on_choice)

    def _on_choice(self, answer: str) -> None:
        choice = answer.strip()
        by_number = {str(number): offer for number, offer in enumerate(self._offers.values(), 1)}
        # The id counts first: a server may be called "2".
        offer = self._offers.get(choice) or by_number.get(choice)
        if offer is not None:
            self._choose(offer)
        else:
            self._prompt_choice(f"{escape(answer)} is not one of them. {SERVER_PROMPT}")

    def _choose(self, offer: Offer) -> None:
        self._server_id = offer.id
        self._take(server_of(self._node_offers.best(offer.id, self._nodes) or offer))

    def _take(self, server: ServerAddress) -> None:
        self._has_found = True
        self._nodes.mark_tried(server)
        self._on_found(server)


def _describe(offers: Sequence[Offer]) -> str:
    """Where a server is, or how many nodes it has, and how many slots are free there."""
    free, slots = sum(each.free for each in offers), sum(each.slots for each in offers)
    where = f"{offers[0].address}:{offers[0].port}"
    if len(offers) > 1:
        where = f"{len({each.node for each in offers})} nodes"
    return f"{where}  {free} of {slots} slot{'' if slots == 1 else 's'} free"
