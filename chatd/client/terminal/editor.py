"""What stands at the bottom of the window: the input line, a question, a list, the status line.

This is prompt_toolkit's side. It knows nothing of chat; whose it is says the :class:`Owner`.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, Protocol

from prompt_toolkit.application import Application
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.clipboard import InMemoryClipboard
from prompt_toolkit.completion import (
    CompleteEvent,
    Completer,
    Completion,
    get_common_complete_suffix,
)
from prompt_toolkit.data_structures import Point
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition, is_searching
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import DummyHistory, History
from prompt_toolkit.input import Input
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys
from prompt_toolkit.layout import (
    BufferControl,
    ConditionalContainer,
    Dimension,
    FormattedTextControl,
    HSplit,
    Layout,
    Window,
)
from prompt_toolkit.layout.processors import (
    BeforeInput,
    ConditionalProcessor,
    Processor,
    Transformation,
    TransformationInput,
)
from prompt_toolkit.output import ColorDepth, Output
from prompt_toolkit.renderer import print_formatted_text
from prompt_toolkit.styles import Style
from prompt_toolkit.widgets.toolbars import CompletionsToolbar, SearchToolbar

from chatd.chat import limits
from chatd.client.terminal.formatting import STYLES
from chatd.client.terminal.output import Line, wrap
from chatd.client.terminal.paste import REPLACED, PasteError, escape_paste, validate_paste
from chatd.client.terminal.status_bar import StatusBar, clip

_ENTER: Final = ("enter", "c-j")


class EditorOwner(Protocol):
    """Who is told what the person does."""

    def line_entered(self, text: str) -> None:
        """A line was entered."""

    def prompt_answered(self, text: str) -> None:
        """The question was answered."""

    def choice_made(self, number: int) -> None:
        """That one of the choices was taken, counted from 0."""

    def quit_requested(self) -> None:
        """The person wants to go."""

    def interrupt(self) -> None:
        """The person wants to go at once."""

    def notify(self, sentence: str) -> None:
        """Something is to be said to the person."""

    def completions(self, before: str) -> tuple[str, list[str]]:
        """The beginning of a word at the end of `before`, and what it may become."""


class Editor:
    """The bottom of the window.

    :param history: lines that were entered before, the oldest first.
    :ivar application: prompt_toolkit's.
    :ivar question: what the person is asked; empty if nothing.
    :ivar is_secret: whether the answer is not shown.
    """

    def __init__(
        self,
        owner: EditorOwner,
        status_bar: StatusBar,
        history: History,
        keyboard: Input,
        window: Output,
        color_depth: ColorDepth | None = None,
    ) -> None:
        self.prompt_text = ""
        self.is_secret = False
        self._owner = owner
        self._status_bar = status_bar
        self._choices: Sequence[str] = ()
        self._chosen = 0
        self._window = window
        self._style = Style.from_dict(STYLES)
        self._line = Buffer(
            multiline=True,
            history=history,
            completer=_WordCompleter(owner.completions),
        )
        self._answer = Buffer(history=DummyHistory(), completer=_WordCompleter(owner.completions))
        self.application: Application[None] = Application(
            layout=self._layout(),
            key_bindings=key_bindings(self, owner),
            style=self._style,
            erase_when_done=True,
            input=keyboard,
            output=window,
            color_depth=color_depth,
        )

    @property
    def columns(self) -> int:
        """How wide the window is."""
        return self._window.get_size().columns

    @property
    def drafts(self) -> list[str]:
        """What was not entered: an answer that may be seen, and the input line."""
        answer = "" if self.is_secret else self._answer.text
        return [text for text in (answer, self._line.text) if text.strip()]

    @property
    def has_choices(self) -> bool:
        """Whether there is a list to choose from."""
        return bool(self._choices)

    def show_prompt(
        self, question: str, is_secret: bool = False, choices: Sequence[str] = ()
    ) -> None:
        """Show a question in place of the input line, and above it what can be chosen."""
        is_new = not self._choices or not choices
        self.prompt_text, self.is_secret = question, is_secret
        self._choices = choices
        self._chosen = 0 if is_new else min(self._chosen, len(choices) - 1)
        if is_new:
            self._answer.reset()
        self.application.layout.focus(self._answer)
        self.draw()

    def end_prompt(self) -> None:
        """Show the input line again, as it was."""
        if self.is_secret:
            self.application.clipboard = InMemoryClipboard()  # a part of it may have been cut
        self.prompt_text, self.is_secret, self._choices = "", False, ()
        self._answer.reset()
        self.application.layout.focus(self._line)
        self.draw()

    def set_text(self, text: str) -> None:
        """Have `text` in the input line."""
        self._line.document = Document(text, len(text))

    def enter(self) -> None:
        """The person is done with the line, or the answer."""
        if self.prompt_text:
            text, self._answer.text = self._answer.text, ""
            if self._choices and not text.strip():
                self._owner.choice_made(self._chosen)
            else:
                self._owner.prompt_answered(text)
        else:
            text = self._line.text
            self._line.append_to_history()
            self._line.reset()
            self._owner.line_entered(text)

    def move(self, by: int) -> None:
        """Choose another line of the list."""
        self._chosen = max(0, min(self._chosen + by, len(self._choices) - 1))

    def write(self, lines: Sequence[Line], indent: int) -> None:
        """Show lines above all this; those that are too long go on indented."""
        if self.application.is_running:
            self.application.renderer.erase()
        fragments: StyleAndTextTuples = []
        for line in lines:
            for row in wrap(line, self.columns, indent):
                fragments += [*row, ("", "\n")]
        print_formatted_text(
            self._window, fragments, self._style, color_depth=self.application.color_depth
        )
        self.draw()

    def draw(self) -> None:
        """Draw the bottom of the window again, as soon as may be."""
        self.application.invalidate()

    def ring(self) -> None:
        """Ring the bell."""
        self._window.bell()
        self._window.flush()

    def _layout(self) -> Layout:
        asks = Condition(lambda: bool(self.prompt_text))
        rows = Dimension(min=1, max=limits.EDITOR_ROWS)
        search = SearchToolbar()
        prompt = BeforeInput(lambda: [("class:prompt", self._status_bar.prompt())])
        line = Window(
            BufferControl(
                self._line, [prompt], search_buffer_control=search.control, preview_search=True
            ),
            height=rows,
            wrap_lines=True,
            dont_extend_height=True,
        )
        hidden = ConditionalProcessor(_HideInput(), Condition(lambda: self.is_secret))
        question = BeforeInput(lambda: [("class:question", f"{self.prompt_text} ")])
        answer = Window(
            BufferControl(self._answer, [hidden, question]),
            height=rows,
            wrap_lines=True,
            dont_extend_height=True,
        )
        # Where the window is low, the list is scrolled to its cursor: to what is chosen.
        listed = FormattedTextControl(self._listed, show_cursor=False, get_cursor_position=self._at)
        choices = Window(listed, height=Dimension(min=1), dont_extend_height=True)
        status = Window(
            FormattedTextControl(lambda: self._status_bar.status(self.columns)),
            height=1,
            style="class:status",
        )
        return Layout(
            HSplit(
                [
                    ConditionalContainer(choices, Condition(lambda: self.has_choices)),
                    ConditionalContainer(line, ~asks),
                    ConditionalContainer(answer, asks),
                    CompletionsToolbar(),
                    search,
                    status,
                ]
            ),
            focused_element=line,
        )

    @property
    def _first_listed(self) -> int:
        shown = limits.LISTED_SERVERS
        return max(0, min(self._chosen - shown // 2, len(self._choices) - shown))

    def _at(self) -> Point:
        """Where in the list is what is chosen."""
        return Point(0, self._chosen - self._first_listed)

    def _listed(self) -> StyleAndTextTuples:
        """The part of the list around what is chosen."""
        first, shown = self._first_listed, limits.LISTED_SERVERS
        fragments: StyleAndTextTuples = []
        for number, choice in enumerate(self._choices[first : first + shown], first):
            mark, style = ("> ", "class:chosen") if number == self._chosen else ("  ", "")
            end = "\n" if fragments else ""
            fragments += [("", end), (style, clip(f"{mark}{choice}", self.columns - 1))]
        return fragments


def key_bindings(editor: "Editor", owner: EditorOwner) -> KeyBindings:
    """The keys of `editor`."""
    keys = KeyBindings()
    chooses = Condition(lambda: editor.has_choices)

    def leave_or_delete(event: KeyPressEvent) -> None:
        if event.current_buffer.text:
            event.current_buffer.delete()
        else:
            owner.quit_requested()

    def paste(event: KeyPressEvent) -> None:
        try:
            text = validate_paste(event.data)
            shown = text if editor.is_secret else escape_paste(text)
            event.current_buffer.insert_text(shown)
        except PasteError as why:
            owner.notify(str(why))
        else:
            if shown != text:
                owner.notify(REPLACED)

    for key in _ENTER:
        keys.add(key, filter=~is_searching)(lambda event: editor.enter())
    keys.add("escape", "enter")(lambda event: event.current_buffer.insert_text("\n"))
    keys.add("up", filter=chooses)(lambda event: editor.move(-1))
    keys.add("down", filter=chooses)(lambda event: editor.move(1))
    keys.add("tab")(_complete)
    keys.add("s-tab")(lambda event: event.current_buffer.complete_previous())
    keys.add("c-c", filter=~is_searching)(lambda event: owner.interrupt())
    keys.add("c-d")(leave_or_delete)
    keys.add("c-z")(lambda event: event.app.suspend_to_background())
    keys.add(Keys.BracketedPaste)(paste)
    return keys


def _complete(event: KeyPressEvent) -> None:
    """Complete at once, as what is typed next may already be there; show what is left to choose."""
    buffer = event.current_buffer
    if buffer.complete_state:
        buffer.complete_next()
        return
    asked = CompleteEvent(completion_requested=True)
    completions = list(buffer.completer.get_completions(buffer.document, asked))
    if len(completions) == 1:
        buffer.apply_completion(completions[0])
    elif completions:
        buffer.insert_text(get_common_complete_suffix(buffer.document, completions))
        buffer.start_completion()


class _WordCompleter(Completer):
    """Completes the word before the cursor."""

    def __init__(self, words: Callable[[str], tuple[str, list[str]]]) -> None:
        self._words = words

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        beginning, words = self._words(document.text_before_cursor)
        for word in words:
            yield Completion(word, -len(beginning), display=word.strip())


class _HideInput(Processor):
    """Shows nothing of what is typed, not even how long it is."""

    def apply_transformation(self, transformation_input: TransformationInput) -> Transformation:
        def nowhere(position: int) -> int:
            return 0

        return Transformation([], nowhere, nowhere)


def open_terminal(stdin: Any, stdout: Any, term: str) -> tuple[Input, Output]:
    """The terminal that is the standard input and output."""
    from prompt_toolkit.input.vt100 import Vt100Input
    from prompt_toolkit.output.vt100 import Vt100_Output

    measured = Vt100_Output.from_pty(stdout, term=term)
    # It is not asked where the cursor is: not every terminal answers, and an answer that comes
    # after the end would be taken for input by the shell.
    window = Vt100_Output(stdout, measured.get_size, term=term, enable_cpr=False)
    return Vt100Input(stdin), window
