"""Where the person of this process sits: at the terminal's screen, or at lines in and lines out.

The screen needs the asyncio reactor, so it is chosen before anything imports a reactor. Neither it
nor prompt_toolkit is imported where it is not used: a client on a pipe starts without them.
"""

import os
import select
import sys
import time
from typing import Any, ClassVar, Final

from chatd.client.console import Console
from chatd.client.ui import InteractiveUI
from chatd.taps.options import CommandOptions

#: Terminals that can do nothing but lines, and what is no name of a terminal.
_DUMB_TERMINALS: Final = frozenset({"", "dumb", "unknown"})

#: How long the terminal is given to take output before lines wait, in seconds.
_AT_ONCE: Final = 0


class InteractiveOptions(CommandOptions):
    """The options of a role that a person sits at."""

    optFlags: ClassVar = [
        ["plain-terminal", None, "lines in and lines out, also on a terminal that can do more"],
        ["bell", None, "ring the terminal's bell for private messages and when you are named"],
    ]

    @property
    def uses_full_ui(self) -> bool:
        """Whether this is a terminal that can do more than lines, and the person wants it to."""
        return (
            not self["plain-terminal"]
            and is_terminal()
            and sys.__stdout__ is not None
            and sys.__stdout__.isatty()
            and os.environ.get("TERM", "") not in _DUMB_TERMINALS
        )


def is_terminal() -> bool:
    """Whether a person sits at the standard input."""
    return sys.stdin is not None and sys.stdin.isatty()


def install_reactor(options: InteractiveOptions) -> None:
    """Install the reactor that the screen needs, if there will be one, and none is there yet."""
    if options.uses_full_ui and "twisted.internet.reactor" not in sys.modules:
        from twisted.internet import asyncioreactor

        asyncioreactor.install()


def make_ui(options: InteractiveOptions, reactor: Any) -> InteractiveUI:
    """The screen of this process's person."""
    if options.uses_full_ui:
        if _is_asyncio(reactor):
            return _terminal(options, reactor)
        console = Console(can_ask=True)
        console.notify(
            "These are plain lines; chatd client has a better screen (or: twistd -r asyncio …)."
        )
        return console
    return Console(can_ask=is_terminal())


def _is_asyncio(reactor: Any) -> bool:
    module = sys.modules.get("twisted.internet.asyncioreactor")
    return module is not None and isinstance(reactor, module.AsyncioSelectorReactor)


def _terminal(options: InteractiveOptions, reactor: Any) -> InteractiveUI:
    from prompt_toolkit.output import ColorDepth

    from chatd.client.terminal.editor import open_terminal
    from chatd.client.terminal.input_history import InputHistory, history_file
    from chatd.client.terminal.screen import TerminalUI, Tty

    keyboard, window = open_terminal(sys.__stdin__, sys.__stdout__, os.environ["TERM"])
    no_colours = ColorDepth.DEPTH_1_BIT if os.environ.get("NO_COLOR") else None
    tty = Tty(keyboard, window, _takes_output, no_colours, bool(options["bell"]))
    # What the history has to say can only be said once the screen is there.
    sentences: list[str] = []
    terminal = TerminalUI(
        reactor, tty, InputHistory(history_file(os.environ), sentences.append), time.time
    )
    for sentence in sentences:
        terminal.notify(sentence)
    if sys.__stderr__ is not None and sys.__stderr__.isatty():
        options.log_lines = terminal
    return terminal


def qr_code_columns(options: InteractiveOptions) -> int:
    """How wide a drawing on standard error may be, in character cells; 0 for none at all.

    Who wants lines, perhaps to have them read aloud, wants no drawing.
    """
    error_output = sys.__stderr__
    if not options.uses_full_ui or error_output is None or not error_output.isatty():
        return 0
    return os.get_terminal_size(error_output.fileno()).columns


def _takes_output() -> bool:
    return bool(select.select([], [1], [], _AT_ONCE)[1])
