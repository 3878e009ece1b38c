"""A page hands its session over to the next one in its tab, and to no other."""

from typing import Any

import pytest

from tests.browser.chat_page import OpenPage
from tests.browser.resuming import (
    HANDED_OVER,
    leave_page,
    open_with,
    seen_by,
    send_private,
    shown,
    suspended,
    wait_for_empty_outbox,
)
from tests.browser.server_harness import Server, send_messages

# --- a reload -----------------------------------------------------------------------------------


def test_a_reload_is_told_to_nobody(open_page: OpenPage, server: Server) -> None:
    moon, ice = server.add_member("moon"), open_page("ice")
    ice.join_room("#dev")
    ice.wait_for_notice("ice has joined #dev")
    ice.send("before")
    ice.wait_for_message("before", kind="own")
    moon.send("join", {"room": "#dev"}, id="join")
    moon.receive("ok")
    for _ in range(2):
        ice.reload()
        ice.wait_for_state("online")
        ice.wait_for_status("Online as ice")
        ice.wait_for_room("#dev")
        ice.wait_for_message("before", kind="own")
    ice.send("after")
    ice.wait_for_message("after", kind="own")
    assert ice.texts_from("ice") == ["before", "after"]
    assert seen_by(moon) == ["after"]


def test_what_is_said_during_a_reload_is_shown_once(open_page: OpenPage, server: Server) -> None:
    moon, ice = server.add_member("moon"), open_page("ice")
    moon.receive("entered")
    send_messages(moon, "one")
    send_private(moon, "first secret")
    ice.wait_for_private("first secret", "moon")
    with suspended(server):
        ice.send("mine")
        leave_page(ice)
    assert moon.receive("message")["data"]["text"] == "mine"
    send_messages(moon, "two")
    send_private(moon, "second secret")
    send_messages(moon, "three")
    ice.open(server.url)
    ice.wait_for_state("online")
    ice.wait_for_message("three", "moon")
    ice.wait_for_message("one", "moon")
    wait_for_empty_outbox(ice)
    expected = ["one", "mine", "two", "three"]
    assert shown(ice) == expected
    ice.reload()
    ice.wait_for_message("three", "moon")
    assert shown(ice) == expected
    assert ice.private_texts("moon") == ["first secret", "second secret"]
    assert seen_by(moon) == []


@pytest.mark.parametrize("free_characters", [0, 1_500], ids=["full", "nearly full"])
def test_with_full_storage_no_private_message_is_lost_silently(
    free_characters: int, open_page: OpenPage, server: Server
) -> None:
    """If there is space for the session, they are sent again; if not, the user enters again."""
    moon, ice = server.add_member("moon"), open_page("ice")
    send_private(moon, *(f"{number} {'x' * 1_000}" for number in range(4)))
    ice.open_talk("moon")
    ice.wait_for_message(f"3 {'x' * 1_000}", kind="private")
    ice.run(
        """(free) => {
          for (let size = 2 ** 23; size >= 1; size /= 2) {
            const filled = sessionStorage.getItem('filled') ?? ''
            try { sessionStorage.setItem('filled', filled + 'x'.repeat(size)) } catch {}
          }
          sessionStorage.setItem('filled', sessionStorage.getItem('filled').slice(free))
        }""",
        free_characters,
    )
    ice.reload()
    if free_characters:
        ice.wait_for_state("online")
        ice.wait_for_message(f"3 {'x' * 1_000}", kind="private")
        assert [text.split()[0] for text in ice.texts_from("moon")] == ["0", "1", "2", "3"]
    else:
        ice.wait_for_state("watching")
    ice.run("() => sessionStorage.removeItem('filled')")


def test_a_tab_that_is_opened_again_after_hours_does_not_enter_by_itself(
    open_page: OpenPage, open_url: OpenPage, server: Server
) -> None:
    ice = open_page("ice")
    stored = ice.run(HANDED_OVER)
    hours_later = stored.replace('\\"savedAt\\":', '\\"savedAt\\":-')
    assert hours_later != stored
    later = open_with(open_url, server.url, hours_later)
    later.wait_for_state("watching")


@pytest.mark.parametrize(
    "session",
    [
        *("5", "[]", "{}", '"x"', "{"),
        '{"savedAt": 9e15, "nickname": "ice", "rooms": 5, "currentRoom": "#lobby", "lastId": 1,'
        '"token": "x", "lastPrivate": 0, "seen": []}',
        '{"savedAt": 9e15, "nickname": "ice", "rooms": [], "currentRoom": "#lobby", "lastId": 1,'
        '"token": "x", "lastPrivate": 0, "seen": [["#lobby", -1]]}',
    ],
)
def test_an_invalid_stored_session_is_ignored(session: str, open_page: OpenPage) -> None:
    page = open_page()
    page.run(
        """(session) => addEventListener('pagehide', () => {
             sessionStorage.setItem('session', session)
        })""",
        session,
    )
    page.reload()
    page.wait_for_state("watching")
    page.join("ice")


