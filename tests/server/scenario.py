"""A whole server in memory, and users of every dialect who do what a test generates."""

import json
import re
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Final, Self
from unittest.mock import patch

from twisted.internet.defer import Deferred
from wsproto import events
from wsproto.connection import CLIENT, Connection

from chatd.chat import limits
from chatd.chat.commands import Authenticate
from chatd.chat.errors import WrongPassword
from chatd.chat.events import Event, Message, PrivateMessage
from chatd.chat.names import LOBBY, casefold
from chatd.chat.outbox import MemberId
from chatd.server import chat
from chatd.server.factory import JIM, MAIN, PLAIN, PortType
from chatd.server.fanout import Fanout
from fuzz.log_check import log_is_clean
from tests.server.harness import Client, hello, line
from tests.web.http_clients import HTTPClient, WebHarness, message

_NUMBERED: Final = re.compile(r"\b([mp]\d+)\.")

#: What was said before, and was asked for: a frame, or a line that begins with its date.
_PAST: Final = re.compile(r'\{"type":"history"|\d{4}-\d\d-\d\d ')


class RecordingFanout(Fanout):
    """A fan-out that writes down, for each member, what it is to be told and in which order.

    :ivar due: for each member, the numbers of what it is to be told.
    :ivar wrong: what the hub should not have done.
    """

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.due: dict[MemberId, list[str]] = {}
        self.wrong: list[str] = []
        self._watching: set[MemberId] = set()
        self._members: dict[str, set[MemberId]] = {}
        self._seq: dict[str, int] = {}

    def attach(self, member: MemberId, listener: Any) -> None:
        self.due[member] = []
        super().attach(member, listener)

    def add_watcher(self, member: MemberId) -> None:
        self._watching.add(member)
        super().add_watcher(member)

    def add_member(self, member: MemberId) -> None:
        self._watching.discard(member)
        super().add_member(member)

    def remove_member(self, member: MemberId) -> None:
        self._watching.discard(member)
        super().remove_member(member)

    def join_room(self, member: MemberId, room: str) -> None:
        self._members.setdefault(room, set()).add(member)
        super().join_room(member, room)

    def leave_room(self, member: MemberId, room: str) -> None:
        self._members[room].remove(member)
        if not self._members[room] and room != LOBBY:
            del self._members[room]
            self._seq.pop(room, None)
        super().leave_room(member, room)

    def to_room(self, room: str, event: Event, origin: MemberId) -> None:
        if isinstance(event, Message):
            if event.seq != self._seq.get(room, 0) + 1:
                self.wrong.append(f"{event} comes after {self._seq.get(room)}")
            self._seq[room] = event.seq
            if origin not in self._members.get(room, ()):
                self.wrong.append(f"{event} comes from outside")
            for member in self._members.get(room, set()) | self._watching:
                if (
                    member != origin
                    or Message in self._subscribers[origin].recipient.dialect.echoes
                ):
                    self.due[member] += _NUMBERED.findall(event.text)
        super().to_room(room, event, origin)

    def to_member(self, member: MemberId, event: Event) -> None:
        if isinstance(event, PrivateMessage):
            self.due[member] += _NUMBERED.findall(event.text)
        super().to_member(member, event)

    @property
    def leftovers(self) -> list[Any]:
        """What it still holds of anybody; nothing, once everyone is gone."""
        held = (
            self._subscribers,
            self._streams,
            self._everyone,
            self._rooms,
            self._scheduler._streams,
        )
        return [each for each in held if each]


def _object(action: str, **more: object) -> bytes:
    return json.dumps({"action": action, **more}, ensure_ascii=False).encode()


def _typed(*words: str) -> bytes:
    return f"{' '.join(words)}\n".encode()


EncodeRequest = Callable[..., bytes]

