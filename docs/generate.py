"""Write the parts of the documentation that are made from the code: ``python docs/generate.py``.

A test fails when what lies in docs/ is not what this would write.
"""

import json
from collections.abc import Callable
from ipaddress import IPv4Interface
from pathlib import Path
from typing import Any, Final

import msgspec

from chatd.chat import limits
from chatd.client import lifecycle
from chatd.discovery.subnets import Subnet
from chatd.doctor import report
from chatd.doctor.diagnoses import DIAGNOSES
from chatd.doctor.findings import (
    Findings,
    InterfaceReport,
    ProbedInterface,
    ServerReport,
    TcpResult,
)
from chatd.wire import frames
from chatd.wire.discovery import Discover, OfferDatagram

DOCS: Final = Path(__file__).parent

OPTIONS: Final = {
    "FLOOD_FRAMES_PER_SECOND": "--flood",
    "INACTIVITY_SECONDS": "--timeout",
    "SLOTS": "--slots",
    "ACCEPT_CONNECTIONS_PER_SECOND": "--accept-rate",
    "HISTORY_MESSAGES": "--history",
}


def _report(name: str, address: str, *servers: ServerReport) -> InterfaceReport:
    """An interface that sent all three queries."""
    interface = ProbedInterface(name, _subnet(address), is_up=True, is_queried=True)
    received = sum(each.count for each in servers)
    return InterfaceReport(interface, 3, received=received, servers=servers)


def _subnet(address: str) -> Subnet:
    known = IPv4Interface(address)
    return Subnet(known.ip, known.network)


#: A host that cannot reach its server, for the manual.
FINDINGS: Final = Findings(
    server_id="work",
    port=7777,
    is_whole_host=True,
    reports=(
        _report("lo", "127.0.0.1/8"),
        _report(
            "eth0",
            "10.35.11.112/24",
            ServerReport(
                *("party", "10.35.11.111", 7777, 5, 4, 3, 0.00042, False),
                TcpResult.CONNECTED,
                0.00031,
            ),
            ServerReport(
                *("work", "10.35.11.113", 40_000, 9, 9, 2, 0.00118, False), TcpResult.TIMED_OUT
            ),
        ),
        InterfaceReport(
            ProbedInterface("eth1", _subnet("192.168.1.123/24"), is_up=False, is_queried=False)
        ),
    ),
)


def native_schema() -> str:
    """The frames of the native dialect, in both directions."""
    return _schema(
        "The native protocol of chatd, version 1: frames from client to server, and back",
        {"FromClient": frames.FromClient, "FromServer": frames.FromServer},
    )


def discovery_schema() -> str:
    """The discovery datagrams."""
    return _schema(
        "The discovery datagrams of chatd, version 1",
        {"FromClient": Discover, "FromServer": OfferDatagram},
    )


def lifecycle_picture() -> str:
    """The client's life, in Graphviz's language."""
    lines = ["digraph lifecycle {", "  rankdir=LR; node [shape=box, style=rounded];"]
    for state, moves in _moves().items():
        for target, inputs in moves.items():
            lines.append(f'  {state} -> {target} [label="{", ".join(inputs)}"];')
    return "\n".join([*lines, "}"]) + "\n"


def architecture() -> str:
    """The tour, with the table of the client's life."""
    rows = ["===========  ==========================================  ==========="]
    rows += ["state        when                                        goes to", rows[0]]
    for state, moves in _moves().items():
        for number, (target, inputs) in enumerate(moves.items()):
            rows.append(
                f"{state if not number else chr(92):<11}  {', '.join(inputs):<42}  {target}"
            )
    text = (DOCS / "architecture.rst").read_text("utf-8")
    return _with_part(text, "lifecycle", [*rows, rows[0]])


