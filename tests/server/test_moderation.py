"""What hosts decide reaches the connections, outlives the server, and holds on every node."""

from collections.abc import Iterator

import pytest

from chatd.log import codec
from tests.server.harness import Client, Harness
from tests.server.log_capture import LoggedHarness, logged
from tests.server.node import NodeHarness
from tests.server.resuming import Member, killed
from tests.server.test_kept_chat import KeptHarness

#: The address of the host's computer.
HOSTS_ADDRESS = "10.35.11.99"


@pytest.fixture
def harness() -> Iterator[Harness]:
    with Harness(flood=0) as harness:
        yield harness


def enter_host(harness: Harness, nickname: str = "ana") -> Client:
    """A host who has given the code, from another address than the others."""
    client = harness.connect(HOSTS_ADDRESS)
    client.hello(nickname)
    harness.pass_time(1)
    client.send("host", {"code": harness.chat.host_code.code})
    harness.pass_time(1)
    assert "host" in [each["what"] for each in client.heard_of("moderation")]
    return client


def test_a_kicked_member_is_told_and_its_connection_ends(harness: Harness) -> None:
    ice, moon = harness.enter_all("ice", "moon")
    ana = enter_host(harness)
    moon.heard()
    ice.heard()
    ana.send("kick", {"nickname": "ICE", "reason": "spam"}, "k")
    [reply] = [frame for frame in ana.heard() if frame.get("id") == "k"]
    assert reply["type"] == "ok"
    public = {"what": "kick", "by": "ana", "nickname": "ice"}
    told = [(frame["type"], frame["data"]) for frame in ice.heard()]
    assert told == [
        ("restricted", {"what": "kick", "by": "ana", "reason": "spam"}),
        ("moderation", public),
        ("goodbye", {"reason": "kicked"}),
    ]
    assert ice.is_dropped()
    assert [(frame["type"], frame["data"]) for frame in moon.heard()] == [
        ("moderation", public),
        ("left", {"nickname": "ice", "reason": "kicked"}),
    ]
    harness.enter("ice")


def test_a_kicked_client_does_not_resume_but_may_enter_again(harness: Harness) -> None:
    ice, ana = Member(harness, "ice"), enter_host(harness)
    ana.send("kick", {"nickname": "ice"})
    ice.hang_up()
    ice.resume()
    assert ice.welcome["resumed"] is False


def test_a_banned_client_is_told_so_at_the_door(harness: Harness) -> None:
    ice, ana = Member(harness, "ice"), enter_host(harness)
    ana.send("ban", {"nickname": "ice", "seconds": 7_200, "reason": "spam"})
    assert ("goodbye", {"reason": "banned"}) in ice.read()
    ice.hang_up()
    ice.nickname = "rain"
    [(kind, error)] = ice.resume()
    assert (kind, error["code"]) == ("error", "banned")
    assert error["message"] == "You are banned from the chat for 2 h: spam."
    assert ice.client.is_dropped()
    assert harness.chat.counters["banned"] == 1
    harness.pass_time(7_200)
    ice.resume()
    assert ice.welcome["resumed"] is False
    assert ice.welcome["nickname"] == "rain"


@pytest.mark.parametrize("kind", ["ban", "mute"])
def test_nothing_is_kept_of_what_is_over(harness: Harness, kind: str) -> None:
    """The address of a member, for example."""
    Member(harness, "ice")
    ana = enter_host(harness)
    ana.send(kind, {"nickname": "ice", "seconds": 60})
    harness.pass_time(59)
    assert harness.chat.hub.state().restrictions != ()
    harness.pass_time(2)
    assert harness.chat.hub.state().restrictions == ()


def test_a_muted_member_is_refused_until_the_time_is_over(harness: Harness) -> None:
    ice, ana = harness.enter("ice"), enter_host(harness)
    ana.send("mute", {"nickname": "ice", "seconds": 60})
    ice.say("hello")
    assert ice.errors() == ["muted"]
    harness.pass_time(60)
    ice.say("hello")
    assert ice.errors() == []


def test_a_host_that_resumes_is_a_host_and_shown_as_one(harness: Harness) -> None:
    ice, ana = harness.enter("ice"), Member(harness, "ana")
    ana.client.send("host", {"code": harness.chat.host_code.code})
    ana.hang_up()
    ana.resume()
    ana.client.send("mute", {"nickname": "ice"}, 1)
    assert ("ok", None) in ana.read()
    ice.heard()
    ice.send("users")
    [users] = ice.heard_of("users")
    assert [each.get("host", False) for each in users["users"]] == [False, True]


