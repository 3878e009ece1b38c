"""A speaker for each dialect, and the table of what can be said in it."""

import json
import re
from collections.abc import Sequence
from enum import Enum, auto
from typing import Any, ClassVar, Final

from chatd.server.factory import JIM, MAIN, PLAIN
from tests.server.speakers import (
    LOBBY,
    Answer,
    Message,
    Notice,
    Private,
    Refused,
    Seen,
    Speaker,
    seen_line,
)


class Can(Enum):
    """What can be said in some dialects, and not in others."""

    TELL = auto()
    RENAME = auto()
    READ = auto()  # the history, and who is here
    GO = auto()  # into rooms, and out of them
    QUIT = auto()
    BREAK_LINES = auto()


class NativeSpeaker(Speaker):
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

    def _ask(self, kind: str, **data: object) -> None:
        self.send(json.dumps({"type": kind, "data": data}).encode() + b"\n")

    def enter(self, nickname: str) -> None:
        self._ask("hello", nickname=nickname, version=1)

    def say(self, text: str, room: str = LOBBY) -> None:
        self._ask("message", text=text, room=room)

    def tell(self, text: str, *to: str) -> None:
        self._ask("private", text=text, to=to)

    def rename(self, nickname: str) -> None:
        self._ask("set-name", nickname=nickname)

    def join(self, room: str) -> None:
        self._ask("join", room=room)

    def leave(self, room: str) -> None:
        self._ask("leave", room=room)

    def quit(self) -> None:
        self._ask("quit")

    def ask_users(self) -> None:
        self._ask("users")

    def ask_history(self) -> None:
        self._ask("history")

    def _frames(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.received.splitlines()]

    def _data(self, kind: str) -> Any:
        [data] = [frame["data"] for frame in self._frames() if frame["type"] == kind]
        return data

    def users(self) -> list[str]:
        return [user["nickname"] for user in self._data("users")["users"]]

    def history(self) -> list[tuple[str, str]]:
        return [(said["source"], said["text"]) for said in self._data("history")["messages"]]

    def saw(self) -> list[Seen]:
        return [self._seen(frame["type"], frame.get("data") or {}) for frame in self._frames()]

    def _seen(self, kind: str, data: dict[str, Any]) -> Seen:
        match kind:
            case "message":
                return Message(data["source"], data["text"], data["room"])
            case "private":
                return Private(data["source"], data["text"])
            case "error":
                return Refused(data["message"])
            case _ if kind in self._NOTICES:
                return Notice(self._NOTICES[kind].format(**data))
            case _:
                return Answer(kind)


class BasicSpeaker(Speaker):
    """Any simple client; what it cannot say, it cannot be made to say here."""

    port = MAIN
    refuses = Notice

    def _ask(self, kind: str, data: str = "") -> None:
        self.send(json.dumps({"type": kind, "data": data}).encode() + b"\n")

    def enter(self, nickname: str) -> None:
        self.rename(nickname)

    def rename(self, nickname: str) -> None:
        self._ask("set-name", nickname)

    def say(self, text: str, room: str = LOBBY) -> None:
        assert room == LOBBY
        self._ask("message", text)

    def ask_users(self) -> None:
        self._ask("users")

    def ask_history(self) -> None:
        self._ask("history")

    def users(self) -> list[str]:
        [listed] = [each.text for each in self.saw() if isinstance(each, Notice)]
        return [line.split()[0] for line in listed.split("\n")]

    def history(self) -> list[tuple[str, str]]:
        return self.saw_messages()

    def saw(self) -> list[Seen]:
        frames = [json.loads(line) for line in self.received.splitlines()]
        assert {frame["type"] for frame in frames} <= {"message"}
        return [seen_line(frame["data"]["source"], frame["data"]["message"]) for frame in frames]


