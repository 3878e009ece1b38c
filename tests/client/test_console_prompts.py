"""Prompts and lists of choices in line mode."""

import pytest

from chatd.client.ui import STILL_CHECKING, Choice
from tests.client.test_console import Stdio


@pytest.fixture
def standard_error(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the client itself says."""
    said: list[str] = []
    monkeypatch.setattr("chatd.client.console.write_line", said.append)
    return said


def test_each_choice_is_listed_once_as_it_arrives(standard_error: list[str]) -> None:
    stdio = Stdio(is_interactive=True)
    names = ["party", "wo\x1brk", "play"]
    for count in (2, 3):
        choices = [Choice(name, "4 of 5 slots free") for name in names[:count]]
        stdio.console.choose("Which server?", choices, stdio.lines.append)
    assert standard_error == [
        "1  party  4 of 5 slots free",
        "2  wo<U+001B>rk  4 of 5 slots free",
        "Which server?",
        "3  play  4 of 5 slots free",
    ]
    stdio.comes(b"3\n")
    assert stdio.lines == ["3"]


def test_an_answer_that_is_none_of_the_choices_is_asked_for_again(
    standard_error: list[str],
) -> None:
    stdio = Stdio(is_interactive=True)
    choices = [Choice("party", "full"), Choice("work", "full")]
    stdio.console.choose("Which server?", choices, lambda answer: None)
    del standard_error[:]
    stdio.console.choose("None of them. Which server?", choices, lambda answer: None)
    assert standard_error == ["None of them. Which server?"]


def test_a_blank_answer_is_the_default(standard_error: list[str]) -> None:
    stdio = Stdio(is_interactive=True)
    for answer in (b"\n", b"ice\n"):
        stdio.console.prompt("Your nickname?", stdio.lines.append, "zoe")
        stdio.comes(answer)
    assert stdio.lines == ["zoe", "ice"]
    assert standard_error == ["Your nickname? [zoe]"] * 2


@pytest.mark.parametrize("line", ["/quit", "/exit", " exit() "])
def test_the_user_can_leave_instead_of_answering(line: str, standard_error: list[str]) -> None:
    stdio = Stdio(is_interactive=True)
    answers: list[str] = []
    stdio.console.choose("Which server?", [Choice("party", "full")], answers.append)
    stdio.comes(f"{line}\n".encode())
    assert (answers, stdio.lines) == ([], [line])


def test_a_password_may_be_anything(standard_error: list[str]) -> None:
    stdio = Stdio(is_interactive=True)
    answers: list[str] = []
    stdio.console.prompt_password("Your password?", answers.append)
    stdio.comes(b"/quit\n")
    stdio.console.prompt("Your nickname?", answers.append)
    stdio.comes(b"/quit\n")
    assert (answers, stdio.lines) == (["/quit"], ["/quit"])


def test_lines_after_a_password_are_not_taken_until_it_is_checked(
    standard_error: list[str],
) -> None:
    stdio = Stdio(is_interactive=True)
    answers: list[str] = []
    stdio.console.prompt_password("Your password?", answers.append)
    stdio.comes(b"s3cret\ns3cret\ns3cre", b"t\n")
    assert (answers, stdio.lines) == (["s3cret"], [])
    assert standard_error[1:] == [STILL_CHECKING] * 2
    stdio.console.password_checked()
    stdio.comes(b"hello\n")
    assert (answers, stdio.lines) == (["s3cret"], ["hello"])


def test_the_user_can_leave_while_a_password_is_checked(standard_error: list[str]) -> None:
    stdio = Stdio(is_interactive=True)
    stdio.console.prompt_password("Your password?", lambda answer: None)
    stdio.comes(b"s3cret\n/quit\n")
    assert stdio.lines == ["/quit"]


def test_input_that_ends_while_a_password_is_checked_has_answered_it(
    standard_error: list[str],
) -> None:
    stdio = Stdio(is_interactive=True)
    stdio.console.prompt_password("Your password?", lambda answer: None)
    stdio.comes(b"s3cret\n")
    stdio.console.readConnectionLost()
    assert standard_error == ["Your password?"]


def test_no_password_leaves_the_next_line_one_of_the_chat(standard_error: list[str]) -> None:
    stdio = Stdio(is_interactive=True)
    answers: list[str] = []
    stdio.console.prompt_password("Your password?", answers.append)
    stdio.comes(b"\nhello\n")
    assert (answers, stdio.lines) == ([""], ["hello"])


def test_input_that_was_not_read_is_reported_at_the_end(standard_error: list[str]) -> None:
    stdio = Stdio()
    stdio.console.close()
    assert standard_error == []
    stdio = Stdio()
    stdio.console.pause_input()
    stdio.console.close()
    stdio.console.close()
    assert standard_error == ["The rest of the input was not read."]


def test_an_empty_line_takes_the_nickname_that_is_possible(standard_error: list[str]) -> None:
    stdio = Stdio(is_interactive=True)
    stdio.comes("/nick Anna Müller\n\n\n".encode())
    assert standard_error == ["An empty line takes it."]
    assert stdio.lines[-2:] == ["/setname Anna_Müller", ""]


def test_another_line_after_that_is_what_it_was(standard_error: list[str]) -> None:
    stdio = Stdio(is_interactive=True)
    stdio.comes("/nick Anna Müller\nhello\n\n".encode())
    assert stdio.lines[-2:] == ["hello", ""]


def test_off_a_terminal_an_empty_line_is_nothing(standard_error: list[str]) -> None:
    stdio = Stdio()
    stdio.comes("/nick Anna Müller\n\n".encode())
    assert (stdio.lines[-1], standard_error) == ("", [])
