"""Searching a chat of a million messages, and starting a server with it.

    python -m benchmarks.search [--messages N] [--file PATH]

It fills a store as a server does: 200 members talk in 20 rooms, in words as frequent as those of a
language. Then it prints the disk space of a message; how long each kind of search takes, from the
call until its result is in the reactor; whether searches hold up commits; and how long a server
needs from its start to the first welcome. With --file the store is kept, and used again.
"""

import argparse
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any, Final

from twisted.internet import task
from twisted.internet.defer import Deferred, DeferredList, inlineCallbacks

from chatd.chat.commands import Enter, JoinRoom, Search, SendMessage
from chatd.chat.hub import HubSettings
from chatd.chat.limits import HISTORY_MESSAGES
from chatd.log.codec import encode_operations
from chatd.log.engine import Entry, Store
from chatd.log.journal_log import JournalLog
from chatd.log.operations import Handle, Operation, ReserveSlot
from chatd.store.engine import SQLiteEngine
from chatd.store.retention import Keep
from tests.ports import HOST, IFADDRS, free_port, free_udp_port

MEMBERS: Final = 200
ROOMS: Final = 20
WORDS: Final = 50_000
#: The time between two messages: a million of them take 30 days.
INTERVAL_MILLISECONDS: Final = 2_592
BEGAN: Final = 1_760_000_000_000
#: Messages that are asked for at once.
BATCH: Final = 256
RUNS: Final = 200
WORST_RUNS: Final = 20
STARTS: Final = 5

_chance = random.Random(7)  # noqa: S311 (the same chat each time)


