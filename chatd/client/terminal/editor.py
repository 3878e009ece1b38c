"""The editor at the bottom of the window: the input line or a prompt, its keys, the status line.

This is the part that prompt_toolkit does. It knows nothing of the chat: what the user enters goes
to the :class:`EditorOwner`.

The application is not a full-screen one. Lines of the chat are written above it, into the
terminal's own scroll-back, and only the last rows of the window are redrawn. So scrolling,
searching and copying are the terminal's, and the chat is still there when the client has ended.
"""

import os
import signal
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from prompt_toolkit.application import Application, run_in_terminal
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
from typing_extensions import override

from chatd.chat import limits
from chatd.client.terminal import graphemes, view_keys
from chatd.client.terminal.editor_owner import EditorOwner
from chatd.client.terminal.formatting import STYLES
from chatd.client.terminal.output import Line, row_height, wrap
from chatd.client.terminal.paste import ESCAPED_NOTICE, PasteError, escape_paste, validate_paste
from chatd.client.terminal.status_bar import StatusBar
from chatd.client.terminal.view_status import clip
from chatd.client.terminal.views import Draft
from chatd.client.terminal.window import WindowFile

#: How long Ctrl-Z waits for the terminal to show that the editor is gone.
_SUSPEND_SECONDS: Final = 0.1

#: The input line and the status line.
_LEAST_HEIGHT: Final = 2


class _Application(Application[None]):
    """An application that draws only while the window takes it.

    :param on_lost: as :meth:`EditorOwner.window_lost`.
    """

    def __init__(self, file: WindowFile, on_lost: Callable[[], None], **options: Any) -> None:
        super().__init__(**options)
        self._file = file
        self._on_lost = on_lost
        self._is_deferred = False

    @override
    def _on_resize(self) -> None:
        super()._on_resize()
        self._on_lost()

    @override
    def invalidate(self) -> None:
        if self._file.is_ready() or self.loop is None:
            super().invalidate()
        elif not self._is_deferred:
            self._is_deferred = True
            self.loop.call_later(limits.OUTPUT_INTERVAL_MILLISECONDS / 1_000, self._draw_again)

    def _draw_again(self) -> None:
        self._is_deferred = False
        if self._file.is_ready() and self._file.take_incomplete():
            self.renderer.clear()  # where the cursor is, is not known any more
            self._on_lost()
        self.invalidate()


