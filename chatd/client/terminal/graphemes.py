"""Keys of the input line that treat as one what a reader sees as one character.

Such a grapheme cluster (Unicode Standard Annex 29) may be several code points: a flag, an emoji
with its skin tone, a consonant with its vowel sign. The keys of prompt_toolkit would divide it.
"""

from prompt_toolkit.filters import is_searching
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from wcwidth import grapheme_boundary_before, iter_graphemes


def add_keys(keys: KeyBindings) -> None:
    """Add the keys for moving by a character and for deleting one."""
    for key in ("left", "c-b"):
        keys.add(key, filter=~is_searching)(_move_left)
    for key in ("right", "c-f"):
        keys.add(key, filter=~is_searching)(_move_right)
    for key in ("backspace", "c-h"):
        keys.add(key, filter=~is_searching, save_before=_is_first)(_delete_before)
    keys.add("delete", save_before=_is_first)(delete_after)


def delete_after(event: KeyPressEvent) -> None:
    """Delete the character at the cursor."""
    event.current_buffer.delete(_length_after(event))


def _is_first(event: KeyPressEvent) -> bool:
    return not event.is_repeat


def _move_left(event: KeyPressEvent) -> None:
    event.current_buffer.cursor_position -= _length_before(event)


def _move_right(event: KeyPressEvent) -> None:
    event.current_buffer.cursor_position += _length_after(event)


def _delete_before(event: KeyPressEvent) -> None:
    if not event.current_buffer.delete_before_cursor(_length_before(event)):
        event.app.output.bell()


def _length_before(event: KeyPressEvent) -> int:
    text = event.current_buffer.document.text_before_cursor
    return len(text) - grapheme_boundary_before(text, len(text)) if text else 0


def _length_after(event: KeyPressEvent) -> int:
    return len(next(iter_graphemes(event.current_buffer.document.text_after_cursor), ""))
