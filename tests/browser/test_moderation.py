"""What hosts and operators do, as a member sees it on the page."""

import re
from typing import Any

from tests.browser.chat_page import ChatPage, OpenPage
from tests.browser.scripted_server import OpenScripted, receive, receive_users, wait_for_sent
from tests.browser.server_harness import Server, send_messages


def receive_settings(page: ChatPage, room: str = "#lobby", **settings: Any) -> None:
    none: dict[str, Any] = dict.fromkeys(
        ("read_only", "closed", "keyed", "private", "topic_locked"), False
    )
    receive(page, "room-settings", **{"room": room, "slow": 0, **none, **settings})


def has_button(page: ChatPage, name: str) -> bool:
    """Whether there is a button whose whole name matches a regular expression."""
    return any(re.fullmatch(name, each.name) for each in page.find_all("button"))


def text_of(page: ChatPage, selector: str) -> str:
    text: str = page.run("(selector) => document.querySelector(selector).innerText", selector)
    return text


def has_error(page: ChatPage) -> bool:
    """Whether an error is shown at the composer, once what has happened is drawn."""
    is_shown: bool = page.run(
        """() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(
             () => done(!document.querySelector('#composer-error').hidden))))"""
    )
    return is_shown


def test_hosts_and_operators_are_marked_in_the_list_of_users(open_scripted: OpenScripted) -> None:
    ice = open_scripted()
    users = [
        {"nickname": "ana", "since": 1, "rooms": ["#lobby"], "host": True},
        {"nickname": "ice", "since": 1, "rooms": ["#lobby"]},
        {"nickname": "moon", "since": 1, "rooms": ["#lobby", "#dev"], "operator": ["#dev"]},
    ]
    receive(ice, "users", "users", users=users, more=False)
    ice.find("button", "ana.*host", "aside")
    assert not has_button(ice, "moon.*operator")
    receive(ice, "moderation", what="host", by="ana", nickname="moon")
    ice.wait_for_notice("moon is a host now.")
    ice.find("button", "moon.*host", "aside")


def test_who_makes_a_room_by_joining_is_its_operator(open_page: OpenPage, server: Server) -> None:
    moon, ice = server.add_member("moon"), open_page("ice")
    moon.send("join", {"room": "#dev"}, id=1)
    moon.receive("ok")
    ice.join_room("#dev")
    ice.find("button", "moon.*operator", "#room-users")
    assert not has_button(ice, "Settings")
    ice.join_room("#own")
    ice.find("button", "Settings", "main")


def test_the_settings_of_a_room_are_in_its_title(open_scripted: OpenScripted) -> None:
    ice = open_scripted()
    receive_settings(ice, slow=10, closed=True, keyed=True, private=True, topic_locked=True)
    ice.wait_until("() => !document.querySelector('#room-settings').hidden")
    assert text_of(ice, "#room-settings") == (
        "slow: 10 s · closed · joining needs a word · for its members alone · topic locked"
    )
    assert not has_button(ice, "Set a topic")
    receive_settings(ice)
    ice.find("button", "Set a topic")
    ice.wait_until("() => document.querySelector('#room-settings').hidden")


def test_a_read_only_room_keeps_the_draft_and_takes_what_is_no_message(
    open_scripted: OpenScripted,
) -> None:
    ice = open_scripted()
    ice.fill_message("half a sent")
    receive_settings(ice, read_only=True)
    ice.wait_until("() => !document.querySelector('#composer-note').hidden")
    assert text_of(ice, "#composer-note") == (
        "#lobby is read-only: hosts and its operators write there."
    )
    ice.press("Enter")
    assert not has_error(ice), "the note says it"
    ice.wait_for_draft("half a sent")
    assert not ice.run("() => sent.some(({type}) => type === 'message')")
    ice.send("@moon a question")
    assert wait_for_sent(ice, "private")["data"]["text"] == "a question"
    ice.send("/whois moon")
    wait_for_sent(ice, "whois")
    receive_users(ice, host=True)
    ice.wait_until("() => document.querySelector('#composer-note').hidden")
    ice.fill_message("half a sent")
    ice.press("Enter")
    assert wait_for_sent(ice, "message")["data"]["text"] == "half a sent"


def test_a_slow_room_counts_down_and_keeps_what_is_typed(open_scripted: OpenScripted) -> None:
    ice = open_scripted()
    ice.send("the first one")
    ice.wait_for_message("the first one", kind="own")
    receive_settings(ice, slow=3600)
    ice.wait_until("() => !document.querySelector('#composer-note').hidden")
    assert re.fullmatch(
        r"#lobby is slow. You can write again in (1 h|59 min.*)\.", text_of(ice, "#composer-note")
    )
    ice.send("the second one")
    assert not has_error(ice), "the note says it"
    ice.wait_for_draft("the second one")
    ice.send("/me waves")
    assert not has_error(ice), "the note says it"
    ice.wait_for_draft("/me waves")
    receive_settings(ice, slow=0)
    ice.wait_until("() => document.querySelector('#composer-note').hidden")
    ice.send("the third one")
    ice.wait_for_message("the third one", kind="own")


