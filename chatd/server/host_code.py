"""The host code: whoever gives it becomes a host. A server makes a new one at each start."""

import secrets
from hmac import compare_digest
from typing import Final

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from chatd.chat import limits
from chatd.chat.errors import Refusal, TooManyAttempts
from chatd.chat.moderation_errors import WrongHostCode
from chatd.rate_limit import AttemptLimit

#: Without the characters that are taken for others: i, l, o, 0 and 1.
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
#: Two groups of four: 39 bits.
_GROUPS: Final = 2
_GROUP_CHARACTERS: Final = 4


def new_host_code() -> str:
    """A code such as ``k7xp-m2qa`` that nobody can guess."""
    return "-".join(
        "".join(secrets.choice(_ALPHABET) for _ in range(_GROUP_CHARACTERS)) for _ in range(_GROUPS)
    )


class HostCode:
    """Checks host codes; an address that has given too many wrong ones has to wait.

    :ivar code: the right one.
    """

    log = Logger()

    def __init__(self, code: str, clock: IReactorTime) -> None:
        self.code = code
        self._attempts = AttemptLimit(
            clock,
            limits.ADDRESS_WRONG_PASSWORDS,
            limits.ADDRESS_ATTEMPT_SECONDS,
            limits.ATTEMPT_ADDRESSES,
        )

    def check(self, code: str, address: str) -> Refusal | None:
        """Why `code` makes nobody a host; None if it is right.

        :param code: in any case, with or without blanks and hyphens.
        :param address: of the client, ``HOST:PORT``.
        """
        host = address.rpartition(":")[0]
        if self._attempts.is_throttled(host):
            return TooManyAttempts()
        if compare_digest(_typed(code), _typed(self.code)):
            return None
        self._attempts.count(host)
        self.log.info("wrong host code from {host}", host=host)
        return WrongHostCode()


def _typed(code: str) -> bytes:
    """The characters that count."""
    plain = "".join(code[: limits.HOST_CODE_CHARACTERS].split()).replace("-", "")
    return plain.casefold().encode("utf-8", "surrogatepass")
