"""Capabilities: the extensions of IRC that a client and the server agree on. Pure.

Source: https://ircv3.net/specs/extensions/capability-negotiation, version 302. While a client
negotiates, its registration waits for ``CAP END``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from chatd.wire.irc import numerics
from chatd.wire.irc.lines import Line, in_lines
from chatd.wire.irc.numerics import numeric

#: The version that has values, and lists of several lines.
_VERSION: Final = 302
#: On by itself for clients of version 302, and cannot be switched off by them.
CAP_NOTIFY: Final = "cap-notify"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """The agreement with one client.

    :ivar version: the highest one that the client says it knows; 0 if it has not said.
    :ivar enabled: the names of the capabilities that are on.
    :ivar is_negotiating: whether its registration waits for ``CAP END``.
    """

    version: int = 0
    enabled: frozenset[str] = frozenset()
    is_negotiating: bool = False


#: The agreement with a client that has said nothing yet.
NOTHING_AGREED: Final = Capabilities()


@dataclass(frozen=True, slots=True)
class Recipient:
    """The client that gets an answer, and the server that gives it.

    :ivar offered: the capabilities of the server, with the values that version 302 shows.
    :ivar nickname: empty before the client has one.
    """

    server: str
    nickname: str
    offered: Mapping[str, str]
    is_registered: bool


def negotiate(
    agreed: Capabilities, params: tuple[str, ...], recipient: Recipient
) -> tuple[Capabilities, list[Line]]:
    """The agreement after the command CAP with these `params`, and the answer to it."""
    subcommand, *rest = params or ("",)
    match subcommand.upper():
        case "LS":
            return _list_offered(agreed, rest, recipient)
        case "LIST":
            return agreed, _listing(recipient, "LIST", sorted(agreed.enabled), agreed.version)
        case "REQ":
            return _request(agreed, " ".join(rest), recipient)
        case "END":
            return replace(agreed, is_negotiating=False), []
        case _:
            # The sub-command is shown as it came, and an empty one must be shown as something.
            shown = subcommand or "*"
            refusal = numeric(numerics.INVALIDCAPCMD, recipient.server, recipient.nickname, shown)
            return agreed, [refusal]


def _list_offered(
    agreed: Capabilities, params: list[str], recipient: Recipient
) -> tuple[Capabilities, list[Line]]:
    said = params[0] if params else ""
    # "CAP Version": the highest one that the client has said counts.
    version = max(agreed.version, int(said) if said.isdecimal() and len(said) < 9 else 301)
    enabled = agreed.enabled | ({CAP_NOTIFY} if version >= _VERSION else set())
    shown = [
        f"{name}={value}" if value and version >= _VERSION else name
        for name, value in recipient.offered.items()
    ]
    negotiating = agreed.is_negotiating or not recipient.is_registered
    lines = _listing(recipient, "LS", shown, version)
    return Capabilities(version, enabled & recipient.offered.keys(), negotiating), lines


def _listing(recipient: Recipient, subcommand: str, entries: list[str], version: int) -> list[Line]:
    """The entries, in several lines if the client knows these; all but the last have a ``*``."""
    parts = in_lines(entries) if version >= _VERSION else [entries]
    *others, last = [" ".join(part) for part in parts] or [""]
    return [
        *(_cap(recipient, subcommand, "*", part) for part in others),
        _cap(recipient, subcommand, last),
    ]


def _request(
    agreed: Capabilities, text: str, recipient: Recipient
) -> tuple[Capabilities, list[Line]]:
    """All that `text` asks for is agreed, or nothing of it: "The CAP REQ subcommand"."""
    agreed = replace(agreed, is_negotiating=agreed.is_negotiating or not recipient.is_registered)
    enabled = set(agreed.enabled)
    for name in text.split():
        is_fixed = name == f"-{CAP_NOTIFY}" and agreed.version >= _VERSION
        if is_fixed or name.removeprefix("-") not in recipient.offered:
            return agreed, [_cap(recipient, "NAK", text)]
        if name.startswith("-"):
            enabled.discard(name[1:])
        else:
            enabled.add(name)
    return replace(agreed, enabled=frozenset(enabled)), [_cap(recipient, "ACK", text)]


def _cap(recipient: Recipient, *params: str) -> Line:
    return Line("CAP", (recipient.nickname or "*", *params), recipient.server, has_text=True)
