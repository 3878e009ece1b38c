"""The JIM dialect: objects in, numbered replies out, in the client's own words."""

import json
from typing import Any

import pytest

from chatd.chat import commands, errors, events, limits
from chatd.chat.commands import (
    Command,
    Enter,
    JoinRoom,
    LeaveRoom,
    Quit,
    SendMessage,
    SendPrivate,
    SendToLobby,
)
from chatd.chat.errors import Refusal
from chatd.chat.events import Message, PrivateMessage, Undelivered
from chatd.wire.dialect import Dialect, KeepAlive, LocalReply, Result
from chatd.wire.jim import Jim

NOW = 1_700_000_000_500
ICE = Jim(nickname="ice")
MESSAGE = Message("#dev", 7, NOW, "moon", "h\u00e9llo\n\tyou")
WELCOME = events.Welcome("work", 0, "ice", ())


def encoded(**fields: object) -> bytes:
    return json.dumps(fields).encode()


def objects(data: bytes) -> list[dict[str, Any]]:
    """The objects, each of at most 1,024 bytes."""
    lines = data.splitlines()
    assert lines
    assert not [line for line in lines if len(line) > limits.JIM_SENT_BYTES]
    return [json.loads(line) for line in lines]


def updated(jim: Dialect, frame: bytes, result: Result) -> Dialect:
    """The dialect after a request and its result."""
    return jim.updated(jim.decode(frame), result)


def presence(**user: object) -> bytes:
    return encoded(action="presence", time=1.5, type="status", user=user)


ENTERS = [
    presence(account_name="ice"),
    presence(account_name="ice", status="Yep, I am here!"),
    encoded(event="presence", account_name="ice"),
    b'{"user":{"account_name":"\\u0069ce"},"action":"presence"}',
    b'\n {"action": "presence", "more": [{}], "user": {"account_name": "ice"}} ',
]


@pytest.mark.parametrize("frame", ENTERS)
def test_presence_enters_no_room(frame: bytes) -> None:
    assert Jim().decode(frame).command == Enter("ice", ())


FRAMES: list[tuple[dict[str, object], Command]] = [
    ({"action": "msg", "to": "moon", "message": "hi"}, SendPrivate("hi", ("moon",))),
    ({"event": "message", "to": "moon", "message_text": "hi"}, SendPrivate("hi", ("moon",))),
    ({"action": "msg", "to": "moon", "from": "sun", "message": "hi"}, SendPrivate("hi", ("moon",))),
    (
        {"action": "msg", "to": "moon", "sender": "sun", "message": "hi"},
        SendPrivate("hi", ("moon",)),
    ),
    ({"action": "msg", "to": ["moon", "sun"], "message": "hi"}, SendPrivate("hi", ("moon", "sun"))),
    ({"action": "msg", "to": "moon, sun,", "message": "hi"}, SendPrivate("hi", ("moon", "sun"))),
    ({"action": "msg", "to": [], "message": "hi"}, SendToLobby("hi")),
    ({"action": "msg", "message": "hi"}, SendToLobby("hi")),
    ({"action": "msg", "to": "#dev", "message": "hi"}, SendMessage("hi", "#dev")),
    ({"action": "msg", "to": ["#dev"], "message": "hi"}, SendMessage("hi", "#dev")),
    ({"action": "msg", "to": "#", "message": "hi"}, SendToLobby("hi")),
    ({"action": "msg", "to": "ALL", "message": "hi"}, SendToLobby("hi")),
    ({"action": "message", "to": "#lobby", "mess_text": "hi"}, SendToLobby("hi")),
    ({"action": "msg", "to": "#", "message": "x" * 500}, SendToLobby("x" * 500)),
    ({"action": "join", "room": "#dev"}, JoinRoom("#dev")),
    ({"event": "leave", "room": "#dev"}, LeaveRoom("#dev")),
    ({"action": "join", "room": "#"}, JoinRoom("#lobby")),
    ({"action": "quit"}, Quit()),
    ({"event": "exit", "account_name": "ice"}, Quit()),
]


