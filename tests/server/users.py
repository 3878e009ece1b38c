"""Users of every dialect: the same actions and the same observations, whatever the dialect.

So a test can be written once, and run with every pair of dialects.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from itertools import product
from typing import Any, ClassVar, Final, Self

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionLost
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from chatd.chat import limits
from chatd.chat.commands import ClientCommand
from chatd.server.chat import Chat
from chatd.server.factory import JIM, MAIN, PLAIN, ChatFactory, DialectFactory, PortType
from chatd.server.irc_port import IRC
from chatd.wire import frames, native_client, rendering, slash_commands
from tests.server.harness import Harness

LOBBY: Final = "#lobby"


@dataclass(frozen=True)
class Message:
    source: str
    text: str
    room: str = LOBBY


@dataclass(frozen=True)
class Private:
    source: str
    text: str


@dataclass(frozen=True)
class Notice:
    text: str


@dataclass(frozen=True)
class Reply:
    text: str


@dataclass(frozen=True)
class Refusal:
    text: str


Seen = Message | Private | Notice | Reply | Refusal


class User:
    """A user; the subclass of each dialect encodes the actions and decodes what the user sees.

    An action that a dialect does not have is not implemented.

    :cvar refusal_type: what a refusal is decoded to in this dialect.
    """

    port: ClassVar[PortType]
    refusal_type: ClassVar[type] = Refusal

    def __init__(self, chat: Chat, address: IPv4Address) -> None:
        self.address = f"{address.host}:{address.port}"
        self._chat = chat
        self.is_lost = False
        self.transport = StringTransport(peerAddress=address)
        factory = ChatFactory(chat) if self.port is MAIN else DialectFactory(chat, self.port)
        connection = factory.buildProtocol(address)
        assert connection is not None
        self.connection = connection
        self._mark = 0
        self._clock: Any = chat.clock
        connection.makeConnection(self.transport)

    # --- actions --------------------------------------------------------------------------------

    def enter(self, nickname: str) -> None:
        raise NotImplementedError

    def say(self, text: str, room: str = LOBBY) -> None:
        raise NotImplementedError

    def send_private(self, text: str, *to: str) -> None:
        raise NotImplementedError

    def rename(self, nickname: str) -> None:
        raise NotImplementedError

    def join(self, room: str) -> None:
        raise NotImplementedError

    def leave(self, room: str) -> None:
        raise NotImplementedError

    def order(self, line: str) -> None:
        """Carry out what a host or operator types."""
        raise NotImplementedError

    def quit(self) -> None:
        raise NotImplementedError

    def request_users(self) -> None:
        raise NotImplementedError

    def request_history(self) -> None:
        raise NotImplementedError

    def send(self, data: bytes) -> None:
        self.connection.dataReceived(data)
        self._clock.advance(0)  # the server writes at the end of its turn

    def hang_up(self) -> None:
        """Close the connection without a quit."""
        self.is_lost = True
        self.connection.connectionLost(Failure(ConnectionLost()))
        self._clock.advance(0)

    # --- what was seen since the last clear() -----------------------------------------------------

    def seen(self) -> list[Seen]:
        raise NotImplementedError

    def users(self) -> list[str]:
        """The list of users that was requested."""
        raise NotImplementedError

    def history(self) -> list[tuple[str, str]]:
        """The history that was requested."""
        raise NotImplementedError

    def seen_messages(self, room: str = LOBBY) -> list[tuple[str, str]]:
        return [
            (each.source, each.text)
            for each in self.seen()
            if isinstance(each, Message) and each.room == room
        ]

    def seen_private(self) -> list[tuple[str, str]]:
        return [(each.source, each.text) for each in self.seen() if isinstance(each, Private)]

    def saw_notice(self, sentence: str) -> bool:
        return any(isinstance(each, Notice) and sentence in each.text for each in self.seen())

    def was_refused(self, sentence: str) -> bool:
        return any(
            isinstance(each, self.refusal_type) and sentence in each.text for each in self.seen()
        )

    def was_sent(self, words: str) -> bool:
        """Whether the server has sent this text, in whatever form."""
        return any(
            isinstance(each, Notice | Reply | Refusal) and words in each.text
            for each in self.seen()
        )

    def saw_enter(self, nickname: str) -> bool:
        return self.saw_notice(f"{nickname} has entered the chat")

    def missed(self, *nicknames: str) -> bool:
        """Whether it was told that it has not reached these."""
        unknown = ", ".join(f"{each} (unknown)" for each in nicknames)
        return self.was_sent(f"Not reached: {unknown}")

    def is_dropped(self) -> bool:
        """Whether the server has ended the connection."""
        return self.transport.disconnecting

    def clear(self) -> None:
        self._mark = len(self.transport.value())

    @property
    def received(self) -> bytes:
        data: bytes = self.transport.value()
        return data[self._mark :]


def seen_line(source: str, text: str) -> Seen:
    """What ``source: text`` means in a dialect that shows nothing else."""
    if source == "[Server]":
        return Notice(text)
    if source.startswith("[private] "):
        return Private(source.removeprefix("[private] "), text)
    room, _, user = source.rpartition(" ")
    return Message(user, text, room or LOBBY)


class Ability(Enum):
    """What some dialects can do, and others cannot."""

    PRIVATE = auto()
    RENAME = auto()
    LISTS = auto()  # request the history and the users
    ROOMS = auto()  # join and leave rooms
    QUIT = auto()
    BREAK_LINES = auto()
    ORDERS = auto()  # order as a host has it, typed as everywhere; IRC has commands of its own


class NativeUser(User):
    """chatd's own client, or the web page."""

    port = MAIN
    _NOTICES: Final = {
        "entered": "{nickname} has entered the chat",
        "left": "{nickname} has left the chat ({reason})",
        "renamed": "{old} renamed to {new}",
        "joined": "{nickname} has joined {room}",
        "parted": "{nickname} has left {room}",
        "goodbye": "{reason}",
    }

    def _request(self, kind: str, **data: object) -> None:
        self.send(json.dumps({"type": kind, "data": data}).encode() + b"\n")

    def enter(self, nickname: str) -> None:
        self._request("hello", nickname=nickname, version=1)

    def say(self, text: str, room: str = LOBBY) -> None:
        self._request("message", text=text, room=room)

    def send_private(self, text: str, *to: str) -> None:
        self._request("private", text=text, to=to)

    def rename(self, nickname: str) -> None:
        self._request("set-name", nickname=nickname)

    def join(self, room: str) -> None:
        self._request("join", room=room)

    def leave(self, room: str) -> None:
        self._request("leave", room=room)

    def order(self, line: str) -> None:
        command = slash_commands.parse(line)
        assert isinstance(command, ClientCommand)
        self.send(native_client.encode(command))

    def quit(self) -> None:
        self._request("quit")

    def request_users(self) -> None:
        self._request("users")

    def request_history(self) -> None:
        self._request("history")

    def _frames(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.received.splitlines()]

    def _data(self, kind: str) -> Any:
        [data] = [frame["data"] for frame in self._frames() if frame["type"] == kind]
        return data

    def users(self) -> list[str]:
        return [user["nickname"] for user in self._data("users")["users"]]

    def history(self) -> list[tuple[str, str]]:
        return [(said["source"], said["text"]) for said in self._data("history")["messages"]]

    def seen(self) -> list[Seen]:
        return [self._seen(frame["type"], frame.get("data") or {}) for frame in self._frames()]

    def _seen(self, kind: str, data: dict[str, Any]) -> Seen:
        match kind:
            case "message":
                return Message(data["source"], data["text"], data["room"])
            case "private":
                return Private(data["source"], data["text"])
            case "error":
                return Refusal(data["message"])
            case "moderation" | "restricted" | "bans":
                return self._described(kind, data)
            case _ if kind in self._NOTICES:
                return Notice(self._NOTICES[kind].format(**data))
            case _:
                return Reply(kind)

    def _described(self, kind: str, data: dict[str, Any]) -> Notice:
        frame = native_client.decode(json.dumps({"type": kind, "data": data}).encode())
        assert isinstance(frame, frames.Moderation | frames.Restricted | frames.Bans)
        return Notice("; ".join(rendering.describe(frame.data, self._chat.now())))


