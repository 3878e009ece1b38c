"""How long others wait while ten connections of one address send the dearest frames there are.

    python -m tests.load.dearest_frames

First the dearest frames are searched for: frames of each dialect are changed at random, and those
that cost a server in memory the most CPU time are changed further. Then, at a real server, ten
attackers send the dearest ones of each dialect as fast as they can; others connect anew twenty
times a second, and sixty watch. Meanwhile one member of each dialect measures its round trips.
"""

import json
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from benchmarks.report import percentile
from chatd.chat import limits
from tests.load import report
from tests.load.server_process import HOST, PORTS, run_server
from tests.server.harness import Harness, connect_basic, connect_jim, connect_plain, line

_SEARCH_STEPS: Final = 150
_ATTACKERS: Final = 10
_SECONDS: Final = 12.0
_PINGS_PER_SECOND: Final = 8
_MAX_MILLISECONDS: Final = 50
_DIALECTS: Final = ("native", "basic", "plain", "jim")

#: Characters that are dear in different ways: to normalise, to escape, to decode, to compare.
_CHARACTERS: Final = (
    "a",
    "\u0436",
    "\ufdfa",
    "\u202e",
    "a\u0301",
    "\u200d",
    "\U0001f469",
    "@a ",
    "\\",
)


def _frame(dialect: str, verb: str, text: str, count: int) -> bytes:
    """A frame of `dialect` that asks for `verb`, with `text`, perhaps `count` times."""
    names = [f"{text[:100]}{number}" for number in range(count)]
    if dialect == "native":
        data: dict[str, dict[str, Any]] = {
            "history": {"limit": 1_000},
            "private": {"to": names, "text": text[:4_000] or "x"},
            "message": {"text": text[:4_000] or "x"},
            "set-name": {"nickname": text},
            "join": {"room": f"#{text}"},
        }
        return line(verb, data.get(verb))
    if dialect == "basic":
        known = {"history": "history", "users": "users", "set-name": "set-name"}
        return line(
            known.get(verb, "message"), "" if verb in ("history", "users") else text[:4_000]
        )
    if dialect == "jim":
        words: dict[str, dict[str, Any]] = {
            "private": {
                "action": "msg",
                "to": [name[:20] for name in names],
                "message": text[:500],
            },
            "users": {"action": "get_users"},
            "join": {"action": "join", "room": f"#{text}"},
        }
        default = {"action": "msg", "to": "#", "message": text[:500] or "x"}
        return json.dumps(words.get(verb, default))[:4_000].encode()
    lines = {
        "history": "/history 1000",
        "users": "/users",
        "rooms": "/rooms",
        "private": f"/msg {','.join(names)} x",
        "mention": f"{'@a ' * count * 20}x",
        "set-name": f"/setname {text}",
        "join": f"/join #{text}",
    }
    return f"{lines.get(verb, text or 'x')}".replace("\n", " ").encode()[:60_000] + b"\n"


_VERBS: Final = (
    "history", "users", "rooms", "private", "message", "set-name", "join", "ping", "mention",
)  # fmt: skip
Recipe = tuple[str, str, int]


def _fill(harness: Harness) -> None:
    writer = harness.enter("writer")
    for number in range(1_000):
        writer.connection.dataReceived(line("message", {"text": f"{number}" + "\u202e" * 250}))
    harness.clock.advance(0)
    for number in range(300):
        member = harness.connect()
        member.connection.dataReceived(
            line("hello", {"nickname": f"member{number}", "version": 1})
            + line("join", {"room": f"#room{number}"})
        )
    harness.clock.advance(0)


def _connect(harness: Harness, dialect: str) -> Any:
    if dialect == "native":
        return harness.enter("attacker")
    if dialect == "basic":
        client: Any = connect_basic(harness)
        client.send_bytes(line("set-name", "attacker"))
    elif dialect == "plain":
        client = connect_plain(harness)
        client.send_bytes(b"attacker\n")
    else:
        client = connect_jim(harness)
        client.ask("presence", user={"account_name": "attacker"})
    return client


