"""People of all dialects at one server, and a record of what each of them is to be told.

What they say is numbered: ``m7.`` in a room, ``p8.`` in private. So it can be found again, in
whatever form somebody is told of it.
"""

import json
import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from wsproto import events
from wsproto.connection import CLIENT, Connection

from chatd.chat.events import Event, Message, PrivateMessage
from chatd.chat.names import LOBBY
from chatd.chat.outbox import MemberId
from chatd.server.factory import JIM, MAIN, PLAIN, PortType
from chatd.server.fanout import Fanout
from tests.server.hall import Guest, hello, line
from tests.web.http_clients import HTTPClient, message

_NUMBERED: Final = re.compile(r"\b([mp]\d+)\.")

#: What was said before, and was asked for: a frame, or a line that begins with its date.
_PAST: Final = re.compile(r'\{"type":"history"|\d{4}-\d\d-\d\d ')


class Record(Fanout):
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


Phrase = Callable[..., bytes]

#: How each dialect says it; what it cannot say is missing.
PHRASES: Final[dict[str, dict[str, Phrase]]] = {
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

PHRASES["web"] = PHRASES["native"]

#: Where each dialect is spoken; browsers come by the page.
PORTS: Final[dict[str, PortType]] = {"native": MAIN, "basic": MAIN, "plain": PLAIN, "jim": JIM}
DIALECTS: Final = (*PORTS, "web")


class Person:
    """Somebody at the other end of one connection.

    :ivar heard: the numbers of what it was told.
    """

    def __init__(self, dialect: str, guest: Guest | HTTPClient) -> None:
        self.dialect = dialect
        self.guest = guest
        self.heard: list[str] = []
        self._waiting = b""
        self._has_hung_up = False
        self._looked_at = len(guest.transport.segments)
        self._frames = Connection(CLIENT)

    @property
    def participant(self) -> Any:
        connection: Any = self.guest.connection
        web_socket: Any = getattr(connection, "_websocket", None)
        return web_socket.session if web_socket else connection.session

    @property
    def member(self) -> MemberId:
        """Its number at the hub; 0 if it was turned away."""
        number: MemberId | None = self.participant.member_id
        return number or 0

    @property
    def is_here(self) -> bool:
        """Whether there is still a connection."""
        return not self.guest.is_lost

    @property
    def is_cut_off(self) -> bool:
        """Whether the server has cut the connection, and nobody knows yet."""
        return self.is_here and self.guest.is_cut_off()

    def asks(self, what: str, *words: Any) -> None:
        """Say it, if its dialect can."""
        phrase = PHRASES[self.dialect].get(what)
        if phrase is not None:
            self.sends(phrase(*words))

    def sends(self, piece: bytes, more: bytes = b"") -> None:
        """Send `piece` now, and `more` the next time."""
        self._waiting += self._framed(piece)
        self.take_turn()
        self._waiting += self._framed(more)

    def take_turn(self) -> None:
        """Have the server read what is there, as far as it does."""
        is_read = self.is_here and not self._has_hung_up and self.guest.is_read()
        if self._waiting and is_read and not self.guest.is_cut_off():
            waiting, self._waiting = self._waiting, b""
            self.guest.connection.dataReceived(waiting)

    def hangs_up_half(self) -> None:
        """Say nothing more, but read on."""
        if self.is_here and not self._has_hung_up and not self.guest.is_cut_off():
            self._has_hung_up = True
            connection: Any = self.guest.connection
            connection.readConnectionLost()

    def turns(self, reads: bool) -> None:
        """Read on, or read nothing from now on."""
        transport = self.guest.transport
        transport.is_full = not reads
        if reads and self.is_here and transport.producer is not None:
            transport.producer.resumeProducing()

    def is_gone(self) -> None:
        """Be gone without a word."""
        if self.is_here:
            self.guest.hang_up()

    def listens(self) -> None:
        """Look at what came since the last time."""
        segments: Sequence[bytes] = self.guest.transport.segments
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
