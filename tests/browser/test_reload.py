"""Nothing on screen is lost by a reload: what the server does not send again stays in the tab."""

import json

import pytest

from tests.browser.chat_page import ChatPage, OpenPage
from tests.browser.server_harness import Server, send_messages
from tests.e2e.native_peer import Peer

#: The number of unread messages in the button of each room that has some.
_UNREAD = """() => Object.fromEntries(
  [...document.querySelectorAll('#room-list button')].map((room) => [
    room.querySelector('.name').textContent,
    room.querySelector('.unread')?.textContent ?? '',
  ])
)"""


def send_private(sender: Peer, text: str, *to: str) -> None:
    """Have a member send a private message, and wait until it is confirmed."""
    sender.send("private", {"text": text, "to": list(to)}, id=text[:8])
    sender.receive("ok")


def kept(page: ChatPage) -> list[str]:
    """The texts of the messages, and of the notices about sun."""
    return [text for kind, _, text in page.items if kind != "notice" or "sun" in text]


def test_private_messages_notices_and_unread_marks_survive_a_reload(
    open_page: OpenPage, server: Server
) -> None:
    moon, ice = server.add_member("moon"), open_page("ice")
    ice.join_room("#dev")
    ice.select_room("#lobby")
    moon.send("join", {"room": "#dev"}, id="join")
    moon.receive("ok")
    send_messages(moon, "first")
    send_private(moon, "a secret", "ice")
    ice.wait_for_private("a secret", "moon")
    ice.send("@moon a reply")
    ice.wait_for_private("a reply", "moon")
    server.add_member("sun").send("quit")
    ice.wait_for_notice("sun has left")
    send_messages(moon, "last")
    send_messages(moon, "one", "two", room="#dev")
    ice.wait_until(f"() => ({_UNREAD})()['#dev'].includes('2')")
    before = kept(ice)
    assert before[0] == "first"
    assert before[-1] == "last"
    for _ in range(2):
        ice.reload()
        ice.wait_for_message("last", "moon")
        assert kept(ice) == before
        assert "2" in ice.run(_UNREAD)["#dev"]
    ice.wait_for_state("online")
    send_messages(moon, "goes on")
    ice.wait_for_message("goes on", "moon")
    assert kept(ice) == [*before, "goes on"]
    ice.select_room("#dev")
    ice.wait_for_message("two", "moon")
    assert [text for text in kept(ice) if text in ("one", "two")] == ["one", "two"]
    ice.wait_until(f"() => ({_UNREAD})()['#dev'] === ''")
    assert ice.private_texts("moon") == ["a secret", "a reply"]


def test_a_duplicated_tab_does_not_show_what_was_said_to_the_other_one(
    open_page: OpenPage, open_url: OpenPage, server: Server
) -> None:
    moon, ice = server.add_member("moon"), open_page("ice")
    send_private(moon, "a secret", "ice")
    ice.wait_for_private("a secret", "moon")
    ice.reload()
    ice.wait_for_private("a secret", "moon")
    # The browser copies the session storage, while the first tab goes on.
    stored = ice.run("() => JSON.stringify({...sessionStorage})")
    assert "a secret" not in stored
    copy = open_url("about:blank#")
    copy.call(
        "Page.addScriptToEvaluateOnNewDocument",
        source=f"Object.entries({stored}).forEach((each) => sessionStorage.setItem(...each))",
    )
    copy.open(server.url)
    send_messages(moon, "to everybody")
    copy.wait_for_message("to everybody", "moon")
    assert "a secret" not in kept(copy)
    assert copy.run("() => document.querySelector('#talk-list').hidden")


def test_a_user_who_has_left_leaves_nothing_behind(open_page: OpenPage, server: Server) -> None:
    moon, ice = server.add_member("moon"), open_page("ice")
    send_private(moon, "a secret", "ice")
    ice.wait_for_private("a secret", "moon")
    ice.leave()
    ice.wait_for_state("left")
    ice.reload()
    ice.wait_for_state("watching")
    send_messages(moon, "to everybody")
    ice.wait_for_message("to everybody", "moon")
    assert "a secret" not in ice.run("() => document.body.textContent")


def test_what_survives_a_reload_is_bounded(open_page: OpenPage, server: Server) -> None:
    moon, ice = server.add_member("moon"), open_page("ice")
    for number in range(400):
        send_private(moon, f"{number} {'x' * 3_900}", "ice")
    ice.open_talk("moon")
    ice.wait_for_message(f"399 {'x' * 3_900}", "moon", "private")
    ice.run(
        """() => addEventListener('pagehide', () => {
          localStorage.setItem('size', JSON.stringify({...sessionStorage}).length)
        })"""
    )
    ice.reload()
    ice.open_talk("moon")
    ice.wait_for_message(f"399 {'x' * 3_900}", "moon", "private")
    assert 100 < len(ice.texts_from("moon")) <= 200
    assert 500_000 < int(ice.run("() => localStorage.getItem('size')")) < 1_200_000


@pytest.mark.parametrize(
    "shown",
    [
        *("{}", "5", "null", "[", "[null, 5, {}]"),
        json.dumps([{"name": "#lobby", "unread": 1, "items": 5}]),
        json.dumps([{"name": "#lobby", "unread": "1", "items": []}]),
        json.dumps(
            [
                {
                    "name": "#lobby",
                    "unread": 0,
                    "items": [
                        None,
                        {"kind": "notice", "time": 1, "words": [5]},
                        {"kind": "notice", "time": "1", "words": ["half"]},
                        {"kind": "private", "time": 1, "source": "moon", "text": "half", "to": 5},
                        {"kind": "message", "time": 1, "source": "moon"},
                        {"kind": "message", "seq": 7, "time": 1, "source": "moon", "text": "half"},
                        {"kind": "dance", "time": 1},
                    ],
                }
            ]
        ),
    ],
)
def test_invalid_stored_items_are_ignored(shown: str, open_page: OpenPage, server: Server) -> None:
    ice = open_page()
    ice.call(
        "Page.addScriptToEvaluateOnNewDocument",
        source=f"sessionStorage.setItem('released', 'true');"
        f"sessionStorage.setItem('shown', {json.dumps(shown)})",
    )
    ice.reload()
    ice.wait_for_state("watching")
    ice.join("ice")
    ice.send("going on")
    ice.wait_for_message("going on", kind="own")
    assert kept(ice) == ["going on"]
