"""The threads that make a hash, and read and write files."""

import subprocess
import sys
from collections.abc import Callable
from functools import partial
from threading import Event, Thread, current_thread
from typing import Any

import pytest
from twisted.internet import reactor
from twisted.internet.defer import DeferredList
from twisted.internet.testing import MemoryReactorClock

from chatd import threads
from chatd.threads import WorkerThreads, call_in_thread
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
from twisted.internet.defer import DeferredList
from chatd.threads import WorkerThreads, call_in_thread

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


@on_reactor
async def test_a_few_threads_make_many_calls_and_return_their_results() -> None:
    workers = WorkerThreads(reactor, "worker", 2)
    threads: set[Thread] = set()

    def call(number: int) -> int:
        threads.add(current_thread())
        return number

    results = await DeferredList([workers.call(partial(call, number)) for number in range(20)])
    workers.stop()
    assert [result for _, result in results] == list(range(20))
    assert 1 <= len(threads) <= 2
    assert current_thread() not in threads


@on_reactor
async def test_a_call_that_takes_long_does_not_hold_up_another_one() -> None:
    workers = WorkerThreads(reactor, "worker", 2)
    go_on = Event()
    slow = workers.call(lambda: go_on.wait(TIMEOUT_SECONDS))
    assert await workers.call(lambda: "quick") == "quick"
    go_on.set()
    assert await slow
    workers.stop()


@on_reactor
async def test_what_goes_wrong_in_a_worker_comes_back_and_the_worker_goes_on() -> None:
    workers = WorkerThreads(reactor, "worker", 1)

    def call() -> bool:
        raise MemoryError

    with pytest.raises(MemoryError):
        await workers.call(call)
    assert await workers.call(lambda: True)
    workers.stop()


def test_without_any_worker_a_call_fails_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    class NoThread(Thread):
        def start(self) -> None:
            raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threads, "Thread", NoThread)
    with pytest.raises(RuntimeError, match="can't start"):
        WorkerThreads(MemoryReactorClock(), "worker", 1).call(bool)
