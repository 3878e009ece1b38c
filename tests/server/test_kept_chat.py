"""A server that keeps its chat: its members notice nothing of it, and a restart loses nothing."""

from typing import Any

import pytest
from twisted.internet.defer import Deferred, fail
from twisted.internet.task import Clock
from typing_extensions import override

from chatd.chat import limits
from chatd.chat.events import Message
from chatd.log.engine import Store, StoreFailed
from tests.log.memory_engine import MemoryEngine
from tests.server.harness import (
    Client,
    Harness,
    connect_basic,
    connect_browser,
    connect_jim,
    connect_plain,
    drain_jim_queues,
    enter_jim,
    enter_plain,
    hello,
    line,
)
from tests.server.users import (
    BasicUser,
    JimUser,
    NativeUser,
    PlainUser,
    User,
    UsersHarness,
)

FULL = "The disk is full."


class KeptHarness(Harness):
    """A server that keeps its chat in `engine`.

    :param disk: what the engine keeps is kept when this clock is advanced; None for at once.
    """

    def __init__(
        self, engine: MemoryEngine | None = None, disk: Clock | None = None, **settings: Any
    ) -> None:
        self.engine = engine or MemoryEngine()
        self.engine.clock = self.disk = disk
        super().__init__(Store(self.engine, self.engine, "memory"), flood=0, **settings)
        self.chat.open()
        self._end_turns()

    def commit(self) -> None:
        """Let the engine keep what it was given, until nothing is left."""
        for _ in range(10):
            self._end_turns()
            self.clock.advance(limits.JOURNAL_PAUSE_MILLISECONDS / 1_000)

    def _end_turns(self) -> None:
        for _ in range(10):
            self.clock.advance(0)
            if self.disk is not None:
                self.disk.advance(0)

    @override
    def close(self) -> None:
        self.engine.problem = ""
        self.clock.advance(limits.STORE_RETRY_SECONDS)
        self.commit()
        for client in self.clients:
            if not client.is_lost:
                client.hang_up()
        self.commit()
        self.clock.advance(limits.EMPTY_ROOM_SECONDS)  # the rooms of a former life end
        self.commit()
        super().close()


class SlowArchive(MemoryEngine):
    """An engine whose archive is read in a later turn."""

    @override
    def last(
        self, room: str, limit: int, before: int | None = None, lives: Any = frozenset()
    ) -> Deferred[tuple[Message, ...]]:
        if self.clock is None:
            return super().last(room, limit, before, lives)
        found: Deferred[tuple[Message, ...]] = Deferred()
        super().last(room, limit, before, lives).addCallback(
            lambda messages: self.clock and self.clock.callLater(0, found.callback, messages)
        )
        return found


# --- a chat like any other ------------------------------------------------------------------------


def converse(harness: UsersHarness) -> list[bytes]:
    """Four members, each of another dialect, do all that they can."""
    ice, moon, sun, mars = (
        harness.enter(dialect, nickname)
        for dialect, nickname in (
            (NativeUser, "ice"),
            (BasicUser, "moon"),
            (PlainUser, "sun"),
            (JimUser, "mars"),
        )
    )
    users: list[User] = [ice, moon, sun, mars]
    for number, user in enumerate(users):
        user.say(f"hello {number}")
        harness.settle()
    ice.join("#dev")
    sun.join("#DEV")
    ice.say("in dev", "#dev")
    sun.say("so am I", "#dev")
    ice.say("", "#dev")
    ice.join("not a room")
    sun.send_private("psst", "ice", "mars")
    mars.send_private("secret", "sun")
    moon.rename("luna")
    moon.rename("ICE")
    harness.settle()
    for user in (ice, moon, sun):
        user.request_users()
        user.request_history()
    sun.leave("#dev")
    mars.quit()
    sun.quit()
    harness.settle()
    moon.hang_up()
    harness.settle()
    return [user.transport.value() for user in users]


def test_members_of_all_dialects_see_the_same_as_in_a_chat_that_is_not_kept() -> None:
    with UsersHarness() as plain:
        expected = converse(plain)
    kept = UsersHarness()
    kept.harness = KeptHarness()
    with kept:
        seen = converse(kept)
    assert seen == expected
    texts = [each.message.text for each in kept.harness.engine.messages]
    assert texts == ["hello 0", "hello 1", "hello 2", "hello 3", "in dev", "so am I"]