class JimSpeaker(Speaker):
    """A JIM messenger. It begins in no room, so it goes into the lobby as it enters.

    :cvar key: and the other words, as this messenger uses them.
    """

    port = JIM
    key: ClassVar[str] = "action"
    verb: ClassVar[str] = "msg"
    text: ClassVar[str] = "message"

    def _ask(self, action: str, **more: object) -> None:
        self.send(json.dumps({self.key: action} | more).encode())

    def enter(self, nickname: str) -> None:
        self._ask("presence", user={"account_name": nickname})
        self.join("#")

    def say(self, text: str, room: str = LOBBY) -> None:
        self._ask(self.verb, to="#" if room == LOBBY else room, **{self.text: text})

    def tell(self, text: str, *to: str) -> None:
        self._ask(self.verb, to=to[0] if len(to) == 1 else to, **{self.text: text})

    def join(self, room: str) -> None:
        self._ask("join", room=room)

    def leave(self, room: str) -> None:
        self._ask("leave", room=room)

    def quit(self) -> None:
        self._ask("quit")

    def saw(self) -> list[Seen]:
        text, found = self.received.decode(), list[Seen]()
        while text:
            unit, end = json.JSONDecoder().raw_decode(text)
            found.append(self._seen(unit))
            text = text[end:].lstrip()
        return found

    def _seen(self, unit: dict[str, Any]) -> Seen:
        code = unit.get("response")
        if code is None and unit[self.key] == "probe":
            return Notice("probe")
        if code is None:
            assert unit[self.key] == self.verb
            to = unit["to"]
            if isinstance(to, str) and to.startswith("#"):
                return Message(unit["from"], unit[self.text], to)
            return Private(unit["from"], unit[self.text])
        if code >= 400:
            return Refused(unit["error"])
        return (Notice if code < 200 else Answer)(unit["alert"])


class OtherJimSpeaker(JimSpeaker):
    """A JIM messenger with other words for the same."""

    key = "event"
    verb = "message"
    text = "message_text"


class PlainSpeaker(Speaker):
    """A person at ``nc``."""

    port = PLAIN
    refuses = Notice
    _LINE: Final = re.compile(r"(\[Server\]|\[private\] \S+|#\S+ \S+|\S+): (.*)\Z")
    _PAST: Final = re.compile(r"(?:[-\d]+ )?[:\d]+ (\S+): (.*)\Z")

    def _type(self, line: str) -> None:
        self.send(f"{line}\r\n".encode())

    def enter(self, nickname: str) -> None:
        self._type(nickname)

    def say(self, text: str, room: str = LOBBY) -> None:
        self._type(f"/room {room}")
        self._type(text)

    def tell(self, text: str, *to: str) -> None:
        self._type(" ".join(f"@{name}" for name in to) + f" {text}")

    def rename(self, nickname: str) -> None:
        self._type(f"/setname {nickname}")

    def join(self, room: str) -> None:
        self._type(f"/join {room}")

    def leave(self, room: str) -> None:
        self._type(f"/leave {room}")

    def quit(self) -> None:
        self._type("exit()")

    def ask_users(self) -> None:
        self._type("/users")

    def ask_history(self) -> None:
        self._type("/history")

    def _lines(self) -> list[str]:
        return self.received.decode().splitlines()

    def users(self) -> list[str]:
        return [each.text.split()[0] for each in self.saw() if isinstance(each, Notice)]

    def history(self) -> list[tuple[str, str]]:
        found = filter(None, map(self._PAST.match, self._lines()))
        return [(each[1], each[2]) for each in found]

    def saw(self) -> list[Seen]:
        return [self._seen(line) for line in self._lines()]

    def _seen(self, line: str) -> Seen:
        found = self._LINE.match(line)
        return seen_line(found[1], found[2]) if found else Notice(line)


#: Who speaks what, and what can be said in it.
ABILITIES: Final[dict[type[Speaker], Sequence[Can]]] = {
    NativeSpeaker: list(Can),
    BasicSpeaker: [Can.RENAME, Can.READ, Can.BREAK_LINES],
    JimSpeaker: [Can.TELL, Can.GO, Can.QUIT, Can.BREAK_LINES],
    OtherJimSpeaker: [Can.TELL, Can.GO, Can.QUIT, Can.BREAK_LINES],
    PlainSpeaker: [Can.TELL, Can.RENAME, Can.READ, Can.GO, Can.QUIT],
}
