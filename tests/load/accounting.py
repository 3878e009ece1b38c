"""Whether each member received its messages: each once, in the hub's order, and no others."""

from array import array
from collections.abc import Iterable, Mapping

from tests.load.member import Member
from tests.load.order_checker import OrderChecker


def faults_of(member: Member, checker: OrderChecker) -> list[str]:
    """The faults in what one member received, now that its connection is closed.

    A truncated connection may lack the last messages.
    """
    name = f"{member.first_name} ({member.dialect.port})"
    faults = [f"{name} was refused something: {error!r}" for error in member.errors[:1]]
    presence = checker.presences.get(member.first_name)
    if presence is None:
        if member.received:
            faults.append(f"{name} received messages, but never entered")
        return faults
    expected = checker.expected_for(presence)
    if member.sent and not member.dialect.echoes:
        expected = array("I", (number for number in expected if number not in member.sent))
    if member.dialect.may_drop:
        is_correct = _is_subsequence(member.received, expected)
    elif member.is_truncated:
        is_correct = member.received == expected[: len(member.received)]
    else:
        is_correct = member.received == expected
    if not is_correct:
        faults.append(
            f"{name} {_difference(member.received, expected)}; it left: {presence.reason}"
        )
    return faults


def undelivered(members: Iterable[Member], checker: OrderChecker) -> list[str]:
    """Messages that the hub lost, though they were confirmed or sent over a connection not cut."""
    numbers = list(checker.numbers())
    delivered = set(numbers)
    faults = []
    if len(delivered) != len(numbers):
        faults.append(f"{len(numbers) - len(delivered)} messages were in a room twice")
    for member in members:
        due = member.confirmed if member.is_truncated else member.confirmed | member.sent
        if lost := due - delivered:
            faults.append(f"{len(lost)} messages of {member.first_name} were lost")
    return faults


def misdirected(members: Iterable[Member], recipients: Mapping[int, Member]) -> list[str]:
    """Private messages that another member received, or that came twice.

    :param recipients: the recipient of each private message.
    """
    faults = []
    for member in members:
        if len(set(member.received_private)) != len(member.received_private):
            faults.append(f"{member.first_name} received a private message twice")
        if any(recipients[number] is not member for number in member.received_private):
            faults.append(f"{member.first_name} received another member's private message")
    return faults


def _is_subsequence(part: "array[int]", whole: "array[int]") -> bool:
    rest = iter(whole)
    return all(number in rest for number in part)


def _difference(received: "array[int]", expected: "array[int]") -> str:
    for position, (number, due) in enumerate(zip(received, expected, strict=False)):
        if number != due:
            return f"received {number} as its message {position}, instead of {due}"
    return f"received {len(received)} messages, instead of {len(expected)}"
