"""Searching on the page: results, older ones, the keyboard, and searches that are wrong."""

import pytest

from tests.browser.axe import read_axe, violations
from tests.browser.chat_page import DESKTOP, SMALL_PHONE, ChatPage, OpenPage
from tests.browser.server_harness import Server, send_messages

_RESULTS = """() => [...document.querySelectorAll('#results li')].map((item) =>
  ['.source', '.found-in', '.text'].map((part) => item.querySelector(part).textContent))"""


def results(page: ChatPage) -> list[tuple[str, str, str]]:
    """The sender, the room and the text of each result."""
    return [tuple(each) for each in page.run(_RESULTS)]


def wait_for_title(page: ChatPage, text: str) -> None:
    page.wait_until(
        """(text) => !document.querySelector('#search').hidden
             && document.querySelector('#search-title').textContent.includes(text)""",
        text,
    )


def search(page: ChatPage, words: str) -> None:
    """Search with the form."""
    page.open_drawer("nav")
    page.fill(page.find("searchbox", "Search.*", "#search-form"), words)
    page.press("Enter")


@pytest.fixture
def talk(server: Server) -> Server:
    moon = server.add_member("moon")
    moon.send("join", {"room": "#dev"}, id=1)
    moon.receive("ok")
    send_messages(moon, "green tea", "black coffee")
    send_messages(moon, "tea in dev", room="#dev")
    return server


@pytest.mark.smoke
def test_the_search_command_shows_what_was_found_with_room_and_sender(
    open_page: OpenPage, talk: Server
) -> None:
    ice = open_page("ice")
    ice.send("/search tea")
    wait_for_title(ice, "2 messages found")
    assert results(ice) == [("moon", "#lobby", "green tea"), ("moon", "#dev", "tea in dev")]
    ice.send("/search tea in:#dev")
    wait_for_title(ice, "1 message found")
    assert results(ice) == [("moon", "#dev", "tea in dev")]
    ice.send("/search cocoa")
    wait_for_title(ice, "Nothing was found")


def test_the_form_searches_for_one_who_watches(open_page: OpenPage, talk: Server) -> None:
    watcher = open_page()
    watcher.wait_for_state("watching")
    search(watcher, "tea from:moon in:#dev")
    wait_for_title(watcher, "1 message found")
    assert results(watcher) == [("moon", "#dev", "tea in dev")]


def test_older_results_come_above_those_that_are_shown(open_page: OpenPage, server: Server) -> None:
    moon = server.add_member("moon")
    send_messages(moon, *(f"tea {number}" for number in range(60)))
    ice = open_page("ice")
    ice.send("/search tea")
    wait_for_title(ice, "50 messages found, there are older ones")
    ice.click(ice.find("button", "Older results"))
    wait_for_title(ice, "60 messages found")
    assert [text for _, _, text in results(ice)] == [f"tea {number}" for number in range(60)]
    ice.send("/search tea")
    wait_for_title(ice, "50 messages found")
    ice.send("/more")
    wait_for_title(ice, "60 messages found")
    ice.send("/more")
    ice.wait_for_error("no more results")


def test_the_keyboard_reaches_the_results_and_closes_them(
    open_page: OpenPage, server: Server
) -> None:
    send_messages(server.add_member("moon"), *(f"tea {number}" for number in range(60)))
    ice = open_page("ice")
    ice.send("/search tea")
    wait_for_title(ice, "50 messages found")
    assert "50 messages found" in ice.focused_control().name
    for name in ("Close the search", "Messages found", "Older results"):
        ice.press("Tab")
        assert ice.focused_control().name == name
    ice.press("Escape")
    ice.wait_until("() => document.querySelector('#search').hidden")
    assert ice.focused_control().name.startswith("Message")


@pytest.mark.parametrize("size", [DESKTOP, SMALL_PHONE], ids=["desktop", "phone"])
def test_a_search_is_accessible_and_leaves_space_for_the_messages(
    size: tuple[int, int], open_page: OpenPage, server: Server
) -> None:
    axe = read_axe()
    send_messages(server.add_member("moon"), *(f"tea {number}" for number in range(60)))
    ice = open_page("ice", size=size)
    ice.send("/search tea")
    wait_for_title(ice, "50 messages found")
    for scheme in ("light", "dark"):
        ice.set_preferences(scheme)
        assert violations(ice, axe) == [], scheme
    heights = ice.run(
        "() => ['#found', '#log'].map((each) => document.querySelector(each).clientHeight)"
    )
    assert min(heights) > 60, heights
    overlap = ice.run(
        """() => document.querySelector('#search-title').getBoundingClientRect().bottom
            - document.querySelector('#found').getBoundingClientRect().top"""
    )
    assert overlap <= 0
    width, wide = ice.run("() => [innerWidth, document.documentElement.scrollWidth]")
    assert wide <= width


def test_what_others_wrote_is_text_in_results_too(open_page: OpenPage, server: Server) -> None:
    hostile = "tea <img src=x onerror=alert(1)> \u202eevil"
    send_messages(server.add_member("moon"), hostile, "tea https://example.org/x")
    ice = open_page("ice")
    ice.send("/search tea")
    wait_for_title(ice, "2 messages found")
    assert results(ice)[0][2] == "tea <img src=x onerror=alert(1)> <U+202E>evil"
    links = ice.run("() => [...document.querySelectorAll('#results a')].map((each) => each.href)")
    assert links == ["https://example.org/x"]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("since:yesterday tea", "is no time"),
        ("tea in:", "directly behind it"),
        ("x" * 512, "at most 256 characters"),
        ("!!", "needs a word"),
        ('"', "needs a word"),
        ("tea in:#a,b", "name"),
    ],
)
def test_a_search_that_is_wrong_is_refused_in_words(
    words: str, reason: str, open_page: OpenPage, server: Server
) -> None:
    watcher = open_page()
    watcher.wait_for_state("watching")
    search(watcher, words)
    watcher.wait_until(
        """(reason) => ['#error', '#composer-error', '#search-problem'].some((each) =>
             document.querySelector(each).textContent.includes(reason))""",
        reason,
    )


def test_a_search_ends_with_its_connection_and_works_again(
    open_page: OpenPage, talk: Server
) -> None:
    ice = open_page("ice")
    ice.expect_connection_errors()
    ice.send("/search tea")
    wait_for_title(ice, "2 messages found")
    talk.kill()
    ice.wait_for_state("reconnecting")
    ice.send("/search coffee")
    ice.wait_for_error("offline")
    assert len(results(ice)) == 2
