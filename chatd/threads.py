"""Threads for calls that block: making a hash, looking up a name, reading a file."""

from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

_Result = TypeVar("_Result")


def call_in_thread(reactor: Any, call: Callable[[], _Result]) -> Deferred[_Result]:
    """Fire with the result of `call`, which is called on a thread of its own.

    The process does not wait for the thread when it ends. The reactor's thread pool would: such a
    call cannot be interrupted, and may take longer than the program may take to stop.

    :raises RuntimeError: if no thread can be started.
    """
    done: Deferred[_Result] = Deferred()

    def run() -> None:
        try:
            result: _Result | Failure = call()
        except BaseException:  # whatever it is, who waits for the result must be told
            result = Failure()
        with suppress(RuntimeError):  # the reactor's event loop is closed already
            reactor.callFromThread(done.callback, result)

    Thread(target=run, name="chatd call", daemon=True).start()
    return done


class WorkerThreads:
    """Makes calls on at most `count` threads, which start as they are needed and stay.

    For many short calls: to start a thread takes longer than they do. The process does not wait for
    the threads when it ends.

    :param reactor: fires the Deferreds.
    """

    def __init__(self, reactor: Any, name: str, count: int) -> None:
        self._reactor = reactor
        self._name = name
        self._count = count
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._threads = 0
        self._unfinished = 0

    def call(self, call: Callable[[], _Result]) -> Deferred[_Result]:
        """Fire with the result of `call`, which is called on one of the threads.

        :raises RuntimeError: if there is no thread, and none can be started.
        """
        done: Deferred[_Result] = Deferred()

        def finished(result: _Result | Failure) -> None:
            self._unfinished -= 1
            done.callback(result)

        def run() -> None:
            try:
                result: _Result | Failure = call()
            except BaseException:  # whatever it is, who waits for the result must be told
                result = Failure()
            with suppress(RuntimeError):  # the reactor's event loop is closed already
                self._reactor.callFromThread(finished, result)

        if self._unfinished >= self._threads < self._count:
            self._start_thread()
        self._unfinished += 1
        self._jobs.put(run)
        return done

    def stop(self) -> None:
        """End the threads after the calls so far. A later call starts others."""
        for _ in range(self._threads):
            self._jobs.put(None)
        self._jobs = SimpleQueue()
        self._threads = 0

    def _start_thread(self) -> None:
        try:
            Thread(target=_work, args=(self._jobs,), name=self._name, daemon=True).start()
        except RuntimeError:  # the user has no more threads; the others do
            if not self._threads:
                raise
        else:
            self._threads += 1


def _work(jobs: "SimpleQueue[Callable[[], None] | None]") -> None:
    while (job := jobs.get()) is not None:
        job()
