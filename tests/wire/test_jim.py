"""The JIM dialect: objects in, numbered answers out, in the client's own words (SPEC §5)."""

import json
from typing import Any

import pytest

from chatd.chat import commands, errors, events, limits
from chatd.chat.commands import Command, Enter, JoinRoom, LeaveRoom, Quit, SendMessage, SendPrivate
from chatd.chat.errors import Refusal
from chatd.chat.events import Message, PrivateMessage, Undelivered
from chatd.wire.dialect import Dialect, KeepAlive, LocalReply, Result
from chatd.wire.jim import Jim

NOW = 1_700_000_000_500
ICE = Jim(nickname="ice")
SAID = Message("#dev", 7, NOW, "moon", "h\u00e9llo\n\tyou")
WELCOME = events.Welcome("work", 0, "ice", ())


def encoded(**said: object) -> bytes:
    return json.dumps(said).encode()


def objects(data: bytes) -> list[dict[str, Any]]:
    """The objects that go out, each no longer than what a client reads at once."""
    units = data.splitlines()
    assert units
    assert not [unit for unit in units if len(unit) > limits.JIM_SENT_BYTES]
    return [json.loads(unit) for unit in units]


def after(jim: Dialect, said: bytes, outcome: Result) -> Dialect:
    """The dialect of a client that has sent this."""
    return jim.updated(jim.decode(said), outcome)


def presence(**user: object) -> bytes:
    return encoded(action="presence", time=1.5, type="status", user=user)


ENTERS = [
    presence(account_name="ice"),
    presence(account_name="ice", status="Yep, I am here!"),
    encoded(event="presence", account_name="ice"),
    b'{"user":{"account_name":"\\u0069ce"},"action":"presence"}',
    b'\n {"action": "presence", "more": [{}], "user": {"account_name": "ice"}} ',
]


@pytest.mark.parametrize("said", ENTERS)
def test_presence_enters_without_any_room(said: bytes) -> None:
    assert Jim().decode(said).command == Enter("ice", ())


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
    ({"action": "msg", "to": [], "message": "hi"}, SendPrivate("hi", ())),
    ({"action": "msg", "message": "hi"}, SendPrivate("hi", ())),
    ({"action": "msg", "to": "#dev", "message": "hi"}, SendMessage("hi", "#dev")),
    ({"action": "msg", "to": ["#dev"], "message": "hi"}, SendMessage("hi", "#dev")),
    ({"action": "msg", "to": "#", "message": "hi"}, SendMessage("hi", "#lobby")),
    ({"action": "msg", "to": "#", "message": "x" * 500}, SendMessage("x" * 500, "#lobby")),
    ({"action": "join", "room": "#dev"}, JoinRoom("#dev")),
    ({"event": "leave", "room": "#dev"}, LeaveRoom("#dev")),
    ({"action": "join", "room": "#"}, JoinRoom("#lobby")),
    ({"action": "quit"}, Quit()),
    ({"event": "exit", "account_name": "ice"}, Quit()),
]


@pytest.mark.parametrize(("said", "command"), FRAMES)
def test_an_object_is_a_command(said: dict[str, object], command: Command) -> None:
    assert ICE.decode(encoded(**said)).command == command


def test_a_password_comes_with_the_account_or_beside_it() -> None:
    for said in (
        encoded(action="authenticate", user={"account_name": "ice", "password": "snow"}),
        encoded(action="authenticate", account_name="ice", password="snow"),  # noqa: S106  # a test
    ):
        assert Jim().decode(said).command == commands.Authenticate("ice", "snow")


@pytest.mark.parametrize("account", ["ice", "ICE", "\uff49ce"])
def test_a_second_presence_under_the_same_name_is_a_sign_of_life(account: str) -> None:
    request = ICE.decode(presence(account_name=account))
    assert isinstance(request.command, KeepAlive)
    assert objects(ICE.encode_reply(request.command))[0]["response"] == 200


def test_a_second_presence_under_another_name_is_refused() -> None:
    with pytest.raises(errors.AlreadyRegistered):
        ICE.decode(presence(account_name="moon"))


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
    ("a user that is a string", encoded(action="presence", user="ice"), 400),
    ("nobody's presence", encoded(action="presence"), 400),
    ("no password", encoded(action="authenticate", account_name="sun"), 400),
    ("a room and a nickname", encoded(action="msg", to=["moon", "#dev"], message="hi"), 400),
    ("two rooms", encoded(action="msg", to=["#dev", "#"], message="hi"), 400),
    ("no room to join", encoded(action="join"), 400),
    ("no room to leave", encoded(action="leave"), 400),
    ("a room that is a number", encoded(action="join", room=5), 400),
]


