"""How a client stands: its state, and that in words for the person (SPEC §3, §6). Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from chatd.wire.rendering import escape


@dataclass(frozen=True, slots=True)
class Searching:
    """Servers are looked for.

    :ivar wanted: the id of the one wanted; empty for any.
    :ivar subnets: how many subnets were asked.
    :ivar found: how many servers can be chosen so far.
    """

    server_id: str
    subnet_count: int
    found_count: int = 0


@dataclass(frozen=True, slots=True)
class Connecting:
    """A connection is being opened, and then the server is asked to be let in."""

    server: str


@dataclass(frozen=True, slots=True)
class Asking:
    """The server wants another nickname, or a password."""


@dataclass(frozen=True, slots=True)
class Online:
    """What is typed is sent."""

    nickname: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """The next try is in so many `seconds`."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Leaving:
    """The server is told goodbye."""


Status = Searching | Connecting | Asking | Online | Waiting | Leaving


def describe(status: Status | None, seconds_left: float) -> str:
    """The state in words.

    :param seconds_left: for one who waits, until the next try.
    """
    make = _DESCRIPTIONS.get(type(status))
    return make(status, seconds_left) if make else ""


def _searching(status: Searching, seconds_left: float) -> str:
    what = escape(status.server_id) or "a server"
    subnets = f"{status.subnet_count} subnet{'' if status.subnet_count == 1 else 's'}"
    found = f" {status.found_count} found" if status.found_count else ""
    return f"searching {what} on {subnets}…{found}"


_DESCRIPTIONS: Final[dict[type, Callable[[Any, float], str]]] = {
    Searching: _searching,
    Connecting: lambda standing, left: f"connecting to {escape(standing.server)}…",
    Asking: lambda standing, left: "not connected",
    Online: lambda standing, left: f"online as {escape(standing.nickname)}",
    # Rounded up: it says 1 s until the last moment, never 0.
    Waiting: lambda standing, left: f"reconnecting in {max(1, -int(-left // 1))} s",
    Leaving: lambda standing, left: "leaving…",
}
