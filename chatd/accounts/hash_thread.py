"""The thread that makes a hash."""

from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import Any

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure


def call_in_thread(reactor: Any, call: Callable[[], bool]) -> Deferred[bool]:
    """Fire with the result of `call`, which is called on a thread of its own.

    The process does not wait for the thread when it ends. The reactor's thread pool would: a hash
    cannot be interrupted, and on a slow machine it may take longer than a server may take to stop.

    :raises RuntimeError: if no thread can be started.
    """
    done: Deferred[bool] = Deferred()

    def run() -> None:
        try:
            result: bool | Failure = call()
        except BaseException:  # whatever it is, who waits for the result must be told
            result = Failure()
        with suppress(RuntimeError):  # the reactor's event loop is closed already
            reactor.callFromThread(done.callback, result)

    Thread(target=run, name="password hash", daemon=True).start()
    return done
