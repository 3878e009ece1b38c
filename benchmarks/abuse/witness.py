"""Who is in every room from the first to the last, and against whom all others are checked.

The hub has one order for everything. The witness, a native member that speaks to nobody, hears
all of it: from when to when each member was in which room, and what was said between.
"""

import json
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from benchmarks.abuse.member import Member
from benchmarks.abuse.tongues import NATIVE, WHO_IS_WHERE

#: Later than everything.
_NEVER: Final = 2**32 - 1


@dataclass
class Presence:
    """One member's time in the chat, in positions of the witness's stream.

    :ivar stays: the rooms it was in: from, to.
    :ivar reason: why it left; None as long as it is there.
    """

    stays: list[tuple[str, int, int]] = field(default_factory=list)
    rooms: dict[str, int] = field(default_factory=dict)
    reason: str | None = None


@dataclass
class Talk:
    """What was said in one room: the positions and the numbers of its messages."""

    positions: "array[int]" = field(default_factory=lambda: array("I"))
    numbers: "array[int]" = field(default_factory=lambda: array("I"))
    last: int = 0  # the room's own number of its last message


class Witness:
    """Takes note of everything that is public.

    :param starts_in: in which rooms somebody begins who enters with that nickname.
    :ivar reasons: how many left for which.
    :ivar taken_for_silent: how many the server heard so late that it thought they say nothing.
    :ivar members_now: how many are there, itself not counted.
    :ivar presences: by the nickname that a member entered with.
    :ivar faults: what should never have been heard.
    """

    def __init__(
        self,
        name: str,
        address: tuple[str, int],
        rooms: tuple[str, ...],
        starts_in: Callable[[str], frozenset[str]],
    ) -> None:
        assert NATIVE.join is not None
        self.member = Member(NATIVE, name, address)
        for room in rooms:
            self.member.send(NATIVE.join(room))
        self.presences: dict[str, Presence] = {}
        self._starts_in = starts_in
        self.faults: list[str] = []
        self.reasons: dict[str, int] = {}
        self.members_now = self.taken_for_silent = 0
        self._now: dict[str, Presence] = {}
        self._talk: dict[str, Talk] = {}
        self._position = 0
        self._rest = b""
        self._is_leaving = False

    def read(self) -> None:
        """Take in what has come."""
        while not self.member.is_over and (data := self.member.read()):
            self.take(data)

    def take(self, data: bytes) -> None:
        """Take note of what the server has sent."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._hear(json.loads(line))

    def stay(self) -> None:
        """Ask something; who is silent for long is inactive."""
        self.member.send(WHO_IS_WHERE)

    @property
    def messages(self) -> int:
        """How many there were."""
        return sum(len(talk.numbers) for talk in self._talk.values())

    def numbers(self) -> Iterator[int]:
        """The numbers of all of them."""
        for talk in self._talk.values():
            yield from talk.numbers

    def heard_by(self, presence: Presence) -> "array[int]":
        """What was said where and when it was there."""
        parts = []
        for room, begin, end in presence.stays:
            talk = self._talk.get(room)
            if talk is not None:
                first, last = bisect_left(talk.positions, begin), bisect_left(talk.positions, end)
                parts.append((talk.positions[first:last], talk.numbers[first:last]))
        if len(parts) == 1:
            return parts[0][1]
        together = sorted(pair for part in parts for pair in zip(*part, strict=True))
        return array("I", (number for _, number in together))

    def settle(self) -> None:
        """Leave; whoever is still there was there to the end."""
        for presence in self._now.values():
            _leave_all(presence, _NEVER)
        if self.member.is_over:
            self.faults.append("the witness lost its connection")
        self._is_leaving = True
        self.member.quit()

    def _hear(self, frame: dict[str, Any]) -> None:
        self._position += 1
        data = frame.get("data", {})
        match frame["type"]:
            case "message":
                self._said(data)
            case "entered":
                self._entered(data["nickname"])
            case "left":
                self._left(data["nickname"], data["reason"])
            case "renamed":
                self._renamed(data["old"], data["new"])
            case "joined" if data["nickname"] in self._now:
                self._now[data["nickname"]].rooms[data["room"]] = self._position
            case "parted":
                presence = self._now[data["nickname"]]
                room = data["room"]
                presence.stays.append((room, presence.rooms.pop(room), self._position))
            case "error" | "goodbye" if not self._is_leaving:
                self.faults.append(f"the witness was told {frame}")

    def _entered(self, name: str) -> None:
        if name in self.presences:
            self.faults.append(f"{name} entered twice")
        rooms = dict.fromkeys(self._starts_in(name), self._position)
        self._now[name] = self.presences[name] = Presence(rooms=rooms)
        self.members_now += 1

    def _renamed(self, old: str, new: str) -> None:
        self._now[new] = self._now.pop(old)
        if ":" in old:  # it was taken for silent: an address stood for its nickname until now
            self.presences[new] = self.presences.pop(old)
            self.taken_for_silent += 1

    def _left(self, name: str, reason: str) -> None:
        presence = self._now.pop(name)
        presence.reason = reason
        self.reasons[reason] = self.reasons.get(reason, 0) + 1
        _leave_all(presence, self._position)
        self.members_now -= 1

    def _said(self, data: dict[str, Any]) -> None:
        talk = self._talk.setdefault(data["room"], Talk())
        if talk.last and data["seq"] != talk.last + 1:
            self.faults.append(f"{data['room']}: {data['seq']} came after {talk.last}")
        talk.last = data["seq"]
        talk.positions.append(self._position)
        talk.numbers.append(int(data["text"][1 : data["text"].index(")")]))


def _leave_all(presence: Presence, position: int) -> None:
    for room, begin in presence.rooms.items():
        presence.stays.append((room, begin, position))
    presence.rooms.clear()
