"""Calls of a hub that are recorded, to be made again with another hub."""

from dataclasses import dataclass

from chatd.chat.commands import Command
from chatd.chat.errors import Refusal
from chatd.chat.events import Reply
from chatd.chat.hub import Hub
from chatd.chat.outbox import MemberId


@dataclass(frozen=True)
class Step:
    """One call of the hub.

    With `command`, `member` sends it. With `reason`, `member` is removed. Otherwise there is a
    connection from `address`, which takes a slot if `takes_slot`.
    """

    member: MemberId
    now: int
    command: Command | None = None
    reason: str = ""
    address: str = ""
    takes_slot: bool = True


def run_step(hub: Hub, step: Step) -> MemberId | Reply | Refusal | None:
    """Make the call, and return its result or the refusal that it raised."""
    try:
        if step.command is not None:
            return hub.handle(step.member, step.command, step.now)
        if step.reason:
            hub.remove_member(step.member, step.reason, step.now)
            return None
        return (
            hub.reserve_slot(step.address)
            if step.takes_slot
            else hub.connect_without_slot(step.address)
        )
    except Refusal as refusal:
        return refusal


def comparable(result: object) -> object:
    """A result that equals another one with the same values; a refusal does not."""
    return (type(result), str(result)) if isinstance(result, Refusal) else result
