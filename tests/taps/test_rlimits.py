"""The limit of open files: a server raises it at its start, or logs that it is too low."""

import resource
from collections.abc import Iterator, Sequence

import pytest
from twisted.logger import LogEvent, capturedLogs

from chatd.chat import limits
from chatd.taps import server
from chatd.taps.server import make_server
from tests.fakes import FakeUdpReactor
from tests.taps.command_lines import parse


@pytest.fixture(autouse=True)
def restored_limit() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def soft_limit() -> int:
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


def make_server_with_slots(slots: int) -> Sequence[LogEvent]:
    """Make a server with so many slots; returns what it logs."""
    options = parse(server.Options(), f"--ifaddrs 127.0.0.1/8 --slots {slots}")
    with capturedLogs() as events:
        make_server(options, FakeUdpReactor())
    return events


def test_the_limit_is_raised_to_the_slots_and_some_more() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    assert make_server_with_slots(1_000) == []
    assert 1_500 < soft_limit() < 2_000


def test_the_limit_includes_connections_without_a_slot() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    make_server_with_slots(1_000)
    without_slot = (
        limits.REJECTED_CONNECTIONS
        + limits.HTTP_CONNECTIONS
        + limits.UNREGISTERED_CONNECTIONS
        + limits.WATCHERS
    )
    assert soft_limit() > 1_000 + without_slot


def test_a_sufficient_limit_is_not_changed() -> None:
    before = soft_limit()
    assert make_server_with_slots(9) == []
    assert soft_limit() == before


def test_a_hard_limit_that_is_too_low_is_used_and_logged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    current = [256, 1_024]  # a hard limit that was lowered could not be raised again

    def set_limits(kind: int, new: tuple[int, int]) -> None:
        current[:] = new

    monkeypatch.setattr(resource, "getrlimit", lambda kind: tuple(current))
    monkeypatch.setattr(resource, "setrlimit", set_limits)
    [event] = make_server_with_slots(1_000)
    assert (event["slots"], event["allowed"]) == (1_000, 1_024)
    assert current == [1_024, 1_024]


def test_without_a_limit_nothing_is_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    monkeypatch.setattr(resource, "getrlimit", lambda kind: unlimited)
    assert make_server_with_slots(1_000_000) == []


def test_a_system_that_refuses_to_raise_the_limit_is_logged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(kind: int, new: tuple[int, int]) -> None:
        raise ValueError("current limit exceeds maximum limit")

    monkeypatch.setattr(resource, "getrlimit", lambda kind: (256, resource.RLIM_INFINITY))
    monkeypatch.setattr(resource, "setrlimit", refuse)
    [event] = make_server_with_slots(1_000)
    assert event["allowed"] == 256
