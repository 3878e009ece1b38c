"""The rows of the lifecycle table: what moves a client on, where to, and after how long."""

from collections.abc import Sequence
from typing import Any

import pytest

from chatd.chat import limits
from tests.client.lifecycle_harness import INTO, JITTER, JUST, PARTY, Run


@pytest.mark.parametrize(
    ("state", "name", "argument", "effects"),
    [
        ("idle", "start", None, [("find_server",)]),
        ("discovering", "offered", PARTY, [("stop_finding",), ("connect", PARTY)]),
        ("connecting", "connected", None, [("hello",)]),
        ("connecting", "failed", "refused", [("disconnect",), ("waiting", "refused", 4.0)]),
        ("registering", "welcomed", None, [("online",)]),
        ("registering", "nickname_refused", "taken", [("disconnect",), ("ask", "taken")]),
        ("registering", "retry_later", "full", [("disconnect",), ("waiting", "full", 4.0)]),
        (
            "registering",
            "lost",
            "reset",
            [("disconnect",), ("waiting", "reset", 4.0 + JITTER)],
        ),
        ("asking", "answered", None, [("connect", PARTY)]),
        (
            "online",
            "lost",
            "reset",
            [("offline", "reset"), ("disconnect",), ("waiting", "reset", 4.0 + JITTER)],
        ),
        ("registering", "leave", None, [("quit",)]),
        ("online", "leave", None, [("quit",)]),
        *(
            (state, "replaced", "it is", [("stop_finding",), ("disconnect",), ("gone", 0, "it is")])
            for state in ("registering", "online", "leaving")
        ),
        *(
            (state, "expelled", "spam", [("stop_finding",), ("disconnect",), ("gone", 1, "spam")])
            for state in ("registering", "online", "leaving")
        ),
    ],
)
def test_each_row_of_the_table_does_what_it_says(
    state: str, name: str, argument: Any, effects: list[tuple[Any, ...]]
) -> None:
    run = Run(INTO[state])
    run.input(name, argument)
    assert run.effects.calls == effects


@pytest.mark.parametrize(
    ("steps", "seconds", "then"),
    [
        (INTO["connecting"], 3.0, "waiting"),
        (INTO["registering"], 3.0, "waiting"),
        (INTO["waiting"], 4.0, "find_server"),
        ([*INTO["registering"], ("retry_later", "full")], 4.0, "find_server"),
        ([*INTO["registering"], ("lost", "reset")], 4.0 + JITTER, "find_server"),
        ([*INTO["online"], ("lost", "reset")], 4.0 + JITTER, "find_server"),
        ([*INTO["asking"], ("answered", None)], 3.0, "waiting"),
        (INTO["leaving"], 2.0, "gone"),
    ],
)
def test_a_timeout_ends_the_state_and_not_earlier(
    steps: Sequence[tuple[str, Any]], seconds: float, then: str
) -> None:
    run = Run(steps)
    run.clock.advance(seconds - JUST)
    assert run.names == []
    run.clock.advance(JUST)
    assert then in run.names


@pytest.mark.parametrize("state", ["connecting", "registering"])
def test_the_wait_after_a_timeout_has_no_jitter(state: str) -> None:
    run = Run(INTO[state])
    run.clock.advance(3)
    assert run.retry_seconds() == 4.0


@pytest.mark.parametrize("state", ["discovering", "asking", "online"])
def test_a_state_without_a_timeout_lasts_for_any_time(state: str) -> None:
    run = Run(INTO[state])
    run.clock.advance(1_000_000)
    assert run.names == []
    assert run.clock.getDelayedCalls() == []


def test_a_client_whose_server_is_gone_searches_again_and_again() -> None:
    run = Run(INTO["online"])
    run.input("lost", "reset")
    for _ in range(3):
        run.clock.advance(4 + JITTER)
        run.input("offered", PARTY)
        run.input("failed", "refused")
    assert run.names.count("find_server") == 3
    assert run.names.count("connect") == 3
    assert run.ends == []


@pytest.mark.parametrize(
    ("code", "first", "later"),
    [
        ("nickname-taken", "ask", "waiting"),
        ("bad-nickname", "ask", "gone"),
        ("full", "waiting", "waiting"),
        ("too-late", "waiting", "waiting"),
        ("too-many-connections", "waiting", "waiting"),
        ("version", "gone", "gone"),
        ("blocked", "gone", "gone"),
        ("banned", "gone", "gone"),
        ("some-later-code", "gone", "gone"),
    ],
)
def test_a_refusal_of_hello_means_this_first_and_that_later_on(
    code: str, first: str, later: str
) -> None:
    run = Run(INTO["registering"])
    run.refuse(code)
    assert run.names[-1] == first

    run = Run([*INTO["online"], ("lost", "reset")])
    run.clock.advance(5)
    run.input("offered", PARTY)
    run.input("connected")
    run.refuse(code)
    assert run.names[-1] == later


