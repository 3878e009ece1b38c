"""Nothing that axe-core knows of keeps people out, in any state of the page."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from tests.browser.accessibility import barriers, require_axe
from tests.browser.page import DESKTOP, SMALLEST, Opened, Page
from tests.browser.servers import Server, say
from tests.e2e.programs import CHATD


@pytest.fixture(scope="session")
def axe() -> str:
    return require_axe()


def is_open_to_all(page: Page, axe: str) -> None:
    """There is no barrier, in light colours or in dark ones."""
    for scheme in ("light", "dark"):
        page.look(scheme)
        assert barriers(page, axe) == [], scheme


@pytest.mark.parametrize("size", [DESKTOP, SMALLEST], ids=["desktop", "phone"])
def test_there_is_no_barrier_from_watching_to_leaving(
    size: tuple[int, int], axe: str, page: Opened, server: Server
) -> None:
    for number in range(12):  # as many as there are colours for nicknames
        say(server.enter(f"guest-{number}"), f"hello from number {number}")
    ice = page(size=size)
    ice.lets_the_server_go()
    ice.shows("hello from number 11")
    is_open_to_all(ice, axe)
    ice.asks_to_join("guest-1")
    ice.objects("taken")
    is_open_to_all(ice, axe)
    ice.join("ice")
    ice.write("one of my own")
    ice.shows("one of my own", kind="own")
    ice.write("@guest-1 a private one")
    ice.shows("a private one", kind="private")
    ice.write("/help")
    ice.notes("send a private message")
    ice.write("/dance")
    ice.objects("/help lists them")
    is_open_to_all(ice, axe)
    for part in ("nav", "aside"):
        ice.opens(part)
        is_open_to_all(ice, axe)
    server.stop()
    ice.is_("waiting")
    ice.write("/setname moon")
    is_open_to_all(ice, axe)
    server.start()
    ice.hears_that_the_network_is_back()
    ice.is_("online")
    ice.write("/quit")
    ice.is_("left")
    is_open_to_all(ice, axe)


def test_there_is_no_barrier_where_a_password_is_asked_for(
    axe: str, serve: Callable[..., Server], visit: Opened, tmp_path: Path
) -> None:
    path = tmp_path / "accounts"
    command = [*CHATD, "account", "add", str(path), "ice"]
    subprocess.run(command, input="cold\n", text=True, check=True)
    ice = visit(serve("--auth", f"chatd:{path}").url)
    ice.is_("watching")
    ice.asks_to_join("ice")
    ice.find("textbox", "Password")
    is_open_to_all(ice, axe)


#: Notes in the page what a screen reader would read aloud of the log.
_LISTEN: Final = """
window.heard = []
new MutationObserver((changes) => {
  const log = document.querySelector('#log')
  if (log?.getAttribute('aria-live') === 'polite' && log.getAttribute('aria-busy') !== 'true') {
    heard.push(...changes.filter(({target}) => log.contains(target))
      .flatMap(({addedNodes}) => [...addedNodes]).map((node) => node.textContent))
  }
}).observe(document, {subtree: true, childList: true})
"""


def test_a_screen_reader_hears_what_is_said_now_and_not_what_was_said_before(
    page: Opened, server: Server
) -> None:
    moon, ice = server.enter("moon"), page()
    say(moon, "said before")
    ice.call("Page.addScriptToEvaluateOnNewDocument", source=_LISTEN)
    ice.reload()
    ice.is_("watching")
    ice.shows("said before", "moon")
    assert ice.find("log", "Messages in #lobby")
    ice.until("() => document.querySelector('#log').getAttribute('aria-live') === 'polite'")
    say(moon, "said now")
    ice.until("() => heard.some((text) => text.includes('said now'))")
    assert "said before" not in " ".join(ice.run("() => heard"))


def test_the_state_and_a_refusal_are_said_aloud(page: Opened, server: Server) -> None:
    server.enter("moon")
    visitor = page()
    assert visitor.run("() => document.querySelector('#state').getAttribute('role')") == "status"
    visitor.asks_to_join("moon")
    visitor.objects("taken")
    assert visitor.find("alert")
