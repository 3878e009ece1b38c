"""What a verdict says: one sentence each, of what is wrong and what to do. Pure.

Each function is called only for findings that its row of ``verdict`` applies to.
"""

import shlex
from difflib import get_close_matches

from chatd.doctor import phrases
from chatd.doctor.findings import Findings, Reach
from chatd.wire import discovery
from chatd.wire.rendering import escape


def well(findings: Findings) -> str:
    """A client would get in."""
    ids, best = phrases.ids(findings.reachable), phrases.roomiest(findings)
    there = (
        f"{escape(best.server_id)} answers at {best.place}, and {phrases.places(best)} free; "
        "join it"
        if len(ids) == 1
        else f"{len(ids)} servers answer and can be reached ({phrases.listed(ids)}); join one"
    )
    return f"All is well: {there} with: {phrases.command('client', best.server_id, findings)}"


def here(findings: Findings) -> str:
    """It is reached, without any network."""
    ids = phrases.ids(findings.reachable)
    return (
        f"{phrases.listed(ids)} can be reached, but only on this very host, which says nothing of "
        f"the network: on another host, run: {phrases.command('doctor', ids[0], findings)}"
    )


def twins(findings: Findings) -> str:
    """Two servers of one id."""
    one, *others = [e for e in findings.twins if e.server_id == findings.twins[0].server_id]
    where = phrases.listed(each.place for each in (one, *others))
    return (
        f"{len(others) + 1} servers are called {escape(one.server_id)} ({where}), and a client "
        "takes whichever answers first: start the others with another --id, or choose "
        f"one by its address: {phrases.at(one.address, one.port)}"
    )


def full(findings: Findings) -> str:
    """No free place."""
    ids = phrases.ids(findings.reachable)
    return (
        f"{phrases.listed(ids)} can be reached, but every place is taken: wait, as a client keeps "
        "trying by itself, or start the server with more --slots"
    )


def refused(findings: Findings) -> str:
    """Its TCP port refuses."""
    one = phrases.reached(Reach.REFUSED, findings)
    return (
        f"{escape(one.server_id)} answers over UDP, but {one.place} refuses TCP connections: a "
        f"firewall rejects them, or the server has just stopped; allow TCP port {one.port} in the "
        f"firewall of {one.address}"
    )


def timed_out(findings: Findings) -> str:
    """Its TCP port is silent."""
    one = phrases.reached(Reach.TIMED_OUT, findings)
    return (
        f"{escape(one.server_id)} answers over UDP, but nothing comes back from TCP port "
        f"{one.port} of {one.address}: a firewall drops it; allow TCP port {one.port} in the "
        "firewall of that host"
    )


def failed(findings: Findings) -> str:
    """A TCP connection fails in some other way: firewalls that reject with ICMP look like this."""
    one = findings.candidates[0]
    return (
        f"{escape(one.server_id)} answers over UDP, but connections to {one.place} are turned "
        f"back: most likely a firewall does that, so allow TCP port {one.port} in the firewall of "
        f"{one.address}, or look for others on the way: "
        f"{phrases.typed(f'ip route get {one.address}')}"
    )


def false_address(findings: Findings) -> str:
    """An offer of an address that is not its sender's."""
    subject, one = findings.strangers(discovery.FALSE_ADDRESS)[0]
    return (
        f"{one.source} offers {escape(one.server_id or '')} at {one.address}, which is not its "
        "own address, so no client believes it: there is NAT between, or another program pretends; "
        f"start the server with --ifaddrs and an address it has in {phrases.network(subject)}, "
        f"or connect by address: {phrases.at(one.source, one.port)}"
    )


def foreign_subnet(findings: Findings) -> str:
    """An offer from outside the subnet."""
    subject, one = findings.strangers(discovery.FOREIGN_SUBNET)[0]
    return (
        f"{escape(one.server_id or '')} answers from {one.source}, which is not in the subnet "
        f"{phrases.network(subject)} of {phrases.names([subject])}: give both hosts "
        "addresses of one subnet with the same prefix, or connect by address: "
        f"{phrases.at(one.source, one.port)}"
    )


def down(findings: Findings) -> str:
    """What was named is down."""
    return (
        f"{phrases.names(findings.patients)} {phrases.are(findings.patients)} down: plug in the "
        "cable, join the Wi-Fi, or bring it up with: "
        f"{phrases.typed('ip link set INTERFACE up')}"
    )


