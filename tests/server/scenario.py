"""A whole server in memory, and users of every dialect, for generated sequences of actions.

The users' messages are numbered: ``m7.`` in a room, ``p8.`` in private. So a test finds them again,
in whatever form a dialect delivers them.
"""

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
from chatd.chat.model import SLOTS
from chatd.chat.names import LOBBY, casefold
from chatd.chat.outbox import MemberId
from chatd.server import chat
from chatd.server.factory import JIM, MAIN, PLAIN, PortType
from chatd.server.fanout import Fanout
from fuzz.log_check import log_is_clean
from tests.server.harness import Client, hello, line
from tests.web.http_clients import HTTPClient, WebHarness, message

_NUMBERED: Final = re.compile(r"\b([mp]\d+)\.")

#: A history, which has messages once more: a frame, or a line that begins with its date.
_HISTORY: Final = re.compile(r'\{"type":"history"|\d{4}-\d\d-\d\d ')


class RecordingFanout(Fanout):
    """A fan-out that records what each member must receive, and in which order.

    :ivar expected: for each member, the numbers of request it is to be line.
    :ivar violations: request the hub should not have done.
    """

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.expected: dict[MemberId, list[str]] = {}
        self.violations: list[str] = []
        self._watching: set[MemberId] = set()
        self._members: dict[str, set[MemberId]] = {}
        self._seq: dict[str, int] = {}

    def attach(self, member: MemberId, recipient: Any) -> None:
        self.expected[member] = []
        super().attach(member, recipient)

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
                self.violations.append(f"{event} connect after {self._seq.get(room)}")
            self._seq[room] = event.seq
            if origin not in self._members.get(room, ()):
                self.violations.append(f"{event} connect from outside")
            for member in self._members.get(room, set()) | self._watching:
                if (
                    member != origin
                    or Message in self._subscribers[origin].recipient.dialect.echoes
                ):
                    self.expected[member] += _NUMBERED.findall(event.text)
        super().to_room(room, event, origin)

    def to_member(self, member: MemberId, event: Event) -> None:
        if isinstance(event, PrivateMessage):
            self.expected[member] += _NUMBERED.findall(event.text)
        super().to_member(member, event)

    @property
    def leftovers(self) -> list[Any]:
        """What it still holds; nothing, once every connection is closed."""
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

#: The bytes of each request in each dialect; requests that a dialect does not have are missing.
REQUESTS: Final[dict[str, dict[str, EncodeRequest]]] = {
    "native": {
        "enter": hello,
        "watch": lambda: line("watch"),
        "message": lambda text, room: line("message", {"text": text, "room": room}),
        "private": lambda text, to: line("private", {"text": text, "to": to}),
        "rename": lambda name: line("set-name", {"nickname": name}),
        "join": lambda room: line("join", {"room": room}),
        "leave": lambda room: line("leave", {"room": room}),
        "list": lambda: line("users", {}) + line("rooms") + line("history", {"limit": 9}),
        "authenticate": lambda name, argument: line(
            "authenticate", {"account": name, "password": argument}
        ),
        "quit": lambda: line("quit"),
    },
    "basic": {
        "enter": lambda name: line("set-name", name),
        "message": lambda text, room: line("message", text),
        "rename": lambda name: line("set-name", name),
        "list": lambda: line("users", ""),
    },
    "plain": {
        "enter": _typed,
        "message": lambda text, room: _typed("/room", room) + _typed(text.replace("\n", " ")),
        "private": lambda text, to: _typed(f"/msg {','.join(to)}", text.replace("\n", " ")),
        "rename": lambda name: _typed("/setname", name),
        "join": lambda room: _typed("/join", room),
        "leave": lambda room: _typed("/leave", room),
        "list": lambda: _typed("/users") + _typed("/rooms") + _typed("/history 9"),
        "authenticate": lambda name, argument: _typed(argument),
        "quit": lambda: _typed("exit()"),
    },
    "jim": {
        "enter": lambda name: _object("presence", user={"account_name": name}),
        "message": lambda text, room: _object("msg", to=room, message=text),
        "private": lambda text, to: _object("msg", to=to, message=text),
        "join": lambda room: _object("join", room=room),
        "leave": lambda room: _object("leave", room=room),
        "authenticate": lambda name, argument: _object(
            "authenticate", account_name=name, password=argument
        ),
        "quit": lambda: _object("quit"),
    },
}

REQUESTS["web"] = REQUESTS["native"]

#: The port of each dialect; browsers use the web port.
PORTS: Final[dict[str, PortType]] = {"native": MAIN, "basic": MAIN, "plain": PLAIN, "jim": JIM}
DIALECTS: Final = (*PORTS, "web")


