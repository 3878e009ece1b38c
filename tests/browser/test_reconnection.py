"""The connection is lost and comes back: the page reconnects, and no line is lost or sent twice."""

from collections.abc import Callable

import pytest

from tests.browser.chat_page import ChatPage, OpenPage
from tests.browser.disconnection import come_back, cut, take_nickname
from tests.browser.resuming import fail_to_send
from tests.browser.server_harness import Server, send_messages
from tests.browser.tcp_proxy import tcp_proxy
from tests.e2e.native_peer import Peer
from tests.ports import HOST

STOPS = {"stopped": Server.stop, "killed": Server.kill}


@pytest.mark.parametrize("stop", STOPS)
def test_lines_typed_while_the_server_is_down_arrive_once(
    stop: str, open_page: OpenPage, server: Server
) -> None:
    ice = open_page("ice")
    ice.expect_connection_errors()
    STOPS[stop](server)
    ice.wait_for_state("reconnecting")
    ice.wait_until("() => /in [1-5] s/.test(document.querySelector('#status').textContent)")
    ice.send("typed while offline")
    ice.send("and this, too")
    ice.wait_until("() => document.querySelector('#outbox').textContent.includes('and this, too')")
    server.start()
    ice.wait_for_state("online")
    ice.wait_for_status("Online as ice")
    ice.wait_for_message("and this, too", kind="own")
    moon = server.add_member("moon")
    moon.send("history", {"room": "#lobby"}, id=1)
    messages = moon.receive("history")["data"]["messages"]
    assert [message["text"] for message in messages] == ["typed while offline", "and this, too"]
    ice.send("back again")
    assert moon.receive("message")["data"]["text"] == "back again"
    ice.wait_for_message("back again", kind="own")
    assert ice.texts_from("ice") == ["typed while offline", "and this, too", "back again"]


def test_a_watcher_reconnects_automatically(open_page: OpenPage, server: Server) -> None:
    watcher = open_page()
    watcher.expect_connection_errors()
    server.stop()
    watcher.wait_for_state("reconnecting")
    server.start()
    watcher.retry_now()
    watcher.wait_for_state("watching")
    send_messages(server.add_member("moon"), "there you are")
    watcher.wait_for_message("there you are", "moon")


def test_the_user_is_in_the_same_rooms_after_a_reconnection(
    open_page: OpenPage, server: Server
) -> None:
    ice = open_page("ice")
    ice.join_room("#dev")
    ice.expect_connection_errors()
    server.stop()
    ice.wait_for_state("reconnecting")
    server.start()
    ice.retry_now()
    ice.wait_for_state("online")
    ice.wait_for_room("#dev")
    ice.wait_for_notice("ice has joined #dev")
    moon = server.add_member("moon")
    moon.send("join", {"room": "#dev"}, id=1)
    moon.receive("ok")
    send_messages(moon, "welcome back", room="#dev")
    ice.wait_for_message("welcome back", "moon")


def restart_while_away(server: Server, ice: ChatPage) -> Peer:
    """Kill the server and start it again; sun enters and speaks before the page is back."""
    ice.expect_connection_errors()
    server.kill()
    ice.wait_for_state("reconnecting")
    server.start()
    sun = server.add_member("sun")
    send_messages(sun, "while ice is away")
    ice.retry_now()
    ice.wait_for_state("online")
    return sun


def test_a_restart_of_a_server_that_keeps_its_chat_changes_nothing_on_screen(
    open_page: OpenPage, server: Server
) -> None:
    moon, ice = server.add_member("moon"), open_page("ice")
    send_messages(moon, "before", "and this")
    ice.send("my own")
    ice.wait_for_message("my own", kind="own")
    sun = restart_while_away(server, ice)
    ice.wait_for_message("while ice is away", "sun")
    send_messages(sun, "after")
    ice.wait_for_message("after", "sun")
    expected = ["before", "and this", "my own", "while ice is away", "after"]
    assert ice.texts_from("moon", "ice", "sun") == expected


