"""A handshake between the server's context and a client's: only the expected key is spoken to."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from twisted.internet.interfaces import IHandshakeListener
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.protocols.tls import TLSMemoryBIOFactory
from zope.interface import implementer

from chatd.tls.certificate import Identity, read_identity, self_signed
from chatd.tls.contexts import ServerContext, client_options, peer_fingerprint
from chatd.tls.server_key import KeyUnusable, PrivateKey, make_key, write_key

NOW = datetime.now(UTC).replace(microsecond=0)


@implementer(IHandshakeListener)
class End(Protocol):
    """One end of a connection: says hello, and keeps what it receives."""

    transport: Any

    def __init__(self) -> None:
        self.received = b""

    def handshakeCompleted(self) -> None:
        self.transport.write(b"hello")

    def dataReceived(self, data: bytes) -> None:
        self.received += data


class OneFactory(Factory):
    def __init__(self, end: End) -> None:
        self.end = end

    def buildProtocol(self, addr: object) -> End:
        return self.end


def connect(server: ServerContext) -> tuple[End, End]:
    """Both ends of a connection, after all bytes were exchanged."""
    clock = Clock()
    ends, transports, protocols = [], [], []
    contexts: list[tuple[Any, bool]] = [(server, False), (client_options(), True)]
    for context, is_client in contexts:
        end = End()
        factory = TLSMemoryBIOFactory(context, is_client, OneFactory(end), clock)
        protocol, transport = factory.buildProtocol(None), StringTransport()
        ends.append(end)
        protocols.append(protocol)
        transports.append(transport)
    for protocol, transport in zip(protocols, transports, strict=True):
        protocol.makeConnection(transport)
    while any(transport.value() for transport in transports) or clock.getDelayedCalls():
        clock.advance(0)  # small writes are joined until the next turn
        for one, other in ((0, 1), (1, 0)):
            data = transports[one].value()
            transports[one].clear()
            if data and not transports[other].disconnecting:
                protocols[other].dataReceived(data)
    return ends[0], ends[1]


def identity(key: PrivateKey | None = None, now: datetime = NOW) -> Identity:
    return self_signed(key or make_key(), "party", ["party.local"], ["10.0.0.1"], now)


@pytest.mark.parametrize(
    "key",
    [make_key(), ed25519.Ed25519PrivateKey.generate(), rsa.generate_private_key(65537, 2048)],
    ids=["P-256", "Ed25519", "RSA"],
)
def test_both_ends_speak_and_the_client_sees_the_key(key: PrivateKey) -> None:
    served = identity(key)
    server, client = connect(ServerContext(served))
    assert server.received == client.received == b"hello"
    assert peer_fingerprint(client.transport) == served.fingerprint


@pytest.mark.parametrize("years", [-30, 30])
def test_clocks_may_be_years_apart(years: int) -> None:
    served = identity(now=NOW + timedelta(days=365 * years))
    _, client = connect(ServerContext(served))
    assert client.received == b"hello"


def test_the_oldest_version_is_tls_1_2() -> None:
    from OpenSSL import SSL

    context = ServerContext(identity())._context
    options = context.set_options(0)
    for old in (SSL.OP_NO_SSLv3, SSL.OP_NO_TLSv1, SSL.OP_NO_TLSv1_1):
        assert options & old
    assert not options & SSL.OP_NO_TLSv1_3


def test_a_renewed_identity_is_shown_to_those_who_connect_later() -> None:
    context = ServerContext(identity())
    renewed = identity()
    context.use(renewed)
    _, client = connect(context)
    assert peer_fingerprint(client.transport) == renewed.fingerprint


def test_a_clock_in_the_year_9999_stops_nothing() -> None:
    _, client = connect(ServerContext(identity(now=datetime(9999, 12, 30, tzinfo=UTC))))
    assert client.received == b"hello"


def write_files(directory: Path, certificate: Identity, key: PrivateKey) -> tuple[Path, Path]:
    certificate_path, key_path = directory / "tls.pem", directory / "tls.key"
    certificate_path.write_bytes(certificate.certificate.public_bytes(Encoding.PEM))
    write_key(key_path, key)
    return certificate_path, key_path


def test_the_operators_own_certificate_can_be_used(tmp_path: Path) -> None:
    own = identity()
    read = read_identity(*write_files(tmp_path, own, own.key))
    assert read.fingerprint == own.fingerprint
    assert read.expired_since(NOW) is None
    assert read.expired_since(NOW + timedelta(days=400)) == timedelta(days=10)
    ServerContext(read)


def test_a_key_of_another_certificate_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyUnusable, match="is not that of the certificate"):
        read_identity(*write_files(tmp_path, identity(), make_key()))


@pytest.mark.parametrize("content", [b"", b"nothing", b"-----BEGIN CERTIFICATE-----\nAA\n"])
def test_what_is_no_certificate_is_refused(tmp_path: Path, content: bytes) -> None:
    own = identity()
    certificate_path, key_path = write_files(tmp_path, own, own.key)
    certificate_path.write_bytes(content)
    with pytest.raises(KeyUnusable, match="is not a certificate in PEM"):
        read_identity(certificate_path, key_path)


def test_an_id_and_names_of_any_kind_can_be_certified() -> None:
    key = make_key()
    for server_id in ("x" * 64, "ü" * 64, "🦊" * 64, "7", "a b"):
        self_signed(key, server_id, ["", "ü.example", ".a", "ok", "ok"], ["10.0.0.1"] * 2, NOW)


def test_a_curve_that_browsers_know_is_used() -> None:
    key = make_key()
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert key.curve.name == "secp256r1"
    key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
