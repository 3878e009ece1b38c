"""Two thousand people who do what people do, at random but always the same for one seed."""

from collections.abc import Callable, Container
from random import Random
from typing import Final

from benchmarks.abuse.hosted import Hosted
from benchmarks.abuse.member import Member
from benchmarks.abuse.tongues import BASIC, JIM, LOBBY, NATIVE, PLAIN, WEB, Tongue

ROOMS: Final = ("#dev", "#lab", "#sea")
#: Where long messages are said, so that who stops reading there is soon too slow.
LOUD: Final = "#loud"

_LONG: Final = "x" * 3_900
_LOUD_SPEAKERS: Final = 4
_SMALL_BUFFER_BYTES: Final = 4_096
#: Of so many, one is of each dialect.
_TONGUES: Final = {"n": (NATIVE, 5), "b": (BASIC, 2), "p": (PLAIN, 2), "w": (WEB, 2), "j": (JIM, 1)}
#: One in so many stays from the beginning to the end, under one name.
_RESIDENTS: Final = 5


class Crowd:
    """Everybody in the chat, and all who were.

    :ivar everybody: by the nickname that each entered with.
    :ivar whispers: whom each private message was meant for.
    :ivar counts: how often what was done.
    """

    def __init__(self, server: Hosted, random: Random) -> None:
        self._server = server
        self._random = random
        self._names = 0
        self._numbers = 0
        self._residents: list[Member] = []
        self._guests: list[Member] = []
        self._loud: list[Member] = []
        self.everybody: dict[str, Member] = {}
        self.whispers: dict[int, Member] = {}
        self.counts: dict[str, int] = {}

    def starts_in(self, name: str) -> frozenset[str]:
        """In which rooms the member begins that enters with that nickname, or as an address."""
        member = self.everybody.get(name)
        return NATIVE.starts_in if member is None else member.tongue.starts_in

    @property
    def present(self) -> int:
        """How many are connected, as far as they know."""
        return len(self._residents) + len(self._guests)

    def open_loud_room(self) -> None:
        """Have some come who say long things in a room of their own, and stay."""
        for _ in range(_LOUD_SPEAKERS):
            member = self._enter("n")
            self._join(member, LOUD)
            self._loud.append(member)
            self._residents.append(member)

    def come(self) -> None:
        """Somebody comes."""
        [letter] = self._random.choices(
            list(_TONGUES), [share for _, share in _TONGUES.values()], k=1
        )
        member = self._enter(letter)
        if letter == "j":
            self._join(member, self._random.choice((LOBBY, *ROOMS)))
        is_resident = self._names % _RESIDENTS == 0
        (self._residents if is_resident else self._guests).append(member)

    def leave(self) -> None:
        """Somebody leaves: with a goodbye, without one, or by a reset."""
        if not self._guests:
            return
        member = self._guests.pop(self._random.randrange(len(self._guests)))
        how: Callable[[], None] = self._random.choice(
            (member.quit, member.quit, member.quit, member.shut, member.vanish)
        )
        self._count(f"left by {how.__name__}")
        how()

    def speak(self) -> None:
        """Somebody says something, in one of its rooms."""
        member = self._anybody()
        if member.rooms:
            self._say(member, self._random.choice(sorted(member.rooms)))

    def speak_loudly(self) -> None:
        """Somebody says something long."""
        self._say(self._random.choice(self._loud), LOUD, _LONG)

    def rename(self) -> None:
        """Somebody takes another nickname."""
        member = self._guest()
        if member is not None and member.tongue.rename is not None:
            member.name = self._name(member.first_name[0])
            member.send(member.tongue.rename(member.name))
            self._count("renamed")

    def move(self) -> None:
        """Somebody joins a room, or leaves one."""
        member = self._anybody()
        tongue, room = member.tongue, self._random.choice((LOBBY, *ROOMS))
        if tongue.join is None or tongue.leave is None:
            return
        if room not in member.rooms:
            self._join(member, room)
        else:
            member.rooms.discard(room)
            member.send(tongue.leave(room))
            self._count("left a room")

    def whisper(self, present: Container[str]) -> None:
        """Somebody tells somebody else something in private; both stay to the end.

        :param present: who is known to have entered, by first nickname.
        """
        source, target = self._random.sample(self._residents, 2)
        if source.tongue.whisper is not None and target.first_name in present:
            self._numbers += 1
            self.whispers[self._numbers] = target
            source.send(source.tongue.whisper(target.name, self._numbers))
            self._count("private messages")

    def stop_reading(self) -> None:
        """Somebody comes who joins the loud room, and reads nothing more."""
        member = self._enter("n", _SMALL_BUFFER_BYTES)
        self._join(member, LOUD)
        member.is_reading = False
        member.is_cut = True
        self._guests.append(member)
        self._count("stopped reading")

    def read(self) -> None:
        """Have everybody read what has come; who was ended is no longer here."""
        is_anyone_over = False
        for member in self.everybody.values():
            if member.is_reading and not member.is_over:
                member.read()
                is_anyone_over = is_anyone_over or member.is_over
        if is_anyone_over:
            self._residents = [member for member in self._residents if not member.is_over]
            self._guests = [member for member in self._guests if not member.is_over]

    def vanish_who_stopped(self) -> None:
        """Who has stopped reading vanishes."""
        for member in self.everybody.values():
            if not (member.is_over or member.is_reading):
                member.vanish()

    def say_goodbye(self, most: int) -> None:
        """So many leave for good, each with a goodbye."""
        for _ in range(min(most, self.present)):
            member = self._guests.pop() if self._guests else self._residents.pop()
            if not member.is_over:
                member.quit()

    def is_over(self) -> bool:
        """Whether everybody is gone."""
        return all(member.is_over for member in self.everybody.values())

    def _enter(self, letter: str, receive_bytes: int = 0) -> Member:
        tongue: Tongue = _TONGUES[letter][0]
        name = self._name(letter)
        member = Member(tongue, name, self._server.address(tongue.side), receive_bytes)
        self.everybody[name] = member
        self._count("came")
        return member

    def _name(self, letter: str) -> str:
        self._names += 1
        return f"{letter}{self._names}"

    def _join(self, member: Member, room: str) -> None:
        if member.tongue.join is not None:
            member.rooms.add(room)
            member.send(member.tongue.join(room))
            self._count("joined a room")

    def _say(self, member: Member, room: str, padding: str = "") -> None:
        self._numbers += 1
        member.say(room, self._numbers, padding)
        self._count("messages")

    def _anybody(self) -> Member:
        return self._guest() or self._random.choice(self._residents)

    def _guest(self) -> Member | None:
        """A guest that reads; None if none is found."""
        if not self._guests or self._random.randrange(_RESIDENTS) == 0:
            return None
        member = self._random.choice(self._guests)
        return member if member.is_reading else None

    def _count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1
