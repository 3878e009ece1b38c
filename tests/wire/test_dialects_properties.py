"""Every dialect with any input: bytes are requests or refused, and messages arrive whole."""

import json
import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chatd.chat import commands, events, limits, names, server_events
from chatd.chat.errors import Refusal
from chatd.chat.events import Event, Message, PrivateMessage
from chatd.chat.moderation_events import (
    Invited,
    Moderation,
    Restricted,
    RoomSettings,
    SettingsChanged,
)
from chatd.chat.tagged_messages import TaggedMessage, TaggedPrivate
from chatd.chat.tags import Tags, TagsSent
from chatd.chat.user_events import (
    AccountChanged,
    MonitoredChange,
    MonitorStatus,
    RealNameChanged,
)
from chatd.wire.basic import Basic
from chatd.wire.dialect import Dialect, LocalReply, Request, Result
from chatd.wire.irc.dialect import Irc
from chatd.wire.jim import Jim
from chatd.wire.native import Native
from chatd.wire.plain import Plain
from chatd.wire.rendering import escape_message
from tests.wire import formats
from tests.wire.formats import DIALECTS, EVENTS, REFUSALS, RESULTS, Read

every_dialect = pytest.mark.parametrize(
    ("dialect", "read"), [pytest.param(dialect, read, id=name) for name, dialect, read in DIALECTS]
)

_json: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
_types = st.sampled_from(
    [
        *("hello", "message", "private", "set-name", "users", "history", "rooms", "quit"),
        *("join", "leave", "ping", "authenticate", "presence", "msg", "exit", "probe"),
        *("kick", "ban", "unban", "mute", "unmute", "bans", "set-room", "remove", "host"),
    ]
)
_words = st.sampled_from(["ice", "#dev", "#", "", "moon,sun", 1, "/ban ice 9w", "/key x", True])
_keys = ["text", "room", "nickname", "version", "limit", "before", "to", "account", "password"]
_keys += ["reason", "seconds", "seq", "read_only", "slow", "closed", "key", "topic_locked", "code"]
_frame_like = st.fixed_dictionaries(
    {},
    optional={
        "type": _types | _json,
        "action": _types | _json,
        "event": _types | _json,
        "id": _json,
        "data": _json | _words | st.fixed_dictionaries({}, optional=dict.fromkeys(_keys, _words)),
        "user": _json | st.fixed_dictionaries({}, optional={"account_name": _words | _json}),
        **dict.fromkeys(("account_name", "password", "to", "room", "message"), _json | _words),
        **dict.fromkeys(("nickname", "reason", "seconds", "seq", "slow", "key", "code"), _words),
    },
).map(lambda frame: json.dumps(frame).encode())
_typed_lines = st.builds(
    "{}{}{}".format,
    st.sampled_from(
        [
            *("/msg", "/join", "/leave", "/room", "/history", "/setname", "//", "@", "/"),
            *("/kick", "/ban #dev ice 5", "/slow", "/key", "/remove", "/host", "/send", "/get"),
        ]
    ),
    st.sampled_from([" ", "", "  "]),
    st.text(max_size=20),
).map(lambda line: line.encode("utf-8", "surrogatepass"))
_frames = (
    st.binary(max_size=60) | _frame_like | _typed_lines | st.sampled_from([b"{", b"[" * 60_000])
)


# One test for all dialects: parametrised Hypothesis tests do not work under pytest-twisted.
@given(_frames)
@example(b'{"action":"\\ud800"}')
@example(b"{" + b'"a":{' * 3_000)
@example(b'{"action":"msg","to":["' + b"x" * 4_000 + b'"],"message":"\\ud83d"}')
def test_any_bytes_are_a_request_or_an_encodable_refusal(frame: bytes) -> None:
    for _, dialect, read in DIALECTS:
        dialect.detect(frame)
        try:
            request = dialect.decode(frame)
        except Refusal as refusal:
            assert len(read(dialect.encode_reply(refusal, refusal.request_id))) == 1  # noqa: PT017  # either result is right
            assert len(str(refusal)) < 300  # noqa: PT017  # the same
        else:
            assert isinstance(request, Request)
            assert isinstance(request.command, commands.ClientCommand | LocalReply)
            if isinstance(request.command, LocalReply):
                read(dialect.encode_reply(request.command, request.request_id))