@pytest.mark.parametrize(("fields", "command"), FRAMES)
def test_an_object_is_a_command(fields: dict[str, object], command: Command) -> None:
    assert ICE.decode(encoded(**fields)).command == command


def test_a_password_comes_with_the_account_or_beside_it() -> None:
    for frame in (
        encoded(action="authenticate", user={"account_name": "ice", "password": "snow"}),
        encoded(action="authenticate", account_name="ice", password="snow"),  # noqa: S106  # a test
    ):
        assert Jim().decode(frame).command == commands.Authenticate("ice", "snow")


@pytest.mark.parametrize("account", ["ice", "ICE", "\uff49ce"])
def test_a_second_presence_under_the_same_name_is_a_keep_alive(account: str) -> None:
    request = ICE.decode(presence(account_name=account))
    assert isinstance(request.command, KeepAlive)
    assert objects(ICE.encode_reply(request.command))[0]["response"] == 200


@pytest.mark.parametrize("account", ["moon", "comet", "ic", "ice2"])
def test_a_second_presence_under_another_name_is_refused(account: str) -> None:
    with pytest.raises(errors.AlreadyRegistered):
        ICE.decode(presence(account_name=account))


BAD: list[tuple[str, bytes, int]] = [
    ("no JSON inside the braces", b"{hello}", 400),
    ("not UTF-8", b'{"action": "msg", "x": "\xff"}', 400),
    ("deep nesting", b'{"action":' + b"[" * 4_000 + b"}", 400),
    ("neither action nor event", b"{}", 400),
    ("an action that is no string", encoded(action=5), 400),
    ("an unknown action", encoded(action="dance"), 400),
    ("an action that is too long", encoded(action="m" * 16), 400),
    ("an action that is very long", encoded(action="m" * 4_000), 400),
    ("no text", encoded(action="msg", to="moon"), 400),
    ("a text that is a number", encoded(action="msg", to="moon", message=5), 400),
    ("too much text", encoded(action="msg", to="moon", message="x" * 501), 400),
    ("a user that is a number", encoded(action="presence", user=5), 400),
    ("nobody's presence", encoded(action="presence"), 400),
    ("no password", encoded(action="authenticate", account_name="sun"), 400),
    ("a room and a nickname", encoded(action="msg", to=["moon", "#dev"], message="hi"), 400),
    ("two rooms", encoded(action="msg", to=["#dev", "#"], message="hi"), 400),
    ("no room to join", encoded(action="join"), 400),
    ("no room to leave", encoded(action="leave"), 400),
    ("a room that is a number", encoded(action="join", room=5), 400),
]


@pytest.mark.parametrize(("frame", "code"), [pytest.param(*bad[1:], id=bad[0]) for bad in BAD])
def test_a_bad_object_gets_one_short_error(frame: bytes, code: int) -> None:
    with pytest.raises(Refusal) as caught:
        ICE.decode(frame)
    [answer] = objects(ICE.encode_reply(caught.value, None, NOW))
    assert answer == {"response": code, "time": NOW / 1000, "error": str(caught.value)}
    assert len(answer["error"]) < 300


ANYTHING_ELSE = ("msg", "message", "join", "leave", "quit", "exit", "probe", "dance")


@pytest.mark.parametrize("verb", ANYTHING_ELSE)
def test_any_request_before_presence_is_401(verb: str) -> None:
    with pytest.raises(errors.NotRegistered):
        Jim().decode(encoded(action=verb, to="moon", message="hi", room="#dev"))