#: How each dialect says it; what it cannot say is missing.
REQUESTS: Final[dict[str, dict[str, EncodeRequest]]] = {
    "native": {
        "enter": hello,
        "watch": lambda: line("watch"),
        "say": lambda text, room: line("message", {"text": text, "room": room}),
        "tell": lambda text, to: line("private", {"text": text, "to": to}),
        "rename": lambda name: line("set-name", {"nickname": name}),
        "join": lambda room: line("join", {"room": room}),
        "leave": lambda room: line("leave", {"room": room}),
        "list": lambda: line("users", {}) + line("rooms") + line("history", {"limit": 9}),
        "sign in": lambda name, word: line("authenticate", {"account": name, "password": word}),
        "quit": lambda: line("quit"),
    },
    "basic": {
        "enter": lambda name: line("set-name", name),
        "say": lambda text, room: line("message", text),
        "rename": lambda name: line("set-name", name),
        "list": lambda: line("users", ""),
    },
    "plain": {
        "enter": _typed,
        "say": lambda text, room: _typed("/room", room) + _typed(text.replace("\n", " ")),
        "tell": lambda text, to: _typed(f"/msg {','.join(to)}", text.replace("\n", " ")),
        "rename": lambda name: _typed("/setname", name),
        "join": lambda room: _typed("/join", room),
        "leave": lambda room: _typed("/leave", room),
        "list": lambda: _typed("/users") + _typed("/rooms") + _typed("/history 9"),
        "sign in": lambda name, word: _typed(word),
        "quit": lambda: _typed("exit()"),
    },
    "jim": {
        "enter": lambda name: _object("presence", user={"account_name": name}),
        "say": lambda text, room: _object("msg", to=room, message=text),
        "tell": lambda text, to: _object("msg", to=to, message=text),
        "join": lambda room: _object("join", room=room),
        "leave": lambda room: _object("leave", room=room),
        "sign in": lambda name, word: _object("authenticate", account_name=name, password=word),
        "quit": lambda: _object("quit"),
    },
}

REQUESTS["web"] = REQUESTS["native"]

#: Where each dialect is spoken; browsers come by the page.
PORTS: Final[dict[str, PortType]] = {"native": MAIN, "basic": MAIN, "plain": PLAIN, "jim": JIM}
DIALECTS: Final = (*PORTS, "web")


class Person:
    """Somebody at the other end of one connection.

    :ivar heard: the numbers of what it was told.
    """

    def __init__(self, dialect: str, client: Client | HTTPClient) -> None:
        self.dialect = dialect
        self.client = client
        self.heard: list[str] = []
        self._waiting = b""
        self._has_hung_up = False
        self._looked_at = len(client.transport.segments)
        self._frames = Connection(CLIENT)

    @property
    def session(self) -> Any:
        connection: Any = self.client.connection
        web_socket: Any = getattr(connection, "_websocket", None)
        return web_socket.session if web_socket else connection.session

    @property
    def member(self) -> MemberId:
        """Its number at the hub; 0 if it was turned away."""
        number: MemberId | None = self.session.member_id
        return number or 0

    @property
    def is_here(self) -> bool:
        """Whether there is still a connection."""
        return not self.client.is_lost

    @property
    def is_cut_off(self) -> bool:
        """Whether the server has cut the connection, and nobody knows yet."""
        return self.is_here and self.client.is_cut_off()

    def asks(self, what: str, *words: Any) -> None:
        """Say it, if its dialect can."""
        encode = REQUESTS[self.dialect].get(what)
        if encode is not None:
            self.sends(encode(*words))

    def sends(self, piece: bytes, more: bytes = b"") -> None:
        """Send `piece` now, and `more` the next time."""
        self._waiting += self._framed(piece)
        self.take_turn()
        self._waiting += self._framed(more)

    def take_turn(self) -> None:
        """Have the server read what is there, as far as it does."""
        is_read = self.is_here and not self._has_hung_up and self.client.is_read()
        if self._waiting and is_read and not self.client.is_cut_off():
            waiting, self._waiting = self._waiting, b""
            self.client.connection.dataReceived(waiting)

    def hangs_up_half(self) -> None:
        """Say nothing more, but read on."""
        if self.is_here and not self._has_hung_up and not self.client.is_cut_off():
            self._has_hung_up = True
            connection: Any = self.client.connection
            connection.readConnectionLost()

    def turns(self, reads: bool) -> None:
        """Read on, or read nothing from now on."""
        transport = self.client.transport
        transport.is_full = not reads
        if reads and self.is_here and transport.producer is not None:
            transport.producer.resumeProducing()

    def is_gone(self) -> None:
        """Be gone without a word."""
        if self.is_here:
            self.client.hang_up()

    def listens(self) -> None:
        """Look at what came since the last time."""
        segments: Sequence[bytes] = self.client.transport.segments
        for segment in segments[self._looked_at :]:
            for told in self._unframed(segment):
                if not _PAST.match(told):
                    # JIM may have a text in two fields.
                    self.heard += dict.fromkeys(_NUMBERED.findall(told))
        self._looked_at = len(segments)

    def _framed(self, data: bytes) -> bytes:
        """Lines as its dialect has them; a browser sends each in a message."""
        if self.dialect != "web":
            return data
        *lines, rest = data.split(b"\n")
        return b"".join(map(message, lines)) + rest

    def _unframed(self, data: bytes) -> list[str]:
        if self.dialect != "web":
            return data.decode().split("\n")
        self._frames.receive_data(data)
        return [each.data for each in self._frames.events() if isinstance(each, events.TextMessage)]


