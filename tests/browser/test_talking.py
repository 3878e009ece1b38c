"""People in browsers talk with each other, with people at terminals, and with ``nc``."""

from tests.browser.page import Opened
from tests.browser.servers import Server, say


def test_two_browsers_and_a_terminal_talk(page: Opened, server: Server) -> None:
    ice, moon, sun = page("ice"), page("moon"), server.client("sun")
    ice.notes("moon has entered the chat")
    ice.notes("sun has entered the chat")
    ice.write("hello from a browser")
    moon.shows("hello from a browser", "ice", "message")
    sun.shows("ice: hello from a browser")
    sun.type("hello from a terminal")
    ice.shows("hello from a terminal", "sun")
    moon.shows("hello from a terminal", "sun")
    moon.write("and one more")
    ice.shows("and one more", "moon")
    everything = ["hello from a browser", "hello from a terminal", "and one more"]
    moon.shows("and one more", kind="own")
    for each in (ice, moon):
        assert each.said_by("ice", "moon", "sun") == everything


def test_a_browser_and_nc_talk(page: Opened, server: Server) -> None:
    ice, nc = page("ice"), server.caller()
    stream = nc.makefile("rw", encoding="utf-8", newline="\n")
    stream.write("moon\nhello from nc\n")
    stream.flush()
    ice.shows("hello from nc", "moon")
    ice.write("hello from a browser")
    while "ice: hello from a browser" not in stream.readline():
        pass
    stream.close()


def test_who_only_watches_sees_everything_public_and_nobody_sees_who_watches(
    page: Opened, server: Server
) -> None:
    watcher, ice, moon = page(), server.enter("ice"), server.enter("moon")
    watcher.notes("ice has entered the chat")
    ice.says("private", {"text": "a secret", "to": ["moon"]}, id=1)
    ice.hears("ok")
    say(moon, "no secret")
    watcher.shows("no secret", "moon")
    assert "a secret" not in watcher.run("() => document.body.textContent")
    assert len(watcher.controls("button", "aside")) == 2
    users = watcher.run("() => fetch('/api/users').then((answer) => answer.json())")["users"]
    assert [each["nickname"] for each in users] == ["ice", "moon"]


def test_a_private_message_is_for_one_alone(page: Opened, server: Server) -> None:
    ice, moon, sun = page("ice"), page("moon"), server.enter("sun")
    ice.write("@moon psst, over here")
    moon.shows("psst, over here", "ice", "private")
    moon.write("/msg ice,sun what is it?")
    ice.shows("what is it?", "moon", "private")
    assert sun.hears("private")["data"]["text"] == "what is it?"
    ice.write("that is all")
    moon.shows("that is all", "ice")
    assert sun.hears("message")["data"]["text"] == "that is all"
    assert not [text for kind, _, text in ice.said if kind == "private" and text == "that is all"]


def test_pressing_a_nickname_begins_a_private_message(page: Opened) -> None:
    ice, moon = page("ice"), page("moon")
    ice.click(ice.find("button", "moon.*", "aside"))
    assert ice.focused().role == "textbox"
    ice.has_draft("@moon ")
    ice.type("just you")
    ice.press("Enter")
    moon.shows("just you", "ice", "private")


def test_a_private_message_to_nobody_comes_back_with_the_reason(page: Opened) -> None:
    ice = page("ice")
    ice.write("@nobody are you there?")
    ice.objects("nobody")
    ice.until("() => document.querySelector('#write textarea').value.includes('are you there?')")


def test_a_message_keeps_its_lines(page: Opened) -> None:
    ice, moon = page("ice"), page("moon")
    field = ice.find("textbox", "Message.*", "#write")
    ice.fill(field, "one")
    ice.press("Enter", shift=True)
    ice.type("two")
    ice.press("Enter")
    moon.shows("one\ntwo", "ice")
    height = """(text) => [...document.querySelectorAll('#log .text')].find((each) =>
        each.textContent === text).getBoundingClientRect().height"""
    ice.write("three")
    moon.shows("three")
    assert moon.run(height, "one\ntwo") > 1.5 * moon.run(height, "three")


def test_the_button_sends_as_well(page: Opened) -> None:
    ice, moon = page("ice"), page("moon")
    ice.fill(ice.find("textbox", "Message.*", "#write"), "by mouse")
    ice.click(ice.find("button", "Send"))
    moon.shows("by mouse", "ice")
    ice.until("() => document.querySelector('#write textarea').value === ''")


def test_the_commands_of_the_terminal_work_here(page: Opened, server: Server) -> None:
    ice, moon = page("ice"), server.enter("moon")
    ice.write("/help")
    ice.notes("send a private message")
    ice.write("/users")
    ice.notes("moon in #lobby")
    ice.write("/rooms")
    ice.notes("#lobby: 2 members")
    ice.write("//users is a command")
    ice.shows("/users is a command", kind="own")
    assert moon.hears("message")["data"]["text"] == "/users is a command"
    ice.write("/dance")
    ice.objects("There is no command /dance")
    ice.write("/quit")
    ice.is_("left")
    assert moon.hears("left")["data"] == {"nickname": "ice", "reason": "quit"}


def test_notices_tell_who_comes_and_goes_and_is_called_something_else(
    page: Opened, server: Server
) -> None:
    ice, moon = page("ice"), server.enter("moon")
    ice.notes("moon has entered the chat")
    moon.says("set-name", {"nickname": "sun"})
    ice.notes("moon renamed to sun")
    assert "sun" in " ".join(ice.people)
    moon.says("quit")
    ice.notes("sun has left the chat (quit)")
    ice.until("() => !document.querySelector('aside').textContent.includes('sun')")


def test_one_s_own_new_name_is_told(page: Opened, server: Server) -> None:
    ice, moon = page("ice"), server.enter("moon")
    ice.write("/setname star")
    ice.says("Online as star")
    ice.notes("ice renamed to star")
    assert moon.hears("renamed")["data"] == {"old": "ice", "new": "star"}
    ice.write("/setname moon")
    ice.objects("moon")
    ice.says("Online as star")
