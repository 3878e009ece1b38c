"""Thousands of members who do what users do: at random, but the same for the same seed."""

from collections.abc import Callable, Container
from random import Random
from typing import Final

from tests.load.dialects import BASIC, JIM, LOBBY, NATIVE, PLAIN, WEB
from tests.load.member import Member
from tests.load.server_process import ServerProcess

ROOMS: Final = ("#dev", "#lab", "#sea")
#: A room of long messages, so that a member in it that stops reading is soon too slow.
LOUD_ROOM: Final = "#loud"

_LONG_TEXT: Final = "x" * 3_900
_LOUD_MEMBERS: Final = 4
_SMALL_BUFFER_BYTES: Final = 4_096
#: By the first letter of the nicknames: a dialect, and how often it is chosen, out of 12.
_DIALECTS: Final = {
    "n": (NATIVE, 5),
    "b": (BASIC, 2),
    "p": (PLAIN, 2),
    "w": (WEB, 2),
    "j": (JIM, 1),
}
#: One in so many is a resident.
_RESIDENT_EVERY: Final = 5


class Population:
    """The present members, and all former ones.

    *Residents* stay from beginning to end, under one nickname; *visitors* come and go.

    :ivar members: all that ever entered, by the nickname that they entered with.
    :ivar private_recipients: the recipient of each private message.
    :ivar counts: how often each thing was done.
    """

    def __init__(self, server: ServerProcess, random: Random) -> None:
        self._server = server
        self._random = random
        self._last_name = 0
        self._last_number = 0
        self._residents: list[Member] = []
        self._visitors: list[Member] = []
        self._loud: list[Member] = []
        self.members: dict[str, Member] = {}
        self.private_recipients: dict[int, Member] = {}
        self.counts: dict[str, int] = {}

    def initial_rooms(self, name: str) -> frozenset[str]:
        """The first rooms of the member that enters with that nickname, or as an address."""
        member = self.members.get(name)
        return (NATIVE if member is None else member.dialect).initial_rooms

    @property
    def size(self) -> int:
        """The number of open connections, as far as the clients know."""
        return len(self._residents) + len(self._visitors)

    def open_loud_room(self) -> None:
        """Add some residents to the loud room."""
        for _ in range(_LOUD_MEMBERS):
            member = self._enter("n")
            self._join(member, LOUD_ROOM)
            self._loud.append(member)
            self._residents.append(member)

    def add_member(self) -> None:
        """A member of a random dialect enters."""
        [letter] = self._random.choices(
            list(_DIALECTS), [share for _, share in _DIALECTS.values()], k=1
        )
        member = self._enter(letter)
        if letter == "j":
            self._join(member, self._random.choice((LOBBY, *ROOMS)))
        is_resident = self._last_name % _RESIDENT_EVERY == 0
        (self._residents if is_resident else self._visitors).append(member)

    def remove_visitor(self) -> None:
        """A visitor leaves: it quits, closes its connection, or resets it."""
        if not self._visitors:
            return
        member = self._visitors.pop(self._random.randrange(len(self._visitors)))
        leave: Callable[[], None] = self._random.choice(
            (member.quit, member.quit, member.quit, member.half_close, member.reset)
        )
        self._count(f"left by {leave.__name__}")
        leave()

    def send_message(self) -> None:
        """A member sends a message to one of its rooms."""
        member = self._random_member()
        if member.rooms:
            self._send_message(member, self._random.choice(sorted(member.rooms)))

    def send_long_message(self) -> None:
        """A member of the loud room sends a long message."""
        self._send_message(self._random.choice(self._loud), LOUD_ROOM, _LONG_TEXT)

    def rename(self) -> None:
        """A visitor takes another nickname."""
        member = self._random_visitor()
        if member is not None and member.dialect.set_name is not None:
            member.name = self._next_name(member.first_name[0])
            member.send(member.dialect.set_name(member.name))
            self._count("renamed")

    def change_room(self) -> None:
        """A member joins a room, or leaves it if it is in it."""
        member = self._random_member()
        dialect, room = member.dialect, self._random.choice((LOBBY, *ROOMS))
        if dialect.join is None or dialect.leave is None:
            return
        if room not in member.rooms:
            self._join(member, room)
        else:
            member.rooms.discard(room)
            member.send(dialect.leave(room))
            self._count("left a room")

    def send_private(self, present: Container[str]) -> None:
        """A resident sends a private message to another one.

        :param present: the first nicknames of members that are known to have entered.
        """
        source, target = self._random.sample(self._residents, 2)
        if source.dialect.private is not None and target.first_name in present:
            self._last_number += 1
            self.private_recipients[self._last_number] = target
            source.send(source.dialect.private(target.name, self._last_number))
            self._count("private messages")

    def add_stopped_reader(self) -> None:
        """A visitor enters, joins the loud room, and reads nothing more."""
        member = self._enter("n", _SMALL_BUFFER_BYTES)
        self._join(member, LOUD_ROOM)
        member.is_reading = False
        member.is_truncated = True
        self._visitors.append(member)
        self._count("stopped reading")

    def read(self) -> None:
        """Every member reads what has come; those that the server disconnected are removed."""
        has_closed = False
        for member in self.members.values():
            if member.is_reading and not member.is_closed:
                member.read()
                has_closed = has_closed or member.is_closed
        if has_closed:
            self._residents = [member for member in self._residents if not member.is_closed]
            self._visitors = [member for member in self._visitors if not member.is_closed]

    def reset_stopped_readers(self) -> None:
        """All members that do not read reset their connections."""
        for member in self.members.values():
            if not (member.is_closed or member.is_reading):
                member.reset()

    def quit(self, count: int) -> None:
        """Have `count` members quit, or all if there are fewer."""
        for _ in range(min(count, self.size)):
            member = self._visitors.pop() if self._visitors else self._residents.pop()
            if not member.is_closed:
                member.quit()

    def is_closed(self) -> bool:
        """Whether all connections are closed."""
        return all(member.is_closed for member in self.members.values())

    def _enter(self, letter: str, receive_bytes: int = 0) -> Member:
        dialect, _ = _DIALECTS[letter]
        name = self._next_name(letter)
        member = Member(dialect, name, self._server.address(dialect.port), receive_bytes)
        self.members[name] = member
        self._count("entered")
        return member

    def _next_name(self, letter: str) -> str:
        self._last_name += 1
        return f"{letter}{self._last_name}"

    def _join(self, member: Member, room: str) -> None:
        if member.dialect.join is not None:
            member.rooms.add(room)
            member.send(member.dialect.join(room))
            self._count("joined a room")

    def _send_message(self, member: Member, room: str, padding: str = "") -> None:
        self._last_number += 1
        member.send_message(room, self._last_number, padding)
        self._count("messages")

    def _random_member(self) -> Member:
        return self._random_visitor() or self._random.choice(self._residents)

    def _random_visitor(self) -> Member | None:
        """A visitor that reads; sometimes None, so that a resident is chosen instead."""
        if not self._visitors or self._random.randrange(_RESIDENT_EVERY) == 0:
            return None
        member = self._random.choice(self._visitors)
        return member if member.is_reading else None

    def _count(self, action: str) -> None:
        self.counts[action] = self.counts.get(action, 0) + 1
