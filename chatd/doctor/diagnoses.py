"""The diagnoses of ``chatd doctor``, a function each: the fault, and the remedy. Pure.

Each function returns one sentence for the user. It is called only for findings for which ``when``
is true. Text from the network is escaped before it becomes part of a sentence.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from chatd.doctor.findings import (
    Findings,
    InterfaceReport,
    SendErrorCause,
    ServerReport,
    TcpResult,
)
from chatd.doctor.words import (
    client_command,
    command,
    free_slots,
    is_or_are,
    listed,
    no_break,
    option,
    server_command,
    server_ids,
)
from chatd.wire import discovery
from chatd.wire.rendering import escape


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing that can be wrong, or that all is well.

    :ivar name: for programs, in the JSON output.
    :ivar meaning: for the manual; at most 60 characters.
    :ivar applies: returns something true if this can be the diagnosis.
    :ivar sentence: returns what is wrong and what to do.
    """

    name: str
    meaning: str
    applies: Callable[[Findings], object]
    sentence: Callable[[Findings], str]


#: All diagnoses, in the order of the functions below: the first one that applies is given.
DIAGNOSES: Final[list[Diagnosis]] = []


def diagnose(findings: Findings) -> Diagnosis:
    """The diagnosis for `findings`; the last one always applies."""
    return next(each for each in DIAGNOSES if each.applies(findings))


def diagnosis(
    name: str, meaning: str, when: Callable[[Findings], object]
) -> Callable[[Callable[[Findings], str]], Callable[[Findings], str]]:
    """Append a diagnosis to the list; the decorated function makes its sentence."""

    def register(sentence: Callable[[Findings], str]) -> Callable[[Findings], str]:
        DIAGNOSES.append(Diagnosis(name, meaning, when, sentence))
        return sentence

    return register


# The server to find answers. If it accepts no TCP connection, that is the problem; otherwise a
# client can connect, perhaps with a warning.


@diagnosis(
    "refused",
    "the server answers, but refuses TCP connections",
    when=lambda findings: findings.unreachable(TcpResult.REFUSED),
)
def _refused(findings: Findings) -> str:
    server = findings.unreachable(TcpResult.REFUSED)[0]
    return (
        f"{escape(server.server_id)} answers over UDP, but {server.endpoint} refuses TCP "
        "connections: a firewall rejects them, or the server has just stopped; allow TCP port "
        f"{server.port} in the firewall of {server.address}"
    )


@diagnosis(
    "timed-out",
    "the server answers, but its TCP port does not",
    when=lambda findings: findings.unreachable(TcpResult.TIMED_OUT),
)
def _timed_out(findings: Findings) -> str:
    server = findings.unreachable(TcpResult.TIMED_OUT)[0]
    return (
        f"{escape(server.server_id)} answers over UDP, but TCP port {server.port} of "
        f"{server.address} does not respond: a firewall drops the packets; allow TCP port "
        f"{server.port} in the firewall of that host"
    )


@diagnosis(
    "failed",
    "the server answers, but TCP connections to it fail",
    when=lambda findings: findings.unreachable(),
)
def _failed(findings: Findings) -> str:
    # A firewall that rejects packets with an ICMP error looks like this.
    server = findings.unreachable()[0]
    return (
        f"{escape(server.server_id)} answers over UDP, but TCP connections to {server.endpoint} "
        f"fail: most likely a firewall rejects them; allow TCP port {server.port} in the firewall "
        f"of {server.address}, or look for other firewalls on the route: "
        f"{no_break(f'ip route get {server.address}')}"
    )


@diagnosis(
    "cut-off",
    "a node of the cluster is cut off from the others",
    when=lambda findings: findings.reachable and findings.cut_off,
)
def _cut_off(findings: Findings) -> str:
    server, cluster = escape(findings.cut_off[0].server_id), findings.cut_off[0].cluster
    cut_off = [each for each in findings.cut_off if each.cluster == cluster]
    others = [
        each for each in findings.reachable if each.cluster == cluster and not each.is_cut_off
    ]
    nodes = [f"{each.node} ({each.address})" for each in cut_off]
    goes_on = "clients use the others" if others else "nobody can enter until they are back"
    return (
        f"{server} is reachable, but {listed(nodes)} {is_or_are(nodes)} cut off from the other "
        f"machines of the cluster and {'accepts' if len(nodes) == 1 else 'accept'} nobody; "
        f"{goes_on}: repair the network between the machines, or see on each which of them are "
        f"there, with: {no_break('chatd cluster status')}"
    )


