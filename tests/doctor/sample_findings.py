"""Findings to diagnose: a host with one interface on a LAN, and what its probe found there."""

from ipaddress import IPv4Interface

from chatd.discovery.subnets import Subnet
from chatd.doctor.findings import (
    Findings,
    InterfaceReport,
    ProbedInterface,
    RejectedDatagram,
    SendError,
    SendErrorCause,
    ServerReport,
    TcpResult,
)
from tests.discovery.hosts import PORT

NOT_PERMITTED = SendError(SendErrorCause.NOT_PERMITTED, "Operation not permitted")
NO_ROUTE = SendError(SendErrorCause.NO_ROUTE, "Network is unreachable")
NO_ADDRESS = SendError(SendErrorCause.DOWN, "Cannot assign requested address")
OVERSIZED = SendError(SendErrorCause.OTHER, "Message too long")


def interface(
    name: str = "eth0",
    address: str = "10.35.11.112/24",
    is_up: bool = True,
    is_queried: bool | None = None,
) -> ProbedInterface:
    """An interface that is queried if a client without ``--ifaddrs`` would search there."""
    value = IPv4Interface(address)
    subnet = Subnet(value.ip, value.network)
    if is_queried is None:
        is_queried = is_up and subnet.is_discoverable
    return ProbedInterface(name, subnet, is_up, is_queried)


LOOPBACK = InterfaceReport(interface("lo", "127.0.0.1/8"), sent=3)


def server(
    server_id: str = "party",
    address: str = "10.35.11.111",
    port: int = 7777,
    free: int = 4,
    tcp_result: TcpResult = TcpResult.CONNECTED,
    is_local: bool = False,
    node: str = "",
    cluster: str = "",
    is_cut_off: bool = False,
) -> ServerReport:
    return ServerReport(
        *(server_id, address, port, 5, free),
        count=3,
        round_trip=0.000_42,
        is_local=is_local,
        tcp_result=tcp_result,
        connect_time=0.000_31 if tcp_result is TcpResult.CONNECTED else None,
        node=node,
        cluster=cluster,
        is_cut_off=is_cut_off,
    )


LIBRARY = server("campus", "10.35.11.1", node="library", cluster="Ku2")
GYM = server("campus", "10.35.11.2", free=1, node="gym", cluster="Ku2")
CUT_OFF = server("campus", "10.35.11.3", free=0, node="annex", cluster="Ku2", is_cut_off=True)
TWIN = server("campus", "10.35.11.4", node="lab", cluster="Xq7")


def rejected_offer(
    reason: str, source: str, address: str, server_id: str = "party"
) -> tuple[RejectedDatagram, int]:
    return RejectedDatagram(reason, source, server_id, address, 7777), 3


def lan(
    *servers: ServerReport,
    rejected: tuple[tuple[RejectedDatagram, int], ...] = (),
    name: str = "eth0",
    address: str = "10.35.11.112/24",
) -> InterfaceReport:
    """An interface that sent every query."""
    received = sum(each.count for each in servers) + sum(count for _, count in rejected)
    return InterfaceReport(interface(name, address), 3, 0, None, received, servers, rejected)


def unsent(
    error: SendError, name: str = "eth0", address: str = "10.35.11.112/24"
) -> InterfaceReport:
    """An interface that could send no query."""
    return InterfaceReport(interface(name, address), 0, 3, error)


def down(name: str = "eth0", is_named: bool = False) -> InterfaceReport:
    """An interface that is down. It is queried nevertheless if the user named it."""
    return InterfaceReport(interface(name, is_up=False, is_queried=is_named), unsent=3 * is_named)


def findings(
    *reports: InterfaceReport,
    server_id: str | None = "party",
    named: bool = False,
    port: int = PORT,
) -> Findings:
    return Findings(server_id, port, not named, reports)
