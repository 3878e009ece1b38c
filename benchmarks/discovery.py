"""How fast chatd answers discovery requests."""

import socket
import statistics
import time
from typing import Final

from benchmarks.machine import Cores, process_seconds
from benchmarks.peers import Peer
from benchmarks.server_process import ADDRESS, MeasurementError, pinned, server_of

REQUESTS: Final = 1_000
REQUEST: Final = b'{"type":"discover","data":{"version":1}}'
BROADCAST: Final = "127.255.255.255"
TIMEOUT_SECONDS: Final = 2.0


def measure(peer: Peer, cores: Cores) -> str:
    """Broadcast a request, wait for the offer, and repeat; return a line of text."""
    with (
        server_of(peer, cores.server) as server,
        pinned(cores.load),
        socket.socket(type=socket.SOCK_DGRAM) as client,
    ):
        client.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        client.bind((ADDRESS, 0))
        client.settimeout(TIMEOUT_SECONDS)
        address = BROADCAST, server.config.discovery_port
        used = process_seconds(server.process.pid)
        times = [_request(client, address) for _ in range(REQUESTS)]
        used = process_seconds(server.process.pid) - used
    return (
        f"Discovery: {REQUESTS:,} requests, one after another, in {sum(times):.3f} s; "
        f"median {statistics.median(times) * 1e6:.0f} µs, {used / REQUESTS * 1e6:.0f} µs of CPU"
    )


def _request(client: socket.socket, address: tuple[str, int]) -> float:
    """Seconds until the offer."""
    began = time.perf_counter()
    client.sendto(REQUEST, address)
    try:
        reply = client.recv(2_048)
    except TimeoutError:
        raise MeasurementError(f"no offer in {TIMEOUT_SECONDS:.0f} s") from None
    if b'"offer"' not in reply:
        raise MeasurementError(f"not an offer: {reply!r}")
    return time.perf_counter() - began
