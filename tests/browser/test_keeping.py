"""What was typed stays where it is and can be reached, whatever becomes of the link."""

import json
from collections.abc import Callable

import pytest

from tests.browser.page import Opened
from tests.browser.relay import relayed
from tests.browser.servers import HOST, Server


def test_lines_for_a_room_that_is_gone_can_be_taken_back(visit: Opened, server: Server) -> None:
    with relayed(HOST, server.web) as relay:
        ice = visit(relay.url)
        ice.is_("watching")
        ice.join("ice")
        ice.go_into("#dev")
        ice.lets_the_server_go()
        relay.cut()
        ice.is_("waiting")
        ice.write("precious")
        ice.write("second")
        relay.mend()
        ice.reload()
        ice.is_("watching")
        ice.join("ice")
        ice.objects("no room #dev")
        for text in ("precious", "second"):
            ice.until("(text) => document.querySelector('#backlog').innerText.includes(text)", text)
        ice.click(ice.find("button", "Take back", "main"))
        ice.until_room("#dev")
        ice.has_draft("precious")


def test_a_room_for_which_something_is_half_written_can_be_found_again(page: Opened) -> None:
    ice = page("ice")
    ice.go_into("#dev")
    ice.fill(ice.find("textbox", "Message.*", "#write"), "half a line")
    ice.click(ice.find("button", "Leave #dev", "main"))
    ice.until_room("#lobby")
    ice.has_draft("")
    ice.click(ice.find("button", "#dev draft.*", "nav"))
    ice.until_room("#dev")
    ice.has_draft("half a line")


def test_what_waits_when_one_leaves_is_in_the_draft(page: Opened, server: Server) -> None:
    ice = page("ice")
    ice.lets_the_server_go()
    server.die()
    ice.is_("waiting")
    ice.write("typed meanwhile")
    ice.click(ice.find("button", "Leave", "header"))
    ice.is_("left")
    server.start()
    ice.click(ice.find("button", "Come back"))
    ice.is_("watching")
    ice.join("ice")
    ice.has_draft("typed meanwhile")


@pytest.mark.parametrize(
    "stored",
    [
        *("{}", "5", '"x"', "null", "[]", '{"drafts":5,"backlog":[]}', "{"),
        '{"drafts":[],"backlog":[{"id":1}]}',
        '{"drafts":[["#lobby",5],7,["#lobby","half a line"]],"backlog":[null]}',
        json.dumps(
            {
                "drafts": [["#lobby", "half a line"]],
                "backlog": [
                    {
                        "id": 1,
                        "line": "/join",
                        "room": "#lobby",
                        "status": "waiting",
                        "why": "",
                        "frame": {"type": frame},
                    }
                    for frame in ("join", "private", "set-name")
                ],
            }
        ),
    ],
)
def test_what_another_page_stored_does_not_stop_this_one(stored: str, page: Opened) -> None:
    ice = page()
    ice.run("(stored) => sessionStorage.setItem('written', stored)", stored)
    ice.reload()
    ice.is_("watching")
    ice.join("ice")
    ice.has_draft("half a line" if "half a line" in stored else "")
    ice.write("going on")
    ice.shows("going on", kind="own")


def test_what_one_types_on_return_does_not_go_into_the_password(
    guarded: Server, visit: Opened
) -> None:
    with relayed(HOST, guarded.web) as relay:
        ice = visit(relay.url)
        ice.asks_to_join("ice")
        ice.fill(ice.find("textbox", "Password", "#password"), "cold")
        ice.press("Enter")
        ice.is_("online")
        ice.fill(ice.find("textbox", "Message.*", "#write"), "half a ")
        ice.run(
            """() => document.addEventListener('focusin', ({target}) => {
                window.stolen = `${window.stolen ?? ''} ${target.id}`
            })"""
        )
        ice.lets_the_server_go()
        relay.cut()
        ice.is_("waiting")
        relay.mend()
        ice.hears_that_the_network_is_back()
        ice.is_("online")
        ice.type("line")
        ice.has_draft("half a line")
        assert ice.run("() => window.stolen ?? ''") == ""


def test_what_one_types_in_another_field_stays_there_when_one_is_taken_in(
    serve: Callable[..., Server], visit: Opened
) -> None:
    server = serve()
    ice = visit(server.url)
    ice.join("ice")
    ice.lets_the_server_go()
    server.die()
    ice.is_("waiting")
    server.start()
    ghost = server.enter("ice")
    ice.hears_that_the_network_is_back()
    ice.objects("taken")
    ice.fill(ice.find("textbox", "Room", "nav"), "my")
    ghost.says("quit")
    ghost.hears("goodbye")
    ice.is_("online")
    ice.type("room")
    assert ice.run("() => document.querySelector('#room-name').value") == "myroom"


def test_the_enter_that_ends_a_composition_sends_nothing(page: Opened) -> None:
    ice = page("ice")
    ice.fill(ice.find("textbox", "Message.*", "#write"), "half a line")
    taken = ice.run(
        """() => !document.querySelector('#text').dispatchEvent(new KeyboardEvent('keydown',
             {key: 'Enter', keyCode: 229, bubbles: true, cancelable: true}))"""
    )
    assert not taken
    ice.has_draft("half a line")
