"""A real etcd of several servers on loopback. ``etcd`` is in Debian's package ``etcd-server``."""

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.cluster.programs import etcd_command_with_urls, require_etcd
from tests.e2e.programs import Program
from tests.ports import HOST, free_port

#: Nothing is synced to the disk, as these tests kill processes and not machines; a busy disk would
#: only make them slower.
_UNSYNCED: Final = "--unsafe-no-fsync"


class RealServer:
    """One server of etcd, which can be killed, stopped and started again.

    :ivar address: where clients connect to it.
    """

    def __init__(self, command: Sequence[str], address: str) -> None:
        self.address = address
        self._command = command
        self.program = Program(command)

    def wait_until_ready(self) -> None:
        """Wait until it serves clients: most servers of its etcd are there."""
        self.program.expect_stderr("ready to serve client requests")

    def kill(self) -> None:
        """End it without a warning."""
        self.program.send_signal(signal.SIGKILL)
        self.program.wait()
        self.program.close()

    def start(self) -> None:
        """Start it again, with the data that it had."""
        self.program = Program(self._command)

    def freeze(self) -> None:
        """Have it do nothing for a while, as a machine that hangs."""
        self.program.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Have it go on."""
        self.program.send_signal(signal.SIGCONT)


class RealEtcd:
    """The servers of an etcd."""

    def __init__(self, directory: Path, count: int, flags: Sequence[str], scheme: str) -> None:
        names = [f"etcd{number}" for number in range(count)]
        peers = {name: f"http://{HOST}:{free_port()}" for name in names}
        self.servers = []
        for name in names:
            client = f"{HOST}:{free_port()}"
            url = f"{scheme}://{client}"
            command = etcd_command_with_urls(name, directory / name, url, peers, *flags)
            self.servers.append(RealServer(command, client))

    @property
    def addresses(self) -> str:
        """The servers, as behind ``etcd://``."""
        return ",".join(server.address for server in self.servers)


@contextmanager
def real_etcd(
    directory: Path, count: int = 3, *flags: str, scheme: str = "http"
) -> Iterator[RealEtcd]:
    """An etcd that is ready; its servers are killed at the end.

    :param flags: of each server, besides those that are recommended.
    """
    require_etcd()
    etcd = RealEtcd(directory, count, (_UNSYNCED, *flags), scheme)
    try:
        for server in etcd.servers:
            server.wait_until_ready()
        yield etcd
    finally:
        for server in etcd.servers:
            server.thaw()
            server.kill()