class ScenarioUser:
    """A user with one connection.

    :ivar received: the numbers of request it was line.
    """

    def __init__(self, dialect: str, client: Client | HTTPClient) -> None:
        self.dialect = dialect
        self.client = client
        self.received: list[str] = []
        self._unsent = b""
        self._has_half_closed = False
        self._read_segments = len(client.transport.segments)
        self._frames = Connection(CLIENT)

    @property
    def session(self) -> Any:
        connection: Any = self.client.connection
        web_socket: Any = getattr(connection, "_websocket", None)
        return web_socket.session if web_socket else connection.session

    @property
    def member(self) -> MemberId:
        """The hub's id of the connection; 0 if it got no slot."""
        number: MemberId | None = self.session.member_id
        return number or 0

    @property
    def is_connected(self) -> bool:
        """Whether the connection is open."""
        return not self.client.is_lost

    @property
    def is_cut_off(self) -> bool:
        """Whether the server has aborted the connection, and its end is not reported yet."""
        return self.is_connected and self.client.is_cut_off()

    def request(self, request: str, *words: Any) -> None:
        """Send a request, if its dialect has it."""
        encode = REQUESTS[self.dialect].get(request)
        if encode is not None:
            self.send_bytes(encode(*words))

    def send_bytes(self, piece: bytes, more: bytes = b"") -> None:
        """Send `piece` now, and `more` the next time."""
        self._unsent += self._encode_lines(piece)
        self.flush()
        self._unsent += self._encode_lines(more)

    def flush(self) -> None:
        """Deliver what is not sent yet, if the server is reading."""
        is_read = self.is_connected and not self._has_half_closed and self.client.is_read()
        if self._unsent and is_read and not self.client.is_cut_off():
            waiting, self._unsent = self._unsent, b""
            self.client.connection.dataReceived(waiting)

    def half_close(self) -> None:
        """Send nothing more, but read on."""
        if self.is_connected and not self._has_half_closed and not self.client.is_cut_off():
            self._has_half_closed = True
            connection: Any = self.client.connection
            connection.readConnectionLost()

    def set_reading(self, is_reading: bool) -> None:
        """Read on, or read nothing from now on."""
        transport = self.client.transport
        transport.is_full = not is_reading
        if is_reading and self.is_connected and transport.producer is not None:
            transport.producer.resumeProducing()

    def close(self) -> None:
        """Close the connection without a quit."""
        if self.is_connected:
            self.client.hang_up()

    def read_received(self) -> None:
        """Read what has arrived."""
        segments: Sequence[bytes] = self.client.transport.segments
        for segment in segments[self._read_segments :]:
            for text in self._decode_lines(segment):
                if not _HISTORY.match(text):
                    # JIM may have a text in two fields.
                    self.received += dict.fromkeys(_NUMBERED.findall(text))
        self._read_segments = len(segments)

    def _encode_lines(self, data: bytes) -> bytes:
        """Lines as they are, or for a browser each in a WebSocket message."""
        if self.dialect != "web":
            return data
        *lines, rest = data.split(b"\n")
        return b"".join(map(message, lines)) + rest

    def _decode_lines(self, data: bytes) -> list[str]:
        if self.dialect != "web":
            # Between lines there may be the refusal of a Telnet option.
            return re.sub(rb"\xff[\xfc\xfe].", b"", data, flags=re.DOTALL).decode().split("\n")
        self._frames.receive_data(data)
        return [each.data for each in self._frames.events() if isinstance(each, events.TextMessage)]


#: More users than there are slots.
MAX_USERS: Final = 9
_SLOTS: Final = 6

_NAMES: Final = ("ice", "moon", "sun", "Ola", "Per")


