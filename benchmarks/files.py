"""Sending and reading files: chatd beside nginx, and how long another member waits meanwhile.

    python -m benchmarks.files [--runs N] [--seconds S] [--directory PATH]

curl sends and reads files of 20 MB, one at a time and ten at once, with chatd and with nginx
(``PUT`` of its DAV module, ``sendfile``), each with one process on a core of its own. Then ten
uploads and ten downloads go on at once, again and again, while a member sends one message after the
other and waits for each to be confirmed. It needs ``curl``, and ``nginx-light`` for the comparison.
"""

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Final

from chatd.chat import limits
from tests.ports import HOST, IFADDRS, free_port, free_udp_port

#: The files that are sent.
BYTES: Final = limits.FILE_BYTES
AT_ONCE: Final = 10
#: The members that send them: one may send only a few at once, and have only a part of all.
SENDERS: Final = -(-AT_ONCE // limits.MEMBER_UPLOADED_FILES)
START_SECONDS: Final = 20

_NGINX: Final = """\
worker_processes 1;
daemon off;
user root;
pid {directory}/pid;
error_log {directory}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    sendfile on;
    client_max_body_size 100m;
    client_body_temp_path {directory}/temp;
    server {{
        listen {host}:{port};
        location / {{ root {directory}/files; dav_methods PUT; }}
    }}
}}
"""

#: One transfer: the URL, and the file that is sent, or None; with the token that is needed.
Transfer = tuple[str, Path | None, str]


class Member:
    """A member of the chat, which waits for each reply."""

    def __init__(self, port: int, nickname: str) -> None:
        self._socket = socket.create_connection((HOST, port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file = self._socket.makefile("rb")
        resume = {"session": ""}
        self._send("hello", {"nickname": nickname, "version": 1, "resume": resume})
        self.token: str = self._next("welcome")["session"]
        # A room of its own: nobody else has to read what it says.
        self._room = f"#{nickname}"
        self._send("join", {"room": self._room}, 0)
        self._next("ok")

    def say(self, text: str, number: int) -> float:
        """The seconds until a message is confirmed."""
        began = monotonic()
        self._send("message", {"text": text, "room": self._room}, number)
        self._next("ok")
        return monotonic() - began

    def close(self) -> None:
        """Leave."""
        self._socket.close()

    def _send(self, kind: str, data: dict[str, Any], request_id: int | None = None) -> None:
        self._socket.sendall(
            json.dumps({"type": kind, "data": data, "id": request_id}).encode() + b"\n"
        )

    def _next(self, kind: str) -> Any:
        for line in self._file:
            frame = json.loads(line)
            if frame["type"] == kind:
                return frame.get("data")
            if frame["type"] == "error":
                sys.exit(f"chatd refused: {frame}")
        sys.exit("chatd closed the connection")


@contextmanager
def running(
    command: Sequence[str], port: int, core: int, environment: dict[str, str]
) -> Iterator[None]:
    """Run a server on `core` until the end of the block."""
    process = subprocess.Popen(
        ["taskset", "-c", str(core), *command],
        env=os.environ | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        end = monotonic() + START_SECONDS
        while True:
            try:
                socket.create_connection((HOST, port), 1).close()
                break
            except OSError:
                if monotonic() > end or process.poll() is not None:
                    sys.exit(f"{command[0]} did not start")
                sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait()


def curl(transfers: Sequence[Transfer], directory: Path, core: int) -> subprocess.Popen[bytes]:
    """Start one curl that makes all `transfers` at once, on `core`."""
    parts = []
    for url, content, token in transfers:
        lines = [f'url = "{url}"', 'output = "/dev/null"', "fail", "no-progress-meter"]
        if content is not None:
            lines.append(f'upload-file = "{content}"')
        if token:
            lines.append(f'header = "Authorization: Bearer {token}"')
        parts.append("\n".join(lines))
    config = directory / f"curl-{id(parts)}"
    config.write_text("\nnext\n".join(parts))
    return subprocess.Popen(
        ["taskset", "-c", str(core), "curl", "--parallel", "--parallel-immediate", "-K", config]
    )


def rate(transfers: Sequence[Transfer], directory: Path, core: int, runs: int) -> float:
    """The bytes per second of the median run."""
    seconds = []
    for _ in range(runs + 1):  # the first one warms up
        began = monotonic()
        if curl(transfers, directory, core).wait():
            sys.exit("curl failed")
        seconds.append(monotonic() - began)
    return len(transfers) * BYTES / statistics.median(seconds[1:])


def uploads(base: str, content: Path, tokens: Sequence[str], count: int) -> list[Transfer]:
    """Uploads of `content`, `count` times: to chatd with a token each, else each under a name."""
    if not tokens:
        return [(f"{base}{number}.bin", content, "") for number in range(count)]
    target = f"{base}files/a.bin?room=%23lobby"
    return [(target, content, tokens[number % len(tokens)]) for number in range(count)]


def downloads(base: str, path: str, count: int) -> list[Transfer]:
    """Downloads of the file at `path`, `count` times."""
    return [(f"{base}{path}", None, "")] * count


def send_one(base: str, content: Path, token: str) -> str:
    """Send a file to chatd; its path."""
    target = f"{base}files/a.bin?room=%23lobby"
    reply = subprocess.run(
        ["curl", "-sS", "-T", content, "-H", f"Authorization: Bearer {token}", target],
        check=True,
        capture_output=True,
    ).stdout
    return f"files/{json.loads(reply)['id']}/a.bin"


def measure_rates(
    name: str, base: str, content: Path, path: str, tokens: Sequence[str], runs: int
) -> list[float]:
    """Print and return the rates: up and down, one file and several at once."""
    found = [
        rate(transfers, content.parent, 1, runs)
        for count in (1, AT_ONCE)
        for transfers in (uploads(base, content, tokens, count), downloads(base, path, count))
    ]
    print(f"{name:8}" + "".join(f"{each / 1e6:12.0f} MB/s" for each in found), flush=True)
    return found


def measure_waiting(
    member: Member, base: str, content: Path, path: str, tokens: Sequence[str], seconds: float
) -> tuple[list[float], int]:
    """The round trips of `member` during transfers, and how many of these there were."""
    going: list[subprocess.Popen[bytes]] = []
    count = 0
    times: list[float] = []
    end = monotonic() + seconds
    while monotonic() < end:
        going = [each for each in going if each.poll() is None]
        if not going:
            transfers = uploads(base, content, tokens, AT_ONCE) + downloads(base, path, AT_ONCE)
            going = [curl(transfers, content.parent, 1)]
            count += len(transfers)
        times.append(member.say("hello", len(times) + 1))
        sleep(0.002)
    for each in going:
        each.wait()
    return times, count


def describe(times: Sequence[float]) -> str:
    """The round trips in words."""
    ordered = sorted(times)
    p50, p99 = (1_000 * ordered[int(len(ordered) * part)] for part in (0.5, 0.99))
    return (
        f"{len(ordered)} round trips: {p50:.1f} ms in the middle, {p99:.1f} ms for 99 %, "
        f"{1_000 * ordered[-1]:.1f} ms at most"
    )


def main(arguments: Sequence[str]) -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.files", description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument(
        "--directory", type=Path, help="on the disk to measure [default: a new one]"
    )
    options = parser.parse_args(arguments)
    if not shutil.which("curl"):
        sys.exit("this needs curl")
    print(f"load average before: {os.getloadavg()[0]:.2f}; {os.cpu_count()} processors")
    with ExitStack() as stack:
        made = tempfile.TemporaryDirectory(prefix="bench-files-", dir=options.directory)
        directory = Path(stack.enter_context(made))
        content = directory / "a.bin"
        content.write_bytes(os.urandom(BYTES))
        print(f"{'':8}{'one up':>17}{'one down':>17}{'ten up':>17}{'ten down':>17}")
        nginx = None
        if shutil.which("nginx"):
            nginx = compare_nginx(directory, content, options.runs)
        port, web = free_port(), free_port()
        command = [
            *(sys.executable, "-m", "chatd", "server", *IFADDRS, "--id", "bench"),
            *("--port", str(port), "--discovery-port", str(free_udp_port()), "--web", str(web)),
            *("--flood", "0", "--log-level", "warn"),
        ]
        stack.enter_context(
            running(
                command, web, 0, {"XDG_STATE_HOME": str(directory), "PYTHONPATH": str(Path.cwd())}
            )
        )
        os.sched_setaffinity(0, {1})
        base = f"http://{HOST}:{web}/"
        senders = [Member(port, f"sender-{number}") for number in range(SENDERS)]
        tokens = [each.token for each in senders]
        member = Member(port, "member")
        path = send_one(base, content, member.token)  # others do not push its files out
        chatd = measure_rates("chatd", base, content, path, tokens, options.runs)
        if nginx:
            shares = (100 * ours / theirs for ours, theirs in zip(chatd, nginx, strict=True))
            print(f"{'':8}" + "".join(f"{each:15.0f} %" for each in shares))
        if hasattr(os, "nice") and os.geteuid() == 0:
            os.nice(-10)  # what is measured is how late the server is, and not how late this is
        quiet = [member.say("hello", number) for number in range(1_000)]
        print(f"nothing else:     {describe(quiet)}")
        times, count = measure_waiting(member, base, content, path, tokens, options.seconds)
        print(f"during {count:4} files: {describe(times)}")
        for each in (*senders, member):
            each.close()


def compare_nginx(directory: Path, content: Path, runs: int) -> list[float]:
    """The rates of nginx."""
    place, port = directory / "nginx", free_port()
    (place / "files").mkdir(parents=True)
    (place / "conf").write_text(_NGINX.format(directory=place, host=HOST, port=port))
    shutil.copy(content, place / "files" / "a.bin")
    with running(["nginx", "-c", str(place / "conf")], port, 0, {}):
        return measure_rates("nginx", f"http://{HOST}:{port}/", content, "a.bin", (), runs)


if __name__ == "__main__":
    main(sys.argv[1:])
