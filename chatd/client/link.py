"""Notices early that a connection is dead, by looking at this host only.

TCP would notice within ``DEAD_PEER_SECONDS``: it hopes that the link works again, as only then
nothing is lost. A client that can resume its session loses nothing by giving up earlier, and is
back by another way while TCP still hopes. A healthy link is sent nothing for this, except a
``ping`` when the addresses of this host have changed: whoever takes the cable out and turns on the
Wi-Fi has another way then, but the old address may still be there.
"""

from collections.abc import Callable, Sequence
from ipaddress import IPv4Address, ip_address
from typing import Final, Protocol

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall

from chatd.chat import limits
from chatd.discovery.subnets import HostAddress, host_addresses
from chatd.tcp import Silence

#: How many times one after the other an address must be missing. Once may be a moment in which it
#: is renewed.
_MISSING_LOOKS: Final = 2


class WatchedConnection(Protocol):
    """The connection, as far as the monitor needs it."""

    @property
    def local_address(self) -> str:
        """This host's address of the connection."""

    def silence(self) -> Silence | None:
        """How long the server has not been heard; None if that is not known."""

    def ping(self) -> None:
        """Send something that the server has to acknowledge."""

    def abort(self, reason: str) -> None:
        """Lose the connection, for this reason: a phrase."""


class LinkMonitor:
    """Looks after a connection, and aborts it once it is dead.

    :param host: returns this host's addresses.
    """

    def __init__(
        self, clock: IReactorTime, host: Callable[[], Sequence[HostAddress]] = host_addresses
    ) -> None:
        self._clock = clock
        self._host = host
        self._looks: LoopingCall | None = None

    def start(self, connection: WatchedConnection) -> None:
        """Look after `connection` from now on."""
        self.stop()
        address = _AddressLook(connection, self._host)
        silence = _SilenceLook(connection, self._clock)

        def look() -> None:
            if reason := address.problem() or silence.problem():
                self.stop()
                connection.abort(reason)

        self._looks = LoopingCall(look)
        self._looks.clock = self._clock
        self._looks.start(limits.LINK_CHECK_SECONDS)

    def stop(self) -> None:
        """Look no more."""
        looks, self._looks = self._looks, None
        if looks is not None and looks.running:
            looks.stop()


class _AddressLook:
    """Looks whether this host still has the connection's address, on an interface that is up."""

    def __init__(
        self, connection: WatchedConnection, host: Callable[[], Sequence[HostAddress]]
    ) -> None:
        self._connection = connection
        self._host = host
        self._address = ip_address(connection.local_address)
        self._before: set[tuple[str, IPv4Address]] | None = None
        self._was_there = False
        self._missing = 0

    def problem(self) -> str:
        """Why the connection is dead; empty if it may work."""
        if self._address.is_loopback:
            return ""
        try:
            now = {(each.interface, each.address.ip) for each in self._host() if each.is_up}
        except OSError:  # no free descriptor, for example; that says nothing
            return ""
        if self._before is not None and now != self._before:
            self._connection.ping()
        self._before = now
        if any(self._address == address for _, address in now):
            self._was_there, self._missing = True, 0
        elif self._was_there:  # else the system translates addresses, and this look is of no use
            self._missing += 1
        if self._missing < _MISSING_LOOKS:
            return ""
        return f"this host no longer has the address {self._address}"


class _SilenceLook:
    """Looks whether the server's kernel acknowledges what it has to acknowledge."""

    def __init__(self, connection: WatchedConnection, clock: IReactorTime) -> None:
        self._connection = connection
        self._clock = clock
        self._due_since = 0.0

    def problem(self) -> str:
        """Why the connection is dead; empty if it may work."""
        now = self._clock.seconds()
        silence = self._connection.silence()
        if silence is None or not silence.is_peer_due:
            self._due_since = now
            return ""
        silent = min(now - self._due_since, silence.seconds)
        if silent < limits.SILENT_SERVER_SECONDS:
            return ""
        return f"no sign of the server for {limits.SILENT_SERVER_SECONDS} s"
