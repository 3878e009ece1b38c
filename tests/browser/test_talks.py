"""Private talks have a place of their own, and what is private is seen to be private."""

from typing import Any, Final

import pytest

from tests.browser.chat_page import SMALL_PHONE, ChatPage, OpenPage
from tests.browser.server_harness import Server, send_messages
from tests.e2e.native_peer import Peer


def send_private(sender: Peer, text: str, *to: str) -> None:
    """Have a member send a private message, and wait until it is confirmed."""
    sender.send("private", {"text": text, "to": list(to)}, id=text[:8])
    sender.receive("ok")


@pytest.mark.smoke
def test_a_private_message_is_shown_in_its_talk_only_and_counted_there(
    open_page: OpenPage, server: Server
) -> None:
    moon, ice = server.add_member("moon"), open_page("ice")
    send_private(moon, "a secret", "ice")
    send_private(moon, "and another one", "ice")
    ice.find("button", "moon , unread: 2", "#talk-list")
    send_messages(moon, "for everybody")
    ice.wait_for_message("for everybody", "moon")
    assert "a secret" not in ice.run("() => document.querySelector('#log').textContent")
    assert ice.private_texts("moon") == ["a secret", "and another one"]
    ice.find("button", "moon", "#talk-list")
    assert "for everybody" not in ice.run("() => document.querySelector('#log').textContent")


def test_what_is_typed_in_a_talk_goes_to_its_members_only(
    open_page: OpenPage, server: Server
) -> None:
    moon, sun, ice = server.add_member("moon"), server.add_member("sun"), open_page("ice")
    send_private(moon, "for two", "ice", "sun")
    sun.receive("private")
    ice.open_talk("moon", "sun")
    ice.find("button", "Send privately", "#composer")
    ice.find("StaticText", "Privately to moon, sun", "#recipients")
    ice.send("an answer")
    ice.wait_for_message("an answer", "ice", "private")
    for peer in (moon, sun):
        answer = peer.receive("private")["data"]
        assert (answer["text"], sorted(answer["to"])) == ("an answer", ["moon", "sun"])
    ice.send("/me winks")
    assert moon.receive("private")["data"]["action"]
    ice.send("/leave")
    ice.wait_for_room("#lobby")
    assert ice.run("() => document.querySelector('#talk-list').hidden")


@pytest.mark.smoke
def test_a_line_that_begins_with_a_name_is_seen_to_be_private_before_it_is_sent(
    open_page: OpenPage, server: Server
) -> None:
    moon, ice = server.add_member("moon"), open_page("ice")
    ice.fill_message("hello @moon")
    ice.find("button", "Send", "#composer")
    ice.fill_message("@moon hello")
    ice.find("button", "Send privately", "#composer")
    ice.find("StaticText", "Privately to moon", "#recipients")
    ice.press("Enter")
    assert moon.receive("private")["data"]["text"] == "hello"
    ice.find("button", "Send", "#composer")
    ice.wait_for_notice("Sent privately to moon")
    ice.click(ice.find("button", "moon", "#log"))
    ice.wait_for_message("hello", "ice", "private")


def test_each_talk_has_its_own_draft_which_survives_a_reload(
    open_page: OpenPage, server: Server
) -> None:
    server.add_member("moon")
    ice = open_page("ice")
    ice.fill_message("half a line for all")
    ice.click(ice.find("button", "moon.*", "aside"))
    ice.wait_for_draft("")
    ice.type("half a secret")
    ice.select_room("#lobby")
    ice.wait_for_draft("half a line for all")
    ice.reload()
    ice.wait_for_state("online")
    ice.open_talk("moon")
    ice.wait_for_draft("half a secret")


