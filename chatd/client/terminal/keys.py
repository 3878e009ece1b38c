"""What the keys do that is not editing a line: prompt_toolkit has the rest, as Emacs does."""

import re
from typing import Final, Protocol

from prompt_toolkit.completion import CompleteEvent, get_common_complete_suffix
from prompt_toolkit.filters import Condition, is_searching
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys

from chatd.chat import limits
from chatd.wire.rendering import escape

#: What cannot be in a message, and half a character, which is no UTF-8.
_NOT_TEXT: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")

#: What the person is told of a paste that is not in the line as it was.
REPLACED: Final = (
    "Some characters of that paste cannot be seen, or turn the text around; in the input line they "
    "are spelled out: <U+…>."
)


class PasteError(Exception):
    """Why a paste is not taken, as a sentence for the person."""


def validate_paste(pasted: str) -> str:
    """The text in `pasted`, its line ends those of a message.

    :raises NotPasted: if it cannot be a message.
    """
    if len(pasted) > limits.MESSAGE_CHARACTERS:
        raise PasteError(
            f"Not pasted: that is {len(pasted):,} characters, and a message may have at most "
            f"{limits.MESSAGE_CHARACTERS:,}."
        )
    text = pasted.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
    if (count := text.count("\n") + 1) > limits.MESSAGE_LINES:
        raise PasteError(
            f"Not pasted: that is {count:,} lines, and a message may have at most "
            f"{limits.MESSAGE_LINES:,}."
        )
    if found := _NOT_TEXT.search(text):
        raise PasteError(
            f"Not pasted: that is no text, as it contains the character U+{ord(found[0]):04X}."
        )
    return text


def escape_paste(text: str) -> str:
    """`text` as it may stand in the input line, what a terminal might obey spelled out.

    :raises NotPasted: if that is too long for a message.
    """
    spelled = "\n".join(
        "\t".join(escape(piece) for piece in line.split("\t")) for line in text.split("\n")
    )
    return validate_paste(spelled)


def is_long(text: str) -> bool:
    """Whether the person is asked before `text` is sent."""
    return text.count("\n") >= limits.PASTE_CONFIRM_LINES


def confirmation(text: str) -> str:
    """What the person is asked then."""
    lines = text.count("\n") + 1
    return f"Send {lines:,} lines ({len(text):,} characters) as one message? (y or n)"


_ENTER: Final = ("enter", "c-j")


class Pressed(Protocol):
    """What keys are pressed on."""

    #: Whether what is typed is not shown.
    is_secret: bool

    @property
    def has_choices(self) -> bool:
        """Whether there is a list to choose from."""

    def enter(self) -> None:
        """The person is done with the line."""

    def move(self, by: int) -> None:
        """Choose another line of the list."""


class Wishes(Protocol):
    """Who is told what the person wants."""

    def quit_requested(self) -> None:
        """The person wants to go."""

    def interrupt(self) -> None:
        """The person wants to go at once."""

    def notify(self, sentence: str) -> None:
        """Something is to be said to the person."""


def key_bindings(editor: Pressed, owner: Wishes) -> KeyBindings:
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
