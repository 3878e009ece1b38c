"""The native dialect on the server's side: frames in, refusals, frames out."""

import json
from typing import Any

import pytest
from msgspec import to_builtins

from chatd.chat import errors, events, limits
from chatd.chat.commands import (
    Command,
    Enter,
    ListUsers,
    Ping,
    Quit,
    ReadHistory,
    Rename,
    Search,
    SendMessage,
)
from chatd.chat.errors import BadFrame, Refusal, RequestId
from chatd.chat.events import Event, History, Message, Ok, Reply, SearchResult, User, Users
from chatd.wire.dialect import Resume
from chatd.wire.native import Native

DIALECT = Native()
DEEP = b"[" * 9_999 + b"]" * 9_999
HUGE = b"9" * 5_000
HELLO = b'{"type":"hello","id":7,"data":{"nickname":"ice","version":%b}}'
MESSAGE = Message("#lobby", 7, 1_700_000_000_000, "ice", "h\u00e9llo\n\U0001f469")


def frames(data: bytes) -> list[dict[str, Any]]:
    """The frames in `data`; every line has its end."""
    *lines, rest = data.split(b"\n")
    assert rest == b""
    return [json.loads(line) for line in lines]


def refused(line: bytes) -> Refusal:
    with pytest.raises(Refusal) as caught:
        DIALECT.decode(line)
    return caught.value


FRAMES: list[tuple[bytes, Command]] = [
    (b'{"type":"hello","data":{"nickname":"ice","version":1}}', Enter("ice")),
    (b'{"type":"message","data":{"text":"hi"}}', SendMessage("hi", "#lobby")),
    (b'{"type":"message","data":{"text":"hi","room":"#dev"}}', SendMessage("hi", "#dev")),
    (b'{"type":"set-name","data":{"nickname":"moon"}}', Rename("moon")),
    (b'{"type":"users"}', ListUsers(None)),
    (b'{"type":"users","data":{}}', ListUsers(None)),
    (b'{"type":"users","data":{"room":null}}', ListUsers(None)),
    (b'{"type":"users","data":{"room":"#lobby"}}', ListUsers("#lobby")),
    (b'{"type":"history"}', ReadHistory("#lobby", 50, None)),
    (b'{"type":"history","data":{"limit":3,"before":9}}', ReadHistory("#lobby", 3, 9)),
    (b'{"type":"search","data":{"words":"tea"}}', Search("tea")),
    (
        b'{"type":"search","data":{"from":"ice","room":"#dev","since":-5,"before":7,"limit":2}}',
        Search("", "#dev", "ice", -5, 7, 2),
    ),
    (b'{"type":"ping"}', Ping()),
    (b'{"type":"ping","data":{}}', Ping()),
    (b'{"type":"quit"}', Quit()),
    (
        b'{"type":"message","data":{"text":"\\u00e9\\ud83d\\udc69"}}',
        SendMessage("\u00e9\U0001f469"),
    ),
    (' {"data" : {"text":"h\u00e9"},\t"type":"message" } '.encode(), SendMessage("h\u00e9")),
    (b'{"type":"ping"}\r', Ping()),
    (b'{"type":"ping","data":"anything","x":[{"y":[1.5e3,null,true]}]}', Ping()),
    (b'{"type":"message","data":{"text":"hi","colour":"red"},"more":1}', SendMessage("hi")),
    (b'{"type":"ping","x":' + HUGE + b"}", Ping()),
]


@pytest.mark.parametrize(("line", "command"), FRAMES)
def test_a_frame_is_a_command(line: bytes, command: Command) -> None:
    request = DIALECT.decode(line)
    assert (request.command, request.request_id, request.number) == (command, None, 0)


def test_a_command_that_changes_the_chat_has_a_number() -> None:
    line = b'{"type":"message","n":7,"data":{"text":"hi"}}'
    assert DIALECT.decode(line).number == 7
    assert DIALECT.decode(b'{"type":"ping","n":7}').number == 0