def test_a_talk_goes_on_under_another_nickname(open_page: OpenPage, server: Server) -> None:
    moon, ice = server.add_member("moon"), open_page("ice")
    send_private(moon, "before", "ice")
    ice.open_talk("moon")
    ice.wait_for_message("before", kind="private")
    moon.send("set-name", {"nickname": "luna"}, id="name")
    moon.receive("ok")
    ice.find("button", "luna", "#talk-list")
    ice.wait_for_notice("moon renamed to luna")
    ice.send("after")
    assert moon.receive("private")["data"]["text"] == "after"


def test_the_talks_of_one_user_are_not_shown_to_the_next_one(
    open_page: OpenPage, server: Server
) -> None:
    moon, ice = server.add_member("moon"), open_page("ice")
    send_private(moon, "a secret", "ice")
    ice.open_talk("moon")
    ice.wait_for_message("a secret", kind="private")
    ice.leave()
    ice.wait_for_state("left")
    ice.click(ice.find("button", "Reconnect"))
    ice.wait_for_state("watching")
    ice.join("sun")
    ice.wait_for_room("#lobby")
    assert ice.run("() => document.querySelector('#talk-list').hidden")


def test_a_closed_talk_comes_back_with_the_next_message(
    open_page: OpenPage, server: Server
) -> None:
    moon, ice = server.add_member("moon"), open_page("ice", size=SMALL_PHONE)
    send_private(moon, "first", "ice")
    ice.open_talk("moon")
    ice.wait_for_message("first", kind="private")
    ice.click(ice.find("button", "Close the talk", "main"))
    ice.wait_for_room("#lobby")
    send_private(moon, "second", "ice")
    ice.find("button", "Rooms , unread: 1", "header")
    assert ice.private_texts("moon") == ["first", "second"]


def test_who_is_ignored_is_not_shown_until_that_ends(open_page: OpenPage, server: Server) -> None:
    moon, sun, ice = server.add_member("moon"), server.add_member("sun"), open_page("ice")
    ice.send("/ignore moon")
    ice.wait_for_notice("/unignore shows it again")
    send_messages(moon, "in the room")
    send_private(moon, "in private", "ice")
    send_messages(sun, "next")
    ice.wait_for_message("next", "sun")
    assert ice.texts_from("moon") == []
    assert ice.run("() => document.querySelector('#talk-list').hidden")
    ice.reload()
    ice.wait_for_state("online")
    ice.wait_for_message("next", "sun")
    assert ice.texts_from("moon") == []
    ice.send("/unignore moon")
    ice.wait_for_message("in the room", "moon")


#: The talks after actions: the key, what it has, and how much of it is unread.
_TALKS: Final = """async (actions) => {
  const [{INITIAL_STATE}, {reduce}] = await Promise.all(
    ['state', 'reducer'].map((name) => import(`/static/${name}.js`)))
  const state = actions.reduce(reduce, INITIAL_STATE)
  return [...state.rooms].filter(([key]) => key.startsWith('@')).map(([key, room]) =>
    [key, room.items.map(({text, words}) =>
       text ?? words.map((each) => each.name ?? each).join('')), room.unread])
}"""


def frame(kind: str, **data: Any) -> dict[str, Any]:
    """The action of receiving a frame."""
    return {"type": "frameReceived", "frame": {"type": kind, "data": data}, "now": 9}


def private(source: str, text: str, time: int, *others: str) -> dict[str, Any]:
    return frame("private", source=source, to=["ice", *others], text=text, time=time)


WELCOME: Final = frame("welcome", server="party", started=1, nickname="ice")


def test_a_talk_that_gets_the_name_of_another_one_has_what_both_had(
    module_page: ChatPage,
) -> None:
    said = [private("moon", "one", 1), private("luna", "two", 2), private("moon", "three", 3)]
    renamed = frame("renamed", old="moon", new="Luna")
    talks = module_page.run(_TALKS, [WELCOME, *said, renamed])
    assert talks == [["@luna", ["one", "two", "three", "moon renamed to Luna"], 3]]


