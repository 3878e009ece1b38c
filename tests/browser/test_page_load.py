"""A page of which a part was not loaded reloads itself, and in the end says what to do.

Browsers cancel all requests when the network changes, as for a phone that leaves its Wi-Fi.
"""

import re
from collections.abc import Iterator
from typing import Final

import pytest

from tests.browser.chat_page import ChatPage, OpenPage
from tests.browser.server_harness import Server, send_messages
from tests.browser.tcp_proxy import TcpProxy, tcp_proxy
from tests.browser.test_old_browsers import RESTRICTIONS
from tests.ports import HOST

_SCRIPT: Final = re.compile(rb"/static/names\.js ")
_WAITS: Final = "A part of this page was not loaded. The page reloads itself in {} s."
_GAVE_UP: Final = "A part of this page was not loaded. Reload the page."

#: The browser's errors for what it has not loaded.
_NOT_LOADED: Final = r"^network: .*ERR_"

#: The timer of support.js, which reloads the page, waits for the test.
_MANUAL_RELOADS: Final = """
  const setRealTimeout = window.setTimeout
  window.setTimeout = (call, milliseconds) => {
    if (call.name !== 'reload') return setRealTimeout(call, milliseconds)
    window.endPause = call
  }
"""


@pytest.fixture
def proxy(server: Server) -> Iterator[TcpProxy]:
    """Between the pages and `server`."""
    with tcp_proxy(HOST, server.web) as between:
        yield between


def open_without(
    open_url: OpenPage, proxy: TcpProxy, parts: re.Pattern[bytes] | None, *scripts: str
) -> ChatPage:
    """The page without these parts, in a browser in which the scripts run before the page's own."""
    page = open_url("about:blank#")
    page.expect_errors(_NOT_LOADED)
    for script in (_MANUAL_RELOADS, *scripts):
        page.call("Page.addScriptToEvaluateOnNewDocument", source=script)
    proxy.dropped = parts
    page.open(proxy.url)
    return page


def wait_for_problem(page: ChatPage, sentence: str) -> None:
    """Wait until the page shows this sentence instead of working."""
    page.wait_until(
        """(sentence) => {
          const {hidden, textContent} = document.querySelector('#problem')
          return !hidden && textContent === sentence
        }""",
        sentence,
    )


def end_pause(page: ChatPage, seconds: int) -> None:
    """Wait until the page says how long it pauses, and end the pause."""
    wait_for_problem(page, _WAITS.format(seconds))
    page.run("() => endPause()")


@pytest.mark.smoke
@pytest.mark.parametrize(
    "parts",
    [
        pytest.param(_SCRIPT, id="a script"),
        pytest.param(re.compile(rb"/static/layout\.css "), id="a style sheet"),
        pytest.param(re.compile(rb"/static/"), id="all but the page itself"),
    ],
)
def test_a_page_of_which_a_part_was_not_loaded_mends_itself(
    parts: re.Pattern[bytes], open_url: OpenPage, proxy: TcpProxy
) -> None:
    page = open_without(open_url, proxy, parts)
    proxy.dropped = None
    end_pause(page, 1)
    page.wait_until("() => document.querySelector('#problem').hidden")
    page.wait_for_state("watching")
    page.join("ice")
    assert page.run("() => getComputedStyle(document.body).display") == "grid"


def test_a_member_whose_reload_was_cut_short_is_in_again(
    open_url: OpenPage, proxy: TcpProxy, server: Server
) -> None:
    moon, ice = server.add_member("moon"), open_without(open_url, proxy, None)
    ice.join("ice")
    ice.fill_message("half a line")
    proxy.dropped = _SCRIPT
    ice.reload()
    proxy.dropped = None
    end_pause(ice, 1)
    ice.wait_for_state("online")
    ice.wait_for_draft("half a line")
    send_messages(moon, "still there?")
    ice.wait_for_message("still there?", "moon")


def give_up(page: ChatPage) -> None:
    """Let the page reload itself until it gives up."""
    for seconds in (1, 4, 16):
        end_pause(page, seconds)
    wait_for_problem(page, _GAVE_UP)
    assert page.run("() => window.endPause === undefined")


def test_a_page_reloads_itself_three_times_and_then_says_what_to_do(
    open_url: OpenPage, proxy: TcpProxy
) -> None:
    page = open_without(open_url, proxy, _SCRIPT)
    give_up(page)
    # The user reloads it, as it says.
    page.reload()
    give_up(page)


def test_a_page_that_was_loaded_has_all_its_reloads_again(
    open_url: OpenPage, proxy: TcpProxy
) -> None:
    page = open_without(open_url, proxy, _SCRIPT)
    end_pause(page, 1)
    wait_for_problem(page, _WAITS.format(4))
    proxy.dropped = None
    page.reload()
    page.wait_for_state("watching")
    proxy.dropped = _SCRIPT
    page.reload()
    give_up(page)


def test_a_page_that_gave_up_reloads_itself_when_the_network_is_back(
    open_url: OpenPage, proxy: TcpProxy
) -> None:
    page = open_without(open_url, proxy, _SCRIPT)
    give_up(page)
    proxy.dropped = None
    page.retry_now()
    page.wait_for_state("watching")


def test_a_page_that_went_offline_reloads_itself_once_it_is_online(
    open_url: OpenPage, proxy: TcpProxy
) -> None:
    page = open_without(open_url, proxy, _SCRIPT)
    proxy.dropped = None
    page.run("() => Object.defineProperty(navigator, 'onLine', {get: () => window.isOnline})")
    end_pause(page, 1)
    wait_for_problem(page, _WAITS.format(1))
    page.run("() => { window.isOnline = true }")
    page.retry_now()
    page.wait_for_state("watching")


@pytest.mark.parametrize(
    "restriction",
    [
        pytest.param(RESTRICTIONS["storage"], id="without storage"),
        pytest.param(RESTRICTIONS["a full storage"], id="with a full storage"),
        pytest.param(
            "Object.defineProperty(navigator, 'onLine', {get: () => false})", id="while offline"
        ),
    ],
)
def test_a_page_that_cannot_reload_itself_says_so_at_once(
    restriction: str, open_url: OpenPage, proxy: TcpProxy
) -> None:
    page = open_without(open_url, proxy, _SCRIPT, restriction)
    wait_for_problem(page, _GAVE_UP)
    proxy.dropped = None
    page.reload()
    page.wait_for_state("watching")


def test_what_an_extension_adds_is_no_part_of_the_page(open_page: OpenPage) -> None:
    page = open_page()
    page.expect_errors(_NOT_LOADED + "|Content Security Policy")
    page.run(
        """() => new Promise((resolve) => {
          const script = document.createElement('script')
          script.src = 'http://extension.invalid/script.js'
          script.onerror = resolve
          document.head.append(script)
        })"""
    )
    assert page.run("() => document.querySelector('#problem').hidden")
