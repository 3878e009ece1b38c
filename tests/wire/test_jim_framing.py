"""Where one JSON object ends and the next begins, when nothing stands between them (SPEC §5)."""

import json
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chatd.chat import limits
from chatd.chat.errors import BrokenObject
from chatd.wire.jim_framing import ObjectSplitter

MOST = limits.JIM_OBJECT_BYTES


def split(pieces: Iterable[bytes]) -> list[bytes]:
    """The objects in a stream that comes in these pieces."""
    splitter = ObjectSplitter()
    units: list[bytes] = []
    for piece in pieces:
        splitter.feed(piece)
        while (unit := splitter.next()) is not None:
            units.append(unit)
    return units


def one_by_one(data: bytes) -> list[bytes]:
    return [data[at : at + 1] for at in range(len(data))]


OBJECTS = [
    b"{}",
    b'{"action": "presence", "user": {"account_name": "ice", "status": {"a": {}}}}',
    b'{"a": "}"}',
    b'{"a": "{"}',
    b'{"a": "\\"}"}',
    b'{"a": "\\\\"}',
    b'{"a": "\\\\\\"{"}',
    b'{"\\"}{": [{"b": "]"}, {}]}',
    '{"a": "\u00e9}\U0001f469"}'.encode(),
    b'{"a":\n\t{ } }',
]


@pytest.mark.parametrize("unit", OBJECTS)
def test_an_object_ends_where_its_last_brace_is_whatever_its_strings_hold(unit: bytes) -> None:
    assert split([unit]) == [unit]
    assert split([unit + unit]) == [unit, unit]
    assert split(one_by_one(unit + unit)) == [unit, unit]


def test_no_delimiter_is_needed_and_white_space_is_fine() -> None:
    stream = b"".join(OBJECTS) + b" \r\n\t" + b"\n".join(OBJECTS) + b"  "
    assert split([stream]) == OBJECTS + OBJECTS
    assert split(one_by_one(stream)) == OBJECTS + OBJECTS


@pytest.mark.parametrize("unit", OBJECTS)
def test_an_object_that_has_not_all_come_is_waited_for(unit: bytes) -> None:
    for end in range(len(unit)):
        assert split([unit[:end]]) == []


def test_nothing_but_white_space_is_no_object_and_not_kept() -> None:
    splitter = ObjectSplitter()
    for _ in range(10 * MOST):
        splitter.feed(b" \n")
        assert splitter.next() is None
    splitter.feed(b"{}")
    assert splitter.next() == b"{}"


@pytest.mark.parametrize(
    "garbage",
    [b"hello", b"[{}]", b'"{}"', b"5", b"}", b"\x00", b"\xef\xbb\xbf{}", b"GET / HTTP/1.1"],
)
def test_what_does_not_begin_an_object_is_broken_at_once(garbage: bytes) -> None:
    for before in (b"", b"{}", b'{"a": "}"} \n'):
        splitter = ObjectSplitter()
        splitter.feed(before + garbage)
        if before:
            assert splitter.next() == before.strip()
        with pytest.raises(BrokenObject):
            splitter.next()


@pytest.mark.parametrize("filling", [b'{"a":', b"{", b'{"a": "', b'{"a": "\\', b'{"a": "{'])
@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_an_object_that_never_ends_is_broken_once_it_is_too_long(filling: bytes, size: int) -> None:
    splitter = ObjectSplitter()
    endless = filling + b"x" * (MOST - len(filling))
    for start in range(0, MOST, size):
        splitter.feed(endless[start : start + size])
        assert splitter.next() is None
    splitter.feed(b"x")
    with pytest.raises(BrokenObject, match="4096 bytes"):
        splitter.next()


def padded(size: int) -> bytes:
    """An object of so many bytes."""
    return b'{"a": "' + b"x" * (size - 9) + b'"}'


def test_an_object_may_have_exactly_as_many_bytes_as_the_limit_says() -> None:
    assert split([padded(MOST)]) == [padded(MOST)]
    assert split(one_by_one(padded(MOST))) == [padded(MOST)]
    for pieces in ([padded(MOST + 1)], one_by_one(padded(MOST + 1))):
        with pytest.raises(BrokenObject):
            split(pieces)


def test_the_limit_counts_each_object_not_what_came_with_it() -> None:
    units = [padded(MOST), b"{}", padded(MOST - 1)] * 5
    assert split([b" ".join(units)]) == units


_json: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text('"\\{}[]a\u00e9', max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text('"\\{}', max_size=3), inner)
    ),
    max_leaves=6,
)
_objects = st.builds(
    lambda value, ascii_only: json.dumps(value, ensure_ascii=ascii_only).encode(),
    st.dictionaries(st.text('"\\{}b', max_size=4), _json, max_size=3),
    st.booleans(),
).filter(lambda unit: len(unit) < MOST)
_blanks = st.text(" \t\r\n", max_size=3).map(str.encode)
_streams = st.lists(st.tuples(_objects, _blanks), max_size=5)


@given(_streams, st.data())
@example([(b'{"a": "\\\\"}', b"")], None)
def test_any_split_of_a_stream_gives_the_same_objects(
    parts: list[tuple[bytes, bytes]], data: st.DataObject | None
) -> None:
    stream = b"".join(unit + blank for unit, blank in parts)
    units = [unit for unit, _ in parts]
    assert split([stream]) == units
    assert split(one_by_one(stream)) == units
    if data is not None:
        cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=8))
        edges = [0, *sorted(cuts), len(stream)]
        assert split(stream[a:b] for a, b in pairwise(edges)) == units


@given(st.lists(st.binary(max_size=20) | st.sampled_from([b'{"', b'"}', b"{}", b"\\"]), max_size=9))
def test_any_bytes_are_objects_or_broken_and_split_the_same_way(pieces: list[bytes]) -> None:
    def outcome(pieces: Iterable[bytes]) -> tuple[list[bytes], bool]:
        splitter, units = ObjectSplitter(), list[bytes]()
        try:
            for piece in pieces:
                splitter.feed(piece)
                while (unit := splitter.next()) is not None:
                    units.append(unit)
        except BrokenObject:
            return units, True
        return units, False

    whole = outcome([b"".join(pieces)])
    assert outcome(pieces) == outcome(one_by_one(b"".join(pieces))) == whole
    assert all(unit[:1] + unit[-1:] == b"{}" for unit in whole[0])
