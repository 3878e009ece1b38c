"""``chatd cluster``: make, look at and remove the log that several servers share."""

import os
import secrets
import sys
import time
from collections.abc import Callable, Coroutine
from typing import Any, ClassVar, Final, NoReturn

from twisted.internet import task
from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import globalLogBeginner
from twisted.python import usage
from typing_extensions import override

from chatd import logs
from chatd.etcd.admin import EtcdAdmin, LogState
from chatd.etcd.client import EtcdClient
from chatd.etcd.connecting import connector
from chatd.log.cluster_codec import first_snapshot
from chatd.log.node_report import NodeReport, NodeReports
from chatd.log.shared_engine import LogUnreachable, LogUnusable
from chatd.stderr import write_line
from chatd.taps.cluster_report import as_json, as_table
from chatd.taps.etcd_address import cluster_parameter
from chatd.taps.interactive import is_terminal
from chatd.taps.options import OneLineOptions, parameter, server_id
from chatd.taps.program import get_reactor, write_stdout
from chatd.taps.tls import make_cluster_key
from chatd.wire.rendering import escape

_COMMAND: Final = "chatd cluster"


class ClusterError(Exception):
    """The action was not done. Its text is a sentence."""


class Options(OneLineOptions):
    """The options of ``chatd cluster``.

    :ivar action: a key of :data:`ACTIONS`.
    :ivar id: of the chat.
    """

    id: str
    command = _COMMAND
    synopsis = "[options] init|status|remove --cluster etcd://HOST,HOST,HOST --id ID"
    longdesc = (
        "A cluster is one chat on several servers, its nodes, which share a log in etcd. Install "
        "etcd on three machines, and then make the log, once: chatd cluster init --cluster "
        "etcd://10.0.0.1,10.0.0.2,10.0.0.3 --id campus. Start a node on each machine with the same "
        "two options: chatd server --cluster … --id campus. status shows how etcd and the log are; "
        "its exit status is 0 if nodes can use them, else 1. remove deletes the log and all that "
        "was said; stop the nodes first. With TLS: etcds://HOST,…?ca=FILE&cert=FILE&key=FILE. With "
        "a user: etcd://USER@HOST,…, and the password in the environment variable "
        "CHATD_ETCD_PASSWORD or in the file of ?password-file=FILE."
    )
    optParameters: ClassVar = [
        cluster_parameter(
            "where etcd is: etcd://HOST[:PORT],HOST,…; the port is 2379 if not given"
        ),
        parameter("id", None, "the id of the chat; its nodes have the same one", server_id),
    ]
    optFlags: ClassVar = [
        ["json", None, "status: print one JSON object"],
        ["yes", "y", "remove: do not ask for confirmation"],
        ["force", None, "remove: even while nodes are running"],
    ]

    @override
    def parseArgs(self, *words: str) -> None:
        if len(words) != 1 or words[0] not in ACTIONS:
            raise usage.UsageError(f"name one of: {', '.join(ACTIONS)}; see --help")
        self.action = words[0]

    @override
    def postOptions(self) -> None:
        for name in ("cluster", "id"):
            if self[name] is None:
                raise usage.UsageError(f"--{name}: must be given; see --help")
        self.id = self["id"]


async def init(options: Options, admin: EtcdAdmin) -> None:
    """Make the log."""
    cluster_id = secrets.token_hex(8)
    now = time.time_ns() // 1_000_000
    await admin.make(cluster_id, first_snapshot(options.id, cluster_id, now))
    write_stdout(
        f'The cluster "{escape(options.id)}" is made. Start its nodes with the same --cluster and '
        "--id: chatd server --cluster ... --id ...\n"
        f"{escape(make_cluster_key(options.id, os.environ))}\n"
    )


async def status(options: Options, admin: EtcdAdmin) -> None:
    """Print how etcd and the log are.

    :raises ClusterError: after that, if nodes cannot use them.
    """
    servers = await admin.server_states()
    log: LogState | None = None
    nodes: list[NodeReport] = []
    problem = ""
    try:
        log = await admin.look()
        nodes = await _read_nodes(admin)
    except (LogUnreachable, LogUnusable) as error:
        problem = str(error)
    now = time.time_ns() // 1_000_000
    write = as_json if options["json"] else as_table
    write_stdout(write(options.id, log, nodes, servers, now))
    alarms = sorted({alarm for each in servers for alarm in each.alarms})
    if problem or alarms:
        raise ClusterError(problem or f"etcd raises an alarm: {', '.join(alarms)}")


async def _read_nodes(admin: EtcdAdmin) -> list[NodeReport]:
    reports: list[NodeReports] = []

    def begin(snapshot: bytes) -> Callable[[bytes], None]:
        try:
            reports.append(NodeReports(snapshot))
        except ValueError as error:
            raise LogUnusable(
                f"The cluster's log is of another version of chatd ({error}); use that one."
            ) from None
        return reports[0].read

    await admin.read(begin)
    return reports[0].reports()


async def remove(options: Options, admin: EtcdAdmin) -> None:
    """Delete the log."""
    if not options["force"] and await admin.is_in_use():
        raise ClusterError(
            "nodes of this cluster are running; stop them first, or give --force and they will end"
        )
    await admin.remove()
    write_stdout(f'The cluster "{escape(options.id)}" is removed.\n')


#: Each action, and its function.
ACTIONS: Final[dict[str, Callable[[Options, EtcdAdmin], Coroutine[Any, Any, None]]]] = {
    "init": init,
    "status": status,
    "remove": remove,
}


async def main(reactor: Any, options: Options) -> None:
    """Do the action.

    :raises SystemExit: with status 1 if it was not done; also when interrupted.
    """
    # Until the reactor runs, Ctrl-C is a KeyboardInterrupt, which task.react would log as an error.
    started: Deferred[None] = Deferred()
    reactor.callWhenRunning(lambda: started.callback(None))
    await started
    connect = connector(reactor, options["cluster"])
    client = EtcdClient(reactor, options["cluster"], connect)
    admin = EtcdAdmin(reactor, client, options.id)
    acting = Deferred.fromCoroutine(ACTIONS[options.action](options, admin))
    # Ctrl-C stops the reactor, which to task.react is a success.
    reactor.addSystemEventTrigger("before", "shutdown", acting.cancel)
    try:
        await acting
    except CancelledError:
        raise SystemExit(1) from None
    except (ClusterError, LogUnreachable, LogUnusable) as error:
        write_line(f"{_COMMAND}: {escape(str(error)).rstrip('.')}")
        raise SystemExit(1) from None
    finally:
        await client.close()


def run(options: Options) -> NoReturn:
    """Run ``chatd cluster``, and exit with its status."""
    if options.action == "remove" and not options["yes"]:
        _confirm(options.id)
    globalLogBeginner.beginLoggingTo(
        [logs.observer("warn", "text", None, utc=False)], redirectStandardIO=False
    )
    task.react(main, [options], get_reactor())


def _confirm(chat: str) -> None:
    """Ask whether to go on.

    :raises SystemExit: if not.
    """
    if not is_terminal():
        sys.exit(f"{_COMMAND}: remove deletes all that was said; give --yes if that is meant")
    question = f'Remove the cluster "{escape(chat)}" and all that was said there? [y/N] '
    print(question, end="", file=sys.stderr, flush=True)  # noqa: T201  # for the user
    if sys.stdin.readline(64).strip().lower() not in ("y", "yes"):
        sys.exit(f"{_COMMAND}: nothing was removed")
