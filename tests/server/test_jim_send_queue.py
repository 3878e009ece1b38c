"""The send queue of a JIM client: merged, bounded, and with priorities."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chatd.chat import limits
from chatd.server.jim_send_queue import JimQueue, Priority
from chatd.wire import jim

MOST = limits.JIM_QUEUE_OBJECTS
NOW = 1_700_000_000_000


def unit(name: object) -> bytes:
    """An object that can be told from others."""
    return json.dumps({"name": name}).encode()


def notice(sentence: str) -> bytes:
    return jim.encode_notice(sentence, NOW).rstrip(b"\n")


def take_all(queue: JimQueue) -> list[Any]:
    """Everything that waits: a name, or what a 100 says."""
    taken = []
    while len(queue):
        data = queue.pop(NOW)
        assert len(data) <= limits.JIM_SENT_BYTES
        told = json.loads(data)
        if "name" not in told:
            assert told.keys() == {"response", "time", "alert"}
            assert told["response"] == 100
        taken.append(told.get("name", told.get("alert")))
    assert queue.waiting_bytes == 0
    return taken


def test_objects_are_sent_in_order() -> None:
    queue = JimQueue()
    kinds = [Priority.REQUIRED, Priority.ROOM, Priority.REQUIRED, Priority.ROOM, Priority.ROOM]
    for number, kind in enumerate(kinds):
        queue.append(kind, unit(number), NOW)
    assert len(queue) == 5
    assert queue.waiting_bytes == 5 * (len(unit(0)) + limits.QUEUED_OBJECT_BYTES)
    assert take_all(queue) == [0, 1, 2, 3, 4]


def test_consecutive_notices_are_merged() -> None:
    queue = JimQueue()
    for name in ("ice", "moon", "sun"):
        queue.append(Priority.NOTICE, notice(f"{name} has entered the chat"), NOW)
    assert len(queue) == 1
    assert take_all(queue) == [
        "ice has entered the chat; moon has entered the chat; sun has entered the chat"
    ]


def test_merged_sentences_have_one_sign_between_them() -> None:
    queue = JimQueue()
    for sentence in ("ana muted ice.", "sun has left the chat (quit)", "ana unmuted ice."):
        queue.append(Priority.NOTICE, notice(sentence), NOW)
    assert take_all(queue) == ["ana muted ice; sun has left the chat (quit); ana unmuted ice."]


def test_a_notice_does_not_overtake_other_objects() -> None:
    queue = JimQueue()
    queue.append(Priority.NOTICE, notice("ice has entered the chat"), NOW)
    queue.append(Priority.ROOM, unit("hello from ice"), NOW)
    queue.append(Priority.NOTICE, notice("ice has left the chat (quit)"), NOW)
    assert take_all(queue) == [
        "ice has entered the chat",
        "hello from ice",
        "ice has left the chat (quit)",
    ]


def test_a_sent_notice_is_not_merged_with_the_next() -> None:
    queue = JimQueue()
    queue.append(Priority.NOTICE, notice("one"), NOW)
    assert take_all(queue) == ["one"]
    queue.append(Priority.NOTICE, notice("two"), NOW)
    assert take_all(queue) == ["two"]


def test_merged_notices_are_objects_without_a_line_end_and_never_too_long() -> None:
    room = limits.JIM_SENT_BYTES - len(notice(""))
    for size in range(room - 3, room + 1):
        queue = JimQueue()
        for sentence in ("one", "x" * (size - len("one; "))):
            queue.append(Priority.NOTICE, notice(sentence), NOW)
        data = queue.pop(NOW)
        assert len(data) == limits.JIM_SENT_BYTES - room + size
        assert data.endswith(b"}")
        assert not len(queue)
    for number in range(MOST + 1):
        queue.append(Priority.ROOM, unit(number), NOW)
    assert queue.pop(NOW).endswith(b"}")


#: As short as possible, as long as possible; characters of one byte, of several, and escaped ones.
SENTENCES = st.builds(
    lambda character, count, number: f"{number}{character * count}.",
    st.sampled_from(["x", '"', "\\", "\u00e9", "\u20ac", "\U0001f469"]),
    st.integers(0, 240),
    st.integers(0, 9),
)


@given(st.lists(SENTENCES, min_size=1, max_size=8))
@example(["\U0001f469" * 125, "\U0001f469" * 200])
def test_merging_loses_no_notice(sentences: list[str]) -> None:
    queue = JimQueue()
    kept = [json.loads(notice(sentence))["alert"] for sentence in sentences]
    for sentence in sentences:
        queue.append(Priority.NOTICE, notice(sentence), NOW)
    # A full stop makes room for the semicolon.
    assert "; ".join(take_all(queue)).replace(".", "") == "; ".join(kept).replace(".", "")


def test_an_overfull_queue_drops_the_oldest_room_messages_and_one_100_says_how_many() -> None:
    queue = JimQueue()
    for number in range(MOST + 30):
        queue.append(Priority.ROOM, unit(number), NOW)
    taken = take_all(queue)
    assert [each for each in taken if isinstance(each, int)] == list(range(30, MOST + 30))
    [said] = [each for each in taken if isinstance(each, str)]
    assert "30 room messages" in said
    assert taken.index(said) == MOST // 2, "once it has caught up"


def test_a_client_that_lags_is_told_once_and_sent_its_responses_first() -> None:
    queue = JimQueue()
    for number in range(3 * MOST):
        queue.append(Priority.ROOM, unit(number), NOW)
        if number > MOST:
            assert b"read too slowly" not in queue.pop(NOW)
            queue.append(Priority.ROOM, unit(number), NOW)
    queue.append(Priority.REQUIRED, unit("an answer"), NOW)
    first, *rest = take_all(queue)
    assert first == "an answer"
    assert len([each for each in rest if "read too slowly" in str(each)]) == 1


def test_a_truncated_queue_keeps_responses_rather_than_messages() -> None:
    queue = JimQueue()
    for number in range(10):
        queue.append(Priority.ROOM, unit(number), NOW)
        queue.append(Priority.REQUIRED, unit(f"answer {number}"), NOW)
    queue.truncate(12)
    taken = take_all(queue)
    assert [each for each in taken if isinstance(each, str)] == [f"answer {n}" for n in range(10)]
    assert [each for each in taken if isinstance(each, int)] == [8, 9]


@pytest.mark.parametrize("before", [0, 1, MOST // 2, MOST])
def test_responses_and_private_messages_are_never_dropped(before: int) -> None:
    queue = JimQueue()
    for number in range(before):
        queue.append(Priority.ROOM, unit(f"room {number}"), NOW)
    for number in range(2 * MOST):
        queue.append(Priority.REQUIRED, unit(number), NOW)
    taken = take_all(queue)
    assert [each for each in taken if isinstance(each, int)] == list(range(2 * MOST))
    assert not [each for each in taken if str(each).startswith("room ")]
    assert len([each for each in taken if f"{before} room message" in str(each)]) == bool(before)


def test_an_important_notice_goes_first_and_is_never_dropped() -> None:
    queue = JimQueue()
    for number in range(MOST + 5):
        queue.append(Priority.ROOM, unit(number), NOW)
    queue.append(Priority.URGENT, unit("server is stopping"), NOW)
    first, *rest = take_all(queue)
    assert first == "server is stopping"
    assert len([each for each in rest if "room messages" in str(each)]) == 1
    assert len(rest) == MOST + 1


KINDS = st.sampled_from([Priority.REQUIRED, Priority.ROOM, Priority.ROOM, Priority.NOTICE])


@given(st.lists(st.tuples(KINDS, st.integers(1, 150)), max_size=12), st.integers(0, 40))
def test_only_room_messages_are_dropped_and_all_of_them_are_counted(
    runs: list[tuple[Priority, int]], taken_between: int
) -> None:
    queue = JimQueue()
    put: dict[Priority, list[str]] = {kind: [] for kind in Priority}
    taken: list[Any] = []
    for number, (kind, count) in enumerate(runs):
        for each in range(count):
            name = f"{kind.name} {number} {each}"
            put[kind].append(name)
            data = notice(name) if kind is Priority.NOTICE else unit(name)
            queue.append(kind, data, NOW)
        for _ in range(min(taken_between, len(queue))):
            told = json.loads(queue.pop(NOW))
            taken.append(told.get("name", told.get("alert")))
    taken += take_all(queue)
    left_out = sum(int(each.split(": ")[1].split()[0]) for each in taken if "slowly" in each)
    said = [part for each in taken if "slowly" not in each for part in each.split("; ")]
    for kind in (Priority.REQUIRED, Priority.NOTICE):
        assert [each for each in said if each.startswith(kind.name)] == put[kind]
    rooms = [each for each in said if each.startswith("ROOM")]
    assert len(rooms) + left_out == len(put[Priority.ROOM])
    remaining = iter(put[Priority.ROOM])
    assert all(room in remaining for room in rooms), "the order has changed"


class _SimpleQueue:
    """The rules in the simplest form: one list, searched for each object."""

    def __init__(self) -> None:
        self._objects: list[tuple[Priority, str]] = []
        self._dropped = 0

    def append(self, kind: Priority, name: str) -> None:
        if kind is Priority.NOTICE and self._objects and self._objects[-1][0] is kind:
            both = f"{self._objects[-1][1]}; {name}"
            if json.loads(notice(both))["alert"] == both:  # it is not cut
                self._objects[-1] = kind, both
                return
        self._objects.append((kind, name))
        rooms = [each for each in self._objects if each[0] is Priority.ROOM]
        if len(self._objects) > MOST and rooms and kind is not Priority.URGENT:
            self._objects.remove(rooms[0])
            self._dropped += 1

    def pop(self) -> str | None:
        is_behind = len(self._objects) > MOST // 2
        if self._dropped and not is_behind:
            dropped, self._dropped = self._dropped, 0
            return f"You read too slowly: {dropped} room messages were left out"
        kinds = [Priority.URGENT, Priority.REQUIRED] if is_behind else [Priority.URGENT]
        for kind in kinds:
            for each in self._objects:
                if each[0] is kind:
                    self._objects.remove(each)
                    return each[1]
        return self._objects.pop(0)[1] if self._objects else None

    def truncate(self, max_objects: int) -> None:
        for each in list(self._objects):
            if len(self._objects) > max_objects and each[0] in (Priority.ROOM, Priority.NOTICE):
                self._objects.remove(each)
        self._dropped = 0


_STEPS = st.one_of(
    st.tuples(st.sampled_from(Priority), st.integers(1, 150)),
    st.tuples(st.just("pop"), st.integers(1, 150)),
    st.tuples(st.just("truncate"), st.integers(0, 150)),
)


@given(st.lists(_STEPS, max_size=8))
def test_the_queue_does_what_the_simplest_queue_does(steps: list[tuple[Any, int]]) -> None:
    queue, simple = JimQueue(), _SimpleQueue()
    for number, (step, count) in enumerate([*steps, ("pop", 10_000)]):
        if step == "truncate":
            queue.truncate(count)
            simple.truncate(count)
        for each in range(0 if step == "truncate" else count):
            if step == "pop":
                told = json.loads(queue.pop(NOW)) if len(queue) else {}
                assert told.get("name", told.get("alert")) == simple.pop()
            else:
                name = f"{number}.{each}"
                queue.append(step, notice(name) if step is Priority.NOTICE else unit(name), NOW)
                simple.append(step, name)
    assert queue.waiting_bytes == 0


def test_a_long_queue_takes_no_longer_for_each_object() -> None:
    """With 100,000 objects to search each time this would not end."""
    queue = JimQueue()
    for number in range(100_000):
        queue.append(Priority.REQUIRED, unit(number), NOW)
    for number in range(20_000):
        queue.append(Priority.ROOM, unit(number), NOW)
    for number in range(20_000):
        queue.append(Priority.NOTICE, notice(f"{number:1000}"), NOW)
    for _ in range(20_000):
        queue.pop(NOW)
    queue.truncate(20_000)


def test_what_an_object_costs_besides_its_bytes_counts_too() -> None:
    queue = JimQueue()
    for _ in range(1_000):
        queue.append(Priority.REQUIRED, b"{}", NOW)
    assert queue.waiting_bytes >= 1_000 * limits.QUEUED_OBJECT_BYTES
