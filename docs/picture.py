"""Make docs/terminal.svg: a real chat at a real terminal, drawn from what is to be seen there.

``python docs/picture.py``, from the root of the repository. Nothing in it is made up: a server and
a client run on loopback, two others say something, and somebody is half-way through a line.
"""

import tempfile
from html import escape
from pathlib import Path
from typing import Any, Final
from unicodedata import east_asian_width

from tests.e2e.native_peer import Peer, enter
from tests.e2e.programs import CHATD, programs
from tests.e2e.pty_terminal import Terminal, terminals
from tests.ports import IFADDRS, free_port, free_udp_port

PICTURE: Final = Path(__file__).with_name("terminal.svg")
COLUMNS: Final = 80
ROWS: Final = 15

#: Of one character, in pixels.
WIDTH: Final = 8.4
HEIGHT: Final = 18
MARGIN: Final = 14

BACKGROUND: Final = "#1c1c1c"
FOREGROUND: Final = "#d0d0d0"
FONT: Final = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"


def play(window: Terminal, moon: Peer, mia: Peer) -> None:
    """What happens in the picture."""
    window.expect("end of history of #lobby")
    moon.send("message", {"text": "welcome, ice! \N{WAVING HAND SIGN} the match is at nine"})
    window.expect("the match is at nine")
    window.send_line("hello everyone")
    window.expect("ice: hello everyone")
    mia.send("private", {"text": "psst: moon has cake", "to": ["ice"]})
    window.expect("mia writes to you privately")
    mia.send("join", {"room": "#cables"}, id=1)
    mia.receive("ok")
    window.send_line("/join #cables")
    window.expect("#cables>")
    mia.send("message", {"text": "two are missing", "room": "#cables"})
    window.expect("two are missing")
    window.send_line("/room #lobby")
    window.expect("mia writes to you privately")
    moon.send("message", {"text": "东京 says hi, @ice"})
    window.expect("says hi")
    mia.send("message", {"text": "found one", "room": "#cables"})
    window.expect("3:#cables 1")
    window.send_keys("I can bring a swi")
    window.expect("#lobby> I can bring a swi")


def main() -> None:
    """Play the scene, and draw it."""
    words = [*IFADDRS, "--discovery-port", str(free_udp_port())]
    port = free_port()
    with programs() as start, terminals() as open_one, tempfile.TemporaryDirectory() as state:
        server = start(
            [*CHATD, "server", *words, "--id", "party", "--port", str(port), "--store", "none"]
        )
        server.expect_stderr("party answers discovery")
        moon, mia = enter(port, "moon"), enter(port, "mia")
        for peer, text in ((moon, "who brings the cables?"), (mia, "I have ten, and a hub")):
            peer.send("message", {"text": text}, id=1)
            peer.receive("ok")
        client = [*CHATD, "client", *words, "--server", "party", "--nickname", "ice"]
        window = open_one(client, {"XDG_STATE_HOME": state}, columns=COLUMNS, rows=ROWS)
        play(window, moon, mia)
        PICTURE.write_text(drawn(window), encoding="utf-8")
        for peer in (moon, mia):
            peer.close()
    print(f"wrote {PICTURE}")


def drawn(window: Terminal) -> str:
    """What is to be seen in the window, as SVG."""
    width = COLUMNS * WIDTH + 2 * MARGIN
    height = ROWS * HEIGHT + 2 * MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" '
        f'width="{width:.0f}" height="{height}" font-family="{FONT}" font-size="14" role="img" '
        'aria-label="chatd at a terminal: messages, and below them a half-typed line">',
        f'<rect width="100%" height="100%" rx="8" fill="{BACKGROUND}"/>',
    ]
    for row in range(ROWS):
        parts += [piece(row, *run) for run in runs(window.screen.buffer[row])]
    cursor = window.screen.cursor
    parts.append(block(cursor.y, cursor.x, 1, FOREGROUND))
    return "\n".join([*parts, "</svg>"]) + "\n"


def runs(row: Any) -> list[tuple[int, str, Any]]:
    """The pieces of one row that look the same: where each begins, its text, and how it looks."""
    found: list[tuple[int, str, Any]] = []
    for column in range(COLUMNS):
        cell = row[column]
        look = (cell.fg, cell.bold, cell.italics, cell.underscore, cell.reverse)
        # After a wide character comes an empty cell; what follows is set where it belongs.
        is_wide = cell.data and east_asian_width(cell.data[0]) in "WF"
        is_new = not found or found[-1][2] != look or is_wide or not (cell.data and found[-1][1])
        if is_new:
            found.append((column, cell.data, look))
        else:
            begin, text, _ = found[-1]
            found[-1] = (begin, text + cell.data, look)
    return [each for each in found if each[1].strip() or each[2][4]]


def block(row: int, column: int, columns: int, colour: str) -> str:
    """A filled block of cells."""
    return (
        f'<rect x="{MARGIN + column * WIDTH:.1f}" y="{MARGIN + row * HEIGHT}" '
        f'width="{columns * WIDTH:.1f}" height="{HEIGHT}" fill="{colour}"/>'
    )


def piece(row: int, column: int, text: str, look: Any) -> str:
    """One piece of text."""
    fg, bold, italics, underscore, reverse = look
    colour = FOREGROUND if fg == "default" else f"#{fg}"
    style = "".join(
        [
            ' font-weight="bold"' if bold else "",
            ' font-style="italic"' if italics else "",
            ' text-decoration="underline"' if underscore else "",
        ]
    )
    behind = block(row, column, len(text), colour) if reverse else ""
    fill = BACKGROUND if reverse else colour
    cells = 2 if east_asian_width(text[0]) in "WF" else len(text)
    length = f' textLength="{cells * WIDTH:.1f}"'
    return (
        f'{behind}<text x="{MARGIN + column * WIDTH:.1f}" y="{MARGIN + (row + 0.75) * HEIGHT}" '
        f'fill="{fill}"{style}{length} xml:space="preserve">{escape(text)}</text>'
    )


if __name__ == "__main__":
    main()
