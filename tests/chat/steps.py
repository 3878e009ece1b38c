"""What was done with a hub, step by step, to be done again with another one."""

from dataclasses import dataclass

from chatd.chat.commands import Command
from chatd.chat.errors import Refusal
from chatd.chat.events import Reply
from chatd.chat.hub import Hub
from chatd.chat.outbox import MemberId


@dataclass(frozen=True)
class Step:
    """One call of the hub, to be made again: a command, somebody's end, or one from `address`."""

    member: MemberId
    now: int
    command: Command | None = None
    reason: str = ""
    address: str = ""
    stands: bool = False


def make(hub: Hub, step: Step) -> MemberId | Reply | Refusal | None:
    try:
        if step.command is not None:
            return hub.handle(step.member, step.command, step.now)
        if step.reason:
            hub.remove_member(step.member, step.reason)
            return None
        return (
            hub.connect_without_slot(step.address)
            if step.stands
            else hub.reserve_slot(step.address)
        )
    except Refusal as refusal:
        return refusal


def told(outcome: object) -> object:
    """An outcome that can be compared."""
    return (type(outcome), str(outcome)) if isinstance(outcome, Refusal) else outcome