SOME = (Undelivered("moon", "offline"), Undelivered("sun", "unknown"))
CODES: list[tuple[Result, int]] = [
    (errors.Full(), 101),
    (events.Goodbye("server is stopping"), 101),
    (events.Goodbye("quit"), 200),
    (WELCOME, 200),
    (events.Ok("#dev", 1, 1), 200),
    (events.PrivateSent(1), 200),
    (LocalReply(("yes",)), 200),
    (events.JoinDone("#dev", created=False), 200),
    (events.JoinDone("#dev", created=True), 201),
    (events.PrivateSent(1, SOME), 202),
    (errors.BadFrame("?"), 400),
    (errors.InvalidUtf8(), 400),
    (errors.BrokenObject("?"), 400),
    (errors.BadText("?"), 400),
    (errors.BadNickname("?"), 400),
    (errors.BadRecipients("?"), 400),
    (errors.AlreadyRegistered(), 400),
    (errors.AlreadyInRoom("#dev"), 400),
    (errors.TooManyRooms("?"), 400),
    (errors.NotRegistered(), 401),
    (errors.PasswordRequired("ice"), 401),
    (errors.WrongPassword(), 402),
    (errors.Blocked("ice"), 403),
    (errors.NoSuchRoom("#dev"), 404),
    (errors.NotInRoom("#dev"), 404),
    (errors.NotReached((Undelivered("sun", "unknown"),)), 404),
    (errors.NotReached(SOME), 404),
    (errors.NicknameTaken("ice"), 409),
    (errors.NotReached((Undelivered("moon", "offline"),)), 410),
    (errors.ServerFailed(), 500),
]


@pytest.mark.parametrize(("result", "code"), CODES)
def test_a_reply_has_its_code_the_time_and_a_sentence(result: Result, code: int) -> None:
    [answer] = objects(ICE.encode_reply(result, None, NOW))
    keys = {"alert"} if code < 400 else {"error"}
    if isinstance(result, Refusal):
        keys.add("error")
    assert answer.keys() == {"response", "time"} | keys
    assert (answer["response"], answer["time"]) == (code, NOW / 1000)
    assert all(answer[key] for key in keys)


def test_events_are_notices() -> None:
    for event, sentence in (
        (events.MemberEntered("moon"), "moon has entered the chat"),
        (events.MemberLeft("moon", "inactive"), "moon has left the chat (inactive)"),
        (events.MemberRenamed("moon", "sun"), "moon renamed to sun"),
        (events.RoomJoined("#dev", "moon"), "moon has joined #dev"),
        (events.RoomLeft("#dev", "moon"), "moon has left #dev"),
    ):
        assert ICE.encode_event(event, NOW) == b"", "it has joined no room"
        joined = updated(ICE, encoded(action="join", room="#"), events.JoinDone("#lobby", False))
        [notice] = objects(joined.encode_event(event, NOW))
        assert notice == {"response": 100, "time": NOW / 1000, "alert": sentence}


MESSAGE_FIELDS = {"time": NOW / 1000, "from": "moon", "to": "#dev", "encoding": "utf-8"}


@pytest.mark.parametrize(
    ("key", "frame"),
    [
        ("action", {"action": "msg", "message": MESSAGE.text, "message_text": MESSAGE.text}),
        ("event", {"event": "message", "message": MESSAGE.text, "message_text": MESSAGE.text}),
    ],
)
def test_a_client_that_has_sent_no_message_gets_the_usual_words_and_both_texts(
    key: str, frame: dict[str, str]
) -> None:
    entering = encoded(**{key: "presence", "account_name": "ice", "type": "status"})
    jim = updated(Jim(), entering, WELCOME)
    assert objects(jim.encode_event(MESSAGE, NOW)) == [frame | MESSAGE_FIELDS]


@pytest.mark.parametrize("key", ["action", "event"])
@pytest.mark.parametrize("verb", ["msg", "message"])
@pytest.mark.parametrize("text", ["message", "message_text"])
def test_each_client_is_sent_its_own_words(key: str, verb: str, text: str) -> None:
    jim = updated(ICE, encoded(**{key: verb, "to": "moon", text: "hi"}), events.PrivateSent(1))
    assert objects(jim.encode_event(MESSAGE, NOW)) == [
        {key: verb, text: MESSAGE.text} | MESSAGE_FIELDS
    ]
    assert jim.encode_probe(1_500) == encoded(**{key: "probe", "time": 1.5}).replace(b" ", b"")


def test_the_words_of_a_refused_message_are_used_too() -> None:
    frame = encoded(event="msg", to="sun", message_text="hi")
    jim = updated(ICE, frame, errors.NotReached((Undelivered("sun", "unknown"),)))
    assert objects(jim.encode_event(MESSAGE, NOW)) == [
        {"event": "msg", "message_text": MESSAGE.text} | MESSAGE_FIELDS
    ]


