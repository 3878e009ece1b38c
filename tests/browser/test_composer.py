"""The composer: errors at it, recalled lines, suggestions, and commands for what the page shows."""

import pytest

from tests.browser.chat_page import ChatPage, OpenPage
from tests.browser.server_harness import Server, send_messages


def value(page: ChatPage) -> str:
    """What the composer contains."""
    return str(page.run("() => document.querySelector('#message').value"))


def test_an_error_is_shown_at_the_composer_and_what_was_typed_stays(open_page: OpenPage) -> None:
    ice = open_page("ice")
    ice.send("/dance")
    ice.wait_for_error("no command /dance")
    assert ice.run("() => document.querySelector('#error').hidden")
    assert value(ice) == "/dance"


@pytest.mark.smoke
def test_a_nickname_with_a_space_is_answered_with_one_that_is_possible(
    open_page: OpenPage,
) -> None:
    anna = open_page()
    anna.request_nickname("Anna Müller")
    anna.wait_for_error("is possible")
    anna.click(anna.find("button", "Use Anna_Müller", ".sign-in"))
    anna.wait_for_status("Online as Anna_Müller")
    anna.send("/nick Anna Maria")
    anna.click(anna.find("button", "Use Anna_Maria", "#composer"))
    anna.wait_for_status("Online as Anna_Maria")
    assert value(anna) == ""
    assert anna.run("() => document.querySelector('#composer-error').hidden")


def test_up_brings_back_the_last_lines_of_this_room(open_page: OpenPage, server: Server) -> None:
    server.add_member("moon")
    ice = open_page("ice")
    for text in ("first", "second"):
        ice.send(text)
        ice.wait_for_message(text, kind="own")
    ice.press("ArrowUp")
    assert value(ice) == "second"
    ice.press("ArrowUp")
    assert value(ice) == "first"
    ice.press("ArrowDown")
    ice.press("ArrowDown")
    assert value(ice) == ""
    ice.fill_message("half a line")
    ice.press("ArrowUp")
    assert value(ice) == "half a line", "what is being typed is not replaced"
    ice.click(ice.find("button", "moon.*", "aside"))
    ice.press("ArrowUp")
    assert value(ice) == "", "a talk has lines of its own"


@pytest.mark.smoke
def test_tab_completes_names_and_commands_and_else_moves_on(
    open_page: OpenPage, server: Server
) -> None:
    for nickname in ("moon", "moose", "sun"):
        server.add_member(nickname)
    ice = open_page("ice")
    ice.find("button", "moose.*", "aside")
    ice.fill_message("/whoi")
    ice.press("Tab")
    assert value(ice) == "/whois "
    ice.fill_message("hello @mo")
    assert [each.name.split()[0] for each in ice.find_all("option", "#suggestions")] == [
        "moon",
        "moose",
    ]
    ice.press("ArrowDown")
    ice.press("ArrowDown")
    ice.press("Tab")
    assert value(ice) == "hello @moose "
    assert ice.focused_control().name.startswith("Message")
    ice.press("Tab")
    assert not ice.focused_control().name.startswith("Message"), "no list is open"
    ice.fill_message("@su")
    ice.press("Escape")
    assert ice.find_all("option", "#suggestions") == []
    ice.press("Tab")
    assert not ice.focused_control().name.startswith("Message")
    assert value(ice) == "@su"


def test_enter_sends_what_is_typed_although_suggestions_are_open(
    open_page: OpenPage, server: Server
) -> None:
    moon, ice = server.add_member("moon"), open_page("ice")
    ice.find("button", "moon.*", "aside")
    ice.send("look, @mo")
    assert moon.receive("message")["data"]["text"] == "look, @mo"


def test_a_topic_is_shown_in_the_title_and_set_there(open_page: OpenPage, server: Server) -> None:
    moon, ice = server.add_member("moon"), open_page("ice")
    ice.click(ice.find("button", "Set a topic", "main"))
    ice.type("the match is at nine")
    ice.press("Enter")
    assert moon.receive("topic")["data"]["text"] == "the match is at nine"
    ice.find("StaticText", "the match is at nine", "#topic")
    ice.wait_for_notice("ice has set the topic: the match is at nine")
    watcher = open_page()
    watcher.find("StaticText", "the match is at nine", "#topic")
    moon.send("topic", {"room": "#lobby", "text": ""}, id="topic")
    ice.find("button", "Set a topic", "main")
    ice.wait_until("() => document.querySelector('#topic').hidden")


def test_what_a_user_does_and_where_a_user_is_can_be_told(
    open_page: OpenPage, server: Server
) -> None:
    moon, ice = server.add_member("moon"), open_page("ice")
    ice.send("/me waves")
    moon.receive("message")
    ice.wait_until(
        """() => document.querySelector('#log .action .body')?.innerText
                   .startsWith('* ice waves')"""
    )
    moon.send("away", {"text": "lunch"}, id="away")
    ice.find("button", "moon *away: lunch", "aside")
    ice.send("@moon are you there?")
    ice.wait_for_notice("moon is away: lunch")
    ice.send("/whois moon")
    ice.wait_for_notice("moon is here since")
    ice.send("/away coffee")
    ice.wait_for_status("Online as ice, away: coffee")
    ice.send("/back")
    ice.wait_until("() => !document.querySelector('#status').innerText.includes('coffee')")


def test_clear_hides_what_was_said_until_it_is_asked_for(
    open_page: OpenPage, server: Server
) -> None:
    moon, ice = server.add_member("moon"), open_page("ice")
    send_messages(moon, "before")
    ice.wait_for_message("before", "moon")
    ice.send("/clear")
    ice.wait_until("() => !document.querySelector('#log').textContent.includes('before')")
    send_messages(moon, "after")
    ice.wait_for_message("after", "moon")
    assert ice.texts_from("moon") == ["after"]
    ice.click(ice.find("button", "Older messages", "#log"))
    ice.wait_for_message("before", "moon")


def test_a_watcher_who_wants_a_room_chooses_a_nickname_and_is_in_it(
    open_page: OpenPage, server: Server
) -> None:
    watcher = open_page()
    watcher.fill(watcher.find("textbox", "Room.*", "nav"), "#dev")
    watcher.press("Enter")
    watcher.wait_for_error("Choose a nickname to join #dev.")
    assert watcher.focused_control().name == "Nickname"
    watcher.type("ice")
    watcher.press("Enter")
    watcher.wait_for_state("online")
    watcher.wait_for_notice("ice has joined #dev")
    watcher.wait_for_room("#dev")
    watcher.send("hello")
    watcher.wait_for_message("hello", kind="own")


def test_how_others_come_here_can_be_asked_for(open_page: OpenPage) -> None:
    ice = open_page("ice")
    ice.send("/QR")
    ice.find("dialog", "Invite others")
    ice.press("Escape")
    ice.wait_for_draft("")
