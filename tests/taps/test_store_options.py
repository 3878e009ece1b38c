"""``--store``: what a server says when its chat cannot be kept."""

from pathlib import Path
from typing import Any

import pytest
from twisted.internet.testing import MemoryReactorClock

from chatd.background_writer import flush_all
from chatd.log.engine import StoreFailed, StoreInUse
from chatd.store.lock import Lock
from chatd.taps import launch, server
from chatd.taps.store import report_problem
from tests.fakes import log_lines
from tests.taps.command_lines import parse
from tests.timeouts import TIMEOUT_SECONDS

USED = "Another server keeps its chat in /srv/chat; name another file with --store."


def said(line: str, problem: Exception | None) -> tuple[list[str], list[str]]:
    """The lines in the log, and the sentences with which the server ends."""
    ends: list[str] = []
    with log_lines() as lines:
        report_problem(problem, parse(server.Options(), line), ends.append)
    return list(lines), ends


def test_a_named_file_of_another_server_ends_this_one_with_one_sentence() -> None:
    assert said("--store /srv/chat", StoreInUse(USED)) == ([], [f"chatd server: --store: {USED}"])


@pytest.mark.parametrize("tap", [server, launch])
def test_a_named_file_of_another_server_is_refused_before_this_one_listens(
    tap: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "chat.sqlite"
    path.touch()
    lock = Lock(path)
    reactor = MemoryReactorClock()
    program = tap.makeService(
        parse(tap.Options(), f"--ifaddrs 127.0.0.1/8 --store {path}"), reactor
    )
    program.startService()
    lock.release()
    flush_all(TIMEOUT_SECONDS)
    assert program.status == 1
    assert reactor.tcpServers == []
    sentence = f"Another server keeps its chat in {path}; name another file with --store."
    command = tap.__name__.replace("chatd.taps.", "chatd ")
    assert capfd.readouterr().err == f"{command}: --store: {sentence}\n"


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
