"""A line that somebody typed, made up by a fuzzer; and the file of what was typed before."""

from chatd.chat import commands
from chatd.chat.errors import Refusal
from chatd.chat.events import Message, PrivateMessage
from chatd.client.terminal import formatting
from chatd.client.terminal.input_history import is_private
from chatd.wire import native_client, rendering, slash_commands
from chatd.wire.native import Native
from fuzz.watch import check_shown


def read(data: bytes) -> None:
    """Read the line: what it asks for arrives as that, and what others see of it is text."""
    line = data.decode("utf-8", "surrogateescape")
    for painted in formatting.format_input(line):
        for _, text, *_ in painted:
            check_shown(text)
    try:
        meant = slash_commands.parse(line)
    except Refusal as refusal:
        assert len(str(refusal)) < 1_000  # noqa: PT017  # either outcome is right
        assert is_private(line)
        return
    match meant:
        case (
            None
            | slash_commands.Help()
            | slash_commands.SwitchRoom()
            | slash_commands.PromptPrivate()
        ):
            return
        case commands.SendPrivate(text):
            assert is_private(line)
            _check_message(text)
        case commands.SendMessage(text):
            _check_message(text)
    try:
        sent = native_client.encode(meant)
    except UnicodeEncodeError:
        assert any("\ud800" <= each <= "\udfff" for each in line)
        return
    assert sent.count(b"\n") == 1
    assert Native().decode(sent[:-1]).command == meant


def _check_message(text: str) -> None:
    for event in (Message("#dev", 1, 0, "ice", text), PrivateMessage("ice", ("moon",), 0, text)):
        shown = rendering.render(event)
        assert len(shown) == text.count("\n") + 1
        for line in shown:
            assert line.startswith(("#dev ice: ", "[private] ice: "))
            check_shown(line)
