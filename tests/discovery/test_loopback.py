"""Responder and querier with real sockets, on the loopback network's own broadcast address."""

from collections.abc import Callable

from twisted.internet import reactor
from twisted.internet.defer import Deferred

from chatd.discovery.querier import Querier
from chatd.discovery.responder import Responder
from chatd.discovery.subnets import Subnet
from chatd.wire import discovery
from tests.discovery.hosts import subnets
from tests.fakes import on_reactor
from tests.ports import free_udp_port
from tests.timeouts import TIMEOUT_SECONDS


def _offer(server_id: str) -> Callable[[Subnet], discovery.Offer]:
    return lambda subnet: discovery.Offer(1, server_id, str(subnet.address), 7777, 9, 9)


class _Search:
    """A querier on 127.0.0.1, and the servers that it has found."""

    def __init__(self, port: int, count: int) -> None:
        self.found: dict[str, discovery.Offer] = {}
        self.all_found: Deferred[None] = Deferred()
        self._count = count
        self.querier = Querier(reactor, lambda: subnets("127.0.0.1/8"), port, self._offer_received)

    def _offer_received(self, offer: discovery.Offer) -> None:
        self.found[offer.id] = offer
        if len(self.found) == self._count and not self.all_found.called:
            self.all_found.callback(None)

    async def run(self) -> None:
        self.querier.start()
        try:
            await self.all_found.addTimeout(TIMEOUT_SECONDS, reactor)
        finally:
            await self.querier.stop()


@on_reactor
async def test_a_server_on_this_host_is_found() -> None:
    port = free_udp_port()
    responder = Responder(reactor, subnets("127.0.0.1/8"), port, _offer("party"))
    responder.start()
    search = _Search(port, count=1)
    await search.run()
    assert search.found["party"].address == "127.0.0.1"
    await responder.stop()


@on_reactor
async def test_a_server_answers_from_the_address_that_it_offers() -> None:
    port = free_udp_port()
    responder = Responder(reactor, subnets("127.0.0.9/8"), port, _offer("party"))
    responder.start()
    search = _Search(port, count=1)
    await search.run()
    assert search.found["party"].address == "127.0.0.9"
    assert search.querier.counters.keys() == {"offers"}
    await responder.stop()


@on_reactor
async def test_two_servers_that_share_the_port_both_reply() -> None:
    port = free_udp_port()
    responders = [
        Responder(reactor, subnets("127.0.0.1/8"), port, _offer("party")),
        Responder(reactor, subnets("127.0.0.1/8"), port, _offer("work")),
    ]
    for responder in responders:
        responder.start()
    search = _Search(port, count=2)
    await search.run()
    assert search.found.keys() == {"party", "work"}
    for responder in responders:
        await responder.stop()


@on_reactor
async def test_two_clients_on_this_host_both_find_the_server() -> None:
    port = free_udp_port()
    responder = Responder(reactor, subnets("127.0.0.1/8"), port, _offer("party"))
    responder.start()
    searches = [_Search(port, count=1), _Search(port, count=1)]
    for search in searches:
        search.querier.start()
    for search in searches:
        await search.run()
        assert search.found.keys() == {"party"}
    await responder.stop()
