"""The page goes on where it was: nothing is lost or shown twice, and nobody is told of it.

After a lost connection, a reload, and a restart of the server. test_resumption.py has what the page
does with each frame.
"""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import time_ns
from typing import Any

import pytest

from tests.browser.chat_page import ChatPage, OpenPage
from tests.browser.disconnection import come_back, cut, take_nickname
from tests.browser.server_harness import Server, send_messages
from tests.browser.tcp_proxy import tcp_proxy
from tests.e2e.native_peer import Peer
from tests.ports import HOST

#: What the page hands to the next one in its tab; this page goes on all the same.
_HANDED_OVER = """() => {
  dispatchEvent(new PageTransitionEvent('pagehide'))
  const stored = JSON.stringify({...sessionStorage})
  sessionStorage.removeItem('session')
  return stored
}"""


def send_private(sender: Peer, *texts: str, to: str = "ice") -> None:
    """Have a member send private messages, and wait until each is confirmed.

    Each has a time of its own: that is what its place among the messages of a room depends on.
    """
    for text in texts:
        wait_for_next_millisecond()
        sender.send("private", {"text": text, "to": [to]}, id=text[:8])
        sender.receive("ok")
        wait_for_next_millisecond()


def wait_for_next_millisecond() -> None:
    """Wait until what happens next has a later time on the server, whose clock is this one."""
    now = time_ns() // 1_000_000
    while time_ns() // 1_000_000 <= now:
        pass


def seen_by(peer: Peer) -> list[str]:
    """What `peer` has read until now: the texts of messages, and the types of other events."""
    peer.send("ping", id="ping")
    frames = peer.receive_through("pong")[:-1]
    return [frame.get("data", {}).get("text", frame["type"]) for frame in frames]


def shown(page: ChatPage) -> list[str]:
    """The texts of all items; a notice about the user's own entering is none."""
    return [text for _, _, text in page.items]


@contextmanager
def suspended(server: Server) -> Iterator[None]:
    """A server that handles nothing meanwhile; what it is sent waits for it."""
    server.program.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        server.program.send_signal(signal.SIGCONT)


def wait_for_empty_outbox(page: ChatPage) -> None:
    page.wait_until("() => document.querySelector('#outbox').hidden")


def leave_page(page: ChatPage) -> None:
    """Go to another page in the same tab."""
    page.call("Page.navigate", url="about:blank")
    page.wait_until("() => location.href === 'about:blank'")


def open_with(open_url: OpenPage, url: str, stored: str) -> ChatPage:
    """A page whose tab has these items in its session storage."""
    page = open_url("about:blank#")
    page.call(
        "Page.addScriptToEvaluateOnNewDocument",
        source=f"""if (!sessionStorage.getItem('is-copied')) {{
          Object.entries({stored}).forEach((each) => sessionStorage.setItem(...each))
          sessionStorage.setItem('is-copied', 'yes')
        }}""",
    )
    page.url = url
    page.open(url)
    return page


def fail_to_send(page: ChatPage, *texts: str) -> None:
    """Send lines that are lost on the way to the server."""
    page.run(
        """() => {
            window.send = WebSocket.prototype.send
            WebSocket.prototype.send = () => undefined
        }"""
    )
    for text in texts:
        page.send(text)
        page.wait_until(
            "(text) => document.querySelector('#outbox').innerText.includes(text)", text
        )
    page.run("() => { WebSocket.prototype.send = window.send }")


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
        assert shown(ice) == ["one", "a secret", "two", "three"]
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
            "a secret",
            "typed while offline",
        ]


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
        ice.wait_for_message("first secret", kind="private")
        cut(ice, proxy)
        send_messages(moon, "two")
        send_private(moon, "second secret")
        send_messages(moon, "three")
        come_back(ice, proxy)
        send_messages(moon, "four")
        ice.wait_for_message("four", "moon")
        expected = ["one", "first secret", "two", "second secret", "three", "four"]
        assert shown(ice) == expected
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
    ice.request_nickname("ice")
    ice.fill(ice.find("textbox", "Password", "#password-form"), "cold")
    ice.press("Enter")
    ice.wait_for_state("online")
    ice.reload()  # the page forgets the password
    ice.wait_for_state("online")
    ice.wait_for_status("Online as ice")


# --- a reload -----------------------------------------------------------------------------------


