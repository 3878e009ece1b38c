"""The emoji picker and the invitation."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.chat_page import SMALL_PHONE, ChatPage, OpenPage
from tests.browser.server_harness import Server, send_messages
from tests.ports import HOST, free_port


def open_picker(page: ChatPage) -> None:
    """Open the picker with its button."""
    page.click(page.find("button", "Emoji", "#composer"))
    page.find("searchbox", "Search emoji")


@pytest.mark.smoke
def test_an_emoji_is_inserted_where_the_caret_is(open_page: OpenPage) -> None:
    ice = open_page("ice")
    ice.fill_message("good  morning")
    ice.run("() => document.querySelector('#message').setSelectionRange(5, 5)")
    open_picker(ice)
    ice.type("coff")
    assert [each.name for each in ice.find_all("button", ".emoji-grid")] == ["coffee"]
    ice.press("Enter")
    ice.wait_for_draft("good \u2615 morning")
    assert ice.focused_control().role == "textbox"
    ice.type("!")
    ice.press("Enter")
    ice.wait_for_message("good \u2615! morning", "ice", "own")


def test_the_picker_is_used_with_the_keyboard_alone(open_page: OpenPage) -> None:
    ice = open_page("ice")
    ice.fill_message("hi ")
    open_picker(ice)
    ice.press("ArrowDown")
    assert ice.focused_control().name == "grinning face"
    ice.press("ArrowRight")
    assert ice.focused_control().name == "smiling face"
    ice.press("ArrowDown")
    below = ice.focused_control().name
    assert below not in ("grinning face", "smiling face")
    ice.press("ArrowUp")
    assert ice.focused_control().name == "smiling face"
    ice.press("End")
    ice.press("ArrowRight")
    ice.press("Home")
    ice.press("ArrowUp")
    assert ice.focused_control().role == "searchbox"
    ice.press("Tab")
    assert ice.focused_control().name == "Close"
    ice.press("Tab")
    assert ice.focused_control().name == "grinning face"
    ice.press("Tab")
    assert ice.focused_control().role == "textbox", "the grid is one stop"
    ice.press("Tab", shift=True)
    ice.press("Escape")
    assert ice.focused_control().role == "textbox"
    assert ice.run("() => document.querySelector('#emoji').hidden")
    ice.wait_for_draft("hi ")


def test_a_search_that_finds_nothing_says_so_and_sends_nothing(open_page: OpenPage) -> None:
    ice = open_page("ice")
    ice.fill_message("a draft")
    open_picker(ice)
    ice.type("xyzzy")
    ice.wait_until("() => document.querySelector('#emoji [role=status]').textContent !== ''")
    assert ice.run("() => document.querySelector('#emoji [role=status]').textContent") == (
        "Nothing was found"
    )
    ice.press("Enter")
    ice.wait_for_draft("a draft")
    assert not [item for item in ice.items if item[0] == "own"]


def test_emoji_are_found_by_the_beginning_of_any_word(module_page: ChatPage) -> None:
    found = module_page.run(
        """async () => {
          const {findEmoji} = await import("/static/emoji_picker.js")
          return ["thumb", "LOVE red", "+1", "\\ud83d\\udc4d", "", "zzzz"].map((text) =>
            findEmoji(text).map(([emoji]) => emoji))
        }"""
    )
    assert found[0] == ["\U0001f44d", "\U0001f44e"]
    assert found[1] == ["\u2764\ufe0f"]
    assert found[2] == found[3] == ["\U0001f44d"]
    assert len(found[4]) > 300
    assert found[5] == []


def test_no_emoji_is_there_twice_or_without_a_name(module_page: ChatPage) -> None:
    table = module_page.run(
        """async () => {
          const {EMOJI_GROUPS} = await import("/static/emoji.js")
          const {escape} = await import("/static/escape.js")
          return EMOJI_GROUPS.flatMap(([, all]) => all).map(([emoji, name]) =>
            [emoji, name, escape(emoji)])
        }"""
    )
    assert len({emoji for emoji, _, _ in table}) == len({name for _, name, _ in table})
    assert len({emoji for emoji, _, _ in table}) == len(table)
    assert [emoji for emoji, _, escaped in table if emoji != escaped] == []


def test_the_picker_fits_on_a_small_phone(open_page: OpenPage) -> None:
    ice = open_page("ice", size=SMALL_PHONE)
    open_picker(ice)
    boxes = ice.run(
        """() => ['#emoji', '#message', '#log'].map((each) => {
          const {top, bottom, right} = document.querySelector(each).getBoundingClientRect()
          return [top, bottom, right]
        })"""
    )
    assert all(bottom <= 640 and right <= 320 and bottom - top > 30 for top, bottom, right in boxes)


def test_the_end_of_the_messages_stays_in_sight_above_the_picker(
    open_page: OpenPage, server: Server
) -> None:
    send_messages(server.add_member("moon"), *(f"{number} line" for number in range(40)))
    ice = open_page("ice")
    ice.wait_for_message("39 line", "moon")
    # As when a message arrives in the very frame in which the picker opens.
    below = ice.run(
        """async () => {
          const log = document.querySelector('#log')
          const frame = () => new Promise((resolve) => requestAnimationFrame(resolve))
          log.scrollTop -= 1
          document.querySelector('.emoji-toggle').click()
          await frame()
          await frame()
          await frame()
          return log.scrollHeight - log.scrollTop - log.clientHeight
        }"""
    )
    assert below < 5


def client_line(server: Server) -> str:
    """What others type to find `server`."""
    return f"chatd client --discovery-port {server.discovery_port} party"


def invite(page: ChatPage) -> None:
    """Open the invitation with the menu."""
    page.run("() => { document.querySelector('#menu').open = true }")
    page.click(page.find("button", "Invite", "#menu"))
    page.wait_until("() => document.querySelector('#invite h3') !== null")


def test_an_invitation_has_the_address_its_code_and_what_to_type(
    start_server: Callable[..., Server], open_url: OpenPage, tmp_path: Path
) -> None:
    (tmp_path / "chatd-1.0-py3-none-any.whl").write_bytes(b"wheel")
    server = start_server("--dist", str(tmp_path))
    page = open_url(server.url)
    page.wait_for_state("watching")
    invite(page)
    lines = page.run("() => [...document.querySelectorAll('#invite code')].map((e) => e.innerText)")
    assert lines == [
        server.url,
        client_line(server),
        f"chatd client {HOST} {server.tcp}",
        f"nc {HOST} {server.plain}",
        f"pip install --no-index --find-links {server.url}dist/ --trusted-host {HOST} chatd",
    ]
    assert page.run("() => fetch('/dist/').then((answer) => answer.text())").count("<a ") == 1


def test_an_invitation_has_the_lobby_s_address_for_irc_clients(
    start_server: Callable[..., Server], open_url: OpenPage
) -> None:
    port = free_port()
    page = open_url(start_server("--irc", str(port)).url)
    page.wait_for_state("watching")
    invite(page)
    section = (
        "() => [...document.querySelectorAll('#invite h3, #invite code')].map((e) => e.innerText)"
    )
    lines = page.run(section)
    place = lines.index("With an IRC client")
    assert lines[place + 1 :] == [f"irc://{HOST}:{port}/lobby"]
    page.click(page.find("button", f"Copy {lines[-1]}", "#invite"))
    page.wait_until("() => document.querySelector('#invite').textContent.includes('Copied')")


def test_an_invitation_is_a_dialog_that_keeps_the_focus_and_gives_it_back(
    open_page: OpenPage,
) -> None:
    ice = open_page("ice")
    invite(ice)
    assert ice.focused_control().name == "Invite others"
    names = []
    for _ in range(20):
        ice.press("Tab")
        names.append(ice.focused_control().name)
    assert names.count("Close") >= 2
    assert all(name == "Close" or name.startswith("Copy ") for name in names)
    ice.press("Escape")
    assert ice.run("() => document.activeElement.textContent") == "Menu"
    assert ice.run("() => document.querySelector('#invite').hidden")


def test_a_line_of_the_invitation_is_copied(open_page: OpenPage, server: Server) -> None:
    ice = open_page("ice")
    invite(ice)
    ice.click(ice.find("button", f"Copy {client_line(server)}", "#invite"))
    ice.wait_until("() => document.querySelector('#invite').textContent.includes('Copied')")
    assert ice.run("() => getSelection().toString()") == client_line(server)


def test_a_server_that_does_not_answer_is_a_sentence(open_page: OpenPage, server: Server) -> None:
    ice = open_page("ice")
    ice.expect_connection_errors()
    server.kill()
    ice.run("() => { document.querySelector('#menu').open = true }")
    ice.click(ice.find("button", "Invite", "#menu"))
    ice.wait_until("() => document.querySelector('#invite').textContent.includes('did not answer')")
