"""The client's side of discovery: which offers it accepts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.wire import discovery
from tests.discovery.client import SERVER, Client, offer
from tests.discovery.hosts import datagram


def test_a_valid_offer_is_reported() -> None:
    client = Client()
    client.querier.start()
    client.receive(offer())
    client.receive(offer("192.168.1.124"), ("192.168.1.124", 4_000), "192.168.1.123")
    assert client.offers == [
        discovery.Offer(1, "party", "10.35.11.113", 7777, 5, 4),
        discovery.Offer(1, "party", "192.168.1.124", 7777, 5, 4),
    ]
    assert dict(client.querier.counters) == {"offers": 2}
    client.querier.stop()


def test_an_offer_from_this_host_is_accepted() -> None:
    client = Client()
    client.querier.start()
    client.receive(offer("10.35.11.112"), ("10.35.11.112", 4_000))
    assert len(client.offers) == 1
    client.querier.stop()


FOREIGN = ("10.35.12.113", 4_000)
REJECTED = {
    "a false address": (offer("10.35.11.114"), SERVER, "false address"),
    "an address in another known subnet": (offer("192.168.1.124"), SERVER, "false address"),
    "a host of a foreign subnet": (offer(FOREIGN[0]), FOREIGN, "foreign subnet"),
    "a host of another subnet": (
        offer("192.168.1.124"),
        ("192.168.1.124", 4_000),
        "foreign subnet",
    ),
    "the broadcast address": (
        offer("10.35.11.255"),
        ("10.35.11.255", 4_000),
        "foreign subnet",
    ),
    "the network address": (offer("10.35.11.0"), ("10.35.11.0", 4_000), "foreign subnet"),
    "nothing": (b"", SERVER, "malformed"),
    "no JSON": (b"hello", SERVER, "malformed"),
    "not UTF-8": (b'\xff{"type": "offer"}', SERVER, "malformed"),
    "deep nesting": (b'{"a":' * 200, SERVER, "malformed"),
    "a query": (discovery.DISCOVER, SERVER, "malformed"),
    "no address": (datagram("offer", version=1, id="x", port=1), SERVER, "malformed"),
    "no id": (offer(id=""), SERVER, "malformed"),
    "an id that is too long": (offer(id="x" * 65), SERVER, "malformed"),
    "an id that moves the cursor": (offer(id="\x1b[2J"), SERVER, "bad id"),
    "a node without a cluster": (offer(node="library"), SERVER, "bad node"),
    "a cluster without a node": (offer(cluster="Ku2"), SERVER, "bad node"),
    "a node that moves the cursor": (offer(node="\x1b[2J", cluster="Ku2"), SERVER, "bad node"),
    "a node's name that is too long": (offer(node="x" * 65, cluster="Ku2"), SERVER, "malformed"),
    "a cluster's id that is too long": (offer(node="x", cluster="y" * 65), SERVER, "malformed"),
    "a node that is no text": (offer(node=1, cluster="Ku2"), SERVER, "malformed"),
    "a state that is no text": (offer(node="x", cluster="y", state=1), SERVER, "malformed"),
    "a port for TLS without a fingerprint": (offer(tls_port=7), SERVER, "bad fingerprint"),
    "a fingerprint without a port": (offer(fingerprint="a" * 64), SERVER, "bad fingerprint"),
    "a fingerprint that is none": (offer(tls_port=7, fingerprint="A" * 64), SERVER, "malformed"),
    "a fingerprint with a line end": (
        offer(tls_port=7, fingerprint="a" * 63 + "\n"),
        SERVER,
        "bad fingerprint",
    ),
    "a port for TLS that is none": (
        offer(tls_port=-1, fingerprint="a" * 64),
        SERVER,
        "malformed",
    ),
    "a cluster's id that is not ASCII": (offer(node="x", cluster="ü"), SERVER, "malformed"),
    "port 0": (offer(port=0), SERVER, "malformed"),
    "a port that is none": (offer(port=65_536), SERVER, "malformed"),
    "less than no free slots": (offer(free=-1), SERVER, "malformed"),
    "a name for an address": (offer("party.example"), SERVER, "bad address"),
    "a later version": (offer(version=2), SERVER, "other version"),
    "too much": (offer(x="x" * 1_024), SERVER, "oversized"),
}


@pytest.mark.parametrize(("data", "source", "reason"), REJECTED.values(), ids=REJECTED)
def test_invalid_offers_are_rejected_and_counted(
    data: bytes, source: tuple[str, int], reason: str
) -> None:
    client = Client()
    client.querier.start()
    client.receive(data, source)
    assert client.offers == []
    assert dict(client.querier.counters) == {reason: 1}
    client.receive(offer())
    assert len(client.offers) == 1
    client.querier.stop()


@pytest.mark.parametrize("character", ['"', "\U0001f3eb"])
def test_an_offer_with_the_longest_names_fits_into_a_datagram(character: str) -> None:
    names = [character * 64] * 2
    longest = discovery.Offer(
        *(1, names[0], "255.255.255.255", 65_535, 2**53, 2**53),
        node=names[1],
        cluster="x" * 64,
        state=discovery.CUT_OFF,
        tls_port=65_535,
        fingerprint="f" * 64,
    )
    datagram = discovery.encode_offer(longest)
    assert len(datagram) <= 1_024
    assert discovery.decode_offer(datagram) == longest


def test_unknown_keys_are_ignored_so_that_later_versions_can_add_some() -> None:
    client = Client()
    client.querier.start()
    client.receive(offer(rooms=["#dev"], jim=7_778))
    assert len(client.offers) == 1
    client.querier.stop()


@given(
    st.binary(max_size=1_100)
    | st.builds(offer, st.text(max_size=12), port=st.integers(), id=st.text(max_size=70))
)
def test_no_random_datagram_is_an_offer_or_raises(data: bytes) -> None:
    client = Client()
    client.querier.start()
    client.receive(data)
    assert client.offers == []
    assert client.querier.counters.total() == 1
    client.querier.stop()
