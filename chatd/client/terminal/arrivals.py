"""Arrivals and departures in one line: "ana, ben and 26 others came in". Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from chatd.chat import limits
from chatd.chat.names import casefold
from chatd.client.terminal import formatting
from chatd.client.terminal.output import Line
from chatd.wire import rendering
from chatd.wire.rendering import escape

#: How many names of each kind are shown. One more name is shown in place of "1 other".
_NAMES: Final = 2

#: What somebody did, by whether the first thing was to come, and whether the last one was.
_VERBS: Final = {
    (True, True): "came in",
    (False, False): "left",
    (True, False): "came and went",
    (False, True): "left and came back",
}


@dataclass(frozen=True, slots=True)
class Arrival:
    """One arrival or departure.

    :ivar time: in seconds since 1970.
    :ivar sentence: says it by itself, with the reason.
    """

    nickname: str
    has_come: bool
    time: float
    sentence: str
    key: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", casefold(self.nickname))  # it is compared often


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Arrivals and departures between which nothing else was shown; at least one."""

    each: tuple[Arrival, ...]

    @property
    def is_full(self) -> bool:
        """Whether no more are kept in one line; the next one begins another line."""
        return len(self.each) >= limits.CONDENSED_ARRIVALS

    def with_another(self, arrival: Arrival) -> "Arrivals":
        """The same, and `arrival` after them."""
        return Arrivals((*self.each, arrival))

    def lines(self, is_unfolded: bool) -> list[Line]:
        """One line for all of them, or, unfolded, a line for each."""
        if is_unfolded or len(self.each) == 1:
            return [
                _notice(each.time, rendering.render_notice(each.sentence)) for each in self.each
            ]
        return [_notice(self.each[-1].time, describe(self.each))]


def describe(arrivals: Sequence[Arrival]) -> str:
    """A sentence without its full stop, such as ``ana, ben and 26 others came in; moon left``."""
    spelling = {each.key: each.nickname for each in arrivals}
    first = {each.key: each.has_come for each in reversed(arrivals)}
    last = {each.key: each.has_come for each in arrivals}
    by_verb: dict[str, list[str]] = {}
    for key, nickname in spelling.items():
        by_verb.setdefault(_VERBS[first[key], last[key]], []).append(nickname)
    sentence = "; ".join(f"{_format_names(names)} {verb}" for verb, names in by_verb.items())
    is_short = any(len(names) > _NAMES + 1 for names in by_verb.values())
    return f"{sentence} (Alt-A: all)" if is_short else sentence


def _format_names(names: Sequence[str]) -> str:
    if len(names) > _NAMES + 1:
        shown = [*map(escape, names[:_NAMES]), f"{len(names) - _NAMES:,} others"]
    else:
        shown = [*map(escape, names)]
    *others, last = shown
    return f"{', '.join(others)} and {last}" if others else last


def _notice(time: float, text: str) -> Line:
    return [("class:time", f"{formatting.format_time(time)} "), ("class:notice", text)]


def join(entries: Iterable[Line | Arrivals], is_unfolded: bool) -> list[Line]:
    """The lines of these entries, in order."""
    lines: list[Line] = []
    for entry in entries:
        lines += entry.lines(is_unfolded) if isinstance(entry, Arrivals) else [entry]
    return lines
