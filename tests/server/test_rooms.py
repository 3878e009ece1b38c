"""Rooms: who may send to one, who receives it, and how long it exists."""

import pytest

from chatd.chat import limits
from tests.server.harness import STARTED, Client, Harness


def join(client: Client, *rooms: str) -> None:
    for room in rooms:
        client.send("join", {"room": room})


def say(client: Client, text: str, room: str) -> None:
    client.send("message", {"text": text, "room": room})


def rooms(client: Client) -> dict[str, int]:
    """The rooms that there are, and how many are in each."""
    client.heard()
    client.send("rooms")
    return {
        entry["room"]: entry["members"]
        for data in client.heard_of("rooms")
        for entry in data["rooms"]
    }


def history(client: Client, room: str) -> list[tuple[int, str]]:
    client.heard()
    client.send("history", {"room": room})
    [data] = client.heard_of("history")
    assert data["room"] == room
    return [(each["seq"], each["text"]) for each in data["messages"]]


def test_joining_is_announced_and_the_reply_says_whether_the_room_is_new(harness: Harness) -> None:
    ice, moon = harness.enter_all("ice", "moon")
    ice.send("join", {"room": "#dev"}, request_id=1)
    joined = {"type": "joined", "data": {"room": "#dev", "nickname": "ice"}}
    assert ice.heard() == [
        joined,
        {"type": "ok", "id": 1, "data": {"room": "#dev", "created": True}},
    ]
    assert moon.heard() == []
    moon.send("join", {"room": "#DEV"}, request_id=2)
    joined = {"type": "joined", "data": {"room": "#dev", "nickname": "moon"}}
    assert moon.heard() == [
        joined,
        {"type": "ok", "id": 2, "data": {"room": "#dev", "created": False}},
    ]
    assert ice.heard() == [joined]


def test_leaving_a_room_is_announced_to_all_its_members(harness: Harness) -> None:
    ice, moon, sun = harness.enter_all("ice", "moon", "sun")
    join(ice, "#dev")
    join(moon, "#dev")
    ice.heard()
    moon.heard()
    moon.send("leave", {"room": "#dev"}, request_id=1)
    parted = {"type": "parted", "data": {"room": "#dev", "nickname": "moon"}}
    assert moon.heard() == [parted, {"type": "ok", "id": 1}]
    assert ice.heard() == [parted]
    assert sun.heard() == []


def test_a_message_is_sent_to_its_room_and_nowhere_else(harness: Harness) -> None:
    ice, moon, sun, star = harness.enter_all("ice", "moon", "sun", "star")
    join(ice, "#dev", "#other")
    join(moon, "#dev")
    join(sun, "#other")
    for client in (ice, moon, sun, star):
        client.heard()
    say(ice, "hello", "#dev")
    data = {"room": "#dev", "seq": 1, "time": STARTED, "source": "ice", "text": "hello"}
    assert moon.heard() == [{"type": "message", "data": data}]
    assert sun.heard() == star.heard() == ice.heard() == []


def test_a_member_that_left_a_room_does_not_receive_it(harness: Harness) -> None:
    ice, moon = harness.enter_all("ice", "moon")
    join(ice, "#dev")
    join(moon, "#dev")
    moon.send("leave", {"room": "#dev"})
    moon.heard()
    say(ice, "hello", "#dev")
    ice.send("leave", {"room": "#dev"})
    assert moon.heard() == []


def test_the_lobby_may_be_left_and_joined_again(harness: Harness) -> None:
    ice, moon = harness.enter_all("ice", "moon")
    moon.send("leave")
    assert moon.heard() == [
        {"type": "parted", "data": {"room": "#lobby", "nickname": "moon"}},
    ]
    ice.say("are you there?")
    assert moon.heard() == []
    moon.say("no", request_id=1)
    assert moon.errors() == ["not-in-room"]
    join(moon, "#Lobby")
    ice.say("welcome back")
    assert [data["seq"] for data in moon.heard_of("message")] == [2]


def test_a_member_in_no_room_still_sees_others_enter_and_leave(harness: Harness) -> None:
    [moon] = harness.enter_all("moon")
    moon.send("leave")
    moon.heard()
    ice = harness.enter("ice")
    ice.send("set-name", {"nickname": "snow"})
    ice.send("quit")
    assert [frame["type"] for frame in moon.heard()] == ["entered", "renamed", "left"]


