"""The layout fits every screen, and every control can be reached on the smallest phone."""

from typing import Final

import pytest

from tests.browser.chat_page import DESKTOP, PHONE, SMALL_PHONE, TABLET, ChatPage, OpenPage
from tests.browser.server_harness import Server, send_messages

#: Controls that are too small for a finger; links in messages do not count.
_TOO_SMALL = """() => [...document.querySelectorAll('button, input, textarea, summary')]
  .filter((each) => each.checkVisibility() && each.getBoundingClientRect().width > 0)
  .map((each) => [each.outerHTML.slice(0, 80), each.getBoundingClientRect()])
  .filter(([, {width, height}]) => Math.min(width, height) < 43.5)
  .map(([what, {width, height}]) => `${what} ${width} x ${height}`)"""

#: Elements that extend beyond the sides of the window.
_OUTSIDE = """() => [...document.querySelectorAll('body *')]
  .filter((each) => each.checkVisibility({visibilityProperty: true}))
  .map((each) => [each.outerHTML.slice(0, 80), each.getBoundingClientRect()])
  .filter(([, {width, height}]) => width > 1 && height > 1)
  .filter(([, {left, right}]) => right > innerWidth + 1 || left < -1)
  .map(([what]) => what)"""


def assert_fits(page: ChatPage) -> None:
    """Nothing extends beyond the sides of the window, or would have to be scrolled there."""
    assert page.run("() => document.documentElement.scrollWidth - innerWidth") <= 0
    assert page.run(_OUTSIDE) == []


@pytest.mark.parametrize("size", [SMALL_PHONE, PHONE, DESKTOP], ids=["320", "390", "desktop"])
def test_no_state_of_the_page_scrolls_sideways(
    size: tuple[int, int], open_page: OpenPage, server: Server
) -> None:
    moon = server.add_member("M" * 25)
    send_messages(moon, "a word " * 100, "W" * 300)
    ice = open_page(size=size)
    ice.expect_connection_errors()
    assert_fits(ice)
    ice.request_nickname("M" * 25)
    ice.wait_for_error("taken")
    assert_fits(ice)
    ice.join("I" * 25)
    ice.send("/help")
    ice.wait_for_notice("send a private message")
    assert_fits(ice)
    ice.send("@" + "M" * 25 + " a private word")
    ice.wait_for_private("a private word", "M" * 25)
    assert_fits(ice)
    server.stop()
    ice.wait_for_state("reconnecting")
    ice.send("to be sent " * 20)
    assert_fits(ice)


def test_on_a_phone_every_control_is_large_enough_for_a_finger(
    open_page: OpenPage, server: Server
) -> None:
    server.add_member("moon")
    watcher = open_page(size=SMALL_PHONE)
    assert watcher.run(_TOO_SMALL) == []
    watcher.join("ice")
    assert watcher.run(_TOO_SMALL) == []


@pytest.mark.parametrize("size", [SMALL_PHONE, TABLET], ids=["320", "768"])
def test_a_drawer_takes_the_focus_and_gives_it_back(
    size: tuple[int, int], open_page: OpenPage, server: Server
) -> None:
    server.add_member("moon")
    ice = open_page("ice", size=size)
    for element, name in (("nav", "Rooms"), ("aside", "Users")):
        ice.open_drawer(element)
        assert_fits(ice)
        assert ice.run("(drawer) => document.activeElement.matches(drawer)", element)
        ice.press("Tab")
        assert ice.focused_control().name == "Close"
        ice.press("Escape")
        assert ice.focused_control().name.startswith(name)
        assert ice.run("() => document.querySelector('.drawer.open') === null")


def test_a_drawer_closes_when_the_focus_leaves_it(open_page: OpenPage) -> None:
    ice = open_page("ice", size=PHONE)
    ice.open_drawer("nav")
    ice.press("Tab")
    for _ in range(60):
        if not ice.run("() => document.activeElement.closest('nav') !== null"):
            break
        ice.press("Tab")
    assert ice.run("() => document.querySelector('.drawer.open') === null")
    assert ice.run("() => document.querySelector('#backdrop').hidden")


def test_a_wide_screen_has_no_drawers(open_page: OpenPage) -> None:
    ice = open_page("ice", size=PHONE)
    ice.open_drawer("nav")
    ice.resize(1024, 768)
    ice.wait_until("() => document.querySelector('#backdrop').hidden")
    assert not ice.find_all("button", "#open-rooms")
    for element in ("nav", "aside", "main"):
        box = ice.run("(e) => document.querySelector(e).getBoundingClientRect().toJSON()", element)
        assert box["width"] > 200, element


