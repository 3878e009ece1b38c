"""Batches: lines that belong together, and the one answer to a labelled command. Pure.

Sources: https://ircv3.net/specs/extensions/batch and
https://ircv3.net/specs/extensions/labeled-response.
"""

from collections.abc import Iterable

from msgspec.structs import replace

from chatd.wire.irc.lines import Line


def batch(
    reference: str, kind: str, params: Iterable[str], lines: list[Line], server: str
) -> list[Line]:
    """`lines` as one batch. Batches among them are nested in it.

    :param reference: what the batch is called; unique among those that the client is being sent.
    """
    opening = Line("BATCH", (f"+{reference}", kind, *params), server)
    closing = Line("BATCH", (f"-{reference}",), server)
    return [opening, *(_within(line, reference) for line in lines), closing]


def _within(line: Line, reference: str) -> Line:
    # A line of an inner batch belongs to that one alone.
    return line if "batch" in line.tags else tagged(line, "batch", reference)


def tagged(line: Line, name: str, value: str) -> Line:
    """`line` with one tag more, before the others."""
    return replace(line, tags={name: value, **line.tags})


def labelled(label: str, lines: list[Line], server: str, reference: str) -> list[Line]:
    """The one answer to a command with `label`, of which `lines` are the parts.

    No line is answered with ACK; one line, and one batch, have the label themselves; more lines
    become a batch that has it.
    """
    if not lines:
        return [Line("ACK", source=server, tags={"label": label})]
    if not (len(lines) == 1 or _is_one_batch(lines)):
        lines = batch(reference, "labeled-response", (), lines, server)
    first, *others = lines
    return [tagged(first, "label", label), *others]


def open_labelled(label: str, lines: Iterable[Line], server: str, reference: str) -> list[Line]:
    """The first part of an answer that goes out in parts, which together are a batch."""
    opening = Line("BATCH", (f"+{reference}", "labeled-response"), server, {"label": label})
    return [opening, *(_within(line, reference) for line in lines)]


def close_labelled(lines: Iterable[Line], server: str, reference: str) -> list[Line]:
    """The last part of such an answer."""
    closing = Line("BATCH", (f"-{reference}",), server)
    return [*(_within(line, reference) for line in lines), closing]


def _is_one_batch(lines: list[Line]) -> bool:
    """Whether the first line opens a batch that the last one closes."""
    first, last = lines[0], lines[-1]
    return (
        first.command == last.command == "BATCH"
        and first.params[0].startswith("+")
        and last.params[0] == f"-{first.params[0][1:]}"
    )
