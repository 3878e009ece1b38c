"""What programs can ask: users, rooms, messages and health, in JSON."""

import pytest

from chatd.chat import limits
from tests.server.hall import STARTED
from tests.web.visitors import PageHall


def test_users_are_listed_with_their_rooms_and_since_when(hall: PageHall) -> None:
    ice, _ = hall.enter_all("ice", "moon")
    ice.send("join", {"room": "#dev"})
    hall.browse()  # who only stands at the door is nobody
    reply = hall.visit().get("/api/users")
    assert (reply.status, reply.headers["cache-control"]) == (200, "no-store")
    assert reply.json == {
        "users": [
            {"nickname": "ice", "since": STARTED, "rooms": ["#lobby", "#dev"]},
            {"nickname": "moon", "since": STARTED, "rooms": ["#lobby"]},
        ],
        "room": None,
        "more": False,
    }


def test_the_users_of_one_room_are_listed(hall: PageHall) -> None:
    ice, _ = hall.enter_all("ice", "moon")
    ice.send("join", {"room": "#Dev"})
    found = hall.visit().get("/api/users?room=%23dev").json
    assert [user["nickname"] for user in found["users"]] == ["ice"]
    assert found["room"] == "#Dev"


def test_rooms_are_listed_with_how_many_are_in_them(hall: PageHall) -> None:
    hall.enter("ice").send("join", {"room": "#dev"})
    hall.enter("moon")
    assert hall.visit().get("/api/rooms").json == {
        "rooms": [{"room": "#lobby", "members": 2}, {"room": "#dev", "members": 1}],
        "more": False,
    }


def test_messages_are_those_of_the_lobby_unless_a_room_is_named(hall: PageHall) -> None:
    ice = hall.enter("ice")
    ice.say("hello <script>alert(1)</script> \u202e")
    ice.send("join", {"room": "#café"})
    ice.send("message", {"room": "#café", "text": "psst"})
    visitor = hall.visit()
    lobby = visitor.get("/api/messages")
    said = {"room": "#lobby", "seq": 1, "time": STARTED, "source": "ice"}
    assert lobby.json == {
        "room": "#lobby",
        "messages": [said | {"text": "hello <script>alert(1)</script> \u202e"}],
        "more": False,
    }
    assert lobby.headers["content-type"] == "application/json"
    [message] = visitor.get("/api/messages?room=%23caf%C3%A9").json["messages"]
    assert message["text"] == "psst"


def test_messages_can_be_paged_back_to_the_first(hall: PageHall) -> None:
    ice = hall.enter("ice")
    for number in range(1, 8):
        ice.say(f"number {number}")
        hall.clock.advance(1)
    visitor = hall.visit()
    pages = []
    path = "/api/messages?limit=3"
    while True:
        page = visitor.get(path).json
        pages.append([message["seq"] for message in page["messages"]])
        if not page["more"]:
            break
        path = f"/api/messages?limit=3&before={pages[-1][0]}"
    assert pages == [[5, 6, 7], [2, 3, 4], [1]]
    assert visitor.get("/api/messages?limit=7").json["more"] is False
    assert visitor.get("/api/messages?before=1").json == {
        "room": "#lobby",
        "messages": [],
        "more": False,
    }


def test_private_messages_are_nobody_elses_business(hall: PageHall) -> None:
    ice, _ = hall.enter_all("ice", "moon")
    ice.send("private", {"to": ["moon"], "text": "secret"})
    visitor = hall.visit()
    for path in ("/api/messages", "/api/users", "/api/rooms", "/health"):
        assert b"secret" not in visitor.get(path).body


def test_a_long_answer_keeps_the_newest(hall: PageHall) -> None:
    ice = hall.enter("ice")
    for _ in range(100):
        ice.say("\U0001f600" * limits.MESSAGE_CHARACTERS)
        hall.clock.advance(1)
    reply = hall.visit().get("/api/messages?limit=100")
    assert len(reply.body) <= limits.REPLY_BYTES
    found = [message["seq"] for message in reply.json["messages"]]
    assert len(found) > 10
    assert found == list(range(101 - len(found), 101))
    assert reply.json["more"] is True


def test_a_long_list_of_users_is_cut(hall: PageHall) -> None:
    ice = hall.enter("ice")
    for number in range(31):
        ice.send("join", {"room": f"#{number:02}" + "\u5b57" * 22})
        hall.clock.advance(1)
    rooms = hall.chat.hub
    assert len(rooms.rooms().rooms) == 32
    others = [hall.enter(f"user{number}") for number in range(120)]
    for number in range(31):
        for other in others:
            other.send("join", {"room": f"#{number:02}" + "\u5b57" * 22})
        hall.clock.advance(1)
    reply = hall.visit().get("/api/users")
    assert limits.REPLY_BYTES * 0.9 < len(reply.body) <= limits.REPLY_BYTES
    assert reply.json["more"] is True
    assert reply.json["users"][-1]["nickname"] == "user119"


def test_health_says_how_full_the_server_is() -> None:
    with PageHall(slots=3) as hall:
        hall.enter("ice")
        hall.browse()
        assert hall.visit().get("/health").json == {
            "status": "ok",
            "server": "party",
            "started": STARTED,
            "members": 1,
            "slots": 3,
            "free": 2,
        }


def test_asking_takes_no_slot() -> None:
    with PageHall(slots=1) as hall:
        hall.enter("ice")
        assert hall.visit().get("/api/users").status == 200


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=1001",
        "limit=-1",
        "limit=+1",
        "limit=1.0",
        "limit=1e2",
        "limit=0x10",
        "limit=1_0",
        "limit=%D9%A1",
        "limit=ten",
        "limit=",
        "limit=" + "9" * 5_000,
        "before=0",
        "before=x",
        "before=9007199254740992",
        "limit=1&limit=1",
        "room=%23lobby&room=%23lobby",
        "room=%23lobby&x=1",
        "x=1",
        "x",
        "=",
        "&",
        "room",
        "room=%",
        "room=%2",
        "room=%zz",
        "room=%23%ff",
        "room=%23%ed%a0%80",
        "room=%C0%AF",
    ],
)
def test_a_query_that_makes_no_sense_is_refused(hall: PageHall, query: str) -> None:
    reply = hall.visit().get(f"/api/messages?{query}")
    assert (reply.status, reply.code) == (400, "bad-query")
    assert hall.chat.counters == {"bad-query": 1}


@pytest.mark.parametrize("path", ["/api/users", "/api/messages"])
@pytest.mark.parametrize("room", ["", "lobby", "%23", "%23a%00b", "%23a+b", "%23" + "x" * 25])
def test_a_room_that_cannot_be_is_refused(hall: PageHall, path: str, room: str) -> None:
    reply = hall.visit().get(f"{path}?room={room}")
    assert (reply.status, reply.code) == (400, "bad-room-name")


@pytest.mark.parametrize("path", ["/api/users", "/api/messages"])
def test_a_room_that_is_not_there_is_not_found(hall: PageHall, path: str) -> None:
    reply = hall.visit().get(f"{path}?room=%23nowhere")
    assert (reply.status, reply.code) == (404, "no-such-room")
    assert hall.chat.counters == {"no-such-room": 1}


@pytest.mark.parametrize("path", ["/api/rooms", "/health"])
def test_what_takes_no_query_says_so(hall: PageHall, path: str) -> None:
    assert hall.visit().get(f"{path}?room=%23lobby").code == "bad-query"
