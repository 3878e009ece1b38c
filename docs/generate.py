"""Write the parts of the documentation that are made from the code: ``python docs/generate.py``.

A test fails when a file in docs/ is not what this would write.
"""

import inspect
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from functools import cache, partial
from ipaddress import IPv4Interface
from pathlib import Path
from typing import Any, Final

import msgspec

from chatd.chat import irc_limits, limits
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
from chatd.taps.commands import COMMANDS
from chatd.wire import client_frames, frames, slash_commands
from chatd.wire.discovery import Discover, OfferDatagram
from docs import man_pages

DOCS: Final = Path(__file__).parent

OPTIONS: Final = {
    "FLOOD_FRAMES_PER_SECOND": "--flood",
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
        {"FromClient": client_frames.FromClient, "FromServer": frames.FromServer},
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


def client_life() -> str:
    """The page on the client's life, with the table of its states."""
    rows = ["===========  ==========================================  ==========="]
    rows += ["state        when                                        goes to", rows[0]]
    for state, moves in _moves().items():
        for number, (target, inputs) in enumerate(moves.items()):
            rows.append(
                f"{state if not number else chr(92):<11}  {', '.join(inputs):<42}  {target}"
            )
    meanings = [f"{'=' * 16}  {'=' * 60}", f"{'input':<16}  meaning"]
    meanings.append(meanings[0])
    moved = {
        each for targets in _moves().values() for inputs in targets.values() for each in inputs
    }
    for name in sorted(moved):
        meaning = " ".join((inspect.getdoc(getattr(lifecycle.Inputs, name)) or "").split())
        meanings.append(f"{name:<16}  {meaning}")
    return _page(
        "explanation/client-life.rst",
        lifecycle=[*rows, rows[0]],
        inputs=[*meanings, meanings[0]],
    )


def troubleshooting() -> str:
    """The page on ``chatd doctor``, with an example and the table of its diagnoses."""
    return _page(
        "howto/troubleshooting.rst",
        doctor=_literal(report.as_text(FINDINGS)),
        diagnoses=_diagnoses(),
    )


def chat() -> str:
    """The page on chatting, with what ``/help`` prints."""
    return _page("howto/chat.rst", commands=_literal("\n".join(slash_commands.help_lines())))


def order() -> str:
    """The page on keeping order, with what ``/help hosts`` prints."""
    lines = slash_commands.help_lines(is_for_hosts=True)
    return _page("howto/order.rst", commands=_literal("\n".join(lines)))


def limits_page() -> str:
    """The page on limits."""
    return _page("reference/limits.rst", limits=_limits())


def commands_page() -> str:
    """The page on commands, with what ``--help`` prints."""
    return _page("reference/commands.rst", **{name: _literal(text) for name, text in _helps()})


def man_page(name: str) -> str:
    """The manual page in that file."""
    return _man_pages()[name]


_man_pages: Final = cache(man_pages.pages)


@cache
def _helps() -> list[tuple[str, str]]:
    """Each command of ``chatd``, and its help on a terminal of 80 columns."""
    names = tuple(command for command, *_ in COMMANDS)
    environment = {**os.environ, "COLUMNS": "80", "PYTHONPATH": str(DOCS.parent)}
    running = [
        subprocess.Popen(  # noqa: S603  # our own program
            [sys.executable, "-m", "chatd", name, "--help"],
            stdout=subprocess.PIPE,
            env=environment,
            text=True,
        )
        for name in names
    ]
    return [
        (name, each.communicate()[0].strip()) for name, each in zip(names, running, strict=True)
    ]


def _literal(output: str) -> list[str]:
    """The lines of `output` as a literal block."""
    return ["::", "", *(f"    {line}".rstrip() for line in output.splitlines())]


def _diagnoses() -> list[str]:
    """The rows of a table: every diagnosis of ``chatd doctor``."""
    rows = [f"{'=' * 22}  {'=' * 60}", f"{'diagnosis':<22}  meaning"]
    rows += [rows[0], *(f"{f'``{each.name}``':<22}  {each.meaning}" for each in DIAGNOSES)]
    return [*rows, rows[0]]


def _limits() -> list[str]:
    """A table for each section of the modules of limits: name, default, comment above it."""
    values = vars(limits) | vars(irc_limits)
    sources = (
        Path(str(each.__file__)).read_text(encoding="utf-8") for each in (limits, irc_limits)
    )
    rows: list[str] = []
    for section in (
        section
        for source in sources
        for section in re.split(r"^# --- ", source, flags=re.MULTILINE)[1:]
    ):
        title = section.partition(" ---")[0]
        title = title[:1].upper() + title[1:]
        rows += [title, "-" * len(title), "", *_LIST_TABLE, "   * - limit", "     - default"]
        rows.append("     - meaning")
        for comment, name in re.findall(r"((?:^#: .*\n)+)([A-Z_]+): Final", section, re.MULTILINE):
            meaning = " ".join(comment.replace("#: ", "").split()).replace("*", r"\*")
            option = OPTIONS.get(name, "")
            if option and option not in meaning:
                meaning += f" Option: ``{option}``."
            rows += [f"   * - ``{name}``", f"     - {values[name]:,}", f"     - {meaning}"]
        rows.append("")
    return rows[:-1]


_LIST_TABLE: Final = (".. list-table::", "   :header-rows: 1", "   :widths: 36 12 52", "")


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


def _page(name: str, **parts: list[str]) -> str:
    """The text of a page, with new lines where its generated parts are marked."""
    text = (DOCS / name).read_text(encoding="utf-8")
    for part, lines in parts.items():
        before, begins, rest = text.partition(f".. {part} begins\n")
        _, ends, after = rest.partition(f".. {part} ends\n")
        assert begins, f"{name} has no part {part}"  # noqa: S101
        assert ends, f"{name} has no end of {part}"  # noqa: S101
        text = before + begins + "\n" + "\n".join(lines) + "\n\n" + ends + after
    return text


#: Each generated file, and what makes its text.
FILES: Final[dict[str, Callable[[], str]]] = {
    "native.schema.json": native_schema,
    "discovery.schema.json": discovery_schema,
    "lifecycle.dot": lifecycle_picture,
    "explanation/client-life.rst": client_life,
    "howto/chat.rst": chat,
    "howto/order.rst": order,
    "howto/troubleshooting.rst": troubleshooting,
    "reference/commands.rst": commands_page,
    "reference/limits.rst": limits_page,
    **{
        f"man/{name}": partial(man_page, name)
        for name in ("chatd.1", *(f"chatd-{command}.1" for command, *_ in COMMANDS))
    },
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
        path = DOCS / file_name
        path.parent.mkdir(exist_ok=True)
        # Only what has changed: make compares times.
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {path}")
