"""How fast chatd answers clients that look for it."""

import socket
import statistics
import time
from typing import Final

from benchmarks.measure import Cores, process_seconds
from benchmarks.peers import Peer
from benchmarks.results import Discovery
from benchmarks.running import ADDRESS, FailedError, pinned, server_of

REQUESTS: Final = 1_000
REQUEST: Final = b'{"type":"discover","data":{"version":1}}'
BROADCAST: Final = "127.255.255.255"
PATIENCE_SECONDS: Final = 2.0


def measure_discovery(peer: Peer, cores: Cores) -> Discovery:
    """Ask by broadcast, wait for the offer, ask again."""
    with (
        server_of(peer, cores.server) as server,
        pinned(cores.load),
        socket.socket(type=socket.SOCK_DGRAM) as asker,
    ):
        asker.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        asker.bind((ADDRESS, 0))
        asker.settimeout(PATIENCE_SECONDS)
        place = BROADCAST, server.place.discovery_port
        used = process_seconds(server.process.pid)
        times = [_ask(asker, place) for _ in range(REQUESTS)]
        used = process_seconds(server.process.pid) - used
    return Discovery(
        requests=REQUESTS,
        seconds=sum(times),
        median_microseconds=statistics.median(times) * 1e6,
        server_microseconds=used / REQUESTS * 1e6,
    )


def _ask(asker: socket.socket, place: tuple[str, int]) -> float:
    began = time.perf_counter()
    asker.sendto(REQUEST, place)
    try:
        answer = asker.recv(2_048)
    except TimeoutError:
        raise FailedError(f"no answer to a request in {PATIENCE_SECONDS:.0f} s") from None
    if b'"offer"' not in answer:
        raise FailedError(f"this is no offer: {answer!r}")
    return time.perf_counter() - began