class BasicUser(User):
    """Any simple client."""

    port = MAIN
    refusal_type = Notice

    def _request(self, kind: str, data: str = "") -> None:
        self.send(json.dumps({"type": kind, "data": data}).encode() + b"\n")

    def enter(self, nickname: str) -> None:
        self.rename(nickname)

    def rename(self, nickname: str) -> None:
        self._request("set-name", nickname)

    def say(self, text: str, room: str = LOBBY) -> None:
        assert room == LOBBY
        self._request("message", text)

    def order(self, line: str) -> None:
        self._request("message", line)

    def request_users(self) -> None:
        self._request("users")

    def request_history(self) -> None:
        self._request("history")

    def users(self) -> list[str]:
        [listed] = [each.text for each in self.seen() if isinstance(each, Notice)]
        return [line.split()[0] for line in listed.split("\n")]

    def history(self) -> list[tuple[str, str]]:
        return self.seen_messages()

    def seen(self) -> list[Seen]:
        frames = [json.loads(line) for line in self.received.splitlines()]
        assert {frame["type"] for frame in frames} <= {"message"}
        return [seen_line(frame["data"]["source"], frame["data"]["message"]) for frame in frames]


class JimUser(User):
    """A JIM client. It begins in no room, so it joins the lobby as it enters.

    :cvar key: and the others: the client's vocabulary.
    """

    port = JIM
    key: ClassVar[str] = "action"
    verb: ClassVar[str] = "msg"
    text: ClassVar[str] = "message"

    def _request(self, action: str, **more: object) -> None:
        self.send(json.dumps({self.key: action} | more).encode())

    def enter(self, nickname: str) -> None:
        self._request("presence", type="status", user={"account_name": nickname})
        self.join("#")

    def say(self, text: str, room: str = LOBBY) -> None:
        self._request(self.verb, to="#" if room == LOBBY else room, **{self.text: text})

    def order(self, line: str) -> None:
        self.say(line)

    def send_private(self, text: str, *to: str) -> None:
        self._request(self.verb, to=to[0] if len(to) == 1 else to, **{self.text: text})

    def join(self, room: str) -> None:
        self._request("join", room=room)

    def leave(self, room: str) -> None:
        self._request("leave", room=room)

    def quit(self) -> None:
        self._request("quit")

    def seen(self) -> list[Seen]:
        text, found = self.received.decode(), list[Seen]()
        while text:
            frame, end = json.JSONDecoder().raw_decode(text)
            found.append(self._seen(frame))
            text = text[end:].lstrip()
        return found

    def _seen(self, frame: dict[str, Any]) -> Seen:
        code = frame.get("response")
        if code is None and frame[self.key] == "probe":
            return Notice("probe")
        if code is None:
            assert frame[self.key] == self.verb
            to = frame["to"]
            if isinstance(to, str) and to.startswith("#"):
                return Message(frame["from"], frame[self.text], to)
            return Private(frame["from"], frame[self.text])
        if code >= 400:
            return Refusal(frame["error"])
        return (Notice if code < 200 else Reply)(frame["alert"])


