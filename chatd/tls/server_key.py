"""The server's own key: made at its first start, and kept in a file for its user alone."""

import os
import stat
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from chatd.chat import limits

#: What browsers and TLS 1.3 can use. The server makes keys on P-256: browsers refuse Ed25519.
PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey

#: RFC 8446, section 9.1, and those that clients offer besides.
_CURVES = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)


class KeyUnusable(Exception):
    """A key or certificate cannot be used; the text says which file, why, and what to do."""


def make_key() -> PrivateKey:
    """A new key.

    :raises KeyUnusable: if the system has no randomness.
    """
    try:
        return ec.generate_private_key(ec.SECP256R1())
    except Exception as error:  # OpenSSL's own, without a common class
        raise KeyUnusable(f"A key for TLS cannot be made: {error}") from None


def read_key(path: Path) -> PrivateKey:
    """The key in a file in PEM.

    :raises KeyUnusable: if there is no such file, others may read it, or it is no usable key.
    """
    content = read_pem(path)
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise KeyUnusable(f"The key {path} cannot be read: {error.strerror}.") from None
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO) & ~stat.S_IRGRP:
        raise KeyUnusable(
            f"The key {path} is open to other users of this host: chmod 600 {path}, and make a new "
            "one if one of them may have read it."
        )
    try:
        key = load_pem_private_key(content, None)
    except TypeError:
        raise KeyUnusable(
            f"The key {path} is encrypted; this server cannot ask for its password."
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise KeyUnusable(f"{path} is not a private key in PEM.") from None
    if not isinstance(key, PrivateKey):
        raise KeyUnusable(f"The key {path} is neither of an elliptic curve nor Ed25519 nor RSA.")
    if isinstance(key, ec.EllipticCurvePrivateKey) and not isinstance(key.curve, _CURVES):
        raise KeyUnusable(
            f"The key {path} is on {key.curve.name}, which no client can use: make one on P-256."
        )
    return key


def read_pem(path: Path) -> bytes:
    """The content of a file in PEM.

    :raises KeyUnusable: if it cannot be read, or is far too long.
    """
    try:
        if not path.is_file():
            raise KeyUnusable(f"There is no file {path}.")
        with path.open("rb") as file:
            content = file.read(limits.PEM_FILE_BYTES + 1)
    except OSError as error:
        raise KeyUnusable(f"{path} cannot be read: {error.strerror}.") from None
    if len(content) > limits.PEM_FILE_BYTES:
        raise KeyUnusable(f"{path} is not a file in PEM: it is too long.")
    return content


def read_or_make_key(path: Path) -> PrivateKey:
    """The key in the file at `path`, which is made if it does not exist.

    A key is never replaced: clients that have met the server would take the new one for that of
    an impostor.

    :raises KeyUnusable: if the file cannot be read or made, or what it has is no usable key.
    """
    if not os.path.lexists(path):
        with suppress(FileExistsError):  # another server was faster: both use its key
            write_key(path, make_key())
    return read_key(path)


def write_key(path: Path, key: PrivateKey) -> None:
    """Write `key` to a new file, which only its user can read, at once as a whole.

    :raises FileExistsError: if there is one already.
    :raises KeyUnusable: if that is not possible.
    """
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        write_whole(path, pem, os.link)  # unlike a renaming, it fails if there is one already
    except FileExistsError:
        raise
    except OSError as error:
        raise KeyUnusable(f"The key {path} cannot be written: {error.strerror}.") from None


def write_whole(path: Path, content: bytes, put: Callable[[str, Path], None]) -> None:
    """Write a file in mode 0600, at once as a whole.

    :param put: gives the file its name: ``os.link``, or ``os.replace``.
    :raises OSError: if that is not possible.
    """
    handle, draft = tempfile.mkstemp(prefix=".chatd-", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        put(draft, path)
    finally:
        Path(draft).unlink(missing_ok=True)
