"""A member that can resume, over all its connections."""

import json
from typing import Any

from tests.server.harness import Harness
from tests.server.test_kept_chat import KeptHarness

#: A frame's type and its data.
Frame = tuple[str, Any]


class Member:
    """A native client that can resume.

    :param password: of the account `nickname`; empty if it is none.
    :ivar welcome: the data of the last welcome.
    :ivar seen: the number of the last message of each room.
    """

    def __init__(self, harness: Harness, nickname: str, password: str = "") -> None:
        self.harness = harness
        self.nickname = nickname
        self.welcome: dict[str, Any] = {}
        self.seen: dict[str, int] = {}
        self.private = 0
        self.client = harness.connect()
        self.client.hello(nickname)
        if password:
            self.client.send("authenticate", {"account": nickname, "password": password})
        self.read()

    def read(self) -> list[Frame]:
        """The frames that came."""
        self.harness.clock.advance(0)
        frames: list[Frame] = [(frame["type"], frame.get("data")) for frame in self.client.heard()]
        for kind, data in frames:
            if kind == "welcome":
                self.welcome = data
            elif kind == "message":
                self.seen[data["room"]] = data["seq"]
            elif kind == "private":
                self.private = data["seq"]
            elif kind == "missed":
                for message in data["messages"]:
                    self.seen[data["room"]] = message["seq"]
        return frames

    def say(self, text: str, number: int | None = None, **data: Any) -> list[Frame]:
        """Say it, and return what is answered."""
        frame = {"type": "message", "id": number, "n": number, "data": {"text": text, **data}}
        self.client.send_bytes(json.dumps({k: v for k, v in frame.items() if v}).encode() + b"\n")
        answers = self.client.heard()
        return [(each["type"], each.get("data")) for each in answers if each.get("id") == number]

    def hang_up(self) -> None:
        self.client.hang_up()

    def hello_again(self, **resume: Any) -> None:
        """Say hello on a connection that is there, and name the session."""
        session = {
            "session": self.welcome.get("session", ""),
            "seen": self.seen,
            "private": self.private,
        }
        data = {"nickname": self.nickname, "version": 1, "resume": session | resume}
        self.client.send("hello", data)

    def resume(self, **resume: Any) -> list[Frame]:
        """Come back on another connection; the frames that came."""
        self.client = self.harness.connect()
        self.hello_again(**resume)
        return [frame for _ in range(40) for frame in self.read()]

    def resume_reading_slowly(self) -> None:
        """Come back on another connection, and read one write of the server at a time."""
        self.client = self.harness.connect()
        self.client.transport.is_full = True
        self.hello_again()

    def read_slowly(self) -> list[Frame]:
        """Read the next write."""
        self.client.resume_reading()
        return self.read()


def texts(frames: list[Frame]) -> list[str]:
    """The texts of the messages in `frames`, in order."""
    found = []
    for kind, data in frames:
        if kind == "missed":
            found += [each["text"] for each in data["messages"]]
        elif kind in ("message", "private"):
            found.append(data["text"])
    return found


def killed(harness: KeptHarness) -> KeptHarness:
    """Another server, after the first one was killed."""
    again = KeptHarness(harness.engine)
    again.clock.advance(harness.clock.seconds() + 1)
    return again
