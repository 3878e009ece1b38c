"""The menus at users, messages and rooms: with the mouse, by keyboard, and what they send."""

import re
from typing import Any

import pytest

from tests.browser.axe import read_axe, violations
from tests.browser.chat_page import DESKTOP, PHONE, ChatPage
from tests.browser.scripted_server import OpenScripted, receive, receive_users, wait_for_sent
from tests.browser.server_harness import Server, send_messages
from tests.browser.test_keyboard import tab_to

FOR_ALL = ["Private message", "Mention", "Ignore"]
FOR_HOSTS = ["Mute…", "Unmute", "Kick…", "Ban…"]


def labels(page: ChatPage) -> list[str]:
    """The items of the menu that is open."""
    page.find("menu")
    items: list[str] = page.run(
        "() => [...document.querySelectorAll('.popup button')].map((each) => each.textContent)"
    )
    return items


def open_user_menu(page: ChatPage, nickname: str = "moon") -> None:
    page.open_drawer("aside")
    page.click(page.find("button", f"Menu of {nickname}", "aside"))


def choose(page: ChatPage, label: str, role: str = "menuitem") -> None:
    page.click(page.find(role, re.escape(label)))


def sent(page: ChatPage, kind: str) -> dict[str, Any]:
    """The data of the last frame of a type that the page has sent."""
    data: dict[str, Any] = wait_for_sent(page, kind)["data"]
    return data


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_user_has_a_menu_and_hosts_see_more_of_it(
    size: tuple[int, int], open_scripted: OpenScripted
) -> None:
    ice = open_scripted(size)
    open_user_menu(ice)
    assert labels(ice) == FOR_ALL
    choose(ice, "Mention")
    ice.wait_for_draft("moon: ")
    receive_users(ice, host=True)
    open_user_menu(ice, "sun")
    assert labels(ice) == [*FOR_ALL, *FOR_HOSTS]
    choose(ice, "Mention")
    ice.wait_for_draft("moon: @sun ")
    open_user_menu(ice)
    choose(ice, "Private message")
    ice.wait_until("() => document.querySelector('#room').textContent === 'Private talk with moon'")


def test_ignoring_is_switched_in_the_menu(open_scripted: OpenScripted) -> None:
    ice = open_scripted()
    open_user_menu(ice)
    choose(ice, "Ignore")
    ice.wait_for_notice("What moon says is not shown from now on.")
    open_user_menu(ice)
    choose(ice, "Stop ignoring")
    ice.wait_for_notice("What moon says is shown again.")


def test_a_host_bans_with_a_time_and_a_reason(open_scripted: OpenScripted) -> None:
    ice = open_scripted()
    receive_users(ice, host=True)
    open_user_menu(ice)
    choose(ice, "Ban…")
    ice.find("dialog", "Ban moon in the whole chat")
    ice.fill(ice.find("textbox", "Reason.*", "#dialog"), "spam")
    ice.click(ice.find("button", "Ban", "#dialog"))
    assert sent(ice, "ban") == {"nickname": "moon", "seconds": 600, "reason": "spam"}
    open_user_menu(ice)
    choose(ice, "Unmute")
    assert sent(ice, "unmute") == {"nickname": "moon"}


def test_an_operator_makes_another_one_and_gives_a_voice(open_scripted: OpenScripted) -> None:
    ice = open_scripted()
    ice.join_room("#dev")
    receive_users(ice, rooms=["#lobby", "#dev"], operator=["#dev"])
    receive(ice, "joined", room="#dev", nickname="moon")
    open_user_menu(ice)
    choose(ice, "Make operator")
    assert sent(ice, "role") == {
        "nickname": "moon",
        "room": "#dev",
        "role": "operator",
        "given": True,
    }
    receive(ice, "moderation", what="operator", by="ice", nickname="moon", room="#dev")
    open_user_menu(ice)
    choose(ice, "No longer operator")
    settings = {"slow": 0, "closed": False, "keyed": False, "private": False, "topic_locked": True}
    receive(ice, "room-settings", room="#dev", read_only=True, **settings)
    open_user_menu(ice)
    choose(ice, "Give voice")
    ice.wait_until("() => sent.some(({data}) => data?.role === 'voice' && data.given)")
    receive(ice, "moderation", what="voice", by="ice", nickname="moon", room="#dev")
    open_user_menu(ice)
    choose(ice, "Take voice")


