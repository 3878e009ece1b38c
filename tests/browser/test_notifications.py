"""Notifications, the sound and the badge: for private messages and mentions, and nothing else."""

import json
from collections.abc import Callable
from typing import Any, Final

import pytest

from tests.browser import scripted_server
from tests.browser.chat_page import ChatPage, OpenPage
from tests.browser.server_harness import Server, send_messages

#: Notifications and tones that are written down instead of shown and played.
_FAKES: Final = """
window.shown = []
window.tones = 0
window.Notification = class extends EventTarget {
  static permission = 'PERMISSION'
  static requestPermission(answer) {
    this.permission = 'granted'
    answer?.('granted')
    return Promise.resolve('granted')
  }
  constructor(title, options) {
    super()
    window.shown.push({title, body: options.body, tag: options.tag})
    window.lastNotification = this
  }
  close() { window.ended = (window.ended ?? 0) + 1 }
}
window.AudioContext = class {
  state = 'suspended'
  currentTime = 0
  destination = {}
  resume() { this.state = 'running'; return Promise.resolve() }
  createGain() {
    const set = () => {}
    return {gain: {setValueAtTime: set, exponentialRampToValueAtTime: set}, connect: set}
  }
  createOscillator() {
    window.tones += 1
    return {frequency: {}, connect() {}, start() {}, stop() {}}
  }
}
"""


@pytest.fixture
def open_faked(open_url: OpenPage, server: Server) -> Callable[..., ChatPage]:
    """A function that opens the page of `server` as ``ice``, with fakes and other scripts."""

    def open_(permission: str = "default", *scripts: str) -> ChatPage:
        page = open_url("about:blank#")
        for script in (_FAKES.replace("PERMISSION", permission), *scripts):
            page.call("Page.addScriptToEvaluateOnNewDocument", source=script)
        page.open(server.url)
        page.wait_for_state("watching")
        page.join("ice")
        return page

    return open_


def press_notify(page: ChatPage) -> str:
    """Press the button in the menu; return what the menu says of it."""
    page.run("() => { document.querySelector('#menu').open = true }")
    page.click(page.find("button", "Notify me", "#menu"))
    said: str = page.run("() => document.querySelector('#menu .note').textContent")
    page.run("() => { document.querySelector('#menu').open = false }")
    return said


def notifications(page: ChatPage) -> list[tuple[str, str]]:
    """The titles and the texts of the notifications so far."""
    return [(each["title"], each["body"]) for each in page.run("() => window.shown")]


def test_private_messages_and_mentions_notify_a_user_who_does_not_look(
    open_faked: Callable[..., ChatPage], server: Server
) -> None:
    ice, moon = open_faked(), server.add_member("moon")
    assert "A notification and a sound" in press_notify(ice)
    ice.hide()
    before = ice.run("() => window.tones")
    send_messages(moon, "nothing for you")
    send_messages(moon, "tea, @ice?\n\u202eyes")
    ice.wait_until("() => window.shown.length === 1")
    moon.send("private", {"text": "just you", "to": ["ice"]}, id=1)
    moon.receive("ok")
    ice.wait_until("() => window.shown.length === 2")
    assert notifications(ice) == [
        ("moon in #lobby", "tea, @ice? <U+202E>yes"),
        ("moon privately", "just you"),
    ]
    assert ice.run("() => window.tones") == before + 4
    icon = "() => decodeURIComponent(document.querySelector('#icon').href)"
    ice.wait_until(f"() => ({icon})().includes('>2</text>')")
    ice.run("() => window.lastNotification.dispatchEvent(new Event('click'))")
    ice.show()
    ice.wait_until("() => document.querySelector('#log').textContent.includes('just you')")


def test_the_notification_of_a_removed_message_is_closed(
    open_faked: Callable[..., ChatPage], server: Server
) -> None:
    ice, moon = open_faked("granted", scripted_server.script()), server.add_member("moon")
    press_notify(ice)
    ice.hide()
    send_messages(moon, "spam for @ice")
    ice.wait_until("() => window.shown.length === 1")
    assert ice.run("() => window.ended ?? 0") == 0
    scripted_server.receive(
        ice, "moderation", what="remove", by="ana", nickname="moon", room="#lobby", seq=1
    )
    ice.wait_until("() => window.ended === 1")


def test_a_user_who_looks_at_the_page_is_not_notified(
    open_faked: Callable[..., ChatPage], server: Server
) -> None:
    ice, moon = open_faked("granted"), server.add_member("moon")
    press_notify(ice)
    before = ice.run("() => window.tones")
    send_messages(moon, "hello ice")
    ice.wait_for_message("hello ice")
    send_messages(moon, "and more")
    ice.wait_for_message("and more")
    assert notifications(ice) == []
    assert ice.run("() => window.tones") == before
    assert ice.run("() => document.querySelector('#icon').href").endswith("/static/icon.svg")