def search(dialect: str, choose: random.Random) -> list[tuple[float, Recipe]]:
    """The dearest recipes for a frame, each with its CPU time in milliseconds."""
    harness = Harness(flood=0, slots=2_000)
    _fill(harness)
    client = _connect(harness, dialect)

    def cost(recipe: Recipe) -> float:
        frame = _frame(dialect, *recipe)
        client.transport.clear()
        begin = time.process_time()
        client.connection.dataReceived(frame)
        harness.clock.advance(0)
        return 1_000 * (time.process_time() - begin)

    found: dict[str, tuple[float, Recipe]] = {}
    recipes: list[Recipe] = [(verb, "x", 1) for verb in _VERBS]
    for step in range(_SEARCH_STEPS):
        if step < len(recipes):
            recipe = recipes[step]
        else:
            verb = choose.choice(list(found))
            recipe = (
                verb,
                choose.choice(_CHARACTERS) * choose.choice((1, 20, 100, 1_000, 4_000)),
                choose.choice((1, 10, 32, 33, 200, 1_000)),
            )
        milliseconds = min(cost(recipe) for _ in range(3))
        if milliseconds > found.get(recipe[0], (0.0, recipe))[0]:
            found[recipe[0]] = milliseconds, recipe
    return sorted(found.values(), reverse=True)[:4]


# --- the attack ---------------------------------------------------------------------------------

_HELLO: Final[dict[str, Callable[[str], bytes]]] = {
    "native": lambda name: line("hello", {"nickname": name, "version": 1}),
    "basic": lambda name: line("set-name", name),
    "plain": lambda name: f"{name}\n".encode(),
    "jim": lambda name: json.dumps(
        {"action": "presence", "type": "status", "user": {"account_name": name}}
    ).encode(),
}
_PING: Final = {
    "native": line("ping"),
    "basic": line("message", "victim speaks"),
    "plain": b"victim speaks\n",
    "jim": b'{"action": "msg", "to": "victim-jim", "message": "victim speaks"}',
}
_PONG: Final = {
    "native": b'"pong"',
    "basic": b"victim speaks",
    "plain": b"victim-plain: victim speaks",
    "jim": b'"response":200',
}


def _port(dialect: str) -> int:
    return PORTS["main" if dialect in ("native", "basic") else dialect]


class _Victim:
    def __init__(self, dialect: str) -> None:
        self.dialect = dialect
        self.socket = socket.create_connection((HOST, _port(dialect)))
        self.socket.settimeout(30)
        self.socket.sendall(_HELLO[dialect](f"victim-{dialect}"))
        self.milliseconds: list[float] = []
        # A JIM client is sent an object every 50 ms.
        pause = limits.JIM_PAUSE_MILLISECONDS if dialect == "jim" else 0
        self.max_milliseconds = _MAX_MILLISECONDS + pause
        time.sleep(0.3)
        self.socket.recv(1_000_000)

    def ping(self) -> None:
        self.socket.setblocking(False)
        try:
            while self.socket.recv(1_000_000):
                pass
        except BlockingIOError:
            pass
        self.socket.settimeout(30)
        begin = time.perf_counter()
        self.socket.sendall(_PING[self.dialect])
        received = b""
        while _PONG[self.dialect] not in received:
            received = received[-100:] + self.socket.recv(1_000_000)
        self.milliseconds.append(1_000 * (time.perf_counter() - begin))


#: Runs in a process of its own: COUNT sockets that enter, send frames as fast as they are taken,
#: and read. With RENEW each connects anew when it has sent its frames once.
_ATTACK: Final = """
import json, select, socket, sys, time
host, port, count, hellos, frames, renew = json.loads(sys.stdin.readline())
hellos, frames = [each.encode("latin-1") for each in hellos], frames.encode("latin-1")
poll, open_, serial = select.epoll(), {}, 0
def connect():
    global serial
    try:
        s = socket.create_connection((host, port), timeout=5)
    except OSError:
        return
    s.setblocking(False)
    hello = hellos[serial % len(hellos)].replace(b"NUMBER", str(serial).encode())
    serial += 1
    open_[s.fileno()] = [s, hello + frames, False]
    poll.register(s.fileno(), select.EPOLLIN | select.EPOLLOUT)
for _ in range(count):
    connect()
print("ready", flush=True)
poll.register(0, select.EPOLLIN | select.EPOLLHUP)
last = time.monotonic()
while True:
    for fd, events in poll.poll(0.05):
        if fd == 0:
            sys.exit()
        s, data, done = open_[fd]
        try:
            if events & select.EPOLLIN and not s.recv(1 << 20):
                raise OSError
            if events & select.EPOLLOUT:
                sent = s.send(data or frames)
                open_[fd][1] = (data or frames)[sent:]
                if renew and not open_[fd][1]:
                    poll.modify(fd, select.EPOLLIN)
        except BlockingIOError:
            pass
        except OSError:
            poll.unregister(fd); s.close(); del open_[fd]
    if renew and time.monotonic() - last > 0.05:
        last = time.monotonic()
        if open_ and len(open_) >= count:
            fd = next(iter(open_)); poll.unregister(fd); open_.pop(fd)[0].close()
        connect()
    elif not renew and len(open_) < count:
        connect()
"""


