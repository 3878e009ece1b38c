"""Threads for calls that block: making a hash, looking up a name."""

from collections.abc import Callable
from contextlib import suppress
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