def test_without_the_button_nothing_is_asked_shown_or_played(
    open_faked: Callable[..., ChatPage], server: Server
) -> None:
    ice, moon = open_faked("granted"), server.add_member("moon")
    ice.hide()
    send_messages(moon, "hello ice")
    ice.wait_until("() => decodeURIComponent(document.querySelector('#icon').href).includes('>1<')")
    assert notifications(ice) == []
    assert ice.run("() => [window.tones, Notification.permission]") == [0, "granted"]


def test_the_setting_survives_a_reload_and_can_be_taken_back(
    open_faked: Callable[..., ChatPage],
) -> None:
    ice = open_faked("granted")
    press_notify(ice)
    ice.reload()
    ice.wait_for_state("online")
    pressed = "() => document.querySelector('#menu [aria-pressed]').getAttribute('aria-pressed')"
    assert ice.run(pressed) == "true"
    assert press_notify(ice) == ""
    assert ice.run(pressed) == "false"


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        (
            "Object.defineProperty(window, 'isSecureContext', {value: false})",
            "A sound only: most browsers allow notifications only with HTTPS.",
        ),
        ("delete window.Notification", "A sound only: this browser has no notifications"),
        ("Notification.permission = 'denied'", "A sound only: the browser blocks notifications"),
    ],
)
def test_where_there_is_only_a_sound_the_menu_says_why(
    open_faked: Callable[..., ChatPage], server: Server, script: str, sentence: str
) -> None:
    ice, moon = open_faked("default", script), server.add_member("moon")
    assert sentence in press_notify(ice)
    ice.hide()
    before = ice.run("() => window.tones")
    send_messages(moon, "hello ice")
    ice.wait_until("(before) => window.tones === before + 2", before)
    assert notifications(ice) == []


def test_a_browser_without_sound_notifies_all_the_same(
    open_faked: Callable[..., ChatPage], server: Server
) -> None:
    ice, moon = open_faked("granted", "delete window.AudioContext"), server.add_member("moon")
    press_notify(ice)
    ice.hide()
    send_messages(moon, "hello ice")
    ice.wait_until("() => window.shown.length === 1")


def find_news(page: ChatPage, before: dict[str, Any], after: dict[str, Any]) -> Any:
    """The rooms that have news, each with the text; and how many messages ask for the user."""
    return json.loads(
        page.run(
            """async (before, after) => {
              const {countAttention, findNews} = await import("/static/attention.js")
              const state = (rooms) => ({
                rooms: new Map(Object.entries(rooms)),
                nickname: "ice",
                ignored: new Map([["pest", "pest"]]),
              })
              const [old, now] = [state(before), state(after)]
              const news = findNews(now, old).map(({key, item}) => `${key} ${item.text}`)
              return JSON.stringify([news, countAttention(now)])
            }""",
            before,
            after,
        )
    )


def test_only_rooms_with_more_mentions_and_talks_with_more_messages_are_news(
    module_page: ChatPage,
) -> None:
    said = [{"kind": "message", "source": "moon", "text": "hi ice"}]
    own = [{"kind": "private", "isOwn": True, "source": "ice", "text": "hi"}]

    def room(unread: int, mentions: int, items: list[Any] = said) -> dict[str, Any]:
        return {"unread": unread, "mentions": mentions, "items": items}

    before = {"#lobby": room(1, 0), "@moon": room(1, 0)}
    assert find_news(module_page, before, before) == [[], 1]
    assert find_news(module_page, before, {"#lobby": room(2, 0), "@moon": room(1, 0)}) == [[], 1]
    assert find_news(module_page, before, {"#lobby": room(2, 1)}) == [["#lobby hi ice"], 1]
    assert find_news(module_page, before, {"@moon": room(3, 0)}) == [["@moon hi ice"], 3]
    assert find_news(module_page, before, {"@sun": room(1, 0)}) == [["@sun hi ice"], 1]
    assert find_news(module_page, before, {"@moon": room(2, 0, own)}) == [[], 2]
    assert find_news(module_page, {"#lobby": room(5, 5)}, {"#lobby": room(0, 0)}) == [[], 0]


def test_of_several_messages_the_one_for_the_user_is_news(module_page: ChatPage) -> None:
    said = [
        {"kind": "message", "source": "moon", "text": "hi ice"},
        {"kind": "message", "source": "sun", "text": "something else"},
        {"kind": "message", "source": "Pest", "text": "look here, ice"},
    ]
    after = {"#lobby": {"unread": 3, "mentions": 1, "items": said}}
    assert find_news(module_page, {}, after) == [["#lobby hi ice"], 1]
