"""A room that has had a key: whoever is not in it learns nothing of it, whatever they ask."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chatd.chat import limits
from tests.server.harness import (
    Client,
    Harness,
    PlainClient,
    connect_basic,
    connect_watcher,
    enter_irc,
    enter_jim,
    enter_plain,
    line,
)
from tests.server.log_capture import log_events
from tests.server.test_kept_chat import KeptHarness

SECRET = "green tea at noon"  # noqa: S105  # it opens nothing


def settle(harness: Harness) -> None:
    for _ in range(40):
        harness.clock.advance(0.05)


def native(harness: Harness, nickname: str = "sun") -> Client:
    client = harness.connect()
    client.hello(nickname)
    settle(harness)
    client.heard()
    return client


def make_secret(harness: Harness) -> Client:
    """Ice, who has made #secret, where only its client is."""
    ice = native(harness, "ice")
    ice.send("join", {"room": "#secret"})
    ice.send("message", {"room": "#secret", "text": SECRET + " (before)"})
    ice.send("set-room", {"room": "#secret", "key": "sesame"})
    ice.send("message", {"room": "#secret", "text": SECRET})
    ice.send("topic", {"room": "#secret", "text": SECRET})
    settle(harness)
    return ice


@pytest.fixture(params=["in memory", "kept"])
def harness(request: pytest.FixtureRequest) -> Iterator[Harness]:
    made = KeptHarness(history=1) if request.param == "kept" else Harness(flood=0, history=1)
    with made:
        yield made


#: What a user types or a program sends to learn of the room, for each dialect.
NATIVE = [
    line("users"),
    line("users", {"room": "#secret"}),
    line("rooms"),
    line("whois", {"nickname": "ice"}),
    line("history", {"room": "#secret", "limit": 100}),
    line("topic", {"room": "#secret"}),
    line("search", {"words": "tea"}),
    line("search", {"words": "", "room": "#secret"}),
    line("search", {"words": "", "from": "ice"}),
]
NATIVE_MEMBER = [
    *NATIVE,
    line("message", {"room": "#secret", "text": "who is there?"}),
    line("topic", {"room": "#secret", "text": "ours now"}),
    line("leave", {"room": "#secret"}),
    line("set-room", {"room": "#secret", "key": ""}),
    line("remove", {"room": "#secret", "seq": 1}),
    line("bans", {"room": "#secret"}),
    line("kick", {"room": "#secret", "nickname": "ice"}),
    line("mute", {"room": "#secret", "nickname": "ice"}),
]
PLAIN = [
    b"/users\n",
    b"/users #secret\n",
    b"/rooms\n",
    b"/whois ice\n",
    b"/join #open\n",
    b"/topic #secret\n",
    b"/search tea\n",
    b"/search #secret\n",
    b"/search @ice\n",
    b"/leave #secret\n",
    b"/remove #secret 1\n",
]
JIM = [
    json.dumps({"time": 1, **asked}).encode()
    for asked in (
        {"action": "leave", "room": "#secret"},
        {"action": "msg", "to": "#secret", "message": "hello"},
        {"action": "msg", "to": "#lobby", "message": "hello"},
    )
]
BASIC = [line("users", ""), line("history", "")]


def basic(harness: Harness) -> Client:
    client = connect_basic(harness)
    client.send("set-name", "sun")
    settle(harness)
    return client


ASKERS: dict[str, tuple[Callable[[Harness], Client], list[bytes]]] = {
    "native": (native, NATIVE_MEMBER),
    "watcher": (connect_watcher, NATIVE),
    "plain": (lambda harness: enter_plain(harness, "sun"), PLAIN),
    "jim": (lambda harness: enter_jim(harness, "sun"), JIM),
    "basic": (basic, BASIC),
}


@pytest.mark.parametrize(
    ("asker", "comes_first"),
    [
        (asker, comes_first)
        for asker in ASKERS
        for comes_first in (False, True)
        # A watcher who came first has heard what was said before there was a key.
        if not (comes_first and asker == "watcher")
    ],
)
def test_whoever_is_not_in_it_learns_nothing(
    harness: Harness, asker: str, comes_first: bool
) -> None:
    """Neither by asking, nor by listening while it is talked there."""
    connect, questions = ASKERS[asker]
    client = connect(harness) if comes_first else None
    ice = make_secret(harness)
    client = client or connect(harness)
    received: list[str] = []
    for question in questions:
        client.send_bytes(question)
        ice.send("message", {"room": "#secret", "text": SECRET})
        settle(harness)
        if isinstance(client, PlainClient):
            received += client.shown()
        else:
            received += [json.dumps(frame, ensure_ascii=False) for frame in client.heard()]
    assert received
    for each in received:
        assert SECRET not in each
        # Where it names the room, it says that there is none.
        assert "#secret" not in each or "There is no room #secret." in each, each


@pytest.mark.parametrize(
    "question",
    [
        "LIST",
        "LIST {}",
        "NAMES {}",
        "WHO {}",
        "WHO ice",
        "WHOIS ice",
        "MODE {}",
        "MODE {} b",
        "TOPIC {}",
        "TOPIC {} :ours",
        "PART {}",
        "PRIVMSG {} :hello",
        "KICK {} ice",
        "INVITE sun {}",
        "CHATHISTORY LATEST {} * 50",
    ],
)
def test_irc_clients_are_answered_as_if_there_were_no_such_room(
    harness: Harness, question: str
) -> None:
    make_secret(harness)
    sun = enter_irc(harness, "sun")
    settle(harness)
    sun.shown()

    def answer(room: str) -> list[str]:
        first = sun.tell(question.format(room))
        settle(harness)
        return [*first, *sun.shown()]

    about_it = answer("#secret")
    assert about_it == [line.replace("#absent", "#secret") for line in answer("#absent")]
    assert SECRET not in "".join(about_it)


