"""Floods the discovery port of a load test's server.

    python -m tests.load.datagram_flooder KIND PER_SECOND SECONDS

It prints how many datagrams it has sent in each second.
"""

import socket
import sys
import time
from typing import Final

from tests.load.server_process import BROADCAST

#: The datagrams: empty, no JSON, or queries, which the server answers up to its limit.
DATAGRAMS: Final = {
    "empty": b"",
    "garbage": b"\xff" * 40,
    "queries": b'{"type":"discover","data":{"version":1}}',
}
#: Datagrams are sent in this many groups per second.
_GROUPS: Final = 1_000


def main() -> None:
    kind, per_second, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    datagram = DATAGRAMS[kind]
    flood = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    flood.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    begin = time.perf_counter()
    sent = 0
    while (now := time.perf_counter() - begin) < seconds:
        due = int(now * per_second)
        while sent < due:
            flood.sendto(datagram, BROADCAST)
            sent += 1
        time.sleep(1 / _GROUPS)
    sys.stdout.write(f"{sent / seconds:.0f}\n")


if __name__ == "__main__":
    main()
