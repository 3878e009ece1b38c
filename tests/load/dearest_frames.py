"""How long others wait while ten connections of one address send the dearest frames there are.

    python -m tests.load.dearest_frames

First the dearest frames are searched for: frames of each dialect are changed at random, and those
that cost a server in memory the most CPU time are changed further. Then, at a real server, ten
attackers send the dearest ones of each dialect as fast as they can; others connect anew twenty
times a second; sixty watch, stay or connect anew all the time, and read histories and lists; and
ten programs ask the HTTP API for the longest replies. Meanwhile one member of each dialect, and one
on the page, measures its round trips.
"""

import json
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from benchmarks.report import percentile
from chatd.chat import limits
from tests.load import report
from tests.load.server_process import HOST, PORTS, run_server
from tests.server.harness import Harness, connect_basic, connect_jim, connect_plain, line
from tests.web.http_clients import UPGRADE_HEADERS, request
from tests.web.http_clients import message as websocket_message

_SEARCH_STEPS: Final = 150
_ATTACKERS: Final = 10
_SECONDS: Final = 12.0
#: Members of each dialect, and what each of them sends.
_VICTIMS: Final = 4
_PINGS_PER_SECOND: Final = 8
#: The attackers' address. The members have another one: what is charged to an address is charged to
#: all who share it.
_ATTACKERS_HOST: Final = "127.0.0.66"
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

#: What a history is full of: of all texts this one took longest to escape.
_DEAREST_TEXT: Final = "a\u200d" * 125


def _frame(dialect: str, verb: str, text: str, count: int) -> bytes:
    """A frame of `dialect` that asks for `verb`, with `text`, perhaps `count` times."""
    names = [f"{text[:100]}{number}" for number in range(count)]
    if dialect == "native":
        data: dict[str, dict[str, Any]] = {
            "history": {"limit": 1_000},
            "search": {"words": text[: limits.SEARCH_CHARACTERS] or "a", "limit": 1_000},
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
        "search": f"/search {text[: limits.SEARCH_CHARACTERS] or 'a'}",
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
    "search",
)  # fmt: skip
Recipe = tuple[str, str, int]


def _fill(harness: Harness) -> None:
    writer = harness.enter("writer")
    for number in range(1_000):
        writer.connection.dataReceived(line("message", {"text": f"{number}" + _DEAREST_TEXT}))
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

#: What a page sends to open its WebSocket.
_UPGRADE: Final = request("/socket", UPGRADE_HEADERS, host=f"{HOST}:{PORTS['web']}")

_HELLO: Final[dict[str, Callable[[str], bytes]]] = {
    "page": lambda name: (
        _UPGRADE + websocket_message(line("hello", {"nickname": name, "version": 1}))
    ),
    "native": lambda name: line("hello", {"nickname": name, "version": 1}),
    "basic": lambda name: line("set-name", name),
    "plain": lambda name: f"{name}\n".encode(),
    "jim": lambda name: json.dumps(
        {"action": "presence", "type": "status", "user": {"account_name": name}}
    ).encode(),
}
#: What a member sends, and the reply: of the server, or of its own words.
_PING: Final[dict[str, Callable[[str], tuple[bytes, bytes]]]] = {
    "page": lambda name: (websocket_message(line("ping")), b'"pong"'),
    "native": lambda name: (line("ping"), b'"pong"'),
    "basic": lambda name: (line("message", f"{name} speaks"), f"{name} speaks".encode()),
    "plain": lambda name: (f"{name} speaks\n".encode(), f"{name}: {name} speaks".encode()),
    "jim": lambda name: (
        json.dumps({"action": "msg", "to": name, "message": "speaks"}).encode(),
        b'"response":200',
    ),
}
_WATCHERS: Final = 60
_WATCH: Final = _UPGRADE + websocket_message(line("watch"))
_READ: Final = b"".join(
    websocket_message(line(*frame)) for frame in (("history", {"limit": 1_000}), ("users",))
)
_API: Final = b"".join(
    request(path, host=f"{HOST}:{PORTS['web']}")
    for path in ("/api/messages?room=%23lobby&limit=1000", "/api/users")
)


