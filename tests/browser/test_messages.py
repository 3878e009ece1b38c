"""Messages between browsers, terminal clients and ``nc``."""

import pytest

from tests.browser.chat_page import OpenPage
from tests.browser.server_harness import Server, send_messages


@pytest.mark.smoke
def test_two_browsers_and_a_terminal_client_exchange_messages(
    open_page: OpenPage, server: Server
) -> None:
    ice, moon, sun = open_page("ice"), open_page("moon"), server.start_client("sun")
    ice.wait_for_notice("moon has entered the chat")
    ice.wait_for_notice("sun has entered the chat")
    ice.send("hello from a browser")
    moon.wait_for_message("hello from a browser", "ice", "message")
    sun.expect_stdout("ice: hello from a browser")
    sun.send_line("hello from a terminal")
    ice.wait_for_message("hello from a terminal", "sun")
    moon.wait_for_message("hello from a terminal", "sun")
    moon.send("and one more")
    ice.wait_for_message("and one more", "moon")
    everything = ["hello from a browser", "hello from a terminal", "and one more"]
    moon.wait_for_message("and one more", kind="own")
    for page in (ice, moon):
        assert page.texts_from("ice", "moon", "sun") == everything


def test_a_browser_and_nc_exchange_messages(open_page: OpenPage, server: Server) -> None:
    ice, nc = open_page("ice"), server.connect_plain()
    stream = nc.makefile("rw", encoding="utf-8", newline="\n")
    stream.write("moon\nhello from nc\n")
    stream.flush()
    ice.wait_for_message("hello from nc", "moon")
    ice.send("hello from a browser")
    while "ice: hello from a browser" not in stream.readline():
        pass
    stream.close()


def test_a_watcher_sees_public_messages_and_is_not_listed_as_a_user(
    open_page: OpenPage, server: Server
) -> None:
    watcher, ice, moon = open_page(), server.add_member("ice"), server.add_member("moon")
    watcher.wait_for_notice("ice has entered the chat")
    ice.send("private", {"text": "a secret", "to": ["moon"]}, id=1)
    ice.receive("ok")
    send_messages(moon, "no secret")
    watcher.wait_for_message("no secret", "moon")
    assert "a secret" not in watcher.run("() => document.body.textContent")
    assert watcher.user_names == ["ice", "moon"]
    users = watcher.run("() => fetch('/api/users').then((answer) => answer.json())")["users"]
    assert [user["nickname"] for user in users] == ["ice", "moon"]


@pytest.mark.smoke
def test_a_private_message_reaches_only_its_recipients(open_page: OpenPage, server: Server) -> None:
    ice, moon, sun = open_page("ice"), open_page("moon"), server.add_member("sun")
    ice.send("@moon psst, over here")
    moon.wait_for_private("psst, over here", "ice")
    moon.send("/msg ice,sun what is it?")
    ice.wait_for_private("what is it?", "moon", "sun")
    assert sun.receive("private")["data"]["text"] == "what is it?"
    ice.send("that is all")
    moon.wait_for_message("that is all", "ice")
    assert sun.receive("message")["data"]["text"] == "that is all"
    assert "that is all" not in ice.private_texts("moon")


def test_clicking_a_nickname_opens_a_private_talk(open_page: OpenPage) -> None:
    ice, moon = open_page("ice"), open_page("moon")
    ice.click(ice.find("button", "moon.*", "aside"))
    assert ice.focused_control().role == "textbox"
    ice.type("just you")
    ice.press("Enter")
    moon.wait_for_private("just you", "ice")


def test_a_private_message_to_an_unknown_user_returns_to_the_composer(open_page: OpenPage) -> None:
    ice = open_page("ice")
    ice.send("@nobody are you there?")
    ice.wait_for_error("nobody")
    ice.wait_until("() => document.querySelector('#message').value.includes('are you there?')")


def test_a_message_keeps_its_line_breaks(open_page: OpenPage) -> None:
    ice, moon = open_page("ice"), open_page("moon")
    ice.fill_message("one")
    ice.press("Enter", shift=True)
    ice.type("two")
    ice.press("Enter")
    moon.wait_for_message("one\ntwo", "ice")
    height = """(text) => [...document.querySelectorAll('#log .text')].find((each) =>
        each.textContent === text).getBoundingClientRect().height"""
    ice.send("three")
    moon.wait_for_message("three")
    assert moon.run(height, "one\ntwo") > 1.5 * moon.run(height, "three")


def test_the_send_button_sends_the_message(open_page: OpenPage) -> None:
    ice, moon = open_page("ice"), open_page("moon")
    ice.fill_message("by mouse")
    ice.click(ice.find("button", "Send"))
    moon.wait_for_message("by mouse", "ice")
    ice.wait_until("() => document.querySelector('#message').value === ''")


def test_the_commands_of_the_terminal_client_work_in_the_page(
    open_page: OpenPage, server: Server
) -> None:
    ice, moon = open_page("ice"), server.add_member("moon")
    ice.send("/help")
    ice.wait_for_notice("send a private message")
    ice.send("/users")
    ice.wait_for_notice("moon in #lobby")
    ice.send("/rooms")
    ice.wait_for_notice("#lobby: 2 members")
    ice.send("//users is a command")
    ice.wait_for_message("/users is a command", kind="own")
    assert moon.receive("message")["data"]["text"] == "/users is a command"
    ice.send("/dance")
    ice.wait_for_error("There is no command /dance")
    ice.send("/quit")
    ice.wait_for_state("left")
    assert moon.receive("left")["data"] == {"nickname": "ice", "reason": "quit"}


def test_notices_report_users_who_enter_rename_and_leave(
    open_page: OpenPage, server: Server
) -> None:
    ice, moon = open_page("ice"), server.add_member("moon")
    ice.wait_for_notice("moon has entered the chat")
    moon.send("set-name", {"nickname": "sun"})
    ice.wait_for_notice("moon renamed to sun")
    assert "sun" in " ".join(ice.user_names)
    moon.send("quit")
    ice.wait_for_notice("sun has left the chat (quit)")
    ice.wait_until("() => !document.querySelector('aside').textContent.includes('sun')")


def test_the_status_and_a_notice_show_the_user_s_new_nickname(
    open_page: OpenPage, server: Server
) -> None:
    ice, moon = open_page("ice"), server.add_member("moon")
    ice.send("/setname star")
    ice.wait_for_status("Online as star")
    ice.wait_for_notice("ice renamed to star")
    assert moon.receive("renamed")["data"] == {"old": "ice", "new": "star"}
    ice.send("/setname moon")
    ice.wait_for_error("moon")
    ice.wait_for_status("Online as star")