class Nobody:
    """An outbox of which nobody reads anything."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *arguments: None


def vocabulary() -> tuple[list[str], list[float]]:
    """Words, the most frequent first, and how often they occur (Zipf's law)."""
    syllables = [a + b for a in "bdfgklmnprst" for b in ("a", "e", "i", "o", "u", "au", "er", "in")]
    words: dict[str, None] = {}
    while len(words) < WORDS:
        words["".join(_chance.choices(syllables, k=_chance.choice((1, 2, 2, 3, 3, 4))))] = None
    return sorted(words, key=len), [1 / rank for rank in range(1, WORDS + 1)]


class Texts:
    """Texts of 2 to 20 words, made many at a time."""

    def __init__(self) -> None:
        self.words, self._weights = vocabulary()
        self._ready: list[str] = []

    def text(self) -> str:
        """Another text."""
        length = _chance.randint(2, 20)
        while len(self._ready) < length:
            self._ready = _chance.choices(self.words, self._weights, k=100_000)
        text = " ".join(self._ready[-length:])
        del self._ready[-length:]
        return text


@inlineCallbacks
def fill(
    reactor: Any, engine: SQLiteEngine, texts: Texts, count: int
) -> Generator[Deferred[Any], Any, None]:
    """Have members say `count` messages, as a server would keep them."""
    said = 0

    def now() -> int:
        return BEGAN + said * INTERVAL_MILLISECONDS

    settings = HubSettings("bench", MEMBERS, HISTORY_MESSAGES, is_archived=True)
    store = Store(engine, engine.archive, "bench")
    log = JournalLog(settings, Nobody(), now, reactor, store, print)

    def ask(operation: Operation[Any]) -> Deferred[Any]:
        done: Deferred[Any] = Deferred()
        log.ask(operation, done.callback)
        return done

    yield log.open()
    rooms = ["#lobby", *(f"#room{number}" for number in range(1, ROOMS))]
    members = []
    for number in range(MEMBERS):
        member = yield ask(ReserveSlot(f"10.0.0.{number}:4000"))
        yield ask(Handle(member, Enter(f"member{number}")))
        for room in rooms[1:]:
            yield ask(Handle(member, JoinRoom(room)))
        members.append(member)
    weights = [1 / rank for rank in range(1, ROOMS + 1)]
    while said < count:
        batch = [
            ask(Handle(_chance.choice(members), SendMessage(texts.text(), room)))
            for room in _chance.choices(rooms, weights, k=min(BATCH, count - said))
        ]
        said += len(batch)
        yield DeferredList(batch)
        if said % (BATCH * 400) == 0:
            print(f"  {said:,} messages", file=sys.stderr, flush=True)
    # A server that was killed: the journal has as much as it may have.
    yield engine.close()


def queries(texts: Texts) -> dict[str, Callable[[], Search]]:
    """Kinds of searches, each with what makes one."""
    words = texts.words

    def word(first: int, last: int) -> str:
        return words[_chance.randint(first, last)]

    day = 86_400_000
    end = BEGAN + 1_000_000 * INTERVAL_MILLISECONDS
    return {
        "one of the 10 commonest words": lambda: Search(f"{word(0, 9)} "),
        "a common word": lambda: Search(f"{word(10, 1_000)} "),
        "a rare word": lambda: Search(f"{word(5_000, WORDS - 1)} "),
        "no such word": lambda: Search(f"zzz{word(0, 9_999)} "),
        "two common words": lambda: Search(f"{word(0, 50)} {word(51, 1_000)} "),
        "two rare words": lambda: Search(f"{word(5_000, 40_000)} {word(5_000, 40_000)} "),
        "three of the commonest": lambda: Search(f"{word(0, 9)} {word(10, 19)} {word(20, 29)} "),
        "a phrase": lambda: Search(f'"{word(0, 9)} {word(0, 30)}"'),
        "a rare phrase": lambda: Search(f'"{word(100, 500)} {word(100, 500)}"'),
        "a prefix of 3 letters": lambda: Search(word(1_000, 30_000)[:3]),
        "a prefix of 4 letters": lambda: Search(word(1_000, 30_000)[:4]),
        "a common word and a rare prefix": lambda: Search(
            f"{word(0, 9)} {word(9_000, 30_000)[:4]}"
        ),
        "in a room": lambda: Search(f"{word(0, 1_000)} ", f"#room{_chance.randint(1, 19)}"),
        "a room alone": lambda: Search("", f"#room{_chance.randint(1, 19)}"),
        "from a member": lambda: Search(
            f"{word(0, 300)} ", source=f"member{_chance.randint(0, 199)}"
        ),
        "from nobody": lambda: Search(f"{word(0, 9)} ", source="nobody"),
        "rare, in a room, from a member": lambda: Search(
            f"{word(1_000, 9_000)} ", "#room19", f"member{_chance.randint(0, 199)}"
        ),
        "of the last day": lambda: Search(f"{word(0, 1_000)} ", since=end - day),
        "a page of long ago": lambda: Search(
            f"{word(0, 1_000)} ", before=_chance.randint(1, 1_000_000)
        ),
        "100 messages": lambda: Search(f"{word(0, 300)} ", limit=100),
    }


def worst_queries(texts: Texts) -> dict[str, Callable[[], Search]]:
    """The slowest searches that are known; users do not search so."""
    words = texts.words
    return {
        "the commonest word 6 times in a row": lambda: Search(f'"{" ".join([words[0]] * 6)}"'),
        "60 of the commonest words": lambda: Search(" ".join(words[:60]) + " "),
        "no such word, a prefix of 3 letters": lambda: Search(f"zzz {words[1_000][:3]}"),
    }


@inlineCallbacks
def measure_searches(
    engine: SQLiteEngine, kinds: dict[str, Callable[[], Search]], runs: int
) -> Generator[Deferred[Any], Any, None]:
    """Print a line for each kind, and one for all of them."""
    everything: list[float] = []
    for kind, make in kinds.items():
        seconds, found = [], 0
        for _ in range(runs):
            query = make()
            began = perf_counter()
            result = yield engine.archive.search(query)
            seconds.append(perf_counter() - began)
            found += len(result.messages)
        print(f"  {kind:<36} {describe(seconds)}   {found / runs:5.1f} found", flush=True)
        everything += seconds
    print(f"  {'all':<36} {describe(everything)}", flush=True)


@inlineCallbacks
def measure_commits(
    engine: SQLiteEngine, position: int, texts: Texts, is_searching: bool
) -> Generator[Deferred[Any], Any, int]:
    """Print how long 1,000 commits take, perhaps with one search after the other meanwhile.

    :param position: of the last entry; that of the last one now is returned.
    """
    is_over = False
    searches = 0
    makers = list(queries(texts).values())

    def search(_: object = None) -> None:
        nonlocal searches
        if is_searching and not is_over:
            searches += 1
            engine.archive.search(_chance.choice(makers)()).addCallback(search)

    search()
    data = encode_operations([])
    seconds = []
    for _ in range(1_000):
        position += 1
        began = perf_counter()
        yield engine.append(Entry(position, BEGAN, data))
        seconds.append(perf_counter() - began)
    is_over = True
    what = f"with {searches} searches meanwhile" if is_searching else "alone"
    print(f"  1,000 commits {what:<36} {describe(seconds)}", flush=True)
    return position


@inlineCallbacks
def last_position(engine: SQLiteEngine) -> Generator[Deferred[Any], Any, int]:
    """The position of the last entry."""
    snapshot = yield engine.load()
    position: int = snapshot.position if snapshot else 0
    while entries := (yield engine.read(position)):
        position = entries[-1].position
    return position


def measure_start(path: Path) -> Iterator[float]:
    """The seconds from the start of a server to the welcome of a client; each was killed before."""
    for number in range(STARTS):
        port = free_port()
        began = perf_counter()
        server = subprocess.Popen(
            [
                *(sys.executable, "-m", "chatd", "server", *IFADDRS, "--id", "bench"),
                *("--port", str(port), "--discovery-port", str(free_udp_port())),
                *("--store", str(path), "--keep", "all"),
            ],
            stderr=subprocess.DEVNULL,
        )
        try:
            yield welcome(port, f"ice-{os.getpid()}-{number}") - began
        finally:
            server.kill()
            server.wait()


def welcome(port: int, nickname: str) -> float:
    """The time when a client is welcome at `port`.

    :param nickname: a new one: that of a client whose server was killed is kept for it.
    """
    while True:
        try:
            with socket.create_connection((HOST, port), 10) as connection:
                hello = {"type": "hello", "data": {"nickname": nickname, "version": 1}}
                connection.sendall(json.dumps(hello).encode() + b"\n")
                answer = connection.makefile("rb").readline()
                assert b'"welcome"' in answer, answer
                return perf_counter()
        except ConnectionError:
            continue


def describe(seconds: Sequence[float]) -> str:
    """The median, the 99th percentile and the maximum."""
    p50, p99 = statistics.median(seconds), statistics.quantiles(seconds, n=100)[98]
    return f"p50 {p50 * 1e3:7.2f} ms   p99 {p99 * 1e3:7.2f} ms   most {max(seconds) * 1e3:7.2f} ms"


@inlineCallbacks
def measure(reactor: Any, path: Path, count: int) -> Generator[Deferred[Any], Any, None]:
    """Fill the store at `path` if there is none, and print all figures."""
    texts = Texts()
    engine = SQLiteEngine(path, reactor, keep=Keep(None, None, None))
    if not path.exists():
        began = perf_counter()
        yield fill(reactor, engine, texts, count)
        print(f"{count:,} messages kept in {perf_counter() - began:.0f} s")
    print(f"{path.stat().st_size / count:.0f} bytes of the file for each message")
    starts = list(measure_start(path))
    print(f"start to welcome: {statistics.median(starts):.2f} s (at most {max(starts):.2f} s)")
    yield engine.open()
    position = yield last_position(engine)
    print(f"{RUNS} searches of each kind:")
    yield measure_searches(engine, queries(texts), RUNS)
    print(f"{WORST_RUNS} of each of the worst:")
    yield measure_searches(engine, worst_queries(texts), WORST_RUNS)
    for is_searching in (False, True):
        position = yield measure_commits(engine, position, texts, is_searching)
    yield engine.close()


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description="Measure searches in a chat that is kept.")
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--file", type=Path, help="keep the store here, or use it again")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        path = options.file or Path(directory) / "bench.sqlite"
        task.react(measure, (path, options.messages))


if __name__ == "__main__":
    main()
