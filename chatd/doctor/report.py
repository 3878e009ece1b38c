"""An examination on paper: tables and a sentence for people, JSON for programs. Pure."""

import json
import textwrap
from collections.abc import Sequence
from typing import Any, Final

from chatd.doctor.findings import Answer, Cause, Findings, Reach, Stranger, Subject
from chatd.doctor.phrases import NO_BREAK
from chatd.doctor.verdict import verdict
from chatd.wire.rendering import escape

_COLUMNS: Final = 80

#: A trouble in few words; others in the words of the system.
_TROUBLES: Final = {
    Cause.NOT_PERMITTED: "not permitted",
    Cause.NO_ROUTE: "no route",
    Cause.DOWN: "down",
}


def as_text(findings: Findings) -> str:
    """`findings` as tables, and the sentence last."""
    parts = [
        _table(_INTERFACE_HEADING, "<<<>><", [_interface_row(each) for each in findings.subjects])
    ]
    if findings.answers:
        rows = [
            _answer_row(subject, answer)
            for subject in findings.subjects
            for answer in subject.answers
        ]
        parts.append(_table(_ANSWER_HEADING, "<<>>>><", rows))
    strange = [
        [escape(subject.interface.name), stranger.source, str(count), _complaint(stranger)]
        for subject in findings.subjects
        for stranger, count in subject.strangers
    ]
    if strange:
        parts.append(_table(_STRANGER_HEADING, "<<><", strange))
    sentence = verdict(findings).sentence(findings)
    parts.append(_wrapped(sentence))
    return "\n".join(parts)


def as_json(findings: Findings) -> str:
    """`findings` as one JSON object, in ASCII; times in milliseconds."""
    row = verdict(findings)
    document = {
        "server": findings.wanted,
        "discovery_port": findings.port,
        "interfaces": [_interface_object(each) for each in findings.subjects],
        "reachable": bool(findings.reachable),
        "verdict": row.name,
        "sentence": row.sentence(findings).replace(NO_BREAK, " "),
    }
    return json.dumps(document, indent=1) + "\n"


_INTERFACE_HEADING: Final = ("INTERFACE", "ADDRESS", "BROADCAST", "SENT", "HEARD", "REMARK")
_ANSWER_HEADING: Final = ("INTERFACE", "SERVER AT", "FREE", "HEARD", "ROUND TRIP", "TCP", "ID")
_STRANGER_HEADING: Final = ("INTERFACE", "NOT BELIEVED", "HEARD", "REASON")


def _interface_row(subject: Subject) -> list[str]:
    interface = subject.interface
    return [
        escape(interface.name),
        str(interface.subnet),
        interface.subnet.broadcast if interface.subnet.is_discoverable else "-",
        str(subject.sent) if interface.is_asked else "-",
        str(subject.heard) if interface.is_asked else "-",
        ", ".join(_remarks(subject)),
    ]


def _remarks(subject: Subject) -> list[str]:
    remarks = [] if subject.interface.is_up else ["down"]
    if not subject.interface.subnet.is_discoverable:
        remarks.append("no broadcast")
    if subject.trouble is not None:
        remarks.append(_TROUBLES.get(subject.trouble.cause, subject.trouble.words))
    return list(dict.fromkeys(remarks))


def _answer_row(subject: Subject, answer: Answer) -> list[str]:
    return [
        escape(subject.interface.name),
        answer.place,
        f"{answer.free}/{answer.slots}",
        f"{answer.count}/{subject.sent}",
        _milliseconds(answer.round_trip),
        answer.reach.replace("-", " ") if answer.connect is None else _milliseconds(answer.connect),
        escape(answer.server_id),
    ]


def _complaint(stranger: Stranger) -> str:
    if stranger.server_id is None:
        return stranger.reason
    return f"{stranger.reason}: {escape(stranger.server_id)} at {stranger.address}"


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms"


def _table(heading: Sequence[str], aligned: str, rows: list[list[str]]) -> str:
    """`rows` in columns under `heading`, each aligned ``<`` left or ``>`` right."""
    lines = [list(heading), *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(heading))]
    return "".join(
        "  ".join(
            f"{cell:{side}{width}}" for cell, side, width in zip(line, aligned, widths, strict=True)
        ).rstrip()
        + "\n"
        for line in lines
    )


def _wrapped(sentence: str) -> str:
    """`sentence` in lines of 80 columns; what is to be typed stays in one piece."""
    lines = textwrap.fill(sentence, _COLUMNS, break_long_words=False, break_on_hyphens=False)
    return lines.replace(NO_BREAK, " ") + "\n"


def _interface_object(subject: Subject) -> dict[str, Any]:
    interface = subject.interface
    return {
        "interface": interface.name,
        "address": str(interface.subnet.address),
        "prefix": interface.subnet.network.prefixlen,
        "broadcast": interface.subnet.broadcast if interface.subnet.is_discoverable else None,
        "up": interface.is_up,
        "asked": interface.is_asked,
        "sent": subject.sent,
        "unsent": subject.unsent,
        "trouble": subject.trouble.words if subject.trouble else None,
        "heard": subject.heard,
        "servers": [_answer_object(each) for each in subject.answers],
        "not_believed": [_stranger_object(*each) for each in subject.strangers],
    }


def _answer_object(answer: Answer) -> dict[str, Any]:
    return {
        "id": answer.server_id,
        "address": answer.address,
        "port": answer.port,
        "slots": answer.slots,
        "free": answer.free,
        "heard": answer.count,
        "round_trip_ms": round(answer.round_trip * 1000, 3),
        "tcp": answer.reach.value,
        "tcp_ms": None if answer.reach is not Reach.CONNECTED else _rounded(answer.connect),
        "here": answer.is_here,
    }


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 3)


def _stranger_object(stranger: Stranger, count: int) -> dict[str, Any]:
    return {
        "source": stranger.source,
        "reason": stranger.reason,
        "heard": count,
        "id": stranger.server_id,
        "address": stranger.address,
        "port": stranger.port,
    }
