"""What a room is about, who is away, who somebody is, and what somebody does: in every dialect."""

from typing import Any

import pytest

from chatd.chat import limits
from tests.server.harness import Harness, connect_jim, connect_plain, connect_watcher, enter_plain
from tests.server.resuming import Member
from tests.server.test_kept_chat import KeptHarness


def without_time(frames: list[Any]) -> list[tuple[Any, ...]]:
    return [(each["room"], each["text"], each["nickname"]) for each in frames]


def test_a_topic_is_told_to_the_room_and_its_setter_and_to_watchers(harness: Harness) -> None:
    watcher = connect_watcher(harness)
    ice, moon, sun = harness.enter_all("ice", "moon", "sun")
    sun.send("leave", {"room": "#lobby"})
    for each in (watcher, ice, moon, sun):
        each.heard()
    ice.send("topic", {"room": "#lobby", "text": " tea "}, request_id=1)
    for each in (watcher, moon):
        assert without_time(each.heard_of("topic")) == [("#lobby", "tea", "ice")]
    told = ice.heard()
    assert [each["type"] for each in told] == ["topic", "ok"]
    assert sun.heard() == []


def test_who_enters_or_joins_is_told_the_topic_right_behind(harness: Harness) -> None:
    ice = harness.enter("ice")
    ice.send("join", {"room": "#dev"})
    ice.send("topic", {"room": "#dev", "text": "parsers"})
    ice.send("topic", {"room": "#lobby", "text": "tea"})
    moon = harness.connect()
    moon.hello("moon")
    assert [each["type"] for each in moon.heard()] == ["welcome", "topic"]
    moon.send("join", {"room": "#dev"}, request_id=1)
    told = moon.heard()
    assert [each["type"] for each in told] == ["joined", "topic", "ok"]
    assert told[1]["data"]["text"] == "parsers"


def test_a_topic_ends_with_its_room_and_can_be_removed(harness: Harness) -> None:
    ice = harness.enter("ice")
    for text in ("parsers", ""):
        ice.send("join", {"room": "#dev"})
        ice.send("topic", {"room": "#dev", "text": text or "lexers"})
        if not text:
            ice.send("topic", {"room": "#dev", "text": ""})
        ice.heard()
        ice.send("rooms")
        [rooms] = ice.heard_of("rooms")
        assert rooms["rooms"][1].get("topic", "") == text
        ice.send("leave", {"room": "#dev"})
    ice.heard()
    ice.send("join", {"room": "#dev"})
    assert ice.heard_of("topic") == []
    ice.send("topic", {"room": "#dev"})
    assert without_time(ice.heard_of("topic")) == [("#dev", "", "")]


@pytest.mark.parametrize(
    ("kind", "data", "code"),
    [
        ("topic", {"room": "#lobby", "text": "x" * (limits.TOPIC_CHARACTERS + 1)}, "bad-text"),
        ("topic", {"room": "#lobby", "text": "tea\n[Server]: hi"}, "bad-text"),
        ("topic", {"room": "#lobby", "text": "\x1b[2J"}, "bad-text"),
        ("topic", {"room": "#lobby", "text": "a\u2028b"}, "bad-text"),
        ("topic", {"room": "#dev", "text": "tea"}, "no-such-room"),
        ("topic", {"room": "#moons", "text": "tea"}, "not-in-room"),
        ("away", {"text": "x" * (limits.AWAY_CHARACTERS + 1)}, "bad-text"),
        ("away", {"text": "a\tb"}, "bad-text"),
        ("whois", {"nickname": "nobody"}, "not-reached"),
        ("whois", {"nickname": "\u0301" * 9_000}, "not-reached"),
    ],
)
def test_what_is_not_valid_is_refused_and_changes_nothing(
    harness: Harness, kind: str, data: dict[str, str], code: str
) -> None:
    ice, moon = harness.enter_all("ice", "moon")
    moon.send("join", {"room": "#moons"})
    moon.heard()
    ice.send(kind, data)
    assert ice.errors() == [code]
    assert moon.heard() == []


