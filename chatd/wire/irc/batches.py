"""The one answer to a labelled command: a line, or several as a batch. Pure.

Sources: https://ircv3.net/specs/extensions/batch and
https://ircv3.net/specs/extensions/labeled-response.
"""

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from chatd.wire.irc.lines import Line


def labelled(label: str, lines: list[Line], server: str, reference: str) -> list[Line]:
    """The one answer to a command with `label`, of which `lines` are the parts.

    No line is answered with ACK; one line has the label itself; more lines become a batch that has
    it.

    :param reference: the name of the batch; unique among those that the client is being sent.
    """
    match lines:
        case []:
            return [Line("ACK", source=server, tags={"label": label})]
        case [line]:
            return [_tagged(line, "label", label)]
    opened = open_labelled(label, lines, server, reference)
    return opened + close_labelled((), server, reference)


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
