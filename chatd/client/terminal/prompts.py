"""The questions to the user, of which the terminal shows one at a time."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Prompt:
    """A question to the user.

    :ivar default: the answer if the user enters a blank line.
    :ivar is_secret: whether nothing of the answer is shown.
    :ivar choices: what the user can choose from, as the lines of a list.
    :ivar names: the answer that each of the choices stands for.
    :ivar draft: text of the user that is lost if the prompt is never answered.
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
    """Shows the current prompt."""

    def show_prompt(
        self, question: str, is_secret: bool = False, choices: Sequence[str] = ()
    ) -> None:
        """Show a question, in place of any other."""

    def end_prompt(self) -> None:
        """Show no question."""


class PromptQueue:
    """The prompts that are not answered yet, in the order asked; the first one is shown."""

    def __init__(self, view: PromptView) -> None:
        self._view = view
        self._prompts: deque[Prompt] = deque()

    @property
    def current(self) -> Prompt | None:
        """The prompt that is shown."""
        return self._prompts[0] if self._prompts else None

    @property
    def drafts(self) -> list[str]:
        """The text that waits for an answer of the user, such as a long paste."""
        return [prompt.draft for prompt in self._prompts if prompt.draft]

    def append(self, prompt: Prompt) -> None:
        """Ask `prompt` after the others; one with choices replaces an earlier list of choices."""
        for index, earlier in enumerate(self._prompts):
            if earlier.choices and prompt.choices:
                self._prompts[index] = prompt
                break
        else:
            self._prompts.append(prompt)
        self._show()

    def remove(self, prompt: Prompt) -> None:
        """Ask `prompt` no longer, if it is not answered yet."""
        if prompt in self._prompts:
            is_shown = prompt is self.current
            self._prompts.remove(prompt)
            if is_shown:
                self._show()

    def answer(self, text: str, then: Prompt | None = None) -> None:
        """Hand the answer to the current prompt's `on_answer`, which may ask again.

        :param then: the prompt to show next, before those that wait.
        """
        prompt = self._prompts.popleft()
        if then is not None:
            self._prompts.appendleft(then)
        self._show()
        prompt.on_answer(text if text.strip() else prompt.default)

    def _show(self) -> None:
        if prompt := self.current:
            self._view.show_prompt(prompt.label, prompt.is_secret, prompt.choices)
        else:
            self._view.end_prompt()
