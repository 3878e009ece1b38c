"""SASL with the mechanism PLAIN: a client gives the password of an account. Pure.

Sources: https://ircv3.net/specs/extensions/sasl-3.1 and sasl-3.2, RFC 4616 (PLAIN).
"""

import binascii
from base64 import b64decode
from dataclasses import dataclass, field
from typing import Final

from chatd.chat import irc_limits
from chatd.wire.irc import numerics

MECHANISM: Final = "PLAIN"
#: A part of so many characters is followed by another one: sasl-3.1, "The AUTHENTICATE Command".
PART_CHARACTERS: Final = 400


@dataclass(frozen=True, slots=True)
class Credentials:
    """An account and its password, as the client gave them."""

    account: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Exchange:
    """An exchange that has begun: the client is sending its credentials in parts.

    :ivar received: the parts so far, a secret.
    """

    received: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Failure:
    """The end of an exchange without credentials.

    :ivar number: the numeric that says so.
    """

    number: str


#: The state of an exchange after one AUTHENTICATE: it has begun, or goes on; or it is over.
Step = Exchange | Credentials | Failure


def authenticate(exchange: Exchange | None, param: str) -> Step:
    """The state of an exchange after AUTHENTICATE with that parameter.

    An :class:`Exchange` without parts is answered with ``AUTHENTICATE +``, one with parts waits for
    the next part.

    :param exchange: None if the client has begun none.
    """
    if param == "*":
        return Failure(numerics.SASLABORTED)
    if exchange is None:
        is_known = param.upper() == MECHANISM
        return Exchange() if is_known else Failure(numerics.SASLMECHS)
    if len(param) > PART_CHARACTERS:
        return Failure(numerics.SASLTOOLONG)
    received = exchange.received + ("" if param == "+" else param)
    if len(received) > irc_limits.IRC_SASL_BYTES:
        return Failure(numerics.SASLFAIL)
    if len(param) == PART_CHARACTERS:
        return Exchange(received)
    return _read(received)


def _read(received: str) -> Credentials | Failure:
    """The credentials in a whole message.

    RFC 4616: the identity to act as, the account, its password, each followed by NUL but for the
    last. Nobody can act as somebody else here, so the first is empty or the account again.
    """
    try:
        text = b64decode(received, validate=True).decode()
    except (binascii.Error, ValueError):
        return Failure(numerics.SASLFAIL)
    parts = text.split("\0")
    if len(parts) != 3 or parts[0] not in ("", parts[1]) or not parts[1]:
        return Failure(numerics.SASLFAIL)
    return Credentials(parts[1], parts[2])
