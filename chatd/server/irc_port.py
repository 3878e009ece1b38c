"""The port of IRC clients: its framing, and the dialect of a new connection."""

from typing import Final

from typing_extensions import override

from chatd.chat import limits
from chatd.chat.errors import InputTooLong
from chatd.log.operations import ConnectWithoutSlot
from chatd.server.chat import Chat
from chatd.server.factory import PortType
from chatd.server.protocol import LineProtocol
from chatd.wire.irc.client import Client, server_of
from chatd.wire.irc.dialect import Irc, of_client


class IrcProtocol(LineProtocol):
    """Lines of IRC. One that is too long is refused, and the next one is read.

    (In the other dialects such a line ends the connection. IRC has numeric 417 for it, and clients
    go on.)
    """

    _is_skipping = False
    _rest = b""

    @override
    def dataReceived(self, data: bytes) -> None:
        super().dataReceived(data)
        while self._rest:
            rest, self._rest = self._rest, b""
            super()._handle_data(rest)

    @override
    def _handle_data(self, data: bytes) -> None:
        if self._is_skipping:
            _, line_end, data = data.partition(self.delimiter)
            self._is_skipping = not line_end
        if data and not self._is_skipping:
            super()._handle_data(data)

    @override
    def lineLengthExceeded(self, line: bytes) -> None:
        _, line_end, self._rest = line.partition(self.delimiter)
        self._is_skipping = not line_end
        if not self.session.is_ended:
            self.session.frame_refused(InputTooLong())


def new_dialect(chat: Chat) -> Irc:
    """The dialect of a new connection."""
    server = server_of(
        chat.settings.server_id,
        has_accounts=bool(chat.hub.accounts),
        is_kept=chat.hub.archived.is_kept,
    )
    return of_client(Client(server))


#: A connection takes its slot when it enters, as an IRC client may negotiate for a while.
IRC: Final = PortType(IrcProtocol, new_dialect, limits.REGISTRATION_SECONDS, ConnectWithoutSlot)
