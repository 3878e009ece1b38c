"""The discovery datagrams (SPEC §2): one JSON object of at most 1,024 bytes.

What a datagram says is checked here as far as it can be without knowing where it came from; the
rest is the business of ``discovery``.
"""

from ipaddress import IPv4Address
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from chatd.chat import limits

VERSION: Final = 1

#: Why a datagram is not believed, where somebody tells these reasons apart.
OTHER_VERSION: Final = "other version"
FALSE_ADDRESS: Final = "false address"
FOREIGN_SUBNET: Final = "foreign subnet"


class DiscoverData(Struct, frozen=True):
    """The version of the datagrams that the client speaks."""

    version: int


class Discover(Struct, frozen=True, tag_field="type", tag="discover"):
    """A client asks: which servers are there?"""

    data: DiscoverData


class Offer(Struct, frozen=True):
    """A server answers: who and where it is, and whether there is room."""

    version: int
    id: Annotated[str, Meta(min_length=1, max_length=limits.SERVER_ID_CHARACTERS)]
    address: str
    port: Annotated[int, Meta(ge=1, le=65535)]
    slots: Annotated[int, Meta(ge=0, le=2**53)]
    free: Annotated[int, Meta(ge=0, le=2**53)]


class OfferDatagram(Struct, frozen=True, tag_field="type", tag="offer"):
    """The datagram that makes an offer."""

    data: Offer


_encoder: Final = msgspec.json.Encoder()
#: Both at once: msgspec insists on a type only where there is a choice.
_decoder: Final = msgspec.json.Decoder(Discover | OfferDatagram)

#: The one thing a client broadcasts.
DISCOVER: Final = _encoder.encode(Discover(DiscoverData(VERSION)))


class BadDatagram(Exception):
    """Not a datagram of this protocol; its text is the reason, one or two words."""


def check_discover(datagram: bytes) -> None:
    """Return if `datagram` asks for servers.

    :raises BadDatagram: if not.
    """
    question = _decode(datagram)
    if not isinstance(question, Discover):
        raise BadDatagram("malformed")
    if question.data.version != VERSION:
        raise BadDatagram(OTHER_VERSION)


def encode_offer(offer: Offer) -> bytes:
    """The datagram that makes `offer`."""
    return _encoder.encode(OfferDatagram(offer))


def decode_offer(datagram: bytes) -> Offer:
    """The offer that `datagram` makes.

    :raises BadDatagram: if it makes none.
    """
    answer = _decode(datagram)
    if not isinstance(answer, OfferDatagram):
        raise BadDatagram("malformed")
    offer = answer.data
    if offer.version != VERSION:
        raise BadDatagram(OTHER_VERSION)
    if not is_server_id(offer.id):
        raise BadDatagram("bad id")
    try:
        IPv4Address(offer.address)
    except ValueError:
        raise BadDatagram("bad address") from None
    return offer


def is_server_id(text: str) -> bool:
    """Whether a server may be called `text`: 1 to 64 printable characters (SPEC §1)."""
    return 0 < len(text) <= limits.SERVER_ID_CHARACTERS and text.isprintable()


def _decode(datagram: bytes) -> Discover | OfferDatagram:
    if len(datagram) > limits.DATAGRAM_BYTES:
        raise BadDatagram("oversized")
    heard: Discover | OfferDatagram
    try:
        heard = _decoder.decode(datagram.decode("utf-8"))
    except (ValueError, RecursionError):
        raise BadDatagram("malformed") from None
    return heard
