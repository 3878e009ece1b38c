"""People who do not speak the native dialect: at the main port, the plain one and the JIM one."""

import json

from chatd.chat import limits
from chatd.server.factory import JIM, MAIN, PLAIN, PortType
from tests.server.hall import AnyGuest, Frame, Guest, Hall

HOST = "127.0.0.1"


class BasicGuest(Guest):
    """Who speaks the basic dialect, and shows what it is told as the first client did."""

    def say(self, text: str, request_id: object = None) -> None:
        self.send("message", text)

    def shown(self) -> list[str]:
        """What its person sees since this was last asked; no other frame may come."""
        frames = self.heard()
        for frame in frames:
            assert frame.keys() == {"type", "data"}
            assert frame["type"] == "message"
            assert frame["data"].keys() == {"source", "message"}
        return [f"{frame['data']['source']}: {frame['data']['message']}" for frame in frames]


class PlainGuest(Guest):
    """A person with ``nc``."""

    def type(self, *lines: str) -> None:
        """Type whole lines."""
        for line in lines:
            self.send_bytes(f"{line}\n".encode())

    def shown(self) -> list[str]:
        """The lines on the screen since this was last asked."""
        data: bytes = self.transport.value()
        self.transport.clear()
        assert not data or data.endswith(b"\n"), "half a line"
        return data.decode().split("\n")[:-1]


class JimGuest(Guest):
    """A JIM messenger: it takes each segment for one object."""

    def ask(self, verb: str, /, key: str = "action", **said: object) -> None:
        """Send one object."""
        self.send_bytes(json.dumps({key: verb, "time": 1.5, **said}).encode())

    def present(self, nickname: str, key: str = "action") -> None:
        """Say who it is."""
        self.ask("presence", key, user={"account_name": nickname})

    def heard(self) -> list[Frame]:
        """The objects that have come since this was last asked, one in each segment."""
        segments, self.transport.segments = self.transport.segments, []
        assert not [each for each in segments if len(each) > limits.JIM_SENT_BYTES]
        return [json.loads(each) for each in segments]

    def codes(self) -> list[int]:
        """The numbers of the responses among those."""
        return [each["response"] for each in self.heard() if "response" in each]


def basic(hall: Hall) -> BasicGuest:
    """A connection to the main port."""
    return _come(hall, BasicGuest, MAIN)


def silent_basic(hall: Hall) -> BasicGuest:
    """A basic member under its address, who has seen that it entered."""
    guest = basic(hall)
    hall.clock.advance(limits.DIALECT_DETECTION_MILLISECONDS / 1_000)
    assert guest.shown() == [f"[Server]: {guest.address} has entered the chat"]
    return guest


def plain(hall: Hall) -> PlainGuest:
    """A connection to the plain port."""
    return _come(hall, PlainGuest, PLAIN)


def plain_member(hall: Hall, nickname: str) -> PlainGuest:
    """A plain member, who has seen that it is one."""
    guest = plain(hall)
    guest.type(nickname)
    assert guest.shown()
    return guest


def jim(hall: Hall) -> JimGuest:
    """A connection to the JIM port."""
    return _come(hall, JimGuest, JIM)


def jim_member(hall: Hall, nickname: str, *rooms: str, key: str = "action") -> JimGuest:
    """A JIM member in those rooms, who has been sent all answers."""
    guest = jim(hall)
    guest.present(nickname, key)
    for room in rooms:
        guest.ask("join", key, room=room)
    drain(hall)
    assert guest.codes()
    return guest


def drain(hall: Hall, seconds: float = 1) -> None:
    """Let the JIM clients be sent what waits for them."""
    for _ in range(round(seconds * 20)):
        hall.clock.advance(0.05)


def _come(hall: Hall, kind: type[AnyGuest], port: PortType) -> AnyGuest:
    guest = hall.try_to_come(kind, port, HOST)
    assert guest is not None
    return guest