class OtherJimUser(JimUser):
    """A JIM client with another vocabulary."""

    key = "event"
    verb = "message"
    text = "message_text"


class PlainUser(User):
    """A user of ``nc``."""

    port = PLAIN
    refusal_type = Notice
    _LINE: Final = re.compile(r"(\[Server\]|\[private\] \S+|#\S+ \S+|\S+): (.*)\Z")
    _PAST: Final = re.compile(r"(?:[-\d]+ )?[:\d]+ \[\d+\] (\S+): (.*)\Z")

    def _type(self, line: str) -> None:
        self.send(f"{line}\r\n".encode())

    def enter(self, nickname: str) -> None:
        self._type(nickname)
        self._clock.advance(limits.PLAIN_NICKNAME_MILLISECONDS / 1_000)
        self._clock.advance(0)  # a timeout fires one turn late
        self._clock.advance(0)

    def say(self, text: str, room: str = LOBBY) -> None:
        self._type(f"/room {room}")
        self._type(text)

    def order(self, line: str) -> None:
        self._type("/room #lobby")
        self._type(line)

    def send_private(self, text: str, *to: str) -> None:
        self._type(" ".join(f"@{name}" for name in to) + f" {text}")

    def rename(self, nickname: str) -> None:
        self._type(f"/setname {nickname}")

    def join(self, room: str) -> None:
        self._type(f"/join {room}")

    def leave(self, room: str) -> None:
        self._type(f"/leave {room}")

    def quit(self) -> None:
        self._type("exit()")

    def request_users(self) -> None:
        self._type("/users")

    def request_history(self) -> None:
        self._type("/history")

    def _lines(self) -> list[str]:
        return self.received.decode().splitlines()

    def users(self) -> list[str]:
        return [each.text.split()[0] for each in self.seen() if isinstance(each, Notice)]

    def history(self) -> list[tuple[str, str]]:
        found = filter(None, map(self._PAST.match, self._lines()))
        return [(each[1], each[2]) for each in found]

    def seen(self) -> list[Seen]:
        return [self._seen(line) for line in self._lines()]

    def _seen(self, line: str) -> Seen:
        found = self._LINE.match(line)
        return seen_line(found[1], found[2]) if found else Notice(line)