def test_a_client_that_sends_the_key_sender_receives_it() -> None:
    frame = encoded(action="message", to="moon", sender="ice", message_text="hi")
    jim = updated(ICE, frame, events.PrivateSent(1))
    [notice] = objects(jim.encode_event(MESSAGE, NOW))
    assert (notice["from"], notice["sender"]) == ("moon", "moon")


@pytest.mark.parametrize(
    ("to", "encoded_to"), [(("ice",), "ice"), (("ice", "sun"), ["ice", "sun"])]
)
def test_a_private_message_names_its_recipients(to: tuple[str, ...], encoded_to: object) -> None:
    [message] = objects(ICE.encode_event(PrivateMessage("moon", to, NOW, "psst"), NOW))
    assert (message["from"], message["to"], message["message"]) == ("moon", encoded_to, "psst")


MANY = tuple(f"{number:02d}" + "\U0001f469" * 23 for number in range(limits.RECIPIENTS))


@pytest.mark.parametrize("character", ["x", '"', "\n", "\u00e9", "\u20ac", "\U0001f469"])
@pytest.mark.parametrize("to", [("ice",), MANY])
def test_a_long_text_comes_in_several_objects_and_nothing_is_lost(
    character: str, to: tuple[str, ...]
) -> None:
    text = character * limits.MESSAGE_CHARACTERS
    parts = objects(ICE.encode_event(PrivateMessage("moon" * 5, to, NOW, text), NOW))
    assert len(parts) > 4
    assert "".join(part["message"] for part in parts) == text
    assert "".join(part["message_text"] for part in parts) == text
    assert {part["from"] for part in parts} == {"moon" * 5}


def test_a_long_reply_is_cut_to_one_object() -> None:
    missed = tuple(Undelivered(name, "unknown") for name in MANY)
    [answer] = objects(ICE.encode_reply(events.PrivateSent(1, missed), None, NOW))
    assert answer["response"] == 202
    assert MANY[0] in answer["alert"]


#: What clients of different courses send, and the keys in which they look for a message's text.
VOCABULARIES = [
    ({"action": "message", "mess_text": "hi", "to": "moon"}, "message", "mess_text", False),
    ({"action": "message", "mess_text": "hi", "sender": "ice"}, "message", "mess_text", False),
    ({"action": "msg", "text": "hi", "to": "moon"}, "msg", "text", False),
    ({"action": "message", "message_txt": "hi", "to": "moon"}, "message", "message_txt", False),
    ({"action": "message", "msg_text": "hi", "to": "moon"}, "message", "msg_text", False),
    ({"action": "msg", "message": "hi", "to": "moon"}, "msg", "message", True),
    ({"event": "message", "message_text": "hi", "to": "moon"}, "message", "message_text", True),
]


@pytest.mark.parametrize(("frame", "verb", "key", "knows_codes"), VOCABULARIES)
def test_a_client_gets_the_words_and_the_codes_that_it_knows(
    frame: dict[str, object], verb: str, key: str, knows_codes: bool
) -> None:
    jim = updated(ICE, encoded(**frame), events.PrivateSent(1))
    [message] = objects(jim.encode_event(PrivateMessage("moon", ("ice",), NOW, "psst"), NOW))
    assert message[key] == "psst"
    assert verb in (message.get("action"), message.get("event"))
    assert message["to"] == "ice"
    codes = [
        objects(jim.encode_reply(result, None, NOW))[0]["response"]
        for result in (
            events.PrivateSent(1, SOME),
            events.JoinDone("#dev", created=True),
            errors.NicknameTaken("ice"),
            events.Goodbye("server is stopping"),
        )
    ]
    assert codes == ([202, 201, 409, 101] if knows_codes else [200, 200, 400, 400])


@pytest.mark.parametrize("user", [{"account_name": "ice"}, "ice"])
def test_after_a_bare_presence_a_message_has_the_commonest_words(user: object) -> None:
    jim = updated(Jim(), encoded(action="presence", time=1.5, user=user), WELCOME)
    [message] = objects(jim.encode_event(MESSAGE, NOW))
    assert message["action"] == "message"
    assert message["mess_text"] == message["message"] == message["message_text"] == MESSAGE.text
    assert message["encoding"] == "utf-8"