def test_on_a_phone_the_lists_of_rooms_and_users_can_be_opened(
    open_page: OpenPage, server: Server
) -> None:
    moon = server.add_member("moon")
    ice = open_page("ice", size=SMALL_PHONE)
    ice.join_room("#dev")
    assert_fits(ice)
    ice.open_drawer("aside")
    ice.click(ice.find("button", "moon.*", "aside"))
    ice.type("from a phone")
    ice.press("Enter")
    assert moon.receive("private")["data"]["text"] == "from a phone"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_follows_the_user_s_colour_scheme(scheme: str, open_page: OpenPage) -> None:
    ice = open_page("ice", scheme=scheme)
    colour = ice.run("() => getComputedStyle(document.body).backgroundColor.match(/[\\d.]+/g)")
    brightness = sum(map(float, colour[:3])) / 3
    assert (brightness > 128) is (scheme == "light")


def test_the_composer_is_visible_on_a_phone(open_page: OpenPage, server: Server) -> None:
    moon = server.add_member("moon")
    send_messages(moon, *(f"line {number}" for number in range(60)))
    ice = open_page("ice", size=SMALL_PHONE)
    ice.wait_for_message("line 59", "moon")
    box = ice.run("() => document.querySelector('#message').getBoundingClientRect().toJSON()")
    assert box["top"] >= 0
    assert box["bottom"] <= SMALL_PHONE[1]
    log = ice.run("() => document.querySelector('#log').getBoundingClientRect().toJSON()")
    assert log["height"] > SMALL_PHONE[1] / 4


#: Controls of the header, the title and the composer that overlap.
_OVERLAPPING: Final = """() => {
  const all = [...document.querySelectorAll('header > *, main > .title > *, #composer > *')]
    .filter((each) => each.checkVisibility() && !each.matches('.visually-hidden, label'))
    .map((each) => [each.id || each.className, each.getBoundingClientRect()])
    .filter(([, {width}]) => width > 1)
  return all.flatMap(([one, a], index) => all.slice(index + 1)
    .filter(([, b]) => a.left < b.right - 1 && b.left < a.right - 1
                    && a.top < b.bottom - 1 && b.top < a.bottom - 1)
    .map(([other]) => `${one} ${other}`))
}"""


def test_the_menu_is_on_the_screen_where_the_buttons_need_two_rows(
    open_page: OpenPage, server: Server
) -> None:
    moon, ice = server.add_member("moon"), open_page("ice", size=SMALL_PHONE)
    for number in range(9):
        server.add_member(f"guest{number}")
    ice.join_room("#dev")
    ice.close_drawer()
    send_messages(moon, *(f"hello {number}" for number in range(100)))
    ice.find("button", "Rooms.*unread: 100", "header")
    ice.open_menu()
    assert_fits(ice)
    ice.click(ice.find("button", "Invite", "header"))
    ice.find("dialog", "Invite others")


@pytest.mark.parametrize("size", [(390, 400), (667, 320)], ids=["keyboard", "landscape"])
def test_on_a_low_screen_the_emoji_leave_space_for_the_message(
    size: tuple[int, int], open_page: OpenPage
) -> None:
    ice = open_page("ice", size=size)
    ice.click(ice.find("button", "Emoji", "#composer"))
    ice.find("button", "grinning face", "#emoji")
    bottom = ice.run("() => document.querySelector('#composer').getBoundingClientRect().bottom")
    assert bottom <= size[1]
    box = ice.run("() => document.querySelector('.emoji-grid').getBoundingClientRect().toJSON()")
    assert box["height"] >= 44


@pytest.mark.parametrize("size", [SMALL_PHONE, PHONE, TABLET], ids=["320", "390", "768"])
def test_nothing_overlaps_on_a_narrow_screen(
    size: tuple[int, int], open_page: OpenPage, server: Server
) -> None:
    moon, ice = server.add_member("M" * 25), open_page("I" * 25, size=size)
    moon.send("topic", {"room": "#lobby", "text": "a topic " * 30}, id=1)
    ice.wait_for_notice("has set the topic")
    assert ice.run(_OVERLAPPING) == []
    ice.fill_message(f"@{'M' * 25} hello")
    ice.find("button", "Send privately", "#composer")
    assert_fits(ice)
    assert ice.run(_OVERLAPPING) == []
    ice.send("/nick Anna Müller Müller Müller Müller")
    ice.find("button", "Use .*", "#composer")
    assert ice.run(_OVERLAPPING) == []
    ice.click(ice.find("button", "Change the topic", "main"))
    assert_fits(ice)
    assert ice.run(_OVERLAPPING) == []
    ice.press("Escape")
    ice.open_menu()
    assert_fits(ice)