def test_a_talk_is_the_same_whoever_writes_and_in_whatever_spelling(module_page: ChatPage) -> None:
    said = [private("moon", "one", 1, "SUN"), private("sun", "two", 2, "Moon")]
    assert module_page.run(_TALKS, [WELCOME, *said]) == [["@moon,sun", ["one", "two"], 2]]


def test_no_more_talks_are_kept_than_the_limit(module_page: ChatPage) -> None:
    said = [private(f"guest{number}", "hello", number) for number in range(230)]
    talks = module_page.run(_TALKS, [WELCOME, *said])
    assert [key for key, _, _ in talks] == [f"@guest{number}" for number in range(30, 230)]


def test_unsent_private_lines_are_shown_in_their_talk_only(
    open_page: OpenPage, server: Server
) -> None:
    server.add_member("moon")
    ice = open_page("ice")
    ice.expect_connection_errors()
    ice.send("/query nobody")
    ice.find("button", "Send privately", "#composer")
    server.kill()
    ice.wait_for_state("reconnecting")
    ice.send("a secret")
    ice.wait_until("() => document.querySelector('#outbox').innerText.includes('a secret')")
    ice.select_room("#lobby")
    ice.send("@moon another secret")
    ice.send("for everybody")
    ice.wait_until("() => document.querySelector('#outbox').children.length === 2")
    ice.join_room("#dev")
    ice.wait_until("() => document.querySelector('#outbox').children.length === 2")
    assert "secret" not in ice.run("() => document.querySelector('#outbox').innerText")
    ice.find("button", "#lobby unsent.*", "#room-list")
    server.start()
    ice.retry_now()
    ice.wait_for_state("online")
    ice.wait_until("() => document.querySelector('#outbox').children.length === 0")
    ice.reload()
    ice.wait_for_state("online")
    ice.find("button", "nobody unsent.*", "#talk-list")
    assert "secret" not in ice.run("() => document.querySelector('#outbox').innerText")
    ice.open_talk("nobody")
    ice.wait_until("() => document.querySelector('#outbox').innerText.includes('a secret')")


@pytest.mark.parametrize("reloads", [False, True])
def test_what_one_user_had_not_sent_privately_is_not_shown_to_the_next_one(
    open_page: OpenPage, server: Server, reloads: bool
) -> None:
    server.add_member("moon")
    ice = open_page("ice")
    ice.click(ice.find("button", "moon.*", "aside"))
    ice.find("button", "Send privately", "#composer")
    ice.send("sent")
    ice.wait_for_message("sent", "ice", "private")
    ice.fill_message("half a secret")
    ice.leave()
    ice.wait_for_state("left")
    if reloads:
        ice.reload()
    else:
        ice.click(ice.find("button", "Reconnect"))
    ice.wait_for_state("watching")
    ice.join("sun")
    ice.wait_for_notice("What ice had not sent in private talks was removed.")
    ice.click(ice.find("button", "moon.*", "aside"))
    ice.find("button", "Send privately", "#composer")
    ice.wait_for_draft("")
    ice.press("ArrowUp")
    ice.wait_for_draft("")


_OUTBOX: Final = """async (actions) => {
  const [{INITIAL_STATE}, {reduce}] = await Promise.all(
    ['state', 'reducer'].map((name) => import(`/static/${name}.js`)))
  return actions.reduce(reduce, INITIAL_STATE).outbox.map(({frame, room}) => [frame.data.to, room])
}"""


def test_private_lines_that_wait_follow_their_recipients_to_another_nickname(
    module_page: ChatPage,
) -> None:
    def line(*to: str) -> dict[str, Any]:
        sent = {"type": "private", "data": {"text": "hi", "to": list(to)}}
        return {"type": "lineQueued", "line": "hi", "frame": sent}

    said = [WELCOME, private("moon", "one", 1), {"type": "talkOpened", "nicknames": ["moon"]}]
    lines = [line("Moon"), {"type": "roomSelected", "room": "#lobby"}, line("sun", "moon")]
    renamed = frame("renamed", old="moon", new="luna")
    assert module_page.run(_OUTBOX, [*said, *lines, renamed]) == [
        [["luna"], "@luna"],
        [["sun", "luna"], "#lobby"],
    ]