@pytest.mark.parametrize("bare", [{}, {"pubkey": "MIIB"}])
@pytest.mark.parametrize(
    "more", [{}, {"type": None}, {"type": "status"}, {"user": {"status": None}}, {"user": "status"}]
)
def test_a_presence_with_an_empty_status_or_type_is_not_bare(
    bare: dict[str, str], more: dict[str, Any]
) -> None:
    user = {"account_name": "ice"} | bare
    if more.get("user"):
        more = {"user": user | {"status": None}, "msgtype": "status"}
    jim = updated(Jim(), encoded(**({"action": "presence", "user": user} | more)), WELCOME)
    [message] = objects(jim.encode_event(MESSAGE, NOW))
    assert message["action"] == ("msg" if more else "message")
    assert ("mess_text" in message) is not bool(more)


def test_a_client_with_a_public_key_learns_that_its_nickname_is_taken() -> None:
    """Such clients take every other code, a 409 too, for a success."""
    user = {"account_name": "ice", "pubkey": "MIIB"}
    refused = updated(Jim(), encoded(action="presence", time=1.5, user=user), REFUSED)
    assert objects(refused.encode_reply(REFUSED, "presence", NOW))[0]["response"] == 400


def test_the_words_of_the_presence_that_enters_count() -> None:
    refused = updated(Jim(), encoded(action="presence", account_name="moon"), REFUSED)
    jim = updated(refused, presence(account_name="ice", status="here"), WELCOME)
    [message] = objects(jim.encode_event(MESSAGE, NOW))
    assert message["action"] == "msg"
    assert "mess_text" not in message


REFUSED = errors.NicknameTaken("moon")


@pytest.mark.parametrize("reason", ["server is stopping", "inactive"])
def test_a_client_without_codes_is_told_in_words_why_it_must_leave(reason: str) -> None:
    jim = updated(ICE, encoded(action="message", mess_text="hi"), events.Ok("#lobby", 1, 1))
    [answer] = objects(jim.encode_reply(events.Goodbye(reason), None, NOW))
    assert answer == {"response": 400, "time": NOW / 1000, "error": reason}


def test_what_a_client_responds_is_never_answered() -> None:
    for jim in (Jim(), ICE):
        for code in (200, 400, "OK", None):
            if code is not None:
                request = jim.decode(encoded(response=code, time=1.5, alert="OK"))
                assert isinstance(request.command, KeepAlive)
                assert jim.encode_reply(request.command, request.request_id, NOW) == b""


@pytest.mark.parametrize("verb", ["get_users", "users_request", "get_known_users", "get_contacts"])
def test_a_list_of_users_is_a_202_with_the_nicknames(verb: str) -> None:
    request = ICE.decode(encoded(action=verb, time=1.5, user="ice", account_name="ice"))
    assert request.command == commands.ListUsers()
    users = tuple(events.User(name, 0, ()) for name in ("ice", "moon"))
    [reply] = objects(ICE.encode_reply(events.Users(users), request.request_id, NOW))
    assert reply["response"] == 202
    assert reply["data_list"] == (["moon"] if verb == "get_contacts" else ["ice", "moon"])


#: What clients send as the request for the contacts in the words of an older course.
GET_CONTACTS = [
    {"action": "get_contacts", "time": "1763700000"},
    {"action": "get_contacts", "msgtime": 1763700000, "user_id": "ice"},
    {"event": "get_contacts", "time": " 08:00AM"},
]


