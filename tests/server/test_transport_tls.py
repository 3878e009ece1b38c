"""Eager connections under TLS."""

from pathlib import Path
from select import select
from typing import Any

import pytest
from twisted.internet.endpoints import (
    SSL4ClientEndpoint,
    TCP4ClientEndpoint,
    connectProtocol,
    serverFromString,
)
from twisted.internet.protocol import Factory
from twisted.internet.task import deferLater
from twisted.test.ssl_helpers import ClientTLSContext, ServerTLSContext, certPath

from chatd.server.transport import EagerServer, write_eagerly
from tests.server.fake_transport import FakeConnection, RecordingProtocol
from tests.server.run_twisted_tests import assert_tests_pass_eagerly
from tests.server.sockets import HOST, on_reactor, reactor, when_gone

MODULES = [
    "twisted.internet.test.test_tls",
    "twisted.internet.test.test_newtls",
    "twisted.test.test_ssl",
]

SECRET = b"a secret or two"
DATA = b"0123456789" * 100_000


class _Secretive(RecordingProtocol):
    """Begins with TLS as soon as it is asked to, and tells a secret."""

    def dataReceived(self, data: bytes) -> None:
        super().dataReceived(data)
        self.transport.write(b"ready")
        self.transport.startTLS(ServerTLSContext())
        self.transport.write(b"a secret")
        self.transport.writeSequence([b" or", b" two"])


class _Echo(RecordingProtocol):
    def dataReceived(self, data: bytes) -> None:
        super().dataReceived(data)
        self.transport.write(data)


class _Asker(RecordingProtocol):
    """Begins with TLS when the server is ready."""

    def connectionMade(self) -> None:
        self.transport.write(b"begin")

    def dataReceived(self, data: bytes) -> None:
        if data == b"ready":
            self.transport.startTLS(ClientTLSContext())
        else:
            super().dataReceived(data)


class _Factory(Factory):
    noisy = False

    def __init__(self, kind: type[RecordingProtocol]) -> None:
        self.kind = kind
        self.made: list[RecordingProtocol] = []

    def buildProtocol(self, addr: object) -> RecordingProtocol:
        self.made.append(self.kind())
        return self.made[-1]


async def _hears(listener: RecordingProtocol, data: bytes) -> None:
    while len(listener.heard) < len(data):
        await deferLater(reactor, 0)
    assert listener.heard == data


async def _with_tls() -> tuple[Any, RecordingProtocol, RecordingProtocol]:
    """A port, and the two ends of a connection of it, which has said `SECRET` with TLS."""
    factory = _Factory(_Secretive)
    port = reactor.listenTCP(0, factory, interface=HOST)
    write_eagerly(port)
    asker = await connectProtocol(TCP4ClientEndpoint(reactor, HOST, port.getHost().port), _Asker())
    await _hears(asker, SECRET)
    return port, asker, factory.made[0]


async def _close(port: Any, *listeners: RecordingProtocol) -> None:
    gone = [when_gone(each) for each in listeners]
    listeners[0].transport.loseConnection()
    for each in gone:
        await each
    await port.stopListening()


@on_reactor
async def test_a_secret_is_not_sent_before_the_handshake() -> None:
    wire = FakeConnection(_Secretive())
    wire.socket.incoming.append(b"begin")
    wire.turn()
    wire.settle()
    assert wire.sent == b"ready"


@on_reactor
async def test_after_the_handshake_the_secret_is_sent() -> None:
    port, asker, speaker = await _with_tls()
    assert isinstance(speaker.transport, EagerServer)
    await _close(port, asker, speaker)


@on_reactor
async def test_a_write_with_tls_is_sent_before_it_returns() -> None:
    port, asker, speaker = await _with_tls()
    speaker.transport.write(b", and")
    readable, _, _ = select([asker.transport.socket], [], [], 10)
    assert readable, "nothing was sent"
    await _close(port, asker, speaker)


@on_reactor
async def test_what_the_kernel_does_not_take_at_once_keeps_its_order_with_tls() -> None:
    port, asker, speaker = await _with_tls()
    written = SECRET
    while speaker.transport not in reactor.getWriters():
        speaker.transport.write(DATA)
        written += DATA
    speaker.transport.write(b", more")
    await _hears(asker, written + b", more")
    speaker.transport.write(b", and more")
    await _hears(asker, written + b", more, and more")
    await _close(port, asker, speaker)


@on_reactor
async def test_the_connections_of_a_tls_endpoint_are_eager_below_the_encryption() -> None:
    factory = _Factory(_Echo)
    port: Any = await serverFromString(
        reactor, f"ssl:0:interface={HOST}:privateKey={certPath}:certKey={certPath}"
    ).listen(factory)
    write_eagerly(port)
    asker = await connectProtocol(
        SSL4ClientEndpoint(reactor, HOST, port.getHost().port, ClientTLSContext()),
        RecordingProtocol(),
    )
    asker.transport.write(DATA)
    await _hears(asker, DATA)
    assert isinstance(factory.made[0].transport.transport, EagerServer)
    await _close(port, asker, factory.made[0])


@pytest.mark.slow
@pytest.mark.parametrize("module", MODULES)
def test_twisteds_own_tests_of_tls_pass_over_eager_connections(module: str, tmp_path: Path) -> None:
    assert_tests_pass_eagerly(module, tmp_path)
