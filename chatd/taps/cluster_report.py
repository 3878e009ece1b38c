"""What ``chatd cluster status`` prints."""

import json
from collections.abc import Sequence
from typing import Final

from chatd.etcd.admin import LogState, ServerState
from chatd.log.node_report import NodeReport
from chatd.wire.rendering import escape

#: A node says something every second; after five the others take it for dead. Clocks may differ.
_SILENT_MILLISECONDS: Final = 10_000


def as_json(
    chat: str,
    log: LogState | None,
    nodes: Sequence[NodeReport],
    servers: Sequence[ServerState],
    now: int,
) -> str:
    """The state as one JSON object; ``log`` is null if there is none.

    :param now: milliseconds since 1970.
    """
    state = {
        "id": chat,
        "log": log
        and {
            "cluster": log.pointer.cluster_id,
            "made_at": log.made_at,
            "last_entry": log.entry,
            "snapshot": {"position": log.pointer.position, "bytes": log.pointer.size},
        },
        "nodes": [
            {
                "name": each.node.name,
                "state": _state(each, now),
                "heard_ms": each.heard_ms,
                "slots": each.slots,
                "addresses": each.node.addresses,
                "origins": each.node.origins,
            }
            for each in nodes
        ],
        "servers": [
            {
                "address": str(each.server),
                "problem": each.problem,
                "version": each.version,
                "leader": each.is_leader,
                "revision": each.revision,
                "database_bytes": each.database_bytes,
                "used_bytes": each.used_bytes,
                "alarms": list(each.alarms),
            }
            for each in servers
        ],
    }
    return json.dumps(state, ensure_ascii=False, indent=1) + "\n"


def as_table(
    chat: str,
    log: LogState | None,
    nodes: Sequence[NodeReport],
    servers: Sequence[ServerState],
    now: int,
) -> str:
    """The state as tables of the nodes and the servers, and lines about the log and problems."""
    lines = []
    if log is not None:
        lines += [
            f"Cluster:     {escape(chat)} ({escape(log.pointer.cluster_id)})",
            f"Last entry:  {log.entry or 'none'}",
            f"Snapshot:    {log.pointer.position} ({_megabytes(log.pointer.size)})",
            "",
        ]
    if nodes:
        rows: list[tuple[str, ...]] = [("NODE", "STATE", "LAST HEARD", "SLOTS", "ADDRESSES")]
        rows += [
            (
                escape(each.node.name),
                _state(each, now),
                f"{max(0, now - each.heard_ms) // 1_000} s ago" if each.heard_ms else "-",
                str(each.slots),
                escape(", ".join(each.node.addresses)),
            )
            for each in nodes
        ]
        lines += [*_table(rows), ""]
    rows = [("ETCD", "VERSION", "LEADER", "REVISION", "DATABASE", "IN USE")]
    rows += [
        (
            str(each.server),
            escape(each.version) or "-",
            "yes" if each.is_leader else "",
            str(each.revision or "-"),
            _megabytes(each.database_bytes),
            _megabytes(each.used_bytes),
        )
        for each in servers
    ]
    lines += _table(rows)
    problems = [each.problem for each in servers if each.problem]
    problems += [f"etcd at {each.server}: {alarm}" for each in servers for alarm in each.alarms]
    if problems:
        lines += ["", *(escape(each) for each in problems)]
    return "\n".join(lines) + "\n"


def _state(report: NodeReport, now: int) -> str:
    """``silent`` is a node that the others have not found dead yet, or there are no others."""
    if not report.is_there:
        return "ended"
    return "running" if now - report.heard_ms < _SILENT_MILLISECONDS else "silent"


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB" if size else "-"
