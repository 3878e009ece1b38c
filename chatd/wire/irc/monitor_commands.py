"""MONITOR: a client is told when users with certain nicknames come and go. Pure.

Source: https://ircv3.net/specs/extensions/monitor.
"""

from collections.abc import Iterator

from chatd.chat import irc_commands, irc_limits, names
from chatd.chat.errors import Refusal
from chatd.chat.user_events import MonitorStatus
from chatd.wire.irc import numerics
from chatd.wire.irc.client import Client, Steps, answer
from chatd.wire.irc.lines import Line, in_lines
from chatd.wire.irc.member_lines import status_lines
from chatd.wire.irc.refusals import not_enough, refused
from chatd.wire.irc.targets import split_list


def monitor(client: Client, line: Line) -> Steps:
    """MONITOR ``+`` and ``-`` with nicknames; ``C`` clears, ``L`` lists, ``S`` shows the status."""
    if not line.params:
        return answer(not_enough(client, line.command))
    subcommand, *rest = line.params
    targets = split_list(rest[0]) if rest else []
    match subcommand.upper():
        case "+" if targets:
            return (yield from _add(client, targets))
        case "-" if targets:
            yield irc_commands.Monitor(remove=tuple(targets))
            return answer()
        case "C":
            yield irc_commands.Monitor(clears=True)
            return answer()
        case "L":
            status = yield irc_commands.ReadMonitored()
            return answer(*_listed(client, status))
        case "S":
            status = yield irc_commands.ReadMonitored()
            return answer(*_status(client, status))
        case _:
            return answer(not_enough(client, line.command))


def _add(client: Client, targets: list[str]) -> Steps:
    lines, valid = [], []
    for target in targets:
        try:
            names.nickname(target, target)  # that of a basic client is its address
        except Refusal as refusal:
            lines.append(refused(client, refusal, "MONITOR", target))
        else:
            valid.append(target)
    if not valid:
        return answer(*lines)
    status = yield irc_commands.Monitor(add=tuple(valid))
    lines += _status(client, status)
    if isinstance(status, MonitorStatus) and status.rejected:
        most = str(irc_limits.IRC_MONITORED_NICKNAMES)
        rejected = ",".join(status.rejected)
        lines.append(client.numeric(numerics.MONLISTFULL, most, rejected))
    return answer(*lines)


def _status(client: Client, status: object) -> list[Line]:
    if not isinstance(status, MonitorStatus):
        return []
    return status_lines(status, client.server.name, client.nickname)


def _listed(client: Client, status: object) -> Iterator[Line]:
    if isinstance(status, MonitorStatus):
        for part in in_lines((*status.online, *status.offline)):
            yield client.numeric(numerics.MONLIST, text=",".join(part))
    yield client.numeric(numerics.ENDOFMONLIST)
