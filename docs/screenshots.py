"""Make docs/page-light.png, page-dark.png and page-phone.png: a real chat in a real browser.

``make screenshots``, or ``python docs/screenshots.py`` from the root of the repository. Nothing in
them is made up: a server runs on loopback, some people talk, and Chromium shows what it shows.
"""

import tempfile
from contextlib import closing
from pathlib import Path
from typing import Final

from tests.browser.chromium import Chromium, find_chromium
from tests.browser.page import DESKTOP, PHONE, Page
from tests.browser.servers import Server, say, servers
from tests.e2e.peers import Peer

HERE: Final = Path(__file__).parent

#: The pictures: their names, their sizes, and what the person likes.
PICTURES: Final = (
    ("light", DESKTOP, "light"),
    ("dark", DESKTOP, "dark"),
    ("phone", PHONE, "light"),
)

#: What the others say, and who says it.
TALK: Final = (
    ("moon", "who brings the cables?"),
    ("mia", "I have ten, and a hub"),
    ("moon", "great \N{WAVING HAND SIGN} the match is at nine, hall B"),
    ("sun", "there is one socket for two of us.\nBring a strip if you have one."),
    ("Юля", "у меня есть два!"),  # noqa: RUF001 (Cyrillic, as Юля writes)
    ("mia", "for who has what: /join #cables"),
)


def enter(server: Server) -> dict[str, Peer]:
    """The others, by their nicknames, after they have talked for a while."""
    peers = {name: server.enter(name) for name in dict.fromkeys(name for name, _ in TALK)}
    for name, text in TALK:
        say(peers[name], text)
    for name in ("mia", "sun"):
        peers[name].says("join", {"room": "#cables"}, id=1)
        peers[name].hears("ok")
    say(peers["mia"], "two of the long ones are missing", room="#cables")
    return peers


def play(page: Page, peers: dict[str, Peer]) -> None:
    """What happens in the pictures."""
    page.shows(TALK[-1][1], "mia")
    page.join("ice")
    page.write("hello everyone")
    page.shows("hello everyone", kind="own")
    page.go_into("#cables")
    page.shows("two of the long ones are missing", "mia")
    page.look_at("#lobby")
    say(peers["sun"], "found one under the stage", room="#cables")
    page.find("button", r"#cables\b.*\b1\b.*", "nav")
    say(peers["moon"], "welcome, ice! There is a seat left beside me.")
    peers["mia"].says("private", {"text": "psst: moon has cake", "to": ["ice"]}, id=1)
    page.shows("psst: moon has cake", kind="private")
    page.fill(page.find("textbox", "Message.*", "#write"), "I can bring a swi")


def main() -> None:
    """Play the scene, and take the pictures."""
    with (
        tempfile.TemporaryDirectory() as home,
        servers() as start,
        closing(Chromium(find_chromium(), Path(home))) as browser,
    ):
        server = start()
        peers = enter(server)
        page = Page(browser, server.url, DESKTOP)
        play(page, peers)
        for name, size, scheme in PICTURES:
            page.resize(*size)
            page.look(scheme)
            path = HERE / f"page-{name}.png"
            path.write_bytes(page.picture())
            print(f"wrote {path.name}, {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
