"""A page whose node vanishes without a word, as in a power cut: no packet comes from it."""

import shlex
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Final

from tests.browser.chat_page import DESKTOP, ChatPage
from tests.browser.chromium import Chromium, find_chromium
from tests.cluster.hosts import NODES, WEB_PORT, ClusterHosts, cluster_hosts, read_api
from tests.e2e.namespaces import Host

#: The host whose power is cut.
_LOST: Final = "b"
#: The promise: in so many seconds the page is in at another node.
PROMISED_SECONDS: Final = 60.0
_TEXT: Final = "is anybody still there?"

_STATE: Final = "() => document.body.dataset.state"


def page_after_power_cut(directory: Path, *, writes: bool) -> float:
    """The seconds from the moment when the node vanishes until the page is in at another node.

    :param writes: whether its user writes a line at that moment, which must then arrive.
    """
    with cluster_hosts(directory) as cluster:
        cluster.start()
        laptop = cluster.add_host("laptop", "10.35.11.40")
        with _browser(laptop, directory) as chromium:
            url = f"http://{NODES[_LOST]}:{WEB_PORT}/"
            page = ChatPage(chromium, url, DESKTOP)
            page.wait_for_state("watching")
            page.join("ice")
            page.expect_connection_errors()
            seconds = _vanish(cluster, laptop, page, writes=writes)
            page.close()
    return seconds


def _vanish(cluster: ClusterHosts, laptop: Host, page: ChatPage, *, writes: bool) -> float:
    cluster.hosts[_LOST].detach()
    vanished = monotonic()
    if writes:
        page.send(_TEXT)
        _wait_for(lambda: any(kind == "own" for kind, _, _ in page.items))
    else:
        _wait_for(lambda: page.run(_STATE) != "online")
        _wait_for(lambda: page.run(_STATE) == "online")
    seconds = monotonic() - vanished
    if writes:
        other = next(address for name, address in NODES.items() if name != _LOST)
        messages = read_api(laptop, other, "/api/messages")["messages"]
        assert [each["text"] for each in messages] == [_TEXT]
    return seconds


def _wait_for(condition: Callable[[], object]) -> None:
    end = monotonic() + 2 * PROMISED_SECONDS
    while not condition():
        assert monotonic() < end, "the page is in nowhere"
        sleep(0.05)


@contextmanager
def _browser(host: Host, directory: Path) -> Iterator[Chromium]:
    """A browser that runs on a host, under which no address changes by itself."""
    host.wait_until_settled()
    executable = directory / "chromium"
    command = shlex.join(["ip", "netns", "exec", host.namespace, find_chromium()])
    executable.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
    executable.chmod(0o700)
    profile = directory / "profile"
    profile.mkdir()
    with closing(Chromium(str(executable), profile)) as chromium:
        yield chromium
