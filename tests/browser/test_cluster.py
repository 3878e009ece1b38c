"""The server is a node of a cluster: when the page loses it, it goes on at another one."""

from collections.abc import Callable
from typing import Any, Final

import pytest

from tests.browser.chat_page import ChatPage, OpenPage
from tests.browser.resuming import suspended
from tests.browser.server_harness import Server, send_messages

StartNodes = Callable[..., list[Server]]

#: Remembers the URLs of all WebSockets that the page opens from now on.
_RECORD: Final = """() => {
  window.opened = []
  window.WebSocket = class extends WebSocket {
    constructor(url) {
      super(url)
      window.opened.push(url)
    }
  }
}"""


def open_at(open_url: OpenPage, node: Server, nickname: str = "") -> ChatPage:
    """The page of `node`, which is about to lose it."""
    page = open_url(node.url)
    page.wait_for_state("watching")
    if nickname:
        page.join(nickname)
    page.run(_RECORD)
    page.expect_connection_errors()
    return page


def opened(page: ChatPage) -> list[str]:
    """The addresses that the page has connected to, or tried to."""
    urls: list[str] = page.run("() => window.opened.map((url) => url.replace('ws:', 'http:'))")
    return [url.removesuffix("socket") for url in urls]


STOPS: Final = {"stopped": Server.stop, "killed": Server.kill}


@pytest.mark.parametrize("stop", STOPS)
def test_a_member_whose_node_is_gone_is_in_at_another_one_and_what_was_typed_arrives(
    stop: str, start_nodes: StartNodes, open_url: OpenPage
) -> None:
    library, gym = start_nodes([], [])
    moon = gym.add_member("moon")
    ice = open_at(open_url, library, "ice")
    STOPS[stop](library)
    ice.send("still here")
    assert moon.receive("message")["data"] | {"time": 0} == {
        "room": "#lobby",
        "seq": 1,
        "time": 0,
        "source": "ice",
        "text": "still here",
    }
    ice.wait_for_status("Online as ice")
    assert opened(ice) == [library.url, gym.url], "its own node first, and once"


def test_a_watcher_whose_node_is_gone_watches_at_another_one(
    start_nodes: StartNodes, open_url: OpenPage
) -> None:
    library, gym = start_nodes([], [])
    watcher = open_at(open_url, library)
    library.kill()
    watcher.wait_until("() => window.opened.length === 2")
    watcher.wait_for_state("watching")
    send_messages(gym.add_member("moon"), "hello")
    watcher.wait_for_message("hello", "moon")


def test_a_node_that_does_not_answer_is_given_up_for_the_next_one(
    start_nodes: StartNodes, open_url: OpenPage
) -> None:
    library, gym, canteen = start_nodes([], [], [])
    ice = open_at(open_url, library, "ice")
    with suspended(gym):
        library.kill()
        ice.wait_until("() => document.body.dataset.state !== 'online'")
        ice.wait_for_state("online")
        assert opened(ice)[-1] == canteen.url


def test_a_full_node_leads_to_another_one(start_nodes: StartNodes, open_url: OpenPage) -> None:
    library, gym = start_nodes(["--slots", "1"], [])
    library.add_member("moon")
    ice = open_at(open_url, library)
    ice.join("ice")
    assert opened(ice) == [gym.url]
    assert ice.run("() => document.querySelector('#error').hidden")


def test_where_every_node_is_full_the_user_is_told(
    start_nodes: StartNodes, open_url: OpenPage
) -> None:
    library, gym = start_nodes(["--slots", "1"], ["--slots", "1"])
    for node in (library, gym):
        node.add_member("moon")
    ice = open_at(open_url, library)
    ice.request_nickname("ice")
    ice.wait_for_error("full")
    ice.wait_for_state("watching")
    assert opened(ice) == [gym.url]


def test_when_all_nodes_are_gone_the_page_waits_and_tries_all_of_them_again(
    start_nodes: StartNodes, open_url: OpenPage
) -> None:
    library, gym = start_nodes([], [])
    ice = open_at(open_url, library, "ice")
    gym.kill()
    library.kill()
    ice.wait_until("() => /in [3-5] s/.test(document.querySelector('#status').textContent)")
    assert opened(ice) == [library.url, gym.url]
    gym.start()
    ice.retry_now()
    ice.wait_for_state("online")
    assert set(opened(ice)[2:]) <= {library.url, gym.url}


def test_the_page_reads_what_it_polls_from_the_node_that_it_is_at(
    start_nodes: StartNodes, open_url: OpenPage
) -> None:
    library, gym = start_nodes([], [])
    watcher = open_at(open_url, library)
    read = """async (url) => {
      const response = await fetch(url)
      return [Date.parse(response.headers.get('Date')) > 0, (await response.json()).status]
    }"""
    assert watcher.run(read, f"{gym.url}health") == [True, "ok"]
    library.kill()
    watcher.wait_until("() => window.opened.length === 2")
    watcher.wait_for_state("watching")
    asked = watcher.wait_until(
        """() => performance.getEntriesByType('resource').map(({name}) => name)
             .filter((name) => name.endsWith('/health')).at(-1)"""
    )
    assert asked == f"{gym.url}health"


