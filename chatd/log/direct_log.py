"""An ordered log in memory: the chat ends with the server."""

from collections.abc import Callable
from typing import TypeVar

from twisted.internet.defer import Deferred, succeed
from typing_extensions import override

from chatd.chat.errors import Refusal
from chatd.chat.hub import Hub, HubSettings
from chatd.chat.outbox import Outbox
from chatd.log.chat_time import ChatTime
from chatd.log.operations import Clear, Operation, apply
from chatd.log.ordered_log import OrderedLog

_Result = TypeVar("_Result")


class DirectLog(OrderedLog):
    """Applies each operation at once: `done` is called before ``ask`` returns.

    :param now: returns the time of day, in milliseconds since 1970.
    :param seconds: measures how time passes.
    """

    def __init__(
        self,
        settings: HubSettings,
        outbox: Outbox,
        now: Callable[[], int],
        seconds: Callable[[], float],
    ) -> None:
        self.problem = ""
        self.is_cut_off = False
        self._time = ChatTime(now, seconds)
        self.hub = Hub(settings, outbox, now())

    @override
    def open(self) -> Deferred[Exception | None]:
        return succeed(None)

    @override
    def time(self) -> int:
        return self._time.read()

    @override
    def ask(self, operation: Operation[_Result], done: Callable[[_Result | Refusal], None]) -> None:
        result: _Result | Refusal = apply(self.hub, operation, self._time.read())
        done(result)

    @override
    def ending(self) -> Operation[None]:
        return Clear()

    @override
    def stop(self) -> Deferred[None]:
        return succeed(None)