@pytest.mark.parametrize("fields", GET_CONTACTS)
@pytest.mark.parametrize("before", [{}, {"status": "here"}])
def test_contacts_of_nobody_in_particular_come_one_by_one_after_their_number(
    fields: dict[str, Any], before: dict[str, str]
) -> None:
    entered = updated(
        Jim(), encoded(action="presence", user={"account_name": "ice"} | before), WELCOME
    )
    request = entered.decode(encoded(**fields))
    users = events.Users(tuple(events.User(name, 0, ()) for name in ("ice", "moon", "sun")))
    jim = entered.updated(request, users)
    reply, *contacts = objects(jim.encode_reply(users, request.request_id, NOW))
    assert (reply["response"], reply["quantity"]) == (202, 2)
    assert reply["data_list"] == ["moon", "sun"]
    key = "event" if "event" in fields else "action"
    assert [each[key] for each in contacts] == ["contact_list"] * 2
    for name in ("user_id", "account_name"):  # the one or the other, by course
        assert [each[name] for each in contacts] == ["moon", "sun"]
    # These clients say msg, whatever their presence is like, and know the codes 200 and 400.
    [message] = objects(jim.encode_event(PrivateMessage("moon", ("ice",), NOW, "psst"), NOW))
    assert message[key] == ("msg" if key == "action" else "message")
    assert message["message"] == "psst"
    assert objects(jim.encode_reply(REFUSED, None, NOW))[0]["response"] == 400


def test_a_long_list_of_contacts_is_cut_to_what_it_counts() -> None:
    request = ICE.decode(encoded(action="get_contacts"))
    users = events.Users(tuple(events.User(name, 0, ()) for name in MANY))
    jim = ICE.updated(request, users)
    reply, *contacts = objects(jim.encode_reply(users, request.request_id, NOW))
    assert reply["quantity"] == len(contacts) == len(reply["data_list"]) < len(MANY)
    assert contacts[-1]["user_id"] == MANY[-1]


def test_the_words_of_the_last_message_stay_with_the_request_for_contacts() -> None:
    spoken = updated(ICE, encoded(action="message", mess_text="hi"), events.Ok("#lobby", 1, 1))
    jim = updated(spoken, encoded(action="get_contacts"), events.Users(()))
    [message] = objects(jim.encode_event(MESSAGE, NOW))
    assert message["action"] == "message"
    assert message["mess_text"] == MESSAGE.text
    assert "message" not in message


def test_a_client_with_the_key_text_finds_the_sender_where_it_looks() -> None:
    jim = updated(ICE, encoded(action="msg", text="hi"), events.Ok("#lobby", 1, 1))
    [message] = objects(jim.encode_event(MESSAGE, NOW))
    assert message["from"] == message["_from"] == "moon"
    assert "sender" not in message


@pytest.mark.parametrize("verb", ["add", "remove", "add_contact", "del_contact"])
def test_a_change_of_the_contacts_is_accepted(verb: str) -> None:
    request = ICE.decode(encoded(action=verb, time=1.5, user="ice", account_name="moon"))
    assert isinstance(request.command, LocalReply)
    [reply] = objects(ICE.encode_reply(request.command, request.request_id, NOW))
    assert reply["response"] == 200


def test_a_long_list_of_users_is_cut_to_one_object() -> None:
    users = tuple(events.User(name, 0, ()) for name in MANY)
    [reply] = objects(ICE.encode_reply(events.Users(users), "get_users", NOW))
    assert reply["data_list"][-1] == MANY[-1]


def test_what_shows_nothing_is_written_as_its_code_point() -> None:
    event = Message("#dev", 7, NOW, "moon", "a\u202eb\n\tc")
    assert objects(ICE.encode_event(event, NOW))[0]["message"] == "a<U+202E>b\n\tc"
    missed = errors.NotReached((Undelivered("a\u202eb", "unknown"),))
    assert "<U+202E>" in objects(ICE.encode_reply(missed, None, NOW))[0]["error"]


@pytest.mark.parametrize(
    ("said", "delivered"),
    [
        ({}, "ice"),
        ({"to": "all"}, "all"),
        ({"destination": "for_all"}, "for_all"),
        ({"to": "#"}, "#lobby"),
    ],
)
def test_everybody_is_called_as_the_client_calls_it(said: dict[str, str], delivered: str) -> None:
    frame = encoded(action="MESSAGE", time=1.5, mess_text="hi", **said)
    jim = updated(ICE, frame, events.Ok("#lobby", 1, 1))
    [message] = objects(jim.encode_event(Message("#lobby", 1, NOW, "moon", "hello"), NOW))
    assert message["destination" if "destination" in said else "to"] == delivered
    assert message["action"] == "MESSAGE"