class Scenario:
    """The server, and all its users.

    *star* and *nova* are accounts, nova is blocked. Little may wait for a member, so that users
    that do not read are soon too slow.
    """

    def __init__(self, dialects: list[str]) -> None:
        self._dialects = dialects
        self._users: list[ScenarioUser] = []
        self._sent_count = 0
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
            for dialect, name in zip(self._dialects, _NAMES, strict=False):
                self.connect(dialect, name)
            self.end_turn()
            self._context = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._context:
            if error is None:
                self._stop()

    # --- actions ---------------------------------------------------------------------------

    def connect(self, dialect: str, name: str | None) -> None:
        if len(self._users) < MAX_USERS:
            client = self._client(dialect)
            self._users.append(ScenarioUser(dialect, client))
            if dialect == "web":
                self._users[-1].request("watch")
            if name is not None:
                self._users[-1].request("enter", name)
                self._users[-1].request("join", LOBBY)

    def _client(self, dialect: str) -> Client | HTTPClient:
        if dialect == "web":
            return self._harness.open_websocket().client
        client = self._harness.try_connect_to(Client, PORTS[dialect], "10.35.11.112")
        assert client is not None
        return client

    def request(self, index: int, request: str, argument: str | None = None) -> None:
        words = [] if argument is None else [argument]
        self._pick_user(index).request(
            request, *words, *(["sesame"] if request == "authenticate" else [])
        )

    def send_message(self, index: int, text: str, room: str) -> None:
        # From an unregistered client, a plain line would be a nickname.
        if (user := self._pick_user(index)).session.is_member:
            self._sent_count += 1
            user.request("message", f"m{self._sent_count}.{text}", room)

    def send_private(self, index: int, text: str, to: list[str]) -> None:
        if (user := self._pick_user(index)).session.is_member:
            self._sent_count += 1
            user.request("private", f"p{self._sent_count}.{text}", to)

    def send_bytes(self, index: int, data: bytes, more: bytes) -> None:
        self._pick_user(index).send_bytes(data, more)

    def stop_reading(self, index: int) -> None:
        self.end_turn()  # a transport reports that it is full when something is written to it
        self._pick_user(index).set_reading(is_reading=False)

    def resume_reading(self, index: int) -> None:
        self._pick_user(index).set_reading(is_reading=True)

    def close(self, index: int, is_half: bool) -> None:
        user = self._pick_user(index)
        (user.half_close if is_half else user.close)()

    def finish_password_check(self, is_right: bool) -> None:
        if self._checks:
            check = self._checks.pop(0)
            if is_right and not check.called:
                check.callback("star")
            elif not check.called:
                check.errback(WrongPassword())

    def pass_time(self, seconds: float) -> None:
        self._harness.clock.advance(seconds)
        self.end_turn()

    def end_turn(self) -> None:
        """End a turn of the reactor, and report aborted connections as closed."""
        for user in self._users:
            user.flush()
        self._harness.clock.advance(0)
        while cut_off := [each for each in self._users if each.is_cut_off]:
            for user in cut_off:
                user.close()

    def _pick_user(self, index: int) -> ScenarioUser:
        """One of the connected users, if there are any."""
        online = [user for user in self._users if user.is_connected] or self._users
        return online[index % len(online)]

    def _check_password(self, command: Authenticate, address: str) -> Deferred[str]:
        self._checks.append(Deferred())
        return self._checks[-1]

    # --- checks ------------------------------------------------------------------------

    @property
    def _fanout(self) -> RecordingFanout:
        fanout = self._harness.chat.fanout
        assert isinstance(fanout, RecordingFanout)
        return fanout

    def check(self) -> None:
        """Check the slots, the nicknames, and what every user has received."""
        assert not self._fanout.violations
        connected = {user.member for user in self._users if user.is_connected}
        connections, nicknames = self._hub._connections, self._hub._nicknames._members
        present = {each for each, member in connections._members.items() if not member.away_until}
        assert present <= connected
        in_slots = [member for member in connections._members.values() if member.pool.name == SLOTS]
        assert self._hub.free_slots() == _SLOTS - len(in_slots) >= 0
        assert len({member.member_id for member in nicknames.values()}) == len(nicknames)
        for key, member in nicknames.items():
            assert member in in_slots
            assert casefold(member.nickname) == key
        for user in self._users:
            user.read_received()
            self._check_received(user, self._fanout.expected.get(user.member, []))

    def _check_received(self, user: ScenarioUser, expected: list[str]) -> None:
        if user.dialect != "jim":
            assert user.received == expected[: len(user.received)], "it received something else"
            return
        # A JIM client is sent private messages first, and perhaps not all room messages.
        for kind in "mp":
            rest = iter([number for number in expected if number.startswith(kind)])
            assert all(number in rest for number in user.received if number.startswith(kind))

    def _stop(self) -> None:
        """Stop the server; every user is disconnected, and then nothing may be left."""
        self.end_turn()
        for user in self._users:
            user.set_reading(is_reading=True)
        for _ in range(2 * limits.JIM_QUEUE_OBJECTS):  # JIM clients are sent one object at a time
            self._harness.clock.advance(limits.JIM_PAUSE_MILLISECONDS / 1_000)
        self.end_turn()
        self.check()
        for user in self._users:
            if user.is_connected and not user.session.is_ended:
                expected = self._fanout.expected.get(user.member, [])
                assert sorted(user.received) == sorted(expected), "it has not received everything"
        ended = self._harness.chat.end()
        for _ in range(3):
            self.end_turn()
            self._harness.clock.advance(limits.SHUTDOWN_SECONDS)
        for user in self._users:
            assert not user.is_connected or user.client.is_dropped(), "it was not disconnected"
            user.close()
        assert ended.called
        self.check()
        self._harness.close()  # those who were away have left
        self._hub.tick(self._harness.chat.now() + 1_000 * limits.EMPTY_ROOM_SECONDS)
        assert not self._fanout.leftovers
        assert not self._hub._nicknames._members
        assert not self._hub._connections._members
        assert list(self._hub._rooms._rooms) == [LOBBY]