def test_a_reload_is_told_to_nobody(open_page: OpenPage, server: Server) -> None:
    moon, ice = server.add_member("moon"), open_page("ice")
    ice.join_room("#dev")
    ice.wait_for_notice("ice has joined #dev")
    ice.send("before")
    ice.wait_for_message("before", kind="own")
    moon.send("join", {"room": "#dev"}, id="join")
    moon.receive("ok")
    for _ in range(2):
        ice.reload()
        ice.wait_for_state("online")
        ice.wait_for_status("Online as ice")
        ice.wait_for_room("#dev")
        ice.wait_for_message("before", kind="own")
    ice.send("after")
    ice.wait_for_message("after", kind="own")
    assert ice.texts_from("ice") == ["before", "after"]
    assert seen_by(moon) == ["after"]


def test_what_is_said_during_a_reload_is_shown_once(open_page: OpenPage, server: Server) -> None:
    moon, ice = server.add_member("moon"), open_page("ice")
    moon.receive("entered")
    send_messages(moon, "one")
    send_private(moon, "first secret")
    ice.wait_for_message("first secret", kind="private")
    with suspended(server):
        ice.send("mine")
        leave_page(ice)
    assert moon.receive("message")["data"]["text"] == "mine"
    send_messages(moon, "two")
    send_private(moon, "second secret")
    send_messages(moon, "three")
    ice.open(server.url)
    ice.wait_for_state("online")
    ice.wait_for_message("three", "moon")
    ice.wait_for_message("one", "moon")
    wait_for_empty_outbox(ice)
    expected = ["one", "first secret", "mine", "two", "second secret", "three"]
    assert shown(ice) == expected
    ice.reload()
    ice.wait_for_message("three", "moon")
    assert shown(ice) == expected
    assert seen_by(moon) == []


@pytest.mark.parametrize("free_characters", [0, 1_500], ids=["full", "nearly full"])
def test_with_full_storage_no_private_message_is_lost_silently(
    free_characters: int, open_page: OpenPage, server: Server
) -> None:
    """If there is space for the session, they are sent again; if not, the user enters again."""
    moon, ice = server.add_member("moon"), open_page("ice")
    send_private(moon, *(f"{number} {'x' * 1_000}" for number in range(4)))
    ice.wait_for_message(f"3 {'x' * 1_000}", kind="private")
    ice.run(
        """(free) => {
          for (let size = 2 ** 23; size >= 1; size /= 2) {
            const filled = sessionStorage.getItem('filled') ?? ''
            try { sessionStorage.setItem('filled', filled + 'x'.repeat(size)) } catch {}
          }
          sessionStorage.setItem('filled', sessionStorage.getItem('filled').slice(free))
        }""",
        free_characters,
    )
    ice.reload()
    if free_characters:
        ice.wait_for_state("online")
        ice.wait_for_message(f"3 {'x' * 1_000}", kind="private")
        assert [text.split()[0] for text in ice.texts_from("moon")] == ["0", "1", "2", "3"]
    else:
        ice.wait_for_state("watching")
    ice.run("() => sessionStorage.removeItem('filled')")


def test_a_tab_that_is_opened_again_after_hours_does_not_enter_by_itself(
    open_page: OpenPage, open_url: OpenPage, server: Server
) -> None:
    ice = open_page("ice")
    stored = ice.run(_HANDED_OVER)
    hours_later = stored.replace('\\"savedAt\\":', '\\"savedAt\\":-')
    assert hours_later != stored
    later = open_with(open_url, server.url, hours_later)
    later.wait_for_state("watching")


@pytest.mark.parametrize(
    "session",
    [
        *("5", "[]", "{}", '"x"', "{"),
        '{"savedAt": 9e15, "nickname": "ice", "rooms": 5, "currentRoom": "#lobby", "lastId": 1,'
        '"token": "x", "lastPrivate": 0, "seen": []}',
        '{"savedAt": 9e15, "nickname": "ice", "rooms": [], "currentRoom": "#lobby", "lastId": 1,'
        '"token": "x", "lastPrivate": 0, "seen": [["#lobby", -1]]}',
    ],
)
def test_an_invalid_stored_session_is_ignored(session: str, open_page: OpenPage) -> None:
    page = open_page()
    page.run(
        """(session) => addEventListener('pagehide', () => {
             sessionStorage.setItem('session', session)
        })""",
        session,
    )
    page.reload()
    page.wait_for_state("watching")
    page.join("ice")


