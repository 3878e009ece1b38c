"""The client's memory of its session at the server, to resume it on another connection.

It is in memory only. The token is a secret like a password, and is never shown or logged.
"""

from typing import Final

from chatd.chat import events, limits
from chatd.chat.names import casefold
from chatd.wire import client_frames, frames
from chatd.wire.frames import FromServer

#: The greatest number that a ``hello`` may carry.
_MAX_SEQ: Final = 2**53 - 1


class Resumption:
    """The token of the session, and how far the client has received what others said.

    A server that cannot resume sends no token: then there is nothing to resume.
    """

    def __init__(self) -> None:
        self._token = self._fingerprint = ""
        self._private = 0
        # By casefolded room: its name as the server spells it, and the number of the last message.
        self._seen: dict[str, tuple[str, int]] = {}

    @property
    def is_possible(self) -> bool:
        """Whether there is a session to resume."""
        return bool(self._token)

    @property
    def token(self) -> str:
        """The token; empty if there is none."""
        return self._token

    def request(self, fingerprint: str) -> client_frames.ResumeData | None:
        """What ``hello`` says to resume; None if there is no session.

        :param fingerprint: of the server's key; empty without TLS. A token is for one key alone.
        """
        if not self._token or fingerprint != self._fingerprint:
            return None
        return client_frames.ResumeData(self._token, dict(self._seen.values()), self._private)

    def welcomed(self, welcome: events.Welcome, fingerprint: str) -> None:
        """Take over the session that the server resumed, or the new one."""
        self._fingerprint = fingerprint
        if not welcome.resumed:
            self._seen.clear()
            self._private = 0
        is_valid = len(welcome.session) <= limits.SESSION_TOKEN_CHARACTERS
        self._token = welcome.session if is_valid else ""

    def received(self, frame: FromServer, nickname: str, *, is_resent: bool = False) -> None:
        """Take note of a frame that the server sent.

        The numbers of a room may begin again, so the last one counts, and not the highest.

        :param nickname: the user's own.
        :param is_resent: whether it is the reply to a command that was sent again. Then it may be
            older than what the client has received.
        """
        match frame:
            case frames.Message(data=events.Message(room, seq)):
                self._received(room, seq)
            case frames.Ok(data=frames.OkData(room=str(room), seq=int(seq))):
                _, before = self._seen.get(casefold(room), (room, 0))
                self._received(room, max(seq, before) if is_resent else seq)
            case frames.Missed(data=events.Missed(room, [*_, events.Message(seq=seq)])):
                self._received(room, seq)
            case frames.PrivateMessage(data=events.PrivateMessage(seq=seq)) if seq <= _MAX_SEQ:
                self._private = max(0, seq)
            case frames.RoomLeft(data=events.RoomLeft(room, who)) if who == nickname:
                self._seen.pop(casefold(room), None)

    def _received(self, room: str, seq: int) -> None:
        if 0 <= seq <= _MAX_SEQ:
            self._seen.pop(casefold(room), None)
            self._seen[casefold(room)] = room, seq
            if len(self._seen) > limits.JOINED_ROOMS:  # that is no chatd server
                del self._seen[next(iter(self._seen))]
