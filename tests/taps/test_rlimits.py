"""How many connections the operating system allows a server is looked after at its start."""

import resource
from collections.abc import Iterator, Sequence

import pytest
from twisted.logger import LogEvent, capturedLogs

from chatd.chat import limits
from chatd.taps import server
from chatd.taps.server import make_server
from tests.fakes import FakeUdpReactor
from tests.taps.roles import parse


@pytest.fixture(autouse=True)
def limits_as_before() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def allowed() -> int:
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def told_of(slots: int) -> Sequence[LogEvent]:
    """Make a server with so many slots; what its log says of it."""
    options = parse(server.Options(), f"--ifaddrs 127.0.0.1/8 --slots {slots}")
    with capturedLogs() as told:
        make_server(options, FakeUdpReactor())
    return told


def test_a_server_is_allowed_a_file_for_each_slot_and_some_more() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    assert told_of(1_000) == []
    assert 1_500 < allowed() < 2_000


def test_there_are_files_for_all_who_may_come_and_take_no_slot() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    told_of(1_000)
    without = (
        limits.REJECTED_CONNECTIONS
        + limits.HTTP_CONNECTIONS
        + limits.UNREGISTERED_CONNECTIONS
        + limits.WATCHERS
    )
    assert allowed() > 1_000 + without


def test_more_files_than_it_needs_are_left_as_they_are() -> None:
    before = allowed()
    assert told_of(9) == []
    assert allowed() == before


def test_a_server_that_may_not_have_enough_says_so_in_one_line_and_takes_what_it_may(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [256, 1_024]  # a hard limit that was lowered could not be raised again

    def set_limits(kind: int, new: tuple[int, int]) -> None:
        now[:] = new

    monkeypatch.setattr(resource, "getrlimit", lambda kind: tuple(now))
    monkeypatch.setattr(resource, "setrlimit", set_limits)
    [event] = told_of(1_000)
    assert (event["slots"], event["allowed"]) == (1_000, 1_024)
    assert now == [1_024, 1_024]


def test_without_any_limit_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    monkeypatch.setattr(resource, "getrlimit", lambda kind: unlimited)
    assert told_of(1_000_000) == []


def test_a_system_that_refuses_more_is_one_line_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(kind: int, new: tuple[int, int]) -> None:
        raise ValueError("current limit exceeds maximum limit")

    monkeypatch.setattr(resource, "getrlimit", lambda kind: (256, resource.RLIM_INFINITY))
    monkeypatch.setattr(resource, "setrlimit", refuse)
    [event] = told_of(1_000)
    assert event["allowed"] == 256