def test_who_has_just_moved_and_loses_that_node_too_waits_as_usual(
    start_nodes: StartNodes, open_url: OpenPage
) -> None:
    """Else a node that takes users and then loses them would have them go round for ever."""
    library, gym = start_nodes([], [])
    ice = open_at(open_url, library, "ice")
    ice.run("() => { performance.now = () => 0 }")
    library.kill()
    ice.wait_until("() => window.opened.length === 2")
    ice.wait_for_state("online")
    library.start()
    gym.kill()
    ice.wait_until("() => /in [3-5] s/.test(document.querySelector('#status').textContent)")
    assert len(opened(ice)) == 2


def test_the_page_keeps_the_nodes_over_a_reload(
    start_nodes: StartNodes, open_url: OpenPage
) -> None:
    """Its node may be cut off by then, and tell the page nothing but that."""
    library, gym = start_nodes([], [])
    ice = open_at(open_url, library, "ice")
    stored = ice.run("() => JSON.parse(sessionStorage.getItem('nodes'))")
    assert stored == [library.url.rstrip("/"), gym.url.rstrip("/")]


# --- which nodes there are ----------------------------------------------------------------------

_ATTEMPTS: Final = """async (origins, page, count) => {
  const {createNodes} = await import('/static/nodes.js')
  const nodes = createNodes(() => origins, new URL(page))
  nodes.advance()
  nodes.entered()
  const tried = []
  for (let number = 0; number < count; number += 1) {
    tried.push([nodes.hasNext(), (nodes.advance(), nodes.url(''))])
  }
  return tried
}"""


def attempts(page: ChatPage, origins: list[Any], at: str, count: int) -> list[list[Any]]:
    """Whether there is a node to try at once, and which one is next, `count` times."""
    tried: list[list[Any]] = page.run(_ATTEMPTS, origins, at, count)
    return tried


A, B, C = (f"http://10.0.0.{number}:8080" for number in (1, 2, 3))


def test_its_own_node_is_tried_once_and_then_each_of_the_others(module_page: ChatPage) -> None:
    tried = attempts(module_page, [B, A, C], A, 4)
    assert tried[0] == [True, A]
    assert sorted(tried[1:3]) == [[True, B], [True, C]]
    assert tried[3][0] is False, "all were tried: the page waits"


def test_after_a_wait_all_are_tried_again(module_page: ChatPage) -> None:
    tried = [origin for _, origin in attempts(module_page, [A, B, C], A, 6)]
    assert sorted(tried[:3]) == sorted(tried[3:]) == [A, B, C]


@pytest.mark.parametrize(
    "origins",
    [
        [],
        [A],
        ["nonsense", "", "10.0.0.2:8080", "http://10.0.0.2:8080/path", "javascript:alert(1)"],
        ["https://10.0.0.2:8080", "ftp://10.0.0.2:8080", "http://127.0.0.1:8080"],
    ],
)
def test_there_is_no_other_node_where_the_page_cannot_connect(
    module_page: ChatPage, origins: list[Any]
) -> None:
    assert attempts(module_page, origins, A, 2) == [[False, A], [False, A]]


def test_addresses_are_tried_before_names_which_this_computer_may_not_know(
    module_page: ChatPage,
) -> None:
    names = ["http://gym:8080", "http://canteen"]
    tried = attempts(module_page, [*names, B, C], A, 5)
    assert sorted(origin for _, origin in tried[1:3]) == [B, C]
    assert sorted(origin for _, origin in tried[3:]) == sorted(names)


def test_this_computers_own_addresses_count_for_a_page_of_it(module_page: ChatPage) -> None:
    origins = ["http://127.0.0.1:8082", B]
    tried = attempts(module_page, origins, "http://localhost:8081", 3)
    assert sorted(origin for _, origin in tried[1:]) == [B, "http://127.0.0.1:8082"]


@pytest.mark.parametrize(
    "nodes", [None, 1, "x", [None], [1], [{}], [{"origins": 1}], [{"origins": [1, None, {}]}]]
)
def test_a_list_of_nodes_that_is_none_is_ignored(module_page: ChatPage, nodes: Any) -> None:
    read = "async (nodes) => (await import('/static/nodes.js')).readOrigins(nodes)"
    assert module_page.run(read, nodes) == []


def test_any_number_of_origins_fills_no_memory(module_page: ChatPage) -> None:
    read = "async (nodes) => (await import('/static/nodes.js')).readOrigins(nodes)"
    assert len(module_page.run(read, [{"origins": [A] * 50}] * 50)) == 64
