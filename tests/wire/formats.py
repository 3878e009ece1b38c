"""Clients' parsers of each dialect, and tables of all dialects, events, replies and refusals."""

import inspect
import json
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any, get_args

from msgspec.structs import replace
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, TextMessage

from chatd.chat import errors, events, limits, server_events
from chatd.chat.errors import Refusal
from chatd.chat.events import Event, Message, Reply
from chatd.chat.marker_events import Marker
from chatd.chat.moderation_events import (
    BanEntry,
    Bans,
    Invited,
    Moderation,
    Restricted,
    RoomInfo,
    RoomSettings,
    SettingsChanged,
)
from chatd.chat.statistics import Statistics
from chatd.chat.tagged_messages import TaggedMessage, TaggedPrivate
from chatd.chat.tags import Tags, TagsSent
from chatd.chat.user_events import (
    AccountChanged,
    MonitoredChange,
    MonitorStatus,
    PastMember,
    PastMembers,
    RealNameChanged,
)
from chatd.wire.basic import Basic, Detecting
from chatd.wire.dialect import Dialect, LocalReply, Request, Result
from chatd.wire.irc.capabilities import Capabilities
from chatd.wire.irc.client import Client, Server
from chatd.wire.irc.dialect import of_client
from chatd.wire.irc.features import offered
from chatd.wire.irc.lines import Line, parse
from chatd.wire.irc.websocket import over_websocket
from chatd.wire.jim import Jim
from chatd.wire.jim_vocabulary import Vocabulary
from chatd.wire.native import Native, WebSocketNative
from chatd.wire.plain import Plain, Prompt
from chatd.wire.websocket_messages import Kind


def read_native(data: bytes) -> list[dict[str, Any]]:
    """The frames of the native dialect."""
    *lines, rest = data.split(b"\n")
    assert rest == b""
    assert not [line for line in lines if len(line) > limits.LINE_BYTES]
    frames = [json.loads(line) for line in lines]
    for frame in frames:
        assert isinstance(frame["type"], str)
        assert frame.keys() <= {"type", "id", "data"}
    return frames


def read_websocket(data: bytes) -> list[dict[str, Any]]:
    """The frames of the native dialect in a browser, each a whole text message."""
    browser = Connection(ConnectionType.CLIENT)
    browser.receive_data(data)
    frames, text = [], ""
    for event in browser.events():
        assert isinstance(event, TextMessage)
        text += event.data
        if event.message_finished:
            assert "\n" not in text
            frames.append(json.loads(text))
            text = ""
    assert text == ""
    return frames


def read_basic(data: bytes) -> list[dict[str, Any]]:
    """The frames of the basic dialect, of the one kind there is."""
    frames = read_native(data)
    for frame in frames:
        assert frame.keys() == {"type", "data"}
        assert frame["type"] == "message"
        assert frame["data"].keys() == {"source", "message"}
        assert {type(value) for value in frame["data"].values()} == {str}
    return frames


def read_plain(data: bytes) -> list[str]:
    """Lines of text without any character that a terminal obeys."""
    *lines, rest = data.decode("utf-8").split("\n")
    assert rest == ""
    for line in lines:
        obeyed = {
            each
            for each in line
            if unicodedata.category(each) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
            and each not in "\u200c\u200d"  # joiners that scripts and emoji need
        }
        assert not obeyed
    return lines


#: Where clients look for the text of a message.
TEXT_KEYS = {"message", "message_text", "mess_text", "msg_text", "message_txt", "text"}


def read_jim(data: bytes) -> list[dict[str, Any]]:
    """Objects, each a response or a message, of at most 1,024 bytes."""
    lines = data.splitlines()
    assert not [line for line in lines if len(line) > limits.JIM_SENT_BYTES]
    objects = [json.loads(line) for line in lines]
    for each in objects:
        if "response" in each:
            assert {"response", "time"} < each.keys()
            assert each.keys() <= {"response", "time", "alert", "error", "data_list"}
            assert ("error" if each["response"] >= 400 else "alert") in each
        else:
            assert len(each.keys() & {"action", "event"}) == 1
            assert each.keys() & TEXT_KEYS
    return objects


