"""The one answer to a labelled command: a line, or several as a batch. Pure.

Sources: https://ircv3.net/specs/extensions/batch and
https://ircv3.net/specs/extensions/labeled-response.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec.structs import replace

from chatd.wire.irc import features
from chatd.wire.irc.client import Client
from chatd.wire.irc.lines import Line

#: Labels are sent back: https://ircv3.net/specs/extensions/labeled-response limits them.
_LABEL_BYTES: Final = 64


def label_of(client: Client, line: Line) -> str:
    """The label of the answer to `line`; empty for an answer without one.

    A message of several lines has that of the line that opened it.
    """
    if client.batch is not None and client.batch.has(line):
        return client.batch.label
    label = line.tags.get("label", "")
    is_valid = len(label.encode()) <= _LABEL_BYTES
    return label if is_valid and client.has(features.LABELED_RESPONSE) else ""


def labelled(label: str, lines: list[Line], server: str, reference: str) -> list[Line]:
    """The one answer to a command with `label`, of which `lines` are the parts.

    No line is answered with ACK; one line has the label itself, and so has one batch; other lines
    become a batch that has it.

    :param reference: the name of the batch; unique among those that the client is being sent.
    """
    match lines:
        case []:
            return [Line("ACK", source=server, tags={"label": label})]
        case [line]:
            return [_tagged(line, "label", label)]
        case [opening, *_, closing] if _is_batch(opening, closing):
            return [_tagged(opening, "label", label), *lines[1:]]
    opened = open_labelled(label, lines, server, reference)
    return opened + close_labelled((), server, reference)


def _is_batch(first: Line, last: Line) -> bool:
    """Whether what begins with `first` and ends with `last` is a batch."""
    if not first.command == last.command == "BATCH":
        return False
    return first.params[0].startswith("+") and last.params == (f"-{first.params[0][1:]}",)


def open_labelled(label: str, lines: Iterable[Line], server: str, reference: str) -> list[Line]:
    """The first part of an answer that goes out in parts, which together are a batch."""
    opening = Line("BATCH", (f"+{reference}", "labeled-response"), server, {"label": label})
    return [opening, *within(reference, lines)]


def close_labelled(lines: Iterable[Line], server: str, reference: str) -> list[Line]:
    """The last part of such an answer."""
    closing = Line("BATCH", (f"-{reference}",), server)
    return [*within(reference, lines), closing]


def within(reference: str, lines: Iterable[Line]) -> Iterator[Line]:
    """`lines` in the batch of that name; those in another batch inside it stay there."""
    return (_tagged(line, "batch", reference) for line in lines)


def _tagged(line: Line, name: str, value: str) -> Line:
    """`line` with one tag more, before the others."""
    return replace(line, tags={name: value, **line.tags})