def test_a_false_token_enters_anew(open_page: OpenPage, open_url: OpenPage, server: Server) -> None:
    stored = open_page("ice").run(HANDED_OVER)
    false = stored.replace('\\"token\\":\\"', '\\"token\\":\\"0').replace("ice", "sun")
    sun = open_with(open_url, server.url, false)
    sun.wait_for_state("online")
    sun.wait_for_status("Online as sun")


def test_a_page_that_comes_back_from_the_browsers_memory_is_loaded_again(
    open_page: OpenPage,
) -> None:
    """Another page of the tab may have gone on with its session meanwhile."""
    ice = open_page("ice")
    ice.run(
        """() => {
          window.isOld = true
          dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}))
          dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))
        }"""
    )
    ice.wait_until("() => document.readyState === 'complete' && !window.isOld")
    ice.wait_for_state("online")
    ice.wait_for_status("Online as ice")


# --- two windows, and the end -------------------------------------------------------------------


def test_a_duplicated_tab_is_another_member_and_leaves_the_first_one_alone(
    open_page: OpenPage, open_url: OpenPage, server: Server
) -> None:
    moon, ice = server.add_member("moon"), open_page("ice")
    ice.reload()  # the page has a session that was handed over
    ice.wait_for_state("online")
    moon.receive("entered")
    copy = open_with(open_url, server.url, ice.run("() => JSON.stringify({...sessionStorage})"))
    copy.wait_for_state("watching")
    copy.request_nickname("ice")
    copy.wait_for_error("taken")
    copy.join("sun")
    copy.send("two of us")
    ice.wait_for_message("two of us", "sun")
    ice.send("indeed")
    copy.wait_for_message("indeed", "ice")
    assert seen_by(moon) == ["entered", "two of us", "indeed"]


def test_two_windows_with_one_session_do_not_fight(
    open_page: OpenPage, open_url: OpenPage, server: Server
) -> None:
    moon, first = server.add_member("moon"), open_page("ice")
    first.send("one")
    first.wait_for_message("one", kind="own")
    second = open_with(open_url, server.url, first.run(HANDED_OVER))
    second.wait_for_status("Online as ice")
    first.wait_for_state("elsewhere")
    assert not first.find_all("button", "header")
    first.retry_now()  # the network comes back, or the computer wakes up
    for number in range(3):
        second.send(f"here {number}")
        second.wait_for_message(f"here {number}", kind="own")
    assert first.run("() => document.body.dataset.state") == "elsewhere"
    first.click(first.find("button", "Continue here"))
    first.wait_for_state("online")
    second.wait_for_state("elsewhere")
    first.wait_for_message("here 2", kind="own")
    first.send("here again")
    first.wait_for_message("here again", kind="own")
    wait_for_empty_outbox(first)
    said = ["one", "here 0", "here 1", "here 2", "here again"]
    assert first.texts_from("ice") == said
    assert seen_by(moon) == ["entered", *said]


def test_a_window_that_has_handed_over_does_not_take_the_session_back_by_a_reload(
    open_page: OpenPage, open_url: OpenPage, server: Server
) -> None:
    first = open_page("ice")
    second = open_with(open_url, server.url, first.run(HANDED_OVER))
    second.wait_for_status("Online as ice")
    first.wait_for_state("elsewhere")
    first.reload()
    first.wait_for_state("watching")
    second.send("still here")
    first.wait_for_message("still here", "ice")


def test_others_are_told_at_once_when_the_user_leaves_and_nothing_can_be_resumed(
    open_page: OpenPage, server: Server
) -> None:
    moon, ice = server.add_member("moon"), open_page("ice")
    ice.leave()
    assert moon.receive("left")["data"] == {"nickname": "ice", "reason": "quit"}
    ice.wait_for_state("left")
    assert "token" not in ice.run(HANDED_OVER)


def test_others_are_told_when_a_closed_tab_does_not_come_back(
    open_page: OpenPage, server: Server
) -> None:
    moon, ice = server.add_member("moon"), open_page("ice")
    leave_page(ice)
    assert moon.receive("left")["data"] == {"nickname": "ice", "reason": "connection lost"}


def test_the_page_shows_who_is_away(open_page: OpenPage, server: Server) -> None:
    moon: Any = server.add_member("moon")
    moon.reset()
    ice = open_page("ice")
    ice.find("button", "moon ?away", "aside")
    ice.send("/users")
    ice.wait_for_notice("moon in #lobby (away)")
