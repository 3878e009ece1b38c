"""The state of a cluster, as ``chatd cluster status`` prints it."""

import json
from collections.abc import Sequence
from typing import Final

from chatd.etcd.admin import LogState, ServerState
from chatd.log.node_report import NodeReport
from chatd.wire.rendering import escape
from chatd.wire.table import table

#: A node says something every second; after five the others take it for dead. Clocks may differ.
_SILENT_MILLISECONDS: Final = 10_000

_NODE_HEADING: Final = ("NODE", "STATE", "LAST HEARD", "SLOTS", "ADDRESSES")
_SERVER_HEADING: Final = ("ETCD", "VERSION", "LEADER", "REVISION", "DATABASE", "IN USE")


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
    parts = []
    if log is not None:
        parts.append(
            f"Cluster:     {escape(chat)} ({escape(log.pointer.cluster_id)})\n"
            f"Last entry:  {log.entry or 'none'}\n"
            f"Snapshot:    {log.pointer.position} ({_megabytes(log.pointer.size)})\n"
        )
    if nodes:
        parts.append(table([_NODE_HEADING, *(_node_row(each, now) for each in nodes)]))
    parts.append(table([_SERVER_HEADING, *map(_server_row, servers)]))
    problems = [each.problem for each in servers if each.problem]
    problems += [f"etcd at {each.server}: {alarm}" for each in servers for alarm in each.alarms]
    if problems:
        parts.append("".join(f"{escape(each)}\n" for each in problems))
    return "\n".join(parts)


def _node_row(report: NodeReport, now: int) -> list[str]:
    return [
        escape(report.node.name),
        _state(report, now),
        f"{max(0, now - report.heard_ms) // 1_000} s ago" if report.heard_ms else "-",
        str(report.slots),
        escape(", ".join(report.node.addresses)),
    ]


def _server_row(state: ServerState) -> list[str]:
    return [
        str(state.server),
        escape(state.version) or "-",
        "yes" if state.is_leader else "",
        str(state.revision or "-"),
        _megabytes(state.database_bytes),
        _megabytes(state.used_bytes),
    ]


def _state(report: NodeReport, now: int) -> str:
    """``silent`` is a node that the others have not found dead yet, or there are no others."""
    if not report.is_there:
        return "ended"
    return "running" if now - report.heard_ms < _SILENT_MILLISECONDS else "silent"


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB" if size else "-"
