"""What others call themselves and say is text, whatever it looks like."""

from unicodedata import normalize

import pytest

from chatd.chat import limits
from chatd.wire.rendering import escape
from tests.browser.page import DESKTOP, SMALLEST, Opened, Page
from tests.browser.servers import Server, say

#: Those that a server takes.
NICKNAMES = {
    "a script": "<script>alert(1)<\u2044script>",
    "an image": "<img\u2215onerror=1>",
    "an entity": "&lt;b&gt;&amp;",
    "piled-up marks": "z" + "\u0301" * 24,
    "right to left": "\u05d0\u05d1\u05d2admin",
    "emoji": "\U0001f9d1\U0001f3fd" * 12,
    "a template": "${alert(1)}{{1}}",
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

#: What is hostile may be shown spelled out, but must be there and must do nothing.
_ELEMENTS = """() => [...document.querySelectorAll('#log, aside, nav, header')].flatMap((part) =>
  [...part.querySelectorAll('script, img, svg[onload], iframe, object, b, [onerror], [style]')]
).map((each) => each.outerHTML)"""

_OVERFLOW = """() => {
  const wide = document.documentElement.scrollWidth
  return wide > innerWidth ? `${wide} > ${innerWidth}` : ''
}"""

#: The messages of which a word is drawn beyond its row.
_SPILLS = """() => [...document.querySelectorAll('#log .text')].filter((text) => {
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


def is_unharmed(page: Page) -> None:
    """Nothing of it became an element, ran, or broke the layout."""
    assert page.run(_ELEMENTS) == []
    assert page.run(_OVERFLOW) == ""
    assert page.run(_SPILLS) == []
    assert page.faults == []


def has_heard(page: Page, count: int) -> None:
    """Wait until so many messages of others are there."""
    page.until(
        """(count) =>
             document.querySelectorAll('#log [data-kind=message]').length === count""",
        count,
    )


def shown(text: str) -> str:
    """A message as it is to be seen: its lines and tabs are kept."""
    return "\n".join("\t".join(map(escape, line.split("\t"))) for line in text.split("\n"))


def test_every_hostile_nickname_is_shown_as_the_terminal_shows_it(
    page: Opened, server: Server
) -> None:
    ice = page("ice", size=SMALLEST)
    for nickname in NICKNAMES.values():
        say(server.enter(nickname), "hello")
    has_heard(ice, len(NICKNAMES))
    names = {escape(normalize("NFKC", nickname)) for nickname in NICKNAMES.values()}
    assert {source for kind, source, _ in ice.said if kind == "message"} == names
    ice.opens("aside")
    people = ice.run("() => document.querySelector('aside').innerText")
    assert not [name for name in names if name not in people]
    is_unharmed(ice)


@pytest.mark.parametrize("size", [SMALLEST, DESKTOP], ids=["phone", "desktop"])
def test_every_hostile_message_is_only_text(
    size: tuple[int, int], page: Opened, server: Server
) -> None:
    moon, ice = server.enter("moon"), page("ice", size=size)
    for number, text in enumerate(TEXTS.values()):
        say(moon, text)
        has_heard(ice, number + 1)
        is_unharmed(ice)
    assert ice.said_by("moon") == [shown(text) for text in TEXTS.values()]


def test_a_line_from_right_to_left_does_not_turn_its_neighbours(
    page: Opened, server: Server
) -> None:
    moon, sun, ice = server.enter("moon"), server.enter("\u05d0\u05d1\u05d2"), page("ice")
    say(moon, "plain words")
    say(sun, "\u05e9\u05dc\u05d5\u05dd, 1 2 3!")
    say(moon, "more of them")
    ice.shows("more of them", "moon")
    lefts = ice.run(
        """() => [...document.querySelectorAll('#log [data-kind=message] .source')].map(
             (source) => Math.round(source.getBoundingClientRect().left))"""
    )
    assert len(set(lefts)) == 1


def test_a_hostile_line_of_one_s_own_is_only_text_as_well(page: Opened) -> None:
    ice = page("ice")
    for text in (TEXTS["a script"], TEXTS["an image"], TEXTS["overrides"], TEXTS["4,096 emoji"]):
        ice.write(text)
    ice.until("() => document.querySelectorAll('#log [data-kind=own]').length === 4")
    is_unharmed(ice)


def test_a_hostile_room_is_only_text(page: Opened, server: Server) -> None:
    moon, ice = server.enter("moon"), page("ice", size=SMALLEST)
    rooms = ["#<b>bold<\u2044b>", "#" + "W" * 24, "#\u05d0\u05d1", "#__proto__"]
    for room in rooms:
        moon.says("join", {"room": room}, id=1)
        moon.hears("ok")
        say(moon, "in here", room=room)
    ice.go_into("#<b>bold<\u2044b>")
    ice.shows("in here", "moon")
    is_unharmed(ice)


def test_4096_characters_can_be_written_and_no_more(page: Opened, server: Server) -> None:
    moon, ice = server.enter("moon"), page("ice")
    ice.write("\U0001f600" * 4_096)
    assert moon.hears("message")["data"]["text"] == "\U0001f600" * 4_096
    ice.write("x" * 4_097)
    ice.objects("at most 4096 characters")
    ice.has_draft("x" * 4_097)
