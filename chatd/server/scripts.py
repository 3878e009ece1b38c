"""Takes the steps of scripts: what one frame leads to, if that is more than one command."""

from collections import deque
from collections.abc import Callable
from typing import Final

from chatd.chat import commands, irc_commands, limits, order_commands
from chatd.wire.dialect import Request, Result, proceed

#: Steps that others are told of: each costs as much as a frame.
_TOLD: Final = (
    commands.SendMessage,
    irc_commands.SendTags,
    commands.JoinRoom,
    commands.LeaveRoom,
    order_commands.Kick,
    order_commands.Ban,
    order_commands.Unban,
    order_commands.SetRole,
    order_commands.ChangeRoom,
)


def step_cost(command: object) -> int:
    """The cost of a further step besides its reply: that of a reply of so many bytes."""
    return limits.FLOOD_FRAME_BYTES if isinstance(command, _TOLD) else 0


class Scripts:
    """The scripts of one client.

    :param take_step: takes a step, and leads to a call of :meth:`proceed` with its result.
    :param end: closes the connection, after a script which has asked for that.
    :ivar closes: whether the connection is closed when the script has ended.
    """

    def __init__(self, take_step: Callable[[Request], None], end: Callable[[], None]) -> None:
        self.closes = False
        self._take_step = take_step
        self._end = end
        self._results: deque[tuple[Request, Result]] = deque()
        self._is_proceeding = False

    def proceed(self, request: Request, result: Result) -> None:
        """Go on with the script of `request`, of which `result` came.

        The result of the next step may come at once. Then it waits for the loop here: a script may
        have hundreds of steps, and each would be deeper in the stack than the one before.
        """
        self._results.append((request, result))
        if self._is_proceeding:
            return
        self._is_proceeding = True
        try:
            while self._results:
                following = proceed(*self._results.popleft())
                if following is not None:
                    self._take_step(following)
                elif self.closes:
                    self._end()
        finally:
            self._is_proceeding = False
