"""Scripts: one frame leads to several commands, in order, and each has its result."""

from collections.abc import Generator

import pytest

from chatd.chat import commands, events, order_commands
from chatd.chat.errors import Refusal
from chatd.server.scripts import Scripts, step_cost
from chatd.wire.dialect import LocalReply, Request, Result, Script, begin


class Steps:
    """Takes steps whose results come at once, or when the test gives them."""

    def __init__(self, *, at_once: bool) -> None:
        self.taken: list[Request] = []
        self.ended = 0
        self.scripts = Scripts(self._take, self._end)
        self._at_once = at_once

    def _take(self, request: Request) -> None:
        self.taken.append(request)
        if self._at_once:
            self.scripts.proceed(request, events.Ok())

    def _end(self) -> None:
        self.ended += 1


def script(count: int, results: list[Result | None]) -> Script:
    for _ in range(count):
        result = yield commands.Ping()
        results.append(result)
    yield LocalReply(("done",))


def test_the_next_step_is_taken_when_the_one_before_has_its_result() -> None:
    steps = Steps(at_once=False)
    results: list[Result | None] = []
    first = begin(script(2, results))
    assert first.command == commands.Ping()
    assert steps.taken == []
    steps.scripts.proceed(first, events.Pong())
    [second] = steps.taken
    refusal = Refusal("no")
    steps.scripts.proceed(second, refusal)
    assert results == [events.Pong(), refusal]
    assert steps.taken[-1].command == LocalReply(("done",))
    steps.scripts.proceed(steps.taken[-1], LocalReply())
    assert len(steps.taken) == 2


def test_a_script_may_have_any_number_of_steps() -> None:
    steps = Steps(at_once=True)
    results: list[Result | None] = []
    steps.scripts.proceed(begin(script(10_000, results)), events.Ok())
    assert len(results) == 10_000
    assert steps.ended == 0


def test_scripts_of_one_command_each_may_overlap() -> None:
    steps = Steps(at_once=False)
    requests = [begin(script(1, []), is_single=True) for _ in range(3)]
    for request in requests:
        steps.scripts.proceed(request, events.Ok())
    assert [each.script for each in steps.taken] == [each.script for each in requests]


def test_the_connection_ends_after_the_last_step_of_a_script_that_asks_for_it() -> None:
    steps = Steps(at_once=False)
    request = begin(script(1, []))
    steps.scripts.closes = True
    steps.scripts.proceed(request, events.Goodbye("quit"))
    assert steps.ended == 0, "its reply is still to be sent"
    steps.scripts.proceed(steps.taken[-1], LocalReply())
    assert steps.ended == 1


def test_a_bug_in_a_step_does_not_stop_later_scripts() -> None:
    steps = Steps(at_once=False)

    def broken() -> Generator[commands.ClientCommand | LocalReply, Result | None, None]:
        yield commands.Ping()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        steps.scripts.proceed(begin(broken()), events.Ok())
    steps.scripts.proceed(begin(script(1, [])), events.Ok())
    assert len(steps.taken) == 1


def test_a_step_that_others_are_told_of_costs_as_much_as_a_frame() -> None:
    for told in (commands.SendMessage("hi"), order_commands.SetRole("ice", "#dev", "voice")):
        assert step_cost(told) > 0
    assert step_cost(commands.ListUsers()) == 0
