"""Invalid input gets one clear error, and no other member notices."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chatd.chat import limits
from tests.server.harness import Harness, hello, line

BAD_LINES: dict[str, tuple[bytes, str]] = {
    "an empty line": (b"", "invalid-json"),
    "not UTF-8": (b'{"type": "message", "data": {"text": "\xff"}}', "invalid-utf8"),
    "not UTF-8 in an unknown key": (b'{"type": "ping", "more": "\xc3\x28"}', "invalid-utf8"),
    "an encoded surrogate": (b'{"type": "ping", "more": "\xed\xa0\x80"}', "invalid-utf8"),
    "not JSON": (b"hello everyone", "invalid-json"),
    "half an object": (b'{"type": "message", "data": {"te', "invalid-json"),
    "two objects": (b'{"type": "ping"} {"type": "ping"}', "invalid-json"),
    "a byte order mark": (b'\xef\xbb\xbf{"type": "ping"}', "invalid-json"),
    "a lone surrogate": (b'{"type": "message", "data": {"text": "\\ud800"}}', "invalid-json"),
    "deep nesting": (b'{"type": "ping", "x": ' + b"[" * 60_000, "invalid-json"),
    "an array": (b"[1, 2, 3]", "invalid-json"),
    "a number": (b"5", "invalid-json"),
    "a huge number": (b"9" * 60_000, "invalid-json"),
    "an unknown type": (b'{"type": "dance"}', "unknown-type"),
    "no type": (b'{"data": {"text": "x"}}', "bad-frame"),
    "a type that is no string": (b'{"type": 5}', "bad-frame"),
    "no data": (b'{"type": "message"}', "bad-frame"),
    "data of the wrong type": (b'{"type": "message", "data": "x"}', "bad-frame"),
    "a text that is a number": (b'{"type": "message", "data": {"text": 5}}', "bad-frame"),
    "a text that is null": (b'{"type": "message", "data": {"text": null}}', "bad-frame"),
    "an id that is an array": (b'{"type": "ping", "id": []}', "bad-frame"),
    "an id that is too long": (b'{"type": "ping", "id": "' + b"x" * 65 + b'"}', "bad-frame"),
    "a NUL": (b'{"type": "message", "data": {"text": "a\\u0000b"}}', "bad-text"),
    "an escape": (b'{"type": "message", "data": {"text": "\\u001b[2J"}}', "bad-text"),
    "a carriage return": (b'{"type": "message", "data": {"text": "a\\rb"}}', "bad-text"),
    "a C1 control": (b'{"type": "message", "data": {"text": "\\u009b2J"}}', "bad-text"),
    "no text": (b'{"type": "message", "data": {"text": ""}}', "bad-text"),
    "too much text": (line("message", {"text": "x" * 4_097}).rstrip(), "bad-text"),
    "a web request": (b"GET / HTTP/1.1\r", "invalid-json"),
}


@pytest.mark.parametrize(("bad", "code"), BAD_LINES.values(), ids=BAD_LINES)
def test_a_bad_line_gets_one_error_and_the_connection_goes_on(
    harness: Harness, bad: bytes, code: str
) -> None:
    ice, moon = harness.enter_all("ice", "moon")
    ice.send_bytes(bad + b"\n")
    [error] = ice.heard()
    assert error["type"] == "error"
    assert error["data"]["code"] == code
    assert len(error["data"]["message"]) < 300
    assert moon.heard() == []
    assert harness.chat.counters == {code: 1}
    ice.say("still here")
    assert [data["text"] for data in moon.heard_of("message")] == ["still here"]


@pytest.mark.parametrize(
    "bad",
    [
        b'{"type": "dance", "id": 6}',
        b'{"id": 6, "type": "message"}',
        b'{"type": "message", "id": 6, "data": {"text": ""}}',
    ],
)
def test_an_error_carries_the_id_of_its_request(harness: Harness, bad: bytes) -> None:
    ice = harness.enter("ice")
    ice.send_bytes(bad + b"\n")
    assert [error["id"] for error in ice.heard()] == [6]


def test_unknown_keys_are_ignored(harness: Harness) -> None:
    ice, moon = harness.enter_all("ice", "moon")
    ice.send_bytes(b'{"x": {}, "type": "message", "data": {"text": "hello", "colour": [1, "x"]}}\n')
    assert [data["text"] for data in moon.heard_of("message")] == ["hello"]
    assert ice.heard() == []


@pytest.mark.parametrize("excess", [1, 100_000])
@pytest.mark.parametrize("end", [b"", b"\n", b"\n" + line("message", {"text": "smuggled"})])
def test_an_over_long_line_is_refused_and_closes_the_connection(
    harness: Harness, excess: int, end: bytes
) -> None:
    ice, moon = harness.enter_all("ice", "moon")
    ice.send_bytes(b"x" * (limits.LINE_BYTES + excess) + end)
    [error] = ice.heard()
    assert error["data"]["code"] == "line-too-long"
    assert "65536" in error["data"]["message"]
    assert ice.is_dropped()
    assert not ice.is_cut_off(), "the error must go out first"
    assert moon.heard() == [
        {"type": "left", "data": {"nickname": "ice", "reason": "line too long"}}
    ]


def test_a_line_of_exactly_the_limit_is_fine(harness: Harness) -> None:
    ice = harness.enter("ice")
    ping = b'{"type": "ping"'
    ice.send_bytes(ping + b" " * (limits.LINE_BYTES - len(ping) - 1) + b"}")
    ice.send_bytes(b"\n")
    assert ice.heard() == [{"type": "pong"}]


def test_an_over_long_line_in_many_pieces_is_refused_as_soon_as_it_is_too_long(
    harness: Harness,
) -> None:
    ice = harness.enter("ice")
    for _ in range(17):
        assert not ice.is_dropped()
        ice.send_bytes(b"x" * 4_096)
    assert ice.errors() == ["line-too-long"]


SAMPLE = (
    line("hello", {"nickname": "#"}, 0)
    + line("message", {"text": "too early"}, 1)
    + hello("moon")
    + line("message", {"text": "grüße 🌙"}, 2)
    + b'{"type": "message", "data": {"text": "\xff"}}\n'
    + line("set-name", {"nickname": "sun"}, "three")
    + b"\n"
    + line("history", request_id=4)
    + line("quit")
    + line("message", {"text": "too late"}, 5)
)


def _results(pieces: Sequence[bytes]) -> tuple[bytes, bytes]:
    """What a sender and another member hear when these pieces come, one after the other."""
    with Harness() as harness:
        ice = harness.enter("ice")
        client = harness.connect()
        for piece in pieces:
            client.send_bytes(piece)
        return client.transport.value(), ice.transport.value()


WHOLE = _results([SAMPLE])


def test_a_stream_that_comes_byte_by_byte_gives_the_same_result() -> None:
    assert WHOLE[0].count(b"\n") == 10
    assert _results([SAMPLE[at : at + 1] for at in range(len(SAMPLE))]) == WHOLE


@given(st.lists(st.integers(0, len(SAMPLE)), max_size=12))
def test_any_split_of_a_stream_gives_the_same_result(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(SAMPLE)]
    assert _results([SAMPLE[a:b] for a, b in pairwise(edges)]) == WHOLE


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
_types = st.sampled_from(
    ["hello", "message", "set-name", "users", "history", "ping", "quit", "join", "welcome"]
)
_data = _json | st.fixed_dictionaries(
    {},
    optional={
        "nickname": _json | st.sampled_from(["ice", "moon"]),
        "version": _json | st.just(1),
        "text": _json,
        "room": _json | st.sampled_from(["#lobby", "#LOBBY"]),
        "limit": _json,
        "before": _json,
    },
)
_frames = st.builds(line, _types | st.text(max_size=5), _data, _json)
_anything = st.lists(st.binary(max_size=60) | _frames | st.just(hello("moon")), max_size=12)


@given(_anything)
def test_no_bytes_make_the_server_raise_or_disturb_the_others(pieces: list[bytes]) -> None:
    with Harness() as harness:
        ice = harness.enter("ice")
        client = harness.connect()
        for piece in pieces:
            client.send_bytes(piece)
        harness.pass_time(2)
        told = client.heard()
        assert {"type", "id", "data"} >= {key for frame in told for key in frame}
        assert {frame["type"] for frame in ice.heard()} <= {"entered", "renamed", "message", "left"}
        ice.say("still here", request_id=1)
        assert [frame["type"] for frame in ice.heard()] == ["ok"]


@given(st.lists(st.binary(max_size=40), max_size=8))
def test_no_bytes_without_a_frame_in_them_are_noticed_by_the_others(pieces: list[bytes]) -> None:
    with Harness() as harness:
        ice = harness.enter("ice")
        client = harness.connect()
        client.hello("#")
        for piece in pieces:
            client.send_bytes(piece + b"\n")
        assert ice.heard() == []
        assert not client.is_dropped()
        client.hello("moon")
        harness.pass_time(3)
        assert client.heard_of("welcome")


def _is_no_frame(data: bytes) -> bool:
    """Whether no line of `data` can have a type: with one, a client that knows no hello enters."""
    return not (b"{" in data and b":" in data)


@given(st.lists(st.binary(max_size=40).filter(_is_no_frame), min_size=1, max_size=8))
@example([b"{"])
@example([b'"type":" "'])
@example([b"[1, null]"])
def test_of_random_bytes_the_other_members_notice_nothing(
    pieces: list[bytes],
) -> None:
    with Harness() as harness:
        ice = harness.enter("ice")
        client = harness.connect()
        for piece in pieces:
            if not client.is_cut_off():
                client.send_bytes(piece + b"\n")
        harness.pass_time(2)
        assert ice.heard() == []
        assert client.is_cut_off() or {frame["type"] for frame in client.heard()} == {"message"}


def test_an_object_with_any_type_enters_as_a_basic_client(harness: Harness) -> None:
    """Whatever else is in it: its author's client may send a type that chatd does not know."""
    ice = harness.enter("ice")
    client = harness.connect()
    client.send_bytes(b'{"type":" ","":{"":0}}\n')
    assert ice.heard_of("entered") == [{"nickname": client.address}]
