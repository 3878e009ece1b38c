"""Entries and states as bytes, in msgpack.

An entry is an array of operations, and an operation an array of its tag and its fields.
"""

from collections.abc import Iterable
from hashlib import sha256
from typing import Any, Final

import msgspec

from chatd.chat import commands
from chatd.chat.state import RULES, HubState
from chatd.log.node_operations import BeginNode, ChangeNode, CountWrongPassword, EndNode
from chatd.log.operations import (
    Begin,
    Clear,
    ConnectWithoutSlot,
    Handle,
    LoseConnection,
    Operation,
    RemoveMember,
    ReserveSlot,
    SetAccounts,
    SetFingerprints,
    SkipNumbers,
    Tick,
)


class _Command(msgspec.Struct, frozen=True, array_like=True, tag="do"):
    """A :class:`Handle`: msgspec cannot tell the types of commands apart by themselves."""

    member_id: int
    name: str
    command: msgspec.Raw
    number: int = 0


_Record = (
    ReserveSlot
    | ConnectWithoutSlot
    | RemoveMember
    | LoseConnection
    | SetAccounts
    | SetFingerprints
    | SkipNumbers
    | Begin
    | Tick
    | Clear
    | BeginNode
    | ChangeNode
    | EndNode
    | CountWrongPassword
    | _Command
)

_COMMANDS: Final[dict[str, type]] = {each.__name__: each for each in commands.Command.__args__}

_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(list[_Record])
_snapshot_decoder: Final = msgspec.msgpack.Decoder(tuple[int, HubState])


def encode_operations(operations: Iterable[Operation[Any]]) -> bytes:
    """The bytes of an entry."""
    return _encoder.encode([_record(operation) for operation in operations])


def encode_operation(operation: Operation[Any]) -> bytes:
    """The bytes of one operation within an entry."""
    return _encoder.encode(_record(operation))


def decode_operations(data: bytes | msgspec.Raw) -> list[Operation[Any]]:
    """The operations of an entry.

    :raises ValueError: if it is not one, or one of a later version.
    """
    return [_operation(record) for record in _decoder.decode(data)]


def encode_snapshot(time: int, state: HubState) -> bytes:
    """The bytes of a snapshot: equal for equal states at that time of the chat."""
    return _encoder.encode((time, state))


def decode_snapshot(data: bytes) -> tuple[int, HubState]:
    """The time of the chat and the state in a snapshot.

    :raises ValueError: if it is not one, or one of a later version.
    """
    return _snapshot_decoder.decode(data)


def digest(state: HubState) -> str:
    """A fingerprint of the state, the same wherever the same operations were applied."""
    return sha256(_encoder.encode(state)).hexdigest()


def _record(operation: Operation[Any]) -> object:
    if isinstance(operation, Handle):
        command = operation.command
        return _Command(
            operation.member_id,
            type(command).__name__,
            msgspec.Raw(_encoder.encode(command)),
            operation.number,
        )
    return operation


def _operation(record: Any) -> Operation[Any]:
    if isinstance(record, _Command):
        command = msgspec.msgpack.decode(record.command, type=_type(record))
        return Handle(record.member_id, command, record.number)
    if isinstance(record, Begin) and record.rules > RULES:
        raise ValueError(f"what follows is of rules {record.rules}, this one knows {RULES}")
    operation: Operation[Any] = record
    return operation


def _type(record: _Command) -> Any:
    try:
        return _COMMANDS[record.name]
    except KeyError:
        raise ValueError(f"unknown command {record.name}") from None