def test_blocking_an_account_ends_its_members_connection(harness: Harness) -> None:
    ice = harness.enter("ice")
    harness.chat.set_accounts({"ice": False}, {"ice": "1"})
    assert not ice.is_dropped()
    harness.chat.set_accounts({"ice": True}, {})
    assert ice.heard_of("goodbye") == [{"reason": "blocked"}]
    assert ice.is_dropped()
    harness.chat.set_accounts({}, {})


@pytest.mark.parametrize(
    "data",
    [
        {"nickname": "ice", "seconds": "1h"},
        {"nickname": "ice", "seconds": 10**30},
        {"nickname": "ice", "seconds": -(10**30)},
        {"nickname": "ice", "room": 7},
        {"nickname": None},
        {},
        None,
    ],
)
def test_a_frame_that_is_none_changes_nothing(harness: Harness, data: object) -> None:
    ice, ana = harness.enter("ice"), enter_host(harness)
    before = harness.chat.hub.state()
    for kind in ("ban", "mute"):
        ana.send(kind, data)
        assert ana.errors() == ["bad-frame"]
    assert harness.chat.hub.state() == before
    assert not ice.is_dropped()


def test_the_log_says_who_did_what_to_whom_and_where_but_not_why() -> None:
    with logged(LoggedHarness("info")) as harness:
        harness.enter_all("mars", "moon", "sun")
        ana = enter_host(harness)
        ana.send("join", {"room": "#dev"})
        ana.send("mute", {"nickname": "moon", "room": "#dev", "reason": "a secret"})
        ana.send("kick", {"nickname": "mars", "reason": "a secret"})
        ana.send("ban", {"nickname": "sun", "seconds": 60, "reason": "a secret"})
        ana.send("unban", {"nickname": "sun"})
        harness.clock.advance(0)
        lines = harness.info_messages()
        assert [each for each in lines if "ana" in each] == [
            "ana has entered the chat",
            "ana is a host now",
            "ana has joined #dev",
            "ana muted moon in #dev",
            "ana removed mars from the chat",
            "ana banned sun from the chat",
            "ana lifted the ban on sun",
        ]
        assert "mars has left the chat (kicked)" in lines
        text = harness.file.getvalue()
        assert "secret" not in text
        assert harness.chat.host_code.code not in text


# --- a restart ------------------------------------------------------------------------------------


def test_decisions_and_roles_survive_a_server_that_is_killed() -> None:
    harness = KeptHarness()
    ana, ice, sun = (Member(harness, nickname) for nickname in ("ana", "ice", "sun"))
    ana.client.send("host", {"code": harness.chat.host_code.code})
    ice.client.send("join", {"room": "#dev"})
    sun.client.send("join", {"room": "#dev"})
    ana.client.send("ban", {"nickname": "noise", "seconds": 3_600})
    ana.client.send("mute", {"nickname": "sun", "room": "#dev"})
    harness.commit()
    before = harness.chat.hub.state()
    with killed(harness) as again:
        noise = again.connect()
        noise.hello("NOISE")
        again.commit()
        assert noise.errors() == ["banned"]
        for member in (ana, ice, sun):
            member.harness = again
            member.resume()
            again.commit()
        sun.client.send("message", {"text": "hello", "room": "#dev"})
        again.commit()
        assert ("error", "muted") in [
            (kind, data["code"]) for kind, data in sun.read() if kind == "error"
        ]
        ice.client.send("kick", {"nickname": "sun", "room": "#dev"}, 1)  # an operator still
        ana.client.send("unban", {"nickname": "noise"}, 1)  # a host still
        again.commit()
        for member in (ice, ana):
            assert ("ok", None) in member.read()
        assert [each.nickname for each in again.chat.hub.users("#dev").users] == ["ice"]
    assert before.restrictions[0].nickname == "noise"


# --- a cluster ------------------------------------------------------------------------------------


def test_a_host_on_one_node_keeps_order_on_all() -> None:
    one = NodeHarness.begun("a")
    other = NodeHarness.begun("b", one.log)
    other.chat.new_token = lambda: "of another node"

    def both(seconds: float = 2) -> None:
        for _ in range(round(seconds / 0.05)):
            one.move()
            other.move()

    both()
    ice, ana = other.connect(), one.connect(HOSTS_ADDRESS)
    ice.hello("ice")
    ana.hello("ana")
    both()
    ana.send("host", {"code": one.chat.host_code.code})
    both()
    ana.send("ban", {"nickname": "ice", "seconds": 60, "reason": "spam"})
    both()
    assert ice.heard_of("goodbye") == [{"reason": "banned"}]
    assert ice.is_dropped()
    for node in (one, other):
        again = node.connect("10.35.11.50")
        again.hello("ICE")
        both()
        assert again.errors() == ["banned"]
    assert codec.digest(one.chat.hub.state()) == codec.digest(other.chat.hub.state())
    both(60)
    assert one.chat.hub.state().restrictions == ()
    other.stop()
    one.stop()