@pytest.mark.parametrize("number", [b"0", b"-1", b"9007199254740992", b"1.5", b'"1"', b"1e400"])
def test_a_number_that_is_none_is_refused(number: bytes) -> None:
    with pytest.raises(BadFrame):
        DIALECT.decode(b'{"type":"message","n":' + number + b',"data":{"text":"hi"}}')


def test_a_hello_may_name_a_session_to_resume() -> None:
    line = (
        b'{"type":"hello","data":{"nickname":"ice","version":1,"resume":'
        b'{"session":"abc","seen":{"#lobby":3},"private":2}}}'
    )
    assert DIALECT.decode(line).resume == Resume("abc", {"#lobby": 3}, 2)
    assert "abc" not in repr(DIALECT.decode(line))


def test_of_too_many_rooms_that_a_client_has_seen_the_last_ones_count() -> None:
    seen = {f"#{number}": number for number in range(4_000)} | {"#" * 9_000: 1}
    data = {"nickname": "ice", "version": 1, "resume": {"session": "abc", "seen": seen}}
    resume = DIALECT.decode(json.dumps({"type": "hello", "data": data}).encode()).resume
    assert resume is not None
    expected = {f"#{number}": number for number in range(4_000 - limits.JOINED_ROOMS, 4_000)}
    assert resume.seen == expected


@pytest.mark.parametrize(
    "resume",
    [
        b"1",
        b"{}",
        b'{"session":7}',
        b'{"session":"a","seen":{"#lobby":-1}}',
        b'{"session":"a","seen":{"#lobby":9007199254740992}}',
        b'{"session":"a","seen":[]}',
        b'{"session":"a","private":-1}',
        b'{"session":"' + b"a" * 65 + b'"}',
    ],
)
def test_a_session_that_is_none_is_refused(resume: bytes) -> None:
    with pytest.raises(BadFrame):
        DIALECT.decode(
            b'{"type":"hello","data":{"nickname":"ice","version":1,"resume":' + resume + b"}}"
        )


@pytest.mark.parametrize(
    "request_id", ["r1", "", "\u00e9" * 64, 0, -7, 2**53 - 1, -(2**53) + 1, None]
)
def test_a_request_keeps_its_id(request_id: RequestId) -> None:
    line = json.dumps({"type": "ping", "id": request_id}).encode()
    assert DIALECT.decode(line).request_id == request_id


