"""The choice between the full user interface on a terminal and line mode.

The full interface (prompt_toolkit) needs the asyncio reactor, which must be installed before
anything imports a reactor. Line mode imports neither: a client on a pipe starts faster.
"""

import os
import sys
import time
from typing import Any, ClassVar

from chatd.client.console import Console
from chatd.client.ui import ARRIVALS, CONDENSED, InteractiveUI
from chatd.taps.environment import DUMB_TERMINALS
from chatd.taps.options import CommandOptions, choice, parameter


class InteractiveOptions(CommandOptions):
    """The options of a command with a user interface."""

    optFlags: ClassVar = [
        [
            "plain-terminal",
            None,
            "use line mode, also on a terminal that can show the full interface",
        ],
        ["bell", None, "ring the terminal's bell for private messages and mentions"],
        ["one-stream", None, "show all rooms and private talks in one stream, without views"],
    ]
    optParameters: ClassVar = [
        parameter(
            "arrivals",
            CONDENSED,
            "how a terminal shows who comes and goes: condensed (many in one line; not in "
            "--one-stream), all, or none",
            choice(ARRIVALS),
        ),
    ]

    @property
    def uses_full_ui(self) -> bool:
        """Whether the terminal can show the full interface, and the user wants it."""
        return (
            not self["plain-terminal"]
            and is_terminal()
            and sys.__stdout__ is not None
            and sys.__stdout__.isatty()
            and os.environ.get("TERM", "") not in DUMB_TERMINALS
        )


def is_terminal() -> bool:
    """Whether standard input is a terminal."""
    return sys.stdin is not None and sys.stdin.isatty()


def install_reactor(options: InteractiveOptions) -> None:
    """Install the asyncio reactor for the full interface, unless a reactor is installed."""
    if options.uses_full_ui and "twisted.internet.reactor" not in sys.modules:
        from twisted.internet import asyncioreactor

        asyncioreactor.install()


def make_ui(options: InteractiveOptions, reactor: Any, drops_lines: bool = False) -> InteractiveUI:
    """The user interface for standard input and output.

    :param drops_lines: whether lines are dropped and counted while the output takes nothing. Else
        the client stops reading from the server meanwhile, which may disconnect it.
    """
    if options.uses_full_ui:
        if _is_asyncio(reactor):
            return _terminal(options, reactor, drops_lines)
        console = Console(is_interactive=True, drops_lines=drops_lines)
        console.notify(
            'Line mode. For the full-screen input use "chatd client" or "twistd -r asyncio …".'
        )
        return console
    return Console(is_interactive=is_terminal(), drops_lines=drops_lines)


def _is_asyncio(reactor: Any) -> bool:
    module = sys.modules.get("twisted.internet.asyncioreactor")
    return module is not None and isinstance(reactor, module.AsyncioSelectorReactor)


def _terminal(options: InteractiveOptions, reactor: Any, drops_lines: bool) -> InteractiveUI:
    from prompt_toolkit.output import ColorDepth

    from chatd.client.terminal.input_history import history_file
    from chatd.client.terminal.opening import open_terminal
    from chatd.client.terminal.screen import TerminalUI
    from chatd.client.terminal.tty import Tty

    keyboard, window, file = open_terminal(sys.__stdin__, sys.__stdout__, os.environ["TERM"])
    no_colours = ColorDepth.DEPTH_1_BIT if os.environ.get("NO_COLOR") else None
    tty = Tty(
        keyboard,
        window,
        file,
        no_colours,
        bool(options["bell"]),
        bool(options["one-stream"]),
        options["arrivals"],
    )
    terminal = TerminalUI(reactor, tty, history_file(os.environ), time.time, drops_lines)
    # On the same terminal, log lines would be written across the input line.
    if sys.__stderr__ is not None and sys.__stderr__.isatty():
        options.log_lines = terminal
    return terminal


def qr_code_columns(options: InteractiveOptions) -> int:
    """The width available to a QR code on standard error, in character cells; 0 for no code.

    Line mode, which a screen reader may read aloud, shows no code.
    """
    error_output = sys.__stderr__
    if not options.uses_full_ui or error_output is None or not error_output.isatty():
        return 0
    return os.get_terminal_size(error_output.fileno()).columns
