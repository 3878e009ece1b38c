"""Argon2 hashes of passwords.

This needs argon2-cffi, which is an extra, so import it only where there are accounts. A hash takes
about a tenth of a second and 64 MiB: never make one on the reactor's thread.
"""

import unicodedata
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from chatd.chat import limits

#: In NFC, a character that was composed had at most four code points.
_LONGEST_CHARACTERS: Final = 4 * limits.PASSWORD_CHARACTERS


class Argon2Hasher:
    """Makes and verifies hashes of passwords, which are bytes: UTF-8, or anything else."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()

    def hash(self, password: bytes) -> str:
        """Make a hash of `password`, with a new salt each time."""
        return self._hasher.hash(_normalize(password))

    def verify(self, password_hash: str, password: bytes) -> bool:
        """Whether `password_hash` is a hash of `password`.

        :raises Exception: if that is not known: there is not enough memory, no thread can be
            started, or `password_hash` is no hash. The password may be right all the same.
        """
        try:
            return self._hasher.verify(password_hash, _normalize(password))
        except VerifyMismatchError:
            return False


def _normalize(password: bytes) -> bytes:
    """`password` in Unicode's NFC: some keyboards send é as one character, others as two.

    A password that is longer than any account's is returned as it is. Normalising takes time that
    grows with the square of the number of combining marks in a row.
    """
    text = password.decode("utf-8", "surrogateescape")
    if len(text) > _LONGEST_CHARACTERS:
        return password
    return unicodedata.normalize("NFC", text).encode("utf-8", "surrogateescape")
