"""Make the page's icons of chatd/web/static/icon.svg: ``make icons``; Chromium draws them.

An installed page needs pictures of pixels. Those for a phone's home screen are cut into any shape
(maskable): they have a background, and the drawing is in the middle.
"""

import base64
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Final

from tests.browser.chromium import Chromium, find_chromium
from tests.browser.tab import Tab

STATIC: Final = Path(__file__).parent.parent / "chatd" / "web" / "static"

#: The file, its width in pixels, and the part of it that the drawing takes. A background is drawn
#: where that is not all; W3C's manifest asks for a circle of 80 % that nothing important leaves.
ICONS: Final = (
    ("icon-192.png", 192, 1.0),
    ("icon-512.png", 512, 1.0),
    ("icon-maskable-512.png", 512, 0.55),
    ("apple-touch-icon.png", 180, 0.68),
)

_DRAW: Final = """(svg, size, part) => {
  const [blue, white] = ['#2253c4', '#fff']
  document.documentElement.style.background = part < 1 ? blue : 'transparent'
  document.body.style.margin = 0
  document.body.innerHTML = svg
  const drawing = document.querySelector('svg')
  const [bubble, lines] = drawing.querySelectorAll('path')
  if (part < 1) {
    bubble.setAttribute('fill', white)
    lines.setAttribute('stroke', blue)
  }
  const side = Math.round(size * part)
  const margin = (size - side) / 2
  drawing.setAttribute('style', `position:fixed;left:${margin}px;top:${margin}px;width:${side}px`)
}"""


def draw(tab: Tab, size: int, part: float) -> bytes:
    """One icon as PNG."""
    tab.resize(size, size)
    tab.run(_DRAW, (STATIC / "icon.svg").read_text(), size, part)
    transparent = {"r": 0, "g": 0, "b": 0, "a": 0}
    tab.call("Emulation.setDefaultBackgroundColorOverride", color=transparent)
    return base64.b64decode(tab.call("Page.captureScreenshot")["data"])


def main() -> None:
    """Write all icons."""
    with (
        tempfile.TemporaryDirectory() as profile,
        closing(Chromium(find_chromium(), Path(profile))) as browser,
        closing(Tab(browser, 512, 512)) as tab,
    ):
        for name, size, part in ICONS:
            (STATIC / name).write_bytes(draw(tab, size, part))
            print(f"wrote {STATIC / name}")


if __name__ == "__main__":
    main()
