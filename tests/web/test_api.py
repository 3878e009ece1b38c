"""The JSON API: members, rooms, messages and health."""

import pytest

from chatd.chat import limits
from tests.server.harness import STARTED
from tests.web.http_clients import WebHarness


def test_users_are_listed_with_their_rooms_and_times(harness: WebHarness) -> None:
    ice, _ = harness.enter_all("ice", "moon")
    ice.send("join", {"room": "#dev"})
    harness.open_websocket()  # not a member
    response = harness.connect_http().get("/api/users")
    assert (response.status, response.headers["cache-control"]) == (200, "no-store")
    assert response.json == {
        "users": [
            {
                "nickname": "ice",
                "since": STARTED,
                "rooms": ["#lobby", "#dev"],
                "away": False,
                "operator": ["#dev"],
            },
            {"nickname": "moon", "since": STARTED, "rooms": ["#lobby"], "away": False},
        ],
        "room": None,
        "more": False,
    }


def test_the_users_of_one_room_are_listed(harness: WebHarness) -> None:
    ice, _ = harness.enter_all("ice", "moon")
    ice.send("join", {"room": "#Dev"})
    found = harness.connect_http().get("/api/users?room=%23dev").json
    assert [user["nickname"] for user in found["users"]] == ["ice"]
    assert found["room"] == "#Dev"


def test_rooms_are_listed_with_their_numbers_of_members(harness: WebHarness) -> None:
    harness.enter("ice").send("join", {"room": "#dev"})
    harness.enter("moon")
    assert harness.connect_http().get("/api/rooms").json == {
        "rooms": [{"room": "#lobby", "members": 2}, {"room": "#dev", "members": 1}],
        "more": False,
    }


def test_messages_are_those_of_the_lobby_unless_a_room_is_given(harness: WebHarness) -> None:
    ice = harness.enter("ice")
    ice.say("hello <script>alert(1)</script> \u202e")
    ice.send("join", {"room": "#café"})
    ice.send("message", {"room": "#café", "text": "psst"})
    client = harness.connect_http()
    lobby = client.get("/api/messages")
    message = {"room": "#lobby", "seq": 1, "time": STARTED, "source": "ice"}
    assert lobby.json == {
        "room": "#lobby",
        "messages": [message | {"text": "hello <script>alert(1)</script> \u202e"}],
        "more": False,
    }
    assert lobby.headers["content-type"] == "application/json"
    [other] = client.get("/api/messages?room=%23caf%C3%A9").json["messages"]
    assert other["text"] == "psst"


def test_messages_can_be_paged_back_to_the_first(harness: WebHarness) -> None:
    ice = harness.enter("ice")
    for number in range(1, 8):
        ice.say(f"number {number}")
        harness.clock.advance(1)
    client = harness.connect_http()
    pages = []
    path = "/api/messages?limit=3"
    while True:
        page = client.get(path).json
        pages.append([message["seq"] for message in page["messages"]])
        if not page["more"]:
            break
        path = f"/api/messages?limit=3&before={pages[-1][0]}"
    assert pages == [[5, 6, 7], [2, 3, 4], [1]]
    assert client.get("/api/messages?limit=7").json["more"] is False
    assert client.get("/api/messages?before=1").json == {
        "room": "#lobby",
        "messages": [],
        "more": False,
    }


def test_the_api_never_shows_private_messages(harness: WebHarness) -> None:
    ice, _ = harness.enter_all("ice", "moon")
    ice.send("private", {"to": ["moon"], "text": "secret"})
    client = harness.connect_http()
    for path in ("/api/messages", "/api/users", "/api/rooms", "/health"):
        assert b"secret" not in client.get(path).body


def test_a_long_response_keeps_the_newest_messages(harness: WebHarness) -> None:
    ice = harness.enter("ice")
    for _ in range(100):
        ice.say("\U0001f600" * limits.MESSAGE_CHARACTERS)
        harness.clock.advance(1)
    response = harness.connect_http().get("/api/messages?limit=100")
    assert len(response.body) <= limits.REPLY_BYTES
    found = [message["seq"] for message in response.json["messages"]]
    assert len(found) > 10
    assert found == list(range(101 - len(found), 101))
    assert response.json["more"] is True


def test_a_long_list_of_users_is_cut(harness: WebHarness) -> None:
    ice = harness.enter("ice")
    for number in range(31):
        ice.send("join", {"room": f"#{number:02}" + "\u5b57" * 22})
        harness.clock.advance(1)
    assert len(harness.chat.hub.rooms().rooms) == 32
    others = [harness.enter(f"user{number}") for number in range(120)]
    for number in range(31):
        for other in others:
            other.send("join", {"room": f"#{number:02}" + "\u5b57" * 22})
        harness.clock.advance(1)
    response = harness.connect_http().get("/api/users")
    assert limits.REPLY_BYTES * 0.9 < len(response.body) <= limits.REPLY_BYTES
    assert response.json["more"] is True
    assert response.json["users"][-1]["nickname"] == "user119"


def test_health_says_how_full_the_server_is() -> None:
    with WebHarness(slots=3) as harness:
        harness.enter("ice")
        harness.open_websocket()
        assert harness.connect_http().get("/health").json == {
            "status": "ok",
            "server": "party",
            "started": STARTED,
            "members": 1,
            "slots": 3,
            "free": 2,
        }


def test_requests_take_no_slot() -> None:
    with WebHarness(slots=1) as harness:
        harness.enter("ice")
        assert harness.connect_http().get("/api/users").status == 200


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
def test_an_invalid_query_is_rejected(harness: WebHarness, query: str) -> None:
    response = harness.connect_http().get(f"/api/messages?{query}")
    assert (response.status, response.code) == (400, "bad-query")
    assert harness.chat.counters == {"bad-query": 1}


@pytest.mark.parametrize("path", ["/api/users", "/api/messages"])
@pytest.mark.parametrize("room", ["", "lobby", "%23", "%23a%00b", "%23a+b", "%23" + "x" * 64])
def test_an_invalid_room_name_is_rejected(harness: WebHarness, path: str, room: str) -> None:
    response = harness.connect_http().get(f"{path}?room={room}")
    assert (response.status, response.code) == (400, "bad-room-name")


@pytest.mark.parametrize("path", ["/api/users", "/api/messages"])
def test_an_unknown_room_is_not_found(harness: WebHarness, path: str) -> None:
    response = harness.connect_http().get(f"{path}?room=%23nowhere")
    assert (response.status, response.code) == (404, "no-such-room")
    assert harness.chat.counters == {"no-such-room": 1}


@pytest.mark.parametrize("path", ["/api/rooms", "/health"])
def test_paths_without_parameters_reject_a_query(harness: WebHarness, path: str) -> None:
    assert harness.connect_http().get(f"{path}?room=%23lobby").code == "bad-query"
