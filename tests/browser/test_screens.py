"""Everything fits and can be reached on the smallest phone, in any state."""

import pytest

from tests.browser.page import DESKTOP, PHONE, SMALLEST, Opened, Page
from tests.browser.servers import Server, say

#: Controls that cannot be hit with a finger, those of the text itself left out.
_SMALL = """() => [...document.querySelectorAll('button, input, textarea, summary')]
  .filter((each) => each.checkVisibility() && each.getBoundingClientRect().width > 0)
  .map((each) => [each.outerHTML.slice(0, 80), each.getBoundingClientRect()])
  .filter(([, {width, height}]) => Math.min(width, height) < 43.5)
  .map(([what, {width, height}]) => `${what} ${width} x ${height}`)"""

#: What reaches beyond the sides of the window.
_BEYOND = """() => [...document.querySelectorAll('body *')]
  .filter((each) => each.checkVisibility({visibilityProperty: true}))
  .map((each) => [each.outerHTML.slice(0, 80), each.getBoundingClientRect()])
  .filter(([, {width, height}]) => width > 1 && height > 1)
  .filter(([, {left, right}]) => right > innerWidth + 1 || left < -1)
  .map(([what]) => what)"""


def fits(page: Page) -> None:
    """Nothing has to be scrolled sideways, nor is beyond the edge."""
    assert page.run("() => document.documentElement.scrollWidth - innerWidth") <= 0
    assert page.run(_BEYOND) == []


@pytest.mark.parametrize("size", [SMALLEST, PHONE, DESKTOP], ids=["320", "390", "desktop"])
def test_nothing_is_scrolled_sideways_in_any_state(
    size: tuple[int, int], page: Opened, server: Server
) -> None:
    moon = server.enter("M" * 25)
    say(moon, "a word " * 100, "W" * 300)
    ice = page(size=size)
    ice.lets_the_server_go()
    fits(ice)
    ice.asks_to_join("M" * 25)
    ice.objects("taken")
    fits(ice)
    ice.join("I" * 25)
    ice.write("/help")
    ice.notes("send a private message")
    fits(ice)
    ice.write("@" + "M" * 25 + " a private word")
    ice.shows("a private word", kind="private")
    fits(ice)
    server.stop()
    ice.is_("waiting")
    ice.write("to be sent " * 20)
    fits(ice)


def test_on_a_phone_everything_can_be_hit_with_a_finger(page: Opened, server: Server) -> None:
    server.enter("moon")
    watcher = page(size=SMALLEST)
    assert watcher.run(_SMALL) == []
    watcher.join("ice")
    assert watcher.run(_SMALL) == []


def test_on_a_phone_rooms_and_people_can_be_reached(page: Opened, server: Server) -> None:
    moon = server.enter("moon")
    ice = page("ice", size=SMALLEST)
    ice.go_into("#dev")
    fits(ice)
    ice.opens("aside")
    ice.click(ice.find("button", "moon.*", "aside"))
    ice.has_draft("@moon ")
    ice.type("from a phone")
    ice.press("Enter")
    assert moon.hears("private")["data"]["text"] == "from a phone"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_light_or_dark_as_the_person_likes(scheme: str, page: Opened) -> None:
    ice = page("ice", scheme=scheme)
    colour = ice.run("() => getComputedStyle(document.body).backgroundColor.match(/[\\d.]+/g)")
    brightness = sum(map(float, colour[:3])) / 3
    assert (brightness > 128) is (scheme == "light")


def test_the_field_for_a_message_is_in_sight_on_a_phone(page: Opened, server: Server) -> None:
    moon = server.enter("moon")
    say(moon, *(f"line {number}" for number in range(60)))
    ice = page("ice", size=SMALLEST)
    ice.shows("line 59", "moon")
    box = ice.run(
        "() => document.querySelector('#write textarea').getBoundingClientRect().toJSON()"
    )
    assert box["top"] >= 0
    assert box["bottom"] <= SMALLEST[1]
    log = ice.run("() => document.querySelector('#log').getBoundingClientRect().toJSON()")
    assert log["height"] > SMALLEST[1] / 4
