"""The operations of the ordered log: whatever changes the hub, as a frozen value.

The hub is deterministic, so a chat *is* the order of its operations. A log decides on that order
and applies them to the hub; a log that keeps them can restore the chat.
"""

from abc import ABCMeta, abstractmethod
from collections.abc import Mapping
from typing import Any, Final, Generic, TypeVar

import msgspec
from twisted.logger import Logger
from typing_extensions import override

from chatd.chat import commands, irc_commands, order_commands
from chatd.chat.errors import NotRegistered, Refusal, ServerFailed
from chatd.chat.events import Reply
from chatd.chat.hub import Hub
from chatd.chat.outbox import MemberId
from chatd.chat.resuming import MissedPage

_Result = TypeVar("_Result")

_log: Final = Logger()

#: The commands that change nothing in the hub.
_UNKEPT: Final = frozenset(
    {
        commands.ReadTopic,
        commands.ReadSettings,
        irc_commands.ReadMonitored,
        commands.WhoIs,
        irc_commands.WhoWas,
        commands.ListRooms,
        commands.ListUsers,
        order_commands.ListBans,
        order_commands.ListInvitations,
        commands.ReadHistory,
        commands.ReadMessages,
        irc_commands.ReadMarker,
        commands.Search,
        irc_commands.ReadStatistics,
        commands.Ping,
    }
)


class _AbstractStructMeta(msgspec.StructMeta, ABCMeta):
    """Makes structs that may have abstract methods."""


class Operation(
    msgspec.Struct,
    Generic[_Result],
    frozen=True,
    array_like=True,
    metaclass=_AbstractStructMeta,
):
    """One step of a chat; ``now`` is in milliseconds since 1970."""

    @abstractmethod
    def apply(self, hub: Hub, now: int) -> _Result:
        """Carry the operation out.

        :raises Refusal: if that is not possible; then nothing has changed.
        """


class ReserveSlot(Operation[MemberId], frozen=True, tag="slot"):
    """Add a connection from `address` (``ADDRESS:PORT``) to `node`, and take a slot for it."""

    address: str
    node: str = ""

    @override
    def apply(self, hub: Hub, now: int) -> MemberId:
        return hub.reserve_slot(self.address, self.node)


class ConnectWithoutSlot(Operation[MemberId], frozen=True, tag="connect"):
    """Add a connection from `address` to `node` that takes a slot only when it enters."""

    address: str
    node: str = ""

    @override
    def apply(self, hub: Hub, now: int) -> MemberId:
        return hub.connect_without_slot(self.address, self.node)


class Handle(Operation[Reply], frozen=True):
    """Carry out the command of a connection; `number` is the client's own, 0 for none."""

    member_id: MemberId
    command: commands.Command
    number: int = 0

    @override
    def apply(self, hub: Hub, now: int) -> Reply:
        return hub.handle(self.member_id, self.command, now, self.number)


class RemoveMember(Operation[None], frozen=True, tag="leave"):
    """Remove a connection, and announce that a member left for this `reason`."""

    member_id: MemberId
    reason: str

    @override
    def apply(self, hub: Hub, now: int) -> None:
        if not hub.is_connected(self.member_id):
            raise NotRegistered  # removed before: nothing changes, so there is nothing to keep
        hub.remove_member(self.member_id, self.reason, now)


class LoseConnection(Operation[None], frozen=True, tag="lost"):
    """The connection is lost: its member may come back, if its client can resume."""

    member_id: MemberId

    @override
    def apply(self, hub: Hub, now: int) -> None:
        if not hub.is_connected(self.member_id):
            raise NotRegistered
        hub.lose_connection(self.member_id, now)


class ReadMissed(Operation[MissedPage], frozen=True):
    """Read the next page of what a member has missed; see :meth:`Hub.read_missed`."""

    member_id: MemberId
    seen: Mapping[str, int]
    gaps: frozenset[str]

    @override
    def apply(self, hub: Hub, now: int) -> MissedPage:
        return hub.read_missed(self.member_id, self.seen, self.gaps)


class SetAccounts(Operation[None], frozen=True, tag="accounts"):
    """Replace the accounts: casefolded nicknames, and whether each is blocked.

    :ivar hosts: those of them that are hosts.
    """

    accounts: dict[str, bool]
    hosts: frozenset[str] = frozenset()

    @override
    def apply(self, hub: Hub, now: int) -> None:
        hub.set_accounts(self.accounts, self.hosts, now)


class SetFingerprints(Operation[None], frozen=True, tag="fingerprints"):
    """Replace the fingerprints of the accounts' passwords; see :meth:`Hub.set_fingerprints`."""

    fingerprints: dict[str, str]

    @override
    def apply(self, hub: Hub, now: int) -> None:
        hub.set_fingerprints(self.fingerprints, now)


class Tick(Operation[None], frozen=True, tag="tick"):
    """Time has passed: carry out what is due."""

    @override
    def apply(self, hub: Hub, now: int) -> None:
        hub.tick(now)


class Begin(Operation[None], frozen=True, tag="begin"):
    """A server begins; the connections to the one before are gone.

    :ivar rules: by which it applies what follows; the first ones were not named.
    """

    rules: int = 1

    @override
    def apply(self, hub: Hub, now: int) -> None:
        hub.begin(now)


class SkipNumbers(Operation[None], frozen=True, tag="skip"):
    """Messages were imported: the highest number of them in each room, by its casefolded name."""

    numbers: dict[str, int]

    @override
    def apply(self, hub: Hub, now: int) -> None:
        hub.archived.skip_numbers(self.numbers)


class Clear(Operation[None], frozen=True, tag="clear"):
    """Remove all connections, and announce nothing: the server ends."""

    @override
    def apply(self, hub: Hub, now: int) -> None:
        hub.clear(now)


class Unreadable(Operation[None], frozen=True):
    """Stands for what was kept, and cannot be read: nothing happens."""

    @override
    def apply(self, hub: Hub, now: int) -> None:
        raise ServerFailed


def changes_hub(operation: Operation[Any]) -> bool:
    """Whether the operation has to be kept, so that the chat can be restored."""
    if isinstance(operation, Handle):
        return type(operation.command) not in _UNKEPT
    return not isinstance(operation, ReadMissed)


def apply(hub: Hub, operation: Operation[_Result], now: int) -> _Result | Refusal:
    """The result of an operation, or its refusal."""
    try:
        return operation.apply(hub, now)
    except Refusal as refusal:
        # Its traceback refers to the frames of this call, and so to what they refer to: without it
        # all that is freed at once, and not only by the garbage collector.
        return refusal.with_traceback(None)
    except Exception:
        # A bug must fail one operation, not the server.
        _log.failure("an operation could not be applied")
        return ServerFailed()
