"""What the status line and the prompt say of the views, in as many columns as there are. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from prompt_toolkit.utils import get_cwidth
from wcwidth import iter_graphemes

from chatd.wire.rendering import escape

SEPARATOR: Final = " · "
_ELLIPSIS: Final = "…"
#: Between two views of the list.
_GAP: Final = "  "
#: How much of a name is shown where all would not fit, in character cells.
_SHORT_NAME: Final = 7


@dataclass(frozen=True, slots=True)
class Listed:
    """A view that is not shown: its number, its target, how much is unread, and for the user."""

    number: int
    target: str
    unread: int = 0
    mentions: int = 0

    def format(self, name_columns: int = 1_000) -> str:
        """Such as ``2:#dev``, ``2:#dev 3``, ``2:#dev 12 1!`` or ``3:@ice 1!``."""
        name = f"{self.number}:{clip(self.target, name_columns)}"
        others = f" {self.unread:,}" if self.unread > self.mentions else ""
        return f"{name}{others}{f' {self.mentions:,}!' if self.mentions else ''}"


@dataclass(frozen=True, slots=True)
class ViewsLine:
    """The content of a status line.

    :ivar status: the connection status, in words.
    :ivar short_statuses: the same, shorter and shorter; of a client that is online it may go.
    :ivar members: how many are in the room; 0 if that is not known.
    :ivar is_scrolled: whether the user has scrolled up.
    :ivar below: how many messages came below what is shown then.
    :ivar unsent: how many lines the server has not confirmed.
    :ivar transfer: how far a file is; empty if none is on its way.
    """

    status: str
    short_statuses: tuple[str, ...] = ()
    server: str = ""
    target: str = ""
    members: int = 0
    others: tuple[Listed, ...] = ()
    is_scrolled: bool = False
    below: int = 0
    unsent: int = 0
    transfer: str = ""


def format_views_line(line: ViewsLine, columns: int) -> str:
    """The line, with as much as fits into `columns` character cells; the status is always there.

    The server goes first, then the members, then the room, which the prompt shows as well.
    """
    members = f"{line.members} member{'' if line.members == 1 else 's'}" if line.members else ""
    unsent = format_unsent(line.unsent, line.transfer)
    scrolled = (
        f"PageDown: {line.below:,} new"
        if line.below
        else "PageDown: later lines" * line.is_scrolled
    )
    others = _GAP.join(each.format() for each in line.others)
    full = [line.server, line.target, members, scrolled, others, unsent, line.status]
    candidates = [full, ["", *full[1:]], ["", line.target, "", *full[3:]], full[3:]]
    candidates += [
        [scrolled, listed, unsent, status]
        for listed in (others, *_shorter_lists(line.others), "")
        for status in (line.status, *line.short_statuses)
    ]
    candidates += [[unsent, line.status], [unsent, *line.short_statuses[:1]]]
    for pieces in candidates:
        text = f" {SEPARATOR.join(piece for piece in pieces if piece)}"
        if get_cwidth(text) <= columns:
            return text
    return clip(f" {line.status}", columns)


def format_unsent(lines: int, transfer: str) -> str:
    """The number of lines that are not confirmed, and the progress of a file; may be empty."""
    return SEPARATOR.join(filter(None, [transfer, f"{lines:,} to be sent" if lines else ""]))


def _shorter_lists(others: Sequence[Listed]) -> Iterable[str]:
    """The list of views, shorter and shorter: at the end only how much is unread."""
    unread = [each for each in others if each.unread]
    if not unread:
        return
    for names in (unread, [each for each in unread if each.mentions]):
        for columns in (1_000, _SHORT_NAME):
            yield _GAP.join(each.format(columns) for each in names)
    mentions = sum(each.mentions for each in unread)
    yield f"{sum(each.unread for each in unread):,} unread{f' {mentions:,}!' if mentions else ''}"


def format_private(nicknames: Sequence[str], columns: int) -> str:
    """Such as ``privately to ice, moon``; of many, as many names as fit into `columns` cells."""
    names = [escape(each) for each in nicknames]
    text = f"privately to {', '.join(names)}"
    for count in range(len(names) - 1, 0, -1):
        if get_cwidth(text) <= columns:
            break
        others = len(names) - count
        text = f"privately to {', '.join(names[:count])} and {others} other{'s' * (others > 1)}"
    return text


def clip(text: str, columns: int) -> str:
    """`text`, cut with an ellipsis if it does not fit into `columns` character cells."""
    if get_cwidth(text) <= columns:
        return text
    free = columns - get_cwidth(_ELLIPSIS)
    cut: list[str] = []
    for cluster in iter_graphemes(text):
        free -= get_cwidth(cluster)
        if free < 0:
            break
        cut.append(cluster)
    return "".join(cut) + _ELLIPSIS