def _result_name(result: Result) -> str:
    return type(result).__name__


#: Others would have no use for which nodes a cluster has, nor for each user who gets a coffee; and
#: they are told of each setting of a room in words, when a host changes it.
ONLY_NATIVE = {
    server_events.NodesChanged: "nodes",
    events.AwayChanged: "away",
    RoomSettings: "room-settings",
}
ONLY_IRC = {events.RoomEntered, SettingsChanged, MonitorStatus}
#: Changes of members of which IRC tells those who have agreed on a capability.
CAPABILITIES = {
    events.AwayChanged: {"away-notify"},
    AccountChanged: {"account-notify"},
    RealNameChanged: {"setname"},
    TagsSent: {"message-tags"},
    MonitoredChange: {"extended-monitor", "away-notify"},
}
HEARD_BY_ALL = (
    EVENTS.keys() - set(ONLY_NATIVE) - ONLY_IRC - set(CAPABILITIES) - {events.MemberEntered}
)


def is_heard(kind: type, dialect: Dialect) -> bool:
    """Whether members who use `dialect` are told of such events.

    IRC tells of those alone with whom one shares a room: that they enter is a JOIN.
    """
    if isinstance(dialect, Irc):
        needed = CAPABILITIES.get(kind, {"nothing"})
        return kind in HEARD_BY_ALL | ONLY_IRC or all(map(dialect.client.has, needed))
    is_native = kind in ONLY_NATIVE and isinstance(dialect, Native)
    return kind in HEARD_BY_ALL or kind is events.MemberEntered or is_native


#: Each member is told of these alone, so they may have its nickname.
TOLD_ALONE = {PrivateMessage, TaggedPrivate, Invited, MonitorStatus, MonitoredChange, Restricted}


@pytest.mark.parametrize("kind", [each for each in EVENTS if each not in TOLD_ALONE])
def test_dialects_of_one_variant_encode_an_event_to_the_same_bytes(kind: type[Event]) -> None:
    encoded: dict[str, bytes] = {}
    for _, dialect, _ in DIALECTS:
        for variant in (dialect.variant, dialect.event_variant(kind)):
            if variant is not None:
                data = dialect.encode_event(EVENTS[kind])
                assert encoded.setdefault(variant, data) == data


@every_dialect
@pytest.mark.parametrize("result", RESULTS, ids=_result_name)
def test_every_dialect_encodes_every_result(dialect: Dialect, read: Read, result: Result) -> None:
    for request_id in (None, 7, "r"):
        frames = read(dialect.encode_reply(result, request_id, 1_000))
        if isinstance(result, Refusal):
            assert len(frames) == 1
        if isinstance(dialect, Jim):
            assert len(frames) == 1, "every request has one reply"


@pytest.mark.parametrize("result", RESULTS)
def test_a_request_with_an_id_always_gets_a_reply_with_it(result: Result) -> None:
    frames = formats.read_native(Native().encode_reply(result, "r"))
    assert [frame["id"] for frame in frames] == ["r"]


@every_dialect
@pytest.mark.parametrize("kind", sorted(HEARD_BY_ALL, key=str), ids=lambda kind: str(kind.__name__))
def test_every_dialect_encodes_every_event(dialect: Dialect, read: Read, kind: type) -> None:
    frame, *others = read(dialect.encode_event(EVENTS[kind], 1_000))
    if kind not in formats.TAGGED:  # which have several lines
        assert others == []
    shown = "spam" if kind is Restricted else "ice"
    assert shown in json.dumps(frame, default=repr)


