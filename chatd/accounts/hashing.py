"""Passwords and their argon2 hashes.

It needs argon2-cffi, which is an extra: import it only where there are accounts. A hash takes about
a tenth of a second and 64 MiB: never ask for one on the reactor's thread.
"""

import unicodedata
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from chatd.chat import limits

#: No character is composed of more than four.
_LONGEST_CHARACTERS: Final = 4 * limits.PASSWORD_CHARACTERS


class Argon2Hasher:
    """Makes hashes of passwords, and compares the two."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()

    def hash(self, password: bytes) -> str:
        """A hash of `password`; another one each time."""
        return self._hasher.hash(_normalize(password))

    def verify(self, password_hash: str, password: bytes) -> bool:
        """Whether that is the password.

        What is no hash is nobody's password.
        """
        try:
            return self._hasher.verify(password_hash, _normalize(password))
        except (VerificationError, InvalidHashError):
            return False


def _normalize(password: bytes) -> bytes:
    """`password` however it was typed: some keyboards send é as one character, others as two.

    What is too long to be one stays as it is: normalising takes a time that grows with the square
    of a pile of marks.
    """
    text = password.decode("utf-8", "surrogateescape")
    if len(text) > _LONGEST_CHARACTERS:
        return password
    return unicodedata.normalize("NFC", text).encode("utf-8", "surrogateescape")
