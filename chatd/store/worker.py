"""A thread that does one thing after another: calls, and between them steps of longer tasks."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

_Result = TypeVar("_Result")

#: A task in steps: each ``next`` is one, and yields the time until the next step, in seconds.
Steps = Iterator[float]


class Worker:
    """Makes calls in a thread of its own, in their order.

    The thread starts with the first call. The process does not wait for it when it ends.

    :param reactor: fires the Deferreds.
    """

    def __init__(self, reactor: Any, name: str) -> None:
        self._reactor = reactor
        self._name = name
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._tasks: deque[_Task] = deque()  # the thread's own
        self._thread: Thread | None = None

    def call(self, call: Callable[[], _Result]) -> Deferred[_Result]:
        """Fire with the result of `call`, or fail as it did."""
        done: Deferred[_Result] = Deferred()

        def run() -> None:
            try:
                result: _Result | Failure = call()
            except BaseException:  # whatever it is, who waits for the result must be told
                result = Failure()
            self._tell(done, result)

        self._put(run)
        return done

    def run(self, steps: Steps) -> Deferred[None]:
        """Fire when all `steps` were made. Between two of them comes a call that waits.

        One task is done after the other.
        """
        done: Deferred[None] = Deferred()
        self._put(lambda: self.add(steps, done))
        return done

    def add(self, steps: Steps, done: Deferred[None] | None = None) -> None:
        """Like :meth:`run`, from within the thread. Without `done`, a failure is ignored."""
        self._tasks.append(_Task(steps, done))

    def drop_tasks(self, error: Exception) -> None:
        """From within the thread: end all tasks with `error`."""
        while self._tasks:
            self._end(self._tasks.popleft(), Failure(error))

    def stop(self) -> None:
        """End the thread after the calls so far. A later call starts another."""
        if self._thread is not None:
            self._jobs.put(None)
            self._jobs = SimpleQueue()
            self._thread = None

    def _put(self, job: Callable[[], None]) -> None:
        if self._thread is None:
            self._thread = Thread(
                target=self._work, args=(self._jobs,), name=self._name, daemon=True
            )
            self._thread.start()
        self._jobs.put(job)

    def _work(self, jobs: "SimpleQueue[Callable[[], None] | None]") -> None:
        while True:
            try:
                job = jobs.get(timeout=self._time_to_next_step())
            except Empty:
                pass
            else:
                if job is None:
                    return
                job()
            # After each call at most one step: neither calls nor tasks wait for all of the others.
            if self._time_to_next_step() == 0:
                self._step()

    def _time_to_next_step(self) -> float | None:
        return max(0.0, self._tasks[0].due - time.monotonic()) if self._tasks else None

    def _step(self) -> None:
        task = self._tasks[0]
        try:
            task.due = time.monotonic() + next(task.steps)
        except StopIteration:
            result: Failure | None = None
        except BaseException:
            result = Failure()
        else:
            return
        if self._tasks and self._tasks[0] is task:  # the step may have dropped it
            self._end(self._tasks.popleft(), result)

    def _end(self, task: "_Task", result: Failure | None) -> None:
        if task.done is not None:
            self._tell(task.done, result)

    def _tell(self, done: "Deferred[Any]", result: object) -> None:
        with suppress(RuntimeError):  # the reactor's event loop is closed already
            self._reactor.callFromThread(done.callback, result)


class _Task:
    __slots__ = ("done", "due", "steps")

    def __init__(self, steps: Steps, done: "Deferred[None] | None") -> None:
        self.steps = steps
        self.done = done
        self.due = 0.0
