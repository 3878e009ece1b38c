"""Connecting to a server of etcd, with TLS or without."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.error import ConnectingCancelledError
from twisted.internet.protocol import Factory
from twisted.python.failure import Failure

from chatd.chat import limits
from chatd.etcd.address import EtcdAddress, Server

#: Connects to a server; fires with the connection, or fails.
Connect = Callable[[Server, Factory], Deferred[Any]]

_CERTIFICATE: Final = re.compile(
    rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL
)


def connector(reactor: Any, address: EtcdAddress) -> Connect:
    """A function that connects to the servers of `address`.

    :raises ValueError: as :func:`check_tls` does.
    """
    tls_options = _tls_options(address) if address.is_tls else None

    def connect(server: Server, factory: Factory) -> Deferred[Any]:
        endpoint: Any = HostnameEndpoint(
            reactor, server.host, server.port, timeout=limits.ETCD_REQUEST_SECONDS
        )
        if tls_options is not None:
            endpoint = wrapClientTLS(tls_options(server.host), endpoint)
        connected: Deferred[Any] = endpoint.connect(factory)
        return connected.addErrback(_cancelled)

    return connect


def _cancelled(failure: Failure) -> Failure:
    """The error of every cancelled Deferred, in place of that which only endpoints have."""
    return Failure(CancelledError()) if failure.check(ConnectingCancelledError) else failure


def check_tls(address: EtcdAddress) -> None:
    """Make sure that TLS can be spoken with the servers of `address`, if it is asked for.

    :raises ValueError: if a file of a certificate or key cannot be used.
    """
    if address.is_tls:
        _tls_options(address)


def _tls_options(address: EtcdAddress) -> Callable[[str], Any]:
    from twisted.internet import ssl  # only now: it takes a quarter of a second

    trusted = ssl.platformTrust()
    if address.ca is not None:
        trusted = _use("ca", address.ca, _trust)
    certificate = None
    if address.cert is not None and address.key is not None:
        key = _use("key", address.key, bytes)
        certificate = _use(
            "cert", address.cert, lambda pem: ssl.PrivateCertificate.loadPEM(key + b"\n" + pem)
        )
    return lambda host: ssl.optionsForClientTLS(host, trusted, certificate)


def _trust(pem: bytes) -> Any:
    from twisted.internet import ssl

    return ssl.trustRootFromCertificates(
        [ssl.Certificate.loadPEM(each) for each in _CERTIFICATE.findall(pem)] or [pem]
    )


def _use(name: str, path: Path, use: Callable[[bytes], Any]) -> Any:
    """The result of `use` with the bytes of the file.

    :raises ValueError: if it cannot be read, or `use` fails.
    """
    try:
        return use(path.read_bytes())
    except OSError as error:
        raise ValueError(
            f"has {name}={str(path)!r}, which cannot be read: {error.strerror}"
        ) from None
    except Exception:  # pyOpenSSL has many
        raise ValueError(f"has {name}={str(path)!r}, which is not a file in PEM") from None


def tls_reason(failed: Exception) -> str:
    """Why TLS has failed; empty if that is not what has failed."""
    package = type(failed).__module__.partition(".")[0]
    if package == "service_identity":
        return "TLS: its certificate is for another name or address"
    if package != "OpenSSL" or not failed.args or not isinstance(failed.args[0], list):
        return ""
    return "TLS: " + ", ".join(str(each[-1]) for each in failed.args[0] if each)
