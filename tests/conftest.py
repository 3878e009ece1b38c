"""A test that leaves something behind fails: a delayed call, an open port, a logged failure."""

import gc
import signal
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import pytest_twisted
from twisted.internet import reactor as global_reactor
from twisted.internet.task import deferLater
from twisted.logger import ILogObserver, LogEvent, LogLevel, globalLogPublisher
from zope.interface import provider

reactor: Any = global_reactor

# What the tests start must not inherit that it is to survive its terminal, as by nohup.
if hasattr(signal, "SIGHUP"):
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# How long an example takes says something of the machine, not of the promise.
hypothesis.settings.register_profile("chatd", deadline=None)
hypothesis.settings.load_profile("chatd")


@pytest.fixture(scope="session")
def warm_reactor() -> None:
    """Have the reactor running, so that its own wakers are there before any test looks."""
    pytest_twisted.blockon(deferLater(reactor, 0))
    gc.collect()
    gc.freeze()  # what is here now need not be looked at after each test


@pytest.fixture(autouse=True)
def nothing_left_behind(warm_reactor: None) -> Iterator[None]:
    logged: list[LogEvent] = []

    @provider(ILogObserver)
    def note(event: LogEvent) -> None:
        if "log_failure" in event or event["log_level"] >= LogLevel.critical:
            logged.append(event)

    globalLogPublisher.addObserver(note)
    calls, readers = set(reactor.getDelayedCalls()), set(reactor.getReaders())
    yield
    gc.collect()  # a Deferred's unhandled failure is logged when the Deferred is collected
    globalLogPublisher.removeObserver(note)
    assert not [event.get("log_failure", event) for event in logged], "a failure was logged"
    left_calls = [call for call in reactor.getDelayedCalls() if call not in calls]
    assert not left_calls, "a delayed call was left behind"
    assert not set(reactor.getReaders()) - readers, "a port or connection was left open"