@pytest.mark.parametrize(("said", "code"), [pytest.param(*bad[1:], id=bad[0]) for bad in BAD])
def test_a_bad_object_gets_one_short_answer(said: bytes, code: int) -> None:
    with pytest.raises(Refusal) as caught:
        ICE.decode(said)
    [answer] = objects(ICE.encode_reply(caught.value, None, NOW))
    assert answer == {"response": code, "time": NOW / 1000, "error": str(caught.value)}
    assert len(answer["error"]) < 300


ANYTHING_ELSE = ("msg", "message", "join", "leave", "quit", "exit", "probe", "dance")


@pytest.mark.parametrize("verb", ANYTHING_ELSE)
def test_whatever_comes_before_presence_is_401(verb: str) -> None:
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


@pytest.mark.parametrize(("outcome", "code"), CODES)
def test_an_answer_has_its_number_the_time_and_a_sentence(outcome: Result, code: int) -> None:
    [answer] = objects(ICE.encode_reply(outcome, None, NOW))
    said = "alert" if code < 400 else "error"
    assert answer.keys() == {"response", "time", said}
    assert (answer["response"], answer["time"]) == (code, NOW / 1000)
    assert answer[said]


def test_what_happens_is_a_notice() -> None:
    for event, sentence in (
        (events.MemberEntered("moon"), "moon has entered the chat"),
        (events.MemberLeft("moon", "inactive"), "moon has left the chat (inactive)"),
        (events.MemberRenamed("moon", "sun"), "moon renamed to sun"),
        (events.RoomJoined("#dev", "moon"), "moon has joined #dev"),
        (events.RoomLeft("#dev", "moon"), "moon has left #dev"),
    ):
        [told] = objects(ICE.encode_event(event, NOW))
        assert told == {"response": 100, "time": NOW / 1000, "alert": sentence}


MESSAGE = {"time": NOW / 1000, "from": "moon", "to": "#dev"}


@pytest.mark.parametrize(
    ("key", "frame"),
    [
        ("action", {"action": "msg", "message": SAID.text, "message_text": SAID.text}),
        ("event", {"event": "message", "message": SAID.text, "message_text": SAID.text}),
    ],
)
def test_who_has_sent_no_message_is_sent_the_usual_words_and_both_texts(
    key: str, frame: dict[str, str]
) -> None:
    jim = after(Jim(), encoded(**{key: "presence", "account_name": "ice"}), WELCOME)
    assert objects(jim.encode_event(SAID, NOW)) == [frame | MESSAGE]


@pytest.mark.parametrize("key", ["action", "event"])
@pytest.mark.parametrize("verb", ["msg", "message"])
@pytest.mark.parametrize("text", ["message", "message_text"])
def test_each_client_is_spoken_to_in_its_own_words(key: str, verb: str, text: str) -> None:
    jim = after(ICE, encoded(**{key: verb, "to": "moon", text: "hi"}), events.PrivateSent(1))
    assert objects(jim.encode_event(SAID, NOW)) == [{key: verb, text: SAID.text} | MESSAGE]
    assert jim.probe == encoded(**{key: "probe"}).replace(b" ", b"")


def test_the_words_of_a_refused_message_are_the_words_of_the_client_as_well() -> None:
    said = encoded(event="msg", to="sun", message_text="hi")
    jim = after(ICE, said, errors.NotReached((Undelivered("sun", "unknown"),)))
    assert objects(jim.encode_event(SAID, NOW)) == [
        {"event": "msg", "message_text": SAID.text} | MESSAGE
    ]


def test_a_client_that_calls_the_sender_so_is_told_so() -> None:
    said = encoded(action="message", to="moon", sender="ice", message_text="hi")
    jim = after(ICE, said, events.PrivateSent(1))
    [told] = objects(jim.encode_event(SAID, NOW))
    assert (told["from"], told["sender"]) == ("moon", "moon")


@pytest.mark.parametrize(("to", "told"), [(("ice",), "ice"), (("ice", "sun"), ["ice", "sun"])])
def test_a_private_message_says_to_whom_it_went(to: tuple[str, ...], told: object) -> None:
    [message] = objects(ICE.encode_event(PrivateMessage("moon", to, NOW, "psst"), NOW))
    assert (message["from"], message["to"], message["message"]) == ("moon", told, "psst")


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


def test_a_long_answer_is_cut_to_what_a_client_reads_at_once() -> None:
    missed = tuple(Undelivered(name, "unknown") for name in MANY)
    [answer] = objects(ICE.encode_reply(events.PrivateSent(1, missed), None, NOW))
    assert answer["response"] == 202
    assert MANY[0] in answer["alert"]
