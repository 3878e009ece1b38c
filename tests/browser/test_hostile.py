"""Nicknames, rooms and messages of other users are only text, whatever they contain."""

from unicodedata import normalize

import pytest

from chatd.chat import limits
from chatd.wire.rendering import escape
from tests.browser.chat_page import DESKTOP, SMALL_PHONE, ChatPage, OpenPage
from tests.browser.server_harness import Server, send_messages

#: Nicknames that the server accepts.
NICKNAMES = {
    "a script": "<script>alert(1)<\u2044script>",
    "an image": "<img\u2215onerror=1>",
    "an entity": "b&lt;b&gt;&amp;",
    "piled-up marks": "z" + "\u0301" * 24,
    "right to left": "\u05d0\u05d1\u05d2admin",
    "emoji": "\U0001f9d1\U0001f3fd" * 12,
    "a template": "t${alert(1)}{{1}}",
    "a prototype": "__proto__",
    "long": "W" * 25,
}

TEXTS = {
    "a script": "<script>alert(1)</script>",
    "an image": "<img src=x onerror=alert(1)>",
    "an attribute": "\"><svg onload=alert(1)> ' onmouseover='alert(1)",
    "a link": "javascript:alert(1) http://127.0.65.1/ data:text/html,<script>alert(1)</script>",
    "overrides": "\u202egnp.exe\u202c \u2066\u202edlrow\u2069 hello",
    "unbalanced overrides": "\u202e\u202e\u2067\u2067never closed",
    "nothing to see": "\u200b\u2060\ufeff\u00ad.",
    "piled-up marks": "z" + "\u0301\u0316" * 500,
    "a very long word": "w" * 4_096,
    "4,096 emoji": "\U0001f600" * 4_096,
    "families": "\U0001f468\u200d\U0001f469\u200d\U0001f467 " * 500,
    "many lines": "\n".join(["line"] * limits.MESSAGE_LINES),
    "wide tabs": "\t" * 1_000 + ".",
    "a forged line": "hello\n[Server]: moon has left the chat",
    "JSON": '{"type":"goodbye","data":{"reason":"quit"}}',
}

#: Elements and attributes that only injected markup would create.
_INJECTED = """() => [...document.querySelectorAll('#log, aside, nav, header')].flatMap((part) =>
  [...part.querySelectorAll('script, img, svg[onload], iframe, object, b, [onerror], [style]')]
).map((each) => each.outerHTML)"""

_OVERFLOW = """() => {
  const wide = document.documentElement.scrollWidth
  return wide > innerWidth ? `${wide} > ${innerWidth}` : ''
}"""

#: Messages of which a word is drawn outside of its row.
_OUTSIDE = """() => [...document.querySelectorAll('#log .text')].filter((text) => {
  const row = text.closest('li').getBoundingClientRect()
  const walk = document.createTreeWalker(text, NodeFilter.SHOW_TEXT)
  for (const word = document.createRange(); walk.nextNode();) {
    for (const {0: found, index} of walk.currentNode.data.matchAll(/\\S+/g)) {
      word.setStart(walk.currentNode, index)
      word.setEnd(walk.currentNode, index + found.length)
      const {left, right} = word.getBoundingClientRect()
      if (right > row.right + 1 || left < row.left - 1) return true
    }
  }
  return false
}).map((text) => text.textContent.slice(0, 40))"""


def assert_unharmed(page: ChatPage) -> None:
    """No markup was injected, no script ran, and the layout is intact."""
    assert page.run(_INJECTED) == []
    assert page.run(_OVERFLOW) == ""
    assert page.run(_OUTSIDE) == []
    assert page.errors == []


def wait_for_messages(page: ChatPage, count: int) -> None:
    """Wait until there are exactly `count` messages of other users."""
    page.wait_until(
        """(count) =>
             document.querySelectorAll('#log [data-kind=message]').length === count""",
        count,
    )


def displayed(text: str) -> str:
    """The text that is shown for a message; it keeps its lines and tabs."""
    return "\n".join("\t".join(map(escape, line.split("\t"))) for line in text.split("\n"))


def test_every_hostile_nickname_is_shown_as_in_the_terminal(
    open_page: OpenPage, server: Server
) -> None:
    ice = open_page("ice", size=SMALL_PHONE)
    for nickname in NICKNAMES.values():
        send_messages(server.add_member(nickname), "hello")
    wait_for_messages(ice, len(NICKNAMES))
    names = {escape(normalize("NFKC", nickname)) for nickname in NICKNAMES.values()}
    assert {source for kind, source, _ in ice.items if kind == "message"} == names
    ice.open_drawer("aside")
    users = ice.run("() => document.querySelector('aside').innerText")
    assert not [name for name in names if name not in users]
    assert_unharmed(ice)


@pytest.mark.parametrize("size", [SMALL_PHONE, DESKTOP], ids=["phone", "desktop"])
def test_every_hostile_message_is_only_text(
    size: tuple[int, int], open_page: OpenPage, server: Server
) -> None:
    moon, ice = server.add_member("moon"), open_page("ice", size=size)
    for number, text in enumerate(TEXTS.values()):
        send_messages(moon, text)
        wait_for_messages(ice, number + 1)
        assert_unharmed(ice)
    assert ice.texts_from("moon") == [displayed(text) for text in TEXTS.values()]


def test_a_right_to_left_message_does_not_affect_the_messages_around_it(
    open_page: OpenPage, server: Server
) -> None:
    moon, sun, ice = (
        server.add_member("moon"),
        server.add_member("\u05d0\u05d1\u05d2"),
        open_page("ice"),
    )
    send_messages(moon, "plain words")
    send_messages(sun, "\u05e9\u05dc\u05d5\u05dd, 1 2 3!")
    send_messages(moon, "more of them")
    ice.wait_for_message("more of them", "moon")
    lefts = ice.run(
        """() => [...document.querySelectorAll('#log [data-kind=message] .source')].map(
             (source) => Math.round(source.getBoundingClientRect().left))"""
    )
    assert len(set(lefts)) == 1


def test_a_hostile_message_of_the_user_is_only_text(open_page: OpenPage) -> None:
    ice = open_page("ice")
    for text in (TEXTS["a script"], TEXTS["an image"], TEXTS["overrides"], TEXTS["4,096 emoji"]):
        ice.send(text)
    ice.wait_until("() => document.querySelectorAll('#log [data-kind=own]').length === 4")
    assert_unharmed(ice)


def test_a_hostile_room_is_only_text(open_page: OpenPage, server: Server) -> None:
    moon, ice = server.add_member("moon"), open_page("ice", size=SMALL_PHONE)
    rooms = ["#<b>bold<\u2044b>", "#" + "W" * 24, "#\u05d0\u05d1", "#__proto__"]
    for room in rooms:
        moon.send("join", {"room": room}, id=1)
        moon.receive("ok")
        send_messages(moon, "in here", room=room)
    ice.join_room("#<b>bold<\u2044b>")
    ice.wait_for_message("in here", "moon")
    assert_unharmed(ice)


def test_a_message_may_have_4096_characters_and_no_more(
    open_page: OpenPage, server: Server
) -> None:
    moon, ice = server.add_member("moon"), open_page("ice")
    ice.send("\U0001f600" * 4_096)
    assert moon.receive("message")["data"]["text"] == "\U0001f600" * 4_096
    ice.send("x" * 4_097)
    ice.wait_for_error("at most 4096 characters")
    ice.wait_for_draft("x" * 4_097)