def test_a_false_token_enters_anew(open_page: OpenPage, open_url: OpenPage, server: Server) -> None:
    stored = open_page("ice").run(_HANDED_OVER)
    false = stored.replace('\\"token\\":\\"', '\\"token\\":\\"0').replace("ice", "sun")
    sun = open_with(open_url, server.url, false)
    sun.wait_for_state("online")
    sun.wait_for_status("Online as sun")


def test_a_page_that_comes_back_from_the_browsers_memory_is_loaded_again(
    open_page: OpenPage,
) -> None:
    """Another page of the tab may have gone on with its session meanwhile."""
    ice = open_page("ice")
    ice.run(
        """() => {
          window.isOld = true
          dispatchEvent(new PageTransitionEvent('pagehide', {persisted: true}))
          dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))
        }"""
    )
    ice.wait_until("() => document.readyState === 'complete' && !window.isOld")
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
    ice.wait_for_message("a secret", kind="private")
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
    assert shown(ice) == [
        "before",
        "a secret",
        "meanwhile",
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


# --- two windows, and the end -------------------------------------------------------------------


def test_a_duplicated_tab_is_another_member_and_leaves_the_first_one_alone(
    open_page: OpenPage, open_url: OpenPage, server: Server
) -> None:
    moon, ice = server.add_member("moon"), open_page("ice")
    ice.reload()  # the page has a session that was handed over
    ice.wait_for_state("online")
    moon.receive("entered")
    copy = open_with(open_url, server.url, ice.run("() => JSON.stringify({...sessionStorage})"))
    copy.wait_for_state("watching")
    copy.request_nickname("ice")
    copy.wait_for_error("taken")
    copy.join("sun")
    copy.send("two of us")
    ice.wait_for_message("two of us", "sun")
    ice.send("indeed")
    copy.wait_for_message("indeed", "ice")
    assert seen_by(moon) == ["entered", "two of us", "indeed"]


def test_two_windows_with_one_session_do_not_fight(
    open_page: OpenPage, open_url: OpenPage, server: Server
) -> None:
    moon, first = server.add_member("moon"), open_page("ice")
    first.send("one")
    first.wait_for_message("one", kind="own")
    second = open_with(open_url, server.url, first.run(_HANDED_OVER))
    second.wait_for_status("Online as ice")
    first.wait_for_state("elsewhere")
    assert not first.find_all("button", "header")
    first.retry_now()  # the network comes back, or the computer wakes up
    for number in range(3):
        second.send(f"here {number}")
        second.wait_for_message(f"here {number}", kind="own")
    assert first.run("() => document.body.dataset.state") == "elsewhere"
    first.click(first.find("button", "Continue here"))
    first.wait_for_state("online")
    second.wait_for_state("elsewhere")
    first.wait_for_message("here 2", kind="own")
    first.send("here again")
    first.wait_for_message("here again", kind="own")
    wait_for_empty_outbox(first)
    said = ["one", "here 0", "here 1", "here 2", "here again"]
    assert first.texts_from("ice") == said
    assert seen_by(moon) == ["entered", *said]


def test_a_window_that_has_handed_over_does_not_take_the_session_back_by_a_reload(
    open_page: OpenPage, open_url: OpenPage, server: Server
) -> None:
    first = open_page("ice")
    second = open_with(open_url, server.url, first.run(_HANDED_OVER))
    second.wait_for_status("Online as ice")
    first.wait_for_state("elsewhere")
    first.reload()
    first.wait_for_state("watching")
    second.send("still here")
    first.wait_for_message("still here", "ice")


def test_others_are_told_at_once_when_the_user_leaves_and_nothing_can_be_resumed(
    open_page: OpenPage, server: Server
) -> None:
    moon, ice = server.add_member("moon"), open_page("ice")
    ice.click(ice.find("button", "Leave", "header"))
    assert moon.receive("left")["data"] == {"nickname": "ice", "reason": "quit"}
    ice.wait_for_state("left")
    assert "token" not in ice.run(_HANDED_OVER)


def test_others_are_told_when_a_closed_tab_does_not_come_back(
    open_page: OpenPage, server: Server
) -> None:
    moon, ice = server.add_member("moon"), open_page("ice")
    leave_page(ice)
    assert moon.receive("left")["data"] == {"nickname": "ice", "reason": "connection lost"}


def test_the_page_shows_who_is_away(open_page: OpenPage, server: Server) -> None:
    moon: Any = server.add_member("moon")
    moon.reset()
    ice = open_page("ice")
    ice.find("button", "moon ?away", "aside")
    ice.send("/users")
    ice.wait_for_notice("moon in #lobby (away)")
