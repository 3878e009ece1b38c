"""Opens the terminal at standard input and output for prompt_toolkit."""

from typing import Any

from prompt_toolkit.input import Input
from prompt_toolkit.output import Output

from chatd.client.terminal.key_parser import KeyParser
from chatd.client.terminal.window import WindowFile


def open_terminal(stdin: Any, stdout: Any, term: str) -> tuple[Input, Output, WindowFile]:
    """The keyboard and the window of the terminal at standard input and output.

    :param term: the terminal's type, as in the environment variable TERM.
    """
    from prompt_toolkit.input.vt100 import Vt100Input
    from prompt_toolkit.output.vt100 import Vt100_Output

    measured = Vt100_Output.from_pty(stdout, term=term)
    file: Any = WindowFile(
        stdout.fileno(), stdout.encoding or "utf-8"
    )  # as much of a text file as Vt100_Output needs
    # No cursor position requests (CPR): not every terminal answers them, and an answer that comes
    # after the end would be input for the shell.
    window = Vt100_Output(file, measured.get_size, term=term, enable_cpr=False)
    keyboard = Vt100Input(stdin)
    # The parser that Vt100Input has made passes unknown sequences on as text.
    keyboard.vt100_parser = KeyParser(keyboard.vt100_parser.feed_key_callback)
    return keyboard, window, file