def test_many_lines_at_once_are_few_entries_and_are_answered_in_order() -> None:
    with KeptHarness(disk=Clock()) as harness:
        ice, moon = harness.connect(), harness.connect()
        for client, nickname in ((ice, "ice"), (moon, "moon")):
            client.hello(nickname)
            harness.commit()
            client.heard()
        count = len(harness.engine.entries)
        ice.send_bytes(b"".join(line("message", {"text": f"{n}"}, n) for n in range(200)))
        for _ in range(200):
            harness.commit()
        assert [frame["id"] for frame in ice.heard() if frame["type"] == "ok"] == list(range(200))
        assert [each["text"] for each in moon.heard_of("message")] == list(map(str, range(200)))
        commits = len(harness.engine.entries) - count
        assert commits <= 200 / limits.UNANSWERED_COMMANDS + 1


def test_input_is_paused_while_too_many_commands_have_no_answer() -> None:
    with KeptHarness(disk=Clock()) as harness:
        ice = harness.connect()
        ice.hello("ice")
        harness.commit()
        ice.heard()
        for number in range(limits.UNANSWERED_COMMANDS):
            assert ice.is_read()
            ice.say(f"{number}", number)
        assert not ice.is_read()
        assert ice.heard() == []
        harness.commit()
        assert ice.is_read()
        assert len(ice.heard()) == limits.UNANSWERED_COMMANDS


def test_what_is_typed_after_a_join_in_the_same_packet_goes_to_that_room() -> None:
    with KeptHarness(disk=Clock()) as harness:
        sun = connect_plain(harness)
        harness.commit()
        sun.send_bytes(b"sun\n/join #dev\nhello\n/room #lobby\nhello lobby\n")
        harness.commit()
        said = [(each.message.room, each.message.text) for each in harness.engine.messages]
        assert said == [("#dev", "hello"), ("#lobby", "hello lobby")]


def test_a_client_that_comes_while_the_chat_is_restored_is_asked_for_its_dialect_afterwards() -> (
    None
):
    class SlowEngine(MemoryEngine):
        opened: Deferred[None] = Deferred()

        @override
        def open(self) -> Deferred[None]:
            return self.opened.addCallback(lambda _: super(SlowEngine, self).open())

    engine = SlowEngine()
    with KeptHarness(engine) as harness:
        ice, moon = harness.connect(), connect_basic(harness)
        for _ in range(3):
            harness.clock.advance(limits.DIALECT_DETECTION_MILLISECONDS / 1_000)
        assert not ice.is_read()
        engine.opened.callback(None)
        harness.commit()
        ice.hello("ice")
        harness.commit()
        assert [frame["type"] for frame in ice.heard()] == ["welcome"]
        harness.clock.advance(limits.DIALECT_DETECTION_MILLISECONDS / 1_000)
        harness.commit()
        assert moon.shown() == [f"[Server]: {moon.address} has entered the chat"]


# --- connections that are lost meanwhile ----------------------------------------------------------


def member(harness: KeptHarness, nickname: str) -> Client:
    client = harness.connect()
    harness.commit()
    client.hello(nickname)
    harness.commit()
    assert client.heard_of("welcome")
    return client


def test_a_connection_that_is_lost_before_its_seat_is_kept_leaves_nothing_behind() -> None:
    with KeptHarness(disk=Clock()) as harness:
        moon = member(harness, "moon")
        free = harness.free
        lost = harness.connect()
        lost.send_bytes(hello("ice"))
        lost.hang_up()
        harness.commit()
        assert moon.heard() == []
        assert harness.free == free
        assert len(harness.chat.sessions) == 1


def test_a_member_that_is_lost_before_its_entering_is_kept_is_announced_and_then_leaves() -> None:
    with KeptHarness(disk=Clock()) as harness:
        moon = member(harness, "moon")
        free = harness.free
        lost = harness.connect()
        harness.commit()
        lost.send_bytes(hello("ice") + line("message", {"text": "hello"}))
        lost.hang_up()
        harness.commit()
        harness.pass_time(limits.AWAY_SECONDS)
        harness.commit()
        assert [each["type"] for each in moon.heard()] == ["entered", "left"]
        assert harness.free == free
        assert member(harness, "ice"), "the nickname is free"