def read_irc(data: bytes) -> list[Line]:
    """Lines of IRC as a client reads them, with their sources."""
    *lines, rest = data.split(b"\r\n")
    assert rest == b""
    read = []
    for each in lines:
        assert b"\r" not in each
        assert b"\n" not in each
        assert len(each) < 900
        text = each.partition(b" ")[2] if each.startswith(b"@") else each
        source, _, rest = text.partition(b" ") if text.startswith(b":") else (b"", b"", text)
        # A client reads longer ones, too.
        line = parse(rest[:510].decode(errors="ignore").encode())
        assert line.command
        assert line.params
        read.append(replace(line, source=source.decode()[1:]))
    return read


def read_irc_websocket(data: bytes) -> list[Line]:
    """Lines of IRC, each a message of a WebSocket."""
    browser = Connection(ConnectionType.CLIENT)
    browser.receive_data(data)
    lines = []
    for event in browser.events():
        assert isinstance(event, BytesMessage)
        assert event.message_finished
        lines += read_irc(bytes(event.data) + b"\r\n")
    return lines


Read = Callable[[bytes], list[Any]]

#: Each dialect in each state that changes what it decodes or encodes.
DIALECTS: list[tuple[str, Dialect, Read]] = [
    ("native", Native(), read_native),
    ("detecting", Detecting(), read_native),
    ("web", WebSocketNative(), read_websocket),
    ("basic before its first line", Basic(), read_basic),
    ("basic", Basic(is_first=False), read_basic),
    ("plain before entering", Plain(), read_plain),
    ("plain member", Plain(prompt=Prompt.NOTHING, room="#dev"), read_plain),
    (
        "plain that ignores others",
        Plain(prompt=Prompt.NOTHING, ignored=frozenset({"sun"}), variant="plain\0sun"),
        read_plain,
    ),
    ("plain with a password", Plain(prompt=Prompt.PASSWORD, account="sun"), read_plain),
    ("jim before entering", Jim(hears_notices=True), read_jim),
    ("jim member", Jim(nickname="ice", hears_notices=True), read_jim),
    (
        "jim with event",
        Jim(
            Vocabulary("event", "message", ("message_text",), ("sender",)),
            hears_notices=True,
        ),
        read_jim,
    ),
    ("irc before entering", of_client(Client()), read_irc),
    ("irc member", of_client(Client(nickname="ice")), read_irc),
    (
        "irc with capabilities",
        of_client(Client(nickname="ice", agreed=Capabilities(302, frozenset(offered(Server()))))),
        read_irc,
    ),
    (
        "irc over a websocket",
        over_websocket(of_client(Client(nickname="ice")), Kind.BINARY),
        read_irc_websocket,
    ),
]


def coded(kind: type[Refusal]) -> Iterator[type[Refusal]]:
    """Every refusal with a code: those without are groups."""
    if hasattr(kind, "code"):
        yield kind
    for each in kind.__subclasses__():
        yield from coded(each)


def make_refusal(kind: type[Refusal], name: str = "moon", quoted: str = "moon") -> Refusal:
    """A refusal of that kind.

    :param name: the nickname or room that it names, which the hub has checked before.
    :param quoted: what else it takes, which may quote anything that came.
    """
    values = {
        "nickname": name,
        "room": name,
        "milliseconds": 90_000,
        "seq": 3,
        "undelivered": (events.Undelivered(quoted, "unknown"),),
    }
    return kind(
        **{
            parameter.name: values.get(parameter.name, quoted)
            for parameter in inspect.signature(kind).parameters.values()
            if parameter.default is inspect.Parameter.empty
        }  # type: ignore[arg-type]  # by its own signature
    )


