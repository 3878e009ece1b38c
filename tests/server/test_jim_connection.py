"""A JIM client at its port (docs/reference/jim.rst)."""

import json
from itertools import pairwise

import pytest

from chatd.chat import limits
from chatd.server.factory import JIM
from tests.server.harness import (
    HOST,
    STARTED,
    Harness,
    JimClient,
    connect_jim,
    drain_jim_queues,
    enter_jim,
)


def test_presence_enters_and_is_answered(harness: Harness) -> None:
    ice = harness.enter("ice")
    client = connect_jim(harness)
    assert client.heard() == []
    client.present("moon")
    [answer] = client.heard()
    assert answer.keys() == {"response", "time", "alert"}
    assert (answer["response"], answer["time"]) == (200, STARTED / 1_000)
    assert ice.heard() == [{"type": "entered", "data": {"nickname": "moon"}}]


def test_a_jim_member_begins_in_no_room(harness: Harness) -> None:
    ice = harness.enter("ice")
    client = enter_jim(harness, "moon")
    ice.say("hello")
    drain_jim_queues(harness)
    assert client.heard() == []
    client.ask("join", room="#")
    ice.say("hello")
    drain_jim_queues(harness)
    assert [each.get("message") for each in client.heard()] == [None, "hello"]


Objects = list[dict[str, object]]

#: What has been sent before, what is sent, and the number of its answer.
SITUATIONS: list[tuple[str, Objects, dict[str, object], int]] = [
    ("presence", [], {"action": "presence", "user": {"account_name": "moon"}}, 200),
    ("a message before presence", [], {"action": "msg", "to": "ice", "message": "hi"}, 401),
    ("joining before presence", [], {"action": "join", "room": "#dev"}, 401),
    ("quitting before presence", [], {"action": "quit"}, 401),
    ("anything before presence", [], {"action": "dance"}, 401),
    ("a taken name", [], {"action": "presence", "user": {"account_name": "ICE"}}, 409),
    ("an impossible name", [], {"action": "presence", "user": {"account_name": "a b"}}, 400),
    ("no name", [], {"action": "presence"}, 400),
]
MOON: Objects = [{"action": "presence", "user": {"account_name": "moon"}}]
DEV: Objects = [*MOON, {"action": "join", "room": "#dev"}]
SITUATIONS += [
    ("presence again", MOON, {"action": "presence", "user": {"account_name": "MOON"}}, 200),
    ("presence as another", MOON, {"action": "presence", "user": {"account_name": "sun"}}, 400),
    ("a private message", MOON, {"action": "msg", "to": "ice", "message": "hi"}, 200),
    ("one of two", MOON, {"action": "msg", "to": ["ice", "nobody"], "message": "hi"}, 202),
    ("to nobody known", MOON, {"action": "msg", "to": "nobody", "message": "hi"}, 404),
    ("to nobody in particular", MOON, {"action": "msg", "message": "hi"}, 200),
    ("a text too long", MOON, {"action": "msg", "to": "ice", "message": "x" * 501}, 400),
    ("an empty text", MOON, {"action": "msg", "to": "ice", "message": ""}, 400),
    ("an escape", MOON, {"action": "msg", "to": "ice", "message": "\x1b[2J"}, 400),
    ("making a room", MOON, {"action": "join", "room": "#dev"}, 201),
    ("joining the lobby", MOON, {"action": "join", "room": "#"}, 200),
    ("joining a room there is", MOON, {"action": "join", "room": "#work"}, 200),
    ("joining twice", DEV, {"action": "join", "room": "#DEV"}, 400),
    ("a name that is no room's", MOON, {"action": "join", "room": "dev"}, 400),
    ("a room name too long", MOON, {"action": "join", "room": "#" + "x" * 25}, 400),
    ("speaking in a room", DEV, {"action": "msg", "to": "#dev", "message": "hi"}, 200),
    ("speaking elsewhere", MOON, {"action": "msg", "to": "#work", "message": "hi"}, 404),
    ("to the lobby", MOON, {"action": "msg", "to": "#", "message": "hi"}, 200),
    ("speaking in no room", MOON, {"action": "msg", "to": "#nowhere", "message": "hi"}, 404),
    ("leaving a room", DEV, {"action": "leave", "room": "#dev"}, 200),
    ("leaving a room not joined", MOON, {"action": "leave", "room": "#work"}, 404),
    ("leaving no room", MOON, {"action": "leave", "room": "#nowhere"}, 404),
    ("quitting", MOON, {"action": "quit"}, 200),
    ("exit", MOON, {"event": "exit"}, 200),
    ("an unknown action", MOON, {"action": "dance"}, 400),
    ("an action too long", MOON, {"action": "m" * 16}, 400),
    ("no action", MOON, {}, 400),
]


