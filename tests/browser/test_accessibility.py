"""axe-core finds no violation in any state of the page, and screen readers read what is new."""

from typing import Final

import pytest

from tests.browser.axe import read_axe, violations
from tests.browser.chat_page import DESKTOP, SMALL_PHONE, ChatPage, OpenPage
from tests.browser.server_harness import Server, send_messages


@pytest.fixture(scope="session")
def axe() -> str:
    return read_axe()


def assert_accessible(page: ChatPage, axe: str) -> None:
    """axe-core finds no violation, in light or dark colours."""
    for scheme in ("light", "dark"):
        page.set_preferences(scheme)
        assert violations(page, axe) == [], scheme


@pytest.mark.parametrize("size", [DESKTOP, SMALL_PHONE], ids=["desktop", "phone"])
def test_the_page_is_accessible_from_watching_to_leaving(
    size: tuple[int, int], axe: str, open_page: OpenPage, server: Server
) -> None:
    for number in range(12):  # as many as there are colours for nicknames
        send_messages(server.add_member(f"guest-{number}"), f"hello from number {number}")
    ice = open_page(size=size)
    ice.expect_connection_errors()
    ice.wait_for_message("hello from number 11")
    assert_accessible(ice, axe)
    ice.request_nickname("guest-1")
    ice.wait_for_error("taken")
    assert_accessible(ice, axe)
    ice.join("ice")
    ice.send("one of my own")
    ice.wait_for_message("one of my own", kind="own")
    ice.send("@guest-1 a private one")
    ice.open_talk("guest-1")
    ice.wait_for_message("a private one", kind="private")
    assert_accessible(ice, axe)
    ice.select_room("#lobby")
    ice.send("/help")
    ice.wait_for_notice("send a private message")
    ice.send("/dance")
    ice.wait_for_error("/help lists")
    assert_accessible(ice, axe)
    for drawer in ("nav", "aside"):
        ice.open_drawer(drawer)
        assert_accessible(ice, axe)
    ice.close_drawer()
    server.stop()
    ice.wait_for_state("reconnecting")
    ice.send("/setname moon")
    assert_accessible(ice, axe)
    server.start()
    ice.retry_now()
    ice.wait_for_state("online")
    ice.send("/quit")
    ice.wait_for_state("left")
    assert_accessible(ice, axe)


@pytest.mark.parametrize("size", [DESKTOP, SMALL_PHONE], ids=["desktop", "phone"])
def test_suggestions_topics_and_condensed_arrivals_are_accessible(
    size: tuple[int, int], axe: str, open_page: OpenPage, server: Server
) -> None:
    ice = open_page("ice", size=size)
    moon = server.add_member("moon")
    server.add_member("sun")
    ice.wait_for_notice("moon and sun came in")
    ice.run("() => document.querySelector('#log summary').click()")
    ice.join_room("#dev")
    send_messages(moon, "hello @ice")
    ice.open_drawer("nav")
    ice.find("button", "#lobby.*mentions: @1.*", "nav")
    assert_accessible(ice, axe)
    ice.select_room("#lobby")
    ice.send("/me waves")
    ice.wait_until("() => document.querySelector('#log .action') !== null")
    ice.fill_message("@")
    ice.press("ArrowDown")
    assert len(ice.find_all("option", "#suggestions")) == 2
    assert_accessible(ice, axe)
    ice.press("Escape")
    ice.send("/nick a b")
    ice.find("button", "Use a_b", "#composer")
    assert_accessible(ice, axe)
    ice.click(ice.find("button", "Set a topic", "main"))
    assert_accessible(ice, axe)


@pytest.mark.parametrize("size", [DESKTOP, SMALL_PHONE], ids=["desktop", "phone"])
def test_the_menu_the_emoji_and_what_is_inside_messages_are_accessible(
    size: tuple[int, int], axe: str, open_page: OpenPage, server: Server
) -> None:
    ice = open_page("ice", size=size)
    text = "`code` http://10.35.11.1/\n```\na block\n```\n> a quote, @ice"
    send_messages(server.add_member("moon"), text)
    ice.wait_for_message(text, "moon")
    ice.click(ice.find("button", "Emoji", "#composer"))
    ice.find("searchbox", "Search emoji")
    assert_accessible(ice, axe)
    ice.press("Escape")
    ice.run("() => { document.querySelector('#menu').open = true }")
    ice.click(ice.find("button", "Notify me", "#menu"))
    assert_accessible(ice, axe)
    ice.click(ice.find("button", "Invite", "#menu"))
    ice.wait_until("() => document.querySelector('#invite h3') !== null")
    assert_accessible(ice, axe)


def test_the_password_form_is_accessible(
    axe: str, server_with_account: Server, open_url: OpenPage
) -> None:
    ice = open_url(server_with_account.url)
    ice.wait_for_state("watching")
    ice.request_nickname("ice")
    ice.find("textbox", "Password")
    assert_accessible(ice, axe)


#: Records what is added to the log while a screen reader would read it.
_RECORD_LIVE_REGION: Final = """
window.announced = []
new MutationObserver((changes) => {
  const log = document.querySelector('#log')
  if (log?.getAttribute('aria-live') === 'polite' && log.getAttribute('aria-busy') !== 'true') {
    announced.push(...changes.filter(({target}) => log.contains(target))
      .flatMap(({addedNodes}) => [...addedNodes]).map((node) => node.textContent))
  }
}).observe(document, {subtree: true, childList: true})
"""


def test_a_screen_reader_reads_new_messages_and_not_the_history(
    open_page: OpenPage, server: Server
) -> None:
    moon, ice = server.add_member("moon"), open_page()
    send_messages(moon, "from the history")
    ice.call("Page.addScriptToEvaluateOnNewDocument", source=_RECORD_LIVE_REGION)
    ice.reload()
    ice.wait_for_state("watching")
    ice.wait_for_message("from the history", "moon")
    assert ice.find("log", "Messages in #lobby")
    ice.wait_until("() => document.querySelector('#log').getAttribute('aria-live') === 'polite'")
    send_messages(moon, "a new message")
    ice.wait_until("() => announced.some((text) => text.includes('a new message'))")
    assert "from the history" not in " ".join(ice.run("() => announced"))


def test_a_screen_reader_reads_the_status_and_errors(open_page: OpenPage, server: Server) -> None:
    server.add_member("moon")
    visitor = open_page()
    assert visitor.run("() => document.querySelector('#status').getAttribute('role')") == "status"
    visitor.request_nickname("moon")
    visitor.wait_for_error("taken")
    assert visitor.find("alert")
