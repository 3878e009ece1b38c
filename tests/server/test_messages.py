"""Messages and lists of the native dialect."""

from tests.server.harness import STARTED, Harness


def test_a_message_is_sent_to_all_others_with_its_source(harness: Harness) -> None:
    ice, moon, sun = harness.enter_all("ice", "moon", "sun")
    harness.clock.advance(1.5)
    ice.say("hello\n\tyou")
    frame = {
        "type": "message",
        "data": {
            "room": "#lobby",
            "seq": 1,
            "time": STARTED + 1_500,
            "source": "ice",
            "text": "hello\n\tyou",
        },
    }
    assert moon.heard() == [frame]
    assert sun.heard() == [frame]


def test_a_message_without_an_id_gets_no_reply(harness: Harness) -> None:
    ice, _ = harness.enter_all("ice", "moon")
    ice.say("hello")
    ice.send("set-name", {"nickname": "ice"})
    assert ice.heard() == []


def test_a_message_with_an_id_gets_its_room_number_and_time(harness: Harness) -> None:
    ice, moon = harness.enter_all("ice", "moon")
    moon.say("first")
    ice.heard()
    harness.clock.advance(2)
    ice.say("second", request_id=41)
    assert ice.heard() == [
        {
            "type": "ok",
            "id": 41,
            "data": {"room": "#lobby", "seq": 2, "time": STARTED + 2_000},
        }
    ]


def test_an_unregistered_client_is_sent_no_message(harness: Harness) -> None:
    client = harness.connect()
    client.hello("#")
    client.say("me first")
    assert client.errors() == ["bad-nickname", "not-entered"]
    ice, moon = harness.enter_all("ice", "moon")
    ice.say("hello")
    assert client.heard() == []
    assert len(moon.heard()) == 1


def test_all_members_see_the_messages_in_the_same_order_without_a_gap(harness: Harness) -> None:
    clients = harness.enter_all("ice", "moon", "sun")
    for number in range(12):
        clients[number % 3].say(f"number {number}")
    seen = [client.heard_of("message") for client in clients]
    every = sorted({(each["seq"], each["text"]) for part in seen for each in part})
    assert every == [(number + 1, f"number {number}") for number in range(12)]
    for name, part in zip(("ice", "moon", "sun"), seen, strict=True):
        assert [each["seq"] for each in part] == sorted(each["seq"] for each in part)
        assert name not in {each["source"] for each in part}
        assert len(part) == 8


def test_a_renaming_is_announced_to_everyone_and_before_the_reply(harness: Harness) -> None:
    ice, moon = harness.enter_all("ice", "moon")
    ice.send("set-name", {"nickname": "sun"}, request_id=1)
    told = {"type": "renamed", "data": {"old": "ice", "new": "sun"}}
    assert ice.heard() == [told, {"type": "ok", "id": 1}]
    assert moon.heard() == [told]
    ice.say("hello")
    assert moon.heard_of("message")[0]["source"] == "sun"


def test_renaming_to_a_taken_nickname_is_refused_and_not_announced(harness: Harness) -> None:
    ice, moon = harness.enter_all("ice", "moon")
    ice.send("set-name", {"nickname": "MOON"}, request_id=1)
    [error] = ice.heard()
    assert (error["id"], error["data"]["code"]) == (1, "nickname-taken")
    assert moon.heard() == []


def test_the_list_of_users_has_times_and_rooms(harness: Harness) -> None:
    harness.enter("ice")
    harness.clock.advance(3)
    moon = harness.enter("moon")
    harness.connect()
    moon.send("users", request_id="who")
    assert moon.heard() == [
        {
            "type": "users",
            "id": "who",
            "data": {
                "users": [
                    {"nickname": "ice", "since": STARTED, "rooms": ["#lobby"], "away": False},
                    {
                        "nickname": "moon",
                        "since": STARTED + 3_000,
                        "rooms": ["#lobby"],
                        "away": False,
                    },
                ],
                "room": None,
                "more": False,
            },
        }
    ]


def test_the_history_has_times_and_nicknames(harness: Harness) -> None:
    ice, moon = harness.enter_all("ice", "moon")
    for text in ("one", "two", "three"):
        ice.say(text)
    moon.heard()
    moon.send("history", {"limit": 2}, request_id=5)
    [history] = moon.heard()
    assert history["id"] == 5
    assert [
        (each["seq"], each["time"], each["source"], each["text"])
        for each in history["data"]["messages"]
    ] == [(2, STARTED, "ice", "two"), (3, STARTED, "ice", "three")]


def test_a_ping_is_answered(harness: Harness) -> None:
    ice = harness.enter("ice")
    ice.send("ping", request_id="p")
    ice.send("ping")
    assert ice.heard() == [{"type": "pong", "id": "p"}, {"type": "pong"}]


def test_replies_come_in_the_order_of_the_requests(harness: Harness) -> None:
    ice = harness.enter("ice")
    for number in range(10):
        ice.send(("ping", "users", "history", "no-such-type")[number % 4], request_id=number)
    assert [frame["id"] for frame in ice.heard()] == list(range(10))


def test_a_message_to_a_room_that_does_not_exist_reaches_nobody(harness: Harness) -> None:
    ice, moon = harness.enter_all("ice", "moon")
    ice.send("message", {"text": "hello", "room": "#dev"}, request_id=1)
    assert ice.errors() == ["no-such-room"]
    assert moon.heard() == []


def test_a_message_leaves_no_call_for_a_later_turn(harness: Harness) -> None:
    ice = harness.enter("ice")
    before = list(harness.clock.getDelayedCalls())
    ice.say("hello", request_id=1)
    assert harness.clock.getDelayedCalls() == before
