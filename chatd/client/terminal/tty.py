"""The terminal that the user interface is shown at."""

from dataclasses import dataclass

from prompt_toolkit.input import Input
from prompt_toolkit.output import ColorDepth, Output

from chatd.client.terminal.window import WindowFile
from chatd.client.ui import CONDENSED


@dataclass(frozen=True, slots=True)
class Tty:
    """The terminal's input and output, and the user's settings for them.

    :ivar file: what `window` writes to.
    :ivar color_depth: the number of colours; None for as many as the terminal has.
    :ivar bell: whether to ring the bell for private messages and mentions.
    :ivar one_stream: whether all is shown in one stream, and not in views.
    :ivar arrivals: how arrivals and departures are shown; one of ``ui.ARRIVALS``.
    """

    keyboard: Input
    window: Output
    file: WindowFile
    color_depth: ColorDepth | None = None
    bell: bool = False
    one_stream: bool = False
    arrivals: str = CONDENSED
