"""What Twisted's TLS asks for: a server's key and certificate, and a client's settings."""

from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from OpenSSL import SSL, crypto
from twisted.internet.interfaces import (
    IOpenSSLClientConnectionCreator,
    IOpenSSLServerConnectionCreator,
    IReactorTime,
)
from twisted.internet.protocol import Factory
from twisted.internet.ssl import AcceptableCiphers, CertificateOptions, TLSVersion
from twisted.protocols.tls import TLSMemoryBIOFactory, TLSMemoryBIOProtocol
from zope.interface import implementer

from chatd.tls import fingerprint
from chatd.tls.certificate import Identity

#: RFC 9325, section 3.1.1: TLS 1.3, and 1.2 for clients that have nothing newer.
_OLDEST: Final = TLSVersion.TLSv1_2
#: Of TLS 1.2 only what has forward secrecy and authenticated encryption (RFC 9325, section 4.2).
_CIPHERS: Final = AcceptableCiphers.fromOpenSSLCipherString(
    "TLS13-AES-256-GCM-SHA384:TLS13-CHACHA20-POLY1305-SHA256:TLS13-AES-128-GCM-SHA256:"
    "ECDHE+AESGCM:ECDHE+CHACHA20"
)


@implementer(IOpenSSLServerConnectionCreator)
class ServerContext:
    """Makes the server's end of TLS connections, with the identity that it has at the time."""

    def __init__(self, identity: Identity) -> None:
        self.use(identity)

    def use(self, identity: Identity) -> None:
        """Show `identity` to clients that connect from now on.

        :raises OpenSSL.SSL.Error: if OpenSSL refuses it; then nothing changes.
        """
        options = CertificateOptions(
            privateKey=crypto.PKey.from_cryptography_key(identity.key),
            certificate=crypto.X509.from_cryptography(identity.certificate),
            extraCertChain=[crypto.X509.from_cryptography(each) for each in identity.chain],
            raiseMinimumTo=_OLDEST,
            acceptableCiphers=_CIPHERS,
        )
        self._context = options.getContext()
        self.identity = identity

    @property
    def fingerprint(self) -> str:
        """That of the server's public key."""
        return self.identity.fingerprint

    @property
    def words(self) -> str:
        """Those of the fingerprint."""
        return fingerprint.words(self.fingerprint)

    def serverConnectionForTLS(self, tlsProtocol: TLSMemoryBIOProtocol) -> SSL.Connection:
        """A connection with the present identity; of the interface of Twisted."""
        return SSL.Connection(self._context, None)


def client_options() -> CertificateOptions:
    """A client's end of TLS connections, which takes any certificate.

    The certificate's name, issuer and time do not matter: TLS proves that the server has the key,
    and the key is the server. So the client must look at :func:`peer_fingerprint` once the
    handshake is done, before it sends anything.
    """
    return CertificateOptions(raiseMinimumTo=_OLDEST, acceptableCiphers=_CIPHERS)


@implementer(IOpenSSLClientConnectionCreator)
class PinnedKey:
    """Makes the client's end of TLS connections to a server with one key alone.

    The handshake fails if it has another one: nothing is sent to it.

    :param expected: the fingerprint of the key.
    """

    def __init__(self, expected: str) -> None:
        self._expected = expected
        self._context = client_options().getContext()
        self._context.set_verify(SSL.VERIFY_PEER, self._verify)

    def _verify(
        self, connection: SSL.Connection, certificate: crypto.X509, error: int, depth: int, ok: int
    ) -> bool:
        if depth:
            return True  # who has signed the certificate does not matter
        try:
            found = fingerprint.of_certificate(certificate.to_cryptography())
        except (ValueError, x509.InvalidVersion, UnsupportedAlgorithm):
            return False
        return found == self._expected

    def clientConnectionForTLS(self, tlsProtocol: TLSMemoryBIOProtocol) -> SSL.Connection:
        """A connection; of the interface of Twisted."""
        return SSL.Connection(self._context, None)


def client_factory(factory: Factory, clock: IReactorTime) -> TLSMemoryBIOFactory:
    """A factory of the client's ends of TLS connections to the protocols of `factory`."""
    return TLSMemoryBIOFactory(client_options(), True, factory, clock)


def server_factory(
    context: ServerContext, factory: Factory, clock: IReactorTime
) -> TLSMemoryBIOFactory:
    """A factory of the server's ends; its port speaks nothing but TLS."""
    return TLSMemoryBIOFactory(context, False, factory, clock)


def peer_fingerprint(transport: Any) -> str:
    """The fingerprint of the other end's key, once the handshake is done.

    :raises ValueError: if its certificate, or the key in it, is nothing that chatd understands.
    """
    try:
        return fingerprint.of_certificate(transport.getPeerCertificate().to_cryptography())
    except (x509.InvalidVersion, UnsupportedAlgorithm) as error:
        raise ValueError(str(error)) from None