def _port(dialect: str) -> int:
    return PORTS[{"native": "main", "basic": "main", "page": "web"}.get(dialect, dialect)]


@dataclass(frozen=True)
class _Attack:
    """`count` connections to `port`; each begins with `hello` and then sends `frames` for ever.

    :ivar renewed: how many connections a second are replaced by new ones.
    """

    name: str
    port: int
    hello: bytes
    frames: bytes
    count: int
    renewed: int = 0


#: The attacks on the page's port.
_PAGE_ATTACKS: Final = [
    _Attack(f"{_WATCHERS} watchers that read", PORTS["web"], _WATCH, _READ, _WATCHERS),
    _Attack(f"{_WATCHERS} watchers, 100 new a second", PORTS["web"], _WATCH, _READ, _WATCHERS, 100),
    _Attack(f"{_ATTACKERS} HTTP clients", PORTS["web"], b"", _API, _ATTACKERS),
    _Attack(
        f"{_ATTACKERS} HTTP clients, 100 new a second",
        PORTS["web"],
        b"",
        _API * 20,
        _ATTACKERS,
        100,
    ),
]


class _Victim:
    """A member of one dialect, which measures its round trips."""

    def __init__(self, dialect: str, number: int) -> None:
        self.dialect = dialect
        self.milliseconds: list[float] = []
        name = f"victim{number}-{dialect}"
        self._ping, self._pong = _PING[dialect](name)
        self._socket = socket.create_connection((HOST, _port(dialect)))
        self._socket.sendall(_HELLO[dialect](name))
        time.sleep(0.3)

    def ping(self) -> None:
        self._socket.setblocking(False)
        with suppress(BlockingIOError):
            while self._socket.recv(1_000_000):
                pass
        self._socket.settimeout(30)
        begin = time.perf_counter()
        self._socket.sendall(self._ping)
        received = b""
        while self._pong not in received:
            received = received[-100:] + self._socket.recv(1_000_000)
        self.milliseconds.append(1_000 * (time.perf_counter() - begin))


def _round_trips(victims: list[_Victim], seconds: float) -> dict[str, list[float]]:
    """The round trips of all, by dialect and in order of their length."""
    for victim in victims:
        victim.milliseconds.clear()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for victim in victims:
            victim.ping()
            time.sleep(1 / _PINGS_PER_SECOND / len(victims))
    return {
        dialect: sorted(
            each for victim in victims if victim.dialect == dialect for each in victim.milliseconds
        )
        for dialect in dict.fromkeys(victim.dialect for victim in victims)
    }


def _as_text(round_trips: dict[str, list[float]]) -> str:
    return "  ".join(
        f"{dialect} {percentile(each, 50):.1f}/{percentile(each, 99):.0f}/{each[-1]:.0f}"
        for dialect, each in round_trips.items()
    )


