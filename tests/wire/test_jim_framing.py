"""Finding JSON objects in a stream without delimiters."""

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

MAX_BYTES = limits.JIM_OBJECT_BYTES


def split(pieces: Iterable[bytes]) -> list[bytes]:
    """The objects in a stream that is received in these pieces."""
    splitter = ObjectSplitter()
    frames: list[bytes] = []
    for piece in pieces:
        splitter.feed(piece)
        while (frame := splitter.next()) is not None:
            frames.append(frame)
    return frames


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


@pytest.mark.parametrize("frame", OBJECTS)
def test_an_object_ends_at_its_last_brace_whatever_its_strings_contain(frame: bytes) -> None:
    assert split([frame]) == [frame]
    assert split([frame + frame]) == [frame, frame]
    assert split(one_by_one(frame + frame)) == [frame, frame]


def test_delimiters_are_not_needed_and_white_space_is_allowed() -> None:
    stream = b"".join(OBJECTS) + b" \r\n\t" + b"\n".join(OBJECTS) + b"  "
    assert split([stream]) == OBJECTS + OBJECTS
    assert split(one_by_one(stream)) == OBJECTS + OBJECTS


@pytest.mark.parametrize("frame", OBJECTS)
def test_an_incomplete_object_is_waited_for(frame: bytes) -> None:
    for end in range(len(frame)):
        assert split([frame[:end]]) == []


def test_white_space_is_not_an_object_and_not_kept() -> None:
    splitter = ObjectSplitter()
    for _ in range(10 * MAX_BYTES):
        splitter.feed(b" \n")
        assert splitter.next() is None
    splitter.feed(b"{}")
    assert splitter.next() == b"{}"


@pytest.mark.parametrize(
    "garbage",
    [b"hello", b"[{}]", b'"{}"', b"5", b"}", b"\x00", b"\xef\xbb\xbf{}", b"GET / HTTP/1.1"],
)
def test_bytes_that_do_not_begin_an_object_are_refused_at_once(garbage: bytes) -> None:
    for before in (b"", b"{}", b'{"a": "}"} \n'):
        splitter = ObjectSplitter()
        splitter.feed(before + garbage)
        if before:
            assert splitter.next() == before.strip()
        with pytest.raises(BrokenObject):
            splitter.next()


@pytest.mark.parametrize("filling", [b'{"a":', b"{", b'{"a": "', b'{"a": "\\', b'{"a": "{'])
@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_an_object_that_does_not_end_is_refused_when_it_is_too_long(
    filling: bytes, size: int
) -> None:
    splitter = ObjectSplitter()
    endless = filling + b"x" * (MAX_BYTES - len(filling))
    for start in range(0, MAX_BYTES, size):
        splitter.feed(endless[start : start + size])
        assert splitter.next() is None
    splitter.feed(b"x")
    with pytest.raises(BrokenObject, match="4096 bytes"):
        splitter.next()


def padded(size: int) -> bytes:
    """An object of so many bytes."""
    return b'{"a": "' + b"x" * (size - 9) + b'"}'


def test_an_object_may_have_exactly_as_many_bytes_as_the_limit_says() -> None:
    assert split([padded(MAX_BYTES)]) == [padded(MAX_BYTES)]
    assert split(one_by_one(padded(MAX_BYTES))) == [padded(MAX_BYTES)]
    for pieces in ([padded(MAX_BYTES + 1)], one_by_one(padded(MAX_BYTES + 1))):
        with pytest.raises(BrokenObject):
            split(pieces)


def test_the_limit_is_for_each_object() -> None:
    frames = [padded(MAX_BYTES), b"{}", padded(MAX_BYTES - 1)] * 5
    assert split([b" ".join(frames)]) == frames


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
).filter(lambda frame: len(frame) < MAX_BYTES)
_blanks = st.text(" \t\r\n", max_size=3).map(str.encode)
_streams = st.lists(st.tuples(_objects, _blanks), max_size=5)


@given(_streams, st.data())
@example([(b'{"a": "\\\\"}', b"")], None)
def test_any_split_of_a_stream_gives_the_same_objects(
    parts: list[tuple[bytes, bytes]], data: st.DataObject | None
) -> None:
    stream = b"".join(frame + blank for frame, blank in parts)
    frames = [frame for frame, _ in parts]
    assert split([stream]) == frames
    assert split(one_by_one(stream)) == frames
    if data is not None:
        cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=8))
        edges = [0, *sorted(cuts), len(stream)]
        assert split(stream[a:b] for a, b in pairwise(edges)) == frames


@given(st.lists(st.binary(max_size=20) | st.sampled_from([b'{"', b'"}', b"{}", b"\\"]), max_size=9))
def test_any_bytes_are_objects_or_refused_wherever_they_are_cut(pieces: list[bytes]) -> None:
    def result(pieces: Iterable[bytes]) -> tuple[list[bytes], bool]:
        splitter, frames = ObjectSplitter(), list[bytes]()
        try:
            for piece in pieces:
                splitter.feed(piece)
                while (frame := splitter.next()) is not None:
                    frames.append(frame)
        except BrokenObject:
            return frames, True
        return frames, False

    whole = result([b"".join(pieces)])
    assert result(pieces) == result(one_by_one(b"".join(pieces))) == whole
    assert all(frame[:1] + frame[-1:] == b"{}" for frame in whole[0])
