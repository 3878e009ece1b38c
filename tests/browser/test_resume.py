"""The page goes on where it was: nothing is lost or shown twice, and nobody is told of it.

After a lost connection and a restart of the server. test_handover.py has reloads and other windows,
and test_resumption.py what the page does with each frame.
"""

from collections.abc import Callable

from tests.browser.chat_page import OpenPage
from tests.browser.disconnection import come_back, cut, take_nickname
from tests.browser.resuming import (
    fail_to_send,
    seen_by,
    send_private,
    shown,
    suspended,
    wait_for_empty_outbox,
)
from tests.browser.server_harness import Server, send_messages
from tests.browser.tcp_proxy import tcp_proxy
from tests.ports import HOST

# --- a lost connection --------------------------------------------------------------------------


def test_lines_whose_confirmation_was_lost_are_said_once(
    open_url: OpenPage, server: Server
) -> None:
    moon = server.add_member("moon")
    with tcp_proxy(HOST, server.web) as proxy:
        ice = open_url(proxy.url)
        ice.join("ice")
        with suspended(server):
            ice.send("one")
            ice.send("@moon a secret")
            ice.send("two")
            cut(ice, proxy)
        # It was carried out; what was behind it, perhaps.
        assert moon.receive("message")["data"]["text"] == "one"
        come_back(ice, proxy)
        wait_for_empty_outbox(ice)
        ice.send("three")
        ice.wait_for_message("three", kind="own")
        assert shown(ice) == ["one", "Sent privately to moon", "two", "three"]
        assert ice.private_texts("moon") == ["a secret"]
        assert seen_by(moon) == ["a secret", "two", "three"]


def test_lines_that_were_lost_on_the_way_are_said_once(open_url: OpenPage, server: Server) -> None:
    moon = server.add_member("moon")
    with tcp_proxy(HOST, server.web) as proxy:
        ice = open_url(proxy.url)
        ice.join("ice")
        moon.receive("entered")
        fail_to_send(ice, "one", "@moon a secret")
        cut(ice, proxy)
        send_messages(moon, "meanwhile")
        ice.send("typed while offline")
        come_back(ice, proxy)
        ice.wait_for_message("typed while offline", kind="own")
        wait_for_empty_outbox(ice)
        assert seen_by(moon) == ["one", "a secret", "typed while offline"]
        assert shown(ice) == [
            "meanwhile",
            "Sending the lines you typed while offline.",
            "one",
            "Sent privately to moon",
            "typed while offline",
        ]
        assert ice.private_texts("moon") == ["a secret"]


def test_lines_that_are_sent_again_are_not_named(open_url: OpenPage, server: Server) -> None:
    with tcp_proxy(HOST, server.web) as proxy:
        ice = open_url(proxy.url)
        ice.join("ice")
        fail_to_send(ice, "one")
        cut(ice, proxy)
        assert "Sending: one" in ice.run("() => document.querySelector('#outbox').innerText")
        come_back(ice, proxy)
        ice.wait_for_message("one", kind="own")
        assert shown(ice) == ["one"]


def test_messages_that_were_missed_are_shown_once_in_their_places(
    open_url: OpenPage, server: Server
) -> None:
    moon = server.add_member("moon")
    with tcp_proxy(HOST, server.web) as proxy:
        ice = open_url(proxy.url)
        ice.join("ice")
        moon.receive("entered")
        send_messages(moon, "one")
        send_private(moon, "first secret")
        ice.wait_for_private("first secret", "moon")
        cut(ice, proxy)
        send_messages(moon, "two")
        send_private(moon, "second secret")
        send_messages(moon, "three")
        come_back(ice, proxy)
        send_messages(moon, "four")
        ice.wait_for_message("four", "moon")
        assert shown(ice) == ["one", "two", "three", "four"]
        assert ice.private_texts("moon") == ["first secret", "second secret"]
        assert seen_by(moon) == [], "nobody is told that ice was away"


def test_a_link_that_is_cut_again_and_again_loses_and_doubles_nothing(
    open_url: OpenPage, server: Server
) -> None:
    moon, sun = server.add_member("moon"), server.add_member("sun")
    with tcp_proxy(HOST, server.web) as proxy:
        ice = open_url(proxy.url)
        ice.join("ice")
        sun.receive("entered")
        for number in range(6):
            ice.send(f"ice {number}")
            send_messages(moon, f"moon {number}")
            cut(ice, proxy)  # at once: the line, its confirmation or a message is on the way
            send_messages(moon, f"moon meanwhile {number}")
            come_back(ice, proxy)
        ice.send("the end")
        ice.wait_for_message("the end", kind="own")
        wait_for_empty_outbox(ice)
        from_moon = [f"moon {end}{n}" for n in range(6) for end in ("", "meanwhile ")]
        assert ice.texts_from("moon") == from_moon
        from_ice = [*(f"ice {number}" for number in range(6)), "the end"]
        assert ice.texts_from("ice") == from_ice
        said = seen_by(sun)
        assert [text for text in said if "moon" in text] == from_moon
        assert [text for text in said if "moon" not in text] == from_ice


