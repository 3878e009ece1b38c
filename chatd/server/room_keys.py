"""The words of keyed rooms: an address that has given too many wrong ones has to wait.

The hub decides whether a word is right. Here it is only seen beforehand whether it will be wrong.
"""

from twisted.internet.interfaces import IReactorTime
from twisted.logger import Logger

from chatd.chat import limits
from chatd.chat.commands import JoinRoom
from chatd.chat.errors import Refusal, TooManyAttempts
from chatd.chat.hub import Hub
from chatd.rate_limit import AttemptLimit


class RoomKeys:
    """Counts wrong words by address."""

    log = Logger()

    def __init__(self, hub: Hub, clock: IReactorTime) -> None:
        self._hub = hub
        self._attempts = AttemptLimit(
            clock,
            limits.ADDRESS_WRONG_PASSWORDS,
            limits.ADDRESS_ATTEMPT_SECONDS,
            limits.ATTEMPT_ADDRESSES,
        )

    def check(self, command: JoinRoom, address: str) -> Refusal | None:
        """Why the hub is not asked; None if it is. Joining without a word is no attempt.

        :param address: of the client, ``HOST:PORT``.
        """
        host = address.rpartition(":")[0]
        is_right = self._hub.archived.opens(command.room, command.key)
        if is_right is None or not command.key:
            return None
        if self._attempts.is_throttled(host):
            return TooManyAttempts()
        if not is_right:
            self._attempts.count(host)
            self.log.info("wrong word for {room} from {host}", room=command.room, host=host)
        return None
