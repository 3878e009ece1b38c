"""The status line: server, room, members, what is unread, and the state in words. Pure."""

from dataclasses import dataclass
from typing import Final

from prompt_toolkit.utils import get_cwidth

from chatd.wire.lines import escape

_SEPARATOR: Final = " · "
_ELLIPSIS: Final = "…"


@dataclass(frozen=True, slots=True)
class StatusLine:
    """What the status line tells.

    :ivar state: in words.
    :ivar members: of the room; 0 if that is not known.
    :ivar unread: other rooms and how many messages there were not read.
    :ivar unsent: lines that wait to be sent.
    """

    state: str
    server: str = ""
    room: str = ""
    members: int = 0
    unread: tuple[tuple[str, int], ...] = ()
    unsent: int = 0


def format_status_line(status: StatusLine, columns: int) -> str:
    """The line, as much of it as fits into `columns` character cells; the state always does."""
    room = escape(status.room)
    members = f"{status.members} member{'' if status.members == 1 else 's'}"
    unread = ", ".join(f"{escape(name)} {number}" for name, number in status.unread)
    pieces = [
        escape(status.server),
        room,
        members if status.members else "",
        f"unread: {unread}" if unread else "",
        f"{status.unsent:,} to be sent" if status.unsent else "",
        status.state,
    ]
    shorter = [
        pieces[0],
        room,
        f"{status.members}" if status.members else "",
        f"{sum(number for _, number in status.unread)} unread" if unread else "",
        *pieces[4:],
    ]
    bare = ["", room, "", *shorter[3:]]
    for each in (pieces, shorter, bare, ["", "", "", "", *pieces[4:]], [status.state]):
        line = f" {_SEPARATOR.join(piece for piece in each if piece)}"
        if get_cwidth(line) <= columns:
            return line
    return clip(line, columns)


def clip(text: str, columns: int) -> str:
    """`text`, cut where it does not fit into `columns` character cells."""
    if get_cwidth(text) <= columns:
        return text
    cut = ""
    for character in text:
        if get_cwidth(cut + character + _ELLIPSIS) > columns:
            break
        cut += character
    return cut + _ELLIPSIS
