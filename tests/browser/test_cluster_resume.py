"""The page of a real cluster, on a real etcd: it resumes its session at the other node."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.browser.chat_page import ChatPage, OpenPage
from tests.browser.resuming import send_private
from tests.browser.server_harness import send_messages
from tests.cluster.loopback import LoopbackCluster, Node, loopback_cluster


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[LoopbackCluster]:
    with loopback_cluster(tmp_path) as cluster:
        yield cluster


def open_at(open_url: OpenPage, node: Node) -> ChatPage:
    """A page of a member, ice, whose node is about to go."""
    page = open_url(node.url)
    page.wait_for_state("watching")
    page.join("ice")
    page.expect_connection_errors()
    return page


STOPS: Final = {"killed": Node.kill, "stopped": Node.stop}


@pytest.mark.parametrize("stop", STOPS)
def test_a_page_whose_node_goes_misses_nothing_and_nobody_is_told(
    stop: str, cluster: LoopbackCluster, open_url: OpenPage
) -> None:
    moon = cluster.add_member(cluster.gym, "moon")
    ice = open_at(open_url, cluster.library)
    moon.receive("entered")
    ice.join_room("#dev")
    moon.send("join", {"room": "#dev"}, id="join")
    moon.receive("ok")
    send_messages(moon, "before")
    ice.wait_for_room("#dev")
    STOPS[stop](cluster.library)
    send_messages(moon, "meanwhile", room="#dev")
    send_private(moon, "and this is for you")
    ice.send("typed meanwhile")
    frames = moon.receive_through("message")
    assert frames[-1]["data"]["text"] == "typed meanwhile"
    assert frames[-1]["data"]["room"] == "#dev"
    assert not {"left", "entered", "parted", "joined"} & {frame["type"] for frame in frames}
    ice.wait_for_message("meanwhile", "moon")
    ice.wait_for_private("and this is for you", "moon")
    ice.wait_for_message("typed meanwhile", kind="own")
    assert ice.texts_from("moon", "ice").count("meanwhile") == 1


def test_a_page_goes_back_when_its_second_node_goes_too(
    cluster: LoopbackCluster, open_url: OpenPage
) -> None:
    ice = open_at(open_url, cluster.library)
    cluster.library.kill()
    moon = cluster.add_member(cluster.gym, "moon")
    ice.send("at the gym")
    assert moon.receive("message")["data"]["text"] == "at the gym"
    cluster.library.start()
    moon = cluster.add_member(cluster.library, "sun")
    cluster.gym.kill()
    ice.send("in the library again")
    assert moon.receive("message")["data"]["text"] == "in the library again"


def test_when_only_later_nodes_are_left_the_page_says_where_the_chat_goes_on(
    cluster: LoopbackCluster, open_url: OpenPage
) -> None:
    """Its policy lets it connect to those alone that were there when it was loaded."""
    ice = open_at(open_url, cluster.library)
    hall = cluster.add_node("hall", 3)
    moon = cluster.add_member(hall, "moon")
    send_messages(moon, "in the hall")
    ice.wait_for_message("in the hall", "moon")  # so the page knows of it
    cluster.gym.kill()
    cluster.library.kill()
    ice.send("typed meanwhile")
    ice.wait_for_notice(f"Open {hall.url} in another tab to go on.")
    refused = [error for error in ice.errors if "Content Security Policy" in error]
    assert refused
    assert all(f":{hall.web}" in error for error in refused)
    ice.expect_errors("Content Security Policy")
    later = open_url(hall.url)
    later.wait_for_state("watching")
    later.wait_for_message("in the hall", "moon")
