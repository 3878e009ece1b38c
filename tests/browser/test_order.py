"""Two pages and a server: what a host does, and what comes of it for the disturber."""

from pathlib import Path

import pytest

from tests.browser.chat_page import ChatPage, OpenPage
from tests.browser.server_harness import Server


@pytest.fixture
def host(open_page: OpenPage, server: Server, state_home: Path) -> ChatPage:
    """The page of ``ana``, who has given the host code."""
    server.program.expect_stderr("The host code is in")
    [path] = state_home.rglob("*.host-code")
    ana = open_page("ana")
    ana.open_menu()
    ana.click(ana.find("button", "Become a host"))
    ana.find("dialog", "Become a host")
    ana.type(path.read_text().strip())
    ana.press("Enter")
    ana.wait_for_notice("ana is a host now.")
    return ana


def act(host: ChatPage, label: str, reason: str) -> None:
    """Have the host choose an action in the menu of ``moon``, with a reason."""
    host.click(host.find("button", "Menu of moon", "aside"))
    host.click(host.find("menuitem", f"{label}…"))
    host.fill(host.find("textbox", "Reason.*", "#dialog"), reason)
    host.click(host.find("button", label, "#dialog"))


def test_a_disturber_is_muted_then_removed_and_kept_out(
    host: ChatPage, open_page: OpenPage
) -> None:
    moon = open_page("moon")
    moon.find("button", "ana.*host", "aside")
    host.find("button", "moon.*", "aside")
    act(host, "Mute", "spam")
    moon.wait_for_notice("ana muted moon.")
    moon.wait_for_notice("You are muted for")
    moon.send("buy this")
    moon.wait_for_error("You are muted for")
    moon.wait_for_draft("buy this")
    act(host, "Kick", "I said so")
    moon.wait_for_state("left")
    host.wait_for_notice("ana removed moon from the chat.")
    sentence = "You were removed from the chat by ana: I said so. You may come back."
    assert moon.run("() => document.querySelector('#left-text').textContent") == sentence
    moon.click(moon.find("button", "Enter again"))
    moon.wait_for_state("online")
    moon.wait_for_draft("buy this")
    act(host, "Ban", "enough")
    moon.wait_for_state("left")
    said = moon.run("() => document.querySelector('#left-text').textContent")
    assert said.startswith("You are banned from the chat for ")
    assert said.endswith(": enough.")
    moon.click(moon.find("button", "Reconnect"))
    moon.wait_for_state("watching")
    moon.request_nickname("moon")
    moon.wait_for_state("left")
    said = moon.run("() => document.querySelector('#left-text').textContent")
    assert said.startswith("You are banned from the chat for ")
    host.send("/bans")
    host.wait_for_notice("moon is banned for")


def test_a_wrong_host_code_is_refused(open_page: OpenPage) -> None:
    ice = open_page("ice")
    ice.send("/host wrong-code")
    ice.wait_for_error("That is not the host code")
    assert "wrong-code" not in ice.run("() => document.body.textContent")
    ice.fill_message("")
    ice.press("ArrowUp")
    ice.wait_for_draft("")


def test_the_right_host_code_takes_away_what_was_wrong_with_the_one_before(
    open_page: OpenPage, server: Server, state_home: Path
) -> None:
    server.program.expect_stderr("The host code is in")
    [path] = state_home.rglob("*.host-code")
    ana = open_page("ana")
    ana.send("/host not-the-code")
    ana.wait_for_error("That is not the host code")
    ana.send(f"/host {path.read_text().strip()}")
    ana.wait_for_notice("ana is a host now.")
    ana.wait_until("() => document.querySelector('#composer-error').hidden")


def wait_for_note(page: ChatPage, text: str) -> None:
    """Wait until the note above the composer says `text`."""
    page.wait_until(
        "(text) => document.querySelector('#composer-reason').textContent === text", text
    )


def choose_setting(host: ChatPage, label: str, role: str = "menuitemcheckbox") -> None:
    host.click(host.find("button", "Settings", "main"))
    host.click(host.find(role, label))


def test_a_room_is_made_read_only_and_slow(host: ChatPage, open_page: OpenPage) -> None:
    moon = open_page("moon")
    moon.fill_message("half a sent")
    choose_setting(host, "Read-only")
    moon.wait_for_notice("ana made #lobby read-only.")
    host.wait_for_notice("ana made #lobby read-only.")
    wait_for_note(moon, "#lobby is read-only: hosts and its operators write there.")
    moon.press("Enter")
    host.send("silence, please")
    moon.wait_for_message("silence, please", "ana")
    late = open_page("sun")
    wait_for_note(late, "#lobby is read-only: hosts and its operators write there.")
    choose_setting(host, "Read-only")
    moon.wait_for_notice("#lobby is not read-only any more (ana).")
    wait_for_note(moon, "")
    moon.wait_for_draft("half a sent")
    moon.press("Enter")
    moon.wait_for_message("half a sent", kind="own")
    choose_setting(host, "Slow…", "menuitem")
    host.find("dialog", "Make #lobby slow")
    host.click(host.find("button", "Save", "#dialog"))
    moon.wait_for_notice("ana made #lobby slow: 10 s between two messages of one member.")
    moon.wait_until("() => document.querySelector('#room-settings').textContent === 'slow: 10 s'")
    moon.reload()
    moon.wait_for_state("online")
    moon.wait_until("() => document.querySelector('#room-settings').textContent === 'slow: 10 s'")


def test_a_keyed_room_is_joined_with_its_word_alone(open_page: OpenPage) -> None:
    ice, moon, sun = open_page("ice"), open_page("moon"), open_page("sun")
    ice.join_room("#dev")
    choose_setting(ice, "Word…", "menuitem")
    ice.find("dialog", "The word of #dev")
    ice.type("sesame")
    ice.press("Enter")
    ice.wait_for_notice("ice gave #dev a key")
    ice.send("for us alone")
    moon.send("/join #dev")
    moon.find("dialog", "Join #dev")
    moon.type("wrong")
    moon.press("Enter")
    moon.wait_until("() => document.querySelector('#dialog').innerText.includes('not the word')")
    moon.type("sesame")
    moon.press("Enter")
    moon.wait_for_room("#dev")
    ice.wait_for_notice("moon has joined #dev")
    moon.find("button", "ice.*operator", "#room-users")
    ice.find("button", "moon.*", "#room-users")
    assert "#dev" not in sun.run("() => document.body.textContent")


def test_a_message_is_removed_everywhere(host: ChatPage, open_page: OpenPage) -> None:
    moon = open_page("moon")
    moon.send("one bad word")
    host.wait_for_message("one bad word", "moon")
    host.click(host.find("StaticText", "one bad word", "#items"))
    host.click(host.find("button", "Message of moon.*", "main"))
    host.click(host.find("menuitem", "Remove message"))
    for page in (host, moon):
        page.wait_for_message("Removed by ana.", "moon")
    moon.wait_for_notice("was removed by ana.")
    late = open_page()
    late.wait_for_message("Removed by ana.", "moon")
