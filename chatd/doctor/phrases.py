"""What the sentences of a verdict are made of. Pure.

Whatever comes from the network is made visible before it gets into a sentence.
"""

import shlex
from collections.abc import Iterable
from typing import Final

from chatd.discovery.subnets import DEFAULT_PORT
from chatd.doctor.findings import Answer, Findings, Reach, Subject
from chatd.wire.rendering import escape

#: Holds together what is to be typed, wherever the sentence is broken into lines.
NO_BREAK: Final = "\N{NO-BREAK SPACE}"

BY_ADDRESS: Final = f"chatd{NO_BREAK}client{NO_BREAK}ADDRESS"

#: At most so many names in a sentence.
_LISTED: Final = 5


def typed(line: str) -> str:
    """A command line, in one piece."""
    return line.replace(" ", NO_BREAK)


def at(address: str | None, port: int | None) -> str:
    """How to get to a server by its address."""
    return typed(f"chatd client {address} {port}")


def roomiest(findings: Findings) -> Answer:
    """The reachable answer to name: one with free places, on the network rather than here."""
    return max(findings.reachable, key=lambda each: (each.free > 0, not each.is_here, each.free))


def reached(reach: Reach, findings: Findings) -> Answer:
    """The first candidate whose TCP port did that."""
    return next(each for each in findings.candidates if each.reach is reach)


def ids(answers: Iterable[Answer]) -> list[str]:
    """The ids of `answers`, each once, in order."""
    return sorted({each.server_id for each in answers})


def listed(names: Iterable[str]) -> str:
    """Some `names`, harmless on a terminal; not too many."""
    shown = [escape(each) for each in names]
    more = [f"{len(shown) - _LISTED} more"] if len(shown) > _LISTED else []
    return ", ".join(shown[:_LISTED] + more)


def names(subjects: Iterable[Subject]) -> str:
    """The interfaces of `subjects`."""
    return listed(dict.fromkeys(each.interface.name for each in subjects))


def are(subjects: Iterable[Subject]) -> str:
    """The verb for them."""
    return "is" if len({each.interface.name for each in subjects}) == 1 else "are"


def network(subject: Subject) -> str:
    """The subnet of `subject`."""
    return str(subject.interface.subnet.network)


def networks(findings: Findings) -> str:
    """The subnets that were asked."""
    return listed(dict.fromkeys(network(each) for each in findings.asked))


def troubles(findings: Findings) -> str:
    """Where nothing could be sent, and why."""
    return listed(
        f"{each.interface.name}: {each.trouble.words}"
        for each in findings.asked
        if each.trouble is not None
    )


def server(findings: Findings) -> str:
    """How to start the server that is wanted."""
    return command("server --id" if findings.wanted else "server", findings.wanted, findings, "")


def command(role: str, server_id: str | None, findings: Findings, option: str = "--server ") -> str:
    """A command line to type."""
    named = "" if server_id is None else f" {option}{shlex.quote(escape(server_id))}"
    port = "" if findings.port == DEFAULT_PORT else f" --discovery-port {findings.port}"
    return typed(f"chatd {role}{named}{port}")


def places(server: Answer) -> str:
    """How many of its places are free."""
    if server.slots == 1:
        return "its only place is"
    return f"{server.free} of its {server.slots} places {'is' if server.free == 1 else 'are'}"