def test_a_restart_of_the_server_is_reported_and_leaves_what_is_shown(
    open_url: OpenPage, start_server: Callable[..., Server]
) -> None:
    server = start_server("--store", "none")
    moon, ice = server.add_member("moon"), open_url(server.url)
    ice.wait_for_state("watching")
    ice.join("ice")
    send_messages(moon, "before", "and this")
    ice.send("my own")
    ice.wait_for_message("my own", kind="own")
    moon.send("private", {"text": "a secret", "to": ["ice"]}, id=1)
    ice.wait_for_private("a secret", "moon")
    sun = restart_while_away(server, ice)
    ice.wait_for_notice("restarted")
    send_messages(sun, "after", "and after that")
    ice.wait_for_message("and after that", "sun")
    expected = ["before", "and this", "my own"]
    expected += ["while ice is away", "after", "and after that"]
    assert ice.texts_from("moon", "ice", "sun") == expected
    [restart] = [index for index, item in enumerate(ice.items) if "restarted" in item[2]]
    assert [item[2] for item in ice.items[:restart] if item[0] != "notice"] == expected[:3]
    ice.reload()
    ice.wait_for_message("and after that", "sun")
    assert ice.texts_from("moon", "ice", "sun") == expected


@pytest.mark.smoke
def test_missed_messages_are_shown_once_after_a_reconnection(
    open_url: OpenPage, server: Server
) -> None:
    moon = server.add_member("moon")
    send_messages(moon, "one", "two")
    with tcp_proxy(HOST, server.web) as proxy:
        ice = open_url(proxy.url)
        ice.wait_for_state("watching")
        ice.join("ice")
        ice.wait_for_message("two", "moon")
        cut(ice, proxy)
        send_messages(moon, "three", "four")
        come_back(ice, proxy)
        send_messages(moon, "five")
        ice.wait_for_message("five", "moon")
        ice.wait_for_message("three", "moon")
        assert ice.texts_from("moon") == ["one", "two", "three", "four", "five"]


def test_a_line_that_may_not_have_arrived_is_marked_and_not_sent_twice(
    open_url: OpenPage, start_server: Callable[..., Server]
) -> None:
    """Only if the session is over: here the server does not keep it."""
    server = start_server("--store", "none")
    ice = open_url(server.url)
    ice.join("ice")
    ice.expect_connection_errors()
    fail_to_send(ice, "did this arrive?")
    server.kill()
    ice.wait_for_state("reconnecting")
    server.start()
    ice.retry_now()
    ice.wait_for_state("online")
    moon = server.add_member("moon")
    ice.send("the next line")
    assert moon.receive("message")["data"]["text"] == "the next line"
    ice.wait_for_message("the next line", kind="own")
    ice.wait_until(
        "() => document.querySelector('#outbox').innerText.includes('May not have arrived')"
    )
    assert "did this arrive?" not in ice.texts_from("ice")
    ice.click(ice.find("button", "Edit", "main"))
    ice.wait_for_draft("did this arrive?")


def test_a_draft_survives_a_reload(open_page: OpenPage) -> None:
    ice = open_page("ice")
    ice.fill_message("half a line, not yet")
    ice.reload()
    ice.wait_for_state("online")
    ice.wait_for_draft("half a line, not yet")


def test_an_unsent_line_survives_a_reload_and_arrives_once(
    open_url: OpenPage, server: Server
) -> None:
    moon = server.add_member("moon")
    with tcp_proxy(HOST, server.web) as proxy:
        ice = open_url(proxy.url)
        ice.wait_for_state("watching")
        ice.join("ice")
        cut(ice, proxy)
        ice.send("typed while offline")
        ice.wait_until("() => document.body.textContent.includes('typed while offline')")
        proxy.restore()
        ice.reload()
        ice.wait_for_state("online")
        ice.wait_for_message("typed while offline", kind="own message")
        ice.send("and this")
        received = [moon.receive("message")["data"]["text"] for _ in range(2)]
        assert received == ["typed while offline", "and this"]


def test_a_user_who_asks_to_join_while_the_server_is_down_is_online_once_it_is_back(
    open_page: OpenPage, server: Server
) -> None:
    visitor = open_page()
    visitor.expect_connection_errors()
    server.stop()
    visitor.wait_for_state("reconnecting")
    visitor.request_nickname("ice")
    server.start()
    visitor.retry_now()
    visitor.wait_for_state("online")
    visitor.wait_for_status("Online as ice")


def test_the_page_enters_again_once_its_nickname_is_free(
    open_url: OpenPage, server: Server
) -> None:
    moon = server.add_member("moon")
    with tcp_proxy(HOST, server.web) as proxy:
        ice = open_url(proxy.url)
        ice.join("ice")
        other = take_nickname(ice, proxy, server, moon)
        other.send("quit")
        other.receive("goodbye")
        ice.wait_for_state("online")
        ice.wait_for_status("Online as ice")
