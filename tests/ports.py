"""Addresses and ports of this process alone, for tests that use real sockets.

Tests run in several processes at once, and perhaps twice on one machine. Each process has loopback
addresses of its own: no other can pick the same port there while a server is about to start.
"""

import os
import socket
from typing import Final


def loopback(number: int) -> str:
    """One of this process's loopback addresses, from 1 to 254."""
    pid = os.getpid()
    return f"127.{1 + pid // 250 % 250}.{1 + pid % 250}.{number}"


HOST: Final = loopback(1)

#: The option that lets a program know this address, in the subnet 127.0.0.0/8.
IFADDRS: Final = ("--ifaddrs", f"{HOST}/8")

#: Where clients ask for servers; the discovery ports of all processes are at this one address.
_BROADCAST: Final = "127.255.255.255"


def free_port(host: str = HOST) -> int:
    """A TCP port that is free at `host`."""
    return _free_port(socket.SOCK_STREAM, host)


def free_udp_port() -> int:
    """A UDP port that is free for discovery on loopback."""
    return _free_port(socket.SOCK_DGRAM, _BROADCAST)


#: The ports that this process has chosen. The system forgets a port as soon as the probe is closed,
#: and may choose it again for the next one.
_chosen: Final[set[tuple[str, int]]] = set()


def _free_port(kind: socket.SocketKind, host: str) -> int:
    while True:
        with socket.socket(socket.AF_INET, kind) as probe:
            probe.bind((host, 0))
            port: int = probe.getsockname()[1]
        if (host, port) not in _chosen:
            _chosen.add((host, port))
            return port
