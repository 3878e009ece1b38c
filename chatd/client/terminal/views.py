"""The views: what each room and each private talk has shown, and what of it the user has not seen.

A view is known by its *target*, which is where the lines go that the user types there: ``#dev``,
``@ice``, or ``@ice,moon`` for a private talk with several. Pure; everything is bounded.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from chatd.chat import limits
from chatd.chat.names import LOBBY, casefold
from chatd.client.terminal import arrivals, formatting
from chatd.client.terminal.arrivals import Arrival, Arrivals
from chatd.client.terminal.output import Line, MessageLine, row_height, wrap

#: A line, or the arrivals and departures that stand in one line.
Entry = Line | Arrivals


@dataclass(frozen=True, slots=True)
class Draft:
    """What the user has typed and not entered, and the cursor's place in it."""

    text: str = ""
    cursor: int = 0


NO_DRAFT: Final = Draft()


@dataclass(slots=True)
class View:
    """One view.

    :ivar draft: what was typed in it, while it is not shown.
    :ivar unread: the messages that came while the user was elsewhere.
    :ivar mentions: those of them that are for the user in particular.
    :ivar looked_at: when the user last saw its end, in seconds since 1970; None for never.
    :ivar is_unfolded: whether each arrival has a line of its own.
    :ivar rows_below: how many rows of the window are below what is shown: the user has scrolled up.
    """

    target: str
    draft: Draft = NO_DRAFT
    unread: int = 0
    mentions: int = 0
    looked_at: float | None = None
    is_unfolded: bool = False
    rows_below: int = 0
    _entries: deque[Entry] = field(default_factory=deque)
    _characters: int = 0
    _dropped: int = 0
    _mark: int | None = None
    _wrapped: dict[tuple[int, bool], dict[int, list[tuple[Line, int]]]] = field(
        default_factory=dict
    )

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever shown in it, and nothing was typed in it."""
        return not (self._next or self.draft.text)

    @property
    def is_private(self) -> bool:
        """Whether it is a private talk."""
        return is_talk(self.target)

    def append(self, *lines: Line) -> None:
        """Add lines; the oldest are dropped beyond VIEW_LINES and VIEW_CHARACTERS."""
        self._entries.extend(lines)
        self._characters += sum(map(_length, lines))
        while self._entries and (
            len(self._entries) > limits.VIEW_LINES or self._characters > limits.VIEW_CHARACTERS
        ):
            self._characters -= _length(self._entries.popleft())
            self._dropped += 1

    def append_arrival(self, arrival: Arrival) -> bool:
        """Add an arrival or a departure to those in the last line, or begin a new line.

        :return: whether the last line has changed, instead of a new one being added.
        """
        last = self._entries[-1] if self._entries else None
        is_same_line = isinstance(last, Arrivals) and not last.is_full
        if isinstance(last, Arrivals) and is_same_line:
            self._entries[-1] = last.with_another(arrival)
        else:
            self._entries.append(Arrivals((arrival,)))
        self._characters += len(arrival.sentence)
        self.append()
        return is_same_line

    def last_lines(self) -> list[Line]:
        """The lines of the last entry."""
        return arrivals.join([self._entries[-1]], self.is_unfolded) if self._entries else []

    def remove_message(self, room: str, seq: int, text: Line) -> bool:
        """Show `text` in place of a message, wherever it stands; return whether it does.

        :param seq: its number in `room`.
        """
        found = {
            number: entry
            for number, entry in enumerate(self._entries, self._dropped)
            if isinstance(entry, MessageLine) and entry.is_of(room, seq)
        }
        # Only the first of the lines of a message stays.
        surplus = [number for number in found if number - 1 in found]
        self._entries = deque(
            found[number].with_text(text) if number in found else entry
            for number, entry in enumerate(self._entries, self._dropped)
            if number not in surplus
        )
        if self._mark is not None:
            self._mark -= sum(number < self._mark for number in surplus)
        self._characters = sum(map(_length, self._entries))
        self._wrapped.clear()
        return bool(found)

    def clear(self) -> None:
        """Forget all lines."""
        self._dropped += len(self._entries)
        self._entries.clear()
        self._characters = self.rows_below = 0
        self._mark = None

    def mark_unread(self, is_mention: bool) -> None:
        """A message comes that the user does not see: the first one comes behind the mark."""
        if self._mark is None:
            self._mark = self._next
        self.unread += 1
        self.mentions += is_mention

    def look(self) -> None:
        """The user sees its end: nothing is unread. The mark stays until the user has left."""
        self.unread = self.mentions = 0

    def leave_end(self, now: float) -> None:
        """The user scrolls up. A mark stays, as the user may be looking for it."""
        if self._mark is None:
            self.looked_at = now

    def leave(self, now: float) -> None:
        """The user goes to another view."""
        self.looked_at, self._mark, self.rows_below = now, None, 0

    @property
    def _next(self) -> int:
        """The number of the entry that is added next, counted from the first one ever."""
        return self._dropped + len(self._entries)

    def rows(self, columns: int, indent: int, height: int) -> list[Line]:
        """The rows that are shown in a window of this size: the last ones, or those scrolled to.

        :attr:`rows_below` is corrected if there are not so many rows.
        """
        rows: list[tuple[Line, int]] = []
        total = 0
        wanted = height + self.rows_below
        for row, taken in self._rows_from_end(columns, indent):
            total += taken
            if total > wanted:
                break
            rows.append((row, taken))
        else:
            self.rows_below = max(0, min(self.rows_below, total - height))
        below = first = 0
        while first < len(rows) and below < self.rows_below:
            below += rows[first][1]
            first += 1
        return [row for row, _ in rows[first:]][::-1]

    def _rows_from_end(self, columns: int, indent: int) -> Iterator[tuple[Line, int]]:
        """The rows, each with the number of the window's rows that it takes."""
        wrapped = self._wrapped.setdefault((columns, self.is_unfolded), {})
        if not self.rows_below or len(self._wrapped) > 1:
            self._wrapped = {(columns, self.is_unfolded): (wrapped := {})}
        number = self._next
        for entry in reversed(self._entries):
            number -= 1
            rows = wrapped.get(number)
            if rows is None:
                lines = arrivals.join([entry], self.is_unfolded)
                rows = [row for line in lines for row in _wrap(line, columns, indent)]
                # Only a user who has scrolled up needs the same rows again. Arrivals may change.
                if self.rows_below and not isinstance(entry, Arrivals):
                    wrapped[number] = rows
            yield from reversed(rows)
            if number == self._mark:
                yield from reversed(self._mark_rows(columns, indent))
        if self._mark is not None and self._mark < self._dropped:
            yield from reversed(self._mark_rows(columns, indent))

    def _mark_rows(self, columns: int, indent: int) -> list[tuple[Line, int]]:
        return _wrap(formatting.format_mark(self.looked_at), columns, indent)


