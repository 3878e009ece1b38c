"""The history of IRC where memory has only the last messages, and an archive the others."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred, fail
from typing_extensions import override

from chatd.chat import limits
from chatd.chat.commands import ReadMessages
from chatd.chat.events import Message
from chatd.log.engine import StoreFailed
from chatd.wire.irc.tags import server_time
from tests.log.memory_engine import MemoryEngine
from tests.server.harness import enter_irc
from tests.server.test_kept_chat import KeptHarness

CAPABILITIES = "CAP REQ :batch message-tags server-time"


class SlowEngine(MemoryEngine):
    """An engine whose archive is read when the test says so, if it is slow.

    :ivar waiting: what is to be read.
    """

    is_slow = False

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[tuple[Deferred[Any], tuple[Message, ...]]] = []
        self.reads = 0

    @override
    def between(
        self, query: ReadMessages, lives: frozenset[int] = frozenset()
    ) -> Deferred[tuple[Message, ...]]:
        self.reads += 1
        found = super().between(query, lives)
        if not self.is_slow:
            return found
        later: Deferred[tuple[Message, ...]] = Deferred()
        found.addCallback(lambda messages: self.waiting.append((later, messages)))
        return later

    def answer(self) -> None:
        """The archive returns what was asked of it, as it was then."""
        waiting, self.waiting = self.waiting, []
        for later, messages in waiting:
            later.callback(messages)


@dataclass
class Said:
    """A message, as a client knows it."""

    msgid: str
    time: str
    text: str


def read_messages(lines: Iterable[str]) -> list[Said]:
    messages = []
    for each in lines:
        if " PRIVMSG " in each and each.startswith("@"):
            head, _, rest = each[1:].partition(" ")
            tags = dict(tag.split("=", 1) for tag in head.split(";"))
            messages.append(Said(tags["msgid"], tags["time"], rest.rpartition(":")[2]))
    return messages


class Talk:
    """A client that reads, and one that writes."""

    def __init__(self, harness: KeptHarness) -> None:
        self.harness = harness
        self.ice = enter_irc(harness, "ice", "#dev")
        self.moon = enter_irc(harness, "moon", "#dev")
        for client in (self.ice, self.moon):
            client.tell(CAPABILITIES)
            client.shown()
        self.said: list[Said] = []

    def say(self, *texts: str) -> None:
        for text in texts:
            self.moon.tell(f"PRIVMSG #dev :{text}")
            self.harness.commit()
        self.said += read_messages(self.ice.shown())

    def ask(self, line: str) -> list[str]:
        """The lines that answer `line`, also if that takes some turns."""
        lines = self.ice.tell(line)
        self.harness.commit()
        return lines + self.ice.shown()

    def read(self, parameters: str) -> list[Said]:
        """The messages that CHATHISTORY with these parameters finds."""
        return read_messages(self.ask(f"CHATHISTORY {parameters}"))


def expected(said: list[Said], subcommand: str, ends: list[int], limit: int) -> list[Said]:
    """What CHATHISTORY finds in a simple list; `ends` are places in it."""
    match subcommand, ends:
        case "LATEST", [start]:
            return said[start + 1 :][-limit:]
        case "BEFORE", [end]:
            return said[:end][-limit:]
        case "AFTER", [start]:
            return said[start + 1 :][:limit]
        case "BETWEEN", [start, end] if start <= end:
            return said[start + 1 : end][:limit]
        case "BETWEEN", [start, end]:
            return said[end + 1 : start][-limit:]
        case _:
            [middle] = ends
            older = said[:middle][len(said[:middle]) - limit // 2 if limit // 2 < middle else 0 :]
            older = older if limit // 2 else []
            return older + said[middle:][: limit - len(older)]


QUERIES = st.lists(
    st.tuples(
        st.sampled_from(["LATEST", "BEFORE", "AFTER", "BETWEEN", "AROUND"]),
        st.integers(0, 29),
        st.integers(0, 29),
        st.integers(1, 12),
        st.sampled_from(["msgid", "timestamp"]),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=60)
@given(
    history=st.integers(0, 12),
    pauses=st.lists(st.integers(1, 3), min_size=1, max_size=30),
    queries=QUERIES,
)
def test_memory_and_archive_together_are_like_one_list(
    history: int, pauses: list[int], queries: list[tuple[str, int, int, int, str]]
) -> None:
    with KeptHarness(SlowEngine(), history=history) as harness:
        talk = Talk(harness)
        for number, pause in enumerate(pauses):
            harness.clock.advance(pause / 1_000)
            talk.say(str(number))
        count = len(talk.said)
        for subcommand, first, second, limit, kind in queries:
            ends = [first % count, second % count][: 2 if subcommand == "BETWEEN" else 1]
            values = [talk.said[each] for each in ends]
            references = [
                f"{kind}={each.msgid if kind == 'msgid' else each.time}" for each in values
            ]
            found = talk.read(f"{subcommand} #dev {' '.join(references)} {limit}")
            assert found == expected(talk.said, subcommand, ends, limit)


@settings(max_examples=40)
@given(
    meanwhile=st.integers(0, 4),
    more=st.integers(0, 2),
    before=st.integers(1, 6),
    limit=st.integers(1, 9),
    place=st.integers(0, 5),
    subcommand=st.sampled_from(["LATEST", "AFTER", "BEFORE"]),
)
def test_what_is_said_while_the_archive_is_read_is_neither_lost_nor_doubled(
    meanwhile: int, more: int, before: int, limit: int, place: int, subcommand: str
) -> None:
    """As long as memory has room for it. What comes later would be told anyway, as it is said."""
    engine = SlowEngine()
    with KeptHarness(engine, history=meanwhile + more) as harness:
        talk = Talk(harness)
        talk.say(*map(str, range(before)))
        at = place % before
        engine.is_slow = True
        found = talk.read(f"{subcommand} #dev msgid={talk.said[at].msgid} {limit}")
        is_waiting = bool(engine.waiting)
        talk.say(*map(str, range(before, before + meanwhile)))
        engine.answer()
        harness.commit()
        found += read_messages(talk.ice.shown())
        known = talk.said if is_waiting else talk.said[:before]
        assert found == expected(known, subcommand, [at], limit)


def test_the_archive_is_not_read_where_memory_has_it_all() -> None:
    engine = SlowEngine()
    with KeptHarness(engine, history=5) as harness:
        talk = Talk(harness)
        talk.say(*map(str, range(9)))
        engine.reads = 0
        assert len(talk.read("LATEST #dev * 5")) == 5
        assert len(talk.read(f"LATEST #dev msgid={talk.said[6].msgid} 50")) == 2
        assert len(talk.read(f"AFTER #dev msgid={talk.said[4].msgid} 50")) == 4
        assert engine.reads == 0
        assert len(talk.read("LATEST #dev * 6")) == 6
        assert engine.reads == 1


def test_a_room_that_begins_again_has_its_history_and_its_target() -> None:
    with KeptHarness(SlowEngine()) as harness:
        talk = Talk(harness)
        talk.say("one", "two")
        for client in (talk.ice, talk.moon):
            client.tell("PART #dev")
        harness.clock.advance(limits.EMPTY_ROOM_SECONDS + 1)
        harness.commit()
        assert talk.read("LATEST #dev * 9") == []
        talk.ask("JOIN #dev")
        assert [each.text for each in talk.read("LATEST #dev * 9")] == ["one", "two"]
        end = server_time(harness.chat.now() + 1)
        [_, target, _] = talk.ask(
            f"CHATHISTORY TARGETS timestamp=1970-01-01T00:00:00Z timestamp={end} 9"
        )
        assert target.endswith(f" CHATHISTORY TARGETS #dev {talk.said[-1].time}")


def test_what_was_removed_while_the_archive_was_read_is_left_out() -> None:
    engine = SlowEngine()
    with KeptHarness(engine, history=1) as harness:
        talk = Talk(harness)
        talk.say("one", "two", "three")
        native = harness.enter("sun")
        host = harness.chat.host_code.code
        native.send("host", {"code": host})
        harness.commit()
        talk.ice.shown()
        engine.is_slow = True
        assert talk.ask("CHATHISTORY LATEST #dev * 9") == []
        native.send("remove", {"room": "#dev", "seq": 2})
        harness.commit()
        engine.answer()
        harness.commit()
        assert [each.text for each in read_messages(talk.ice.shown())] == ["one", "three"]


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ("LATEST #dev * 9", ["two", "three"]),
        ("AFTER #dev {0} 9", None),
        ("BEFORE #dev {1} 9", None),
    ],
)
def test_while_the_archive_cannot_be_read_nothing_looks_complete_that_is_not(
    parameters: str, found: list[str] | None
) -> None:
    class Unreadable(MemoryEngine):
        @override
        def between(
            self, query: ReadMessages, lives: frozenset[int] = frozenset()
        ) -> Deferred[tuple[Message, ...]]:
            return fail(StoreFailed("The disk is gone."))

    with KeptHarness(Unreadable(), history=2) as harness:
        talk = Talk(harness)
        talk.say("one", "two", "three")
        references = [f"msgid={each.msgid}" for each in talk.said]
        lines = talk.ask("CHATHISTORY " + parameters.format(*references))
        if found is None:
            [line] = lines
            subcommand = parameters.split(" ")[0]
            assert f" FAIL CHATHISTORY MESSAGE_ERROR {subcommand} #dev :" in line
        else:
            assert [each.text for each in read_messages(lines)] == found


def test_what_was_said_in_a_private_room_is_read_by_its_members_alone() -> None:
    with KeptHarness(SlowEngine(), history=1) as harness:
        talk = Talk(harness)
        talk.ask("MODE #dev +k word")
        talk.moon.shown()
        talk.say("one", "two", "three")
        assert [each.text for each in talk.read("LATEST #dev * 9")] == ["one", "two", "three"]
        talk.ask("PART #dev")
        [closed] = talk.ask("CHATHISTORY LATEST #dev * 9")
        [missing] = talk.ask("CHATHISTORY LATEST #nowhere * 9")
        assert closed.replace("#dev", "#nowhere") == missing
        talk.ask("JOIN #dev word")
        assert len(talk.read(f"AFTER #dev msgid={talk.said[0].msgid} 9")) == 2