@diagnosis(
    "full",
    "the server is reachable, but has no free slot",
    when=lambda findings: findings.reachable and not any(each.free for each in findings.reachable),
)
def _full(findings: Findings) -> str:
    ids = server_ids(findings.reachable)
    has = "is reachable, but has" if len(ids) == 1 else "are reachable, but have"
    return (
        f"{listed(ids)} {has} no free slot: wait, as a client keeps trying, or start the server "
        "with more --slots"
    )


@diagnosis(
    "duplicate-id",
    "the server is reachable, but another server has its id",
    when=lambda findings: findings.duplicates,
)
def _duplicate_id(findings: Findings) -> str:
    server_id = findings.duplicates[0].server_id
    servers = [each for each in findings.duplicates if each.server_id == server_id]
    return (
        f"{len(servers)} servers have the id {escape(server_id)} "
        f"({listed(each.endpoint for each in servers)}), and a client connects to the one that "
        "answers first: start the others with another --id, or connect to one by its address: "
        f"{client_command(servers[0].address, servers[0].port)}"
    )


@diagnosis(
    "local-only",
    "the server is reachable, but runs on this host",
    when=lambda findings: findings.reachable and all(each.is_local for each in findings.reachable),
)
def _local_only(findings: Findings) -> str:
    ids = server_ids(findings.reachable)
    runs = "runs" if len(ids) == 1 else "run"
    return (
        f"{listed(ids)} {is_or_are(ids)} reachable, but {runs} on this host, so this test says "
        "nothing about the network: repeat it on another host with: "
        f"{command('doctor', ids[0], findings)}"
    )


@diagnosis("ok", "the server is reachable", when=lambda findings: findings.reachable)
def _ok(findings: Findings) -> str:
    ids, best = server_ids(findings.reachable), _best_server(findings)
    nodes = {each.node: each for each in findings.reachable if each.node}
    where, servers = f"at {best.endpoint}", [best]
    if len(nodes) > 1:
        where, servers = f"on {len(nodes)} nodes ({listed(nodes)})", list(nodes.values())
    found = (
        f"{escape(best.server_id)} answers {where}, and {free_slots(*servers)} free; connect to it"
        if len(ids) == 1
        else f"{len(ids)} servers are reachable ({listed(ids)}); connect to one"
    )
    return f"All is well: {found} with: {command('client', best.server_id, findings)}"


# It does not answer in a way that a client accepts. A rejected offer of that very server explains
# most; next come the reasons why this host cannot send at all.


@diagnosis(
    "false-address",
    "the server offers an address that is not its own",
    when=lambda findings: findings.rejected(discovery.FALSE_ADDRESS),
)
def _false_address(findings: Findings) -> str:
    report, offer = findings.rejected(discovery.FALSE_ADDRESS)[0]
    return (
        f"{offer.source} offers {escape(offer.server_id or '')} at {offer.address}, which is not "
        "its own address, so every client rejects the offer: there is NAT between the hosts, or "
        "another program forges the offer; start the server with --ifaddrs and an address that it "
        f"has in {report.interface.subnet.network}, or connect by address: "
        f"{client_command(offer.source, offer.port)}"
    )


@diagnosis(
    "foreign-subnet",
    "the server answers from outside the subnet",
    when=lambda findings: findings.rejected(discovery.FOREIGN_SUBNET),
)
def _foreign_subnet(findings: Findings) -> str:
    report, offer = findings.rejected(discovery.FOREIGN_SUBNET)[0]
    return (
        f"{escape(offer.server_id or '')} answers from {offer.source}, which is not in the subnet "
        f"{report.interface.subnet.network} of {escape(report.interface.name)}: give both hosts "
        "addresses in one subnet with the same prefix, or connect by address: "
        f"{client_command(offer.source, offer.port)}"
    )


