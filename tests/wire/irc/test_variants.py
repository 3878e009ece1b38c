"""Clients whose capabilities make no difference to an event are sent the same bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.chat.events import Event
from chatd.wire.irc import features
from chatd.wire.irc.capabilities import Capabilities
from chatd.wire.irc.client import Client, Server
from chatd.wire.irc.dialect import Irc, of_client
from tests.wire.formats import EVENTS

SERVER = Server("work.chatd", "work")
SETS = st.frozensets(st.sampled_from(sorted(features.offered(SERVER))))


def with_capabilities(*enabled: str) -> Irc:
    return of_client(Client(SERVER, Capabilities(enabled=frozenset(enabled))))


@given(SETS, SETS, st.sampled_from(list(EVENTS.values())))
def test_what_has_the_same_variant_has_the_same_bytes(
    some: frozenset[str], others: frozenset[str], event: Event
) -> None:
    first, second = with_capabilities(*some), with_capabilities(*others)
    if first.event_variant(type(event)) == second.event_variant(type(event)):
        assert first.encode_event(event, 1_000) == second.encode_event(event, 1_000)


@pytest.mark.parametrize("kind", features.OF_KIND)
@pytest.mark.parametrize("capability", sorted(features.offered(SERVER)))
def test_only_what_changes_the_bytes_of_a_message_makes_another_variant(
    kind: type[Event], capability: str
) -> None:
    some = features.OF_KIND[kind] - {capability}
    before, after = with_capabilities(*some), with_capabilities(*some, capability)
    is_other = before.encode_event(EVENTS[kind], 0) != after.encode_event(EVENTS[kind], 0)
    is_other_variant = before.event_variant(kind) != after.event_variant(kind)
    assert is_other_variant >= is_other
    assert is_other_variant == (capability in features.OF_KIND[kind])
