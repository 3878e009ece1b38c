"""What the person is asked, one thing after the other."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Question:
    """One question, and who gets the answer.

    :ivar offered: the answer of one who says nothing.
    :ivar choices: what can be chosen, as it is listed; `names` are what they are called.
    :ivar holds: what the person typed that is lost if nobody answers.
    """

    text: str
    answered: Callable[[str], None]
    offered: str = ""
    is_secret: bool = False
    choices: Sequence[str] = ()
    names: Sequence[str] = ()
    holds: str = ""

    @property
    def shown(self) -> str:
        """The question as it is shown."""
        return f"{self.text} [{self.offered}]" if self.offered else self.text


class Asker(Protocol):
    """Where a question is shown."""

    def ask(self, question: str, is_secret: bool = False, choices: Sequence[str] = ()) -> None:
        """Show a question."""

    def ask_no_more(self) -> None:
        """Show none."""


class Questions:
    """The questions that have no answer yet; the first one is shown."""

    def __init__(self, asker: Asker) -> None:
        self._asker = asker
        self._waiting: deque[Question] = deque()

    @property
    def current(self) -> Question | None:
        """The question that is shown."""
        return self._waiting[0] if self._waiting else None

    @property
    def held(self) -> list[str]:
        """What the person typed, and was asked about without an answer yet."""
        return [question.holds for question in self._waiting if question.holds]

    def ask(self, question: Question) -> None:
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
        question.answered(text if text.strip() else question.offered)

    def _show(self) -> None:
        if question := self.current:
            self._asker.ask(question.shown, question.is_secret, question.choices)
        else:
            self._asker.ask_no_more()