class IrcUser(User):
    """A user of any IRC client without capabilities. It begins in no room, as a JIM client does."""

    port = IRC
    #: What its user reads, by command: ``{0}`` and so on are parameters.
    _NOTICES: Final = {
        "JOIN": "{by} has joined {0}",
        "PART": "{by} has left {0}",
        "QUIT": "{by} has left the chat ({0})",
        "NICK": "{by} renamed to {0}",
        "KICK": "{by} removed {1} from {0}: {2}",
        "TOPIC": "{by} made the topic of {0}: {1}",
        "ERROR": "{0}",
        "MODE +m": "{by} made {0} read-only.",
        "MODE -m": "{0} is not read-only any more ({by}).",
        "MODE +i": "{by} closed {0}: nobody else may join it.",
    }

    def _type(self, line: str) -> None:
        self.send(f"{line}\r\n".encode())

    def enter(self, nickname: str) -> None:
        self._nickname = nickname
        self._type(f"NICK {nickname}")
        self._type(f"USER {nickname} 0 * :{nickname}")
        self.join(LOBBY)

    def say(self, text: str, room: str = LOBBY) -> None:
        self._type(f"PRIVMSG {room} :{text}")

    def send_private(self, text: str, *to: str) -> None:
        self.say(text, ",".join(to))

    def rename(self, nickname: str) -> None:
        self._type(f"NICK {nickname}")

    def join(self, room: str) -> None:
        self._type(f"JOIN {room}")

    def leave(self, room: str) -> None:
        self._type(f"PART {room}")

    def quit(self) -> None:
        self._type("QUIT")

    def saw_enter(self, nickname: str) -> bool:
        return self.saw_notice(f"{nickname} has joined {LOBBY}")

    def missed(self, *nicknames: str) -> bool:
        return all(
            f" 401 {self._nickname} {each} :".encode() in self.received for each in nicknames
        )

    def seen(self) -> list[Seen]:
        return [self._seen(line) for line in self.received.decode().split("\r\n")[:-1]]

    def _seen(self, line: str) -> Seen:
        source, line = line[1:].split(" ", 1) if line.startswith(":") else ("", line)
        nickname, is_member, _ = source.partition("!")
        middle, colon, text = line.partition(" :")
        command, *params = [*middle.split(), *[text] * bool(colon)]
        if command == "MODE":
            command = f"MODE {params[1]}"
        match command:
            case "PRIVMSG" if params[0].startswith("#"):
                return Message(nickname, params[1], params[0])
            case "PRIVMSG":
                return Private(nickname, params[1])
            case "NOTICE":
                assert not is_member
                return Notice(params[1])
            case _ if command in self._NOTICES:
                return Notice(self._NOTICES[command].format(*params, by=nickname))
            case "FAIL":
                return Refusal(params[-1])
            case _ if command.isdigit() and int(command) >= 400:
                return Refusal(params[-1])
            case _:
                return Reply(params[-1])