@every_dialect
@pytest.mark.parametrize(("kind", "name"), ONLY_NATIVE.items())
def test_only_the_client_and_the_page_are_told_of_nodes_settings_and_who_is_away(
    dialect: Dialect, read: Read, kind: type, name: str
) -> None:
    told = read(dialect.encode_event(EVENTS[kind], 1_000))
    if isinstance(dialect, Native):
        [frame] = told
        assert frame["type"] == name
    elif not is_heard(kind, dialect):
        assert told == []


def _valid(check: Any) -> Any:
    def is_valid(text: str) -> bool:
        try:
            check(text)
        except Refusal:
            return False
        return True

    return is_valid


# Drawn so that nearly all are valid: of too few valid ones, Hypothesis complains.
_characters = st.characters(exclude_categories=["Cs", "Cc"])
_hostile = st.sampled_from("\u202e\u2066\ufeff\u2028\"'\\{}<>&\U0001f469\u200d\t\n")
_texts = st.text(_characters | _hostile, min_size=1, max_size=40) | st.builds(
    lambda character, count: character * count, _characters, st.integers(1, 4_096)
)
TEXTS = _texts.filter(_valid(names.message_text))
_names = st.text(
    st.characters(categories=["L", "M", "N", "P", "S"], exclude_characters="".join(names.RESERVED)),
    min_size=1,
    max_size=24,
)
NICKNAMES = _names.filter(_valid(names.nickname)).map(names.nickname)
_rooms = _names.map("#{}".format).filter(_valid(names.room_name)).map(names.room_name)
ROOMS = st.just("#lobby") | _rooms


@given(NICKNAMES, ROOMS, TEXTS)
@example("ice", "#lobby", "[Server]: moon has left\n[private] sun: hi")
def test_every_dialect_shows_the_whole_message(nickname: str, room: str, text: str) -> None:
    message = Message(room, 1, 0, nickname, text)
    [native] = formats.read_native(Native().encode_event(message))
    assert (native["data"]["source"], native["data"]["text"]) == (nickname, text)
    [basic] = formats.read_basic(Basic().encode_event(message))
    source = nickname if room == "#lobby" else f"{room} {nickname}"
    assert basic["data"] == {"source": source, "message": escape_message(text)}
    for _, dialect, read in DIALECTS:
        if isinstance(dialect, Jim):
            parts = read(dialect.encode_event(message))
            assert {(part["from"], part["to"]) for part in parts} == {(nickname, room)}
            for key in parts[0].keys() & {"message", "message_text"}:
                assert "".join(part[key] for part in parts) == escape_message(text)
    _shown(Plain().encode_event(message), source, text)


@given(NICKNAMES, st.lists(NICKNAMES, min_size=1, max_size=limits.RECIPIENTS), TEXTS)
def test_every_recipient_gets_the_whole_private_message(
    nickname: str, to: list[str], text: str
) -> None:
    private = PrivateMessage(nickname, tuple(to), 0, text)
    [native] = formats.read_native(Native().encode_event(private))
    assert native["data"] == {"source": nickname, "to": to, "time": 0, "text": text, "seq": 0}
    [basic] = formats.read_basic(Basic().encode_event(private))
    assert basic["data"] == {"source": f"[private] {nickname}", "message": escape_message(text)}
    parts = formats.read_jim(Jim(nickname=to[0]).encode_event(private))
    assert {part["from"] for part in parts} == {nickname}
    assert "".join(part["message"] for part in parts) == escape_message(text)
    _shown(Plain().encode_event(private), f"[private] {nickname}", text)


def _shown(data: bytes, source: str, text: str) -> None:
    """Each line has its source before it, and its whole text, with some characters escaped."""
    shown = formats.read_plain(data)
    expected = text.split("\n")
    assert len(shown) == len(expected)
    for line, original in zip(shown, expected, strict=True):
        assert line.startswith(f"{source}: ")
        unescaped = re.sub(r"<U\+([0-9A-F]{4,6})>", lambda code: chr(int(code[1], 16)), line)
        if "<U+" not in original:
            assert unescaped.removeprefix(f"{source}: ") == original.expandtabs()


