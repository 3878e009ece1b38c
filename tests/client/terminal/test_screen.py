"""The terminal's user interface without a terminal: lines that are entered, and where they go."""

from pathlib import Path

from prompt_toolkit.input import DummyInput
from prompt_toolkit.output import DummyOutput
from twisted.internet.task import Clock

from chatd.chat.commands import LeaveRoom, Quit, SendMessage
from chatd.client.terminal.screen import TerminalUI
from chatd.client.terminal.tty import Tty
from chatd.client.terminal.window import WindowFile
from chatd.client.ui import STILL_CHECKING
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
        tty = Tty(DummyInput(), self.window, WindowFile(-1))
        self.ui = TerminalUI(self.clock, tty, history_file, lambda: 0.0)
        self.session = RecordingSession()
        self.session.target = "#dev"
        if attached:
            self.ui.attach(self.session)

    def type(self, text: str) -> None:
        """Type `text` into whatever is shown: the line, or the answer of a prompt."""
        self.ui._editor.application.current_buffer.insert_text(text)

    def enter(self, text: str = "") -> None:
        self.type(text)
        self.ui._editor.enter()

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


def test_an_unanswered_password_does_not_keep_the_user_in(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path / "history")
    terminal.ui.prompt_password("Password?", lambda password: None)
    terminal.enter("s3cret")
    terminal.enter(" /quit ")
    assert terminal.session.inputs == [Quit()]


def test_lines_are_hidden_and_not_taken_until_the_password_is_checked(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path / "history")
    answers: list[str] = []
    terminal.ui.prompt_password("Password?", answers.append)
    for line in ("s3cret", "s3cret", "", "s3cret"):
        terminal.enter(line)
    terminal.ui.password_checked()
    terminal.enter("hello")
    assert (answers, terminal.session.lines) == (["s3cret"], ["hello"])
    assert "s3cret" not in terminal.window.text
    assert terminal.shown().count(STILL_CHECKING) == 2


def test_another_question_about_a_password_takes_the_place_of_the_check(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path / "history")
    answers: list[str] = []
    for password in ("warm", "cold"):
        terminal.ui.prompt_password("Password?", answers.append)
        terminal.enter(password)
    terminal.ui.password_checked()
    terminal.ui.prompt_password("Password?", answers.append)
    terminal.enter("")
    terminal.enter("hello")
    assert (answers, terminal.session.lines) == (["warm", "cold", ""], ["hello"])


def test_a_line_that_was_begun_during_the_check_is_thrown_away_at_its_end(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path / "history")
    terminal.ui.prompt_password("Password?", lambda password: None)
    terminal.enter("s3cret")
    terminal.type("s3c")
    terminal.ui.password_checked()
    terminal.type("ret")
    terminal.enter()
    terminal.enter("hello")
    assert terminal.session.lines == ["hello"]


def test_what_was_cut_of_a_password_is_forgotten_at_the_next_question(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path / "history")
    terminal.ui.prompt_password("Password?", lambda password: None)
    editor = terminal.ui._editor
    editor.application.clipboard.set_text("s3cret")
    terminal.ui.prompt("Nickname?", lambda nickname: None)
    terminal.enter("cold")
    terminal.ui.password_checked()
    assert editor.application.clipboard.get_data().text == ""