#: What each dialect can do.
ABILITIES: Final[dict[type[User], Sequence[Ability]]] = {
    NativeUser: list(Ability),
    BasicUser: [Ability.RENAME, Ability.LISTS, Ability.BREAK_LINES, Ability.ORDERS],
    JimUser: [Ability.PRIVATE, Ability.ROOMS, Ability.QUIT, Ability.BREAK_LINES, Ability.ORDERS],
    OtherJimUser: [
        Ability.PRIVATE,
        Ability.ROOMS,
        Ability.QUIT,
        Ability.BREAK_LINES,
        Ability.ORDERS,
    ],
    PlainUser: [
        Ability.PRIVATE,
        Ability.RENAME,
        Ability.LISTS,
        Ability.ROOMS,
        Ability.QUIT,
        Ability.ORDERS,
    ],
    IrcUser: [Ability.PRIVATE, Ability.RENAME, Ability.ROOMS, Ability.QUIT],
}


#: The dialects of ice and moon.
Dialects = tuple[type[User], type[User]]


class UsersHarness:
    """A server, and its users, each with a dialect of its own.

    :param files_url: the URL under which files are; empty if the server takes none.
    """

    def __init__(self, *, files_url: str = "", **settings: Any) -> None:
        self.harness = Harness(**settings)
        self.harness.chat.files_url = lambda address, is_encrypted: files_url
        self.users: list[User] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if error is None:
            for user in self.users:
                if not user.is_lost:
                    user.hang_up()
            self.harness.close()

    def connect(self, dialect: type[User], port: int = 0) -> Any:
        address = IPv4Address("TCP", "10.35.11.112", port or 50_001 + len(self.users))
        self.users.append(dialect(self.harness.chat, address))
        return self.users[-1]

    def enter(self, dialect: type[User], nickname: str) -> Any:
        user = self.connect(dialect)
        user.enter(nickname)
        self.settle()
        return user

    def settle(self) -> None:
        """Let every user read, JIM clients included; too short for anyone to become inactive."""
        for _ in range(40):
            self.harness.clock.advance(0.05)

    def clear_all(self) -> None:
        self.settle()
        for user in self.users:
            user.clear()


class Pair(UsersHarness):
    """Ice and moon are in the lobby; what they saw until now is cleared."""

    def __init__(self, *dialects: type[User], **settings: Any) -> None:
        super().__init__(**settings)
        self.ice = self.enter(dialects[0], "ice")
        self.moon = self.enter(dialects[1], "moon")
        self.clear_all()


def _can(dialect: type[User], abilities: Ability | Sequence[Ability]) -> bool:
    needed = [abilities] if isinstance(abilities, Ability) else abilities
    return all(each in ABILITIES[dialect] for each in needed)


def every_pair(
    ice: Ability | Sequence[Ability] = (), moon: Ability | Sequence[Ability] = ()
) -> pytest.MarkDecorator:
    """Run a test with the dialects of every ordered pair in which both have these abilities."""
    return pytest.mark.parametrize(
        "dialects",
        [
            pytest.param(
                (first, second),
                id=f"{first.__name__.removesuffix('User')}-{second.__name__.removesuffix('User')}",
            )
            for first, second in product(ABILITIES, repeat=2)
            if _can(first, ice) and _can(second, moon)
        ],
    )
