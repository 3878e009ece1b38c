"""``--store``: what a server says when its chat cannot be kept."""

import pytest

from chatd.log.engine import StoreFailed, StoreInUse
from chatd.taps import launch, server
from chatd.taps.store import report_problem
from tests.fakes import log_lines
from tests.taps.command_lines import parse

USED = "Another server keeps its chat in /srv/chat; name another file with --store."


def said(line: str, problem: Exception | None) -> tuple[list[str], list[str]]:
    """The lines in the log, and the sentences with which the server ends."""
    ends: list[str] = []
    with log_lines() as lines:
        report_problem(problem, parse(server.Options(), line), ends.append)
    return list(lines), ends


def test_a_named_file_of_another_server_ends_this_one_with_one_sentence() -> None:
    assert said("--store /srv/chat", StoreInUse(USED)) == ([], [f"chatserver: --store: {USED}"])


@pytest.mark.parametrize(
    ("line", "problem"),
    [("", StoreInUse(USED)), ("--store /srv/chat", StoreFailed("The disk is full."))],
)
def test_any_other_problem_is_said_once_and_the_chat_goes_on(line: str, problem: Exception) -> None:
    assert said(line, problem) == ([f"nothing is kept of this chat: {problem}"], [])


def test_a_chat_that_is_kept_needs_no_word() -> None:
    assert said("", None) == ([], [])


def test_launch_keeps_nothing_unless_asked() -> None:
    assert parse(launch.Options(), "")["store"] == "none"
    assert parse(server.Options(), "")["store"] is None
