"""Rooms: made, looked at, joined, left; what is said in one stays there."""

from tests.browser.page import Opened
from tests.browser.servers import Server, say


def test_a_room_is_made_by_joining_it(page: Opened, server: Server) -> None:
    ice, moon = page("ice"), server.enter("moon")
    ice.go_into("#dev")
    ice.notes("ice has joined #dev")
    moon.says("join", {"room": "#dev"}, id=1)
    moon.hears("ok")
    say(moon, "two are missing", room="#dev")
    ice.shows("two are missing", "moon")
    ice.write("found one")
    assert moon.hears("message")["data"]["room"] == "#dev"


def test_what_is_said_in_a_room_stays_there_and_counts_as_unread(
    page: Opened, server: Server
) -> None:
    ice, moon = page("ice"), server.enter("moon")
    ice.go_into("#dev")
    say(moon, "in the lobby", "once more")
    lobby = ice.find("button", r"#lobby\b.*unread: 2", "nav")
    assert "in the lobby" not in ice.run("() => document.querySelector('#log').textContent")
    ice.click(lobby)
    ice.shows("in the lobby", "moon")
    ice.until("() => !document.querySelector('nav').textContent.includes('unread')")


def test_a_room_can_be_looked_at_before_joining_it(page: Opened, server: Server) -> None:
    moon = server.enter("moon")
    moon.says("join", {"room": "#dev"}, id=1)
    moon.hears("ok")
    say(moon, "said before", room="#dev")
    ice = page("ice")
    ice.look_at("#dev")
    ice.shows("said before", "moon")
    ice.go_into("#dev")
    assert moon.hears("joined")["data"] in (
        {"room": "#dev", "nickname": "ice"},
        {"room": "#dev", "nickname": "moon"},
    )
    say(moon, "and this is live", room="#dev")
    ice.shows("and this is live", "moon")
    assert ice.said_by("moon") == ["said before", "and this is live"]


def test_who_watches_can_look_at_every_room(page: Opened, server: Server) -> None:
    moon, watcher = server.enter("moon"), page()
    moon.says("join", {"room": "#dev"}, id=1)
    moon.hears("ok")
    watcher.look_at("#dev")
    say(moon, "live, too", room="#dev")
    watcher.shows("live, too", "moon")


def test_a_room_is_left_by_a_command(page: Opened, server: Server) -> None:
    moon = server.enter("moon")
    moon.says("join", {"room": "#dev"}, id=1)
    ice = page("ice")
    ice.write("/join dev")
    ice.until_room("#dev")
    ice.write("/leave")
    ice.until_room("#lobby")
    parted = {"room": "#dev", "nickname": "ice"}
    assert moon.hears("parted")["data"] == parted
    ice.write("/room #lobby")
    ice.write("still in the lobby")
    assert moon.hears("message")["data"]["text"] == "still in the lobby"


def test_an_impossible_room_is_refused_with_the_reason(page: Opened) -> None:
    ice = page("ice")
    ice.fill(ice.find("textbox", "Room.*", "nav"), "a,b")
    ice.click(ice.find("button", "Join", "nav"))
    ice.objects("may not contain")
    ice.until_room("#lobby")


def test_each_room_has_a_draft_of_its_own(page: Opened) -> None:
    ice = page("ice")
    field = ice.find("textbox", "Message.*", "#write")
    ice.fill(field, "half a line for all")
    ice.go_into("#dev")
    ice.has_draft("")
    ice.fill(ice.find("textbox", "Message.*", "#write"), "half a line for few")
    ice.look_at("#lobby")
    ice.has_draft("half a line for all")
    ice.look_at("#dev")
    ice.has_draft("half a line for few")
