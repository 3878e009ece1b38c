"""A member of every room, whose stream of frames is the order that all others must agree with.

The hub gives everything one order. The order checker is a native member that is in each room from
beginning to end, so that it receives all of it: when each member was in which room, and the
messages between. What another member must have received follows from that.
"""

import json
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from tests.load.dialects import LIST_ROOMS, NATIVE
from tests.load.member import Member

#: A position behind all others.
_END: Final = 2**32 - 1


@dataclass
class Presence:
    """A member's time in the chat. Times are positions in the order checker's stream of frames.

    :ivar stays: the rooms it was in: name, from, to.
    :ivar rooms: the rooms that it is in: from.
    :ivar reason: why it left; None while it is there.
    """

    stays: list[tuple[str, int, int]] = field(default_factory=list)
    rooms: dict[str, int] = field(default_factory=dict)
    reason: str | None = None


@dataclass
class RoomLog:
    """The messages of a room: their positions and numbers, and the last one's ``seq``."""

    positions: "array[int]" = field(default_factory=lambda: array("I"))
    numbers: "array[int]" = field(default_factory=lambda: array("I"))
    last_seq: int = 0


class OrderChecker:
    """Records everything that is public.

    :param initial_rooms: the rooms that a member is in who enters with that nickname.
    :ivar reasons: how many members left for each reason.
    :ivar entered_as_silent: how many the server took for silent basic clients, as their first line
        came late.
    :ivar member_count: without the order checker itself.
    :ivar presences: by the nickname that a member entered with.
    :ivar faults: what the server should not have sent.
    """

    def __init__(
        self,
        name: str,
        address: tuple[str, int],
        rooms: tuple[str, ...],
        initial_rooms: Callable[[str], frozenset[str]],
    ) -> None:
        assert NATIVE.join is not None
        self.member = Member(NATIVE, name, address)
        for room in rooms:
            self.member.send(NATIVE.join(room))
        self.presences: dict[str, Presence] = {}
        self._initial_rooms = initial_rooms
        self.faults: list[str] = []
        self.reasons: dict[str, int] = {}
        self.member_count = self.entered_as_silent = 0
        self._present: dict[str, Presence] = {}
        self._rooms: dict[str, RoomLog] = {}
        self._position = 0
        self._partial_line = b""
        self._has_quit = False

    def read(self) -> None:
        """Read and record what has come."""
        while not self.member.is_closed and (data := self.member.read()):
            self.feed(data)

    def feed(self, data: bytes) -> None:
        """Record what the server has sent."""
        *lines, self._partial_line = (self._partial_line + data).split(b"\n")
        for line in lines:
            self._record(json.loads(line))

    def keep_alive(self) -> None:
        """Send a request, or the server would disconnect an inactive member."""
        self.member.send(LIST_ROOMS)

    @property
    def message_count(self) -> int:
        """The number of messages in all rooms."""
        return sum(len(room.numbers) for room in self._rooms.values())

    def numbers(self) -> Iterator[int]:
        """The numbers of all messages."""
        for room in self._rooms.values():
            yield from room.numbers

    def expected_for(self, presence: Presence) -> "array[int]":
        """The messages of its rooms while it was in them, in order."""
        parts = []
        for name, begin, end in presence.stays:
            room = self._rooms.get(name)
            if room is not None:
                first, last = bisect_left(room.positions, begin), bisect_left(room.positions, end)
                parts.append((room.positions[first:last], room.numbers[first:last]))
        if len(parts) == 1:
            return parts[0][1]
        merged = sorted(pair for part in parts for pair in zip(*part, strict=True))
        return array("I", (number for _, number in merged))

    def finish(self) -> None:
        """Quit; members who are still there were there to the end."""
        for presence in self._present.values():
            _end_stays(presence, _END)
        if self.member.is_closed:
            self.faults.append("the order checker lost its connection")
        self._has_quit = True
        self.member.quit()

    def _record(self, frame: dict[str, Any]) -> None:
        self._position += 1
        data = frame.get("data", {})
        match frame["type"]:
            case "message":
                self._record_message(data)
            case "entered":
                self._record_entered(data["nickname"])
            case "left":
                self._record_left(data["nickname"], data["reason"])
            case "renamed":
                self._record_renamed(data["old"], data["new"])
            case "joined" if data["nickname"] in self._present:
                self._present[data["nickname"]].rooms[data["room"]] = self._position
            case "parted":
                presence = self._present[data["nickname"]]
                room = data["room"]
                presence.stays.append((room, presence.rooms.pop(room), self._position))
            case "error" | "goodbye" if not self._has_quit:
                self.faults.append(f"the order checker received {frame}")

    def _record_entered(self, name: str) -> None:
        if name in self.presences:
            self.faults.append(f"{name} entered twice")
        rooms = dict.fromkeys(self._initial_rooms(name), self._position)
        self._present[name] = self.presences[name] = Presence(rooms=rooms)
        self.member_count += 1

    def _record_renamed(self, old: str, new: str) -> None:
        self._present[new] = self._present.pop(old)
        if ":" in old:  # until now its address stood for its nickname: it was taken for silent
            self.presences[new] = self.presences.pop(old)
            self.entered_as_silent += 1

    def _record_left(self, name: str, reason: str) -> None:
        presence = self._present.pop(name)
        presence.reason = reason
        self.reasons[reason] = self.reasons.get(reason, 0) + 1
        _end_stays(presence, self._position)
        self.member_count -= 1

    def _record_message(self, data: dict[str, Any]) -> None:
        room = self._rooms.setdefault(data["room"], RoomLog())
        if room.last_seq and data["seq"] != room.last_seq + 1:
            self.faults.append(f"{data['room']}: {data['seq']} came after {room.last_seq}")
        room.last_seq = data["seq"]
        room.positions.append(self._position)
        room.numbers.append(int(data["text"][1 : data["text"].index(")")]))


def _end_stays(presence: Presence, position: int) -> None:
    for room, begin in presence.rooms.items():
        presence.stays.append((room, begin, position))
    presence.rooms.clear()