@diagnosis(
    "down",
    "the interface named by --ifaddrs is down",
    when=lambda findings: (
        not findings.is_whole_host
        and all(
            not each.interface.is_up
            or (each.error is not None and each.error.cause is SendErrorCause.DOWN)
            for each in findings.external
        )
    ),
)
def _down(findings: Findings) -> str:
    names = _interface_names(findings.external)
    return (
        f"{listed(names)} {is_or_are(names)} down: plug in the cable, join the Wi-Fi, or enable "
        f"the interface with: {no_break('ip link set INTERFACE up')}"
    )


@diagnosis(
    "no-broadcast",
    "the subnet has no broadcast address",
    when=lambda findings: (
        any(each.interface.is_up for each in findings.external) and not findings.queried
    ),
)
def _no_broadcast(findings: Findings) -> str:
    subnets = [
        str(each.interface.subnet)
        for each in findings.external
        if not each.interface.subnet.is_discoverable
    ]
    return (
        f"Discovery does not work on {listed(subnets)}: a /31 or /32 has no broadcast address; "
        f"connect by address: {client_command()}"
    )


def _nothing_was_sent(findings: Findings, cause: SendErrorCause | None = None) -> bool:
    """Whether no queried interface could send, and each failed because of `cause`, if given."""
    return bool(findings.queried) and all(
        not each.sent and each.error is not None and cause in (None, each.error.cause)
        for each in findings.queried
    )


@diagnosis(
    "not-permitted",
    "this host does not permit chatd to send broadcasts",
    when=lambda findings: _nothing_was_sent(findings, SendErrorCause.NOT_PERMITTED),
)
def _not_permitted(findings: Findings) -> str:
    return (
        f"This host does not permit chatd to send broadcasts ({_send_errors(findings)}): allow UDP "
        f"to port {findings.port} in its firewall or sandbox, or connect by address: "
        f"{client_command()}"
    )


@diagnosis(
    "no-route",
    "this host has no route to its subnet",
    when=lambda findings: _nothing_was_sent(findings, SendErrorCause.NO_ROUTE),
)
def _no_route(findings: Findings) -> str:
    return (
        f"This host has no route to its own subnet ({_send_errors(findings)}): compare the output "
        f"of {no_break('ip address')} and {no_break('ip route')}, and renew the network connection"
    )


@diagnosis("not-sent", "no query could be sent", when=_nothing_was_sent)
def _not_sent(findings: Findings) -> str:
    return (
        f"No query could be sent ({_send_errors(findings)}): check the interface with "
        f"{no_break('ip address')}, or connect by address: {client_command()}"
    )


# This host can send, but only other answers come back, or none.


@diagnosis(
    "other-servers-only",
    "only other servers answer",
    when=lambda findings: findings.server_id is not None and findings.servers,
)
def _other_servers_only(findings: Findings) -> str:
    wanted = findings.server_id or ""
    ids = server_ids(findings.servers)
    close = get_close_matches(wanted.casefold(), [each.casefold() for each in ids], 1)
    similar = next((each for each in ids if each.casefold() in close), None)
    hint = "check the id" if similar is None else f"use {option('--server', similar)}"
    others = "this server does" if len(ids) == 1 else "these servers do"
    return (
        f"{escape(wanted)} does not answer, but {others}: {listed(ids)}; an id must match "
        f"exactly: {hint}, or start the server with {option('--id', wanted)}"
    )


@diagnosis(
    "no-interface",
    "no interface except loopback is up",
    when=lambda findings: (
        findings.is_whole_host
        and not any(
            each.interface.is_up and not each.interface.is_loopback for each in findings.reports
        )
    ),
)
def _no_interface(findings: Findings) -> str:
    down = _interface_names(each for each in findings.external if not each.interface.is_loopback)
    known = f" ({listed(down)} {is_or_are(down)} down)" if down else ""
    return (
        f"No interface except loopback is up and has an IPv4 address{known}: plug in the cable, "
        "join the Wi-Fi, or assign an address; the current ones are listed by: "
        f"{no_break('ip address')}"
    )


