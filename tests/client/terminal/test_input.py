"""Input at a terminal: pastes, lines that wait, and prompts."""

from collections.abc import Sequence

import pytest

from chatd.chat import limits
from chatd.client.terminal import paste
from chatd.client.terminal.input_queue import InputQueue, TypedLine
from chatd.client.terminal.prompts import Prompt, PromptQueue


@pytest.mark.parametrize(
    ("pasted", "text"),
    [
        ("hello", "hello"),
        ("one\r\ntwo\rthree\n", "one\ntwo\nthree"),
        ("a\tb", "a\tb"),
        ("你好 \N{GRINNING FACE}", "你好 \N{GRINNING FACE}"),
        ("x" * limits.MESSAGE_CHARACTERS, "x" * limits.MESSAGE_CHARACTERS),
    ],
)
def test_a_paste_becomes_text_with_the_line_ends_of_a_message(pasted: str, text: str) -> None:
    assert paste.validate_paste(pasted) == text


@pytest.mark.parametrize(
    ("pasted", "why"),
    [
        ("x" * (limits.MESSAGE_CHARACTERS + 1), "4,097 characters"),
        ("x\n" * 300 + "x", "301 lines"),
        ("\x1b[31m", "U\\+001B"),
        ("a\x00b", "U\\+0000"),
        ("\udcff", "U\\+DCFF"),
        ("\x9b", "U\\+009B"),
    ],
)
def test_text_that_cannot_be_a_message_is_not_pasted_and_the_reason_is_shown(
    pasted: str, why: str
) -> None:
    with pytest.raises(paste.PasteError, match=why):
        paste.validate_paste(pasted)


@pytest.mark.parametrize(
    ("pasted", "shown"),
    [
        ("a\u202eb", "a<U+202E>b"),
        ("zero\u200bwidth\n\tand\ufeff", "zero<U+200B>width\n\tand<U+FEFF>"),
        ("one\n\ttwo", "one\n\ttwo"),
        ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", None),
    ],
)
def test_invisible_characters_of_a_paste_are_escaped_and_scripts_stay_whole(
    pasted: str, shown: str | None
) -> None:
    assert paste.escape_paste(pasted) == (shown or pasted)


def test_a_paste_that_is_too_long_when_escaped_is_not_accepted() -> None:
    with pytest.raises(paste.PasteError, match="Not pasted"):
        paste.escape_paste("\u200b" * limits.MESSAGE_CHARACTERS)


def test_only_a_message_of_many_lines_must_be_confirmed() -> None:
    lines = ["line"] * limits.PASTE_CONFIRM_LINES
    assert not paste.is_long("\n".join(lines))
    assert paste.is_long("\n".join([*lines, "line"]))


class Queue:
    """A queue, and what it has sent."""

    def __init__(self, pause_at: str = "") -> None:
        self.sent: list[str] = []
        self.pause_at = pause_at
        self.queue = InputQueue(self._send)

    def _send(self, line: TypedLine) -> None:
        self.sent.append(line.text)
        if line.text == self.pause_at:
            self.queue.pause()

    def append(self, *lines: str) -> None:
        for line in lines:
            self.queue.append(TypedLine(line, "#dev"))

    @property
    def state(self) -> tuple[list[str], list[str]]:
        return self.sent, self.queue.lines


def test_lines_wait_while_paused_and_are_sent_in_order() -> None:
    queue = Queue()
    queue.append("one", "two")
    assert queue.state == ([], ["one", "two"])
    queue.queue.resume()
    queue.append("three")
    assert queue.state == (["one", "two", "three"], [])


def test_resuming_stops_at_the_next_pause() -> None:
    queue = Queue(pause_at="two")
    queue.append("one", "two", "three")
    queue.queue.resume()
    assert queue.state == (["one", "two"], ["three"])


@pytest.mark.parametrize("line", ["/quit", " exit() ", "/exit"])
def test_a_command_for_leaving_does_not_wait(line: str) -> None:
    queue = Queue()
    queue.append("one", line)
    assert queue.state == ([line], ["one"])


class FakePromptView:
    """Shows one question at a time."""

    def __init__(self) -> None:
        self.shown = ""
        self.choices: Sequence[str] = ()

    def show_prompt(
        self, question: str, is_secret: bool = False, choices: Sequence[str] = ()
    ) -> None:
        self.shown, self.choices = question, choices

    def end_prompt(self) -> None:
        self.shown, self.choices = "", ()


def test_prompts_are_shown_one_after_the_other() -> None:
    view = FakePromptView()
    prompts = PromptQueue(view)
    answers: list[str] = []
    prompts.append(Prompt("Recipients?", answers.append))
    prompts.append(Prompt("What?", answers.append))
    assert view.shown == "Recipients?"
    prompts.answer("moon")
    assert view.shown == "What?"
    prompts.answer("hello")
    assert (view.shown, answers) == ("", ["moon", "hello"])


def test_a_blank_answer_is_the_default() -> None:
    view = FakePromptView()
    prompts = PromptQueue(view)
    answers: list[str] = []
    for typed in (" ", "ice"):
        prompts.append(Prompt("Your nickname?", answers.append, "zoe"))
        assert view.shown == "Your nickname? [zoe]"
        prompts.answer(typed)
    assert answers == ["zoe", "ice"]


def test_a_longer_list_of_choices_replaces_the_one_before() -> None:
    view = FakePromptView()
    prompts = PromptQueue(view)
    answers: list[str] = []
    for count in (2, 3):
        names = ["party", "work", "play"][:count]
        prompts.append(Prompt("Which?", answers.append, choices=names, names=names))
    assert view.choices == ["party", "work", "play"]
    prompts.answer("play")
    assert (view.shown, answers) == ("", ["play"])


def test_a_draft_is_kept_until_its_prompt_is_answered() -> None:
    prompts = PromptQueue(FakePromptView())
    prompts.append(Prompt("Recipients?", print))
    prompts.append(Prompt("Send 9 lines?", lambda answer: None, draft="nine lines"))
    assert prompts.drafts == ["nine lines"]
    prompts.answer("moon")
    prompts.answer("y")
    assert prompts.drafts == []


def test_an_answer_may_lead_to_another_prompt() -> None:
    view = FakePromptView()
    prompts = PromptQueue(view)
    prompts.append(Prompt("One?", lambda answer: prompts.append(Prompt("Two?", print))))
    prompts.answer("yes")
    assert view.shown == "Two?"