def test_a_line_without_an_answer_shows_that_the_link_is_dead(
    open_url: OpenPage, server: Server
) -> None:
    """The page does not wait for its next ping; here its limit of 10 s is 0.1 s."""
    moon = server.add_member("moon")
    ice = open_url("about:blank#")
    ice.call(
        "Page.addScriptToEvaluateOnNewDocument",
        source="""const original = setTimeout
          window.setTimeout = (action, time) =>
            original(action, window.isShort && time === 10_000 ? 100 : time)
        """,
    )
    ice.open(server.url)
    ice.join("ice")
    moon.receive("entered")
    ice.expect_connection_errors()
    with suspended(server):
        ice.run("() => { window.isShort = true }")
        ice.send("are you there?")
        ice.wait_for_state("reconnecting")
        ice.run("() => { window.isShort = false }")
    ice.retry_now()
    ice.wait_for_message("are you there?", kind="own")
    wait_for_empty_outbox(ice)
    assert seen_by(moon) == ["are you there?"]


def test_missed_messages_of_another_room_are_unread(open_url: OpenPage, server: Server) -> None:
    moon = server.add_member("moon")
    with tcp_proxy(HOST, server.web) as proxy:
        ice = open_url(proxy.url)
        ice.join("ice")
        ice.join_room("#dev")
        ice.wait_for_notice("ice has joined #dev")
        ice.select_room("#lobby")
        moon.send("join", {"room": "#dev"}, id="join")
        moon.receive("ok")
        cut(ice, proxy)
        send_messages(moon, "one", "two", room="#dev")
        come_back(ice, proxy)
        ice.find("button", r"#dev.*unread: *2", "nav")
        ice.select_room("#dev")
        ice.wait_for_message("two", "moon")
        assert ice.texts_from("moon") == ["one", "two"]


def test_a_gap_is_said_in_its_place(
    start_server: Callable[..., Server], open_url: OpenPage
) -> None:
    server = start_server("--store", "none", "--history", "5")
    moon = server.add_member("moon")
    with tcp_proxy(HOST, server.web) as proxy:
        ice = open_url(proxy.url)
        ice.join("ice")
        send_messages(moon, "before")
        ice.wait_for_message("before", "moon")
        cut(ice, proxy)
        send_messages(moon, *(f"number {number}" for number in range(9)))
        come_back(ice, proxy)
        ice.wait_for_message("number 8", "moon")
        assert shown(ice) == [
            "before",
            "What was said in #lobby before this is not kept any more",
            *(f"number {number}" for number in range(4, 9)),
        ]


def test_a_user_whose_nickname_was_taken_meanwhile_goes_on_under_another_one(
    open_url: OpenPage, server: Server
) -> None:
    moon = server.add_member("moon")
    with tcp_proxy(HOST, server.web) as proxy:
        ice = open_url(proxy.url)
        ice.join("ice")
        fail_to_send(ice, "on the way")
        take_nickname(ice, proxy, server, moon)
        send_private(moon, "who are you?")  # to the new one
        send_messages(moon, "meanwhile")
        ice.wait_for_message("meanwhile", "moon")
        ice.request_nickname("sun")
        ice.wait_for_status("Online as sun")
        ice.wait_for_message("on the way", "sun")
        wait_for_empty_outbox(ice)
        texts = [text for kind, _, text in ice.items if kind != "notice"]
        assert texts == ["meanwhile", "on the way"]


def test_an_account_needs_no_password_to_resume(
    server_with_account: Server, open_url: OpenPage
) -> None:
    ice = open_url(server_with_account.url)
    ice.join("ice", "cold")
    ice.reload()  # the page forgets the password
    ice.wait_for_state("online")
    ice.wait_for_status("Online as ice")


# --- a restart of the server --------------------------------------------------------------------


def test_a_restart_of_a_server_that_keeps_its_chat_is_not_noticed(
    open_page: OpenPage, server: Server
) -> None:
    moon, ice = server.add_member("moon"), open_page("ice")
    ice.join_room("#dev")
    ice.wait_for_notice("ice has joined #dev")
    ice.select_room("#lobby")
    send_messages(moon, "before")
    send_private(moon, "a secret")
    ice.wait_for_private("a secret", "moon")
    fail_to_send(ice, "on the way")
    ice.expect_connection_errors()
    server.kill()
    ice.wait_for_state("reconnecting")
    ice.send("typed while offline")
    server.start()
    sun = server.add_member("sun")
    send_messages(sun, "meanwhile")
    ice.retry_now()
    ice.wait_for_state("online")
    ice.wait_for_message("typed while offline", kind="own")
    wait_for_empty_outbox(ice)
    ice.wait_for_message("meanwhile", "sun")
    # On a busy machine the page is back by itself before that is said.
    assert shown(ice).count("meanwhile") == 1
    assert [text for text in shown(ice) if text != "meanwhile"] == [
        "before",
        "Sending the lines you typed while offline.",
        "on the way",
        "typed while offline",
    ]
    assert [text for text in seen_by(sun) if text[0] not in "ej"] == [
        "on the way",
        "typed while offline",
    ]
    sun.send("users", {}, id="users")
    users = {each["nickname"]: each["rooms"] for each in sun.receive("users")["data"]["users"]}
    assert users["ice"] == ["#lobby", "#dev"]