def test_a_member_hears_reads_and_finds_what_is_said_there(harness: Harness) -> None:
    make_secret(harness)
    sun = native(harness)
    sun.send("join", {"room": "#secret", "key": "sesame"})
    settle(harness)
    sun.heard()
    for question in NATIVE:
        sun.send_bytes(question)
        settle(harness)
    answers = sun.heard()
    assert not [each for each in answers if each["type"] == "error"]
    [history] = [each["data"] for each in answers if each["type"] == "history"]
    kept = isinstance(harness, KeptHarness)
    assert [each["text"] for each in history["messages"]] == [SECRET + " (before)", SECRET][
        0 if kept else 1 :
    ]
    found = [each["data"]["messages"] for each in answers if each["type"] == "search"]
    assert all(SECRET in [each["text"] for each in messages] for messages in found)


def test_who_makes_a_room_of_that_name_later_finds_and_reads_nothing(harness: Harness) -> None:
    ice = make_secret(harness)
    ice.send("leave", {"room": "#secret"})
    settle(harness)
    sun = native(harness)
    sun.send("join", {"room": "#secret"})
    for question in NATIVE:
        sun.send_bytes(question)
        settle(harness)
    assert SECRET not in json.dumps(sun.heard())
    sun.send("message", {"room": "#secret", "text": "is this public?"})
    settle(harness)
    watcher = connect_watcher(harness)
    watcher.send("history", {"room": "#secret"})
    settle(harness)
    [history] = watcher.heard_of("history")
    assert [each["text"] for each in history["messages"]] == ["is this public?"]


def test_a_member_that_has_left_finds_nothing_more(harness: Harness) -> None:
    make_secret(harness)
    sun = native(harness)
    sun.send("join", {"room": "#secret", "key": "sesame"})
    sun.send("leave", {"room": "#secret"})
    settle(harness)
    sun.heard()
    for question in NATIVE:
        sun.send_bytes(question)
        settle(harness)
    assert SECRET not in json.dumps(sun.heard())


def test_the_server_s_log_has_none_of_it() -> None:
    with log_events() as events, Harness(flood=0) as harness:
        make_secret(harness)
        settle(harness)
    logged = [str(event) for event in events]
    assert not [each for each in logged if SECRET in each and "(before)" not in each]
    assert not [each for each in logged if "sesame" in each]


# --- guessing the word ----------------------------------------------------------------------------


def guess(harness: Harness, client: Client, word: str) -> str:
    """The code of the refusal; empty if the client is in the room now."""
    client.heard()
    client.send("join", {"room": "#secret", "key": word}, "j")
    settle_briefly(harness)
    [reply] = [each for each in client.heard() if each.get("id") == "j"]
    code: str = reply["data"]["code"] if reply["type"] == "error" else ""
    return code


def settle_briefly(harness: Harness) -> None:
    for _ in range(20):
        harness.clock.advance(0)
    harness.clock.advance(limits.JOURNAL_PAUSE_MILLISECONDS / 1_000)
    for _ in range(20):
        harness.clock.advance(0)


def test_a_word_that_is_guessed_a_hundred_times_is_looked_at_five_times(harness: Harness) -> None:
    make_secret(harness)
    sun = native(harness)
    refusals = [guess(harness, sun, f"word{number}") for number in range(100)]
    assert refusals.count("wrong-key") == limits.ADDRESS_WRONG_PASSWORDS
    assert set(refusals[limits.ADDRESS_WRONG_PASSWORDS :]) == {"too-many-attempts"}
    assert guess(harness, sun, "sesame") == "too-many-attempts"
    harness.clock.advance(limits.ADDRESS_ATTEMPT_SECONDS)
    assert guess(harness, sun, "sesame") == ""


def test_another_connection_of_that_address_has_no_more_attempts(harness: Harness) -> None:
    make_secret(harness)
    sun = native(harness)
    for number in range(limits.ADDRESS_WRONG_PASSWORDS):
        assert guess(harness, sun, f"word{number}") == "wrong-key"
    sun.hang_up()
    mars = harness.connect()
    mars.hello("mars")
    settle_briefly(harness)
    assert guess(harness, mars, "sesame") == "too-many-attempts"
    venus = harness.connect("10.35.11.113")
    venus.hello("venus")
    settle_briefly(harness)
    assert guess(harness, venus, "sesame") == ""


def test_joining_without_a_word_or_rooms_without_a_key_is_no_attempt(harness: Harness) -> None:
    make_secret(harness)
    sun = native(harness)
    for number in range(20):
        assert guess(harness, sun, "") == "wrong-key"
        sun.send("join", {"room": f"#open{number % 5}", "key": "word"})
        sun.send("leave", {"room": f"#open{number % 5}"})
    assert guess(harness, sun, "sesame") == ""


def test_a_wrong_word_is_logged_without_the_word(harness: Harness) -> None:
    make_secret(harness)
    sun = native(harness)
    with log_events() as events:
        guess(harness, sun, "barley")
    logged: list[Any] = [event for event in events if "wrong word" in event["log_format"]]
    assert [(event["room"], event["host"]) for event in logged] == [("#secret", "10.35.11.112")]
    assert not [event for event in events if "barley" in str(event)]