def test_an_operator_acts_in_its_room_and_a_host_chooses(open_scripted: OpenScripted) -> None:
    ice = open_scripted()
    ice.join_room("#dev")
    receive_users(ice, rooms=["#lobby", "#dev"], operator=["#dev"])
    open_user_menu(ice)
    choose(ice, "Kick…")
    ice.find("dialog", "Kick moon in #dev")
    ice.press("Enter")
    assert sent(ice, "kick") == {"nickname": "moon", "room": "#dev"}
    receive_users(ice, rooms=["#lobby", "#dev"], host=True)
    open_user_menu(ice)
    choose(ice, "Mute…")
    ice.find("combobox", "Where", "#dialog")
    ice.press("ArrowDown")
    ice.click(ice.find("button", "Mute", "#dialog"))
    assert sent(ice, "mute") == {"nickname": "moon", "seconds": 600}


def test_the_room_has_a_menu_for_its_settings(open_scripted: OpenScripted) -> None:
    ice = open_scripted()
    ice.join_room("#dev")
    receive_users(ice, rooms=["#lobby", "#dev"], operator=["#dev"])
    settings = {"slow": 0, "closed": False, "keyed": False, "private": False, "topic_locked": True}
    receive(ice, "room-settings", room="#dev", read_only=False, **settings)

    def open_menu() -> None:
        ice.click(ice.find("button", "Settings", "main"))

    open_menu()
    assert labels(ice) == [
        "Read-only",
        "Slow…",
        "Closed",
        "Word…",
        "Topic locked",
        "Bans and mutes",
    ]
    choose(ice, "Read-only", "menuitemcheckbox")
    assert sent(ice, "set-room") == {"room": "#dev", "read_only": True}
    open_menu()
    choose(ice, "Topic locked", "menuitemcheckbox")
    ice.wait_until("() => sent.some(({data}) => data?.topic_locked === false)")
    open_menu()
    choose(ice, "Slow…")
    ice.find("dialog", "Make #dev slow")
    ice.click(ice.find("button", "Save", "#dialog"))
    ice.wait_until("() => sent.some(({data}) => data?.slow === 10)")
    open_menu()
    choose(ice, "Word…")
    ice.find("dialog", "The word of #dev")
    ice.type("sesame")
    ice.press("Enter")
    ice.wait_until("() => sent.some(({data}) => data?.key === 'sesame')")
    assert "sesame" not in ice.run("() => JSON.stringify({...sessionStorage, ...localStorage})")
    open_menu()
    choose(ice, "Bans and mutes")
    assert sent(ice, "bans") == {"room": "#dev"}
    bans = [{"what": "mute", "nickname": "moon", "by": "ice", "reason": "spam"}]
    receive(ice, "bans", wait_for_sent(ice, "bans")["id"], bans=bans, room="#dev", more=False)
    ice.wait_for_notice("moon is muted (by ice): spam.")


