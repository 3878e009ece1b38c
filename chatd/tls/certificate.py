"""The server's certificate: its own, signed by itself, or one that its operator has."""

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from chatd.tls import fingerprint
from chatd.tls.server_key import KeyUnusable, PrivateKey, read_key, read_pem, write_whole

#: A clock may be a little slow. Browsers refuse certificates that are valid for over 398 days.
_BEFORE: Final = timedelta(days=2)
_AFTER: Final = timedelta(days=390)
#: A certificate that ends sooner is replaced.
_RENEWAL: Final = timedelta(days=30)

#: In UTF-8 (RFC 5280, appendix A.1: ub-common-name).
_COMMON_NAME_BYTES: Final = 64


@dataclass(frozen=True, slots=True)
class Identity:
    """A server's key with its certificate, and those of the authorities behind it."""

    key: PrivateKey
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...] = ()

    @property
    def fingerprint(self) -> str:
        """That of the public key."""
        return fingerprint.of_certificate(self.certificate)

    def expired_since(self, now: datetime) -> timedelta | None:
        """For how long the certificate is past its time; None if it is not.

        :param now: with a time zone.
        """
        past = now - self.certificate.not_valid_after_utc
        return past if past > timedelta() else None


def self_signed(
    key: PrivateKey,
    server_id: str,
    host_names: Iterable[str],
    addresses: Iterable[str],
    now: datetime,
) -> Identity:
    """A certificate for the server with that id, which lasts a year and a little.

    chatd's clients look at its key alone. The names and addresses, and the time, are for browsers.
    """
    now = min(now, datetime.max.replace(tzinfo=now.tzinfo) - _AFTER)
    common_name = server_id.encode()[:_COMMON_NAME_BYTES].decode(errors="ignore")
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    alternatives: list[x509.GeneralName] = [
        x509.DNSName(each) for each in dict.fromkeys(host_names) if _is_dns_name(each)
    ]
    alternatives += [x509.IPAddress(IPv4Address(each)) for each in dict.fromkeys(addresses)]
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BEFORE)
        .not_valid_after(now + _AFTER)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    )
    if alternatives:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    algorithm = None if isinstance(key, Ed25519PrivateKey) else hashes.SHA256()
    return Identity(key, builder.sign(key, algorithm))


def own_identity(
    key: PrivateKey,
    path: Path | None,
    server_id: str,
    host_names: Iterable[str],
    addresses: Iterable[str],
    now: datetime,
) -> Identity:
    """The certificate in the file at `path` as long as it is right, else a new one, written there.

    A browser that was told to accept a certificate asks again for each new one.

    :param path: None for no file; one that cannot be read or written makes no difference.
    """
    names, ips = tuple(host_names), tuple(addresses)
    if path is not None:
        try:
            kept = x509.load_pem_x509_certificate(read_pem(path))
            if _is_right(kept, key, names, ips, now):
                return Identity(key, kept)
        except (KeyUnusable, ValueError):
            pass
    identity = self_signed(key, server_id, names, ips, now)
    if path is not None:
        with suppress(OSError):  # a pipe in its place is replaced: to write to it would block
            write_whole(path, identity.certificate.public_bytes(Encoding.PEM), os.replace)
    return identity


def _is_right(
    certificate: x509.Certificate,
    key: PrivateKey,
    host_names: Iterable[str],
    addresses: Iterable[str],
    now: datetime,
) -> bool:
    """Whether a certificate is of `key`, has these names and addresses, and does not end soon."""
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        has_names, has_ips = set[str](), set[str]()
    else:
        has_names = set(extension.value.get_values_for_type(x509.DNSName))
        has_ips = {str(each) for each in extension.value.get_values_for_type(x509.IPAddress)}
    return (
        fingerprint.of_certificate(certificate) == fingerprint.of_key(key.public_key())
        and certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc - _RENEWAL
        and has_names >= set(filter(_is_dns_name, host_names))
        and has_ips >= set(addresses)
    )


def read_identity(certificate_path: Path, key_path: Path) -> Identity:
    """A certificate of the operator's own, with those of the authorities behind it, and its key.

    :raises KeyUnusable: if a file cannot be used, or the key is not that of the certificate.
    """
    key = read_key(key_path)
    try:
        certificate, *chain = x509.load_pem_x509_certificates(read_pem(certificate_path))
    except ValueError:
        raise KeyUnusable(f"{certificate_path} is not a certificate in PEM.") from None
    identity = Identity(key, certificate, tuple(chain))
    if fingerprint.of_key(key.public_key()) != _fingerprint(certificate, certificate_path):
        raise KeyUnusable(f"The key {key_path} is not that of the certificate {certificate_path}.")
    return identity


def _fingerprint(certificate: x509.Certificate, path: Path) -> str:
    try:
        return fingerprint.of_certificate(certificate)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyUnusable(f"The key in {path} is of no kind that can be used: {error}") from None


def read_fingerprint(path: Path) -> str:
    """The fingerprint of the key, or of the certificate, in a file in PEM.

    :raises KeyUnusable: if it cannot be used.
    """
    content = read_pem(path)
    if b"-----BEGIN CERTIFICATE-----" not in content:
        return fingerprint.of_key(read_key(path).public_key())
    try:
        certificate = x509.load_pem_x509_certificate(content)
    except ValueError:
        raise KeyUnusable(f"{path} is not a certificate in PEM.") from None
    return _fingerprint(certificate, path)


def _is_dns_name(text: str) -> bool:
    return text.isascii() and 0 < len(text) <= 253 and not text.startswith(".")