@pytest.mark.parametrize(
    ("before", "said", "code"), [pytest.param(*each[1:], id=each[0]) for each in SITUATIONS]
)
def test_each_request_gets_one_response_with_its_code(
    harness: Harness, before: Objects, said: dict[str, object], code: int
) -> None:
    ice = harness.enter("ice")
    ice.send("join", {"room": "#work"})
    client = connect_jim(harness)
    for each in before:
        client.send_bytes(json.dumps(each).encode())
    drain_jim_queues(harness)
    assert len(client.codes()) == len(before)
    client.send_bytes(json.dumps(said).encode())
    drain_jim_queues(harness)
    [answer] = client.heard()
    assert answer["response"] == code
    assert answer.keys() == {"response", "time", "alert" if code < 400 else "error"}


def test_requests_in_one_segment_are_answered_one_by_one_in_order(harness: Harness) -> None:
    client = connect_jim(harness)
    objects = [
        {"action": "msg"},
        *MOON,
        {"action": "join", "room": "#dev"},
        {"action": "msg", "to": "nobody", "message": "hi"},
        {"action": "quit"},
    ]
    client.send_bytes(b" \n".join(json.dumps(each).encode() for each in objects))
    drain_jim_queues(harness)
    assert client.codes() == [401, 200, 201, 404, 200]
    assert client.is_dropped()
    assert not client.is_cut_off()


@pytest.mark.parametrize("size", [1, 2, 7])
def test_objects_may_arrive_in_pieces_of_any_size(harness: Harness, size: int) -> None:
    client = connect_jim(harness)
    stream = b"".join(json.dumps(each).encode() for each in [*DEV, {"action": "dance}{"}])
    for start in range(0, len(stream), size):
        client.send_bytes(stream[start : start + size])
    drain_jim_queues(harness)
    assert client.codes() == [200, 201, 400]


@pytest.mark.parametrize("key", ["action", "event"])
@pytest.mark.parametrize("verb", ["msg", "message"])
@pytest.mark.parametrize("text", ["message", "message_text"])
def test_a_client_is_answered_in_its_own_vocabulary(
    harness: Harness, key: str, verb: str, text: str
) -> None:
    ice = harness.enter("ice")
    client = enter_jim(harness, "moon", key=key)
    client.ask(verb, key, to="ice", **{text: "hi"})
    drain_jim_queues(harness)
    client.heard()
    ice.send("private", {"text": "hello", "to": ["moon"]})
    [message] = client.heard()
    assert message == {
        key: verb,
        "time": STARTED / 1_000 + harness.clock.seconds(),
        "from": "ice",
        "to": "moon",
        "encoding": "utf-8",
        text: "hello",
    }


@pytest.mark.parametrize(("key", "verb"), [("action", "message"), ("event", "message")])
def test_until_a_client_has_sent_a_message_both_text_fields_are_filled_in(
    harness: Harness, key: str, verb: str
) -> None:
    ice = harness.enter("ice")
    client = enter_jim(harness, "moon", "#lobby", key=key)
    ice.say("hello")
    [message] = client.heard()
    assert message[key] == verb
    assert (message["message"], message["message_text"]) == ("hello", "hello")
    assert (message["from"], message["to"]) == ("ice", "#lobby")


@pytest.mark.parametrize("field", ["from", "sender"])
def test_the_server_fills_in_the_sender_and_ignores_a_false_one(
    harness: Harness, field: str
) -> None:
    ice = harness.enter("ice")
    client, other = enter_jim(harness, "moon", "#"), enter_jim(harness, "sun", "#")
    drain_jim_queues(harness)
    client.heard()
    ice.heard()
    client.ask("msg", to="#", message="hi", **{field: "ice"})
    client.ask("msg", to="ice", message="psst", **{field: "sun"})
    drain_jim_queues(harness)
    assert [frame["data"]["source"] for frame in ice.heard()] == ["moon", "moon"]
    assert [each["from"] for each in other.heard() if "message" in each] == ["moon"]


def test_events_of_others_are_sent_as_notices(harness: Harness) -> None:
    client = enter_jim(harness, "moon", "#dev")
    ice = harness.enter("ice")
    drain_jim_queues(harness)
    ice.send("join", {"room": "#dev"})
    drain_jim_queues(harness)
    ice.send("set-name", {"nickname": "snow"})
    drain_jim_queues(harness)
    ice.send("leave", {"room": "#dev"})
    drain_jim_queues(harness)
    ice.send("quit")
    drain_jim_queues(harness)
    told = client.heard()
    assert {each["response"] for each in told} == {100}
    assert [each["alert"] for each in told] == [
        "ice has entered the chat",
        "ice has joined #dev",
        "ice renamed to snow",
        "snow has left #dev",
        "snow has left the chat (quit)",
    ]


def test_a_jim_member_is_sent_no_echoes(harness: Harness) -> None:
    client = enter_jim(harness, "moon")
    for each in DEV[1:]:
        client.send_bytes(json.dumps(each).encode())
    client.ask("msg", to="#dev", message="hi")
    client.ask("leave", room="#dev")
    drain_jim_queues(harness)
    assert [each["response"] for each in client.heard()] == [201, 200, 200]


