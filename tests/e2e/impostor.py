"""A host that answers in a server's name, with its fingerprint, and notes whatever it is told.

Usage: ``python -m tests.e2e.impostor ADDRESS ID FINGERPRINT``, at the ports of a server. Its offers
are right in all but the address; what it lacks is the key.
"""

import sys
from datetime import UTC, datetime
from typing import Any

from twisted.internet import reactor as global_reactor
from twisted.internet.protocol import DatagramProtocol, Factory, Protocol
from typing_extensions import override

from chatd.tls.certificate import self_signed
from chatd.tls.contexts import ServerContext, server_factory
from chatd.tls.server_key import make_key
from chatd.wire import discovery

reactor: Any = global_reactor
PORT = 7_777


class FalseOffers(DatagramProtocol):
    def __init__(self, offer: discovery.Offer) -> None:
        self.offer = discovery.encode_offer(offer)

    @override
    def datagramReceived(self, datagram: bytes, addr: tuple[str, int]) -> None:
        if b"discover" in datagram:
            self.transport.write(self.offer, addr)  # type: ignore[union-attr]  # it is open


class Note(Protocol):
    """A connection behind TLS: what the client says there is the impostor's."""

    @override
    def dataReceived(self, data: bytes) -> None:
        sys.stdout.write(f"told {data!r}\n")
        sys.stdout.flush()


def main(address: str, server_id: str, fingerprint: str) -> None:
    context = ServerContext(self_signed(make_key(), server_id, [], [address], datetime.now(UTC)))
    offer = discovery.Offer(
        1, server_id, address, PORT, 9, 9, tls_port=PORT, fingerprint=fingerprint
    )
    reactor.listenMulticast(PORT, FalseOffers(offer), listenMultiple=True)
    factory = server_factory(context, Factory.forProtocol(Note), reactor)
    reactor.listenTCP(PORT, factory, interface=address)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    reactor.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
