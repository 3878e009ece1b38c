"""What findings mean, and whether the server would be reached: a decision table. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from chatd.doctor import sentences
from chatd.doctor.findings import Cause, Findings, Reach
from chatd.wire import discovery


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table.

    :ivar name: of the verdict, for programs.
    :ivar meaning: what it says, in short.
    """

    name: str
    meaning: str
    applies: Callable[[Findings], bool]
    sentence: Callable[[Findings], str]


def verdict(findings: Findings) -> Row:
    """The row that applies to `findings`."""
    return next(row for row in ROWS if row.applies(findings))


def _all_failed(cause: Cause | None) -> Callable[[Findings], bool]:
    """Whether nothing could be sent anywhere, for `cause`; for whatever cause, if that is None."""

    def applies(findings: Findings) -> bool:
        troubles = [each.trouble for each in findings.asked if not each.sent]
        return bool(troubles) and all(
            not each.sent and each.trouble is not None and cause in (None, each.trouble.cause)
            for each in findings.asked
        )

    return applies


def _any_reach(reach: Reach) -> Callable[[Findings], bool]:
    return lambda findings: (
        not findings.reachable and any(each.reach is reach for each in findings.candidates)
    )


def _is_down(findings: Findings) -> bool:
    return not findings.is_whole_host and all(
        not each.interface.is_up or (each.trouble is not None and each.trouble.cause is Cause.DOWN)
        for each in findings.patients
    )


def _is_alone(findings: Findings) -> bool:
    return findings.is_whole_host and not any(
        each.interface.is_up and not each.interface.is_loopback for each in findings.subjects
    )


#: The decision table: the first row that applies is the verdict.
ROWS: Final = (
    Row(
        "refused",
        "it answers, but its TCP port refuses",
        _any_reach(Reach.REFUSED),
        sentences.refused,
    ),
    Row(
        "timed-out",
        "it answers, its TCP port does not",
        _any_reach(Reach.TIMED_OUT),
        sentences.timed_out,
    ),
    Row(
        "failed",
        "it answers, but connections to its TCP port fail",
        lambda findings: bool(findings.candidates) and not findings.reachable,
        sentences.failed,
    ),
    Row(
        "full",
        "it can be reached, but has no free place",
        lambda findings: bool(findings.reachable) and not any(e.free for e in findings.reachable),
        sentences.full,
    ),
    Row(
        "twins",
        "it can be reached, but another server has its id",
        lambda findings: bool(findings.twins),
        sentences.twins,
    ),
    Row(
        "here",
        "it can be reached, but runs on this very host",
        lambda findings: bool(findings.reachable) and all(e.is_here for e in findings.reachable),
        sentences.here,
    ),
    Row("well", "it can be reached", lambda findings: bool(findings.reachable), sentences.well),
    Row(
        "false-address",
        "it offers an address that is not its own",
        lambda findings: bool(findings.strangers(discovery.FALSE_ADDRESS)),
        sentences.false_address,
    ),
    Row(
        "foreign-subnet",
        "it answers from outside the subnet",
        lambda findings: bool(findings.strangers(discovery.FOREIGN_SUBNET)),
        sentences.foreign_subnet,
    ),
    Row("down", "the interface that was named is down", _is_down, sentences.down),
    Row(
        "no-broadcast",
        "the subnet has no broadcast address",
        lambda findings: (
            any(each.interface.is_up for each in findings.patients) and not findings.asked
        ),
        sentences.no_broadcast,
    ),
    Row(
        "not-permitted",
        "this host does not let it send",
        _all_failed(Cause.NOT_PERMITTED),
        sentences.not_permitted,
    ),
    Row(
        "no-route", "this host has no route there", _all_failed(Cause.NO_ROUTE), sentences.no_route
    ),
    Row("not-sent", "nothing could be sent", _all_failed(None), sentences.not_sent),
    Row(
        "others",
        "other servers answer",
        lambda findings: findings.wanted is not None and bool(findings.answers),
        sentences.others,
    ),
    Row("no-interface", "no interface but loopback is up", _is_alone, sentences.no_interface),
    Row(
        "version",
        "somebody answers in another version",
        lambda findings: bool(findings.strangers(discovery.OTHER_VERSION)),
        sentences.version,
    ),
    Row(
        "noise",
        "something else answers on that port",
        lambda findings: bool(findings.strangers()),
        sentences.noise,
    ),
    Row(
        "partly",
        "nobody answers, some interfaces cannot send",
        lambda findings: any(not each.sent for each in findings.asked),
        sentences.partly,
    ),
    Row(
        "no-lease",
        "nobody answers, and there is no DHCP",
        lambda findings: (
            bool(findings.asked)
            and all(each.interface.subnet.address.is_link_local for each in findings.asked)
        ),
        sentences.no_lease,
    ),
    Row(
        "silence-here",
        "nobody answers on loopback, all that was asked",
        lambda findings: all(each.interface.is_loopback for each in findings.subjects),
        sentences.silence_here,
    ),
    Row(
        "silence-vpn",
        "nobody answers, and there is a VPN",
        lambda findings: bool(findings.vpns),
        sentences.silence_vpn,
    ),
    Row("silence", "nobody answers", lambda findings: True, sentences.silence),
)