def test_who_writes_to_somebody_who_is_away_is_told_why(harness: Harness) -> None:
    ice, moon = harness.enter_all("ice", "moon")
    watcher = connect_watcher(harness)
    moon.send("away", {"text": "lunch"}, request_id=1)
    assert [each["type"] for each in moon.heard()] == ["away", "ok"]
    assert ice.heard_of("away") == [{"nickname": "moon", "text": "lunch"}]
    assert watcher.heard_of("away") == [{"nickname": "moon", "text": "lunch"}]
    ice.send("private", {"text": "psst", "to": ["moon"]}, request_id=2)
    [sent] = ice.heard_of("ok")
    assert sent["away"] == [{"nickname": "moon", "text": "lunch"}]
    ice.send("users")
    [users] = ice.heard_of("users")
    assert [each.get("away_text") for each in users["users"]] == [None, "lunch"]
    moon.send("away", {"text": ""})
    assert ice.heard_of("away") == [{"nickname": "moon", "text": ""}]
    moon.send("away", {"text": ""})
    assert ice.heard() == []
    ice.send("private", {"text": "psst", "to": ["moon"]}, request_id=3)
    [sent] = ice.heard_of("ok")
    assert "away" not in sent


def test_whois_tells_what_is_public_and_no_address(harness: Harness) -> None:
    ice, moon = harness.enter_all("ice", "Moon")
    moon.send("join", {"room": "#dev"})
    moon.send("away", {"text": "lunch"})
    ice.heard()
    ice.send("whois", {"nickname": "MOON"}, request_id=1)
    [told] = ice.heard()
    assert told["type"] == "whois"
    assert told["data"].pop("since") > 0
    assert told["data"] == {
        "nickname": "Moon",
        "rooms": ["#lobby", "#dev"],
        "operator": ["#dev"],
        "away": False,
        "away_text": "lunch",
        "account": False,
    }


def test_an_action_is_shown_as_one_in_each_dialect_and_nobody_can_forge_a_line(
    harness: Harness,
) -> None:
    ice = harness.enter("ice")
    plain = enter_plain(harness, "moon")
    jim = connect_jim(harness)
    jim.present("star")
    jim.ask("join", room="#lobby")
    jim.heard()
    sun = harness.enter("sun")
    ice.heard()
    plain.shown()
    ice.send("message", {"text": "waves\nmoon: I agree", "room": "#lobby", "action": True})
    assert plain.shown() == ["* ice waves", "* ice moon: I agree"]
    [message] = sun.heard_of("message")
    assert message["action"] is True
    for _ in range(5):
        harness.clock.advance(limits.JIM_PAUSE_MILLISECONDS / 1_000)
    texts = [each.get("message", each.get("message_text")) for each in jim.heard()]
    assert "* ice waves\n* ice moon: I agree" in texts
    plain.type("/me nods", "/history 2")
    shown = plain.shown()
    assert "* moon nods" in shown
    assert sum("* ice waves" in line for line in shown) == 1
    ice.send("private", {"text": "winks", "to": ["moon"], "action": True})
    assert plain.shown() == ["[private] * ice winks"]


def test_plain_members_use_all_of_it_with_typed_lines(harness: Harness) -> None:
    ice = harness.enter("ice")
    plain = enter_plain(harness, "moon")
    plain.shown()
    ice.heard()
    plain.type("/topic tea")
    [topic] = plain.shown()
    assert topic.startswith("[Server]: The topic of #lobby is: tea (moon, ")
    assert without_time(ice.heard_of("topic")) == [("#lobby", "tea", "moon")]
    plain.type("/AWAY lunch")
    assert plain.shown() == ["[Server]: The others know that you are away: lunch"]
    assert ice.heard_of("away") == [{"nickname": "moon", "text": "lunch"}]
    plain.type("/whois moon")
    [told] = plain.shown()
    assert told.startswith("[Server]: moon is here since ")
    assert told.endswith("in #lobby; away: lunch")
    plain.type("/back", "/clear", "/qr", "/query ice")
    back, clear, invite, query = plain.shown()
    assert back == "[Server]: You are back"
    assert clear == invite != ""
    assert "@ice TEXT" in query
    ice.send("away", {"text": "a walk"})
    assert plain.shown() == []
    plain.type("@ice psst")
    assert plain.shown() == ["[Server]: Sent to ice.", "[Server]: ice is away: a walk"]


