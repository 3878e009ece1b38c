"""The page over HTTPS, and the words of the page where others on the network can read along."""

from collections.abc import Callable

import pytest

from tests.browser.chat_page import ChatPage, OpenPage
from tests.browser.server_harness import Server, free_port_of_server, send_messages
from tests.ports import HOST


@pytest.mark.parametrize(
    ("protocol", "host", "is_private"),
    [
        ("http:", "10.35.11.111", False),
        ("http:", "laptop.local", False),
        ("http:", "localhost", True),
        ("http:", "127.0.0.2", True),
        ("https:", "10.35.11.111", True),
    ],
)
def test_a_page_without_https_says_that_it_is_not_private(
    module_page: ChatPage, protocol: str, host: str, is_private: bool
) -> None:
    hidden = module_page.run(
        """async (page) => {
          const {showPrivacy} = await import("/static/privacy.js")
          const sentences = ["not-private", "password-not-private"].map((id) =>
            document.getElementById(id).cloneNode(true))
          showPrivacy(sentences, page)
          return sentences.map(({hidden, textContent}) => [hidden, textContent.trim()])
        }""",
        {"protocol": protocol, "hostname": host},
    )
    assert [each for each, _ in hidden] == [is_private] * 2
    assert hidden[0][1] == "· not private"
    assert "others on the network can read the password" in hidden[1][1]


def test_the_page_works_over_https(start_server: Callable[..., Server], open_url: OpenPage) -> None:
    port = free_port_of_server()
    server = start_server("--web-tls", str(port))
    page = open_url(server.url)
    page.wait_for_state("watching")
    page.call("Security.setIgnoreCertificateErrors", ignore=True)
    page.open(f"https://{HOST}:{port}/")
    page.wait_for_state("watching")
    page.join("ice")
    moon = server.add_member("moon")
    send_messages(moon, "hello")
    page.wait_until("() => document.querySelector('#items').textContent.includes('hello')")
    page.send("/whoami")
    page.wait_for_notice("You are ice on party, over TLS: nobody on the network can read along.")
    page.wait_for_notice("The server's key: ")
    notes = page.run(
        "async () => (await (await fetch('/api/invite')).json()).pages.map((e) => [e.url, e.note])"
    )
    assert notes == [
        [
            f"https://{HOST}:{port}/",
            "Encrypted. The browser warns first, because the key is this server's own.",
        ],
        [server.url, "Not encrypted: for devices that refuse the other address."],
    ]
