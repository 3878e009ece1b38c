"""Make docs/page-light.png, page-dark.png and page-phone.png: a real chat in a real browser.

``make screenshots``, or ``python docs/screenshots.py`` from the root of the repository. A
server runs on loopback, members send messages, and the pictures are what Chromium shows of that.
"""

import tempfile
from contextlib import closing
from pathlib import Path
from typing import Final

from tests.browser.chat_page import DESKTOP, PHONE, ChatPage
from tests.browser.chromium import Chromium, find_chromium
from tests.browser.server_harness import Server, running_servers, send_messages
from tests.e2e.native_peer import Peer

HERE: Final = Path(__file__).parent

#: The pictures: name, size and colour scheme.
PICTURES: Final = (
    ("light", DESKTOP, "light"),
    ("dark", DESKTOP, "dark"),
    ("phone", PHONE, "light"),
)

#: The messages of the others: sender and text.
MESSAGES: Final = (
    ("moon", "who brings the cables?"),
    ("mia", "I have ten, and a hub"),
    ("moon", "great \N{WAVING HAND SIGN} the match is at nine, hall B"),
    ("sun", "there is one socket for two of us.\nBring a strip if you have one."),
    ("Юля", "у меня есть два!"),  # noqa: RUF001 (Cyrillic, as Юля writes)
    ("mia", "for who has what: /join #cables"),
)


def add_members(server: Server) -> dict[str, Peer]:
    """Other members who have sent messages, by nickname."""
    peers = {name: server.add_member(name) for name in dict.fromkeys(name for name, _ in MESSAGES)}
    for name, text in MESSAGES:
        send_messages(peers[name], text)
    for name in ("mia", "sun"):
        peers[name].send("join", {"room": "#cables"}, id=1)
        peers[name].receive("ok")
    send_messages(peers["mia"], "two of the long ones are missing", room="#cables")
    return peers


def prepare(page: ChatPage, peers: dict[str, Peer]) -> None:
    """Bring the page into the state for the pictures."""
    page.wait_for_message(MESSAGES[-1][1], "mia")
    page.join("ice")
    peers["mia"].send("topic", {"text": "Game night: hall B at nine", "room": "#lobby"}, id=1)
    page.wait_for_notice("mia has set the topic")
    page.send("hello everyone")
    page.wait_for_message("hello everyone", kind="own")
    page.join_room("#cables")
    page.wait_for_message("two of the long ones are missing", "mia")
    page.select_room("#lobby")
    send_messages(peers["sun"], "found one under the stage", room="#cables")
    page.find("button", r"#cables\b.*\b1\b.*", "nav")
    send_messages(peers["moon"], "welcome, ice! There is a seat left beside me.")
    peers["mia"].send("private", {"text": "psst: moon has cake", "to": ["ice"]}, id=1)
    page.find("button", "mia , unread: 1", "#talk-list")
    page.fill_message("I can bring a swi")


def main() -> None:
    """Take the pictures."""
    with (
        tempfile.TemporaryDirectory() as home,
        running_servers() as start,
        closing(Chromium(find_chromium(), Path(home))) as browser,
    ):
        server = start("--store", "none")  # or the next pictures had the messages of these
        peers = add_members(server)
        page = ChatPage(browser, server.url, DESKTOP)
        prepare(page, peers)
        for name, size, scheme in PICTURES:
            page.resize(*size)
            page.set_preferences(scheme)
            path = HERE / f"page-{name}.png"
            path.write_bytes(page.screenshot())
            print(f"wrote {path.name}, {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
