"""The fingerprint of a public key: what two people compare, and what a client remembers."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final

from mnemonic import Mnemonic

if TYPE_CHECKING:
    # A client that meets no server with TLS need not wait for these to be loaded.
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

#: Hexadecimal digits of a fingerprint.
DIGITS: Final = 64

_WORDS: Final = 6
#: BIP 39 has 2,048 words, all of them different in their first four letters.
_BITS_PER_WORD: Final = 11


def of_key(key: PublicKeyTypes) -> str:
    """The SHA-256 of the key's SubjectPublicKeyInfo, in hexadecimal digits (RFC 7858, appendix A).

    It is that of the key, not that of a certificate: a renewed certificate has the same.
    """
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    info = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return sha256(info).hexdigest()


def of_certificate(certificate: x509.Certificate) -> str:
    """The fingerprint of the key in `certificate`."""
    return of_key(certificate.public_key())


def words(fingerprint: str) -> str:
    """The first 66 bits of a fingerprint as six words, to read aloud (BIP 39, English)."""
    word_list = Mnemonic("english").wordlist
    bits = int(fingerprint, 16) >> (4 * DIGITS - _WORDS * _BITS_PER_WORD)
    return " ".join(
        word_list[bits >> _BITS_PER_WORD * place & 2**_BITS_PER_WORD - 1]
        for place in reversed(range(_WORDS))
    )


def is_fingerprint(text: str) -> bool:
    """Whether `text` has the form of a fingerprint, as it stands on the wire and in files."""
    return len(text) == DIGITS and all(digit in "0123456789abcdef" for digit in text)


def parse(text: str) -> str:
    """The fingerprint that a person has entered: in any case, with blanks or colons.

    :raises ValueError: if it is none; words are too few bits to stand for a key.
    """
    fingerprint = "".join(text.split()).replace(":", "").lower()
    if not is_fingerprint(fingerprint):
        raise ValueError(f"is not a fingerprint of {DIGITS} hexadecimal digits")
    return fingerprint
