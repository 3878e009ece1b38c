"""What TLS costs chatd and InspIRCd: CPU time per delivery and per handshake, and coming back.

  python -m benchmarks.tls --members 1000 --in-flight 1,10,200

All members enter within a second, as clients of chatd come back to a server that was restarted.
Then one of them speaks, and sends its next lines when the last are handled. The others read what
comes and count the records, but do not decrypt them: that would cost this program more than the
server. Both servers have the same certificate, on P-256.
"""

import argparse
import os
import random
import selectors
import socket
import ssl
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from heapq import heapify, heappop, heappush
from typing import Any, Final

from cryptography.hazmat.primitives.serialization import Encoding

from benchmarks import configurations
from benchmarks.machine import cores, process_seconds, raise_file_limit
from benchmarks.peers import NUMBER, PEERS, Peer, ServerConfig, missing
from benchmarks.server_process import MeasurementError, Server, server_of
from chatd.chat.limits import RETRY_JITTER_SECONDS, RETRY_SECONDS
from chatd.tls.certificate import self_signed
from chatd.tls.server_key import make_key, write_key

_QUIET_SECONDS: Final = 0.5
_HEADER_BYTES: Final = 5
_WARM_UP: Final = 50
_HANDSHAKES: Final = 500
_MAX_SECONDS: Final = 120
#: What ends a round of messages, and what tells that all of it is handled.
_ENDS: Final = {
    "chatd": (b'{"type":"ping","data":{}}\n', b'"type":"pong"'),
    "inspircd": (b"PING :end\r\n", b" PONG "),
}
#: The figures by server and what they are of.
_Figures = dict[str, dict[str, float]]


def _write_certificate(config: ServerConfig) -> None:
    now = datetime.now(UTC)
    identity = self_signed(make_key(), "bench", (), (config.address,), now)
    write_key(config.directory / "key.pem", identity.key)
    pem = identity.certificate.public_bytes(Encoding.PEM)
    (config.directory / "certificate.pem").write_bytes(pem)


def _chatd_tls(peer: Peer, config: ServerConfig) -> list[str]:
    files = ["--tls-cert", "certificate.pem", "--tls-key", "key.pem"]
    return [*peer.command(config), "--tls", "on", *files]


def _inspircd_tls(peer: Peer, config: ServerConfig) -> list[str]:
    command = peer.command(config)
    path = config.directory / "configuration"
    text = path.read_text().replace('type="clients"', 'type="clients" sslprofile="bench"')
    path.write_text(text + configurations.INSPIRCD_TLS.format(directory=config.directory))
    return command


_COMMANDS: Final = {"chatd": _chatd_tls, "inspircd": _inspircd_tls}


def _with_tls(peer: Peer) -> Peer:
    def command(config: ServerConfig) -> list[str]:
        _write_certificate(config)
        return _COMMANDS[peer.key](peer, config)

    return replace(peer, name=f"{peer.name}, TLS", command=command)


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


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


class Member:
    """A client that enters, and then throws away what comes, without decrypting it.

    :ivar is_welcome: whether it has entered.
    :ivar records: those that come from now on; None if they are not counted.
    """

    def __init__(
        self, peer: Peer, config: ServerConfig, context: ssl.SSLContext | None, number: int
    ) -> None:
        digits = f"{number:0{len(NUMBER)}}".encode()
        self._steps = [(request.replace(NUMBER, digits), reply) for request, reply in peer.steps]
        self._context = context
        self._received = b""
        self._has_asked = False
        self.is_welcome = False
        self.records: Records | None = None
        self.socket = socket.socket()
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.connect_ex((config.address, config.port))
        #: A ``socket``, or an ``ssl.SSLSocket`` of the same connection.
        self.connection: Any = None

    def proceed(self) -> None:
        """Do all that is possible now; the socket is connected."""
        if self.is_welcome:
            data = self.socket.recv(1 << 20)
            if not data:
                raise MeasurementError("the server closed the connection of a member")
            if self.records is not None:
                self.records.feed(data)
            return
        with suppress(BlockingIOError, ssl.SSLWantReadError):
            self._enter()

    def _enter(self) -> None:
        if self.connection is None:
            self.connection = self.socket
            if self._context is not None:
                self.connection = self._context.wrap_socket(
                    self.socket.dup(), do_handshake_on_connect=False
                )
        if not self._has_asked:
            if self._context is not None:
                self.connection.do_handshake()
            self._has_asked = True
            self.connection.sendall(self._steps[0][0])
        while self._steps:
            self._read_reply()
        self.is_welcome = True

    def _read_reply(self) -> None:
        data = self.connection.recv(65_536)
        if not data:
            raise ConnectionError(f"not let in: {self._received[-200:]!r}")
        self._received += data
        # A whole line, so that a whole record has been read.
        if self._steps[0][1] in self._received and data.endswith(b"\n"):
            del self._steps[0]
            self._received = b""
            if self._steps:
                self.connection.sendall(self._steps[0][0])

    def close(self) -> None:
        """Close the connection."""
        if self.connection is not None:
            self.connection.close()
        self.socket.close()


@dataclass(frozen=True)
class Chat:
    """All members that have entered. The first one speaks."""

    members: list[Member]
    selector: selectors.BaseSelector

    def read(self, seconds: float) -> None:
        """Read until nothing has come for so many seconds."""
        while ready := self.selector.select(seconds):
            for key, _ in ready:
                self.members[key.data].proceed()

    def say(self, messages: bytes, end: tuple[bytes, bytes]) -> None:
        """Have the first member say this, and the others read until it is handled."""
        speaker, (ping, pong) = self.members[0].connection, end
        speaker.sendall(messages + ping)
        received = b""
        while pong not in received:
            received = received[-len(pong) :] + speaker.recv(1 << 20)
        self.read(0)