@diagnosis(
    "version",
    "a server answers in another version of the protocol",
    when=lambda findings: findings.rejected(discovery.OTHER_VERSION),
)
def _version(findings: Findings) -> str:
    _, datagram = findings.rejected(discovery.OTHER_VERSION)[0]
    return (
        f"{datagram.source} answers in a version of the protocol that this chatd does not support: "
        "install the same version of chatd on both hosts"
    )


@diagnosis(
    "foreign-service",
    "another program answers on the discovery port",
    when=lambda findings: findings.rejected(),
)
def _foreign_service(findings: Findings) -> str:
    _, datagram = findings.rejected()[0]
    return (
        f"{datagram.source} answers on UDP port {findings.port}, but not as a chatd server "
        f"({datagram.reason}): another program uses that port; start server and clients with "
        "another --discovery-port"
    )


@diagnosis(
    "partly-unsent",
    "no server answers, and some interfaces could not send",
    when=lambda findings: any(not each.sent for each in findings.queried),
)
def _partly_unsent(findings: Findings) -> str:
    silent = _interface_names(each for each in findings.queried if each.sent)
    return (
        f"No server answers on {listed(silent)}, and no query could be sent elsewhere "
        f"({_send_errors(findings)}): if the server is there, check that interface with "
        f"{no_break('ip address')}, or connect by address: {client_command()}"
    )


@diagnosis(
    "no-lease",
    "no server answers, and no DHCP server gave an address",
    when=lambda findings: (
        findings.queried
        and all(each.interface.subnet.address.is_link_local for each in findings.queried)
    ),
)
def _no_lease(findings: Findings) -> str:
    addresses = [str(each.interface.subnet.address) for each in findings.queried]
    assigned = "is an address" if len(addresses) == 1 else "are addresses"
    return (
        f"No server answers, and {listed(addresses)} {assigned} that this host chose itself, as "
        "no DHCP server answered: check the cable or the Wi-Fi, and whether the server's host has "
        "such an address, too"
    )


@diagnosis(
    "no-answer-loopback",
    "no server answers on loopback, and nothing else was queried",
    when=lambda findings: all(each.interface.is_loopback for each in findings.reports),
)
def _no_answer_loopback(findings: Findings) -> str:
    return (
        "No server answers on this host's loopback interface: start one with "
        f"{server_command(findings)}, or omit --ifaddrs to search the network"
    )


@diagnosis(
    "no-answer-vpn",
    "no server answers, and a VPN is up",
    when=lambda findings: findings.vpns,
)
def _no_answer_vpn(findings: Findings) -> str:
    vpns = _interface_names(findings.vpns)
    looks = "looks like a VPN" if len(vpns) == 1 else "look like VPNs"
    return (
        f"No server answers on {_networks(findings)}, and {listed(vpns)} {looks}, which may cut "
        "this host off from its own network: disconnect the VPN and try again, or allow the local "
        "network in its settings"
    )


@diagnosis("no-answer", "no server answers", when=lambda findings: True)
def _no_answer(findings: Findings) -> str:
    return (
        f"No server answers on {_networks(findings)}: either no server runs there with discovery "
        f"port {findings.port} (start one: {server_command(findings)}), or a firewall drops UDP "
        f"(on the server's host to port {findings.port}, on this host from the subnet), or the "
        "Wi-Fi isolates its clients from each other; to do without discovery, connect by address: "
        f"{client_command()}"
    )


def _best_server(findings: Findings) -> ServerReport:
    """The reachable server to recommend: with free slots, and rather elsewhere than on this host.

    A client on this host reaches a local server in any case; that shows nothing about the network.
    """
    return max(findings.reachable, key=lambda each: (each.free > 0, not each.is_local, each.free))


def _interface_names(reports: Iterable[InterfaceReport]) -> list[str]:
    """Each name once: an interface with two addresses has two reports."""
    return list(dict.fromkeys(each.interface.name for each in reports))


def _networks(findings: Findings) -> str:
    """The subnets that were queried."""
    return listed(dict.fromkeys(str(each.interface.subnet.network) for each in findings.queried))


def _send_errors(findings: Findings) -> str:
    """``eth0: Network is unreachable, …``."""
    return listed(
        f"{each.interface.name}: {each.error.message}"
        for each in findings.queried
        if each.error is not None
    )
