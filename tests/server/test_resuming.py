"""A client that comes back goes on where it was: nothing is lost, and nothing happens twice."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.defer import succeed
from twisted.internet.task import Clock

from chatd.chat import limits
from chatd.server.chat import Chat, ServerSettings
from tests.server.harness import Harness, connect_browser, enter_plain, line
from tests.server.test_kept_chat import KeptHarness


@pytest.fixture
def harness() -> Iterator[Harness]:
    with Harness(flood=0) as harness:
        yield harness


class Member:
    """A native client that can resume, over all its connections.

    :ivar welcome: the data of the last welcome.
    :ivar seen: the number of the last message of each room.
    """

    def __init__(self, harness: Harness, nickname: str) -> None:
        self.harness = harness
        self.nickname = nickname
        self.welcome: dict[str, Any] = {}
        self.seen: dict[str, int] = {}
        self.private = 0
        self.client = harness.connect()
        self.frames: list[dict[str, Any]] = []
        self.hello()

    def hello(self, **resume: Any) -> None:
        data: dict[str, Any] = {"nickname": self.nickname, "version": 1}
        if self.welcome:
            data["resume"] = {
                "session": self.welcome["session"],
                "seen": self.seen,
                "private": self.private,
            } | resume
        self.client.send("hello", data)
        self.read()

    def read(self) -> list[tuple[str, Any]]:
        """The frames that came, as their types and data."""
        self.harness.clock.advance(0)
        frames: list[tuple[str, Any]] = [
            (frame["type"], frame.get("data")) for frame in self.client.heard()
        ]
        for kind, data in frames:
            if kind == "welcome":
                self.welcome = data
            elif kind == "message":
                self.seen[data["room"]] = data["seq"]
            elif kind == "private":
                self.private = data["seq"]
            elif kind == "missed":
                for message in data["messages"]:
                    self.seen[data["room"]] = message["seq"]
        return frames

    def say(self, text: str, number: int | None = None, **data: Any) -> Any:
        """Say it, and return what is answered."""
        frame = {"type": "message", "id": number, "n": number, "data": {"text": text, **data}}
        self.client.send_bytes(json.dumps({k: v for k, v in frame.items() if v}).encode() + b"\n")
        answers = self.client.heard()
        return [(each["type"], each.get("data")) for each in answers if each.get("id") == number]

    def hang_up(self) -> None:
        self.client.hang_up()

    def resume(self, **resume: Any) -> list[tuple[str, Any]]:
        """Come back on another connection; the frames that came."""
        self.client = self.harness.connect()
        frames: list[tuple[str, Any]] = []
        data = {
            "nickname": self.nickname,
            "version": 1,
            "resume": {
                "session": self.welcome.get("session", ""),
                "seen": self.seen,
                "private": self.private,
            }
            | resume,
        }
        self.client.send("hello", data)
        for _ in range(40):
            frames += self.read()
        return frames


def texts(frames: list[tuple[str, Any]]) -> list[str]:
    """The texts of the messages in `frames`, in order."""
    found = []
    for kind, data in frames:
        if kind == "missed":
            found += [each["text"] for each in data["messages"]]
        elif kind in ("message", "private"):
            found.append(data["text"])
    return found


def test_who_comes_back_in_time_was_never_gone(harness: Harness) -> None:
    ice, moon = Member(harness, "ice"), Member(harness, "moon")
    ice.client.send("join", {"room": "#dev"})
    ice.read()
    moon.read()
    ice.hang_up()
    moon.say("are you there?")
    harness.pass_time(limits.AWAY_SECONDS - 1)
    frames = ice.resume()
    moon.say("live")
    assert ice.welcome["resumed"] is True
    assert (ice.welcome["nickname"], ice.welcome["rooms"]) == ("ice", ["#lobby", "#dev"])
    assert texts(frames + ice.read()) == ["are you there?", "live"]
    harness.pass_time(limits.AWAY_SECONDS)
    assert moon.read() == []


def test_a_member_that_is_away_is_shown_as_such_and_keeps_its_nickname(harness: Harness) -> None:
    ice, moon = Member(harness, "ice"), Member(harness, "moon")
    ice.hang_up()
    moon.read()
    moon.client.send("users")
    [(_, users)] = moon.read()
    assert {each["nickname"]: each["away"] for each in users["users"]} == {
        "ice": True,
        "moon": False,
    }
    other = harness.connect()
    other.hello("Ice")
    assert other.errors() == ["nickname-taken"]
    harness.pass_time(limits.AWAY_SECONDS)
    assert ("left", {"nickname": "ice", "reason": "connection lost"}) in moon.read()
    other.hello("Ice")
    assert [frame["type"] for frame in other.heard()] == ["welcome"]


def test_who_comes_back_later_enters_again_and_has_missed_nothing(harness: Harness) -> None:
    ice, moon = Member(harness, "ice"), Member(harness, "moon")
    for member in (ice, moon):
        member.client.send("join", {"room": "#dev"})
        member.read()
    ice.hang_up()
    moon.say("one")
    moon.say("two", room="#dev")
    harness.pass_time(limits.AWAY_SECONDS)
    moon.say("three", room="#dev")
    moon.read()
    frames = ice.resume()
    assert ice.welcome["resumed"] is True
    assert ice.welcome["rooms"] == ["#lobby", "#dev"]
    assert texts(frames) == ["one", "two", "three"]
    assert moon.read() == [
        ("entered", {"nickname": "ice"}),
        ("joined", {"room": "#dev", "nickname": "ice"}),
    ]
    moon.say("live", room="#dev")
    assert texts(ice.read()) == ["live"]


def test_a_room_that_only_an_absent_member_was_in_waits_for_it(harness: Harness) -> None:
    ice = Member(harness, "ice")
    ice.client.send("join", {"room": "#dev"})
    ice.say("note to myself", room="#dev")
    ice.hang_up()
    harness.pass_time(limits.AWAY_SECONDS + limits.EMPTY_ROOM_SECONDS - 1)
    assert [each.room for each in harness.chat.hub.rooms().rooms] == ["#lobby", "#dev"]
    harness.pass_time(1)
    assert [each.room for each in harness.chat.hub.rooms().rooms] == ["#lobby"]


def test_what_is_said_in_a_room_that_began_anew_is_not_taken_for_what_was_seen(
    harness: Harness,
) -> None:
    ice, moon = Member(harness, "ice"), Member(harness, "moon")
    ice.client.send("join", {"room": "#dev"})
    for number in range(5):
        ice.say(f"old {number}", room="#dev")
    ice.seen["#dev"] = 5
    ice.hang_up()
    harness.pass_time(limits.AWAY_SECONDS + limits.EMPTY_ROOM_SECONDS)
    moon.client.send("join", {"room": "#dev"})
    moon.say("new", room="#dev")
    assert texts(ice.resume()) == ["new"]


def test_the_session_is_over_after_an_hour(harness: Harness) -> None:
    ice = Member(harness, "ice")
    ice.hang_up()
    harness.clock.advance(limits.SESSION_SECONDS)
    harness.clock.advance(0)
    ice.resume()
    assert ice.welcome["resumed"] is False


def test_a_session_that_was_resumed_begins_another_hour() -> None:
    with Harness(timeout=0) as harness:
        ice = Member(harness, "ice")
        ice.hang_up()
        ice.resume()
        harness.clock.advance(limits.SESSION_SECONDS)
        harness.clock.advance(0)
        ice.hang_up()
        ice.resume()
        assert ice.welcome["resumed"] is True


@pytest.mark.parametrize("end", ["quit", "inactive"])
def test_who_has_left_cannot_resume(end: str) -> None:
    with Harness(timeout=30) as harness:
        ice = Member(harness, "ice")
        if end == "quit":
            ice.client.send("quit")
        else:
            harness.pass_time(31)
        ice.hang_up()
        ice.resume()
        assert ice.welcome["resumed"] is False


def test_a_reader_that_is_too_slow_can_come_back(harness: Harness) -> None:
    ice, moon = Member(harness, "ice"), Member(harness, "moon")
    ice.client.stop_reading()
    for number in range(300):
        moon.say(f"{number} " + "x" * 4_000)
    assert ice.client.is_cut_off()
    ice.client.heard()
    ice.hang_up()
    assert ("left", {"nickname": "ice", "reason": "too slow"}) in moon.read()
    frames = ice.resume()
    sent = [int(text.split()[0]) for text in texts(frames)]
    # Of each room as much text is kept in memory.
    assert sent == list(range(300 - len(sent), 300))
    assert [data["gap"] for kind, data in frames if kind == "missed"].count(True) == 1


# --- what is sent again -------------------------------------------------------------------------


def test_a_line_that_is_sent_again_is_said_once(harness: Harness) -> None:
    ice, moon = Member(harness, "ice"), Member(harness, "moon")
    [(kind, first)] = ice.say("hello", 1)
    assert kind == "ok"
    ice.hang_up()
    ice.resume()
    assert ice.say("hello", 1) == [("ok", first)]
    [(_, second)] = ice.say("again", 2)
    assert second["seq"] == first["seq"] + 1
    assert texts(moon.read()) == ["hello", "again"]


def test_every_numbered_command_is_answered_as_the_first_time(harness: Harness) -> None:
    ice, moon = Member(harness, "ice"), Member(harness, "moon")
    asked = [
        b'{"type":"join","id":1,"n":1,"data":{"room":"#dev"}}\n',
        b'{"type":"private","id":2,"n":2,"data":{"text":"psst","to":["moon","nobody"]}}\n',
        b'{"type":"set-name","id":3,"n":3,"data":{"nickname":"Ice"}}\n',
        b'{"type":"leave","id":4,"n":4,"data":{"room":"#dev"}}\n',
    ]

    def answers() -> list[dict[str, Any]]:
        for each in asked:
            ice.client.send_bytes(each)
        return [frame for frame in ice.client.heard() if "id" in frame]

    first = answers()
    assert [frame["type"] for frame in first] == ["ok"] * 4
    moon.read()
    ice.hang_up()
    ice.resume()
    assert answers() == first
    assert moon.read() == []


def test_a_number_that_another_command_had_is_refused(harness: Harness) -> None:
    ice, moon = Member(harness, "ice"), Member(harness, "moon")
    ice.say("hello", 7)
    [(kind, data)] = ice.say("something else", 7)
    assert (kind, data["code"]) == ("error", "number-reused")
    assert texts(moon.read()) == ["hello"]


def test_a_number_that_is_too_old_is_refused(harness: Harness) -> None:
    ice, moon = Member(harness, "ice"), Member(harness, "moon")
    for number in range(1, limits.UNCONFIRMED_LINES + 2):
        ice.say(f"line {number}", number)
    moon.read()
    [(kind, data)] = ice.say("line 1", 1)
    assert (kind, data["code"]) == ("error", "outdated-number")
    assert ice.say("line 2", 2)[0][0] == "ok"
    assert moon.read() == []


def test_a_refused_command_may_be_sent_again(harness: Harness) -> None:
    ice = Member(harness, "ice")
    [(kind, data)] = ice.say("hello", 1, room="#dev")
    assert (kind, data["code"]) == ("error", "no-such-room")
    ice.client.send("join", {"room": "#dev"})
    assert ice.say("hello", 1, room="#dev")[0][0] == "ok"


def test_a_command_that_was_refused_before_others_may_be_sent_again_and_is_done_once(
    harness: Harness,
) -> None:
    ice, moon = Member(harness, "ice"), Member(harness, "moon")
    [refused] = ice.say("hello", 2, room="#dev")
    for number in (1, 3, 4):
        assert ice.say(f"line {number}", number)[0][0] == "ok"
    assert ice.say("hello", 2, room="#dev") == [refused]
    for each in (ice, moon):
        each.client.send("join", {"room": "#dev"})
        each.read()
    [done] = ice.say("hello", 2, room="#dev")
    assert done[0] == "ok"
    ice.hang_up()
    ice.resume()
    assert ice.say("hello", 2, room="#dev") == [done]
    assert texts(moon.read()).count("hello") == 1


def test_however_refused_and_new_commands_are_mixed_none_is_done_twice(harness: Harness) -> None:
    ice, moon = Member(harness, "ice"), Member(harness, "moon")
    count = 2 * limits.UNCONFIRMED_LINES
    for number in range(1, count, 2):
        ice.say(f"line {number}", number)
        ice.say(f"line {number + 1}", number + 1, room="#dev")
    for each in (ice, moon):
        each.client.send("join", {"room": "#dev"})
    said = texts(moon.read())
    for _ in range(3):
        for number in range(count, 0, -1):
            room = "#lobby" if number % 2 else "#dev"
            ice.say(f"line {number}", number, room=room)
    said += texts(moon.read())
    assert len(said) == len(set(said))
    assert len(said) > limits.UNCONFIRMED_LINES


def test_the_numbers_of_a_client_without_a_session_count_for_nothing(harness: Harness) -> None:
    plain, moon = enter_plain(harness, "ice"), Member(harness, "moon")
    plain.type("one", "two")
    assert texts(moon.read()) == ["one", "two"]


# --- what was missed ----------------------------------------------------------------------------


def test_own_messages_are_not_missed(harness: Harness) -> None:
    ice, moon = Member(harness, "ice"), Member(harness, "moon")
    moon.say("one")
    ice.say("mine", 1)
    moon.say("two")
    ice.client.heard()  # all of it was lost on the way
    ice.hang_up()
    assert texts(ice.resume()) == ["one", "two"]


def test_a_long_absence_comes_in_pages_each_read_before_the_next(harness: Harness) -> None:
    ice, moon = Member(harness, "ice"), Member(harness, "moon")
    ice.hang_up()
    for number in range(350):
        moon.say(str(number))
    ice.client = harness.connect()
    ice.client.transport.is_full = True
    ice.client.send(
        "hello",
        {"nickname": "ice", "version": 1, "resume": {"session": ice.welcome["session"]}},
    )
    ice.client.send("message", {"text": "afterwards"}, 1)
    for _ in range(20):
        harness.clock.advance(0)
    frames = ice.read()
    assert len(texts(frames)) < 350
    assert not [kind for kind, _ in frames if kind == "ok"]
    for _ in range(100):
        ice.client.resume_reading()
        harness.clock.advance(0)
        frames += ice.read()
    assert texts(frames) == [str(number) for number in range(350)]
    assert [kind for kind, _ in frames if kind not in ("welcome", "missed")] == ["ok"]
    more = [data["more"] for kind, data in frames if kind == "missed"]
    assert more == [True] * (len(more) - 1) + [False]


def test_what_is_said_while_a_client_catches_up_comes_after_it(harness: Harness) -> None:
    ice, moon = Member(harness, "ice"), Member(harness, "moon")
    ice.hang_up()
    for number in range(250):
        moon.say(str(number))
    ice.client = harness.connect()
    ice.client.transport.is_full = True
    ice.client.send(
        "hello",
        {"nickname": "ice", "version": 1, "resume": {"session": ice.welcome["session"]}},
    )
    moon.say("250")
    frames = ice.read()
    for number in range(100):
        if number == 1:
            moon.say("251")
        ice.client.resume_reading()
        harness.clock.advance(0)
        frames += ice.read()
    moon.say("252")
    frames += ice.read()
    ice.client.resume_reading()
    frames += ice.read()
    assert texts(frames) == [str(number) for number in range(253)]


def test_a_gap_is_said() -> None:
    with Harness(history=3, flood=0) as harness:
        ice, moon = Member(harness, "ice"), Member(harness, "moon")
        moon.say("0")
        ice.read()
        ice.hang_up()
        for number in range(1, 6):
            moon.say(str(number))
        frames = ice.resume()
        assert texts(frames) == ["3", "4", "5"]
        assert [data["gap"] for kind, data in frames if kind == "missed"] == [True]


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        ({"#lobby": 999}, ["one", "two"]),
        ({"#nowhere": 5, "nonsense": 1, "": 2}, ["one", "two"]),
        ({f"#{number}": number for number in range(4_000)}, ["one", "two"]),
        ({"#lobby": 0}, ["one", "two"]),
        ({"#lobby": 2}, ["two"]),
        ({"#lobby": 3}, []),
    ],
    ids=["beyond the end", "unknown rooms", "4,000 rooms", "from the beginning", "half", "all"],
)
def test_whatever_a_client_says_that_it_has_seen(
    harness: Harness, seen: dict[str, int], expected: list[str]
) -> None:
    moon = Member(harness, "moon")
    moon.say("before")
    ice = Member(harness, "ice")
    ice.hang_up()
    moon.say("one")
    moon.say("two")
    assert texts(ice.resume(seen=seen)) == expected


@pytest.mark.parametrize("bad", [{"seen": {"#lobby": -1}}, {"private": -1}, {"session": 5}])
def test_what_cannot_be_seen_is_refused(harness: Harness, bad: dict[str, Any]) -> None:
    ice = Member(harness, "ice")
    ice.hang_up()
    [(kind, data)] = ice.resume(**bad)
    assert (kind, data["code"]) == ("error", "bad-frame")
    assert ice.resume() != []
    assert ice.welcome["resumed"] is True


# --- private messages ---------------------------------------------------------------------------


def test_private_messages_wait_for_whoever_is_away(harness: Harness) -> None:
    ice, moon = Member(harness, "ice"), Member(harness, "moon")
    moon.client.send("private", {"text": "first", "to": ["ice"]})
    assert texts(ice.read()) == ["first"]
    ice.hang_up()
    moon.client.send("private", {"text": "second", "to": ["ice"]}, 1)
    assert [kind for kind, _ in moon.read() if kind != "entered"] == ["ok"]
    frames = ice.resume()
    assert [(kind, data["seq"]) for kind, data in frames if kind == "private"] == [("private", 2)]
    assert texts(frames) == ["second"]
    ice.hang_up()
    assert texts(ice.resume()) == []


def test_private_messages_belong_to_the_session_and_not_to_the_name(harness: Harness) -> None:
    ice, moon = Member(harness, "ice"), Member(harness, "moon")
    ice.hang_up()
    moon.client.send("private", {"text": "for the first", "to": ["ice"]})
    harness.pass_time(limits.AWAY_SECONDS)
    other = Member(harness, "ice")
    moon.client.send("private", {"text": "for the second", "to": ["ice"]})
    assert texts(other.read()) == ["for the second"]
    ice.nickname = "sun"
    assert texts(ice.resume()) == ["for the first"]
    assert ice.welcome["nickname"] == "sun"


def test_too_many_private_messages_leave_a_hole_in_their_numbers(harness: Harness) -> None:
    ice, moon = Member(harness, "ice"), Member(harness, "moon")
    ice.hang_up()
    for number in range(limits.PRIVATE_BOX_MESSAGES + 3):
        moon.client.send("private", {"text": str(number), "to": ["ice"]})
    frames = ice.resume()
    numbers = [data["seq"] for kind, data in frames if kind == "private"]
    assert numbers == list(range(4, limits.PRIVATE_BOX_MESSAGES + 4))


def test_the_fullest_boxes_give_way_to_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PRIVATE_CHARACTERS", 2_000)
    with Harness(flood=0) as harness:
        ice, moon, sun = (Member(harness, name) for name in ("ice", "moon", "sun"))
        for member in (moon, sun):
            member.hang_up()
        ice.client.send("private", {"text": "a" * 100, "to": ["sun"]})
        for number in range(5):
            ice.client.send("private", {"text": str(number) * 500, "to": ["moon"]})
        assert texts(sun.resume()) == ["a" * 100]
        assert texts(moon.resume()) == [str(number) * 500 for number in range(2, 5)]
        for _ in range(8):
            ice.client.send("private", {"text": "b" * 400, "to": ["moon", "sun"]})
        kept = [each.private for each in harness.chat.hub.state().sessions]
        assert sum(len(each.text) for private in kept for each in private) == 2_000


# --- tokens -------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", ["", "nobody's", "\u00fc\U0001f600", "x" * 64])
def test_a_token_that_is_none_is_like_none(harness: Harness, token: str) -> None:
    ice, moon = Member(harness, "ice"), Member(harness, "moon")
    ice.nickname = "sun"
    ice.resume(session=token)
    assert (ice.welcome["resumed"], ice.welcome["nickname"]) == (False, "sun")
    assert ("entered", {"nickname": "sun"}) in moon.read()


def test_each_session_has_a_token_of_128_bits_that_no_log_shows(harness: Harness) -> None:
    chat = Chat(ServerSettings("party"), harness.clock, lambda: 0)
    tokens = {chat.new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert {len(token) for token in tokens} == {22}


def test_a_session_that_two_use_at_once_belongs_to_the_last(harness: Harness) -> None:
    ice, moon = Member(harness, "ice"), Member(harness, "moon")
    moon.read()
    first = ice.client
    ice.resume()
    assert ice.welcome["resumed"] is True
    assert first.heard_of("goodbye") == [{"reason": "resumed elsewhere"}]
    assert first.is_dropped()
    first.hang_up()
    ice.say("still here")
    harness.pass_time(limits.AWAY_SECONDS + 1)
    assert moon.read() == [("message", moon_heard(ice, "still here"))]
    assert harness.free == harness.chat.settings.slots - 2


def moon_heard(ice: Member, text: str) -> dict[str, Any]:
    [message] = ice.harness.chat.hub.read_history("#lobby", 1).messages
    assert message.text == text
    return {
        "room": "#lobby",
        "seq": message.seq,
        "time": message.time,
        "source": "ice",
        "text": text,
    }


def test_on_a_full_server_a_ghost_makes_way(harness: Harness) -> None:
    with Harness(slots=1, flood=0) as full:
        ice = Member(full, "ice")
        ice.resume()
        assert ice.welcome["resumed"] is True
        assert full.free == 0
        other = full.connect()
        other.hello("moon")
        assert other.errors() == ["full"]
        assert full.chat.rejected_sessions == 1
        ice.say("here")
        assert full.chat.hub.member_count == 1


def test_no_more_members_than_slots_come_with_a_session_that_ends_meanwhile() -> None:
    with KeptHarness(slots=1) as full:
        ice = Member(full, "ice")
        others = [full.connect() for _ in range(3)]
        full.commit()
        resume = {"session": ice.welcome["session"]}
        for number, other in enumerate(others):  # all in one turn
            data = {"nickname": f"moon{number}", "version": 1, "resume": resume}
            other.connection.dataReceived(line("hello", data))
        ice.client.connection.dataReceived(line("quit"))
        full.commit()
        # One has got the slot that ice has left, and the others may try again.
        assert [other.heard()[0]["type"] for other in others] == ["welcome", "error", "error"]
        assert (full.chat.hub.member_count, full.free) == (1, 0)


def test_a_hello_that_comes_late_resumes_as_well(harness: Harness) -> None:
    ice, moon = Member(harness, "ice"), Member(harness, "moon")
    ice.say("one", 1)
    ice.hang_up()
    moon.say("two")
    ice.client = harness.connect()
    harness.clock.advance(limits.DIALECT_DETECTION_MILLISECONDS / 1_000)
    harness.clock.advance(0)
    ice.client.transport.clear()  # what a basic client is told
    ice.client.send(
        "hello",
        {"nickname": "ice", "version": 1, "resume": {"session": ice.welcome["session"]}},
    )
    frames = ice.read()
    assert ice.welcome["resumed"] is True
    assert texts(frames) == ["two"]
    assert [each.nickname for each in harness.chat.hub.users().users] == ["moon", "ice"]


def test_a_server_has_a_bounded_number_of_sessions() -> None:
    with Harness(slots=2, flood=0) as harness:
        members = []
        for number in range(5):
            members.append(Member(harness, f"ice{number}"))
            members[-1].hang_up()
            harness.pass_time(limits.AWAY_SECONDS)
        welcomes = []
        for member in reversed(members):
            member.resume()
            welcomes.append(member.welcome["resumed"])
            member.client.send("quit")
            member.hang_up()
        assert welcomes == [True, True, True, True, False]


def test_nothing_is_carried_out_for_who_is_away() -> None:
    with KeptHarness(disk=Clock()) as harness:
        ice, moon = harness.connect(), harness.connect()
        harness.commit()
        ice.hello("ice")
        moon.hello("moon")
        harness.commit()
        for client in (ice, moon):
            client.heard()
        harness.chat.end()
        ice.say("too late", 1)
        harness.commit()
        assert not [frame for frame in ice.heard() if frame["type"] == "ok"]
        assert "too late" not in [each.message.text for each in harness.engine.messages]


# --- accounts -----------------------------------------------------------------------------------


def enter_account(harness: Harness, nickname: str) -> Member:
    """A member with the nickname of an account."""
    harness.chat.set_accounts({nickname: False})
    harness.chat.check_password = lambda command, address: succeed(command.account)
    member = Member.__new__(Member)
    member.harness, member.nickname = harness, nickname
    member.welcome, member.seen, member.private = {}, {}, 0
    member.client = harness.connect()
    member.hello()
    member.client.send("authenticate", {"account": nickname, "password": "sesame"})
    member.read()
    return member


def test_who_has_given_the_password_need_not_give_it_again(harness: Harness) -> None:
    star = enter_account(harness, "star")
    star.hang_up()
    harness.pass_time(limits.AWAY_SECONDS)
    star.resume()
    assert (star.welcome["resumed"], star.welcome["nickname"]) == (True, "star")


def test_a_blocked_account_cannot_come_back(harness: Harness) -> None:
    star = enter_account(harness, "star")
    star.hang_up()
    harness.pass_time(limits.AWAY_SECONDS)
    harness.chat.set_accounts({"star": True})
    [(kind, data)] = star.resume()
    assert (kind, data["code"]) == ("error", "blocked")


def test_a_guest_whose_nickname_has_become_an_account_needs_its_password(harness: Harness) -> None:
    ice = Member(harness, "ice")
    ice.hang_up()
    harness.pass_time(limits.AWAY_SECONDS)
    harness.chat.set_accounts({"ice": False})
    harness.chat.check_password = lambda command, address: succeed(command.account)
    [(kind, data)] = ice.resume()
    assert (kind, data["code"]) == ("error", "password-required")
    ice.client.send("authenticate", {"account": "ice", "password": "sesame"})
    ice.read()
    assert ice.welcome["resumed"] is True


# --- the other dialects -------------------------------------------------------------------------


def test_a_plain_member_has_left_as_soon_as_its_connection_is_lost(harness: Harness) -> None:
    moon, sun = Member(harness, "moon"), enter_plain(harness, "sun")
    moon.read()
    sun.hang_up()
    assert moon.read() == [("left", {"nickname": "sun", "reason": "connection lost"})]


def test_a_page_resumes_too(harness: Harness) -> None:
    browser = connect_browser(harness)
    browser.send("hello", {"nickname": "ice", "version": 1})
    [welcome] = browser.heard_of("welcome")
    browser.hang_up()
    moon = Member(harness, "moon")
    moon.say("hello")
    again = connect_browser(harness)
    again.send(
        "hello",
        {"nickname": "ice", "version": 1, "resume": {"session": welcome["session"]}},
    )
    frames = again.heard()
    assert [frame["type"] for frame in frames] == ["welcome", "missed"]
    assert frames[0]["data"]["resumed"] is True
    assert harness.free == harness.chat.settings.slots - 2


# --- a server that keeps its chat ---------------------------------------------------------------


def killed(harness: KeptHarness) -> KeptHarness:
    """Another server, after the first one was killed."""
    again = KeptHarness(harness.engine)
    again.clock.advance(harness.clock.seconds() + 1)
    return again


def test_after_a_restart_everybody_goes_on_where_they_were() -> None:
    first = KeptHarness()
    ice, moon = Member(first, "ice"), Member(first, "moon")
    moon.client.send("join", {"room": "#dev"})
    moon.read()
    [(_, said)] = ice.say("one", 1)
    assert texts(moon.read()) == ["one"]
    moon.say("two", 1)
    ice.client.send("private", {"text": "psst", "to": ["moon"]}, 2)
    ice.client.heard()  # none of this arrives
    with killed(first) as second:
        ice.harness = moon.harness = second
        frames = moon.resume()
        assert moon.welcome["resumed"] is True
        assert moon.welcome["rooms"] == ["#lobby", "#dev"]
        assert texts(frames) == ["psst"]
        assert texts(ice.resume()) == ["two"]
        assert ice.say("one", 1) == [("ok", said)]
        second.pass_time(limits.AWAY_SECONDS + 1)
        assert moon.read() == [], "nobody was gone"


def test_who_does_not_come_back_after_a_restart_has_left() -> None:
    first = KeptHarness()
    Member(first, "ice")
    moon = Member(first, "moon")
    enter_plain(first, "sun")
    with killed(first) as second:
        moon.harness = second
        moon.resume()
        moon.client.send("users")
        [(_, users)] = moon.read()
        assert [(each["nickname"], each["away"]) for each in users["users"]] == [
            ("ice", True),
            ("moon", False),
        ]
        second.pass_time(limits.AWAY_SECONDS + 1)
        assert moon.read() == [("left", {"nickname": "ice", "reason": "connection lost"})]


def test_what_is_in_memory_no_more_comes_from_the_archive() -> None:
    with KeptHarness(history=3) as harness:
        ice, moon = Member(harness, "ice"), Member(harness, "moon")
        moon.say("0")
        ice.say("mine", 1)
        ice.read()
        ice.hang_up()
        for number in range(1, 301):
            moon.say(str(number))
        frames = ice.resume(seen={"#lobby": 1})
        assert texts(frames) == [str(number) for number in range(1, 301)]
        assert not any(data["gap"] for kind, data in frames if kind == "missed")
        moon.say("live")
        assert texts(ice.read()) == ["live"]


def test_long_messages_come_from_the_archive_without_a_hole() -> None:
    with KeptHarness(history=3) as harness:
        ice, moon = Member(harness, "ice"), Member(harness, "moon")
        ice.hang_up()
        for number in range(100):
            moon.say(f"{number} ".ljust(limits.MESSAGE_CHARACTERS, "\U0001f600"))
        frames = ice.resume()
        for _ in range(10):
            frames += ice.resume()
        assert [int(text.split()[0]) for text in texts(frames)] == list(range(100))


@pytest.mark.parametrize("is_said", [True, False], ids=["something", "nothing"])
def test_no_gap_is_told_of_a_room_that_ended_and_has_begun_again(is_said: bool) -> None:
    with KeptHarness() as harness:
        ice, moon = Member(harness, "ice"), Member(harness, "moon")
        ice.client.send("join", {"room": "#Dev"})
        ice.say("before", room="#Dev")
        ice.read()
        ice.hang_up()
        harness.pass_time(limits.AWAY_SECONDS + limits.EMPTY_ROOM_SECONDS)
        moon.client.send("join", {"room": "#tea"})
        for number in range(5):
            moon.say(str(number), room="#tea")
        moon.client.send("leave", {"room": "#tea"})
        moon.client.send("join", {"room": "#dev"})
        if is_said:
            moon.say("after", room="#dev")
        frames = ice.resume(seen={"#Dev": 1, "#lobby": 0})
        assert ice.welcome["rooms"] == ["#lobby", "#dev"]
        assert texts(frames) == ["after"] * is_said
        assert not any(data["gap"] for kind, data in frames if kind == "missed")
        moon.say("live", room="#dev")
        assert texts(ice.read()) == ["live"]


def test_a_gap_in_what_is_kept_is_said() -> None:
    with KeptHarness(history=3) as harness:
        ice, moon = Member(harness, "ice"), Member(harness, "moon")
        moon.say("0")
        ice.read()
        ice.hang_up()
        for number in range(1, 20):
            moon.say(str(number))
        del harness.engine.messages[:10]
        frames = ice.resume()
        assert texts(frames) == [str(number) for number in range(10, 20)]
        assert [data["gap"] for kind, data in frames if kind == "missed"].count(True) == 1