class Arrival:
    """All members come within a second, and again 4 s later if they are not let in.

    :ivar failures: how often a member was not let in.
    """

    def __init__(self, peer: Peer, config: ServerConfig, count: int, context: Any) -> None:
        self._make = partial(Member, peer, config, context)
        self._count = count
        self._jitter = random.Random(1)  # noqa: S311  # nosec B311  # no secret
        self._dues = [(self._after(0), number) for number in range(count)]
        heapify(self._dues)
        self._selector = selectors.DefaultSelector()
        self._members: dict[int, Member] = {}
        self._welcome = 0
        self.failures = 0

    def run(self) -> tuple[Chat, float]:
        """The members, and the seconds until the last one is welcome."""
        started = time.monotonic()
        while self._welcome < self._count:
            now = time.monotonic() - started
            if now > _MAX_SECONDS:
                raise MeasurementError(f"after {now:.0f} s {self._welcome} members were let in")
            while self._dues and self._dues[0][0] <= now:
                number = heappop(self._dues)[1]
                self._members[number] = self._make(number)
                self._selector.register(self._members[number].socket, selectors.EVENT_WRITE, number)
            for key, events in self._selector.select(0.01):
                if events & selectors.EVENT_WRITE:
                    self._selector.modify(key.fileobj, selectors.EVENT_READ, key.data)
                self._proceed(key.data, now)
        seconds = time.monotonic() - started
        members = [self._members[number] for number in range(self._count)]
        return Chat(members, self._selector), seconds

    def _after(self, seconds: float) -> float:
        return seconds + self._jitter.uniform(0, RETRY_JITTER_SECONDS)

    def _proceed(self, number: int, now: float) -> None:
        member = self._members[number]
        was_welcome = member.is_welcome
        try:
            member.proceed()
        except OSError:
            self.failures += 1
            self._selector.unregister(member.socket)
            member.close()
            heappush(self._dues, (self._after(now + RETRY_SECONDS), number))
        if member.is_welcome and not was_welcome:
            self._welcome += 1
            if number == 0:  # it goes on decrypting, when it speaks
                self._selector.unregister(member.socket)


def _connect(server: Server, context: Any, count: int) -> None:
    for _ in range(count):
        connection = socket.create_connection((server.config.address, server.config.port), 60)
        (connection if context is None else context.wrap_socket(connection)).close()
    time.sleep(_QUIET_SECONDS)


def _measure(peer: Peer, arguments: argparse.Namespace, context: Any) -> dict[str, float]:
    figures = {}
    with server_of(peer, cores().server) as server:
        pid = server.process.pid
        _connect(server, context, _WARM_UP)
        before = process_seconds(pid)
        _connect(server, context, _HANDSHAKES)
        used = process_seconds(pid) - before
        figures["µs of CPU, a connection made and closed"] = used / _HANDSHAKES * 1e6
        before, own = process_seconds(pid), time.process_time()
        arrival = Arrival(peer, server.config, arguments.members, context)
        chat, figures["s until all are welcome"] = arrival.run()
        figures["s of this program's CPU for that"] = time.process_time() - own
        chat.read(_QUIET_SECONDS)
        figures["members not let in, who came again"] = arrival.failures
        figures["s of the server's CPU for that"] = process_seconds(pid) - before
        chat.members[0].connection.settimeout(60)
        for in_flight in map(int, arguments.in_flight.split(",")):
            rounds = max(arguments.messages // in_flight, 5)
            chat.say(b"", _ENDS[peer.key])
            chat.read(_QUIET_SECONDS)
            records = chat.members[1].records = Records()
            before = process_seconds(pid)
            for _ in range(rounds):
                chat.say(peer.message * in_flight, _ENDS[peer.key])
            chat.read(_QUIET_SECONDS)
            deliveries = rounds * in_flight * (arguments.members - 1)
            cost = (process_seconds(pid) - before) / deliveries
            figures[f"µs of CPU per delivery, {in_flight} in flight"] = cost * 1e6
            if context is not None:
                figures[f"records per member, {in_flight} in flight"] = records.count / rounds
        for member in chat.members:
            member.close()
    return figures


def _print(figures: _Figures) -> None:
    width = 44
    print(" " * width + "".join(f"{name:>16}" for name in figures))
    for what in dict.fromkeys(what for each in figures.values() for what in each):
        cells = (each.get(what) for each in figures.values())
        texts = ("" if cell is None else f"{cell:.3f}" for cell in cells)
        print(f"{what:{width}}" + "".join(f"{text:>16}" for text in texts))


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--members", type=int, default=1_000)
    parser.add_argument("--in-flight", default="1,10,200")
    parser.add_argument("--messages", type=int, default=200)
    arguments = parser.parse_args()
    raise_file_limit()
    figures: _Figures = {}
    for peer in (each for each in PEERS if each.key in _COMMANDS):
        if why := missing(peer, ""):
            print(f"{peer.name}: {why}")
            continue
        for run, context in ((peer, None), (_with_tls(peer), _context())):
            load = os.getloadavg()[0]
            print(run.name, file=sys.stderr)
            figures[run.name] = _measure(run, arguments, context)
            figures[run.name]["load before"] = load
            figures[run.name]["load after"] = os.getloadavg()[0]
    _print(figures)


if __name__ == "__main__":
    main()
