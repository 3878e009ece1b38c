"""Arrivals and departures take one line; what is new is marked; mentions are counted apart."""

from typing import Any, Final

import pytest

from tests.browser.chat_page import ChatPage, OpenPage
from tests.browser.server_harness import Server, send_messages

_DESCRIBE: Final = """async (events) => {
  const [{describeArrivals}, {createPresence}] = await Promise.all(
    ['rows', 'presence'].map((name) => import(`/static/${name}.js`)))
  return describeArrivals(events.map(([type, nickname]) =>
    createPresence(type, {nickname, room: '#dev', reason: 'quit'}, 1)))
    .map((word) => word.name ?? word).join('')
}"""


def events(kind: str, *nicknames: str) -> list[list[str]]:
    return [[kind, nickname] for nickname in nicknames]


@pytest.mark.parametrize(
    ("happened", "sentence"),
    [
        (events("entered", "ana", "ben"), "ana and ben came in"),
        (events("entered", "ana", "ben", "eva"), "ana, ben and eva came in"),
        (
            events("entered", *(f"u{number}" for number in range(28))),
            "u0, u1 and 26 others came in",
        ),
        (events("joined", "ana") + events("parted", "ben"), "ana came in; ben left"),
        (events("entered", "ana") + events("left", "ANA"), "ANA came and went"),
        (events("left", "ana") + events("entered", "ana"), "ana left and came back"),
    ],
)
def test_arrivals_and_departures_are_one_sentence(
    happened: Any, sentence: str, module_page: ChatPage
) -> None:
    assert module_page.run(_DESCRIBE, happened) == sentence


@pytest.mark.smoke
def test_arrivals_take_one_line_which_unfolds_with_the_keyboard(
    open_page: OpenPage, server: Server
) -> None:
    ice = open_page("ice")
    for number in range(6):
        server.add_member(f"guest{number}")
    ice.wait_for_notice("guest0, guest1 and 4 others came in")
    assert len([kind for kind, _, _ in ice.items if kind == "notice"]) == 1
    assert not ice.run("() => document.querySelector('#log details').open")
    ice.run("() => document.querySelector('#log summary').focus()")
    ice.press("Enter")
    assert ice.run("() => document.querySelector('#log details').open")
    server.add_member("late")
    ice.wait_for_notice("and 5 others came in")
    assert ice.run("() => document.querySelector('#log details').open"), "it stays unfolded"
    assert ice.run("() => document.activeElement.localName") == "summary"


def test_arrivals_can_be_shown_one_by_one_or_not_at_all(
    open_page: OpenPage, server: Server
) -> None:
    ice = open_page("ice")
    for nickname in ("ana", "ben", "eva"):
        server.add_member(nickname)
    ice.wait_for_notice("ana, ben and eva came in")
    for choice, count in (("all", 3), ("none", 0), ("condensed", 1)):
        ice.run(
            """(choice) => {
              document.querySelector('#arrivals').value = choice
              document.querySelector('#arrivals').dispatchEvent(new Event('change'))
            }""",
            choice,
        )
        ice.wait_until(
            "(count) => document.querySelectorAll('#log [data-kind=notice]').length === count",
            count,
        )
        ice.reload()
        ice.wait_for_state("online")
        assert ice.run("() => document.querySelector('#arrivals').value") == choice


def test_each_room_shows_only_its_own_arrivals(open_page: OpenPage, server: Server) -> None:
    ice = open_page("ice")
    ice.join_room("#dev")
    moon = server.add_member("moon")
    sun = server.add_member("sun")
    moon.send("join", {"room": "#dev"}, id=1)
    moon.receive("ok")
    ice.wait_for_notice("moon")
    moon.send("quit")
    sun.send("quit")
    ice.wait_for_notice("moon came and went")
    assert "sun" not in ice.run("() => document.querySelector('#log').textContent")
    ice.select_room("#lobby")
    ice.wait_for_notice("moon and sun came and went")


def test_a_line_marks_where_what_is_new_begins(open_page: OpenPage, server: Server) -> None:
    moon, ice = server.add_member("moon"), open_page("ice")
    send_messages(moon, "old")
    ice.wait_for_message("old", "moon")
    ice.join_room("#dev")
    send_messages(moon, "new", "newer")
    ice.find("button", "#lobby.*unread: 2", "nav")
    ice.reload()
    ice.wait_for_state("online")
    ice.select_room("#lobby")
    ice.wait_for_message("newer", "moon")
    marked = """() => [...document.querySelectorAll('#items > li')]
        .filter((item) => item.querySelector('.new')).map((item) =>
          item.querySelector('.text').textContent)"""
    assert ice.run(marked) == ["new"]
    ice.send("read")
    ice.wait_for_message("read", kind="own")
    assert ice.run(marked) == []


def test_mentions_are_counted_apart(open_page: OpenPage, server: Server) -> None:
    moon, ice = server.add_member("moon"), open_page("ice")
    ice.join_room("#dev")
    send_messages(moon, "hello @ice", "nice weather", "and ice again")
    ice.find("button", "#lobby.*mentions: @2.*unread: 3", "nav")
    ice.select_room("#lobby")
    ice.wait_until("() => !document.querySelector('nav').textContent.includes('mentions')")
    assert ice.run("() => document.querySelectorAll('#log .mention').length") == 2
