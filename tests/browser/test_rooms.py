"""Rooms: joining, reading, leaving, and drafts."""

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
