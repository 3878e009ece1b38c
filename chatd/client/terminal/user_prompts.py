"""The prompts of the terminal: questions, passwords, and one of several choices."""

from collections.abc import Callable, Sequence
from typing import Protocol

from chatd.client.terminal.output import Line
from chatd.client.terminal.prompts import Prompt, PromptQueue, PromptView
from chatd.client.ui import STILL_CHECKING, Choice, format_choice
from chatd.wire.rendering import escape
from chatd.wire.slash_commands import is_quit


class AnswerEditor(PromptView, Protocol):
    """The editor, as far as the prompts need it."""

    @property
    def has_begun_answer(self) -> bool:
        """Whether the user has begun to type an answer."""


class UserPrompts:
    """Asks the user, and hands the answers on.

    :param show: shows a line where the user is looking.
    :param notify: shows a sentence of the client's own.
    :param quit_chat: called when the user answers with a command for leaving.
    """

    def __init__(
        self,
        editor: AnswerEditor,
        show: Callable[[Line], None],
        notify: Callable[[str], None],
        quit_chat: Callable[[], None],
    ) -> None:
        self._editor = editor
        self._show = show
        self._notify = notify
        self._quit = quit_chat
        self._queue = PromptQueue(editor)
        self._is_checked = False
        self._checking = Prompt(
            "Checking the password …", self._on_line_while_checking, is_secret=True
        )

    @property
    def current(self) -> Prompt | None:
        """The prompt that is shown."""
        return self._queue.current

    @property
    def drafts(self) -> list[str]:
        """The text that waits for an answer of the user, such as a long paste."""
        return self._queue.drafts

    def append(self, prompt: Prompt) -> None:
        """Ask `prompt` after the others."""
        self._queue.append(prompt)

    def ask(self, question: str, on_answer: Callable[[str], None], default: str) -> None:
        """As :meth:`UserInterface.prompt`."""
        self._queue.append(Prompt(escape(question), on_answer, escape(default)))

    def ask_password(self, question: str, on_answer: Callable[[str], None]) -> None:
        """As :meth:`UserInterface.prompt_password`."""
        self._queue.remove(self._checking)
        self._queue.append(Prompt(escape(question), on_answer, is_secret=True))

    def password_checked(self) -> None:
        """As :meth:`UserInterface.password_checked`."""
        if self.current is self._checking and self._editor.has_begun_answer:
            # The rest of a password that is being typed must not become a line of the chat.
            self._is_checked = True
            self._notify("The password is checked; Enter ends the line that you have begun.")
        else:
            self._queue.remove(self._checking)

    def choose(
        self, question: str, choices: Sequence[Choice], on_answer: Callable[[str], None]
    ) -> None:
        """As :meth:`UserInterface.choose`."""
        lines = [format_choice(number, choice) for number, choice in enumerate(choices, 1)]
        names = [choice.name for choice in choices]
        self._queue.append(Prompt(escape(question), on_answer, choices=lines, names=names))

    def answered(self, text: str) -> None:
        """The user has answered the prompt."""
        prompt = self.current
        if prompt and not prompt.is_secret and is_quit(text):
            self._quit()
        elif prompt is self._checking:
            self._queue.answer(text, None if self._is_checked else self._checking)
        elif prompt:
            # The question and its answer stay in the scroll-back.
            shown = "" if prompt.is_secret else escape(text.strip() or prompt.default)
            self._show([("class:question", f"{prompt.text} "), ("", shown)])
            is_password = prompt.is_secret and bool(text.strip())
            self._is_checked = False
            self._queue.answer(text, self._checking if is_password else None)

    def _on_line_while_checking(self, text: str) -> None:
        if is_quit(text):
            self._quit()
        elif self._is_checked:
            self._notify("You can write again.")
        elif text.strip():
            self._notify(STILL_CHECKING)