def test_commands_of_a_lost_connection_are_carried_out_before_it_leaves() -> None:
    with KeptHarness(disk=Clock()) as harness:
        moon, ice = member(harness, "moon"), member(harness, "ice")
        moon.heard()
        ice.say("last words")
        ice.hang_up()
        harness.commit()
        harness.pass_time(limits.AWAY_SECONDS)
        harness.commit()
        assert [each["type"] for each in moon.heard()] == ["message", "left"]
        assert member(harness, "ice")


# --- the archive ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [MemoryEngine, SlowArchive])
def test_a_history_reaches_back_into_the_archive_in_its_place(kind: type[MemoryEngine]) -> None:
    with KeptHarness(kind(), Clock(), history=2) as harness:
        ice = member(harness, "ice")
        for number in range(1, 6):
            ice.say(f"{number}")
        harness.commit()
        ice.heard()
        ice.send_bytes(
            line("ping", request_id=1)
            + line("history", {"room": "#lobby"}, 2)
            + line("message", {"text": "6"}, 3)
            + line("history", {"room": "#lobby", "limit": 3, "before": 4}, 4)
            + line("users", {}, 5)
        )
        harness.commit()
        frames = ice.heard()
        assert [each["id"] for each in frames] == [1, 2, 3, 4, 5]
        assert [each["text"] for each in frames[1]["data"]["messages"]] == list("12345")
        assert [each["text"] for each in frames[3]["data"]["messages"]] == list("123")


def test_after_a_restart_the_next_server_has_what_was_said() -> None:
    engine = MemoryEngine()
    with KeptHarness(engine) as harness:
        ice = member(harness, "ice")
        ice.send("join", {"room": "#dev"})
        ice.send("message", {"text": "in dev", "room": "#dev"})
        ice.say("hello")
        stopped = harness.chat.end()
        harness.commit()
        assert ice.heard()[-1] == {"type": "goodbye", "data": {"reason": "server is stopping"}}
        ice.hang_up()
        assert stopped.called
    with KeptHarness(engine) as again:
        sun = enter_plain(again, "sun")
        sun.type("/join #dev", "/history")
        assert [each for each in sun.shown() if each.endswith("ice: in dev")]
        sun.type("/room #lobby", "/history")
        assert [each for each in sun.shown() if each.endswith("ice: hello")]


def test_while_the_archive_cannot_be_read_a_history_is_what_is_in_memory() -> None:
    class Unreadable(MemoryEngine):
        @override
        def last(
            self, room: str, limit: int, before: int | None = None, lives: Any = frozenset()
        ) -> Deferred[tuple[Message, ...]]:
            return (
                fail(StoreFailed(FULL))
                if self.messages
                else super().last(room, limit, before, lives)
            )

    with KeptHarness(Unreadable(), history=2) as harness:
        ice = member(harness, "ice")
        for text in ("1", "2", "3"):
            ice.say(text)
        ice.heard()
        ice.send_bytes(line("history", {"room": "#lobby"}, 1) + line("ping", request_id=2))
        history, pong = ice.heard()
        assert [each["text"] for each in history["data"]["messages"]] == ["2", "3"]
        assert pong["id"] == 2


# --- a store that fails ---------------------------------------------------------------------------


def test_members_of_every_dialect_are_told_that_nothing_is_kept() -> None:
    with KeptHarness() as harness:
        ice = member(harness, "ice")
        moon = connect_basic(harness)
        moon.send("set-name", "moon")
        sun = enter_plain(harness, "sun")
        mars = enter_jim(harness, "mars", "#")
        for client in (ice, moon, sun, mars):
            client.transport.clear()
            client.transport.segments.clear()
        harness.engine.problem = FULL
        ice.say("hello", 7)
        drain_jim_queues(harness)
        sentence = f"This chat is not kept at present: {FULL}"
        assert [each["type"] for each in ice.heard()] == ["notice", "ok"]
        assert moon.shown() == [f"[Server]: {sentence}", "ice: hello"]
        assert sun.shown() == [f"[Server]: {sentence}", "ice: hello"]
        notice, message = mars.heard()
        assert sentence in str(notice)
        assert message["message"] == "hello"
        harness.engine.problem = ""
        harness.clock.advance(limits.STORE_RETRY_SECONDS)
        assert sun.shown() == ["[Server]: This chat is kept again."]
        assert [each.message.text for each in harness.engine.messages] == ["hello"]