class Editor:
    """The input line, which a prompt and a list of choices replace while there is a question.

    :param history: the lines that the arrow keys recall.
    :param file: what `window` writes to.
    :param has_views: whether there are keys for views.
    :ivar application: the prompt_toolkit application.
    :ivar prompt_text: the question that is shown; empty if there is none.
    :ivar is_secret: whether the answer must not be shown.
    """

    def __init__(
        self,
        owner: EditorOwner,
        status_bar: StatusBar,
        history: History,
        keyboard: Input,
        window: Output,
        file: WindowFile,
        color_depth: ColorDepth | None = None,
        has_views: bool = False,
    ) -> None:
        self._has_views = has_views
        self.prompt_text = ""
        self.is_secret = False
        self._owner = owner
        self._status_bar = status_bar
        self._choices: Sequence[str] = ()
        self._chosen = 0
        self._window = window
        self._file = file
        self._last_height = 0
        self._has_cleared = False
        self._style = Style.from_dict(STYLES)
        completer = _WordCompleter(owner.completions)
        self._line = Buffer(multiline=True, history=history, completer=completer)
        self._answer = Buffer(history=DummyHistory(), completer=completer)
        self.application: Application[None] = _Application(
            file,
            owner.window_lost,
            layout=self._layout(),
            key_bindings=self._key_bindings(),
            style=self._style,
            erase_when_done=True,
            input=keyboard,
            output=window,
            color_depth=color_depth,
        )

    @property
    def columns(self) -> int:
        """The width of the window, in character cells."""
        return self._window.get_size().columns

    @property
    def rows(self) -> int:
        """The height of the window, in rows."""
        return self._window.get_size().rows

    @property
    def drafts(self) -> list[str]:
        """The text that the user has not entered: an answer that is no secret, and the line."""
        answer = "" if self.is_secret else self._answer.text
        return [text for text in (answer, self._line.text) if text.strip()]

    @property
    def has_begun_answer(self) -> bool:
        """Whether the user has begun to type an answer."""
        return bool(self._answer.text)

    @property
    def has_choices(self) -> bool:
        """Whether a list of choices is shown."""
        return bool(self._choices)

    def show_prompt(
        self, question: str, is_secret: bool = False, choices: Sequence[str] = ()
    ) -> None:
        """Show a question in place of the input line, and above it the choices.

        If it has choices and so had the one before, it is the same question with a longer list: the
        answer that the user has begun stays, and so does what is chosen.
        """
        is_new = not self._choices or not choices
        self._forget_cut_text()
        self.prompt_text, self.is_secret = question, is_secret
        self._choices = choices
        self._chosen = 0 if is_new else min(self._chosen, len(choices) - 1)
        if is_new:
            self._answer.reset()
        self.application.layout.focus(self._answer)
        self.draw()

    def end_prompt(self) -> None:
        """Show the input line again, as it was."""
        self._forget_cut_text()
        self.prompt_text, self.is_secret, self._choices = "", False, ()
        self._answer.reset()
        self.application.layout.focus(self._line)
        self.draw()

    def _forget_cut_text(self) -> None:
        """Forget what the user may have cut (Ctrl-K) of a password."""
        if self.is_secret:
            self.application.clipboard = InMemoryClipboard()

    def set_text(self, text: str) -> None:
        """Put `text` into the input line."""
        self._line.document = Document(text, len(text))

    def exchange_draft(self, draft: Draft) -> Draft:
        """Put another text into the input line, and return the one that was there.

        Nothing of the one that was there can be brought back by undoing, or by the arrow keys.
        """
        before = Draft(self._line.text, self._line.cursor_position)
        self._line.reset(Document(draft.text, draft.cursor))
        return before

    def enter(self) -> None:
        """Take the line, or the answer of the prompt."""
        if self.prompt_text:
            text, self._answer.text = self._answer.text, ""
            if self._choices and not text.strip():
                self._owner.choice_made(self._chosen)
            else:
                self._owner.prompt_answered(text)
        else:
            text = self._line.text
            recalled = self._owner.recalled(text)
            if recalled and self._line.history.get_strings()[-1:] != [recalled]:
                self._line.history.append_string(recalled)
            self._line.reset()
            self._owner.line_entered(text)

    def move(self, by: int) -> None:
        """Choose the line of the list that is so many below."""
        self._chosen = max(0, min(self._chosen + by, len(self._choices) - 1))

    def write(self, lines: Sequence[Line], indent: int, replaces: bool) -> None:  # as queued
        """Write lines above the editor, and into the terminal's scroll-back.

        :param indent: of the rows of a wrapped line, in character cells.
        :param replaces: whether the first one takes the place of the line written last.
        """
        if self.application.is_running:
            self.application.renderer.erase()
        if replaces and self._last_height:
            self._window.cursor_up(self._last_height)
            self._window.erase_down()
        columns = self.columns
        wrapped = [wrap(line, columns, indent) for line in lines]
        self._last_height = sum(row_height(row, columns) for row in wrapped[-1]) if wrapped else 0
        self._print([row for rows in wrapped for row in rows])
        self.draw()

    def draw_screen(self, rows: Sequence[Line], last_height: int) -> None:
        """Show these rows and nothing else, directly above the editor at the bottom of the window.

        :param last_height: how many rows of the window the last line takes.
        """
        columns, editor_height = self.columns, self.height
        height = sum(row_height(row, columns) for row in rows)
        if self.application.is_running:
            self.application.renderer.erase()
        if self._has_cleared:
            self._window.erase_screen()
        else:
            # The rows from before the client began go into the scroll-back.
            self._has_cleared = True
            self._window.cursor_goto(self.rows, 1)
            self._window.write_raw("\n" * self.rows)
        self._window.cursor_goto(max(1, self.rows - editor_height - height + 1), 1)
        self._last_height = last_height
        self._print(rows)
        self.draw()

    def continued(self) -> None:
        """Others have written into the window while the process was stopped."""
        self._has_cleared = False  # what they wrote goes into the scroll-back
        self._owner.window_lost()

    @property
    def height(self) -> int:
        """How many rows the input line and the status line took when they were last drawn."""
        screen = self.application.renderer.last_rendered_screen
        return screen.height if screen is not None else _LEAST_HEIGHT

    def _print(self, rows: Sequence[Line]) -> None:
        fragments: StyleAndTextTuples = [part for row in rows for part in (*row, ("", "\n"))]
        print_formatted_text(
            self._window, fragments, self._style, color_depth=self.application.color_depth
        )

    def draw(self) -> None:
        """Redraw the editor, once this turn of the loop is over."""
        self.application.invalidate()

    def ring(self) -> None:
        """Ring the bell."""
        if self._file.is_ready():
            self._window.bell()
            self._window.flush()

    def _layout(self) -> Layout:
        has_prompt = Condition(lambda: bool(self.prompt_text))
        rows = Dimension(min=1, max=limits.EDITOR_ROWS)
        search = SearchToolbar()
        prompt = BeforeInput(lambda: [self._status_bar.prompt(self._line.text, self.columns)])
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
        # In a low window prompt_toolkit scrolls the list to its cursor, which is at what is chosen.
        listed = FormattedTextControl(
            self._listed, show_cursor=False, get_cursor_position=self._list_cursor
        )
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
                    ConditionalContainer(line, ~has_prompt),
                    ConditionalContainer(answer, has_prompt),
                    CompletionsToolbar(),
                    search,
                    status,
                ]
            ),
            focused_element=line,
        )

    @property
    def _first_listed(self) -> int:
        """The index of the first choice that is shown: the list is scrolled to what is chosen."""
        rows = limits.LISTED_SERVERS
        return max(0, min(self._chosen - rows // 2, len(self._choices) - rows))

    def _list_cursor(self) -> Point:
        return Point(0, self._chosen - self._first_listed)

    def _listed(self) -> StyleAndTextTuples:
        first, rows = self._first_listed, limits.LISTED_SERVERS
        fragments: StyleAndTextTuples = []
        for index, choice in enumerate(self._choices[first : first + rows], first):
            mark, style = ("> ", "class:chosen") if index == self._chosen else ("  ", "")
            end = "\n" if fragments else ""
            fragments += [("", end), (style, clip(f"{mark}{choice}", self.columns - 1))]
        return fragments

    # --- keys -----------------------------------------------------------------------------------

    def _key_bindings(self) -> KeyBindings:
        """The keys that prompt_toolkit does not have; for editing it has those of Emacs."""
        keys = KeyBindings()
        has_choices = Condition(lambda: self.has_choices)
        for key in ("enter", "c-j"):
            keys.add(key, filter=~is_searching)(lambda event: self.enter())
        keys.add("escape", "enter")(lambda event: event.current_buffer.insert_text("\n"))
        keys.add("up", filter=has_choices)(lambda event: self.move(-1))
        keys.add("down", filter=has_choices)(lambda event: self.move(1))
        keys.add("tab")(_complete)
        keys.add("s-tab")(lambda event: event.current_buffer.complete_previous())
        keys.add("c-c", filter=~is_searching)(lambda event: self._owner.interrupt())
        keys.add("c-g", filter=~is_searching)(lambda event: self._owner.transfer_stopped())
        keys.add("c-d")(self._delete_or_quit)
        keys.add("c-z")(lambda event: run_in_terminal(self._suspend))
        keys.add(Keys.BracketedPaste)(self._paste)
        graphemes.add_keys(keys)
        if self._has_views:
            view_keys.add_keys(keys, self._owner, Condition(lambda: not self.prompt_text))
        return keys

    def _suspend(self) -> None:
        """Stop the process group, as the terminal would without prompt_toolkit."""
        self._file.drain(_SUSPEND_SECONDS)
        os.kill(0, signal.SIGTSTP)

    def _delete_or_quit(self, event: KeyPressEvent) -> None:
        if event.current_buffer.text:
            graphemes.delete_after(event)
        else:
            self._owner.quit_requested()

    def _paste(self, event: KeyPressEvent) -> None:
        try:
            text = validate_paste(event.data)
            # A password is not shown, and must be what was pasted.
            shown = text if self.is_secret else escape_paste(text)
            event.current_buffer.insert_text(shown)
        except PasteError as error:
            self._owner.notify(str(error))
        else:
            if shown != text:
                self._owner.notify(ESCAPED_NOTICE)


def _complete(event: KeyPressEvent) -> None:
    """Complete the word as far as it is unique, then show the choices.

    Synchronously, unlike prompt_toolkit's own key for it: the keys that the user typed behind Tab
    may be waiting already, and belong behind the completed word.
    """
    buffer = event.current_buffer
    if buffer.complete_state:
        buffer.complete_next()
        return
    requested = CompleteEvent(completion_requested=True)
    completions = list(buffer.completer.get_completions(buffer.document, requested))
    if len(completions) == 1:
        buffer.apply_completion(completions[0])
    elif completions:
        buffer.insert_text(get_common_complete_suffix(buffer.document, completions))
        buffer.start_completion()


class _WordCompleter(Completer):
    """Completes the word before the cursor.

    :param completions: as :meth:`EditorOwner.completions`.
    """

    def __init__(self, completions: Callable[[str], tuple[str, list[str]]]) -> None:
        self._completions = completions

    @override
    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        beginning, words = self._completions(document.text_before_cursor)
        for word in words:
            yield Completion(word, -len(beginning), display=word.strip())


class _HideInput(Processor):
    """Shows nothing of what is typed, not even its length."""

    @override
    def apply_transformation(self, transformation_input: TransformationInput) -> Transformation:
        def to_start(position: int) -> int:
            return 0

        return Transformation([], to_start, to_start)