@pytest.mark.parametrize("unanswered", ["expired", "lost"])
@pytest.mark.parametrize(
    ("seconds", "then"),
    [(4 + JITTER, "waiting"), (limits.DEAD_PEER_SECONDS, "ask")],
)
def test_after_an_unanswered_hello_a_taken_name_is_a_ghost_until_the_server_must_have_noticed(
    unanswered: str, seconds: float, then: str
) -> None:
    run = Run(INTO["registering"])
    if unanswered == "lost":
        run.input("lost", "reset")
    else:
        run.clock.advance(limits.WELCOME_SECONDS)
    run.clock.advance(seconds)
    run.input("offered", PARTY)
    run.input("connected")
    run.refuse("nickname-taken")
    assert run.names[-1] == then


@pytest.mark.parametrize(("can_ask", "then"), [(True, "ask"), (False, "waiting")])
def test_where_the_session_could_be_resumed_a_taken_nickname_is_another_members(
    can_ask: bool, then: str
) -> None:
    run = Run([*INTO["online"], ("lost", "reset")])
    run.clock.advance(5)
    run.input("offered", PARTY)
    run.input("connected")
    run.core.is_resuming, run.core.can_ask = True, can_ask
    run.refuse("nickname-taken")
    assert run.names[-1] == then


def test_the_user_is_asked_until_the_first_registration_succeeds() -> None:
    run = Run(INTO["registering"])
    for _ in range(2):
        run.refuse("nickname-taken")
        run.input("answered")
        run.input("connected")
    run.input("welcomed")
    assert run.names.count("ask") == 2
    assert run.names[-1] == "online"


@pytest.mark.parametrize(
    ("state", "name", "status"),
    [
        ("asking", "cannot_ask", 2),
        ("registering", "rejected", 2),
        ("discovering", "rejected", 2),
    ],
)
def test_a_permanent_refusal_ends_with_status_2_and_a_reason(
    state: str, name: str, status: int
) -> None:
    run = Run(INTO[state])
    run.input(name, "that is why")
    assert run.ends == [("gone", status, "that is why")]


@pytest.mark.parametrize(
    ("steps", "name", "end"),
    [
        (INTO["connecting"], "failed", (1, "no server")),
        (INTO["registering"], "retry_later", (1, "no server")),
        (INTO["registering"], "lost", (1, "no server")),
        (INTO["online"], "lost", (0, "Server disconnected")),
    ],
)
def test_a_client_with_a_direct_address_does_not_come_back(
    steps: Sequence[tuple[str, Any]], name: str, end: tuple[int, str]
) -> None:
    run = Run(steps, once=True)
    run.input(name, "no server")
    assert run.ends == [("gone", *end)]
    assert "waiting" not in run.names
    assert run.clock.getDelayedCalls() == []


@pytest.mark.parametrize("state", ["connecting", "registering"])
def test_with_a_direct_address_a_timeout_ends_it_with_status_1(state: str) -> None:
    run = Run(INTO[state], once=True)
    run.clock.advance(3 - JUST)
    assert run.names == []
    run.clock.advance(JUST)
    assert [status for _, status, _ in run.ends] == [1]


@pytest.mark.parametrize("state", ["idle", "discovering", "connecting", "asking"])
def test_leaving_before_hello_is_under_way_ends_it_at_once_with_status_0(state: str) -> None:
    run = Run(INTO[state])
    run.input("leave")
    assert run.effects.calls == [("stop_finding",), ("disconnect",), ("gone", 0, "")]
    assert run.clock.getDelayedCalls() == []


def test_leaving_while_waiting_ends_it_at_once_with_status_0() -> None:
    run = Run(INTO["waiting"])
    run.input("leave")
    assert run.ends == [("gone", 0, "")]
    assert run.clock.getDelayedCalls() == []


def test_a_client_that_quits_waits_for_the_goodbye() -> None:
    run = Run(INTO["leaving"])
    run.input("leave")
    assert run.names == []
    run.input("lost", "quit")
    assert run.ends == [("gone", 0, "")]
    assert run.clock.getDelayedCalls() == []


def test_a_client_that_has_ended_stays_so() -> None:
    run = Run(INTO["gone"])
    run.input("leave")
    run.clock.advance(1_000_000)
    assert run.names == []