@pytest.mark.parametrize(
    ("frame_type", "data", "code"),
    [
        ("message", {"text": "hi", "room": "#dev"}, "not-in-room"),
        ("message", {"text": "hi", "room": "#nowhere"}, "no-such-room"),
        ("message", {"text": "hi", "room": "dev"}, "bad-room-name"),
        ("leave", {"room": "#dev"}, "not-in-room"),
        ("leave", {"room": "#nowhere"}, "no-such-room"),
        ("leave", {"room": ""}, "bad-room-name"),
        ("join", {"room": "#lobby"}, "already-in-room"),
        ("join", {"room": "#LOBBY"}, "already-in-room"),
        ("join", {"room": "dev"}, "bad-room-name"),
        ("join", {"room": "#"}, "bad-room-name"),
        ("join", {"room": "#a b"}, "bad-room-name"),
        ("join", {"room": "#a#b"}, "bad-room-name"),
        ("join", {"room": "#" + "x" * 64}, "bad-room-name"),
        ("history", {"room": "#nowhere"}, "no-such-room"),
        ("users", {"room": "#nowhere"}, "no-such-room"),
    ],
)
def test_an_impossible_command_in_a_room_is_refused_and_not_announced(
    harness: Harness, frame_type: str, data: object, code: str
) -> None:
    ice, moon = harness.enter_all("ice", "moon")
    join(ice, "#dev")
    ice.heard()
    before = rooms(moon)
    moon.send(frame_type, data, request_id=7)
    [error] = moon.heard()
    assert (error["type"], error["id"], error["data"]["code"]) == ("error", 7, code)
    assert ice.heard() == []
    assert rooms(moon) == before


def test_a_room_exists_while_it_has_members_and_the_lobby_always_does(harness: Harness) -> None:
    ice, moon = harness.enter_all("ice", "moon")
    for client in (ice, moon):
        join(client, "#dev")
        client.send("leave")
    assert rooms(ice) == {"#lobby": 0, "#dev": 2}
    ice.send("leave", {"room": "#dev"})
    assert rooms(ice) == {"#lobby": 0, "#dev": 1}
    moon.send("quit")
    assert rooms(ice) == {"#lobby": 0}


def test_each_room_has_its_own_numbers_and_history_as_long_as_it_exists(harness: Harness) -> None:
    ice, moon = harness.enter_all("ice", "moon")
    join(ice, "#dev")
    say(ice, "one", "#dev")
    ice.say("in the lobby")
    say(ice, "two", "#dev")
    assert history(moon, "#dev") == [(1, "one"), (2, "two")], "rooms are public"
    assert history(moon, "#lobby") == [(1, "in the lobby")]
    ice.send("leave", {"room": "#dev"})
    join(ice, "#dev")
    assert history(ice, "#dev") == []
    say(ice, "new", "#dev")
    assert history(ice, "#dev") == [(1, "new")]


def test_the_users_are_listed_with_their_rooms_or_by_room(harness: Harness) -> None:
    ice, moon = harness.enter_all("ice", "moon")
    join(ice, "#dev")
    moon.send("leave")
    moon.heard()
    moon.send("users")
    moon.send("users", {"room": "#DEV"})
    everyone, there = moon.heard_of("users")
    assert [(each["nickname"], each["rooms"]) for each in everyone["users"]] == [
        ("ice", ["#lobby", "#dev"]),
        ("moon", []),
    ]
    assert (there["room"], [each["nickname"] for each in there["users"]]) == ("#dev", ["ice"])


def test_a_renamed_member_stays_in_its_rooms(harness: Harness) -> None:
    ice, moon = harness.enter_all("ice", "moon")
    join(ice, "#dev")
    join(moon, "#dev")
    ice.send("set-name", {"nickname": "snow"})
    moon.heard()
    say(ice, "hello", "#dev")
    assert [data["source"] for data in moon.heard_of("message")] == ["snow"]


def test_a_member_that_quits_is_announced_once_and_leaves_its_rooms(harness: Harness) -> None:
    ice, moon = harness.enter_all("ice", "moon")
    for client in (ice, moon):
        join(client, "#a", "#b")
    moon.heard()
    ice.send("quit")
    assert [frame["type"] for frame in moon.heard()] == ["left"]
    assert rooms(moon) == {"#lobby": 1, "#a": 1, "#b": 1}


def test_a_member_may_be_in_thirty_two_rooms() -> None:
    with Harness(flood=0) as harness:
        ice = harness.enter("ice")
        join(ice, *(f"#room{number}" for number in range(31)))
        assert len(ice.heard_of("joined")) == 31
        ice.send("join", {"room": "#more"}, request_id=1)
        assert ice.errors() == ["too-many-rooms"]
        assert "#more" not in rooms(ice)
        ice.send("leave", {"room": "#room7"})
        join(ice, "#more")
        assert "#more" in rooms(ice)


def test_there_may_be_1024_rooms_and_joining_one_of_them_still_works() -> None:
    with Harness(flood=0) as harness:
        wanted = [f"#room{number}" for number in range(limits.ROOMS - 1)]
        for start in range(0, len(wanted), 31):
            client = harness.enter(f"client{start}")
            join(client, *wanted[start : start + 31])
        ice = harness.enter("ice")
        assert len(rooms(ice)) == limits.ROOMS == 1_024
        ice.send("join", {"room": "#more"}, request_id=1)
        assert ice.errors() == ["too-many-rooms"]
        ice.send("join", {"room": "#room1"}, request_id=2)
        assert ice.errors() == []
        harness.clients[0].send("quit")
        join(ice, "#more")
        assert "#more" in rooms(ice)
