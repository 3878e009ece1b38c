"""A client that loses its node is at another one within a second, and the user notices nothing."""

from typing import Any, Final

import pytest

from chatd.chat import events, server_events
from chatd.client.lifecycle import ServerAddress
from chatd.client.status import Waiting
from chatd.wire import frames
from tests.client.lifecycle_harness import INTO, JITTER, JUST, PARTY, Run
from tests.client.service_harness import TOKEN, ClientHarness

GYM: Final = ServerAddress("10.35.11.112", 7777, "party")
NODES: Final = (
    server_events.Node("library", ("10.35.11.111:7777",), ()),
    server_events.Node("gym", ("10.35.11.112:7777",), ()),
)
CLUSTER: Final = server_events.Cluster("Ku2", "library", NODES)
#: The longest wait before the search for another node.
HURRY: Final = 0.3


def member(is_interactive: bool = False, once: bool = False) -> ClientHarness:
    """A client that is at a node."""
    client = ClientHarness(is_interactive=is_interactive, once=once, jitter=1.0)
    client.connect()
    welcome(client)
    client.sent()
    return client


def welcome(client: ClientHarness, resumed: bool = False, node: str = "library") -> None:
    cluster = server_events.Cluster("Ku2", node, NODES)
    data = events.Welcome(
        *("party", 0, "ice", ("#lobby",)), session=TOKEN, resumed=resumed, cluster=cluster
    )
    client.receive(frames.Welcome(data=data))


def test_it_searches_within_a_third_of_a_second_and_resumes_its_session() -> None:
    client = member()
    client.type("hello")
    [line] = client.sent()
    client.lose_connection()
    client.advance(HURRY - JUST)
    assert client.finder.search_count == 1
    client.advance(2 * JUST)
    assert client.finder.search_count == 2
    client.connect(GYM)
    [hello] = client.sent()
    assert hello["data"]["resume"]["session"] == TOKEN
    welcome(client, resumed=True, node="gym")
    assert client.sent() == [line], "what was not confirmed is sent again, under its number"


@pytest.mark.parametrize("goodbye", ["", "server is stopping", "this node is cut off"])
def test_the_user_reads_nothing_of_a_move(goodbye: str) -> None:
    client = member()
    before = list(client.ui.notices)
    if goodbye:
        client.receive(frames.Goodbye(data=events.Goodbye(goodbye)))
    else:
        client.lose_connection()
    client.advance(HURRY)
    client.connect(GYM)
    welcome(client, resumed=True, node="gym")
    client.advance(60)
    assert client.ui.notices == before


def test_what_delayed_a_move_is_told_if_it_takes_long() -> None:
    client = member()
    client.lose_connection()
    client.advance(10)
    assert client.was_notified("Not connected: connection lost. Trying again at once.")


@pytest.mark.parametrize("code", ["full", "cut-off"])
def test_a_node_that_takes_nobody_by_then_leads_to_another_one_at_once(code: str) -> None:
    client = member()
    client.lose_connection()
    client.advance(HURRY)
    client.connect()
    client.refuse(code, "Try another one.")
    client.advance(HURRY)
    assert client.finder.search_count == 3
    client.connect(GYM)
    welcome(client, resumed=True, node="gym")
    assert client.exit_statuses == []


def test_a_node_that_refuses_connections_leads_to_another_one_at_once() -> None:
    client = member()
    client.lose_connection()
    client.advance(HURRY)
    client.refuse_connection()
    client.advance(HURRY)
    assert client.finder.search_count == 3


def test_it_waits_as_usual_when_it_has_tried_as_often_as_there_are_nodes() -> None:
    client = member()
    client.lose_connection()
    for _ in NODES:
        client.advance(HURRY)
        client.refuse_connection()
    assert client.finder.search_count == 1 + len(NODES)
    client.advance(4 - JUST)
    assert client.finder.search_count == 1 + len(NODES)
    client.advance(JUST)
    assert client.finder.search_count == 2 + len(NODES)


def test_each_loss_is_followed_by_a_search_at_once() -> None:
    client = member()
    for server, node in ((GYM, "gym"), (PARTY, "library"), (GYM, "gym")):
        client.lose_connection()
        client.advance(HURRY)
        client.connect(server)
        welcome(client, resumed=True, node=node)
        client.advance(10)