def test_a_line_is_not_sent_to_a_room_that_the_user_does_not_see_yet(
    open_page: OpenPage, server: Server
) -> None:
    moon, ice = server.add_member("moon"), open_page("ice")
    send_private(moon, "a secret", "ice")
    ice.open_talk("moon")
    ice.fill_message("an answer")
    # The room changes, as after a notification is clicked, and Enter is pressed before it is drawn.
    ice.run(
        """async () => {
          const {createSession} = await import('/static/session.js')
          const {createStore} = await import('/static/reducer.js')
          const {INITIAL_STATE} = await import('/static/state.js')
          const store = createStore(INITIAL_STATE)
          const session = createSession(store)
          store.dispatch({type: 'talkOpened', nicknames: ['moon']})
          const seen = store.state.currentRoom
          store.dispatch({type: 'roomSelected', room: '#lobby'})
          window.result = [session.submit('an answer', seen), store.state.outbox.length,
                           store.state.error]
        }"""
    )
    assert ice.run("() => window.result") == [
        False,
        0,
        "Another room is shown now. Nothing was sent.",
    ]


def test_a_talk_says_who_has_left_whatever_is_shown_of_arrivals(
    open_page: OpenPage, server: Server
) -> None:
    moon, ice = server.add_member("moon"), open_page("ice")
    send_private(moon, "a secret", "ice")
    ice.open_menu()
    ice.run(
        """() => {
          document.querySelector('#arrivals').value = 'none'
          document.querySelector('#arrivals').dispatchEvent(new Event('change'))
        }"""
    )
    ice.press("Escape")
    ice.open_talk("moon")
    moon.send("quit")
    ice.wait_for_notice("moon has left")
    server.add_member("moon")
    ice.wait_for_notice("moon has entered")


def test_lines_to_one_user_are_not_recalled_for_the_next_one_of_that_nickname(
    open_page: OpenPage, server: Server
) -> None:
    moon, sun, ice = server.add_member("moon"), server.add_member("sun"), open_page("ice")
    send_private(moon, "hello", "ice")
    ice.open_talk("moon")
    ice.send("for one only")
    ice.wait_for_message("for one only", "ice", "private")
    ice.press("ArrowUp")
    ice.wait_for_draft("for one only")
    ice.press("ArrowDown")
    ice.wait_for_draft("")
    for peer, nickname in ((moon, "luna"), (sun, "moon")):
        peer.send("set-name", {"nickname": nickname}, id=nickname)
        peer.receive("ok")
    send_private(sun, "hello", "ice")
    ice.open_talk("moon")
    ice.wait_for_message("hello", "moon", "private")
    ice.press("ArrowUp")
    ice.type("!")
    ice.wait_for_draft("!")


def test_a_message_to_oneself_is_shown_once_and_in_the_talk_with_the_others(
    open_page: OpenPage, server: Server
) -> None:
    moon, ice = server.add_member("moon"), open_page("ice")
    ice.send("/query ice")
    ice.find("button", "Close the talk", "main")
    ice.send("a note")
    ice.send("another one")
    ice.wait_for_message("another one", "ice", "private")
    ice.send("/query Moon,ICE")
    ice.send("for two")
    assert moon.receive("private")["data"]["text"] == "for two"
    assert ice.private_texts("moon") == ["for two"]
    ice.send("@moon,ice once")
    moon.receive("private")
    ice.send("last")
    ice.wait_for_message("last", "ice", "private")
    assert ice.private_texts("moon") == ["for two", "once", "last"]
    assert ice.private_texts("ice") == ["a note", "another one"]