def operating() -> str:
    """The manual, with an example of ``chatd doctor``, all its diagnoses, and the limits."""
    text = (DOCS / "operating.rst").read_text("utf-8")
    text = _with_part(text, "doctor", _literal(report.as_text(FINDINGS)))
    text = _with_part(text, "diagnoses", _diagnoses())
    return _with_part(text, "limits", _limits())


def _literal(output: str) -> list[str]:
    """What is printed, as a block of its own."""
    return ["::", "", *(f"    {line}".rstrip() for line in output.splitlines())]


def _diagnoses() -> list[str]:
    """The rows of a table: every diagnosis of ``chatd doctor``."""
    rows = [f"{'=' * 22}  {'=' * 60}", f"{'diagnosis':<22}  meaning"]
    rows += [rows[0], *(f"{f'``{each.name}``':<22}  {each.meaning}" for each in DIAGNOSES)]
    return [*rows, rows[0]]


def _limits() -> list[str]:
    """The rows of a table: every limit."""
    rows = [f"{'=' * 30}  {'=' * 9}  {'=' * 24}"]
    rows += [f"{'limit':<30}  {'default':<9}  option", rows[0]]
    for name, option in _LIMITS:
        value = f"{getattr(limits, name):,}"
        rows.append(f"{name:<30}  {value:<9}  {f'``{option}``' if option else chr(92)}")
    return [*rows, rows[0]]


def performance() -> str:
    """The page on performance, with what the last whole run of ``make bench`` printed."""
    printed = (DOCS.parent / "benchmarks" / "results" / "bench.txt").read_text("utf-8")
    text = (DOCS / "performance.rst").read_text("utf-8")
    return _with_part(text, "results", _literal(printed))


def _moves() -> dict[str, dict[str, list[str]]]:
    """From each state to each other one: which inputs lead there; in the order they are written."""
    moves: dict[str, dict[str, list[str]]] = {}
    transitions = lifecycle.machine.__automat_automaton__.allTransitions()
    order = ["idle", "discovering", "connecting", "registering", "asking", "online", "waiting"]
    for state, moved, target, _ in sorted(
        transitions,
        key=lambda each: (
            order.index(each[0].name) if each[0].name in order else len(order),
            each[2].name,
            each[1],
        ),
    ):
        if state is not target:
            moves.setdefault(state.name, {}).setdefault(target.name, []).append(moved)
    return moves


def _with_part(text: str, part: str, lines: list[str]) -> str:
    """`text` with `lines` where that part of it is marked."""
    before, begins, rest = text.partition(f".. {part} begins\n")
    _, ends, after = rest.partition(f".. {part} ends\n")
    return before + begins + "\n" + "\n".join(lines) + "\n\n" + ends + after


#: Each limit, in the order of its module, and the option that sets it.
_LIMITS: Final = [
    (name, OPTIONS.get(name, ""))
    for name, value in vars(limits).items()
    if name.isupper() and isinstance(value, int)
]

#: Each generated file, and what makes its text.
FILES: Final[dict[str, Callable[[], str]]] = {
    "native.schema.json": native_schema,
    "discovery.schema.json": discovery_schema,
    "lifecycle.dot": lifecycle_picture,
    "architecture.rst": architecture,
    "operating.rst": operating,
    "performance.rst": performance,
}


def generated() -> dict[str, str]:
    """The name of each generated file, and the text it should have."""
    return {name: make() for name, make in FILES.items()}


def _schema(title: str, directions: dict[str, Any]) -> str:
    """One JSON Schema that allows all `directions`, each to be referred to by its own name."""
    roots, components = msgspec.json.schema_components(
        directions.values(), ref_template="#/$defs/{name}"
    )
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "anyOf": [{"$ref": f"#/$defs/{name}"} for name in directions],
        "$defs": dict(zip(directions, roots, strict=True)) | dict(sorted(components.items())),
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for file_name, text in generated().items():
        (DOCS / file_name).write_text(text, encoding="utf-8")
        print(f"wrote {DOCS / file_name}")
