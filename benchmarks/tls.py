"""What TLS costs the server: CPU time per delivery and per handshake, and records per turn.

  python -m benchmarks.tls --members 1000 --in-flight 1,10,200

One member speaks, and sends its next lines when all are confirmed. The others read what comes and
count the records, but do not decrypt them: that would cost this program more than the server.
"""

import argparse
import json
import os
import selectors
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

HOST: Final = "127.0.0.1"
_QUIET_SECONDS: Final = 0.5
_HEADER_BYTES: Final = 5
_HANDSHAKES: Final = 200


def _cpu_seconds(pid: int) -> float:
    """The CPU time of all threads of a process, to the nanosecond (proc(5), schedstat)."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


def _line(kind: str, data: dict[str, Any], number: int | None = None) -> bytes:
    frame: dict[str, Any] = {"type": kind, "data": data}
    return json.dumps(frame if number is None else {**frame, "id": number}).encode() + b"\n"


class Records:
    """Counts the TLS records in the bytes of one connection."""

    def __init__(self) -> None:
        self.count = 0
        self._data = b""

    def feed(self, data: bytes) -> None:
        """Take the next bytes."""
        self._data += data
        while len(self._data) >= _HEADER_BYTES:
            size = _HEADER_BYTES + int.from_bytes(self._data[3:5], "big")
            if len(self._data) < size:
                return
            self._data = self._data[size:]
            self.count += 1


def _connect(port: int, context: ssl.SSLContext | None) -> Any:
    connection: Any = socket.create_connection((HOST, port), 60)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if context is not None:
        connection = context.wrap_socket(connection)
    return connection


def _enter(connection: Any, nickname: str) -> None:
    connection.sendall(_line("hello", {"nickname": nickname, "version": 1}))
    received = b""
    while b'"welcome"' not in received or not received.endswith(b"\n"):
        received += connection.recv(65_536)


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


class Receivers:
    """Reads what members receive, as it came, and counts the records of the first one."""

    def __init__(self, connections: list[Any]) -> None:
        self.records = Records()
        self._sockets = [socket.socket(fileno=os.dup(each.fileno())) for each in connections]
        self._selector = selectors.DefaultSelector()
        for each in self._sockets:
            each.setblocking(False)
            self._selector.register(each, selectors.EVENT_READ)

    def read(self, seconds: float) -> None:
        """Read until nothing has come for so many seconds."""
        while ready := self._selector.select(seconds):
            for key, _ in ready:
                connection: Any = key.fileobj
                data = connection.recv(1 << 20)
                if connection is self._sockets[0]:
                    self.records.feed(data)

    def close(self) -> None:
        """Read nothing more; the connections stay."""
        for each in self._sockets:
            each.close()


def _deliver(speaker: Any, others: Receivers, pid: int, in_flight: int, rounds: int) -> float:
    """The server's CPU seconds."""
    others.read(_QUIET_SECONDS)
    others.records.count = 0
    before = _cpu_seconds(pid)
    for first in range(1, rounds * in_flight + 1, in_flight):
        lines = [
            _line("message", {"text": f"message {number:8}", "room": "#lobby"}, number)
            for number in range(first, first + in_flight)
        ]
        speaker.sendall(b"".join(lines))
        confirmed = b""
        while confirmed.count(b'"ok"') < in_flight:
            confirmed += speaker.recv(1 << 20)
        others.read(0)
    others.read(_QUIET_SECONDS)
    return _cpu_seconds(pid) - before


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--members", type=int, default=1_000)
    parser.add_argument("--in-flight", default="1,10,200")
    parser.add_argument("--messages", type=int, default=200)
    arguments = parser.parse_args()
    members = arguments.members
    for name in ("plain", "tls"):
        with tempfile.TemporaryDirectory() as directory, socket.socket() as probe:
            probe.bind((HOST, 0))
            port = probe.getsockname()[1]
            probe.close()
            command = [sys.executable, "-m", "chatd", "server", f"--ifaddrs={HOST}/8", "--id=bench"]
            options = ["--store=none", "--flood=0", f"--slots={2 * members}", "--tls=on"]
            log = Path(directory) / "log"
            server = subprocess.Popen(
                [
                    *command,
                    *options,
                    f"--port={port}",
                    f"--log-file={log}",
                    "--discovery-port=47777",
                ],
                env={**os.environ, "XDG_STATE_HOME": directory},
            )
            try:
                while not (log.exists() and "answers discovery" in log.read_text()):
                    time.sleep(0.1)
                _measure(name, port, server.pid, members, arguments)
            finally:
                server.terminate()
                server.wait()


def _measure(name: str, port: int, pid: int, members: int, arguments: argparse.Namespace) -> None:
    context = _context() if name == "tls" else None
    before = _cpu_seconds(pid)
    for _ in range(_HANDSHAKES):
        _connect(port, context).close()
    used = (_cpu_seconds(pid) - before) / _HANDSHAKES
    print(f"{name}: a connection that is made and closed: server CPU {used * 1e6:.0f} µs")
    before, started, connections = _cpu_seconds(pid), time.monotonic(), []
    for number in range(members):
        # At once: a client that says nothing for half a second enters as another one.
        connections.append(_connect(port, context))
        _enter(connections[-1], f"m{number}")
    used = _cpu_seconds(pid) - before
    print(f"{name}: {members} members enter: CPU {used:.2f} s, {time.monotonic() - started:.1f} s")
    for in_flight in map(int, arguments.in_flight.split(",")):
        rounds = max(arguments.messages // in_flight, 5)
        others = Receivers(connections[1:])
        used = _deliver(connections[0], others, pid, in_flight, rounds)
        others.close()
        cost = used / (rounds * in_flight * (members - 1)) * 1e6
        count = f", {others.records.count / rounds:.2f} records per round" if context else ""
        print(f"{name}: {in_flight} in flight: {cost:.3f} µs per delivery{count}")
    print(f"load: {os.getloadavg()[0]:.1f}", flush=True)


if __name__ == "__main__":
    main()