def test_objects_are_sent_one_at_a_time_and_fifty_milliseconds_apart(harness: Harness) -> None:
    ice = harness.enter("ice")
    client = enter_jim(harness, "moon", "#")
    for number in range(8):
        ice.say(str(number))
    arrived: list[tuple[int, str]] = []
    for millisecond in range(1_000):
        arrived += [(millisecond, each["message"]) for each in client.heard()]
        harness.clock.advance(0.001)
    assert [text for _, text in arrived] == [str(number) for number in range(8)]
    times = [time for time, _ in arrived]
    gaps = {after - before for before, after in pairwise(times)}
    assert min(gaps) >= 50
    assert max(gaps) <= 52


def test_after_a_pause_the_first_object_is_sent_at_once(harness: Harness) -> None:
    ice = harness.enter("ice")
    client = enter_jim(harness, "moon", "#")
    ice.say("at once")
    assert [each["message"] for each in client.heard()] == ["at once"]


@pytest.mark.parametrize("character", ["x", "\u00e9", "\U0001f469", '"'])
def test_a_long_text_is_sent_in_several_objects(harness: Harness, character: str) -> None:
    ice = harness.enter("ice")
    client = enter_jim(harness, "moon", "#")
    ice.say(character * limits.MESSAGE_CHARACTERS)
    drain_jim_queues(harness, 3)
    parts = client.heard()  # each was checked to be short enough
    assert len(parts) > 4
    assert "".join(part["message"] for part in parts) == character * limits.MESSAGE_CHARACTERS


@pytest.mark.parametrize(
    "broken", [b"hello", b"[]", b"}", b'"x"', b'{"a": "' + b"x" * 4_090, b"{" * 4_097]
)
def test_a_broken_object_gets_400_and_closes_the_connection(
    harness: Harness, broken: bytes
) -> None:
    ice = harness.enter("ice")
    client = enter_jim(harness, "moon")
    ice.heard()
    client.send_bytes(broken + b'{"action": "msg", "to": "ice", "message": "smuggled"}')
    drain_jim_queues(harness)
    assert client.codes() == [400]
    assert client.is_dropped()
    assert not client.is_cut_off(), "the answer must go out first"
    assert ice.heard_of("left") == [{"nickname": "moon", "reason": "broken object"}]


def test_an_object_of_4096_bytes_is_fine(harness: Harness) -> None:
    client = enter_jim(harness, "moon", "#")
    said = {"action": "msg", "to": "#", "message": "\u20ac" * 500, "x": ""}
    missing = limits.JIM_OBJECT_BYTES - len(json.dumps(said))
    client.send_bytes(json.dumps(said | {"x": "x" * missing}).encode())
    assert client.codes() == [200]


def test_a_jim_client_that_sends_nothing_within_five_seconds_is_told_and_disconnected(
    harness: Harness,
) -> None:
    client = connect_jim(harness)
    harness.clock.advance(4.9)
    assert not client.is_dropped()
    harness.clock.advance(0.2)
    drain_jim_queues(harness, 0.2)
    [told] = client.heard()
    assert told["response"] == 101
    assert client.is_dropped()


def test_a_jim_client_without_a_slot_does_not_enter() -> None:
    with Harness(slots=0) as harness:
        client = harness.try_connect_to(JimClient, JIM, HOST)
        assert client is not None
        drain_jim_queues(harness)
        assert client.codes() == [101]
        assert client.is_dropped()


#: The first message to an unknown user, by clients that know the codes 200 and 400 alone.
FIRST_MESSAGES = [
    {"to": "nobody", "mess_text": "hi"},
    {"destination": "nobody", "msg_text": "hi"},
    {"to": "nobody", "text": "hi"},
]


@pytest.mark.parametrize("message", FIRST_MESSAGES)
def test_the_answer_is_in_the_words_of_the_request_itself(
    harness: Harness, message: dict[str, str]
) -> None:
    client = enter_jim(harness, "moon")
    client.send_bytes(json.dumps({"action": "message"} | message).encode())
    drain_jim_queues(harness)
    assert client.codes() == [400]


def test_a_nickname_that_is_taken_is_refused_in_the_words_of_the_presence(harness: Harness) -> None:
    harness.enter("ice")
    client = connect_jim(harness)
    client.ask("presence", user={"account_name": "ice", "pubkey": "MIIB"})
    assert client.codes() == [400]


def test_the_contacts_that_are_asked_for_first_come_in_one_object_each(harness: Harness) -> None:
    ice = harness.enter("ice")
    client = enter_jim(harness, "moon")
    client.ask("get_contacts")
    ice.send("private", {"text": "psst", "to": ["moon"]})
    drain_jim_queues(harness)
    reply, contact, message = client.heard()
    assert (reply["response"], reply["quantity"]) == (202, 1)
    assert (contact["action"], contact["user_id"]) == ("contact_list", "ice")
    assert (message["action"], message["message"]) == ("msg", "psst")
