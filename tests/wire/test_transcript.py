"""Exported messages: readable, harmless on a terminal and in a browser, and the same when read."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from chatd.chat import characters
from chatd.chat.events import Message
from chatd.wire.transcript import FORMATS, as_html, as_text, json_line, parse_json_line

NOON = 1_795_003_200_000
HIDDEN = re.compile(f"[{characters.HIDDEN}]")
#: What changes a terminal, a line or the order of reading.
DANGEROUS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")

MESSAGES = st.builds(
    Message,
    st.text(min_size=1, max_size=9),
    st.integers(1, 2**53 - 1),
    st.integers(0, 2**53 - 1),
    st.text(min_size=1, max_size=9),
    st.text(st.characters(codec="utf-8"), max_size=30),
)


def said(text: str, seq: int = 1, room: str = "#lobby", time: int = NOON) -> Message:
    return Message(room, seq, time, "ice", text)


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")


def test_each_line_of_a_text_has_time_and_sender() -> None:
    text = "".join(as_text("party", [[said("one\ntwo")], [said("three", room="#tea")]]))
    lines = text.splitlines()
    assert [line[20:] for line in lines] == ["ice: one", "ice: two", "#tea ice: three"]
    assert all(re.match(r"2026-11-1\d \d\d:\d\d:\d\d ", line) for line in lines)


@given(MESSAGES)
def test_json_lines_lose_nothing(message: Message) -> None:
    fields = (message.room, message.seq, message.time, message.source, message.text)
    line = json_line(*fields)
    assert line.index("\n") == len(line) - 1
    assert not HIDDEN.search(line[:-1])
    assert parse_json_line(line.encode()) == message


@pytest.mark.parametrize("name", FORMATS)
def test_no_format_has_a_character_that_a_terminal_obeys(name: str) -> None:
    @given(st.lists(MESSAGES, max_size=3))
    def check(messages: list[Message]) -> None:
        assert not DANGEROUS.search("".join(FORMATS[name]("party", [messages])))

    check()


class Page(HTMLParser):
    """What a browser sees: the tags, their attributes, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(html)
        self.close()

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    @override
    def handle_data(self, data: str) -> None:
        self.text += data


def test_nothing_that_was_said_is_html() -> None:
    evil = '<script>alert(1)</script><img src=x onerror="a()">&amp;</p></article></html>'
    message = Message('#"><b>', 1, NOON, "'\"<i>", evil)
    page = Page("".join(as_html("<u>party", [[message]])))
    harmless = Page("".join(as_html("party", [[said("hello")]])))
    assert page.tags == harmless.tags
    assert [name for name, _ in page.attributes] == [name for name, _ in harmless.attributes]
    assert evil in page.text
    assert "<u>party" in page.text


def test_a_page_needs_nothing_else_and_may_run_nothing() -> None:
    html = "".join(as_html("party", [[said("see http://example.org/")]]))
    page = Page(html)
    assert not {"script", "link", "img", "iframe", "a"} & set(page.tags)
    assert not {"src", "href"} & {name for name, _ in page.attributes}
    assert "default-src 'none'" in html


def test_a_page_has_a_section_for_each_day() -> None:
    day = 86_400_000
    pages = [[said("one"), said("two", 2)], [said("three", 3, time=NOON + day)]]
    html = "".join(as_html("party", pages))
    assert re.findall("<h2>(.*)</h2>", html) == ["2026-11-18", "2026-11-19"]
    assert html.count("<section>") == html.count("</section>") == 2
    assert "There are no messages." in "".join(as_html("party", [[]]))


@pytest.mark.parametrize("name", FORMATS)
def test_a_time_that_no_calendar_has_does_no_harm(name: str) -> None:
    assert "hello" in "".join(FORMATS[name]("party", [[said("hello", time=2**53 - 1)]]))


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"hello",
        b"[]",
        b"{}",
        b'{"room": "#a", "seq": 1, "time": 1, "source": "ice"}',
        b'{"room": "#a", "seq": "1", "time": 1, "source": "ice", "text": "hi"}',
        b'{"room": "#a", "seq": 1.5, "time": 1, "source": "ice", "text": "hi"}',
        b'{"room": "#a", "seq": 1, "time": 1, "source": "ice", "text": "\xff"}',
        b'{"room": "#a", "seq": 1, "time": 1, "source": "ice", "text": "\\ud800"}',
        b'{"room": "#a", "seq": 1, "time": 1, "source": "ice", "text": "hi"} {}',
        b"[" * 60_000,
    ],
)
def test_what_is_no_message_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_json_line(line)


def test_fields_that_later_versions_may_add_are_ignored() -> None:
    line = (
        b'{"room": "#a", "seq": 1, "time": 2, "source": "ice", "text": "hi", "file": {"size": 1}}'
    )
    assert parse_json_line(line) == Message("#a", 1, 2, "ice", "hi")
