"""The order of what a client asks for, while results are on their way."""

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Final, TypeVar

from chatd.chat import commands, irc_commands
from chatd.chat.errors import Refusal
from chatd.log.operations import Operation
from chatd.log.ordered_log import OrderedLog
from chatd.server.throttle import ReadThrottle

_Result = TypeVar("_Result")

#: While one of these is carried out the next frame is read: none of them changes the dialect, or
#: reads the archive.
PIPELINED: Final = frozenset(
    {
        commands.SendMessage,
        commands.SendToLobby,
        commands.SendPrivate,
        commands.SendTagged,
        commands.SendPrivateTagged,
        irc_commands.SendTags,
        commands.SetTopic,
        commands.SetAway,
        commands.ReadTopic,
        commands.ReadSettings,
        commands.WhoIs,
        irc_commands.WhoWas,
        commands.ListRooms,
        commands.ListUsers,
        irc_commands.ReadStatistics,
        commands.Ping,
    }
)


class Pipeline:
    """Counts the operations that have no result yet, and holds back the frames that wait for it.

    :param throttle: pauses reading meanwhile.
    :ivar unanswered: how many have none. After each change of it :meth:`go_on` must be called.
    """

    def __init__(self, ordered_log: OrderedLog, throttle: ReadThrottle) -> None:
        self.unanswered = 0
        self._ordered_log = ordered_log
        self._throttle = throttle
        self._waiting: deque[Callable[[], None]] = deque()

    def ask(self, operation: Operation[_Result], done: Callable[[_Result | Refusal], None]) -> None:
        """Ask the log; what waits for the result goes on after it."""
        self.unanswered += 1
        self._ordered_log.ask(operation, partial(self._answered, done))

    def _answered(
        self, done: Callable[[_Result | Refusal], None], result: _Result | Refusal
    ) -> None:
        self.unanswered -= 1
        done(result)
        self.go_on()

    def go_on(self) -> None:
        """Do what has waited, if there is nothing that it waits for."""
        while self._waiting and not self.unanswered:
            self._waiting.popleft()()

    def when_answered(self, call: Callable[[], None]) -> None:
        """Call `call` when everything before it has its result; read no frame until then."""
        if self.unanswered or self._waiting:
            self._waiting.append(call)
            self.pause()
        else:
            call()

    def pause(self) -> None:
        """Read no frame until everything has its result, and what waits for that is done."""
        if (self.unanswered or self._waiting) and not self._throttle.is_stopped:
            self._throttle.pause()
            self._waiting.append(self._throttle.resume)

    def clear(self) -> None:
        """The connection is lost: do nothing of what has waited."""
        self._waiting.clear()
        del self._throttle  # it refers to the connection, and that to the session: a cycle
