"""Somebody connected to the server, whatever they speak: the same questions, the same answers."""

from dataclasses import dataclass
from typing import Any, ClassVar, Final

from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionLost
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from chatd.server.chat import Chat
from chatd.server.factory import MAIN, ChatFactory, DialectFactory, PortType

LOBBY: Final = "#lobby"


@dataclass(frozen=True)
class Message:
    source: str
    text: str
    room: str = LOBBY


@dataclass(frozen=True)
class Private:
    source: str
    text: str


@dataclass(frozen=True)
class Notice:
    text: str


@dataclass(frozen=True)
class Answer:
    text: str


@dataclass(frozen=True)
class Refused:
    text: str


Seen = Message | Private | Notice | Answer | Refused


class Speaker:
    """Somebody connected; each dialect says how things are asked for, and what was seen.

    What cannot be said in a dialect is not implemented there.

    :cvar refuses: how a refusal looks in this dialect.
    """

    port: ClassVar[PortType]
    refuses: ClassVar[type] = Refused

    def __init__(self, chat: Chat, address: IPv4Address) -> None:
        self.address = f"{address.host}:{address.port}"
        self.is_gone = False
        self.transport = StringTransport(peerAddress=address)
        factory = ChatFactory(chat) if self.port is MAIN else DialectFactory(chat, self.port)
        connection = factory.buildProtocol(address)
        assert connection is not None
        self.connection = connection
        self._mark = 0
        self._clock: Any = chat.clock
        connection.makeConnection(self.transport)

    # --- what it asks ---------------------------------------------------------------------------

    def enter(self, nickname: str) -> None:
        raise NotImplementedError

    def say(self, text: str, room: str = LOBBY) -> None:
        raise NotImplementedError

    def tell(self, text: str, *to: str) -> None:
        raise NotImplementedError

    def rename(self, nickname: str) -> None:
        raise NotImplementedError

    def join(self, room: str) -> None:
        raise NotImplementedError

    def leave(self, room: str) -> None:
        raise NotImplementedError

    def quit(self) -> None:
        raise NotImplementedError

    def ask_users(self) -> None:
        raise NotImplementedError

    def ask_history(self) -> None:
        raise NotImplementedError

    def send(self, data: bytes) -> None:
        self.connection.dataReceived(data)
        self._clock.advance(0)  # the server writes at the end of its turn

    def hang_up(self) -> None:
        """Be gone without a word."""
        self.is_gone = True
        self.connection.connectionLost(Failure(ConnectionLost()))
        self._clock.advance(0)

    # --- what it saw, since it last forgot ------------------------------------------------------

    def saw(self) -> list[Seen]:
        raise NotImplementedError

    def users(self) -> list[str]:
        """The list of users that it asked for."""
        raise NotImplementedError

    def history(self) -> list[tuple[str, str]]:
        """The history that it asked for."""
        raise NotImplementedError

    def saw_messages(self, room: str = LOBBY) -> list[tuple[str, str]]:
        return [
            (each.source, each.text)
            for each in self.saw()
            if isinstance(each, Message) and each.room == room
        ]

    def saw_private(self) -> list[tuple[str, str]]:
        return [(each.source, each.text) for each in self.saw() if isinstance(each, Private)]

    def saw_notice(self, sentence: str) -> bool:
        return any(isinstance(each, Notice) and sentence in each.text for each in self.saw())

    def was_refused(self, sentence: str) -> bool:
        return any(isinstance(each, self.refuses) and sentence in each.text for each in self.saw())

    def was_told(self, words: str) -> bool:
        """Whether it was told so by the server, in whatever way."""
        return any(
            isinstance(each, Notice | Answer | Refused) and words in each.text
            for each in self.saw()
        )

    def is_dropped(self) -> bool:
        """Whether the server has ended the connection."""
        return self.transport.disconnecting

    def forget(self) -> None:
        self._mark = len(self.transport.value())

    @property
    def received(self) -> bytes:
        data: bytes = self.transport.value()
        return data[self._mark :]


def seen_line(source: str, text: str) -> Seen:
    """What somebody is shown as ``source: text``, where that is all there is."""
    if source == "[Server]":
        return Notice(text)
    if source.startswith("[private] "):
        return Private(source.removeprefix("[private] "), text)
    room, _, speaker = source.rpartition(" ")
    return Message(speaker, text, room or LOBBY)