def test_a_chat_whose_store_cannot_be_opened_goes_on_without_it() -> None:
    engine = MemoryEngine()
    engine.problem = FULL
    with KeptHarness(engine, history=2) as harness:
        ice, moon = member(harness, "ice"), member(harness, "moon")
        ice.say("hello")
        assert [each["text"] for each in moon.heard_of("message")] == ["hello"]
        moon.send("history", {"room": "#lobby"})
        [history] = moon.heard_of("history")
        assert [each["text"] for each in history["messages"]] == ["hello"]


def heard_by_all_dialects(harness: KeptHarness) -> list[list[str]]:
    """What members of each dialect are told when they enter, and when they join a room."""
    ice = harness.connect()
    ice.hello("ice")
    harness.commit()
    ice.send("join", {"room": "#dev"})
    moon = connect_basic(harness)
    moon.send("set-name", "moon")
    sun = connect_plain(harness)
    sun.type("sun")
    harness.clock.advance(1)
    sun.type("/join #dev")
    mars = connect_jim(harness)
    mars.present("mars", "action")
    drain_jim_queues(harness)
    assert not [each for each in mars.heard() if "kept" in str(each)], "it may not expect one"
    mars.ask("join", "action", room="#")
    mars.ask("join", "action", room="#dev")
    harness.commit()
    drain_jim_queues(harness)
    return [
        [each["text"] for each in ice.heard_of("notice")],
        [each for each in moon.shown() if "kept" in each],
        [each for each in sun.shown() if "kept" in each],
        [each["alert"] for each in mars.heard() if "kept" in each.get("alert", "")],
    ]


def test_those_who_come_while_nothing_is_kept_are_told_so_once_in_their_dialect() -> None:
    with KeptHarness() as harness:
        early = member(harness, "early")
        harness.engine.problem = FULL
        early.say("hello")
        harness.commit()
        sentence = f"This chat is not kept at present: {FULL}"
        assert heard_by_all_dialects(harness) == [
            [sentence],
            [f"[Server]: {sentence}"],
            [f"[Server]: {sentence}"],
            [sentence],
        ]
        early.send("join", {"room": "#dev"})
        harness.commit()
        assert [each["text"] for each in early.heard_of("notice")] == [sentence]
        harness.engine.problem = ""
        harness.clock.advance(limits.STORE_RETRY_SECONDS)
        harness.commit()
        late = member(harness, "late")
        assert late.heard_of("notice") == []


def test_those_who_come_to_a_chat_whose_store_could_not_be_opened_are_told_so() -> None:
    engine = MemoryEngine()
    engine.problem = FULL
    with KeptHarness(engine) as harness:
        sentence = f"This chat is not kept: {FULL}"
        assert heard_by_all_dialects(harness) == [
            [sentence],
            [f"[Server]: {sentence}"],
            [f"[Server]: {sentence}"],
            [sentence],
        ]


def test_the_notice_comes_behind_the_welcome() -> None:
    with KeptHarness() as harness:
        early = member(harness, "early")
        harness.engine.problem = FULL
        early.say("hello")
        harness.commit()
        late = harness.connect()
        late.hello("late")
        harness.commit()
        assert [each["type"] for each in late.heard()] == ["welcome", "notice"]


def test_a_page_is_told_once_that_nothing_is_kept_whether_it_watches_or_enters() -> None:
    with KeptHarness() as harness:
        early = member(harness, "early")
        harness.engine.problem = FULL
        early.say("hello")
        harness.commit()
        page = connect_browser(harness)
        page.send("watch")
        harness.commit()
        assert [each["type"] for each in page.heard()] == ["watching", "notice"]
        page.hello("page")
        harness.commit()
        assert [each["type"] for each in page.heard()] == ["welcome"]
