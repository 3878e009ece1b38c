"""A server that is a node of a cluster, to its clients: how it ends, whatever its log does."""

import pytest

from chatd.chat import limits
from chatd.log.cluster_codec import decode_entry
from chatd.log.engine import LogLost
from chatd.log.shared_engine import LogUnusable
from tests.fakes import log_lines
from tests.server.harness import Client, line
from tests.server.node import NodeHarness


def goodbyes(client: Client) -> list[object]:
    return [each["reason"] for each in client.heard_of("goodbye")]


def test_a_node_that_stops_says_goodbye_to_its_members() -> None:
    harness = NodeHarness.begun()
    ice = harness.enter("ice")
    assert harness.stop() < 1
    assert goodbyes(ice) == ["server is stopping"]
    assert not harness.chat.hub.nodes.there
    assert not harness.clock.getDelayedCalls()


def test_a_node_without_anybody_ends_its_life_as_well() -> None:
    harness = NodeHarness.begun()
    assert harness.stop() < 1
    assert not harness.chat.hub.nodes.there
    assert harness.log.snapshot.position == harness.log.position  # for another version


def test_a_line_that_the_end_of_the_node_overtakes_is_not_refused() -> None:
    """The client sends it again, to another node. A refusal would be the end of it."""
    harness = NodeHarness.begun()
    ice = harness.enter("ice")
    ended = harness.chat.end()
    ice.send_bytes(line("message", {"text": "hello"}, 1))
    harness.pass_time(0.3)
    assert [frame["type"] for frame in ice.heard()] == ["goodbye"]
    ice.hang_up()
    assert ended.called


@pytest.mark.parametrize("silence", [1, 5])
def test_a_node_whose_log_does_not_answer_stops_within_seconds(silence: float) -> None:
    harness = NodeHarness.begun()
    ice = harness.enter("ice")
    harness.engine.is_connected = False
    harness.pass_time(silence)
    ice.say("hello", 1)
    assert harness.stop() < limits.SHUTDOWN_SECONDS + 0.5
    assert goodbyes(ice) == ["server is stopping"]
    assert not harness.clock.getDelayedCalls()


def test_a_node_that_has_not_begun_yet_stops_at_once() -> None:
    harness = NodeHarness()
    harness.engine.is_connected = False
    harness.pass_time(1)
    client = harness.connect()
    harness.pass_time(1)
    assert harness.stop() < 0.5
    assert client.is_dropped()


def test_a_node_that_cannot_go_on_lets_its_members_go_and_stops_at_once() -> None:
    harness = NodeHarness.begun()
    ice = harness.enter("ice")
    ice.say("hello", 1)
    harness.chat.ordered_log._ended(LogUnusable("The log denies access."))  # type: ignore[attr-defined]
    assert harness.failures == ["The log denies access."]
    # Whether the line was said is not known, so that it is neither confirmed nor refused.
    assert ice.is_cut_off()
    assert harness.stop() < 0.5
    assert not harness.chat.sessions


def test_a_node_that_is_buried_while_it_stops_does_not_begin_again() -> None:
    harness = NodeHarness.begun()
    other = NodeHarness.begun("b", harness.log)
    harness.enter("ice")
    harness.engine.is_connected = False
    other.pass_time(20)
    assert [node.name for node in other.chat.hub.nodes.there] == ["b"]
    harness.clock.advance(1)
    harness.engine.is_connected = True
    stopped = harness.chat.end()
    harness.pass_time(1)
    other.pass_time(1)
    assert [node.name for node in other.chat.hub.nodes.there] == ["b"]
    assert stopped
    assert decode_entry(harness.log.entries[-1].data).node == "b"


def test_a_node_that_has_lost_its_log_while_entries_were_on_their_way_begins_again() -> None:
    harness = NodeHarness.begun()
    ice = harness.enter("ice")
    harness.log.snapshot = harness.chat.ordered_log._replica.snapshot()  # type: ignore[attr-defined]
    ice.say("hello", 1)
    harness.clock.advance(0)
    harness.engine.send()
    harness.chat.ordered_log._ended(LogLost("The entries are gone."))  # type: ignore[attr-defined]
    assert ice.is_cut_off()
    ice.hang_up()
    harness.until(lambda: not harness.chat.ordered_log.is_cut_off)
    assert not harness.failures
    moon = harness.enter("moon")
    moon.say("hello", 2)
    harness.pass_time(0.2)
    assert "ok" in [frame["type"] for frame in moon.heard()]


def test_a_node_with_fewer_slots_than_it_had_offers_none() -> None:
    harness = NodeHarness.begun(slots=2)
    for nickname in ("ice", "moon"):
        harness.enter(nickname)
    again = NodeHarness.begun("a", harness.log, slots=1)  # the other one was killed
    assert again.chat.free_slots == 0
    again.pass_time(limits.AWAY_SECONDS + 1)
    assert again.chat.free_slots == 1


def test_more_accounts_than_an_entry_holds_are_reported() -> None:
    harness = NodeHarness.begun()
    with log_lines() as lines:
        harness.chat.set_accounts({f"account {number}": False for number in range(40_000)}, {})
        harness.pass_time(1)
    error = "the 40000 accounts could not be set: those from before need a password"
    assert error in lines
