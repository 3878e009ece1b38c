"""Nothing that the user typed is lost: drafts, the outbox, and the focus while typing."""

import json

import pytest

from tests.browser.chat_page import OpenPage
from tests.browser.disconnection import cut, take_nickname
from tests.browser.server_harness import Server
from tests.browser.tcp_proxy import tcp_proxy
from tests.ports import HOST


def test_unsent_lines_for_a_room_that_has_ended_can_be_edited(
    open_url: OpenPage, server: Server
) -> None:
    with tcp_proxy(HOST, server.web) as proxy:
        ice = open_url(proxy.url)
        ice.wait_for_state("watching")
        ice.join("ice")
        ice.join_room("#dev")
        cut(ice, proxy)
        ice.send("precious")
        ice.send("second")
        proxy.restore()
        # As if the tab were opened again after the session is over.
        ice.run("() => addEventListener('pagehide', () => sessionStorage.removeItem('session'))")
        ice.reload()
        ice.wait_for_state("watching")
        ice.join("sun")
        ice.wait_for_error("#dev")
        for text in ("precious", "second"):
            ice.wait_until(
                "(text) => document.querySelector('#outbox').innerText.includes(text)", text
            )
        ice.click(ice.find("button", "Edit", "main"))
        ice.wait_for_room("#dev")
        ice.wait_for_draft("precious")


def test_a_room_with_a_draft_stays_in_the_list(open_page: OpenPage) -> None:
    ice = open_page("ice")
    ice.join_room("#dev")
    ice.fill_message("half a line")
    ice.click(ice.find("button", "Leave #dev", "main"))
    ice.wait_for_room("#lobby")
    ice.wait_for_draft("")
    ice.click(ice.find("button", "#dev draft.*", "nav"))
    ice.wait_for_room("#dev")
    ice.wait_for_draft("half a line")


def test_unsent_lines_become_the_draft_when_the_user_leaves(
    open_page: OpenPage, server: Server
) -> None:
    ice = open_page("ice")
    ice.expect_connection_errors()
    server.kill()
    ice.wait_for_state("reconnecting")
    ice.send("typed while offline")
    ice.leave()
    ice.wait_for_state("left")
    server.start()
    ice.click(ice.find("button", "Reconnect"))
    ice.wait_for_state("watching")
    ice.join("ice")
    ice.wait_for_draft("typed while offline")


@pytest.mark.parametrize(
    "stored",
    [
        *("{}", "5", '"x"', "null", "[]", '{"drafts":5,"outbox":[]}', "{"),
        '{"drafts":[],"outbox":[{"id":1}]}',
        '{"drafts":[["#lobby",5],7,["#lobby","half a line"]],"outbox":[null]}',
        json.dumps(
            {
                "drafts": [["#lobby", "half a line"]],
                "outbox": [
                    {
                        "id": 1,
                        "line": "/join",
                        "room": "#lobby",
                        "status": "waiting",
                        "reason": "",
                        "frame": {"type": frame},
                    }
                    for frame in ("join", "private", "set-name")
                ],
            }
        ),
    ],
)
def test_invalid_stored_data_is_ignored(stored: str, open_page: OpenPage) -> None:
    ice = open_page()
    ice.run("(stored) => sessionStorage.setItem('unsent', stored)", stored)
    ice.reload()
    ice.wait_for_state("watching")
    ice.join("ice")
    ice.wait_for_draft("half a line" if "half a line" in stored else "")
    ice.send("going on")
    ice.wait_for_message("going on", kind="own")


def test_a_reconnection_does_not_move_the_focus_to_the_password(
    server_with_account: Server, open_url: OpenPage
) -> None:
    with tcp_proxy(HOST, server_with_account.web) as proxy:
        ice = open_url(proxy.url)
        ice.join("ice", "cold")
        ice.fill_message("half a ")
        ice.run(
            """() => document.addEventListener('focusin', ({target}) => {
                window.focused = `${window.focused ?? ''} ${target.id}`
            })"""
        )
        ice.expect_connection_errors()
        proxy.cut()
        ice.wait_for_state("reconnecting")
        proxy.restore()
        ice.retry_now()
        ice.wait_for_state("online")
        ice.type("line")
        ice.wait_for_draft("half a line")
        assert ice.run("() => window.focused ?? ''") == ""


def test_entering_again_does_not_move_the_focus_from_a_field_in_use(
    open_url: OpenPage, server: Server
) -> None:
    moon = server.add_member("moon")
    with tcp_proxy(HOST, server.web) as proxy:
        ice = open_url(proxy.url)
        ice.join("ice")
        other = take_nickname(ice, proxy, server, moon)
        ice.fill(ice.find("textbox", "Room", "nav"), "my")
        other.send("quit")
        other.receive("goodbye")
        ice.wait_for_state("online")
        ice.type("room")
        assert ice.run("() => document.querySelector('#room-name').value") == "myroom"


def test_the_enter_key_that_ends_a_composition_does_not_send(open_page: OpenPage) -> None:
    ice = open_page("ice")
    ice.fill_message("half a line")
    is_prevented = ice.run(
        """() => !document.querySelector('#message').dispatchEvent(new KeyboardEvent('keydown',
             {key: 'Enter', keyCode: 229, bubbles: true, cancelable: true}))"""
    )
    assert not is_prevented
    ice.wait_for_draft("half a line")


def test_a_duplicated_tab_does_not_send_the_waiting_lines_again(
    open_url: OpenPage, server: Server
) -> None:
    moon = server.add_member("moon")
    with tcp_proxy(HOST, server.web) as proxy:
        ice = open_url(proxy.url)
        ice.join("ice")
        ice.expect_connection_errors()
        proxy.cut()
        ice.wait_for_state("reconnecting")
        ice.send("typed while offline")
        # The browser copies the session storage, while the first tab goes on.
        stored = ice.run("() => JSON.stringify({...sessionStorage})")
        copy = open_url("about:blank#")
        copy.call(
            "Page.addScriptToEvaluateOnNewDocument",
            source=f"Object.entries({stored}).forEach((each) => sessionStorage.setItem(...each))",
        )
        proxy.restore()
        copy.open(server.url)
        copy.join("sun")
        copy.find("button", "Edit", "#outbox")
        copy.send("the next line")
        ice.retry_now()
        ice.wait_for_state("online")
        ice.wait_for_message("typed while offline", kind="own")
    received = [moon.receive("message")["data"]["text"] for _ in range(2)]
    assert sorted(received) == ["the next line", "typed while offline"]
