"""Entering and leaving the chat: nicknames, passwords, slots, and refusals."""

import signal
from collections.abc import Callable

import pytest

from chatd.chat import limits
from tests.browser.chat_page import ChatPage, OpenPage
from tests.browser.server_harness import Server, send_messages


@pytest.mark.smoke
def test_a_page_watches_at_once_and_joins_with_a_nickname(
    open_page: OpenPage, server: Server
) -> None:
    moon = server.add_member("moon")
    send_messages(moon, "said before")
    ice = open_page()
    ice.wait_for_status("Watching")
    ice.wait_for_message("said before", "moon")
    assert [name.split()[0] for name in ice.user_names] == ["moon"]
    assert ice.find("heading", "party.*").role == "heading"
    ice.join("ice")
    ice.wait_for_status("Online as ice")
    assert moon.receive("entered")["data"] == {"nickname": "ice"}
    ice.wait_until("() => document.querySelector('aside').textContent.includes('ice')")
    assert ice.texts_from("moon") == ["said before"]


def test_a_taken_nickname_is_refused_and_another_one_is_accepted(
    open_page: OpenPage, server: Server
) -> None:
    server.add_member("moon")
    visitor = open_page()
    visitor.request_nickname("MOON")
    visitor.wait_for_error("taken")
    visitor.wait_for_state("watching")
    visitor.join("sun")
    assert visitor.run("() => document.querySelector('#error').textContent.trim()") == ""


@pytest.mark.parametrize("nickname", ["two words", "#room", "x" * 26, "\u202eice"])
def test_an_invalid_nickname_is_refused_with_the_reason(open_page: OpenPage, nickname: str) -> None:
    visitor = open_page()
    visitor.request_nickname(nickname)
    visitor.wait_for_error("name")
    visitor.wait_for_state("watching")


def test_a_full_server_can_be_watched_and_joined_once_a_slot_is_free(
    start_server: Callable[..., Server], open_url: OpenPage
) -> None:
    server = start_server("--slots", "1")
    moon = server.add_member("moon")
    ice = open_url(server.url)
    ice.wait_for_state("watching")
    ice.request_nickname("ice")
    ice.wait_for_error("full")
    ice.wait_for_state("watching")
    send_messages(moon, "you can hear me")
    ice.wait_for_message("you can hear me", "moon")
    moon.send("quit")
    ice.wait_for_notice("moon has left the chat (quit)")
    ice.join("ice")


def test_a_page_takes_a_slot_only_when_the_user_joins(
    start_server: Callable[..., Server], open_url: OpenPage
) -> None:
    server = start_server("--slots", "1")
    watcher, ice = open_url(server.url), open_url(server.url)
    watcher.wait_for_state("watching")
    ice.join("ice")
    watcher.request_nickname("moon")
    watcher.wait_for_error("full")
    ice.leave()
    ice.wait_for_state("left")
    watcher.join("moon")


def submit_password(page: ChatPage, password: str) -> None:
    page.fill(page.find("textbox", "Password", "#password-form"), password)
    page.click(page.find("button", "Sign in"))


def test_an_account_requires_its_password(server_with_account: Server, open_url: OpenPage) -> None:
    ice = open_url(server_with_account.url)
    ice.request_nickname("ice")
    submit_password(ice, "warm")
    ice.wait_for_error("password")
    submit_password(ice, "cold")
    ice.wait_for_state("online")
    ice.wait_for_status("Online as ice")
    stored = ice.run("() => JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert "cold" not in stored
    assert "warm" not in stored


def test_a_user_without_the_password_can_choose_another_nickname(
    server_with_account: Server, open_url: OpenPage
) -> None:
    visitor = open_url(server_with_account.url)
    visitor.request_nickname("ice")
    visitor.find("textbox", "Password")
    visitor.click(visitor.find("button", "Use another nickname"))
    visitor.join("moon")


def test_renaming_to_an_account_requires_its_password(
    server_with_account: Server, open_url: OpenPage
) -> None:
    visitor = open_url(server_with_account.url)
    visitor.join("moon")
    visitor.send("/setname ice")
    submit_password(visitor, "cold")
    visitor.wait_for_status("Online as ice")
    visitor.wait_for_notice("moon renamed to ice")


def test_a_mistyped_password_is_asked_for_again_and_never_said(
    server_with_account: Server, open_url: OpenPage
) -> None:
    moon = server_with_account.add_member("moon")
    visitor = open_url(server_with_account.url)
    visitor.join("sun")
    visitor.send("/setname ice")
    for wrong in ("warm", "warmer"):
        submit_password(visitor, wrong)
        visitor.wait_for_error("password")
    submit_password(visitor, "cold")
    visitor.wait_for_status("Online as ice")
    visitor.send("hello")
    assert moon.receive("message")["data"]["text"] == "hello", "the first message"


def test_a_user_who_left_can_reconnect(open_page: OpenPage, server: Server) -> None:
    moon, ice = server.add_member("moon"), open_page("ice")
    ice.leave()
    ice.wait_for_state("left")
    assert moon.receive("left")["data"] == {"nickname": "ice", "reason": "quit"}
    ice.click(ice.find("button", "Reconnect"))
    ice.wait_for_state("watching")
    ice.join("ice")


def test_an_inactive_user_is_told_so_and_can_join_again(
    start_server: Callable[..., Server], open_url: OpenPage
) -> None:
    server = start_server("--timeout", "1")
    watcher, ice = open_url(server.url), open_url(server.url)
    watcher.wait_for_state("watching")
    # The user is online for a short time only: it is the watcher's notices that prove it.
    for times in (1, 2):
        ice.request_nickname("ice")
        watcher.wait_until(
            """(times) => document.querySelector('#log').textContent
                 .split('ice has left the chat (inactive)').length > times""",
            times,
        )
        ice.wait_for_error("inactive")
        ice.wait_for_state("watching")


def test_the_nickname_is_filled_in_for_the_next_time(open_page: OpenPage) -> None:
    ice = open_page("ice")
    ice.leave()
    ice.wait_for_state("left")
    ice.reload()
    ice.wait_for_state("watching")
    nickname = "() => document.querySelector('#nickname').value"
    assert ice.run(nickname) == "ice"


def test_a_user_can_join_when_there_are_too_many_watchers(
    server: Server, open_url: OpenPage
) -> None:
    for number in range(limits.WATCHERS):
        server.add_watcher(f"127.0.66.{1 + number // limits.ADDRESS_PAGE_CONNECTIONS}")
    ice = open_url(server.url)
    ice.wait_for_error("watch")
    ice.wait_for_state("reconnecting")
    ice.request_nickname("ice")
    ice.wait_for_state("online")
    moon = server.add_member("moon")
    ice.send("here I am")
    assert moon.receive("message")["data"]["text"] == "here I am"


def test_a_user_can_leave_a_server_that_does_not_respond(
    open_page: OpenPage, server: Server
) -> None:
    moon, ice = server.add_member("moon"), open_page("ice")
    server.program.send_signal(signal.SIGSTOP)
    ice.leave()
    ice.wait_for_state("left")
    server.program.send_signal(signal.SIGCONT)
    assert moon.receive("left")["data"] == {"nickname": "ice", "reason": "quit"}
    assert ice.run("() => document.body.dataset.state") == "left"