def test_messages_have_a_menu_at_the_mouse_and_at_the_name(
    open_scripted: OpenScripted, server: Server
) -> None:
    moon, ice = server.add_member("moon"), open_scripted()
    send_messages(moon, "hello")
    ice.wait_for_message("hello", "moon")
    ice.send("my own")
    ice.wait_for_message("my own", kind="own")
    ice.click(ice.find("StaticText", "hello", "#items"))
    ice.click(ice.find("button", "Message of moon.*hello", "main"))
    assert labels(ice) == FOR_ALL
    ice.press("Escape")
    ice.click(ice.find("StaticText", "my own", "#items"))
    ice.click(ice.find("button", "Message of ice.*my own", "main"))
    assert labels(ice) == ["Remove message"]
    choose(ice, "Remove message")
    assert sent(ice, "remove") == {"room": "#lobby", "seq": 2}
    receive_users(ice, host=True)
    ice.click(ice.find("StaticText", "moon", "#items"))
    assert labels(ice) == [*FOR_ALL, *FOR_HOSTS, "Remove message"]
    choose(ice, "Remove message")
    ice.wait_until("() => sent.some(({type, data}) => type === 'remove' && data.seq === 1)")
    receive(ice, "moderation", what="remove", by="ice", nickname="moon", room="#lobby", seq=1)
    ice.wait_for_message("Removed by ice.", "moon")
    ice.click(ice.find("StaticText", "moon", "#items"))
    assert labels(ice) == [*FOR_ALL, *FOR_HOSTS]


def test_menus_are_used_with_the_keyboard(open_scripted: OpenScripted, server: Server) -> None:
    moon, ice = server.add_member("moon"), open_scripted()
    receive_users(ice, host=True)
    send_messages(moon, "first", "second")
    ice.wait_for_message("second", "moon")
    tab_to(ice, "button", "Message of moon")
    assert ice.focused_control().name.endswith("second")
    ice.press("ArrowUp")
    assert ice.focused_control().name.endswith("first")
    ice.press("Enter")
    assert ice.focused_control().name == "Private message"
    ice.press("ArrowUp")
    assert ice.focused_control().name == "Remove message", "it goes round"
    ice.press("Home")
    ice.press("ArrowDown")
    assert ice.focused_control().name == "Mention"
    ice.press("End")
    assert ice.focused_control().name == "Remove message"
    ice.press("Escape")
    assert ice.focused_control().name.startswith("Message of moon")
    assert not ice.find_all("menu")
    ice.press(" ")
    ice.find("menu")
    ice.press("Tab")
    ice.wait_until("() => document.querySelector('.popup').hidden")
    tab_to(ice, "button", "Menu of moon")
    ice.press("Enter")
    for _ in range(3):
        ice.press("ArrowDown")
    ice.press("Enter")
    ice.find("dialog", "Mute moon in the whole chat")
    ice.press("Escape")
    assert ice.focused_control().name == "Menu of moon"


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_menus_and_dialogs_are_accessible(
    size: tuple[int, int], open_scripted: OpenScripted, server: Server
) -> None:
    axe = read_axe()
    moon, ice = server.add_member("moon"), open_scripted(size)
    send_messages(moon, "hello")
    ice.wait_for_message("hello", "moon")
    receive_users(ice, host=True)
    settings = {"closed": False, "keyed": False, "private": False, "topic_locked": True}
    receive(ice, "room-settings", room="#lobby", read_only=False, slow=10, **settings)
    receive(ice, "moderation", what="remove", by="ice", nickname="moon", room="#lobby", seq=1)
    ice.wait_for_message("Removed by ice.", "moon")

    def assert_accessible() -> None:
        for scheme in ("light", "dark"):
            ice.set_preferences(scheme)
            assert violations(ice, axe) == [], scheme

    ice.click(ice.find("button", "Settings", "main"))
    ice.find("menu")
    assert_accessible()
    ice.press("Escape")
    open_user_menu(ice)
    ice.find("menu")
    assert_accessible()
    choose(ice, "Ban…")
    ice.find("dialog", "Ban moon.*")
    assert_accessible()
    ice.press("Escape")
    ice.close_drawer()
    receive_users(ice)
    receive(ice, "room-settings", room="#lobby", read_only=True, slow=0, **settings)
    ice.wait_until("() => !document.querySelector('#composer-note').hidden")
    assert_accessible()
    receive(ice, "goodbye", reason="kicked")
    ice.wait_for_state("left")
    assert_accessible()
