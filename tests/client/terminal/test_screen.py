"""The terminal's user interface without a terminal: lines that are entered, and where they go."""

from pathlib import Path

from prompt_toolkit.input import DummyInput
from prompt_toolkit.output import DummyOutput
from twisted.internet.task import Clock

from chatd.chat.commands import LeaveRoom, Quit, SendMessage
from chatd.client.terminal.screen import TerminalUI, Tty
from tests.client.session_harness import RecordingSession


class Window(DummyOutput):
    """A window that records what is written to it."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, data: str) -> None:
        self.text += data


class Terminal:
    """A user interface on a window in memory, attached to a session in the room #dev."""

    def __init__(self, history_file: Path, attached: bool = True) -> None:
        self.clock = Clock()
        self.window = Window()
        tty = Tty(DummyInput(), self.window, lambda: True)
        self.ui = TerminalUI(self.clock, tty, history_file, lambda: 0.0)
        self.session = RecordingSession()
        self.session.room = "#dev"
        if attached:
            self.ui.attach(self.session)

    def shown(self) -> list[str]:
        self.clock.advance(1)
        return self.window.text.splitlines()


def test_a_line_is_parsed_once_with_the_room_of_the_session(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path / "history")
    for line in ("hello", "/leave", "/dance"):
        terminal.ui.line_entered(line)
    assert terminal.session.inputs == [SendMessage("hello", "#dev"), LeaveRoom("#dev")]
    [problem] = terminal.session.problems
    assert "/dance" in problem
    assert terminal.shown() == ["> /leave", "> /dance"], "a message is shown when it is confirmed"


def test_lines_entered_before_there_is_a_session_wait_for_it(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path / "history", attached=False)
    terminal.ui.line_entered("hello")
    assert terminal.session.lines == []
    terminal.ui.attach(terminal.session)
    assert terminal.session.lines == ["hello"]


def test_leaving_by_a_key_is_leaving_by_the_command(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path / "history")
    terminal.ui.quit_requested()
    assert terminal.session.inputs == [Quit()]


def test_an_input_history_that_can_no_longer_be_written_is_reported_once(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path / "history")
    (tmp_path / "history").mkdir()
    for line in ("one", "two"):
        terminal.ui.line_entered(line)
    terminal.shown()
    assert terminal.window.text.count("The input history cannot be written") == 1
    assert terminal.session.lines == ["one", "two"]