REFUSALS = tuple(coded(errors.Refusal))

#: For the result of something that the client has not asked for.
NOTHING_ASKED = Request(LocalReply())

MESSAGE = Message("#dev", 1, 0, "ice", "hello")
TAGS = Tags("+typing=done", account=True, bot=True, cuts=(2,))
NODE = server_events.Node("library", ("10.0.0.1:7777",), ("http://10.0.0.1:8080",))
EVENTS: dict[type, Event] = {
    type(event): event
    for event in (
        MESSAGE,
        events.PrivateMessage("ice", ("moon",), 0, "psst"),
        TaggedMessage("#dev", 1, 0, "ice", "hello\nall", tags=TAGS),
        TaggedPrivate("ice", ("moon",), 0, "psst", number=1, tags=TAGS),
        TagsSent("ice", "#dev", (), 0, 1, TAGS),
        events.RoomJoined("#dev", "ice"),
        events.RoomEntered("#dev", "ice"),
        events.RoomLeft("#dev", "ice"),
        Invited("#dev", "ice"),
        events.Topic("#dev", "the new parser", "ice", 0),
        events.AwayChanged("ice", "lunch"),
        events.MemberEntered("ice"),
        events.MemberLeft("ice", "quit"),
        events.MemberRenamed("ice", "sun"),
        AccountChanged("ice", account=True),
        RealNameChanged("ice", "Ice Berg"),
        MonitorStatus(("ice",), ("moon",)),
        MonitoredChange(events.AwayChanged("ice", "lunch")),
        Moderation("mute", "sun", "ice", "#dev"),
        Restricted("mute", "sun", "#dev", "spam", 90_000),
        RoomSettings("#dev", read_only=True, slow=10),
        SettingsChanged((Moderation("closed", "ice", room="#dev", value=1),)),
        events.ServerNotice("The chat of ice is kept again."),
        server_events.NodesChanged((NODE,)),
    )
}
REPLIES: dict[type, Reply] = {
    type(reply): reply
    for reply in (
        events.Welcome("work", 0, "ice", ("#lobby",)),
        events.Resumed(events.Welcome("work", 0, "ice", ("#lobby",), resumed=True)),
        events.Watching("work", 0),
        events.Ok("#dev", 1, 0),
        events.PrivateSent(
            0, (events.Undelivered("sun", "unknown"),), away=(events.AwayNote("moon", "lunch"),)
        ),
        events.AwayDone("lunch"),
        events.Topic("#dev", "the new parser", "ice", 0),
        RoomInfo("#dev", read_only=True, slow=10, created=1_000),
        PastMembers((PastMember("ice", "ice", "Ice Berg", 0),)),
        MonitorStatus(("ice",), ("moon",)),
        events.UserInfo("ice", 0, ("#dev",), away=False, away_text="lunch", account=True),
        events.JoinDone("#dev", created=True),
        Bans((BanEntry("mute", "ice", "sun", "spam", 90_000),), "#dev"),
        events.Rooms((events.RoomEntry("#dev", 1, "the new parser"),)),
        events.Users((events.User("ice", 0, ("#dev",), away_text="lunch"),)),
        events.History("#dev", (MESSAGE,)),
        events.RoomMessages("#dev", (MESSAGE,)),
        Marker("#dev", 90_000),
        events.Missed("#dev", (MESSAGE,), gap=True),
        events.SearchResult((MESSAGE,), 7, (7,)),
        Statistics(1_000, 3, 4, 1, 2, 1),
        events.Pong(),
        events.Goodbye("quit"),
    )
}

RESULTS: list[Result] = [*REPLIES.values(), *map(make_refusal, REFUSALS)]

TAGGED = {TaggedMessage, TaggedPrivate}
assert {*get_args(Event), *TAGGED} == set(EVENTS), "an event is missing above"
assert set(get_args(Reply)) == set(REPLIES), "a reply is missing above"
