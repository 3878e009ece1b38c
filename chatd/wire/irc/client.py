"""The state of one IRC client, and the answers to it. Pure."""

import re
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Final, TypeVar

from chatd import __version__
from chatd.chat.commands import ClientCommand
from chatd.wire.dialect import Result
from chatd.wire.irc import numerics
from chatd.wire.irc.capabilities import NOTHING_AGREED, Capabilities
from chatd.wire.irc.lines import Line
from chatd.wire.irc.masks import source
from chatd.wire.irc.multiline import OpenBatch
from chatd.wire.irc.sasl import Exchange

VERSION: Final = f"chatd-{__version__}"


@dataclass(frozen=True, slots=True)
class Server:
    """The server as IRC clients see it.

    :ivar name: the source of what it says; it has a dot, by which clients tell it from a nickname.
    :ivar network: the server's id, as users know it.
    :ivar has_accounts: whether nicknames may need a password.
    :ivar is_kept: whether the chat goes on when the server begins again.
    """

    name: str = "irc.chatd"
    network: str = "chatd"
    has_accounts: bool = True
    is_kept: bool = True


SERVER: Final = Server()


def server_of(server_id: str, *, has_accounts: bool, is_kept: bool) -> Server:
    """The server with that id, which may have any characters.

    The name of a server is one of a host (https://modern.ircdocs.horse/#servers).
    """
    name = re.sub("[^A-Za-z0-9.-]+", "-", server_id).strip("-.") or "irc"
    return Server(name if "." in name else f"{name}.chatd", server_id, has_accounts, is_kept)


@dataclass(frozen=True, slots=True)
class Client:
    """One client.

    :ivar nickname: empty before it has entered.
    :ivar wanted: the nickname to enter with.
    :ivar user: its user name; empty before USER.
    :ivar real_name: its user's real name, as it says.
    :ivar password: from PASS, a secret, until it has entered.
    :ivar exchange: what it has sent so far to authenticate.
    :ivar account: the account whose password it gave before it entered.
    :ivar is_bot: whether it has said that it is a program.
    :ivar batch: the message of several lines that it is sending.
    :ivar files_url: the URL under which files are; empty if the server takes none.
    """

    server: Server = SERVER
    agreed: Capabilities = NOTHING_AGREED
    nickname: str = ""
    wanted: str = ""
    user: str = ""
    real_name: str = ""
    password: str = field(default="", repr=False)
    exchange: Exchange | None = None
    account: str = ""
    is_bot: bool = False
    batch: OpenBatch | None = None
    files_url: str = ""

    @property
    def source(self) -> str:
        """The source of what this client does."""
        return source(self.nickname)

    def has(self, capability: str) -> bool:
        """Whether the client has agreed on it."""
        return capability in self.agreed.enabled

    def numeric(self, number: str, *params: str, text: str | None = None) -> Line:
        """A numeric for this client: see :func:`numerics.numeric`."""
        shown = self.nickname or self.wanted
        return numerics.numeric(number, self.server.name, shown, *params, text=text)


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a command, or a part of it.

    :ivar lines: in their order; none at all is an answer, too.
    :ivar client: the client from now on; None if it has not changed.
    :ivar is_deferred: whether the answer to the label comes with a later line.
    """

    lines: tuple[Line, ...] = ()
    client: Client | None = None
    is_deferred: bool = False


#: The steps of a command: a generator that yields commands for the hub and is sent the result of
#: each. It may also yield answers, which go out at once, before all that the hub tells the client
#: later. It returns the rest of the answer.
Steps = Generator[ClientCommand | Answer, Result | None, Answer]

_Found = TypeVar("_Found")
#: The steps of a part of a command, which returns what it has found.
Search = Generator[ClientCommand | Answer, Result | None, _Found]


def answer(*lines: Line) -> Answer:
    """An answer of these lines, after which the client is as before."""
    return Answer(lines)
