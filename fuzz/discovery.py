"""Both sides of discovery in memory, and a datagram that a fuzzer made up."""

from collections.abc import Sequence
from ipaddress import IPv4Address
from typing import Final

from chatd.client.finder import BroadcastFinder
from chatd.client.lifecycle import Server
from chatd.discovery.responder import Responder
from chatd.discovery.subnets import HostAddress, Subnet
from chatd.wire import discovery
from fuzz.watch import check_shown, watched
from tests.discovery.hosts import PORT, deliver, sent, subnets
from tests.fakes import FakeScreen, FakeUdpReactor

_SERVER: Final = subnets("10.35.11.113/24")
_CLIENT: Final = subnets("10.35.11.112/24")

#: Where a datagram may come from; its first byte says which.
_SOURCES: Final = ("10.35.11.112", "10.35.11.113", "10.35.11.255", "0.0.0.0", "8.8.8.8", "::1")  # noqa: S104  # a sender's


def _parted(data: bytes) -> tuple[tuple[str, int], bytes]:
    """Where a datagram comes from, and what is in it."""
    first = data[0] if data else 0
    return (_SOURCES[first % len(_SOURCES)], 5_000), data[1:]


def ask(data: bytes) -> None:
    """Have a server hear the question in `data`: it answers once, briefly, to the asker, or not."""
    source, question = _parted(data)
    reactor = FakeUdpReactor()

    def offer(subnet: Subnet) -> discovery.Offer:
        return discovery.Offer(1, "\N{GRINNING FACE}" * 64, str(subnet.address), 7777, 9, 8)

    with watched():
        responder = Responder(reactor, _SERVER, PORT, offer)
        responder.start()
        deliver(reactor, "10.35.11.255", question, source)
        answers = sent(reactor)
        responder.stop()
    assert sum(responder.counters.values()) == 1
    assert len(answers) <= 1
    for interface, answer, asker in answers:
        assert (interface, asker) == ("10.35.11.113", source)
        assert source[0] == "10.35.11.112" or source[0] == "10.35.11.113"
        assert len(answer) <= 1_024
        discovery.decode_offer(answer)
    assert not reactor.getDelayedCalls()


class _Seen(FakeScreen):
    """A person who looks at all that is said of servers."""

    def check(self) -> None:
        for sentence in self.said + [each.description for each in self.choices]:
            check_shown(sentence)


def offer(data: bytes) -> None:
    """Have a client that wants any server hear the offer in `data`."""
    source, answer = _parted(data)
    reactor, screen = FakeUdpReactor(), _Seen(can_ask=True)
    found: list[Server] = []

    def host() -> Sequence[HostAddress]:
        return ()

    with watched():
        finder = BroadcastFinder(reactor, lambda: _CLIENT, PORT, None, screen, host)
        finder.find(found.append, lambda reason: None)
        deliver(reactor, "10.35.11.112", answer, source)
        reactor.advance(2)
        finder.stop()
    screen.check()
    for server in found:
        assert server.host == source[0]
        assert IPv4Address(server.host) in _CLIENT[0].network
        assert 0 < server.port < 65_536
    assert not reactor.getDelayedCalls()
