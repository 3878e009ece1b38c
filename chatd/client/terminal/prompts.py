"""What the person is asked, one thing after the other."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Prompt:
    """One question, and who gets the answer.

    :ivar offered: the answer of one who says nothing.
    :ivar choices: what can be chosen, as it is listed; `names` are what they are called.
    :ivar holds: what the person typed that is lost if nobody answers.
    """

    text: str
    on_answer: Callable[[str], None]
    default: str = ""
    is_secret: bool = False
    choices: Sequence[str] = ()
    names: Sequence[str] = ()
    draft: str = ""

    @property
    def label(self) -> str:
        """The question as it is shown."""
        return f"{self.text} [{self.default}]" if self.default else self.text


class PromptView(Protocol):
    """Where a question is shown."""

    def show_prompt(
        self, question: str, is_secret: bool = False, choices: Sequence[str] = ()
    ) -> None:
        """Show a question."""

    def end_prompt(self) -> None:
        """Show none."""


class PromptQueue:
    """The questions that have no answer yet; the first one is shown."""

    def __init__(self, view: PromptView) -> None:
        self._view = view
        self._waiting: deque[Prompt] = deque()

    @property
    def current(self) -> Prompt | None:
        """The question that is shown."""
        return self._waiting[0] if self._waiting else None

    @property
    def drafts(self) -> list[str]:
        """What the person typed, and was asked about without an answer yet."""
        return [question.draft for question in self._waiting if question.draft]

    def append(self, question: Prompt) -> None:
        """Ask this as well; a list to choose from takes the place of the one before."""
        for number, waiting in enumerate(self._waiting):
            if waiting.choices and question.choices:
                self._waiting[number] = question
                break
        else:
            self._waiting.append(question)
        self._show()

    def answer(self, text: str) -> None:
        """Hand on the answer to the question that is shown."""
        question = self._waiting.popleft()
        self._show()
        question.on_answer(text if text.strip() else question.default)

    def _show(self) -> None:
        if question := self.current:
            self._view.show_prompt(question.label, question.is_secret, question.choices)
        else:
            self._view.end_prompt()
