"""A great many members: how long they take to come, and what they cost while they do nothing."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import msgspec

from benchmarks.grid import Seat
from benchmarks.measure import Cores
from benchmarks.peers import Peer
from benchmarks.results import Crowd

MEMBERS: Final = 10_000
IDLE_SECONDS: Final = 10.0


def measure_joining(
    peers: Sequence[Peer], members: int, cores: Cores, progress: Callable[[str], None]
) -> Iterator[Crowd]:
    """Each peer by itself."""
    for peer in peers:
        seat = Seat(peer, members, cores)
        try:
            idle = seat.attempt(lambda load: load.idle(IDLE_SECONDS))
        finally:
            seat.close()
        if isinstance(idle, str) or seat.crowd is None:
            crowd = Crowd(peer.key, members, peer.at_once, failed=str(idle))
        else:
            crowd = msgspec.structs.replace(seat.crowd, idle_busy=idle.server_cpu / idle.seconds)
        what = crowd.failed or f"{crowd.settled_seconds:.1f} s"
        progress(f"{peer.name}, {members} members joining: {what}")
        yield crowd
