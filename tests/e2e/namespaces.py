"""Hosts made of network namespaces, on subnets made of bridges.

The bridges are in a namespace of their own, so that no packet reaches this machine's network. The
names of the namespaces contain the process id: several runs on one machine do not collide.
"""

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from itertools import count
from typing import NoReturn

import pytest

from tests.e2e.programs import Program, programs

_numbers = count(1)


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _ip(*words: str) -> None:
    _run("ip", *words)


def _skip(reason: str) -> NoReturn:
    """Skip the test, or fail it if ``CHATD_REQUIRE_NAMESPACES`` is set."""
    if os.environ.get("CHATD_REQUIRE_NAMESPACES"):
        pytest.fail(reason)
    pytest.skip(reason)


def require_namespaces() -> None:
    """Skip the test if this machine cannot make namespaces."""
    probe = f"chatd-probe-{os.getpid()}"
    try:
        _ip("netns", "add", probe)
        _ip("netns", "delete", probe)
    except (OSError, subprocess.CalledProcessError) as error:
        _skip(f"network namespaces need root and iproute2: {error}")


class Network:
    """Subnets, and hosts on them.

    :ivar start: starts a program; all are killed before the namespaces are deleted.
    """

    start: Callable[..., Program]

    def __init__(self) -> None:
        self._name = f"chatd-{os.getpid()}-{next(_numbers)}"
        self._namespaces: list[str] = []
        self._bridges: dict[str, str] = {}
        self._links = count()
        self._switch = self._namespace("switch")

    def _namespace(self, name: str) -> str:
        namespace = f"{self._name}-{name}"
        _ip("netns", "add", namespace)
        self._namespaces.append(namespace)
        _ip("-n", namespace, "link", "set", "lo", "up")
        return namespace

    def add_subnet(self, network: str) -> None:
        """Add a subnet: a bridge."""
        bridge = f"bridge{len(self._bridges)}"
        _ip("-n", self._switch, "link", "add", bridge, "type", "bridge")
        _ip("-n", self._switch, "link", "set", bridge, "up")
        self._bridges[network] = bridge

    def add_host(self, name: str, addresses: Mapping[str, str]) -> "Host":
        """Add a host with an interface for each of `addresses`: subnet to CIDR address."""
        host = Host(self._namespace(name), self._switch, self.start)
        for number, (network, address) in enumerate(addresses.items()):
            inside, outside = f"eth{number}", f"port{next(self._links)}"
            _ip(
                *("-n", self._switch, "link", "add", outside, "type", "veth"),
                *("peer", "name", inside, "netns", host.namespace),
            )
            _ip("-n", self._switch, "link", "set", outside, "master", self._bridges[network], "up")
            host.ports[inside] = outside, self._bridges[network]
            _ip("-n", host.namespace, "address", "add", address, "broadcast", "+", "dev", inside)
            _ip("-n", host.namespace, "link", "set", inside, "up")
        return host

    def close(self) -> None:
        """Delete all namespaces, and so their interfaces."""
        for namespace in reversed(self._namespaces):
            with suppress(subprocess.CalledProcessError):
                _ip("netns", "delete", namespace)


class Host:
    """A network namespace. Programs in it see only its own interfaces.

    :ivar ports: for each interface, the other end of its veth pair and that end's bridge.
    """

    def __init__(self, namespace: str, switch: str, start: Callable[..., Program]) -> None:
        self.namespace = namespace
        self.ports: dict[str, tuple[str, str]] = {}
        self._switch = switch
        self._start = start

    def start(self, *command: str) -> Program:
        """Start a program on this host."""
        return self._start(["ip", "netns", "exec", self.namespace, *command])

    def wait_until_settled(self) -> None:
        """Wait until all interfaces have a carrier and IPv6 has finished checking their addresses.

        A browser cancels all its requests when an interface or an address changes.
        """
        monitor = self.start("ip", "monitor", "link", "address")
        monitor.wait_until(self._is_settled, "settled")
        monitor.close()

    def _is_settled(self) -> bool:
        interfaces = json.loads(_run("ip", "-n", self.namespace, "-json", "address", "show"))
        return all(
            each["operstate"] == "UP"
            and not any("tentative" in address for address in each["addr_info"])
            for each in interfaces
            if each["ifname"] in self.ports
        )

    def detach(self, interface: str = "eth0") -> None:
        """Take the cable out at the switch: the interface stays up, but no packet passes."""
        _ip("-n", self._switch, "link", "set", self.ports[interface][0], "nomaster")

    def attach(self, interface: str = "eth0") -> None:
        """Put the cable in again."""
        port, bridge = self.ports[interface]
        _ip("-n", self._switch, "link", "set", port, "master", bridge)

    def change_address(self, before: str, after: str, interface: str = "eth0") -> None:
        """Replace an address, in CIDR notation, by another."""
        self.remove_address(before, interface)
        self.add_address(after, interface)

    def remove_address(self, address: str, interface: str = "eth0") -> None:
        """Remove an address, in CIDR notation; the interface stays up."""
        _ip("-n", self.namespace, "address", "delete", address, "dev", interface)

    def add_address(self, address: str, interface: str = "eth0") -> None:
        """Add an address, in CIDR notation."""
        _ip("-n", self.namespace, "address", "add", address, "broadcast", "+", "dev", interface)

    def firewall(self, *rule: str) -> None:
        """Append a rule to ``iptables``."""
        try:
            _run("ip", "netns", "exec", self.namespace, "iptables", "-A", *rule)
        except subprocess.CalledProcessError as error:
            _skip(f"this test needs iptables: {error.stderr}")

    def lose_carrier(self, interface: str = "eth0") -> None:
        """Turn the switch's port off: the interface stays up, and has no carrier."""
        _ip("-n", self._switch, "link", "set", self.ports[interface][0], "down")

    def remove_rule(self, *rule: str) -> None:
        """Remove a rule that :meth:`firewall` has appended."""
        _run("ip", "netns", "exec", self.namespace, "iptables", "-D", *rule)

    def set_link(self, interface: str, state: str) -> None:
        """Set an interface ``up`` or ``down``."""
        _ip("-n", self.namespace, "link", "set", interface, state)

    def refuse_route(self, kind: str, *selector: str) -> None:
        """Add a routing rule before the local table, so that it also works as a firewall.

        :param kind: ``blackhole`` drops incoming packets; ``prohibit`` and ``unreachable`` make
            sending fail with an error.
        """
        rule = ("-n", self.namespace, "rule")
        _ip(*rule, "add", "pref", "10", "lookup", "local")
        _ip(*rule, "delete", "pref", "0")
        _ip(*rule, "add", "pref", "5", *selector, kind)


@contextmanager
def create_network(subnets: Sequence[str]) -> Iterator[Network]:
    """A network with these subnets; it is deleted at the end, also when the test fails."""
    require_namespaces()
    with ExitStack() as stack:
        made = Network()
        stack.callback(made.close)
        made.start = stack.enter_context(programs())
        for network in subnets:
            made.add_subnet(network)
        yield made
