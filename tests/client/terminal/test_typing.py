"""What is typed and pasted, asked and answered."""

from collections.abc import Sequence

import pytest

from chatd.chat import limits
from chatd.client.terminal import paste
from chatd.client.terminal.prompts import Prompt, PromptQueue
from chatd.client.terminal.screen import InputQueue


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
def test_a_paste_is_text_with_the_line_ends_of_a_message(pasted: str, text: str) -> None:
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
def test_what_can_be_no_message_is_not_pasted_and_says_why(pasted: str, why: str) -> None:
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
def test_what_cannot_be_seen_in_a_paste_is_spelled_out_and_scripts_stay_whole(
    pasted: str, shown: str | None
) -> None:
    assert paste.escape_paste(pasted) == (shown or pasted)


def test_a_paste_that_is_too_long_once_it_is_spelled_out_is_not_taken() -> None:
    with pytest.raises(paste.PasteError, match="Not pasted"):
        paste.escape_paste("\u200b" * limits.MESSAGE_CHARACTERS)


def test_only_a_message_of_many_lines_is_asked_about() -> None:
    lines = ["line"] * limits.PASTE_CONFIRM_LINES
    assert not paste.is_long("\n".join(lines))
    assert paste.is_long("\n".join([*lines, "line"]))


def test_lines_are_kept_while_nobody_takes_them_and_handed_on_in_order() -> None:
    sent: list[str] = []
    outgoing = InputQueue(sent.append)
    outgoing.append("one")
    outgoing.append("two")
    assert (sent, outgoing.lines) == ([], ["one", "two"])
    outgoing.resume()
    outgoing.append("three")
    assert (sent, outgoing.lines) == (["one", "two", "three"], [])


def test_handing_on_stops_where_it_is_too_much_again() -> None:
    sent: list[str] = []

    def send(line: str) -> None:
        sent.append(line)
        if line == "two":
            outgoing.pause()

    outgoing = InputQueue(send)
    for line in ("one", "two", "three"):
        outgoing.append(line)
    outgoing.resume()
    assert (sent, outgoing.lines) == (["one", "two"], ["three"])


@pytest.mark.parametrize("line", ["/quit", " exit() ", "/exit"])
def test_the_wish_to_leave_does_not_wait(line: str) -> None:
    sent: list[str] = []
    outgoing = InputQueue(sent.append)
    outgoing.append("one")
    outgoing.append(line)
    assert (sent, outgoing.lines) == ([line], ["one"])


class FakeAsker:
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


def test_one_thing_is_asked_after_the_other() -> None:
    asker = FakeAsker()
    questions = PromptQueue(asker)
    answers: list[str] = []
    questions.append(Prompt("Recipients?", answers.append))
    questions.append(Prompt("What?", answers.append))
    assert asker.shown == "Recipients?"
    questions.answer("moon")
    assert asker.shown == "What?"
    questions.answer("hello")
    assert (asker.shown, answers) == ("", ["moon", "hello"])


def test_who_says_nothing_gets_what_was_offered() -> None:
    asker = FakeAsker()
    questions = PromptQueue(asker)
    answers: list[str] = []
    for typed in (" ", "ice"):
        questions.append(Prompt("Your nickname?", answers.append, "zoe"))
        assert asker.shown == "Your nickname? [zoe]"
        questions.answer(typed)
    assert answers == ["zoe", "ice"]


def test_a_list_that_grows_takes_the_place_of_the_one_before() -> None:
    asker = FakeAsker()
    questions = PromptQueue(asker)
    answers: list[str] = []
    for count in (2, 3):
        names = ["party", "work", "play"][:count]
        questions.append(Prompt("Which?", answers.append, choices=names, names=names))
    assert asker.choices == ["party", "work", "play"]
    questions.answer("play")
    assert (asker.shown, answers) == ("", ["play"])


def test_what_is_asked_about_is_held_until_there_is_an_answer() -> None:
    questions = PromptQueue(FakeAsker())
    questions.append(Prompt("Recipients?", print))
    questions.append(Prompt("Send 9 lines?", lambda answer: None, draft="nine lines"))
    assert questions.drafts == ["nine lines"]
    questions.answer("moon")
    questions.answer("y")
    assert questions.drafts == []


def test_an_answer_may_lead_to_another_question() -> None:
    asker = FakeAsker()
    questions = PromptQueue(asker)
    questions.append(Prompt("One?", lambda answer: questions.append(Prompt("Two?", print))))
    questions.answer("yes")
    assert asker.shown == "Two?"
