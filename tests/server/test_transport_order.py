"""Eager writes over the loopback interface arrive completely and in order."""

from collections.abc import Awaitable, Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol, serverFromString
from twisted.internet.interfaces import IListeningPort
from twisted.internet.protocol import Factory
from twisted.internet.task import deferLater

from chatd.server.transport import EagerServer, write_eagerly
from tests.server.fake_transport import RecordingProtocol
from tests.server.sockets import HOST, LoopbackConnection, on_reactor, reactor, when_gone


async def _order(steps: list[tuple[str, int]]) -> tuple[bytes, bytes, set[bool]]:
    """What was written, what the peer read, and whether any write was sent whole or not."""
    line = LoopbackConnection(buffer_bytes=4_096)
    written, read, ways = bytearray(), bytearray(), set[bool]()
    for number, (step, count) in enumerate(steps):
        if step == "write":
            data = (b"%d," % number * count)[:count]
            written += data
            line.transport.write(data)
            ways.add(line.transport in reactor.getWriters())
        elif step == "sequence":
            pieces = [b"%d.%d;" % (number, each) for each in range(count % 7)]
            written += b"".join(pieces)
            line.transport.writeSequence(pieces)
        elif step == "read":
            read += line.read(count)
        else:
            await deferLater(reactor, 0)
    line.transport.loseConnection()
    read += await line.read_to_end()
    await line.gone
    return bytes(written), bytes(read), ways


@given(
    st.lists(
        st.one_of(
            st.tuples(st.sampled_from(["write", "read"]), st.integers(0, 30_000)),
            st.tuples(st.sampled_from(["sequence", "turn"]), st.integers(0, 6)),
        ),
        max_size=30,
    )
)
@on_reactor
async def test_the_peer_reads_all_that_was_written_in_order(steps: list[tuple[str, int]]) -> None:
    written, read, _ = await _order(steps)
    assert read == written


@on_reactor
async def test_eager_and_queued_data_is_read_in_order() -> None:
    steps = [("write", 10), ("write", 1_000_000), ("write", 10), ("turn", 0), ("read", 50_000)]
    written, read, ways = await _order(steps * 5)
    assert read == written
    assert ways == {True, False}, "nothing was sent at once, or nothing had to wait"


# --- ports ----------------------------------------------------------------------------------------


class _Echo(RecordingProtocol):
    def dataReceived(self, data: bytes) -> None:
        super().dataReceived(data)
        self.transport.write(data)


async def _listen(factory: Factory) -> IListeningPort:
    port: IListeningPort = reactor.listenTCP(0, factory, interface=HOST)
    return port


async def _listen_at_endpoint(factory: Factory) -> IListeningPort:
    port: IListeningPort = await serverFromString(reactor, f"tcp:0:interface={HOST}").listen(
        factory
    )
    return port


async def _echo(listen: Callable[[Factory], Awaitable[IListeningPort]]) -> None:
    echoes: list[_Echo] = []

    class Echoes(Factory):
        noisy = False

        def buildProtocol(self, addr: object) -> _Echo:
            echoes.append(_Echo())
            return echoes[-1]

    port: Any = await listen(Echoes())
    write_eagerly(port)
    client = await connectProtocol(
        TCP4ClientEndpoint(reactor, HOST, port.getHost().port), RecordingProtocol()
    )
    data = b"0123456789" * 300_000
    client.transport.write(data)
    while len(client.heard) < len(data):
        await deferLater(reactor, 0)
    assert client.heard == data
    assert isinstance(echoes[0].transport, EagerServer)
    gone = [when_gone(client), when_gone(echoes[0])]
    client.transport.loseConnection()
    for each in gone:
        await each
    await port.stopListening()


@on_reactor
async def test_connections_to_a_port_of_the_reactor_are_eager() -> None:
    await _echo(_listen)


@on_reactor
async def test_connections_to_a_port_of_an_endpoint_are_eager() -> None:
    await _echo(_listen_at_endpoint)