#: What is wrong, the line, the code, and the id of the request as far as it can be read.
BAD: list[tuple[str, bytes, str, RequestId]] = [
    ("an empty line", b"", "invalid-json", None),
    ("a blank line", b" \t", "invalid-json", None),
    ("no JSON", b"hello", "invalid-json", None),
    ("half a frame", b'{"type":"ping","id":7', "invalid-json", None),
    ("a NUL byte", b"\x00", "invalid-json", None),
    ("a NUL byte after the frame", b'{"type":"ping"}\x00', "invalid-json", None),
    ("a control character in a string", b'{"type":"ping","x":"\x01"}', "invalid-json", None),
    ("trailing text", b'{"type":"ping","id":7} x', "invalid-json", None),
    ("two frames on a line", b'{"type":"ping"}{"type":"ping"}', "invalid-json", None),
    ("a byte order mark", b'\xef\xbb\xbf{"type":"ping"}', "invalid-json", None),
    ("UTF-16", '{"type":"ping"}'.encode("utf-16"), "invalid-utf8", None),
    ("not a number", b'{"type":"ping","x":NaN}', "invalid-json", None),
    ("infinity", b'{"type":"ping","x":-Infinity}', "invalid-json", None),
    ("a lone surrogate", b'{"type":"ping","x":"\\ud800"}', "invalid-json", None),
    ("a lone surrogate as id", b'{"type":"quit","id":"\\udfff"}', "invalid-json", None),
    ("an array", b'["ping"]', "invalid-json", None),
    ("a string", b'"ping"', "invalid-json", None),
    ("null", b"null", "invalid-json", None),
    ("deep nesting", b"[" * 60_000, "invalid-json", None),
    ("deep nesting of objects", b'{"a":' * 13_000, "invalid-json", None),
    ("deep nesting as the type", b'{"type":' + DEEP + b"}", "invalid-json", None),
    ("deep nesting as data", b'{"type":"users","data":' + DEEP + b"}", "invalid-json", None),
    ("deep nesting in an unknown key", b'{"type":"ping","x":' + DEEP + b"}", "invalid-json", None),
    ("invalid UTF-8", b'{"type":"message","data":{"text":"\xff"}}', "invalid-utf8", None),
    ("invalid UTF-8 in an unknown key", b'{"type":"ping","x":"\xc3("}', "invalid-utf8", None),
    ("invalid UTF-8 as an unknown key", b'{"type":"ping","\xe2\x82":1}', "invalid-utf8", None),
    ("overlong UTF-8", b'{"type":"ping","x":"\xc0\x80"}', "invalid-utf8", None),
    ("a surrogate in UTF-8", b'{"type":"ping","x":"\xed\xa0\x80"}', "invalid-utf8", None),
    ("an unknown type", b'{"type":"dance","id":7}', "unknown-type", 7),
    ("a type in other case", b'{"type":"Ping","id":7}', "unknown-type", 7),
    ("a type of the server's", b'{"type":"welcome","id":7}', "unknown-type", 7),
    ("a very long type", b'{"id":7,"type":"' + b"z" * 60_000 + b'"}', "unknown-type", 7),
    ("no type", b'{"id":7,"data":{}}', "bad-frame", 7),
    ("an empty object", b"{}", "bad-frame", None),
    ("an empty type", b'{"type":"","id":7}', "bad-frame", 7),
    ("a number as the type", b'{"type":1,"id":7}', "bad-frame", 7),
    ("null as the type", b'{"type":null,"id":"r"}', "bad-frame", "r"),
    ("no data", b'{"type":"hello","id":7}', "bad-frame", 7),
    ("null as data", b'{"type":"message","id":7,"data":null}', "bad-frame", 7),
    ("an array as data", b'{"type":"message","id":7,"data":["hi"]}', "bad-frame", 7),
    ("a string as data", b'{"type":"users","id":7,"data":""}', "bad-frame", 7),
    ("no text", b'{"type":"message","id":7,"data":{}}', "bad-frame", 7),
    ("no nickname", b'{"type":"hello","id":7,"data":{"version":1}}', "bad-frame", 7),
    ("no version", b'{"type":"hello","id":7,"data":{"nickname":"ice"}}', "bad-frame", 7),
    ("a number as text", b'{"type":"message","id":7,"data":{"text":5}}', "bad-frame", 7),
    (
        "null as a room",
        b'{"type":"message","id":7,"data":{"text":"a","room":null}}',
        "bad-frame",
        7,
    ),
    ("a string as a limit", b'{"type":"history","id":7,"data":{"limit":"5"}}', "bad-frame", 7),
    ("a fraction as a limit", b'{"type":"history","id":7,"data":{"limit":5.5}}', "bad-frame", 7),
    ("true as a limit", b'{"type":"history","id":7,"data":{"limit":true}}', "bad-frame", 7),
    ("a number out of range", b'{"type":"history","id":7,"data":{"limit":1e999}}', "bad-frame", 7),
    ("a huge number", b'{"id":7,"type":"history","data":{"limit":' + HUGE + b"}}", "bad-frame", 7),
    ("a search without data", b'{"type":"search","id":7}', "bad-frame", 7),
    ("a number as words", b'{"type":"search","id":7,"data":{"words":7}}', "bad-frame", 7),
    ("a list of senders", b'{"type":"search","id":7,"data":{"from":["ice"]}}', "bad-frame", 7),
    ("an array as the id", b'{"type":"ping","id":[7]}', "bad-frame", None),
    ("true as the id", b'{"type":"ping","id":true}', "bad-frame", None),
    ("a fraction as the id", b'{"type":"ping","id":0.5}', "bad-frame", None),
    ("an id that is too large", b'{"type":"ping","id":9007199254740992}', "bad-frame", None),
    ("an id that is too small", b'{"type":"ping","id":-9007199254740992}', "bad-frame", None),
    ("a huge id", b'{"type":"ping","id":' + HUGE + b"}", "bad-frame", None),
    ("an id that is too long", b'{"type":"ping","id":"' + b"x" * 65 + b'"}', "bad-frame", None),
    ("another version", HELLO % b"2", "version", 7),
    ("a huge version", HELLO % (b"9" * 4_000), "version", 7),
    ("a version no JSON reader can hold", HELLO % HUGE, "bad-frame", 7),
]


