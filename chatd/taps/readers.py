"""What reads the value of an option; each raises ValueError with what is wrong about it."""

import re
from collections.abc import Callable, Sequence
from socket import AddressFamily
from typing import Final

from twisted.internet.endpoints import serverFromString

from chatd.chat import names
from chatd.chat.refusals import Refusal
from chatd.wire.beacon import is_server_id


def integer(minimum: int, maximum: int) -> Callable[[str], int]:
    """A reader of whole numbers between `least` and `most`."""

    def read(value: str) -> int:
        if not re.fullmatch(r"[0-9]{1,18}", value) or not minimum <= int(value) <= maximum:
            raise ValueError(f"is not a whole number from {minimum} to {maximum}")
        return int(value)

    return read


def positive_number(unit: str) -> Callable[[str], float]:
    """A reader of numbers that are more than 0, of `unit`."""

    def read(value: str) -> float:
        try:
            number = non_negative_number(unit)(value)
        except ValueError:
            number = 0.0
        if not number:
            raise ValueError(f"is not a number of {unit}, more than 0")
        return number

    return read


def non_negative_number(unit: str) -> Callable[[str], float]:
    """A reader of numbers that are 0 or more, of `unit`."""

    def read(value: str) -> float:
        if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{0,9})?", value):
            raise ValueError(f"is not a number of {unit}, 0 or more")
        return float(value)

    return read


def choice(choices: Sequence[str]) -> Callable[[str], str]:
    """A reader of one of `choices`."""

    def read(value: str) -> str:
        if value not in choices:
            raise ValueError(f"is none of {', '.join(choices)}")
        return value

    return read


def server_id(value: str) -> str:
    """Read the id of a server.

    :raises ValueError: if no server can be called that.
    """
    if not is_server_id(value):
        raise ValueError("is not 1 to 64 printable characters")
    return value


def nickname(value: str) -> str:
    """Read a nickname.

    :raises ValueError: if nobody can be called that.
    """
    try:
        return names.nickname(value)
    except Refusal as refusal:
        raise ValueError(f"cannot be a nickname: {refusal}") from None


#: Kinds of endpoints whose connections come from an address and a port.
_OF_TCP: Final = frozenset({"tcp", "tcp6", "ssl", "tls", "systemd"})
_INTERNET: Final = frozenset({AddressFamily.AF_INET, AddressFamily.AF_INET6})

PORT: Final = integer(1, 65_535)


def port_or_endpoint(value: str) -> int | str:
    """Read a port number, or the description of an endpoint as Twisted has it.

    :raises ValueError: if it is neither, or an endpoint of something else than TCP.
    """
    if re.fullmatch(r"[0-9]+", value):
        return PORT(value)
    try:
        endpoint = serverFromString(None, value)
    except Exception as error:  # each kind of endpoint complains in its own way
        raise ValueError(
            f"is neither a port nor an endpoint, such as tcp:7778:interface=127.0.0.1: {error}"
        ) from None
    family = getattr(endpoint, "addressFamily", AddressFamily.AF_INET)  # which systemd: may choose
    if value.partition(":")[0] not in _OF_TCP or family not in _INTERNET:
        raise ValueError("is no endpoint of TCP, as those that begin with tcp:, tcp6: or ssl: are")
    return value
