"""The output of ``chatd doctor``: tables and a sentence for users, JSON for programs. Pure."""

import json
import textwrap
from typing import Any, Final

from chatd.doctor.diagnoses import diagnose
from chatd.doctor.findings import (
    Findings,
    InterfaceReport,
    RejectedDatagram,
    SendErrorCause,
    ServerReport,
)
from chatd.doctor.words import NO_BREAK
from chatd.wire.rendering import escape
from chatd.wire.table import table

_COLUMNS: Final = 80

#: Short remarks on send errors; other errors are shown in the operating system's words.
_SEND_ERRORS: Final = {
    SendErrorCause.NOT_PERMITTED: "not permitted",
    SendErrorCause.NO_ROUTE: "no route",
    SendErrorCause.DOWN: "down",
}


def as_text(findings: Findings) -> str:
    """Tables of `findings`, and the diagnosis as the last paragraph."""
    parts = [
        table([_INTERFACE_HEADING, *(_interface_row(each) for each in findings.reports)], "<<<>><")
    ]
    if findings.servers:
        rows = [
            _server_row(report, server) for report in findings.reports for server in report.servers
        ]
        parts.append(table([_SERVER_HEADING, *rows], "<<>>>><"))
    if nodes := [each for each in findings.servers if each.node]:
        parts.append(table([_NODE_HEADING, *(_node_row(each) for each in nodes)]))
    rejected = [
        [escape(report.interface.name), datagram.source, str(count), _reason(datagram)]
        for report in findings.reports
        for datagram, count in report.rejected
    ]
    if rejected:
        parts.append(table([_REJECTED_HEADING, *rejected], "<<><"))
    parts.append(_wrapped(diagnose(findings).sentence(findings)))
    return "\n".join(parts)


def as_json(findings: Findings) -> str:
    """`findings` as one JSON object, in ASCII; times in milliseconds."""
    diagnosis = diagnose(findings)
    document = {
        "server": findings.server_id,
        "discovery_port": findings.port,
        "interfaces": [_interface_object(each) for each in findings.reports],
        "reachable": bool(findings.reachable),
        "diagnosis": diagnosis.name,
        "sentence": diagnosis.sentence(findings).replace(NO_BREAK, " "),
    }
    return json.dumps(document, indent=1) + "\n"


_INTERFACE_HEADING: Final = ("INTERFACE", "ADDRESS", "BROADCAST", "SENT", "RECEIVED", "REMARK")
_SERVER_HEADING: Final = ("INTERFACE", "SERVER AT", "FREE", "ANSWERS", "ROUND TRIP", "TCP", "ID")
_NODE_HEADING: Final = ("NODE", "SERVER AT", "OF CLUSTER", "STATE")
_REJECTED_HEADING: Final = ("INTERFACE", "REJECTED FROM", "RECEIVED", "REASON")


def _interface_row(report: InterfaceReport) -> list[str]:
    interface = report.interface
    return [
        escape(interface.name),
        str(interface.subnet),
        interface.subnet.broadcast if interface.subnet.is_discoverable else "-",
        str(report.sent) if interface.is_queried else "-",
        str(report.received) if interface.is_queried else "-",
        ", ".join(_remarks(report)),
    ]


def _remarks(report: InterfaceReport) -> list[str]:
    remarks = [] if report.interface.is_up else ["down"]
    if not report.interface.subnet.is_discoverable:
        remarks.append("no broadcast")
    if report.error is not None:
        remarks.append(_SEND_ERRORS.get(report.error.cause, report.error.message))
    return list(dict.fromkeys(remarks))


def _server_row(report: InterfaceReport, server: ServerReport) -> list[str]:
    return [
        escape(report.interface.name),
        server.endpoint,
        f"{server.free}/{server.slots}",
        f"{server.count}/{report.sent}",
        _milliseconds(server.round_trip),
        server.tcp_result.replace("-", " ")
        if server.connect_time is None
        else _milliseconds(server.connect_time),
        escape(server.server_id),
    ]


def _node_row(server: ServerReport) -> list[str]:
    state = "cut off" if server.is_cut_off else "there"
    return [escape(server.node), server.endpoint, escape(server.cluster), state]


def _reason(datagram: RejectedDatagram) -> str:
    if datagram.server_id is None:
        return datagram.reason
    return f"{datagram.reason}: {escape(datagram.server_id)} at {datagram.address}"


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms"


def _wrapped(sentence: str) -> str:
    """`sentence` in lines of 80 columns, none of which ends within a command."""
    lines = textwrap.fill(sentence, _COLUMNS, break_long_words=False, break_on_hyphens=False)
    return lines.replace(NO_BREAK, " ") + "\n"


def _interface_object(report: InterfaceReport) -> dict[str, Any]:
    interface = report.interface
    return {
        "interface": interface.name,
        "address": str(interface.subnet.address),
        "prefix": interface.subnet.network.prefixlen,
        "broadcast": interface.subnet.broadcast if interface.subnet.is_discoverable else None,
        "up": interface.is_up,
        "queried": interface.is_queried,
        "sent": report.sent,
        "unsent": report.unsent,
        "error": report.error.message if report.error else None,
        "received": report.received,
        "servers": [_server_object(each) for each in report.servers],
        "rejected": [_rejected_object(*each) for each in report.rejected],
    }


def _server_object(server: ServerReport) -> dict[str, Any]:
    cluster = {"node": server.node, "cluster": server.cluster, "cut_off": server.is_cut_off}
    return {
        "id": server.server_id,
        "address": server.address,
        "port": server.port,
        "slots": server.slots,
        "free": server.free,
        "answers": server.count,
        "round_trip_ms": round(server.round_trip * 1000, 3),
        "tcp": server.tcp_result.value,
        "tcp_ms": None if server.connect_time is None else round(server.connect_time * 1000, 3),
        "local": server.is_local,
    } | (cluster if server.node else {})


def _rejected_object(datagram: RejectedDatagram, count: int) -> dict[str, Any]:
    return {
        "source": datagram.source,
        "reason": datagram.reason,
        "received": count,
        "id": datagram.server_id,
        "address": datagram.address,
        "port": datagram.port,
    }