def test_a_refusal_that_comes_after_the_note_does_not_say_it_again(
    open_scripted: OpenScripted,
) -> None:
    ice = open_scripted()
    ice.run("() => { held.push('message') }")
    ice.send("just before it")
    frame_id = wait_for_sent(ice, "message")["id"]
    receive_settings(ice, read_only=True)
    text = "#lobby is read-only: hosts and its operators write there."
    receive(ice, "error", frame_id, code="read-only", message=text)
    ice.wait_for_draft("just before it")
    assert not has_error(ice)
    assert text_of(ice, "#composer").count("read-only") == 1


def test_what_a_muted_member_types_stays(open_scripted: OpenScripted) -> None:
    ice = open_scripted()
    ice.run("() => { held.push('message') }")
    until = ice.run("() => Date.now() + 600_000")
    receive(ice, "restricted", what="mute", by="ana", room="#lobby", reason="spam.", until=until)
    ice.wait_for_notice("You are muted in #lobby for")
    ice.wait_for_notice(": spam.")
    ice.send("but I must say")
    frame_id = wait_for_sent(ice, "message")["id"]
    receive(ice, "error", frame_id, code="muted", message="You are muted in #lobby for 9 min.")
    ice.wait_for_error("You are muted in #lobby for 9 min.")
    ice.wait_for_draft("but I must say")


def test_after_a_kick_only_the_user_comes_back(open_scripted: OpenScripted) -> None:
    ice = open_scripted()
    ice.fill_message("half a sent")
    receive(ice, "restricted", what="kick", by="ana", reason="spam")
    receive(ice, "goodbye", reason="kicked")
    ice.wait_for_state("left")
    assert text_of(ice, "#left-text") == (
        "You were removed from the chat by ana: spam. You may come back."
    )
    ice.retry_now()
    ice.wait_for_state("left")
    ice.run("() => { sent.length = 0 }")
    ice.click(ice.find("button", "Enter again"))
    assert wait_for_sent(ice, "hello")["data"] == {"nickname": "ice", "version": 1}
    ice.wait_for_draft("half a sent")


def test_a_banned_user_reads_for_how_long_and_why(open_scripted: OpenScripted) -> None:
    ice = open_scripted()
    until = ice.run("() => Date.now() + 7_200_000")
    receive(ice, "restricted", what="ban", by="ana", reason="spam", until=until)
    receive(ice, "goodbye", reason="banned")
    ice.wait_for_state("left")
    assert re.fullmatch(
        r"You are banned from the chat for (2 h|1 h 59 min)[^:]*: spam\.",
        text_of(ice, "#left-text"),
    )
    assert not has_button(ice, "Enter again")
    ice.click(ice.find("button", "Reconnect"))
    ice.wait_for_state("watching")


def test_a_blocked_member_and_one_banned_while_away_read_so(open_scripted: OpenScripted) -> None:
    ice = open_scripted()
    receive(ice, "goodbye", reason="blocked")
    ice.wait_for_state("left")
    assert "Your account was blocked." in text_of(ice, "#left-text")
    ice.click(ice.find("button", "Reconnect"))
    ice.wait_for_state("watching")
    ice.run("() => { held.push('hello') }")
    ice.request_nickname("ice")
    wait_for_sent(ice, "hello")
    message = "You are banned from the chat for 5 min: spam."
    receive(ice, "error", "hello", code="banned", message=message)
    ice.wait_for_state("left")
    assert text_of(ice, "#left-text") == message


def test_a_removed_message_goes_off_the_screen_at_once(
    open_scripted: OpenScripted, server: Server
) -> None:
    moon, ice = server.add_member("moon"), open_scripted()
    send_messages(moon, "one bad word", "another line")
    ice.wait_for_message("another line")
    ice.send("/search bad")
    ice.wait_until("() => document.querySelectorAll('#results li').length === 1")
    receive(ice, "moderation", what="remove", by="ana", nickname="moon", room="#lobby", seq=1)
    ice.wait_for_message("Removed by ana.", "moon")
    ice.wait_until("() => document.querySelector('#results').textContent.includes('Removed by')")
    assert "bad" not in ice.run("() => document.querySelector('main').textContent")
    assert "bad" not in ice.run("() => JSON.stringify({...sessionStorage, ...localStorage})")
    assert ice.texts_from("moon") == ["Removed by ana.", "another line"]


def test_what_was_removed_while_the_page_was_away_goes_with_the_history(
    open_scripted: OpenScripted, server: Server
) -> None:
    moon, ice = server.add_member("moon"), open_scripted()
    send_messages(moon, "one bad word")
    ice.wait_for_message("one bad word")
    time = ice.run("() => Date.parse(document.querySelector('#items time').dateTime)")
    message = {"room": "#lobby", "seq": 1, "time": time, "source": "moon", "text": ""}
    removed = {**message, "removed": "ana"}
    receive(ice, "history", "history #lobby", room="#lobby", messages=[removed], more=False)
    ice.wait_for_message("Removed by ana.", "moon")


