"""The discovery datagrams."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.chat import limits
from chatd.wire import discovery
from chatd.wire.discovery import BadDatagram, Offer

OFFER = Offer(1, "party", "10.35.11.111", 7777, 5, 4)

PRINTABLE = st.text(min_size=1, max_size=64).filter(str.isprintable)
OFFERS = st.builds(
    Offer,
    st.just(1),
    PRINTABLE,
    st.ip_addresses(v=4).map(str),
    st.integers(1, 65_535),
    st.integers(0, 2**53),
    st.integers(0, 2**53),
)


def discover(**data: object) -> bytes:
    return json.dumps({"type": "discover", "data": {"version": 1} | data}).encode()


def offer(**data: object) -> bytes:
    """The documented offer, with some fields changed."""
    fields: dict[str, Any] = {
        "version": 1,
        "id": "party",
        "address": "10.35.11.111",
        "port": 7777,
        "slots": 5,
        "free": 4,
    }
    fields |= data
    return json.dumps({"type": "offer", "data": fields}).encode()


def test_the_query_is_the_documented_one() -> None:
    assert json.loads(discovery.DISCOVER) == {"type": "discover", "data": {"version": 1}}
    discovery.check_discover(discovery.DISCOVER)


def test_the_offer_is_the_documented_one() -> None:
    assert json.loads(discovery.encode_offer(OFFER)) == json.loads(offer())


@given(OFFERS)
def test_an_offer_is_decoded_as_it_was_encoded(offered: Offer) -> None:
    assert discovery.decode_offer(discovery.encode_offer(offered)) == offered


@pytest.mark.parametrize("character", ["x", '"', "\\", "\U0001f469"])
def test_the_longest_offer_fits_into_a_datagram(character: str) -> None:
    longest = Offer(1, character * 64, "255.255.255.255", 65_535, 2**53, 2**53)
    assert len(discovery.encode_offer(longest)) <= limits.DATAGRAM_BYTES == 1_024


@given(st.binary() | st.binary(max_size=9).map(lambda tail: offer()[:-9] + tail))
def test_any_datagram_is_accepted_or_rejected(datagram: bytes) -> None:
    for read in (discovery.check_discover, discovery.decode_offer):
        try:
            read(datagram)
        except BadDatagram as bad:
            assert str(bad) in {  # noqa: PT017  # either result is right
                "malformed",
                "oversized",
                "other version",
                "bad id",
                "bad address",
            }


def padded(datagram: bytes, size: int) -> bytes:
    return datagram + b" " * (size - len(datagram))


VALID_QUERIES = [
    discover(),
    discover(colour="red"),
    b'{"data":{"version":1},"type":"discover","x":[1]}',
    padded(discover(), 1_024),
]


@pytest.mark.parametrize("datagram", VALID_QUERIES)
def test_unknown_keys_in_a_query_are_ignored(datagram: bytes) -> None:
    discovery.check_discover(datagram)


#: The fault, the datagram, and the reason of its refusal.
INVALID_QUERIES = [
    ("nothing", b"", "malformed"),
    ("no JSON", b"discover", "malformed"),
    ("half of it", discover()[:-1], "malformed"),
    ("two of them", discover() * 2, "malformed"),
    ("a NUL", b"\x00", "malformed"),
    ("an array", b"[]", "malformed"),
    ("an offer", offer(), "malformed"),
    ("no type", b'{"data":{"version":1}}', "malformed"),
    ("no data", b'{"type":"discover"}', "malformed"),
    ("no version", b'{"type":"discover","data":{}}', "malformed"),
    ("a string as version", discover(version="1"), "malformed"),
    ("true as version", discover(version=True), "malformed"),
    ("a later version", discover(version=2), "other version"),
    ("version 0", discover(version=0), "other version"),
    ("a huge version", discover(version=10**900), "other version"),
    ("invalid UTF-8", b'{"type":"discover","data":{"version":1,"x":"\xff"}}', "malformed"),
    ("deep nesting", b"[" * 1_024, "malformed"),
    ("1,025 bytes", padded(discover(), 1_025), "oversized"),
    ("64 KiB", padded(discover(), 65_507), "oversized"),
]


@pytest.mark.parametrize(
    ("datagram", "reason"), [pytest.param(*case[1:], id=case[0]) for case in INVALID_QUERIES]
)
def test_an_invalid_query_is_rejected_with_its_reason(datagram: bytes, reason: str) -> None:
    with pytest.raises(BadDatagram) as bad:
        discovery.check_discover(datagram)
    assert str(bad.value) == reason


VALID_OFFERS = [
    offer(),
    offer(colour="red"),
    offer(free=0),
    offer(slots=0, free=0),
    offer(id="x" * 64),
    offer(id="Ada's \u00e9\u4e2d\U0001f469"),
    padded(offer(), 1_024),
]


@pytest.mark.parametrize("datagram", VALID_OFFERS)
def test_unknown_keys_in_an_offer_are_ignored(datagram: bytes) -> None:
    assert discovery.decode_offer(datagram).port == 7777


INVALID_OFFERS = [
    ("a query", discovery.DISCOVER, "malformed"),
    ("half of it", offer()[:-1], "malformed"),
    ("no type", offer().replace(b'"type"', b'"kind"'), "malformed"),
    ("no data", b'{"type":"offer"}', "malformed"),
    ("no id", offer().replace(b'"id"', b'"name"'), "malformed"),
    ("a number as id", offer(id=5), "malformed"),
    ("an empty id", offer(id=""), "malformed"),
    ("65 characters of id", offer(id="x" * 65), "malformed"),
    ("an escape in the id", offer(id="\x1b[2J"), "bad id"),
    ("a line feed in the id", offer(id="par\nty"), "bad id"),
    ("a NUL in the id", offer(id="\x00"), "bad id"),
    ("a zero width space in the id", offer(id="par\u200bty"), "bad id"),
    ("a right-to-left override in the id", offer(id="\u202eytrap"), "bad id"),
    ("a no-break space in the id", offer(id="the\u00a0party"), "bad id"),
    ("a lone surrogate in the id", offer(id="\ud800"), "malformed"),
    ("a host name", offer(address="party.example"), "bad address"),
    ("an IPv6 address", offer(address="::1"), "bad address"),
    ("an address with its port", offer(address="10.35.11.111:7777"), "bad address"),
    ("half an address", offer(address="10.35.11"), "bad address"),
    ("an address out of range", offer(address="10.35.11.256"), "bad address"),
    ("an octal address", offer(address="010.35.11.111"), "bad address"),
    ("a number as address", offer(address=170_000_000), "malformed"),
    ("port 0", offer(port=0), "malformed"),
    ("port 65536", offer(port=65_536), "malformed"),
    ("a string as port", offer(port="7777"), "malformed"),
    ("a fraction as port", offer(port=7777.5), "malformed"),
    ("negative slots", offer(slots=-1), "malformed"),
    ("negative free slots", offer(free=-1), "malformed"),
    ("huge slots", offer(slots=2**64), "malformed"),
    ("null as free slots", offer(free=None), "malformed"),
    ("a later version", offer(version=2), "other version"),
    ("invalid UTF-8", offer().replace(b"party", b"p\xffrty"), "malformed"),
    ("1,025 bytes", padded(offer(), 1_025), "oversized"),
]


@pytest.mark.parametrize(
    ("datagram", "reason"), [pytest.param(*case[1:], id=case[0]) for case in INVALID_OFFERS]
)
def test_an_invalid_offer_is_rejected_with_its_reason(datagram: bytes, reason: str) -> None:
    with pytest.raises(BadDatagram) as bad:
        discovery.decode_offer(datagram)
    assert str(bad.value) == reason


@pytest.mark.parametrize("text", ["p", "x" * 64, "the party", "\U0001f469"])
def test_a_server_id_is_1_to_64_printable_characters(text: str) -> None:
    assert discovery.is_server_id(text)


@pytest.mark.parametrize("text", ["", "x" * 65, "a\tb", "a\n", "\x7f", "\u200b", "\ud800"])
def test_anything_else_is_not_a_server_id(text: str) -> None:
    assert not discovery.is_server_id(text)
