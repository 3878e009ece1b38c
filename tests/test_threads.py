"""The thread that makes a hash."""

import subprocess
import sys
from collections.abc import Callable
from threading import Thread, current_thread
from typing import Any

import pytest
from twisted.internet import reactor
from twisted.internet.testing import MemoryReactorClock

from chatd import threads
from chatd.threads import call_in_thread
from tests.fakes import on_reactor
from tests.timeouts import TIMEOUT_SECONDS


@on_reactor
async def test_the_result_comes_on_the_reactor_s_thread_and_the_call_is_made_on_another() -> None:
    threads: list[Thread] = []

    def call() -> bool:
        threads.append(current_thread())
        return True

    assert await call_in_thread(reactor, call)
    assert threads != [current_thread()]


@on_reactor
async def test_whatever_goes_wrong_in_the_thread_comes_back() -> None:
    def call() -> bool:
        raise MemoryError

    with pytest.raises(MemoryError):
        await call_in_thread(reactor, call)


def test_without_a_thread_it_fails_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    class NoThread(Thread):
        def start(self) -> None:
            raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threads, "Thread", NoThread)
    with pytest.raises(RuntimeError, match="can't start"):
        call_in_thread(MemoryReactorClock(), bool)


def test_a_thread_that_ends_after_the_event_loop_is_silent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Ended:
        def callFromThread(self, call: Callable[..., object], *arguments: object) -> None:
            raise RuntimeError("Event loop is closed")

    class AtOnce(Thread):
        def start(self) -> None:
            self.run()

    monkeypatch.setattr(threads, "Thread", AtOnce)
    ended: Any = Ended()
    assert not call_in_thread(ended, bool).called


def test_the_end_of_the_process_does_not_wait_for_the_thread() -> None:
    program = """
import threading
from twisted.internet import reactor
from chatd.threads import call_in_thread

begun = threading.Event()
def never_ending() -> bool:
    begun.set()
    return threading.Event().wait()

call_in_thread(reactor, never_ending)
begun.wait()
reactor.callWhenRunning(reactor.stop)
reactor.run()
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=TIMEOUT_SECONDS)