def test_a_keyed_room_asks_for_its_word(open_scripted: OpenScripted) -> None:
    ice = open_scripted()
    ice.run("() => { held.push('join') }")
    ice.open_drawer("nav")
    ice.fill(ice.find("textbox", "Room.*", "nav"), "#dev")
    ice.click(ice.find("button", "Join", "nav"))
    refusal = {"code": "wrong-key", "message": "Joining #dev needs its word: /join #dev WORD."}
    receive(ice, "error", wait_for_sent(ice, "join")["id"], **refusal)
    ice.find("dialog", "Join #dev")
    ice.type("sesame")
    ice.press("Enter")
    ice.wait_until("() => sent.some(({data}) => data?.key === 'sesame')")
    assert "sesame" not in ice.run("() => JSON.stringify({...sessionStorage, ...localStorage})")
    receive(ice, "error", wait_for_sent(ice, "join")["id"], **refusal)
    ice.find("dialog", "Join #dev")
    assert "That is not the word." in text_of(ice, "#dialog")
    ice.press("Escape")
    ice.wait_until("() => document.querySelector('#dialog').hidden")
    ice.wait_for_room("#lobby")


def test_the_host_code_is_sent_and_kept_nowhere(open_scripted: OpenScripted) -> None:
    ice = open_scripted()
    ice.open_menu()
    ice.click(ice.find("button", "Become a host"))
    ice.find("dialog", "Become a host")
    ice.type("k7xp-m2qa")
    ice.press("Enter")
    assert wait_for_sent(ice, "host")["data"] == {"code": "k7xp-m2qa"}
    receive(ice, "error", "host", code="wrong-code", message="That is not the host code.")
    ice.wait_for_error("That is not the host code.")
    ice.fill_message("/host secret-code")
    ice.wait_for_draft("/host secret-code")
    stored = ice.run("() => JSON.stringify({...sessionStorage, ...localStorage})")
    assert "secret" not in stored
    assert "m2qa" not in stored
    assert "m2qa" not in ice.run("() => document.body.textContent")


def test_the_word_of_a_room_is_shown_and_kept_nowhere(open_scripted: OpenScripted) -> None:
    ice = open_scripted()
    ice.run("() => { held.push('join') }")
    ice.send("/key #dev sesame")
    ice.wait_until("() => sent.some(({data}) => data?.key === 'sesame')")
    ice.wait_until("() => document.querySelector('#outbox').textContent.includes('/key #dev …')")
    receive(ice, "error", wait_for_sent(ice, "set-room")["id"], code="not-host", message="No.")
    ice.wait_for_draft("/key #dev …")
    ice.fill_message("/join #dev sesame")
    ice.wait_for_draft("/join #dev sesame")
    assert "sesame" not in ice.run("() => JSON.stringify({...sessionStorage, ...localStorage})")
    ice.press("Enter")
    wait_for_sent(ice, "join")
    assert "sesame" not in ice.run("() => JSON.stringify({...sessionStorage, ...localStorage})")
    assert "sesame" not in ice.run("() => document.body.textContent")
    ice.press("ArrowUp")
    ice.wait_for_draft("")


def test_who_is_taken_out_of_a_room_reads_why_in_the_lobby(open_scripted: OpenScripted) -> None:
    ice = open_scripted()
    ice.join_room("#dev")
    receive(ice, "restricted", what="kick", by="ana", room="#dev", reason="spam")
    receive(ice, "parted", room="#dev", nickname="ice")
    ice.wait_for_room("#lobby")
    ice.wait_for_error("You were removed from #dev by ana: spam. You may come back.")


def test_the_public_list_of_users_takes_none_out_of_a_private_room(
    module_page: ChatPage,
) -> None:
    before, after = module_page.run(
        """async () => {
          const {createStore} = await import('/static/reducer.js')
          const {INITIAL_STATE} = await import('/static/state.js')
          const store = createStore(INITIAL_STATE)
          const receive = (type, data) =>
            store.dispatch({type: 'frameReceived', frame: {type, data}, now: 1})
          receive('welcome', {server: 'party', started: 1, nickname: 'ice'})
          receive('joined', {room: '#dev', nickname: 'ice'})
          receive('joined', {room: '#dev', nickname: 'moon'})
          receive('room-settings', {room: '#dev', private: true})
          const members = () => [...store.state.users.values()]
            .filter(({rooms}) => rooms.has('#dev')).map(({nickname}) => nickname).sort()
          const before = members()
          store.dispatch({type: 'usersPolled', users: [
            {nickname: 'ice', rooms: ['#lobby']}, {nickname: 'moon', rooms: ['#lobby']},
            {nickname: 'sun', rooms: ['#lobby']}]})
          return [before, members()]
        }"""
    )
    assert before == after == ["ice", "moon"]


def test_what_a_host_does_in_a_room_elsewhere_is_told_where_the_host_is(
    open_scripted: OpenScripted,
) -> None:
    ice = open_scripted()
    receive(ice, "moderation", what="remove", by="ice", nickname="moon", room="#dev", seq=3)
    ice.wait_for_notice("ice removed message 3 of moon in #dev.")
    assert not has_button(ice, "#dev.*")
