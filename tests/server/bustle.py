"""A whole server in memory, and people of all dialects who do what a test says."""

from contextlib import ExitStack
from types import TracebackType
from typing import Any, Final, Self
from unittest.mock import patch

from twisted.internet.defer import Deferred

from chatd.chat import limits
from chatd.chat.commands import Authenticate
from chatd.chat.errors import WrongPassword
from chatd.chat.names import LOBBY, casefold
from chatd.server import chat
from fuzz.log_check import log_is_clean
from tests.server.crowd import PORTS, Person, Record
from tests.server.hall import Guest
from tests.web.http_clients import HTTPClient, WebHarness

#: The most people who come; there are not so many slots.
PEOPLE: Final = 9
_SLOTS: Final = 6

_NAMES: Final = ("ice", "moon", "sun", "Ola", "Per")


class Bustle:
    """The server, and everyone who ever came to it.

    *star* and *nova* are accounts, nova is blocked. Little may wait for a member, so that those who
    do not read are soon too slow.
    """

    def __init__(self, here: list[str]) -> None:
        self._here = here
        self._people: list[Person] = []
        self._said = 0
        self._checks: list[Deferred[str]] = []

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(log_is_clean())
            stack.enter_context(patch.object(chat, "Fanout", Record))
            stack.enter_context(patch.object(limits, "OUTBOUND_BYTES", 600))
            stack.enter_context(patch.object(limits, "BATCH_BYTES", 400))
            self._hall = WebHarness(
                slots=_SLOTS, flood=20, timeout=300, history=5, log_level="debug"
            )
            self._hub: Any = self._hall.chat.hub
            self._hub.accounts = {"star": False, "nova": True}
            self._hall.chat.check_password = self._check_password
            for dialect, name in zip(self._here, _NAMES, strict=False):
                self.comes(dialect, name)
            self.turn_ends()
            self._open = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._open:
            if error is None:
                self._ends()

    # --- what happens ---------------------------------------------------------------------------

    def comes(self, dialect: str, name: str | None) -> None:
        if len(self._people) < PEOPLE:
            guest = self._guest(dialect)
            self._people.append(Person(dialect, guest))
            if dialect == "web":
                self._people[-1].asks("watch")
            if name is not None:
                self._people[-1].asks("enter", name)
                self._people[-1].asks("join", LOBBY)

    def _guest(self, dialect: str) -> Guest | HTTPClient:
        if dialect == "web":
            return self._hall.open_websocket().client
        guest = self._hall.try_to_come(Guest, PORTS[dialect], "10.35.11.112")
        assert guest is not None
        return guest

    def asks(self, who: int, what: str, word: str | None = None) -> None:
        words = [] if word is None else [word]
        self._somebody(who).asks(what, *words, *(["sesame"] if what == "sign in" else []))

    def speaks(self, who: int, text: str, room: str) -> None:
        # At the door, what is said would be a nickname.
        if (person := self._somebody(who)).participant.is_member:
            self._said += 1
            person.asks("say", f"m{self._said}.{text}", room)

    def whispers(self, who: int, text: str, to: list[str]) -> None:
        if (person := self._somebody(who)).participant.is_member:
            self._said += 1
            person.asks("tell", f"p{self._said}.{text}", to)

    def sends(self, who: int, garbage: bytes, more: bytes) -> None:
        self._somebody(who).sends(garbage, more)

    def stops_reading(self, who: int) -> None:
        self.turn_ends()  # a transport says so when something is written to it
        self._somebody(who).turns(reads=False)

    def reads_on(self, who: int) -> None:
        self._somebody(who).turns(reads=True)

    def hangs_up(self, who: int, is_half: bool) -> None:
        person = self._somebody(who)
        (person.hangs_up_half if is_half else person.is_gone)()

    def password_was_checked(self, is_right: bool) -> None:
        if self._checks:
            checked = self._checks.pop(0)
            if is_right and not checked.called:
                checked.callback("star")
            elif not checked.called:
                checked.errback(WrongPassword())

    def time_passes(self, seconds: float) -> None:
        self._hall.clock.advance(seconds)
        self.turn_ends()

    def turn_ends(self) -> None:
        """A turn of the reactor; then the network tells what it has to tell."""
        for person in self._people:
            person.take_turn()
        self._hall.clock.advance(0)
        while cut_off := [each for each in self._people if each.is_cut_off]:
            for person in cut_off:
                person.is_gone()

    def _somebody(self, who: int) -> Person:
        """One of those who are here, as long as anybody is."""
        people = [person for person in self._people if person.is_here] or self._people
        return people[who % len(people)]

    def _check_password(self, command: Authenticate, address: str) -> Deferred[str]:
        self._checks.append(Deferred())
        return self._checks[-1]

    # --- what must be so ------------------------------------------------------------------------

    @property
    def _record(self) -> Record:
        fanout = self._hall.chat.fanout
        assert isinstance(fanout, Record)
        return fanout

    def check(self) -> None:
        """Slots and names are those of who is here, and what was heard is what is theirs."""
        assert not self._record.wrong
        connected = {person.member for person in self._people if person.is_here}
        places, named = self._hub._connections, self._hub._nicknames._members
        assert set(places._members) <= connected
        in_slots = [member for member in places._members.values() if member.pool is places.slots]
        assert self._hub.free_slots == _SLOTS - len(in_slots) >= 0
        assert len({member.member_id for member in named.values()}) == len(named)
        for key, member in named.items():
            assert member in in_slots
            assert casefold(member.nickname) == key
        for person in self._people:
            person.listens()
            self._check_heard(person, self._record.due.get(person.member, []))

    def _check_heard(self, person: Person, due: list[str]) -> None:
        if person.dialect != "jim":
            assert person.heard == due[: len(person.heard)], "it heard something else"
            return
        # Somebody who reads one object at a time is told in private first, and of rooms not all.
        for kind in "mp":
            rest = iter([number for number in due if number.startswith(kind)])
            assert all(number in rest for number in person.heard if number.startswith(kind))

    def _ends(self) -> None:
        """Everyone is told that the server ends, and is gone; then nothing is left."""
        self.turn_ends()
        for person in self._people:
            person.turns(reads=True)
        for _ in range(2 * limits.JIM_QUEUE_OBJECTS):  # some take one object at a time
            self._hall.clock.advance(limits.JIM_PAUSE_MILLISECONDS / 1_000)
        self.turn_ends()
        self.check()
        for person in self._people:
            if person.is_here and not person.participant.is_ended:
                due = self._record.due.get(person.member, [])
                assert sorted(person.heard) == sorted(due), "it was not told everything"
        ended = self._hall.chat.end()
        for _ in range(3):
            self.turn_ends()
            self._hall.clock.advance(limits.SHUTDOWN_SECONDS)
        for person in self._people:
            assert not person.is_here or person.guest.is_dropped(), "it is not told to go"
            person.is_gone()
        assert ended.called
        self.check()
        self._hall.close()
        assert not self._record.leftovers
        assert not self._hub._nicknames._members
        assert not self._hub._connections._members
        assert list(self._hub._rooms._rooms) == [LOBBY]
