"""The keys for the views: switching, scrolling, unfolding."""

from collections.abc import Callable

from prompt_toolkit.filters import Always, Condition, is_searching
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

from chatd.client.terminal.editor_owner import EditorOwner


def add_keys(keys: KeyBindings, owner: EditorOwner, has_line: Condition) -> None:
    """Add the keys.

    :param has_line: whether the input line is shown, and not a question. The answer of a question
        belongs to no view, so there is no switching meanwhile.
    """

    def add(key: str, action: Callable[[int], None], value: int, *, with_alt: bool = True) -> None:
        def on_key(event: KeyPressEvent) -> None:
            if has_line() or not with_alt:
                action(value)

        # Eager, and also while there is a question: or after Alt the digits would be a count for
        # the next key, as in Emacs, and Alt-2 and y the answer yy.
        names = ("escape", key) if with_alt else (key,)
        may_act = Always() if key.isdigit() or not with_alt else has_line
        keys.add(*names, filter=may_act & ~is_searching, eager=True)(on_key)

    for number in range(1, 10):
        add(str(number), owner.view_requested, number)
    add("0", owner.view_requested, 10)
    for key, by in (("left", -1), ("up", -1), ("right", 1), ("down", 1)):
        add(key, owner.view_moved, by)
    add("a", lambda value: owner.arrivals_toggled(), 0)
    add("c-l", lambda value: owner.window_lost(), 0, with_alt=False)
    add("pageup", owner.page_moved, -1, with_alt=False)
    add("pagedown", owner.page_moved, 1, with_alt=False)


#: What ``/help`` says of the keys.
HELP: tuple[str, ...] = (
    "Each room and each private talk is a view of its own:",
    "Alt-1 … Alt-9    show the view with this number (Esc, then the digit, does the same)",
    "Alt-arrows       show the next view, or the one before",
    "PageUp, PageDown scroll",
    "Alt-A            show each arrival in a line of its own, or all in one line again",
)