#: Runs in a process of its own: COUNT sockets that enter, send frames as fast as they are taken,
#: and read. With RENEWALS the oldest is replaced so many times a second, and each sends its frames
#: only once.
_ATTACK: Final = """
import json, select, socket, sys, time
host, source, port, hello, frames, count, renewals = json.loads(sys.stdin.readline())
hello, frames = hello.encode("latin-1"), frames.encode("latin-1")
poll, open_, serial = select.epoll(), {}, 0
def connect():
    global serial
    try:
        s = socket.create_connection((host, port), 5, (source, 0))
    except OSError:
        return
    s.setblocking(False)
    serial += 1
    first = hello.replace(b"NUMBER", b"%04d" % (serial % 10_000))
    open_[s.fileno()] = [s, first + frames, False]
    poll.register(s.fileno(), select.EPOLLIN | select.EPOLLOUT)
for _ in range(count):
    connect()
print("ready", flush=True)
poll.register(0, select.EPOLLIN | select.EPOLLHUP)
last = time.monotonic()
while True:
    for fd, events in poll.poll(min(0.05, 1 / renewals) if renewals else 0.05):
        if fd == 0:
            sys.exit()
        s, data, done = open_[fd]
        try:
            if events & select.EPOLLIN and not s.recv(1 << 20):
                raise OSError
            if events & select.EPOLLOUT:
                sent = s.send(data or frames)
                open_[fd][1] = (data or frames)[sent:]
                if renewals and not open_[fd][1]:
                    poll.modify(fd, select.EPOLLIN)
        except BlockingIOError:
            pass
        except OSError:
            poll.unregister(fd); s.close(); del open_[fd]
    if renewals and time.monotonic() - last > 1 / renewals:
        last = time.monotonic()
        if open_ and len(open_) >= count:
            fd = next(iter(open_)); poll.unregister(fd); open_.pop(fd)[0].close()
        connect()
    elif not renewals and len(open_) < count:
        connect()
"""


def attack(victims: list[_Victim], how: _Attack) -> dict[str, list[float]]:
    """Attack, and return the victims' round trips."""
    job = [
        *(
            HOST,
            _ATTACKERS_HOST,
            how.port,
            how.hello.decode("latin-1"),
            how.frames.decode("latin-1"),
        ),
        *(how.count, how.renewed),
    ]
    attacker = subprocess.Popen(
        [sys.executable, "-c", _ATTACK], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert attacker.stdin is not None
    assert attacker.stdout is not None
    attacker.stdin.write(json.dumps(job).encode() + b"\n")
    attacker.stdin.flush()
    attacker.stdout.readline()
    try:
        return _round_trips(victims, _SECONDS)
    finally:
        attacker.kill()
        attacker.wait()


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
        victims = [
            _Victim(dialect, number)
            for number in range(_VICTIMS)
            for dialect in (*_DIALECTS, "page")
        ]
        report.line("round trips of a member, p50/p99/max in ms, while there are")
        attacks = [
            _Attack(
                f"{_ATTACKERS} {dialect} attackers",
                _port(dialect),
                _HELLO[dialect](f"attackNUMBER{dialect}"),
                dearest[dialect],
                _ATTACKERS,
            )
            for dialect in _DIALECTS
        ]
        attacks += [
            _Attack(
                f"20 {dialect} connections a second",
                _port(dialect),
                _HELLO[dialect](f"renewNUMBER{dialect}"),
                dearest[dialect],
                20,
                20,
            )
            for dialect in ("native", "plain")
        ]
        report.line(f"no attackers: {_as_text(_round_trips(victims, _SECONDS))}")
        for how in (*attacks, *_PAGE_ATTACKS):
            round_trips = attack(victims, how)
            report.line(f"{how.name}: {_as_text(round_trips)}")
            faults += [
                f"{how.name}: a {dialect} member waits for {p99:.0f} ms"
                for dialect, each in round_trips.items()
                if (p99 := percentile(each, 99)) > _max_milliseconds(dialect)
            ]
        if server.tracebacks():
            faults.append("there are tracebacks in the log")
    return report.end(faults)


def _max_milliseconds(dialect: str) -> float:
    # A JIM client is sent an object every 50 ms.
    return _MAX_MILLISECONDS + (limits.JIM_PAUSE_MILLISECONDS if dialect == "jim" else 0)


def _prepare() -> None:
    """The lobby's history is as dear as it can be, and there are a hundred members in rooms."""
    for number in range(50):
        with socket.create_connection((HOST, PORTS["main"])) as writer:
            writer.sendall(_HELLO["native"](f"writer{number}"))
            frames = b"".join(
                line("message", {"text": f"{number} {each}" + _DEAREST_TEXT}) for each in range(18)
            )
            writer.sendall(frames)
            writer.sendall(line("quit"))
            while writer.recv(100_000):
                pass


if __name__ == "__main__":
    sys.exit(main())
