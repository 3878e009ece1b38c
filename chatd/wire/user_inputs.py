"""The values that ``slash_commands`` parses typed lines to.

Besides the commands for the server there are those that the user's own program carries out.
"""

from collections.abc import Callable
from dataclasses import dataclass

from chatd.chat.commands import ClientCommand


@dataclass(frozen=True, slots=True)
class Help:
    """Show the list of commands; with `is_for_hosts`, of those of hosts and operators."""

    is_for_hosts: bool = False


@dataclass(frozen=True, slots=True)
class SwitchRoom:
    """Send the user's lines to `room` from now on."""

    room: str


@dataclass(frozen=True, slots=True)
class PromptPrivate:
    """Ask the user for the recipients of a private message, and then for its text."""


@dataclass(frozen=True, slots=True)
class MoreResults:
    """Show the next page of the last search: older messages."""


@dataclass(frozen=True, slots=True)
class OpenPrivate:
    """Show the private talk with `to`, and send the user's lines there from now on."""

    to: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClosePrivate:
    """Close the private talk with `to`."""

    to: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ignore:
    """Show nothing that the member says or does from now on; with None, list who is ignored."""

    nickname: str | None


@dataclass(frozen=True, slots=True)
class Unignore:
    """Show again what the member says and does."""

    nickname: str


@dataclass(frozen=True, slots=True)
class Clear:
    """Clear what is on the screen."""


@dataclass(frozen=True, slots=True)
class ShowInvite:
    """Show how others come here: the address of the page, and its QR code."""


@dataclass(frozen=True, slots=True)
class WhoAmI:
    """Show the user's nickname, the server, and whether others on the network can read along."""


@dataclass(frozen=True, slots=True)
class SendPath:
    """Send the file at `path`.

    :ivar path: as typed, without quotes around it; empty if the user is to choose the file.
    :ivar target: to whom: a room, ``#dev``, or a private talk, ``@ice`` or ``@ice,moon``.
    """

    path: str
    target: str


@dataclass(frozen=True, slots=True)
class SavePath:
    """Save the file of the message with the number `seq` in `room`.

    :ivar room: perhaps a private talk, ``@ice``.
    :ivar path: where; empty if the user has not said.
    """

    room: str
    seq: int
    path: str


#: The inputs that the program of the user carries out, if it can, without the server.
LocalInput = (
    OpenPrivate
    | ClosePrivate
    | Ignore
    | Unignore
    | Clear
    | ShowInvite
    | WhoAmI
    | SendPath
    | SavePath
)

UserInput = ClientCommand | Help | SwitchRoom | PromptPrivate | MoreResults | LocalInput


@dataclass(frozen=True, slots=True)
class SlashCommand:
    """One command.

    :ivar names: what the user types; any of them.
    :ivar arguments: the arguments, as the help shows them.
    :ivar help: what the command does.
    :ivar is_for_hosts: whether it is one of hosts and operators, which the help lists apart.
    :ivar parse: called with the argument, stripped, and the target that the user's lines go to.
    """

    names: tuple[str, ...]
    arguments: str
    help: str
    parse: Callable[[str, str], UserInput]
    is_for_hosts: bool = False
