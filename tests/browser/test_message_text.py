"""Links, code and quotes in a message; the text stays what its sender wrote."""

import json
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.chat import limits
from chatd.wire.rendering import escape
from tests.browser.chat_page import SMALL_PHONE, ChatPage, OpenPage
from tests.browser.server_harness import Server, send_messages

#: The elements of a text, as nested lists: the name, what matters of it, and what is inside.
_TREE: Final = """async (texts) => {
  const {createMessageText} = await import("/static/message_text.js")
  const tree = (node) => node.nodeType === Node.TEXT_NODE ? node.data
    : node.className === 'mark' ? {mark: node.textContent}
    : {[`${node.localName} ${node.className}`.trim()]:
         [...node.childNodes].filter((each) => each.textContent).map(tree)}
  return JSON.stringify(texts.map((text) => {
    const element = createMessageText(text)
    return [tree(element)['div text'], element.textContent,
            [...element.querySelectorAll('a')].map((a) => a.href)]
  }))
}"""


def render(page: ChatPage, *texts: str) -> list[Any]:
    """For each text its elements, its text, and the addresses of its links."""
    found: list[Any] = json.loads(page.run(_TREE, list(texts)))
    return found


def links(page: ChatPage, text: str) -> list[str]:
    """The texts of the links in `text`."""
    [[tree, _, _]] = render(page, text)
    return [each["a"][0] for each in tree if isinstance(each, dict) and "a" in each]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("see https://example.org/.", ["https://example.org/"]),
        ("(https://example.org/a_(b))", ["https://example.org/a_(b)"]),
        ("[x](http://a.example/x?y=1&z=%20#f), ok", ["http://a.example/x?y=1&z=%20#f"]),
        ("<http://a.example/>", ["http://a.example/"]),
        ("HTTP://A.example/ http://b.example", ["HTTP://A.example/", "http://b.example"]),
        ("http://[2001:db8::1]:8080/x http://10.35.11.1:8080", None),
        ("mailto:ice@example.org?subject=tea", ["mailto:ice@example.org?subject=tea"]),
        ("http://b\u00fccher.example/\u00e4", ["http://b\u00fccher.example/\u00e4"]),
        ("http://a.example/\u202egnp", ["http://a.example/"]),
        ("javascript:alert(1) data:text/html,x vbscript:x file:///etc/passwd", []),
        ("ftp://a.example/ ssh://a.example tel:123 blob:http", []),
        ("http:// https:/// mailto:ice http://:80 http://% xhttp://a.example", []),
        ("https://paypal.example@evil.example/ http://user:pw@a.example", []),
        ("http://a.example\"onclick='x'", ["http://a.example"]),
        ("http://a.example`b`", ["http://a.example"]),
        ("a`http://a.example`", []),
    ],
)
def test_only_safe_addresses_are_links(
    module_page: ChatPage, text: str, shown: list[str] | None
) -> None:
    assert links(module_page, text) == (text.split() if shown is None else shown)


def test_a_link_opens_in_a_tab_that_cannot_reach_the_page(module_page: ChatPage) -> None:
    attributes = module_page.run(
        """async () => {
          const {createMessageText} = await import("/static/message_text.js")
          const text = createMessageText("http://\\u0430pple.example/")
          const {rel, target, title, attributes} = text.querySelector("a")
          return [rel, target, title, attributes.length]
        }"""
    )
    assert attributes == ["noopener noreferrer", "_blank", "http://xn--pple-43d.example/", 4]


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("https://a.example/x", ""),
        ("HTTPS://A.Example:8443/x", ""),
        ("mailto:ice@a.example", ""),
        ("http://\u0430.example/xn--80a.example", "http://xn--80a.example/xn--80a.example"),
        ("http://%65vil.example/?evil.example", "http://evil.example/?evil.example"),
        ("http://2130706433/127.0.0.1", "http://127.0.0.1/127.0.0.1"),
    ],
)
def test_a_link_says_where_it_leads_unless_its_text_begins_with_that(
    module_page: ChatPage, text: str, title: str
) -> None:
    found = module_page.run(
        """async (text) => {
          const {createMessageText} = await import("/static/message_text.js")
          return createMessageText(text).querySelector("a").title
        }""",
        text,
    )
    assert found == title


def test_letters_of_another_direction_do_not_tear_an_address_apart(
    open_page: OpenPage, server: Server
) -> None:
    moon, ice = server.add_member("moon"), open_page("ice")
    text = "http://a.example/\u05d0\u05d1 \u05d2\u05d3"
    send_messages(moon, text)
    ice.wait_for_message(text, "moon")
    gaps = ice.run(
        """() => {
          const all = [...document.querySelector('#log .text a').getClientRects()]
            .sort((one, other) => one.left - other.left)
          return all.slice(1).map(({left}, index) => left - all[index].right)
        }"""
    )
    assert all(gap < 2 for gap in gaps)


