"""Which members receive an event, in which order, and how often it is encoded."""

from dataclasses import dataclass
from typing import ClassVar

from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from chatd.chat import limits
from chatd.chat.commands import Ping
from chatd.chat.errors import Full, RequestId
from chatd.chat.events import Event, MemberEntered, MemberLeft, MemberRenamed, Message, Ok
from chatd.server.fanout import Fanout
from chatd.server.send_queue import Output, SendQueue
from chatd.wire.dialect import Dialect, Request, Result


class _Shorthand:
    """A dialect of one word for each thing, which counts its work."""

    def __init__(self, prefix: str, echoes: frozenset[type] = frozenset()) -> None:
        self.prefix = self.variant = prefix
        self.echoes = echoes
        self.encoded = 0
        self.alike: dict[type, str] = {}

    initial_rooms = ()
    is_scoped: ClassVar[bool] = False
    greeting = b""
    auto_registers = False
    entering_history = 0

    def event_variant(self, kind: type[Event]) -> str:
        return self.alike.get(kind, self.variant)

    def encode_probe(self, now: int) -> bytes:
        return b""

    def detect(self, frame: bytes) -> Dialect:
        return self

    def updated(self, request: Request, result: Result) -> Dialect:
        return self

    def decode(self, frame: bytes) -> Request:
        return Request(Ping())

    def encode_event(self, event: Event, now: int = 0) -> bytes:
        self.encoded += 1
        return f"{self.prefix}{type(event).__name__} ".encode()

    def encode_reply(self, result: Result, request_id: RequestId = None, now: int = 0) -> bytes:
        if isinstance(result, Ok) and request_id is None:
            return b""
        return f"{self.prefix}{type(result).__name__}={request_id} ".encode()


@dataclass
class _Recipient:
    dialect: Dialect
    output: Output

    def disconnect(self, reason: str) -> None:
        self.output.close()


