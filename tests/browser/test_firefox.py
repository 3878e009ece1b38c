"""The page in Firefox: what another engine may do otherwise than Chromium."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.browser.firefox import Firefox, find_firefox
from tests.browser.server_harness import Server, send_messages


@pytest.fixture
def firefox(tmp_path: Path) -> Iterator[Firefox]:
    """A Firefox of its own."""
    browser = Firefox(find_firefox(), tmp_path)
    yield browser
    browser.close()


def test_the_page_chats_in_firefox(firefox: Firefox, start_server: Callable[..., Server]) -> None:
    server = start_server()
    moon = server.add_member("moon")
    send_messages(moon, "said before")
    firefox.open(server.url)
    firefox.wait_until("() => document.body.dataset.state === 'watching'")
    firefox.type("#nickname", "ice\n")
    firefox.wait_until("() => document.body.dataset.state === 'online'")
    firefox.wait_until("() => document.querySelector('#log').textContent.includes('said before')")

    text = "look:\n```\nif a:\n\tb()\n```\n> said\nsee `c` at http://10.35.11.1/!"
    send_messages(moon, text)
    firefox.wait_until("() => document.querySelector('#log .text .block') !== null")
    copied = firefox.run(
        """() => {
          const text = document.querySelector('#log .text .block').closest('.text')
          getSelection().selectAllChildren(text)
          return getSelection().toString()
        }"""
    )
    assert copied == text

    firefox.type("#message", "hello from Firefox\n")
    assert moon.receive("message")["data"]["text"] == "hello from Firefox"
    firefox.wait_until("() => document.querySelector('#log [data-kind=own]') !== null")
    firefox.type("#message", "@moon just you\n")
    assert moon.receive("private")["data"]["text"] == "just you"

    firefox.run("() => document.querySelector('.emoji-toggle').click()")
    firefox.type("#emoji-search", "thumbs up\n")
    firefox.type("#message", "\n")
    assert moon.receive("message")["data"]["text"] == "\U0001f44d"

    for width in (1280, 768, 390, 320):
        firefox.resize(width, 700)
        firefox.wait_until("(width) => innerWidth === width", width)
        assert firefox.run("() => document.documentElement.scrollWidth <= innerWidth"), width
    firefox.reload()
    firefox.wait_until("() => document.body.dataset.state === 'online'")
    assert firefox.errors == []