def test_code_is_shown_as_it_was_typed(module_page: ChatPage) -> None:
    mark, marks = {"mark": "`"}, {"mark": "``"}
    cases: dict[str, list[Any]] = {
        "run `ls -l`.": ["run ", {"code": [mark, "ls -l", mark]}, "."],
        "``a`b``": [{"code": [marks, "a`b", marks]}],
        "`a``b`": [{"code": [mark, "a``b", mark]}],
        "it`s": ["it`s"],
        "`a\nb`": ["`a\n", "b`"],
        "``": ["``"],
        "```js\nlet a\n\n b\n```\nend": [
            {"code block": [{"mark": "```js\n"}, "let a\n\n b\n", {"mark": "```\n"}]},
            "end",
        ],
        "```\n> `a` http://a.example\n```": [
            {"code block": [{"mark": "```\n"}, "> `a` http://a.example\n", {"mark": "```"}]},
        ],
        "```\n```": [{"code block": [{"mark": "```\n"}, {"mark": "```"}]}],
        "```\nnever closed": ["```\n", "never closed"],
        "> a\n> `b`\nc": [
            {
                "span quote": [
                    {"mark": "> "},
                    "a\n",
                    {"mark": "> "},
                    {"code": [mark, "b", mark]},
                    "\n",
                ]
            },
            "c",
        ],
        ">:( a > b >>> c": [">:( a > b >>> c"],
        ">": [{"span quote": [{"mark": ">"}]}],
    }
    found = render(module_page, *cases)
    assert [each[0] for each in found] == list(cases.values())


PIECES = [
    *("`", "``", "```", "```\n", "\n", "> ", ">", "http://", "https://a.example/", "mailto:"),
    *("a@b", "(", ")", "]", ".", ",", " ", "\t", "x", "\u202e", "\u0301", "<", "\U0001f600", "\r"),
    *("http://a.example/", "\xe9", "@", ":80", "'", '"'),
]


@given(
    texts=st.lists(
        st.lists(st.sampled_from(PIECES), max_size=30).map("".join), min_size=30, max_size=60
    )
)
def test_no_text_is_changed(texts: list[str], module_page: ChatPage) -> None:
    for text, (_, shown, addresses) in zip(texts, render(module_page, *texts), strict=True):
        lines = ["\t".join(map(escape, line.split("\t"))) for line in text.split("\n")]
        assert shown == "\n".join(lines), text
        assert all(each.startswith(("http://", "https://", "mailto:")) for each in addresses)


LONG: Final = 60_000

#: How long the beginning of a text and the whole text take, and how many elements it has.
_MEASURE: Final = """async (piece, size) => {
  const {createMessageText} = await import("/static/message_text.js")
  const measure = (text) => {
    const times = [1, 2, 3].map(() => {
      const start = performance.now()
      createMessageText(text)
      return performance.now() - start
    })
    return Math.min(...times)
  }
  const text = piece.repeat(size / piece.length)
  return [[measure(text.slice(0, size / 8)), measure(text)],
          createMessageText(text).querySelectorAll('*').length]
}"""


@pytest.mark.parametrize(
    "piece",
    [
        *("`", "` ", "`a", "``a`", "http://", "http://a)", "(", "http://a.b", ">", "> a\n"),
        *("```\n", "```a\n", "a\n", ")", "mailto:a@b ", "http://a/((", ".", "`" * 9 + "a"),
    ],
)
def test_long_texts_take_linear_time_and_few_elements(module_page: ChatPage, piece: str) -> None:
    def is_linear() -> bool:
        [short, long], elements = module_page.run(_MEASURE, piece, LONG)
        assert elements < 2_000
        return bool(long < 40 * short + 100)  # quadratic would be 64 times as long

    # The computer may be busy with something else during one measurement, but not during each.
    assert any(is_linear() for _ in range(10))


@pytest.mark.smoke
def test_a_message_is_copied_as_it_was_sent(open_page: OpenPage) -> None:
    ice, moon = open_page("ice"), open_page("moon")
    text = "look:\n```\nif a:\n\tb()\n```\n> said\n> before\nsee `c` at http://10.35.11.1/x_(y)!"
    assert len(text) < limits.MESSAGE_CHARACTERS
    moon.fill_message(text)
    moon.press("Enter")
    ice.wait_for_message(text, "moon")
    copied = ice.run(
        """() => {
          getSelection().selectAllChildren(document.querySelector('[data-kind=message] .text'))
          return getSelection().toString()
        }"""
    )
    assert copied.replace("\r", "") == text


def test_a_long_link_and_long_code_stay_inside_a_small_phone(open_page: OpenPage) -> None:
    ice = open_page("ice", size=SMALL_PHONE)
    for text in (
        "http://a.example/" + "x" * 2_000,
        "`" + "y" * 2_000 + "`",
        "```\n" + "z" * 2_000 + "\n```",
        "> " + "q" * 2_000,
    ):
        ice.fill_message(text)
        ice.press("Enter")
        ice.wait_for_message(text, "ice", "own")
    assert ice.run(
        """() => [...document.querySelectorAll('#log .text *')].every((each) =>
             each.getBoundingClientRect().right <= innerWidth)"""
    )