class _FanoutHarness:
    """A fan-out and the connections that it knows."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.fanout = Fanout(self.clock, lambda: 0)
        self.transports: dict[int, StringTransport] = {}
        self.send_queues: dict[int, SendQueue] = {}

    def attach(self, member: int, dialect: _Shorthand) -> None:
        self.transports[member] = transport = StringTransport()
        self.send_queues[member] = send_queue = SendQueue(transport, 1_000, lambda: None)
        self.fanout.attach(member, _Recipient(dialect, send_queue))

    def enter(self, member: int, dialect: _Shorthand, room: str = "#lobby") -> None:
        self.attach(member, dialect)
        self.fanout.add_member(member)
        self.fanout.join_room(member, room)

    def received(self, member: int) -> str:
        self.clock.advance(0)
        data: bytes = self.transports[member].value()
        return data.decode()


HELLO = Message("#lobby", 1, 0, "ice", "hello")


def test_a_message_is_sent_to_the_room_but_not_to_its_sender() -> None:
    harness, native = _FanoutHarness(), _Shorthand("n:")
    for member in (1, 2, 3):
        harness.enter(member, native)
    harness.enter(4, native, room="#dev")
    harness.attach(5, native)
    harness.fanout.to_room("#lobby", HELLO, 1)
    assert [harness.received(member) for member in range(1, 6)] == [
        "",
        "n:Message ",
        "n:Message ",
        "",
        "",
    ]


class _Scoped(_Shorthand):
    is_scoped = True


def test_what_concerns_a_member_is_sent_in_its_rooms_where_a_dialect_wants_that() -> None:
    harness, native, scoped = _FanoutHarness(), _Shorthand("n:"), _Scoped("s:")
    harness.enter(1, native, room="#music")
    harness.enter(2, scoped, room="#music")
    harness.enter(3, scoped, room="#dev")
    harness.enter(4, scoped)
    harness.attach(5, native)
    rooms = frozenset({"#dev", "#lobby"})
    harness.fanout.to_all(MemberLeft("moon", "quit"), 5, rooms)
    told = [harness.received(member) for member in range(1, 5)]
    assert told == ["n:MemberLeft ", "", "s:MemberLeft ", "s:MemberLeft "]
    harness.fanout.to_all(MemberEntered("moon"), 5)
    assert harness.received(2) == "s:MemberEntered "


def test_an_event_for_all_is_sent_to_every_room() -> None:
    harness, native = _FanoutHarness(), _Shorthand("n:")
    harness.enter(1, native)
    harness.enter(2, native, room="#dev")
    harness.attach(3, native)
    harness.fanout.to_all(MemberEntered("moon"), 3)
    assert [harness.received(member) for member in (1, 2, 3)] == [
        "n:MemberEntered ",
        "n:MemberEntered ",
        "",
    ]


def test_a_member_is_echoed_its_own_events_as_its_dialect_says() -> None:
    harness = _FanoutHarness()
    harness.enter(1, _Shorthand("a:", frozenset({MemberRenamed})))
    harness.enter(2, _Shorthand("b:", frozenset({Message})))
    for member in (1, 2):
        harness.fanout.to_all(MemberRenamed("ice", "sun"), member)
        harness.fanout.to_room("#lobby", HELLO, member)
    assert harness.received(1) == "a:MemberRenamed a:MemberRenamed a:Message "
    assert harness.received(2) == "b:MemberRenamed b:Message b:Message "


def test_an_event_is_encoded_once_for_each_dialect_however_many_members_receive_it() -> None:
    harness, native, basic = _FanoutHarness(), _Shorthand("n:"), _Shorthand("b:")
    for member in range(50):
        harness.enter(member, native if member % 2 else basic)
    harness.fanout.to_room("#lobby", HELLO, 0)
    assert (native.encoded, basic.encoded) == (1, 1)
    assert harness.received(2) == "b:Message "
    assert harness.received(3) == "n:Message "


def test_dialects_that_encode_an_event_alike_share_its_bytes() -> None:
    harness, first, second = _FanoutHarness(), _Shorthand("a:"), _Shorthand("b:")
    first.alike = second.alike = {Message: "any"}
    harness.enter(1, first)
    harness.enter(2, second)
    harness.attach(3, first)
    harness.fanout.to_room("#lobby", HELLO, 3)
    assert (first.encoded, second.encoded) == (1, 0)
    assert harness.received(2) == harness.received(1) == "a:Message "
    harness.fanout.to_all(MemberEntered("moon"), 3)
    assert harness.received(2) == "a:Message b:MemberEntered "


def test_replies_and_events_are_sent_in_order() -> None:
    harness, native = _FanoutHarness(), _Shorthand("n:")
    harness.enter(1, native)
    harness.enter(2, native)
    harness.fanout.to_room("#lobby", HELLO, 2)
    harness.fanout.reply(1, Ok(), 7)
    harness.fanout.to_room("#lobby", HELLO, 2)
    harness.fanout.reply(1, Full(), 8)
    assert harness.received(1) == "n:Message n:Ok=7 n:Message n:Full=8 "


def test_the_events_of_a_turn_are_one_write_of_the_same_bytes_object() -> None:
    harness, native = _FanoutHarness(), _Shorthand("n:")
    written: dict[int, list[bytes]] = {}
    for member in (1, 2, 3):
        harness.enter(member, native)
        writes = written[member] = []
        harness.transports[member].write = writes.append  # type: ignore[method-assign]  # to see each
    for _ in range(3):
        harness.fanout.to_room("#lobby", HELLO, 1)
    harness.clock.advance(0)
    assert written == {1: [], 2: [b"n:Message " * 3], 3: [b"n:Message " * 3]}
    assert written[2][0] is written[3][0]


def test_a_batch_over_the_limit_is_written_before_the_turn_ends() -> None:
    harness, native = _FanoutHarness(), _Shorthand("n:")
    for member in (1, 2):
        harness.enter(member, native)
    longest = limits.BATCH_BYTES // len("n:Message ")
    for _ in range(longest):
        harness.fanout.to_room("#lobby", HELLO, 1)
    assert not harness.transports[2].value()
    harness.fanout.to_room("#lobby", HELLO, 1)
    assert len(harness.transports[2].value()) > limits.BATCH_BYTES
    for _ in range(limits.BATCH_BYTES // len("n:Ok=7 ") + 1):
        harness.fanout.reply(1, Ok(), 7)
    assert len(harness.transports[1].value()) > limits.BATCH_BYTES


def test_an_empty_reply_is_not_written() -> None:
    harness = _FanoutHarness()
    harness.enter(1, _Shorthand("n:"))
    harness.fanout.reply(1, Ok())
    assert harness.received(1) == ""


def test_a_member_that_left_is_sent_only_the_reply_to_its_last_request() -> None:
    harness, native = _FanoutHarness(), _Shorthand("n:")
    harness.enter(1, native)
    harness.enter(2, native)
    harness.fanout.leave_room(1, "#lobby")
    harness.fanout.remove_member(1)
    harness.fanout.to_room("#lobby", HELLO, 2)
    harness.fanout.to_all(MemberEntered("sun"), 2)
    harness.fanout.reply(1, Ok(), 1)
    assert harness.received(1) == "n:Ok=1 "
    harness.fanout.detach(1)
    harness.fanout.detach(1)


def test_a_send_queue_may_be_exceeded_by_a_message_that_the_others_still_receive() -> None:
    harness, native = _FanoutHarness(), _Shorthand("n:")
    for member in (1, 2, 3):
        harness.enter(member, native)
    harness.send_queues[2].pauseProducing()
    for _ in range(300):
        harness.fanout.to_room("#lobby", HELLO, 1)
    assert harness.received(2) == ""
    assert harness.received(3) == "n:Message " * 300


def test_a_watcher_receives_every_room_and_the_events_for_all() -> None:
    harness, web = _FanoutHarness(), _Shorthand("w:")
    harness.enter(1, _Shorthand("n:"))
    harness.enter(2, _Shorthand("n:"), room="#dev")
    for member in (3, 4):
        harness.attach(member, web)
        harness.fanout.add_watcher(member)
    harness.fanout.to_room("#lobby", HELLO, 1)
    harness.fanout.to_room("#dev", Message("#dev", 1, 0, "moon", "hello"), 2)
    harness.fanout.to_all(MemberEntered("sun"), 5)
    assert web.encoded == 3
    assert harness.received(3) == harness.received(4) == "w:Message w:Message w:MemberEntered "


def test_a_watcher_that_enters_receives_its_own_rooms_and_nothing_twice() -> None:
    harness, web = _FanoutHarness(), _Shorthand("w:")
    harness.enter(1, web)
    harness.enter(2, web, room="#dev")
    harness.attach(3, web)
    harness.fanout.add_watcher(3)
    harness.fanout.to_room("#dev", HELLO, 2)
    harness.fanout.add_member(3)
    harness.fanout.join_room(3, "#lobby")
    harness.fanout.to_room("#lobby", HELLO, 1)
    harness.fanout.to_room("#dev", HELLO, 2)
    assert harness.received(3) == "w:Message w:Message "
    harness.fanout.leave_room(3, "#lobby")
    harness.fanout.remove_member(3)
    harness.fanout.to_room("#lobby", HELLO, 1)
    assert harness.received(3) == "w:Message w:Message "


def test_a_watcher_that_left_receives_nothing_more() -> None:
    harness, web = _FanoutHarness(), _Shorthand("w:")
    harness.enter(1, web)
    harness.attach(2, web)
    harness.fanout.add_watcher(2)
    harness.fanout.to_room("#lobby", HELLO, 1)
    harness.fanout.remove_member(2)
    harness.fanout.to_room("#lobby", HELLO, 1)
    assert harness.received(2) == "w:Message "
