"""Commands of hosts and operators in the dialects that know no typed lines: JIM and basic."""

import json
from typing import Any

import pytest

from chatd.chat import commands, errors
from chatd.chat.commands import JoinRoom, SendMessage, SendPrivate, SendToLobby
from chatd.chat.errors import Refusal
from chatd.chat.order_commands import (
    Ban,
    ChangeRoom,
    GiveHostCode,
    Kick,
    ListBans,
    Mute,
    RemoveMessage,
    Unban,
    Unmute,
)
from chatd.wire.basic import Basic
from chatd.wire.dialect import LocalReply
from chatd.wire.jim import Jim

JIM = Jim(nickname="ana", hears_notices=True)
BASIC = Basic(is_first=False)


def jim(client: Jim = JIM, **client_object: Any) -> object:
    """The command of a JIM client's object."""
    return client.decode(json.dumps(client_object).encode()).command


def basic(text: str) -> object:
    """The command of a basic client's message."""
    return BASIC.decode(json.dumps({"type": "message", "data": text}).encode()).command


@pytest.mark.parametrize(
    ("client_object", "command"),
    [
        ({"action": "kick", "nickname": "ice"}, Kick("ice")),
        ({"action": "kick", "user": "ice", "room": "#dev"}, Kick("ice", "#dev")),
        ({"event": "kick", "user": {"account_name": "ice"}, "room": "#"}, Kick("ice", "#lobby")),
        (
            {"action": "ban", "user": "ice", "room": "#dev", "seconds": 60, "reason": "spam"},
            Ban("ice", "#dev", 60, "spam"),
        ),
        ({"action": "unban", "user": "ice"}, Unban("ice")),
        ({"action": "mute", "user": "ice", "seconds": 60}, Mute("ice", None, 60)),
        ({"action": "unmute", "user": "ice", "room": "#dev"}, Unmute("ice", "#dev")),
        ({"action": "bans"}, ListBans()),
        ({"action": "bans", "room": "#dev"}, ListBans("#dev")),
        (
            {"action": "set-room", "room": "#dev", "read_only": True, "slow": 10},
            ChangeRoom("#dev", read_only=True, slow=10),
        ),
        (
            {"action": "set-room", "room": "#dev", "closed": False, "key": "sesame"},
            ChangeRoom("#dev", closed=False, key="sesame"),
        ),
        (
            {"action": "set-room", "room": "#dev", "topic_locked": True},
            ChangeRoom("#dev", topic_locked=True),
        ),
        ({"action": "remove", "room": "#dev", "seq": 12}, RemoveMessage("#dev", 12)),
        ({"action": "host", "code": "k7xp-m2qa"}, GiveHostCode("k7xp-m2qa")),
        ({"action": "join", "room": "#exam", "key": "sesame"}, JoinRoom("#exam", "sesame")),
    ],
)
def test_a_jim_client_keeps_order_with_the_names_of_the_native_frames(
    client_object: dict[str, Any], command: object
) -> None:
    assert jim(**client_object) == command


@pytest.mark.parametrize(
    "client_object",
    [
        {"action": "kick"},
        {"action": "host"},
        {"action": "set-room", "read_only": True},
        {"action": "remove", "seq": 12},
        {"action": "ban", "user": "ice", "seconds": "a while"},
        {"action": "ban", "user": "ice", "seconds": 10**30},
    ],
)
def test_an_incomplete_request_is_refused(client_object: dict[str, Any]) -> None:
    with pytest.raises(errors.BadFrame):
        jim(**client_object)


def test_removing_a_contact_is_still_no_removing_of_a_message() -> None:
    assert isinstance(jim(action="remove", user="ice"), LocalReply)
    request = JIM.decode(b'{"action": "remove", "room": "#dev", "seq": 1}')
    assert JIM.updated(request, errors.NoSuchRoom("#dev")) == JIM, "it knows all codes"


ORDERS = [
    ("/kick ice spam", Kick("ice", None, "spam")),
    ("\uff0fBAN\u3000@ice 10m spam", Ban("ice", None, 600, "spam")),
    ("/mute #dev ice", Mute("ice", "#dev")),
    ("/bans", ListBans()),
    ("/readonly on", ChangeRoom("#lobby", read_only=True)),
    ("/key #dev sesame", ChangeRoom("#dev", key="sesame")),
    ("/remove 12", RemoveMessage("#lobby", 12)),
    ("/host k7xp m2qa", GiveHostCode("k7xp m2qa")),
]

#: Of other typed lines, these dialects know nothing.
TEXTS = ["/me waves", "/help", "/users", "/send a.pdf", "//kick ice", "/usr/bin is full", "/etc x"]

SLIPS = [
    *("/host", "/hots k7xp-m2qa", "/ host k7xp-m2qa", "/kick", "/ban ice 10 min", "/key a b"),
    *("\\host k7xp-m2qa", "/kye sesame", "/bna ice spam", ".mute ice", "/readonly maybe"),
]


@pytest.mark.parametrize(("text", "command"), ORDERS)
def test_typed_words_work_in_a_message_to_the_lobby(text: str, command: object) -> None:
    assert basic(text) == command
    assert jim(action="msg", to="#", message=text) == command
    assert jim(Jim(nickname="ana"), action="msg", message=text) == command


def test_in_a_message_to_a_room_they_are_about_that_room() -> None:
    assert jim(action="msg", to="#dev", message="/kick ice") == Kick("ice", "#dev")
    assert jim(action="msg", to="#dev", message="/join #exam sesame") == JoinRoom("#exam", "sesame")


@pytest.mark.parametrize("text", TEXTS)
def test_any_other_text_is_a_message_as_before(text: str) -> None:
    assert basic(text) == SendMessage(text)
    assert jim(action="msg", to="#dev", message=text) == SendMessage(text, "#dev")
    assert jim(Jim(nickname="ana"), action="msg", message=text) == SendToLobby(text)


def test_a_text_to_one_nickname_is_never_a_command() -> None:
    assert jim(action="msg", to="moon", message="/kick ice") == SendPrivate("/kick ice", ("moon",))


@pytest.mark.parametrize("text", SLIPS)
def test_a_slip_makes_no_code_word_or_reason_public(text: str) -> None:
    with pytest.raises(Refusal) as refused:
        basic(text)
    assert "sesame" not in str(refused.value)
    with pytest.raises(Refusal):
        jim(action="msg", to="#dev", message=text)


def test_a_basic_client_joins_no_room_and_makes_no_word_public() -> None:
    with pytest.raises(Refusal, match="in no room but the lobby"):
        basic("/join #exam sesame")


SECRETS = [
    (JIM, b'{"action": "host", "code": "k7xp-m2qa"}'),
    (JIM, b'{"action": "set-room", "room": "#dev", "key": "k7xp-m2qa"}'),
    (JIM, b'{"action": "join", "room": "#dev", "key": "k7xp-m2qa"}'),
    (BASIC, b'{"type": "message", "data": "/host k7xp-m2qa"}'),
    (BASIC, b'{"type": "message", "data": "/key #dev k7xp-m2qa"}'),
]


@pytest.mark.parametrize(("dialect", "frame"), SECRETS)
def test_a_code_or_word_is_in_no_repr(dialect: Jim | Basic, frame: bytes) -> None:
    request = dialect.decode(frame)
    assert isinstance(request.command, commands.ClientCommand)
    assert "k7xp" not in repr(request)
