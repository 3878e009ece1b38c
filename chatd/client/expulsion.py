"""Expulsion: a host has removed the user, so the client leaves and does not come back by itself."""

from collections.abc import Callable
from typing import Final

from chatd.chat.moderation_events import Restricted
from chatd.wire import rendering

#: The reasons of such a ``goodbye``, and what the user is told if the server has not said more.
_SENTENCES: Final = {
    "kicked": "A host has removed you from the chat. You may come back.",
    "banned": "A host has banned you from the chat.",
    "blocked": "Your account is blocked.",
}

#: The restrictions that end the membership of the whole chat.
_FINAL: Final = frozenset({"kick", "ban"})


class Expulsion:
    """Remembers what the server says before the ``goodbye``: by whom, why and until when.

    :param now: returns the current time, in seconds since 1970.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._sentence = ""

    def is_announced_by(self, event: Restricted) -> bool:
        """Whether a ``goodbye`` follows, of which `event` says why."""
        if event.room is not None or event.what not in _FINAL:
            return False
        self._sentence = " ".join(rendering.describe(event, round(1_000 * self._now())))
        return True

    def why(self, goodbye: str = "") -> str:
        """The sentence that says why the user is out; empty if this is no expulsion.

        :param goodbye: its reason; empty if the connection was lost without one.
        """
        return self._sentence or _SENTENCES.get(goodbye, "")