def no_broadcast(findings: Findings) -> str:
    """A /31 or /32."""
    where = phrases.listed(
        str(each.interface.subnet)
        for each in findings.patients
        if not each.interface.subnet.is_discoverable
    )
    return (
        f"Nothing can be discovered on {where}: a /31 or /32 has no broadcast address; connect by "
        f"address: {phrases.BY_ADDRESS}"
    )


def not_permitted(findings: Findings) -> str:
    """The system forbids it."""
    return (
        f"This host does not let chatd broadcast ({phrases.troubles(findings)}): allow UDP to port "
        f"{findings.port} in its firewall or sandbox, or connect by address: {phrases.BY_ADDRESS}"
    )


def no_route(findings: Findings) -> str:
    """No route to the subnet."""
    return (
        f"This host has no route to its own subnet ({phrases.troubles(findings)}): compare what "
        "ip address and ip route say, and renew the network connection"
    )


def not_sent(findings: Findings) -> str:
    """Nothing went out, for other reasons."""
    return (
        f"Nothing could be sent ({phrases.troubles(findings)}): look at the interface "
        f"with ip address, or connect by address: {phrases.BY_ADDRESS}"
    )


def others(findings: Findings) -> str:
    """Only servers that are not wanted."""
    wanted = findings.wanted or ""
    ids = phrases.ids(findings.answers)
    close = get_close_matches(wanted.casefold(), [each.casefold() for each in ids], 1)
    meant = next((each for each in ids if each.casefold() in close), None)
    there = "this server does" if len(ids) == 1 else "these servers do"
    hint = f"say {shlex.quote(escape(meant))} if you mean that one" if meant else "check the name"
    return (
        f"{escape(wanted)} does not answer, but {there}: {phrases.listed(ids)}; an id is matched "
        f"exactly: {hint}, or start the server with --id {shlex.quote(escape(wanted))}"
    )


def no_interface(findings: Findings) -> str:
    """Nothing but loopback."""
    down = [each for each in findings.patients if not each.interface.is_loopback]
    known = f" ({phrases.names(down)} {phrases.are(down)} down)" if down else ""
    return (
        f"No interface but loopback is up with an IPv4 address{known}: plug in the cable, join the "
        "Wi-Fi, or give it an address, and look with: ip address"
    )


def version(findings: Findings) -> str:
    """A later or earlier protocol."""
    _, one = findings.strangers(discovery.OTHER_VERSION)[0]
    return (
        f"{one.source} answers in a version of the protocol that this chatd does not speak: "
        "install the same version of chatd on both hosts"
    )


def noise(findings: Findings) -> str:
    """Something that is no chatd."""
    _, one = findings.strangers()[0]
    return (
        f"{one.source} answers on UDP port {findings.port}, but not as a chatd server does "
        f"({one.reason}): another program uses that port; start server and clients with another "
        "--discovery-port"
    )


def partly(findings: Findings) -> str:
    """Silence here, failure there."""
    silent = [each for each in findings.asked if each.sent]
    return (
        f"Nobody answers on {phrases.names(silent)}, and elsewhere nothing could be sent "
        f"({phrases.troubles(findings)}): if the server is there, look at that "
        f"interface with ip address, or connect by address: {phrases.BY_ADDRESS}"
    )


def no_lease(findings: Findings) -> str:
    """Only self-given addresses."""
    where = phrases.listed(str(each.interface.subnet.address) for each in findings.asked)
    return (
        f"Nobody answers, and {where} is an address that this host gave itself, as no DHCP server "
        "did: check the cable or the Wi-Fi, and that the server's host has such an address, too"
    )


def silence_here(findings: Findings) -> str:
    """Nobody on loopback."""
    return (
        f"Nobody answers on this host's loopback: start a server with {phrases.server(findings)}, "
        "or leave --ifaddrs out to search the network"
    )


def silence_vpn(findings: Findings) -> str:
    """Nobody, and a VPN."""
    vpn = phrases.names(findings.vpns)
    return (
        f"Nobody answers on {phrases.networks(findings)}, and {vpn} looks like a VPN, which may "
        "keep this host from its neighbours: disconnect it and try again, or allow the "
        "local network in its settings"
    )


def silence(findings: Findings) -> str:
    """Nobody."""
    return (
        f"Nobody answers on {phrases.networks(findings)}: either no server runs there with "
        f"discovery port {findings.port} (start one: {phrases.server(findings)}), or a firewall "
        f"drops UDP (on its host to port {findings.port}, on this one from its subnet), "
        "or the Wi-Fi isolates its clients from each other; to do without discovery: "
        f"{phrases.BY_ADDRESS}"
    )
