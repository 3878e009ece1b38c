"""Whether what was read is a message: a file may be changed by hand, and a peer may lie."""

from functools import lru_cache

from chatd.chat import names
from chatd.chat.errors import Refusal


def is_valid(
    room: object, seq: object, time: object, source: object, text: object, removed: object = ""
) -> bool:
    """Whether these are what a server may have put there."""
    if not (
        isinstance(seq, int)
        and isinstance(time, int)
        and isinstance(text, str)
        and 0 < seq < 2**53
        and 0 <= time < 2**53
    ):
        return False
    try:
        if removed:
            return _are_names(room, source) and _are_names(room, removed) and not text
        return _are_names(room, source) and names.message_text(text) == text
    except Refusal:
        return False


@lru_cache(1_024)
def _are_names(room: object, source: object) -> bool:
    """Whether these are the names of a room and of a member.

    :raises Refusal: if they are not.
    """
    return (
        isinstance(room, str)
        and isinstance(source, str)
        and names.room_name(room) == room
        and names.nickname(source, source) == source
    )
