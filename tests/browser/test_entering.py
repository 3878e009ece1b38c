"""Coming in: a nickname, a password, a slot, or a word why not."""

import signal
from collections.abc import Callable

import pytest

from chatd.chat import limits
from tests.browser.page import Opened, Page
from tests.browser.servers import Server, say


def test_one_watches_at_once_and_joins_by_a_nickname(page: Opened, server: Server) -> None:
    moon = server.enter("moon")
    say(moon, "said before")
    ice = page()
    ice.says("Watching")
    ice.shows("said before", "moon")
    assert [name.split()[0] for name in ice.people] == ["moon"]
    assert ice.find("heading", "party.*").role == "heading"
    ice.join("ice")
    ice.says("Online as ice")
    assert moon.hears("entered")["data"] == {"nickname": "ice"}
    ice.until("() => document.querySelector('aside').textContent.includes('ice')")
    assert ice.said_by("moon") == ["said before"]


def test_a_taken_nickname_is_refused_and_another_one_goes(page: Opened, server: Server) -> None:
    server.enter("moon")
    visitor = page()
    visitor.asks_to_join("MOON")
    visitor.objects("taken")
    visitor.is_("watching")
    visitor.join("sun")
    assert visitor.run("() => document.querySelector('#problem').textContent.trim()") == ""


@pytest.mark.parametrize("nickname", ["two words", "#room", "x" * 26, "\u202eice"])
def test_an_impossible_nickname_is_refused_with_the_reason(page: Opened, nickname: str) -> None:
    visitor = page()
    visitor.asks_to_join(nickname)
    visitor.objects("name may")
    visitor.is_("watching")


def test_a_full_server_can_be_watched_and_joined_when_a_slot_is_free(
    serve: Callable[..., Server], visit: Opened
) -> None:
    server = serve("--slots", "1")
    moon = server.enter("moon")
    ice = visit(server.url)
    ice.is_("watching")
    ice.asks_to_join("ice")
    ice.objects("full")
    ice.is_("watching")
    say(moon, "you can hear me")
    ice.shows("you can hear me", "moon")
    moon.says("quit")
    ice.notes("moon has left the chat (quit)")
    ice.join("ice")


def test_a_browser_takes_a_slot_when_it_joins_and_not_before(
    serve: Callable[..., Server], visit: Opened
) -> None:
    server = serve("--slots", "1")
    watcher, ice = visit(server.url), visit(server.url)
    watcher.is_("watching")
    ice.join("ice")
    watcher.asks_to_join("moon")
    watcher.objects("full")
    ice.click(ice.find("button", "Leave.*", "header"))
    ice.is_("left")
    watcher.join("moon")


def gives_password(page: Page, password: str) -> None:
    page.fill(page.find("textbox", "Password", "#password"), password)
    page.click(page.find("button", "Sign in"))


def test_an_account_needs_its_password(guarded: Server, visit: Opened) -> None:
    ice = visit(guarded.url)
    ice.asks_to_join("ice")
    gives_password(ice, "warm")
    ice.objects("password")
    gives_password(ice, "cold")
    ice.is_("online")
    ice.says("Online as ice")
    kept = ice.run("() => JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert "cold" not in kept
    assert "warm" not in kept


def test_who_does_not_know_the_password_takes_another_nickname(
    guarded: Server, visit: Opened
) -> None:
    visitor = visit(guarded.url)
    visitor.asks_to_join("ice")
    visitor.find("textbox", "Password")
    visitor.click(visitor.find("button", "Another nickname"))
    visitor.join("moon")


def test_renaming_to_an_account_asks_for_its_password(guarded: Server, visit: Opened) -> None:
    visitor = visit(guarded.url)
    visitor.join("moon")
    visitor.write("/setname ice")
    gives_password(visitor, "cold")
    visitor.says("Online as ice")
    visitor.notes("moon renamed to ice")


def test_who_leaves_can_come_back(page: Opened, server: Server) -> None:
    moon, ice = server.enter("moon"), page("ice")
    ice.click(ice.find("button", "Leave.*", "header"))
    ice.is_("left")
    assert moon.hears("left")["data"] == {"nickname": "ice", "reason": "quit"}
    ice.press("Tab")
    back = ice.find("button", "(Come|Watch|Back|Return).*")
    ice.click(back)
    ice.is_("watching")
    ice.join("ice")


def test_who_is_silent_for_too_long_is_told_so_and_watches(
    serve: Callable[..., Server], visit: Opened
) -> None:
    server = serve("--timeout", "1")
    ice = visit(server.url)
    ice.join("ice")
    ice.is_("watching")
    ice.objects("silent")
    ice.join("ice")


def test_the_nickname_is_remembered(page: Opened) -> None:
    ice = page("ice")
    ice.reload()
    ice.is_("watching")
    nickname = "() => document.querySelector('#join input').value"
    assert ice.run(nickname) == "ice"


def test_who_cannot_watch_can_still_join(server: Server, visit: Opened) -> None:
    for number in range(limits.WATCHERS):
        server.watch(f"127.0.66.{1 + number // limits.ADDRESS_PAGE_CONNECTIONS}")
    ice = visit(server.url)
    ice.objects("watch")
    ice.is_("waiting")
    ice.asks_to_join("ice")
    ice.is_("online")
    moon = server.enter("moon")
    ice.write("here I am")
    assert moon.hears("message")["data"]["text"] == "here I am"


def test_who_leaves_a_server_that_does_not_answer_is_not_taken_in_again(
    page: Opened, server: Server
) -> None:
    moon, ice = server.enter("moon"), page("ice")
    server.program.signal(signal.SIGSTOP)
    ice.click(ice.find("button", "Leave.*", "header"))
    ice.is_("left")
    server.program.signal(signal.SIGCONT)
    assert moon.hears("left")["data"] == {"nickname": "ice", "reason": "quit"}
    assert ice.run("() => document.body.dataset.state") == "left"
