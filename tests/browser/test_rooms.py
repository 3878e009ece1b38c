"""Rooms: joining, reading, leaving, and drafts."""

from typing import Final

import pytest

from tests.browser.chat_page import OpenPage
from tests.browser.server_harness import Server, send_messages


@pytest.mark.smoke
def test_joining_a_room_creates_it(open_page: OpenPage, server: Server) -> None:
    ice, moon = open_page("ice"), server.add_member("moon")
    ice.join_room("#dev")
    ice.wait_for_notice("ice has joined #dev")
    moon.send("join", {"room": "#dev"}, id=1)
    moon.receive("ok")
    send_messages(moon, "two are missing", room="#dev")
    ice.wait_for_message("two are missing", "moon")
    ice.send("found one")
    assert moon.receive("message")["data"]["room"] == "#dev"


def test_a_message_in_another_room_is_counted_as_unread_and_shown_only_there(
    open_page: OpenPage, server: Server
) -> None:
    ice, moon = open_page("ice"), server.add_member("moon")
    ice.join_room("#dev")
    send_messages(moon, "in the lobby", "once more")
    lobby = ice.find("button", r"#lobby\b.*unread: 2", "nav")
    assert "in the lobby" not in ice.run("() => document.querySelector('#log').textContent")
    ice.click(lobby)
    ice.wait_for_message("in the lobby", "moon")
    ice.wait_until("() => !document.querySelector('nav').textContent.includes('unread')")


def test_a_room_can_be_read_before_joining_it(open_page: OpenPage, server: Server) -> None:
    moon = server.add_member("moon")
    moon.send("join", {"room": "#dev"}, id=1)
    moon.receive("ok")
    send_messages(moon, "said before", room="#dev")
    ice = open_page("ice")
    ice.select_room("#dev")
    ice.wait_for_message("said before", "moon")
    ice.join_room("#dev")
    ice.wait_for_notice("ice has joined #dev")
    send_messages(moon, "and this is live", room="#dev")
    ice.wait_for_message("and this is live", "moon")
    assert ice.texts_from("moon") == ["said before", "and this is live"]


def test_a_watcher_can_read_every_room(open_page: OpenPage, server: Server) -> None:
    moon, watcher = server.add_member("moon"), open_page()
    moon.send("join", {"room": "#dev"}, id=1)
    moon.receive("ok")
    watcher.select_room("#dev")
    send_messages(moon, "live, too", room="#dev")
    watcher.wait_for_message("live, too", "moon")


def test_the_leave_command_leaves_a_room(open_page: OpenPage, server: Server) -> None:
    moon = server.add_member("moon")
    moon.send("join", {"room": "#dev"}, id=1)
    moon.receive("ok")
    ice = open_page("ice")
    ice.send("/join dev")
    ice.wait_for_room("#dev")
    ice.send("/leave")
    ice.wait_for_room("#lobby")
    parted = {"room": "#dev", "nickname": "ice"}
    assert moon.receive("parted")["data"] == parted
    ice.send("/room #lobby")
    ice.send("still in the lobby")
    assert moon.receive("message")["data"]["text"] == "still in the lobby"


def test_an_invalid_room_name_is_refused_with_the_reason(open_page: OpenPage) -> None:
    ice = open_page("ice")
    ice.fill(ice.find("textbox", "Room.*", "nav"), "a,b")
    ice.click(ice.find("button", "Join", "nav"))
    ice.wait_for_error("name")
    ice.wait_for_room("#lobby")


def test_each_room_has_its_own_draft(open_page: OpenPage) -> None:
    ice = open_page("ice")
    ice.fill_message("half a line for all")
    ice.join_room("#dev")
    ice.wait_for_draft("")
    ice.fill_message("half a line for few")
    ice.select_room("#lobby")
    ice.wait_for_draft("half a line for all")
    ice.select_room("#dev")
    ice.wait_for_draft("half a line for few")


#: Where the mark above the new messages is within the log, in pixels; null without a mark.
_NEW_MARK: Final = """() => {
  const mark = document.querySelector('#items .new')
  return mark && mark.getBoundingClientRect().top
    - document.querySelector('#log').getBoundingClientRect().top
}"""


def test_a_room_opens_where_what_is_new_begins(open_page: OpenPage, server: Server) -> None:
    count = 150
    moon, ice = server.add_member("moon"), open_page("ice")
    send_messages(moon, *(f"old {number}" for number in range(30)))
    ice.wait_for_message("old 29", "moon")
    ice.join_room("#dev")
    send_messages(moon, *(f"new {number}" for number in range(count)))
    ice.find("button", rf"#lobby.*unread: {count}", "nav")
    ice.select_room("#lobby")
    ice.wait_for_message("new 0", "moon")
    assert 0 <= ice.run(_NEW_MARK) < 100
    ice.click(ice.find("button", f"{count} new messages", "main"))
    ice.wait_for_message(f"new {count - 1}", "moon")
    ice.wait_until(
        "() => { const log = document.querySelector('#log');"
        " return log.scrollHeight - log.scrollTop - log.clientHeight < 40 }"
    )


def test_a_room_with_little_new_opens_at_its_end(open_page: OpenPage, server: Server) -> None:
    moon, ice = server.add_member("moon"), open_page("ice")
    send_messages(moon, *(f"old {number}" for number in range(40)))
    ice.wait_for_message("old 39", "moon")
    ice.join_room("#dev")
    send_messages(moon, "new 0", "new 1")
    ice.find("button", r"#lobby.*unread: 2", "nav")
    ice.select_room("#lobby")
    ice.wait_for_message("new 1", "moon")
    assert ice.run(_NEW_MARK) > 0
    send_messages(moon, "new 2")
    ice.wait_for_message("new 2", "moon")
    assert ice.run("() => document.querySelector('#newer').hidden")
