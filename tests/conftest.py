"""What holds for every test: it leaves nothing behind, and its examples are as many as asked for.

A test fails if it leaves a delayed call, an open port or a failure that nobody handled. A Deferred
logs its unhandled failure only when it is collected, so each test ends with a garbage collection.
What survives it is frozen: the next collection looks at nothing but what the next test made, and
costs milliseconds instead of a walk over a heap that grows with the suite.
"""

import gc
import os
import signal
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import pytest_twisted
from twisted.internet import reactor as global_reactor
from twisted.internet.task import deferLater
from twisted.logger import ILogObserver, LogEvent, LogLevel, globalLogPublisher
from zope.interface import provider

from tests.queued_writes import ARE_QUEUED, queue_writes

reactor: Any = global_reactor

# Programs that the tests start must not inherit that a signal is ignored, as SIGHUP is under nohup,
# and SIGINT in a background job of a shell script.
if hasattr(signal, "SIGHUP"):
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes says something of the machine, not of the code.
for _profile, _examples in (("quick", 20), ("thorough", 200)):
    hypothesis.settings.register_profile(
        _profile,
        max_examples=_examples,
        deadline=None,
        suppress_health_check=[hypothesis.HealthCheck.too_slow],
    )
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

if ARE_QUEUED:
    queue_writes()


@contextmanager
def _state_in(directory: Path) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("XDG_STATE_HOME", str(directory))
        environment.delenv("STATE_DIRECTORY", raising=False)
        yield directory


@pytest.fixture(autouse=True, scope="module")
def module_state_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Servers that all tests of a module share keep their files in a directory of that module."""
    with _state_in(tmp_path_factory.mktemp("module-state")) as directory:
        yield directory


@pytest.fixture(autouse=True)
def state_home(module_state_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Servers and clients keep their files in a directory of this test."""
    with _state_in(tmp_path_factory.mktemp("state")) as directory:
        yield directory


#: End-to-end tests: programs on real networks, terminals and browsers.
_END_TO_END = tuple(Path(__file__).with_name(name) for name in ("e2e", "browser"))

_logged_failures: list[LogEvent] = []


@provider(ILogObserver)
def _record_failure(event: LogEvent) -> None:
    if "log_failure" in event or event["log_level"] >= LogLevel.critical:
        _logged_failures.append(event)


globalLogPublisher.addObserver(_record_failure)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """An end-to-end test is slow unless it is marked ``smoke``."""
    for item in items:
        if not item.get_closest_marker("smoke") and any(map(item.path.is_relative_to, _END_TO_END)):
            item.add_marker("slow")


def _run_reactor_once() -> None:
    pytest_twisted.blockon(deferLater(reactor, 0))


@pytest.fixture(scope="session")
def running_reactor() -> None:
    """Start the reactor, so that its own wakers are there before a test looks at its readers."""
    _run_reactor_once()


@pytest.fixture(autouse=True)
def no_calls_or_ports_left(running_reactor: None) -> Iterator[None]:
    calls, readers = set(reactor.getDelayedCalls()), set(reactor.getReaders())
    yield
    left_calls = [call for call in reactor.getDelayedCalls() if call not in calls]
    assert not left_calls, "a delayed call was left behind"
    assert not set(reactor.getReaders()) - readers, "a port or connection was left open"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(
    item: pytest.Function, nextitem: pytest.Item | None
) -> Generator[None, None, None]:
    """Collect what the test made, and fail the test if that logs a failure or raises a warning."""
    warnings: list[str] = []

    def note_warning(unraisable: "sys.UnraisableHookArgs") -> None:
        warnings.append(f"{unraisable.exc_value!r} in {unraisable.object!r}")

    try:
        yield
    finally:
        # The fixtures' values are still held by pytest, and by the last call of the reactor.
        item.funcargs.clear()
        _run_reactor_once()
        if nextitem is None or nextitem.parent is not item.parent:
            gc.unfreeze()  # what was made for the whole module goes with it
        # pytest has looked for what finalizers raise, such as the warning of a socket that was not
        # closed; what the collection brings to light would fail the next test.
        before, sys.unraisablehook = sys.unraisablehook, note_warning
        gc.collect()
        gc.freeze()
        sys.unraisablehook = before
        failures = [event.get("log_failure", event) for event in _logged_failures]
        _logged_failures.clear()
    assert not failures, "a failure was logged"
    assert not warnings, "something was not closed"
