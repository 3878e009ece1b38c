"""Whether each member heard what was its to hear: once, in the one order, and nothing else."""

from array import array
from collections.abc import Iterable, Mapping

from benchmarks.abuse.member import Member
from benchmarks.abuse.witness import Witness


def faults_of(member: Member, witness: Witness) -> list[str]:
    """What is wrong with what one member heard, now that its connection has ended.

    Whose connection was cut may lack the last of it.
    """
    who = f"{member.first_name} ({member.tongue.side})"
    faults = [f"{who} was refused something: {error!r}" for error in member.errors[:1]]
    presence = witness.presences.get(member.first_name)
    if presence is None:
        if member.heard:
            faults.append(f"{who} heard messages, but never entered")
        return faults
    due = witness.heard_by(presence)
    if member.said and not member.tongue.hears_own:
        due = array("I", (number for number in due if number not in member.said))
    if member.tongue.may_lose:
        is_right = _is_part(member.heard, due)
    elif member.is_cut:
        is_right = member.heard == due[: len(member.heard)]
    else:
        is_right = member.heard == due
    if not is_right:
        faults.append(f"{who} {_difference(member.heard, due)}; it left: {presence.reason}")
    return faults


def unheard(members: Iterable[Member], witness: Witness) -> list[str]:
    """What was confirmed to its sender, or said by one that ended in peace, and never heard."""
    numbers = list(witness.numbers())
    heard = set(numbers)
    faults = []
    if len(heard) != len(numbers):
        faults.append(f"{len(numbers) - len(heard)} messages were in a room twice")
    for member in members:
        sure = member.confirmed if member.is_cut else member.confirmed | member.said
        if lost := sure - heard:
            faults.append(f"{len(lost)} messages of {member.first_name} were heard by nobody")
    return faults


def misled(members: Iterable[Member], whispers: Mapping[int, Member]) -> list[str]:
    """Private messages that came to somebody else, or twice."""
    faults = []
    for member in members:
        if len(set(member.whispered)) != len(member.whispered):
            faults.append(f"{member.first_name} was told something private twice")
        if any(whispers[number] is not member for number in member.whispered):
            faults.append(f"{member.first_name} was told what was private to somebody else")
    return faults


def _is_part(heard: "array[int]", due: "array[int]") -> bool:
    """Whether `heard` is `due` with some left out."""
    rest = iter(due)
    return all(number in rest for number in heard)


def _difference(heard: "array[int]", due: "array[int]") -> str:
    for position, (number, expected) in enumerate(zip(heard, due, strict=False)):
        if number != expected:
            return f"heard {number} as its message {position}, and {expected} was due"
    return f"heard {len(heard)} messages, and {len(due)} were due"