#: The most people who come; there are not so many slots.
PEOPLE: Final = 9
_SLOTS: Final = 6

_NAMES: Final = ("ice", "moon", "sun", "Ola", "Per")


class Scenario:
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
            stack.enter_context(patch.object(chat, "Fanout", RecordingFanout))
            stack.enter_context(patch.object(limits, "OUTBOUND_BYTES", 600))
            stack.enter_context(patch.object(limits, "BATCH_BYTES", 400))
            self._harness = WebHarness(
                slots=_SLOTS, flood=20, timeout=300, history=5, log_level="debug"
            )
            self._hub: Any = self._harness.chat.hub
            self._hub.accounts = {"star": False, "nova": True}
            self._harness.chat.check_password = self._check_password
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
            client = self._client(dialect)
            self._people.append(Person(dialect, client))
            if dialect == "web":
                self._people[-1].asks("watch")
            if name is not None:
                self._people[-1].asks("enter", name)
                self._people[-1].asks("join", LOBBY)

    def _client(self, dialect: str) -> Client | HTTPClient:
        if dialect == "web":
            return self._harness.open_websocket().client
        client = self._harness.try_connect_to(Client, PORTS[dialect], "10.35.11.112")
        assert client is not None
        return client

    def asks(self, who: int, what: str, word: str | None = None) -> None:
        words = [] if word is None else [word]
        self._somebody(who).asks(what, *words, *(["sesame"] if what == "sign in" else []))

    def speaks(self, who: int, text: str, room: str) -> None:
        # At the door, what is said would be a nickname.
        if (person := self._somebody(who)).session.is_member:
            self._said += 1
            person.asks("say", f"m{self._said}.{text}", room)

    def whispers(self, who: int, text: str, to: list[str]) -> None:
        if (person := self._somebody(who)).session.is_member:
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
        self._harness.clock.advance(seconds)
        self.turn_ends()

    def turn_ends(self) -> None:
        """A turn of the reactor; then the network tells what it has to tell."""
        for person in self._people:
            person.take_turn()
        self._harness.clock.advance(0)
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
    def _record(self) -> RecordingFanout:
        fanout = self._harness.chat.fanout
        assert isinstance(fanout, RecordingFanout)
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
            self._harness.clock.advance(limits.JIM_PAUSE_MILLISECONDS / 1_000)
        self.turn_ends()
        self.check()
        for person in self._people:
            if person.is_here and not person.session.is_ended:
                due = self._record.due.get(person.member, [])
                assert sorted(person.heard) == sorted(due), "it was not told everything"
        ended = self._harness.chat.end()
        for _ in range(3):
            self.turn_ends()
            self._harness.clock.advance(limits.SHUTDOWN_SECONDS)
        for person in self._people:
            assert not person.is_here or person.client.is_dropped(), "it is not told to go"
            person.is_gone()
        assert ended.called
        self.check()
        self._harness.close()
        assert not self._record.leftovers
        assert not self._hub._nicknames._members
        assert not self._hub._connections._members
        assert list(self._hub._rooms._rooms) == [LOBBY]
