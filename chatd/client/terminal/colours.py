"""The colours of the terminal: one per nickname, the same in every run. Pure.

Nobody knows the background of a terminal. The colours here stand out against black and against
white alike: a test checks the contrast, 3.5 to 1 at least (WCAG asks 3 to 1 for large text).
"""

import zlib
from typing import Final

from chatd.chat.names import casefold

#: From the 216 colours of a terminal's palette, those of middling brightness and clear hue.
NICKNAME_COLOURS: Final = (
    "#ff0000",
    "#d75f00",
    "#af5f5f",
    "#af5f00",
    "#878700",
    "#5f8700",
    "#008700",
    "#00875f",
    "#008787",
    "#0087af",
    "#0087ff",
    "#5f5fff",
    "#875fff",
    "#af5faf",
    "#d700d7",
    "#ff0087",
)

#: What is not said by a person.
MUTED: Final = "#767676"

#: The names of styles, and what they are. Where there are no colours, the rest still shows.
STYLES: Final = {
    "time": f"fg:{MUTED}",
    "notice": f"fg:{MUTED}",
    "talk": f"fg:{MUTED} italic",
    "history": f"fg:{MUTED}",
    "own": "bold",
    "private": "bold fg:#d700d7",
    "mention": "bold underline",
    "prompt": "bold",
    "question": "bold",
    "chosen": "reverse",
    "status": "reverse",
    "completion-toolbar": f"fg:{MUTED}",
    "completion-toolbar.completion.current": "reverse",
}


def nickname_style(nickname: str) -> str:
    """The style of a nickname; how it is spelled makes no difference."""
    number = zlib.crc32(casefold(nickname).encode("utf-8", "replace"))
    return f"fg:{NICKNAME_COLOURS[number % len(NICKNAME_COLOURS)]}"