def test_a_plain_member_sees_nothing_of_whom_it_ignores() -> None:
    with Harness(flood=0) as harness:
        _ignore_ice(harness)


def _ignore_ice(harness: Harness) -> None:
    ice, sun = harness.enter_all("Ice", "sun")
    plain, other = enter_plain(harness, "moon"), enter_plain(harness, "star")
    plain.type("/ignore ICE")
    plain.shown()
    other.shown()
    ice.say("hello")
    ice.send("private", {"text": "psst", "to": ["moon"]})
    ice.send("message", {"text": "waves", "room": "#lobby", "action": True})
    ice.send("join", {"room": "#dev"})
    ice.send("quit")
    sun.say("who was that?")
    assert plain.shown() == ["sun: who was that?"]
    assert "Ice: hello" in other.shown()
    plain.type("/history", "/ignore", "/unignore ice", "/ignore")
    shown = plain.shown()
    assert not [line for line in shown if "hello" in line]
    assert shown[-3:] == [
        "[Server]: You ignore: ice",
        "[Server]: You see again what ice says.",
        "[Server]: You ignore nobody.",
    ]
    for number in range(limits.IGNORED_NICKNAMES + 1):
        plain.type(f"/ignore bot{number}")
    assert "at most 100 nicknames" in plain.shown()[-1]


def test_a_name_with_a_space_is_offered_in_another_form(harness: Harness) -> None:
    ice = harness.connect()
    ice.hello("Anna M\u00fcller")
    [error] = ice.heard_of("error")
    assert error["suggestion"] == "Anna_M\u00fcller"
    assert error["message"].endswith('; "Anna_M\u00fcller" is possible.')
    plain = connect_plain(harness)
    plain.shown()
    plain.type("Anna M\u00fcller")
    harness.clock.advance(1)
    [asked] = plain.shown()
    assert asked.endswith("An empty line takes it. Your nickname?")
    plain.type("")
    harness.clock.advance(1)
    assert any("You are Anna_M\u00fcller" in line for line in plain.shown())
    plain.type("/nick Tom [x]")
    assert plain.shown()[-1].endswith('"Tom_x" is possible. An empty line takes it.')
    plain.type("")
    assert plain.shown() == ["[Server]: Anna_M\u00fcller renamed to Tom_x"]
    plain.type("", "/nick a b", "hello", "")
    assert [line for line in plain.shown() if "renamed" in line] == []


def test_a_request_of_another_protocol_is_offered_no_name(harness: Harness) -> None:
    ice = harness.enter("ice")
    plain = connect_plain(harness)
    plain.type("OPTIONS / RTSP/1.0", "")
    harness.clock.advance(1)
    assert ice.heard() == []


def test_topics_and_who_is_away_survive_a_lost_connection_and_a_restart() -> None:
    with KeptHarness() as harness:
        ice = Member(harness, "ice")
        ice.client.send("topic", {"room": "#lobby", "text": "tea"})
        ice.client.send("away", {"text": "lunch"})
        harness.commit()
        ice.read()
        ice.hang_up()
        assert [kind for kind, _ in ice.resume()][:2] == ["welcome", "topic"]
        ice.client.send("whois", {"nickname": "ice"})
        harness.commit()
        [told] = [data for kind, data in ice.read() if kind == "whois"]
        assert told["away_text"] == "lunch"
        engine = harness.engine
        harness.chat.end()
        harness.commit()
        with KeptHarness(engine) as again:
            moon = again.connect()
            moon.hello("moon")
            again.commit()
            assert without_time(moon.heard_of("topic")) == [("#lobby", "tea", "ice")]


def test_a_numbered_topic_that_is_sent_again_is_set_once(harness: Harness) -> None:
    ice, moon = Member(harness, "ice"), harness.enter("moon")
    for _ in range(2):
        ice.client.send_bytes(
            b'{"type":"topic","id":1,"n":1,"data":{"room":"#lobby","text":"tea"}}\n'
            b'{"type":"away","id":2,"n":2,"data":{"text":"lunch"}}\n'
        )
    answers = [kind for kind, _ in ice.read()]
    assert answers.count("ok") == 4
    assert [each["type"] for each in moon.heard()] == ["topic", "away"]
