"""The discovery datagrams: ``discover``, which a client broadcasts, and ``offer``, the response.

This module checks the form of a datagram. ``discovery.querier``, which knows the sender, checks
whether an offer comes from the server that it names. docs/reference/discovery.rst has examples.
"""

from ipaddress import IPv4Address
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from chatd.chat import limits

VERSION: Final = 1

#: The state of a node that cannot reach the others.
CUT_OFF: Final = "cut-off"

#: Reasons for rejecting a datagram that are used in several modules.
OTHER_VERSION: Final = "other version"
FALSE_ADDRESS: Final = "false address"
FOREIGN_SUBNET: Final = "foreign subnet"


class DiscoverData(Struct, frozen=True):
    """The client's version of the datagrams."""

    version: int


class Discover(Struct, frozen=True, tag_field="type", tag="discover"):
    """A client's query for servers."""

    data: DiscoverData


class Offer(Struct, frozen=True, omit_defaults=True):
    """A server's id, address and port, and how many of its slots are free.

    If the server is one of several that share a chat, `node` is its name among them, and `cluster`
    the id of them all. In the state ``cut-off`` it cannot reach the others, and accepts nobody.

    A server that speaks TLS does so at `tls_port`, which may be `port`; `fingerprint` is that of
    its key (``tls.fingerprint``).
    """

    version: int
    id: Annotated[str, Meta(min_length=1, max_length=limits.SERVER_ID_CHARACTERS)]
    address: str
    port: Annotated[int, Meta(ge=1, le=65535)]
    slots: Annotated[int, Meta(ge=0, le=2**53)]
    free: Annotated[int, Meta(ge=0, le=2**53)]
    node: Annotated[str, Meta(max_length=limits.NODE_NAME_CHARACTERS)] = ""
    cluster: Annotated[str, Meta(pattern="^[!-~]*$", max_length=limits.CLUSTER_ID_CHARACTERS)] = ""
    state: str = ""
    tls_port: Annotated[int, Meta(ge=0, le=65535)] = 0
    fingerprint: Annotated[str, Meta(pattern="^[0-9a-f]*$", max_length=64)] = ""

    @property
    def is_cut_off(self) -> bool:
        """Whether the server is a node that cannot reach the others."""
        return self.state == CUT_OFF


class OfferDatagram(Struct, frozen=True, tag_field="type", tag="offer"):
    """A server's response."""

    data: Offer


_encoder: Final = msgspec.json.Encoder()
#: One decoder for both: msgspec requires the key ``type`` only where there is a choice.
_decoder: Final = msgspec.json.Decoder(Discover | OfferDatagram)

#: The datagram that a client broadcasts.
DISCOVER: Final = _encoder.encode(Discover(DiscoverData(VERSION)))


class BadDatagram(Exception):
    """A datagram that is rejected. Its text is the reason, in one or two words, for counters."""


def check_discover(datagram: bytes) -> None:
    """Check that `datagram` is a query for servers.

    :raises BadDatagram: if not.
    """
    query = _decode(datagram)
    if not isinstance(query, Discover):
        raise BadDatagram("malformed")
    if query.data.version != VERSION:
        raise BadDatagram(OTHER_VERSION)


def encode_offer(offer: Offer) -> bytes:
    """The datagram with `offer`."""
    return _encoder.encode(OfferDatagram(offer))


def decode_offer(datagram: bytes) -> Offer:
    """The offer in `datagram`.

    :raises BadDatagram: if it is not a valid offer.
    """
    response = _decode(datagram)
    if not isinstance(response, OfferDatagram):
        raise BadDatagram("malformed")
    offer = response.data
    if offer.version != VERSION:
        raise BadDatagram(OTHER_VERSION)
    if not is_server_id(offer.id):
        raise BadDatagram("bad id")
    is_printable = (offer.node + offer.cluster).isprintable()
    if bool(offer.node) != bool(offer.cluster) or not is_printable:
        raise BadDatagram("bad node")
    if len(offer.fingerprint.strip()) != (64 if offer.tls_port else 0):
        raise BadDatagram("bad fingerprint")
    try:
        IPv4Address(offer.address)
    except ValueError:
        raise BadDatagram("bad address") from None
    return offer


def is_server_id(text: str) -> bool:
    """Whether a server may have the id `text`: 1 to 64 printable characters."""
    return 0 < len(text) <= limits.SERVER_ID_CHARACTERS and text.isprintable()


def _decode(datagram: bytes) -> Discover | OfferDatagram:
    if len(datagram) > limits.DATAGRAM_BYTES:
        raise BadDatagram("oversized")
    decoded: Discover | OfferDatagram
    try:
        decoded = _decoder.decode(datagram.decode("utf-8"))
    except (ValueError, RecursionError):
        raise BadDatagram("malformed") from None
    return decoded
