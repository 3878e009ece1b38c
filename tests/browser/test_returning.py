"""The server goes and comes back: one sees it, and nothing that was typed is lost."""

from collections.abc import Callable

import pytest

from tests.browser.page import Opened
from tests.browser.relay import relayed
from tests.browser.servers import HOST, Server, say

ENDINGS = {"with a word": Server.stop, "without a word": Server.die}


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_is_typed_while_the_server_is_gone_arrives_once(
    ending: str, page: Opened, server: Server
) -> None:
    ice = page("ice")
    ice.lets_the_server_go()
    ENDINGS[ending](server)
    ice.is_("waiting")
    ice.until("() => /in [1-5] s/.test(document.querySelector('#state').textContent)")
    ice.write("typed meanwhile")
    ice.write("and this, too")
    ice.until("() => document.body.textContent.includes('and this, too')")
    server.start()
    moon = server.enter("moon")
    ice.is_("online")
    ice.says("Online as ice")
    heard = [moon.hears("message")["data"]["text"] for _ in range(2)]
    assert heard == ["typed meanwhile", "and this, too"]
    ice.write("back again")
    assert moon.hears("message")["data"]["text"] == "back again"
    ice.shows("back again", kind="own")
    assert ice.said_by("ice") == ["typed meanwhile", "and this, too", "back again"]


def test_a_watcher_comes_back_by_itself(page: Opened, server: Server) -> None:
    watcher = page()
    watcher.lets_the_server_go()
    server.stop()
    watcher.is_("waiting")
    server.start()
    watcher.hears_that_the_network_is_back()
    watcher.is_("watching")
    say(server.enter("moon"), "there you are")
    watcher.shows("there you are", "moon")


def test_one_is_in_one_s_rooms_again(page: Opened, server: Server) -> None:
    ice = page("ice")
    ice.go_into("#dev")
    ice.lets_the_server_go()
    server.stop()
    ice.is_("waiting")
    server.start()
    ice.hears_that_the_network_is_back()
    ice.is_("online")
    ice.until_room("#dev")
    ice.notes("ice has joined #dev")
    moon = server.enter("moon")
    moon.says("join", {"room": "#dev"}, id=1)
    moon.hears("ok")
    say(moon, "welcome back", room="#dev")
    ice.shows("welcome back", "moon")


def test_a_server_that_was_started_anew_is_said_to_be_another(page: Opened, server: Server) -> None:
    say(server.enter("moon"), "before")
    ice = page("ice")
    ice.shows("before", "moon")
    ice.lets_the_server_go()
    server.die()
    ice.is_("waiting")
    server.start()
    ice.hears_that_the_network_is_back()
    ice.is_("online")
    ice.notes("anew")
    say(server.enter("sun"), "after")
    ice.shows("after", "sun")
    assert ice.said_by("moon", "sun") == ["after"]


def test_what_was_said_meanwhile_is_there_and_nothing_is_there_twice(
    visit: Opened, server: Server
) -> None:
    moon = server.enter("moon")
    say(moon, "one", "two")
    with relayed(HOST, server.web) as relay:
        ice = visit(relay.url)
        ice.is_("watching")
        ice.join("ice")
        ice.shows("two", "moon")
        ice.lets_the_server_go()
        relay.cut()
        ice.is_("waiting")
        say(moon, "three", "four")
        relay.mend()
        ice.hears_that_the_network_is_back()
        ice.is_("online")
        say(moon, "five")
        ice.shows("five", "moon")
        ice.shows("three", "moon")
        assert ice.said_by("moon") == ["one", "two", "three", "four", "five"]


def test_a_line_whose_fate_is_unknown_is_named_and_not_sent_twice(
    page: Opened, server: Server
) -> None:
    ice, moon = page("ice"), server.enter("moon")
    ice.lets_the_server_go()
    # What goes out is not answered any more: the line is under way when the connection breaks.
    ice.run(
        """() => {
            window.send = WebSocket.prototype.send
            WebSocket.prototype.send = () => undefined
        }"""
    )
    ice.write("did this arrive?")
    ice.until("() => document.body.textContent.includes('did this arrive?')")
    ice.run("() => { WebSocket.prototype.send = window.send }")
    server.die()
    ice.is_("waiting")
    server.start()
    ice.hears_that_the_network_is_back()
    ice.is_("online")
    moon = server.enter("moon")
    ice.write("the next line")
    assert moon.hears("message")["data"]["text"] == "the next line"
    ice.shows("the next line", kind="own")
    assert "did this arrive?" not in ice.said_by("ice")
    ice.click(ice.find("button", "Write again.*", "main"))
    ice.has_draft("did this arrive?")


def test_half_a_line_survives_a_reload(page: Opened) -> None:
    ice = page("ice")
    ice.fill(ice.find("textbox", "Message.*", "#write"), "half a line, not yet")
    ice.reload()
    ice.join("ice")
    ice.has_draft("half a line, not yet")


def test_a_line_that_waits_survives_a_reload_and_arrives_once(
    visit: Opened, server: Server
) -> None:
    moon = server.enter("moon")
    with relayed(HOST, server.web) as relay:
        ice = visit(relay.url)
        ice.is_("watching")
        ice.join("ice")
        ice.lets_the_server_go()
        relay.cut()
        ice.is_("waiting")
        ice.write("typed meanwhile")
        ice.until("() => document.body.textContent.includes('typed meanwhile')")
        relay.mend()
        ice.reload()
        ice.is_("watching")
        ice.join("ice")
        ice.shows("typed meanwhile", kind="own message")
        ice.write("and this")
        heard = [moon.hears("message")["data"]["text"] for _ in range(2)]
        assert heard == ["typed meanwhile", "and this"]


def test_a_page_whose_server_is_gone_says_so_when_asked_to_join(
    page: Opened, server: Server
) -> None:
    visitor = page()
    visitor.lets_the_server_go()
    server.stop()
    visitor.is_("waiting")
    visitor.asks_to_join("ice")
    server.start()
    visitor.hears_that_the_network_is_back()
    visitor.is_("online")
    visitor.says("Online as ice")


def test_one_s_own_ghost_does_not_keep_one_out(serve: Callable[..., Server], visit: Opened) -> None:
    server = serve()
    ice = visit(server.url)
    ice.join("ice")
    ice.lets_the_server_go()
    server.die()
    ice.is_("waiting")
    server.start()
    ghost = server.enter("ice")
    ice.hears_that_the_network_is_back()
    ice.objects("taken")
    ghost.says("quit")
    ghost.hears("goodbye")
    ice.is_("online")
    ice.says("Online as ice")
