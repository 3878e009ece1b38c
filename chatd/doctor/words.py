"""Words that the sentences of ``chatd doctor`` share: commands, and lists of names. Pure.

Text from the network is escaped here.
"""

import shlex
from collections.abc import Iterable
from typing import Final

from chatd.discovery.subnets import DEFAULT_PORT
from chatd.doctor.findings import Findings, ServerReport
from chatd.wire.rendering import escape

#: Stands for the spaces of a command, so that the command is never broken into two lines.
NO_BREAK: Final = "\N{NO-BREAK SPACE}"

#: How many names a sentence lists.
_MAX_LISTED: Final = 5


def no_break(command: str) -> str:
    """`command` with spaces at which no line is broken."""
    return command.replace(" ", NO_BREAK)


def free_slots(*servers: ServerReport) -> str:
    """``4 of its 5 slots are``, to be continued with ``free``.

    :param servers: one server, or the nodes of a cluster.
    """
    free, slots = sum(each.free for each in servers), sum(each.slots for each in servers)
    if slots == 1:
        return "its only slot is"
    return f"{free} of its {slots} slots {'is' if free == 1 else 'are'}"


def client_command(address: str | None = None, port: int | None = None) -> str:
    """The command that connects by address."""
    return no_break("chatd client ADDRESS" if address is None else f"chatd client {address} {port}")


def server_command(findings: Findings) -> str:
    """The command that starts the server to find."""
    return command("server", findings.server_id, findings, "--id")


def command(
    name: str, server_id: str | None, findings: Findings, id_option: str = "--server"
) -> str:
    """The command ``chatd NAME`` for a server, or for any if `server_id` is None."""
    server = "" if server_id is None else f" {option(id_option, server_id)}"
    port = "" if findings.port == DEFAULT_PORT else f" --discovery-port {findings.port}"
    return no_break(f"chatd {name}{server}{port}")


def option(name: str, server_id: str) -> str:
    """An option with a server's id, as it is typed in a shell."""
    return no_break(f"{name} {shlex.quote(escape(server_id))}")


def server_ids(servers: Iterable[ServerReport]) -> list[str]:
    """The ids of `servers`, each once."""
    return sorted({each.server_id for each in servers})


def listed(names: Iterable[str]) -> str:
    """At most ``_MAX_LISTED`` of `names`, escaped, and how many more there are."""
    escaped = [escape(each) for each in names]
    more = len(escaped) - _MAX_LISTED
    return ", ".join([*escaped[:_MAX_LISTED], *([f"{more} more"] if more > 0 else [])])


def is_or_are(names: Iterable[str]) -> str:
    """The verb behind `names`."""
    return "is" if len(list(names)) == 1 else "are"