def move(client: ClientHarness) -> None:
    """Let the client lose its node, and enter at the other one."""
    client.lose_connection()
    client.advance(HURRY)
    client.connect(GYM)
    welcome(client, resumed=True, node="gym")


@pytest.mark.parametrize(("seconds", "wait"), [(3.6, 5.0), (3.8, HURRY)])
def test_who_has_just_moved_and_is_lost_again_waits_as_usual(seconds: float, wait: float) -> None:
    """Else a node that welcomes clients and then ends them would have them go round for ever."""
    client = member()
    move(client)
    client.advance(seconds)
    client.lose_connection()
    assert client.ui.statuses[-1] == Waiting(wait)


def test_with_a_direct_address_it_waits_then_and_does_not_end() -> None:
    client = member(once=True)
    move(client)
    client.lose_connection()
    assert client.ui.statuses[-1] == Waiting(5.0)
    client.advance(5)
    client.connect()
    welcome(client, resumed=True)
    assert client.exit_statuses == []


def test_nodes_that_come_later_are_known() -> None:
    client = ClientHarness(jitter=1.0)
    client.connect()
    alone = server_events.Cluster("Ku2", "library", NODES[:1])
    data = events.Welcome("party", 0, "ice", ("#lobby",), session=TOKEN, cluster=alone)
    client.receive(frames.Welcome(data=data))
    client.receive(frames.NodesChanged(data=server_events.NodesChanged(NODES)))
    assert client.ui.shown == []
    assert client.finder.nodes.next({"library"}) == GYM


def test_before_the_welcome_no_nodes_are_taken_from_anybody() -> None:
    client = ClientHarness()
    client.connect()
    client.receive(frames.NodesChanged(data=server_events.NodesChanged(NODES)))
    assert client.finder.nodes.next() is None


def test_without_a_cluster_it_waits_as_ever() -> None:
    client = ClientHarness(jitter=1.0)
    client.connect()
    client.welcome(session=TOKEN)
    client.advance(10)
    client.lose_connection()
    assert client.ui.statuses[-1] == Waiting(5.0)


# --- a session that goes on elsewhere -----------------------------------------------------------


def test_a_session_that_another_client_has_taken_is_left_to_it() -> None:
    client = member()
    client.receive(frames.Goodbye(data=events.Goodbye("resumed elsewhere")))
    assert client.exit_statuses == [0]
    assert client.finder.search_count == 1


def test_two_clients_of_one_session_do_not_drive_each_other_from_node_to_node() -> None:
    """A late hello of its own may have taken the session: the client comes back, but slowly."""
    client = member()
    client.lose_connection()
    client.advance(HURRY)
    client.connect()
    client.advance(3)  # this node does not answer
    client.advance(HURRY)
    client.connect(GYM)
    welcome(client, resumed=True, node="gym")
    client.advance(10)
    client.receive(frames.Goodbye(data=events.Goodbye("resumed elsewhere")))
    assert client.exit_statuses == []
    assert client.ui.statuses[-1] == Waiting(5.0)


# --- with a direct address ----------------------------------------------------------------------


def test_with_a_direct_address_it_goes_on_at_another_node() -> None:
    client = member(once=True)
    client.lose_connection()
    assert client.exit_statuses == []
    client.advance(HURRY)
    client.connect(GYM)
    welcome(client, resumed=True, node="gym")
    assert not client.was_notified("Server disconnected")


def test_with_a_direct_address_it_ends_when_every_node_was_tried() -> None:
    client = member(once=True)
    client.lose_connection()
    for _ in NODES:
        client.advance(HURRY)
        client.refuse_connection()
    assert client.exit_statuses == [0]
    assert client.ui.notices[-1] == "Server disconnected"
    assert client.delayed_calls == []


# --- the lifecycle ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "name", "argument"),
    [
        ("online", "lost", "reset"),
        ("connecting", "failed", "refused"),
        ("registering", "retry_later", "full"),
        ("registering", "lost", "reset"),
    ],
)
def test_while_there_is_another_node_the_wait_is_the_jitter(
    state: str, name: str, argument: Any
) -> None:
    run = Run(INTO[state], others=1)
    run.input(name, argument)
    assert run.retry_seconds() == pytest.approx(HURRY * JITTER)
    run.clock.advance(HURRY)
    assert run.names[-1] == "find_server"