_SETTINGS_WITH_MODES = (
    *("read-only", "closed", "key", "topic-lock"),
    *("limit", "private"),
)
_DEEDS = st.sampled_from(
    [
        *("kick", "ban", "unban", "mute", "unmute", "host", "unhost", "remove"),
        *(*_SETTINGS_WITH_MODES, "slow"),
    ]
)
_TO_ONE = st.sampled_from(["kick", "ban", "mute", "unmute", "remove"])
TAGS = st.builds(Tags, st.sampled_from(["", "+a=b;+c"]), st.booleans(), st.booleans())
_VALUES = st.sampled_from([0, 1, 90_000, 2**53 - 1])


@st.composite
def _any_event(draw: st.DrawFn) -> Event:
    kind = draw(st.sampled_from(list(EVENTS)))
    name, room, text = draw(NICKNAMES), draw(ROOMS), draw(TEXTS)
    action = draw(st.booleans())
    made: dict[type, Event] = {
        Message: Message(room, 1, 0, name, text, action),
        PrivateMessage: PrivateMessage(name, (draw(NICKNAMES),), 0, text, action=action),
        TaggedMessage: TaggedMessage(room, 1, 0, name, text, action, tags=draw(TAGS)),
        TaggedPrivate: TaggedPrivate(name, (name,), 0, text, action=action, tags=draw(TAGS)),
        TagsSent: TagsSent(name, room, (), 0, 1, draw(TAGS)),
        events.RoomJoined: events.RoomJoined(room, name),
        events.RoomEntered: events.RoomEntered(room, name),
        events.RoomLeft: events.RoomLeft(room, name),
        events.MemberEntered: events.MemberEntered(name),
        events.MemberLeft: events.MemberLeft(name, "quit"),
        events.MemberRenamed: events.MemberRenamed(name, draw(NICKNAMES)),
        events.ServerNotice: events.ServerNotice(text),
        events.Topic: events.Topic(room, text, name, 0),
        events.AwayChanged: events.AwayChanged(name, text),
        AccountChanged: AccountChanged(name, account=action),
        RealNameChanged: RealNameChanged(name, text),
        MonitorStatus: MonitorStatus((name,), (draw(NICKNAMES),)),
        MonitoredChange: MonitoredChange(events.AwayChanged(name, text)),
        server_events.NodesChanged: server_events.NodesChanged(
            (server_events.Node(name, (text,), (room,)),)
        ),
        Moderation: Moderation(draw(_DEEDS), name, draw(NICKNAMES), room, value=draw(_VALUES)),
        Restricted: Restricted(draw(_TO_ONE), name, room, text, draw(_VALUES)),
        Invited: Invited(room, name),
        RoomSettings: RoomSettings(room, slow=draw(_VALUES)),
        SettingsChanged: SettingsChanged(
            (Moderation(draw(st.sampled_from(_SETTINGS_WITH_MODES)), name, room=room),)
        ),
    }
    return made[kind]


@given(_any_event(), st.integers(0, 2**43))
def test_every_dialect_encodes_any_event(event: Event, now: int) -> None:
    for _, dialect, read in DIALECTS:
        is_told = is_heard(type(event), dialect) and not (
            isinstance(dialect, Irc) and _is_told_otherwise(event)
        )
        assert bool(read(dialect.encode_event(event, now))) == is_told


def _is_told_otherwise(event: Event) -> bool:
    """Whether IRC clients are told of it by another event, which has what a line needs."""
    return (
        isinstance(event, Moderation)
        and event.room is not None
        and event.what in ("kick", *_SETTINGS_WITH_MODES)
    )


@given(st.sampled_from(REFUSALS), st.text(max_size=100), NICKNAMES)
def test_a_refusal_that_quotes_anything_is_one_reply_in_every_dialect(
    kind: type[Refusal], quoted: str, nickname: str
) -> None:
    for name, dialect, read in DIALECTS:
        sentence = (
            nickname if name in ("plain before entering", "plain with a password") else quoted
        )
        assert len(read(dialect.encode_reply(formats.make_refusal(kind, nickname, sentence)))) == 1