class Views:
    """All views, the lobby first, then in the order in which they were opened.

    :ivar current: the view that is shown.
    :ivar on_unread_dropped: called with a private talk that had to go before the user has read it.
    """

    def __init__(self) -> None:
        self.on_unread_dropped: Callable[[View], None] = lambda view: None
        self.current = View(LOBBY)
        self._views = {key(LOBBY): self.current}

    def __iter__(self) -> Iterator[View]:
        return iter(self._views.values())

    def find(self, target: str) -> View | None:
        """The view with this target; None if there is none."""
        return self._views.get(key(target))

    def number(self, view: View) -> int:
        """The place of `view` among the others: 1, 2, 3 …"""
        return list(self._views.values()).index(view) + 1

    def at(self, number: int) -> View | None:
        """The view with this number: 1, 2, 3 …; None if there is none."""
        return dict(enumerate(self, 1)).get(number)

    def open(self, target: str) -> View:
        """The view with this target, which is made if there is none.

        Beyond VIEWS the private talk goes that has been there for longest, without a draft, and
        without unread messages if there is one.
        """
        view = self.find(target)
        if view is None:
            while len(self._views) >= limits.VIEWS and self._drop_one():
                pass
            view = self._views[key(target)] = View(target)
        return view

    def _drop_one(self) -> bool:
        idle = [
            view
            for view in self
            if view.is_private and view is not self.current and not view.draft.text
        ]
        for view in sorted(idle, key=lambda view: view.unread > 0)[:1]:
            self.close(view.target)
            if view.unread:
                self.on_unread_dropped(view)
        return bool(idle)

    def close(self, target: str) -> View | None:
        """Forget a view, unless it is the current one; return it."""
        if self.find(target) is self.current:
            return None
        return self._views.pop(key(target), None)

    def neighbour(self, by: int) -> View:
        """The view so many places behind the current one; before the first comes the last."""
        views = list(self._views.values())
        return views[(views.index(self.current) + by) % len(views)]

    def talks_with(self, nickname: str) -> list[View]:
        """The private talks with `nickname`, and perhaps with others."""
        name = casefold(nickname)
        return [
            view for view in self if view.is_private and name in key(view.target)[1:].split(",")
        ]

    def renamed(self, old: str, new: str) -> None:
        """The private talks with `old` are with `new` from now on."""
        for view in self.talks_with(old):
            names = [
                new if casefold(each) == casefold(old) else each for each in names_of(view.target)
            ]
            target = talk(names)
            if key(target) in self._views and self.find(target) is not view:
                continue  # there is a talk with that nickname already
            view.target = target
            self._views = {key(each.target): each for each in self}


def is_talk(target: str) -> bool:
    """Whether this is the target of a private talk."""
    return target.startswith("@")


def names_of(target: str) -> tuple[str, ...]:
    """The nicknames of a private talk's target."""
    return tuple(target.removeprefix("@").split(","))


def talk(nicknames: Iterable[str]) -> str:
    """The target of a private talk with these."""
    return f"@{','.join(nicknames)}"


def talk_of(source: str, to: Sequence[str], own: str) -> str:
    """The target of the talk that a private message belongs to, for the member called `own`."""
    names = {casefold(each): each for each in (source, *to)}
    if len(names) > 1:
        names.pop(casefold(own), None)
    return talk(names.values())


def key(target: str) -> str:
    """The key of a target: the same for each spelling of it, and each order of its nicknames."""
    if not is_talk(target):
        return casefold(target)
    return talk(sorted({casefold(each) for each in names_of(target)}))


def _wrap(line: Line, columns: int, indent: int) -> list[tuple[Line, int]]:
    return [(row, row_height(row, columns)) for row in wrap(line, columns, indent)]


def _length(entry: Entry) -> int:
    if isinstance(entry, Arrivals):
        return sum(len(arrival.sentence) for arrival in entry.each)
    return sum(len(text) for _, text, *_ in entry)