@pytest.mark.parametrize(
    ("line", "code", "request_id"), [pytest.param(*case[1:], id=case[0]) for case in BAD]
)
def test_bad_input_gets_one_error(line: bytes, code: str, request_id: RequestId) -> None:
    refusal = refused(line)
    assert (refusal.code, refusal.request_id) == (code, request_id)
    [frame] = frames(DIALECT.encode_reply(refusal, refusal.request_id))
    assert frame["type"] == "error"
    assert frame.get("id") == request_id
    assert frame["data"] == {"code": code, "message": str(refusal)}
    assert len(str(refusal)) < 300


@pytest.mark.parametrize("filling", [b"z", b"\\u0001", "\u20ac".encode()])
def test_an_error_is_short_however_long_the_line_was(filling: bytes) -> None:
    """Of two types, the decoder reports the first."""
    filled = filling * (65_000 // len(filling))
    refusal = refused(b'{"type":"' + filled + b'","type":"message"}')
    assert len(DIALECT.encode_reply(refusal)) <= 1_024


def test_another_version_is_refused_and_closes_the_connection() -> None:
    refusal = refused(HELLO % b"2")
    assert refusal.closes_connection
    assert "version 1" in str(refusal)


EVENTS: list[tuple[Event, dict[str, Any]]] = [
    (MESSAGE, {"type": "message", "data": to_builtins(MESSAGE)}),
    (events.MemberEntered("ice"), {"type": "entered", "data": {"nickname": "ice"}}),
    (
        events.MemberLeft("ice", "quit"),
        {"type": "left", "data": {"nickname": "ice", "reason": "quit"}},
    ),
    (events.MemberRenamed("ice", "sun"), {"type": "renamed", "data": {"old": "ice", "new": "sun"}}),
]


@pytest.mark.parametrize(("event", "frame"), EVENTS)
def test_an_event_is_one_frame(event: Event, frame: dict[str, Any]) -> None:
    assert frames(DIALECT.encode_event(event)) == [frame]


REPLIES: list[tuple[Reply, dict[str, Any]]] = [
    (Ok(), {"type": "ok"}),
    (
        Ok("#lobby", 7, 1_000),
        {"type": "ok", "data": {"room": "#lobby", "seq": 7, "time": 1_000}},
    ),
    (events.Pong(), {"type": "pong"}),
    (events.Goodbye("quit"), {"type": "goodbye", "data": {"reason": "quit"}}),
    (
        events.Welcome("work", 1_000, "ice", ("#lobby",)),
        {
            "type": "welcome",
            "data": {
                "server": "work",
                "started": 1_000,
                "nickname": "ice",
                "rooms": ["#lobby"],
                "limits": {"message": 4_096, "nickname": 25, "line": 65_536},
                "session": "",
                "resumed": False,
            },
        },
    ),
    (
        Users((User("ice", 5, ("#lobby",)),)),
        {
            "type": "users",
            "data": {
                "users": [{"nickname": "ice", "since": 5, "rooms": ["#lobby"], "away": False}],
                "room": None,
                "more": False,
            },
        },
    ),
    (
        SearchResult((MESSAGE,), 7, (7,)),
        {
            "type": "search",
            "data": {"messages": [to_builtins(MESSAGE)], "more": False, "before": 7},
        },
    ),
    (SearchResult(), {"type": "search", "data": {"messages": [], "more": False}}),
    (
        History("#lobby", ()),
        {"type": "history", "data": {"room": "#lobby", "messages": [], "more": False}},
    ),
]


@pytest.mark.parametrize(("reply", "frame"), REPLIES)
@pytest.mark.parametrize("request_id", ["r1", 7, 0, ""])
def test_a_reply_has_the_id_of_its_request(
    reply: Reply, frame: dict[str, Any], request_id: RequestId
) -> None:
    assert frames(DIALECT.encode_reply(reply, request_id)) == [frame | {"id": request_id}]


@pytest.mark.parametrize(("reply", "frame"), REPLIES[2:])
def test_a_reply_to_a_request_without_an_id_has_none(reply: Reply, frame: dict[str, Any]) -> None:
    assert frames(DIALECT.encode_reply(reply)) == [frame]


@pytest.mark.parametrize("done", [Ok(), Ok("#lobby", 7, 1_000)])
def test_without_an_id_there_is_no_ok(done: Ok) -> None:
    assert DIALECT.encode_reply(done) == b""


def test_an_error_without_an_id_is_sent_too() -> None:
    [frame] = frames(DIALECT.encode_reply(errors.NicknameTaken("ice")))
    assert frame["data"]["code"] == "nickname-taken"
    assert "id" not in frame


def test_a_members_renaming_and_rooms_are_echoed() -> None:
    echoed = {events.MemberRenamed, events.RoomJoined, events.RoomLeft}
    assert DIALECT.echoes & {events.Message, events.MemberEntered, *echoed} == echoed


def user(number: int) -> User:
    return User(f"{number:024d}\U0001f469", number, ("#lobby",))


def numbered(number: int, text: str) -> Message:
    return Message("#lobby", number, 1_700_000_000_000 + number, "ice", text)


#: Short messages, the longest ones, and some that take more bytes than characters.
LISTS = [
    pytest.param(Users(tuple(map(user, range(count)))), id=f"{count} users")
    for count in (0, 1, 1_000, 5_000)
] + [
    pytest.param(History("#lobby", tuple(numbered(n, text) for n in range(count))), id=what)
    for what, count, text in (
        ("no messages", 0, ""),
        ("short messages", 5_000, "hi"),
        ("longest messages", 50, "\U0001f469" * 4_096),
        ("escaped messages", 100, '"\n' * 2_048),
    )
]


@pytest.mark.parametrize("reply", LISTS)
def test_a_list_has_frames_of_bounded_size_and_keeps_the_newest(reply: Users | History) -> None:
    key = "users" if isinstance(reply, Users) else "messages"
    data = DIALECT.encode_reply(reply, "\u20ac" * 64)
    assert len(data) <= limits.REPLY_BYTES == 256 * 1024
    assert max(map(len, data.splitlines(keepends=True))) <= limits.LIST_FRAME_BYTES == 64 * 1024
    parts = frames(data)
    assert [part["data"]["more"] for part in parts] == [True] * (len(parts) - 1) + [False]
    assert {part["id"] for part in parts} == {"\u20ac" * 64}
    entries = [entry for part in parts for entry in part["data"][key]]
    whole = json.loads(json.dumps(to_builtins(reply)))[key]
    kept = len(entries)
    assert entries == whole[len(whole) - kept :]
    assert kept == len(whole) or len(data) > limits.REPLY_BYTES - 40_000, "more would have fitted"


@pytest.mark.parametrize(
    ("count", "text"),
    [(100, "hi"), (100, "\U0001f469" * 4_096), (100, '"\n' * 2_048), (9, "x" * 4_096)],
)
def test_a_search_result_has_frames_of_bounded_size_and_goes_on_where_it_was_cut(
    count: int, text: str
) -> None:
    messages = tuple(numbered(n, text) for n in range(count, 0, -1))
    reply = SearchResult(messages, None, tuple(10 * each.seq for each in messages))
    data = DIALECT.encode_reply(reply, "\u20ac" * 64)
    assert len(data) <= limits.REPLY_BYTES
    assert max(map(len, data.splitlines(keepends=True))) <= limits.LIST_FRAME_BYTES
    parts = [frame["data"] for frame in frames(data)]
    assert [part["more"] for part in parts] == [True] * (len(parts) - 1) + [False]
    found = [each["seq"] for part in parts for each in part["messages"]]
    assert found == [each.seq for each in messages[: len(found)]]
    cut = len(found) < count
    assert [part.get("before") for part in parts[:-1]] == [None] * (len(parts) - 1)
    assert parts[-1].get("before") == (10 * found[-1] if cut else None)
    assert cut == (len(text.encode()) > 4_000 and count == 100)