def attack(
    victims: list[_Victim],
    port: int,
    hellos: list[bytes],
    frames: bytes,
    *,
    count: int,
    renew: bool,
) -> str:
    """Attack, and return the victims' round trips."""
    job = [
        HOST,
        port,
        count,
        [hello.decode("latin-1") for hello in hellos],
        frames.decode("latin-1"),
        renew,
    ]
    attacker = subprocess.Popen(
        [sys.executable, "-c", _ATTACK], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert attacker.stdin is not None
    assert attacker.stdout is not None
    attacker.stdin.write(json.dumps(job).encode() + b"\n")
    attacker.stdin.flush()
    attacker.stdout.readline()
    for victim in victims:
        victim.milliseconds.clear()
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end:
        for victim in victims:
            victim.ping()
            time.sleep(1 / _PINGS_PER_SECOND / len(victims))
    attacker.kill()
    attacker.wait()
    return "  ".join(
        f"{victim.dialect} {percentile(victim.milliseconds, 50):.1f}/"
        f"{percentile(victim.milliseconds, 99):.0f}/{max(victim.milliseconds):.0f}"
        for victim in victims
    )


def main() -> int:
    """Search, attack, and print what came of it."""
    report.begin("python -m tests.load.dearest_frames")
    choose = random.Random(13)  # noqa: S311  # a search, not a secret
    dearest: dict[str, bytes] = {}
    for dialect in _DIALECTS:
        found = search(dialect, choose)
        dearest[dialect] = b"".join(_frame(dialect, *recipe) for _, recipe in found)
        costs = ", ".join(
            f"{recipe[0]} {recipe[1][:2]!a}x{len(recipe[1])} ({milliseconds:.1f} ms)"
            for milliseconds, recipe in found
        )
        report.line(f"dearest frames, {dialect}: {costs}")
    faults: list[str] = []
    with TemporaryDirectory() as folder, run_server(Path(folder, "log")) as server:
        _prepare()
        victims = [_Victim(dialect) for dialect in _DIALECTS]
        report.line("round trips of a member, p50/p99/max in ms, while there are")
        jobs: list[tuple[str, int, list[bytes], bytes, int, bool]] = [
            (
                f"{_ATTACKERS} {dialect} attackers",
                _port(dialect),
                [_HELLO[dialect](f"attackNUMBER{dialect}")],
                dearest[dialect],
                _ATTACKERS,
                False,
            )
            for dialect in _DIALECTS
        ]
        jobs += [
            (
                f"20 {dialect} connections a second",
                _port(dialect),
                [_HELLO[dialect](f"renewNUMBER{dialect}")],
                dearest[dialect],
                20,
                True,
            )
            for dialect in ("native", "plain")
        ]
        report.line(f"no attackers: {_undisturbed(victims)}")
        for name, port, hellos, frames, count, renew in jobs:
            times = attack(victims, port, hellos, frames, count=count, renew=renew)
            report.line(f"{name}: {times}")
            faults += [
                f"{name}: a {victim.dialect} member waits for {p99:.0f} ms"
                for victim in victims
                if (p99 := percentile(victim.milliseconds, 99)) > victim.max_milliseconds
            ]
        if server.tracebacks():
            faults.append("there are tracebacks in the log")
    return report.end(faults)


def _undisturbed(victims: list[_Victim]) -> str:
    for victim in victims:
        for _ in range(20):
            victim.ping()
            time.sleep(1 / _PINGS_PER_SECOND)
    return "  ".join(
        f"{victim.dialect} {percentile(victim.milliseconds, 50):.1f}" for victim in victims
    )


def _prepare() -> None:
    """The lobby's history is as dear as it can be, and there are a hundred members in rooms."""
    for number in range(50):
        with socket.create_connection((HOST, PORTS["main"])) as writer:
            writer.sendall(_HELLO["native"](f"writer{number}"))
            frames = b"".join(
                line("message", {"text": f"{number} {each}" + "\u202e" * 250}) for each in range(18)
            )
            writer.sendall(frames)
            writer.sendall(line("quit"))
            while writer.recv(100_000):
                pass


if __name__ == "__main__":
    sys.exit(main())
