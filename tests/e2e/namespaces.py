"""Hosts made of network namespaces, on subnets made of bridges.

The bridges have a namespace of their own, so no packet leaves what is made here.
"""

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
    """Skip what this machine lacks, unless the environment says that this is a failure."""
    if os.environ.get("CHATD_REQUIRE_NAMESPACES"):
        pytest.fail(reason)
    pytest.skip(reason)


def require_namespaces() -> None:
    """Skip where there are no namespaces."""
    probe = f"chatd-probe-{os.getpid()}"
    try:
        _ip("netns", "add", probe)
        _ip("netns", "delete", probe)
    except (OSError, subprocess.CalledProcessError) as error:
        _skip(f"network namespaces need root and iproute2: {error}")


class Network:
    """Some subnets, and hosts on them.

    :ivar start: starts a program.
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
        """A bridge for `network`."""
        bridge = f"bridge{len(self._bridges)}"
        _ip("-n", self._switch, "link", "add", bridge, "type", "bridge")
        _ip("-n", self._switch, "link", "set", bridge, "up")
        self._bridges[network] = bridge

    def add_host(self, name: str, addresses: Mapping[str, str]) -> "Host":
        """A host with one interface for each of `addresses`: network to address with prefix."""
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
        """Delete everything; with the last process, a namespace's interfaces are gone as well."""
        for namespace in reversed(self._namespaces):
            with suppress(subprocess.CalledProcessError):
                _ip("netns", "delete", namespace)


class Host:
    """One host: programs that are started here see its interfaces only.

    :ivar ports: where each interface ends at the switch, and in which bridge.
    """

    def __init__(self, namespace: str, switch: str, start: Callable[..., Program]) -> None:
        self.namespace = namespace
        self.ports: dict[str, tuple[str, str]] = {}
        self._switch = switch
        self._start = start

    def start(self, *command: str) -> Program:
        """Start a program on this host."""
        return self._start(["ip", "netns", "exec", self.namespace, *command])

    def detach(self, interface: str = "eth0") -> None:
        """Let nothing through the switch to or from an interface; nobody is told of it."""
        _ip("-n", self._switch, "link", "set", self.ports[interface][0], "nomaster")

    def attach(self, interface: str = "eth0") -> None:
        """Let it through again."""
        port, bridge = self.ports[interface]
        _ip("-n", self._switch, "link", "set", port, "master", bridge)

    def change_address(self, before: str, after: str, interface: str = "eth0") -> None:
        """Have another address, with its prefix."""
        address = ("-n", self.namespace, "address")
        _ip(*address, "delete", before, "dev", interface)
        _ip(*address, "add", after, "broadcast", "+", "dev", interface)

    def firewall(self, *rule: str) -> None:
        """Add a rule of ``iptables``."""
        try:
            _run("ip", "netns", "exec", self.namespace, "iptables", "-A", *rule)
        except subprocess.CalledProcessError as error:
            _skip(f"this test needs iptables: {error.stderr}")

    def set_link(self, interface: str, state: str) -> None:
        """Take an interface ``up`` or ``down``."""
        _ip("-n", self.namespace, "link", "set", interface, state)

    def refuse_route(self, kind: str, *selector: str) -> None:
        """Have what `selector` says routed nowhere; before local delivery, so a firewall as well.

        :param kind: ``blackhole`` drops what comes in; of what goes out, ``prohibit`` and
            ``unreachable`` tell the sender so.
        """
        rule = ("-n", self.namespace, "rule")
        _ip(*rule, "add", "pref", "10", "lookup", "local")
        _ip(*rule, "delete", "pref", "0")
        _ip(*rule, "add", "pref", "5", *selector, kind)


@contextmanager
def create_network(subnets: Sequence[str]) -> Iterator[Network]:
    """Some subnets, deleted in the end with all their hosts, also when the test fails."""
    require_namespaces()
    with ExitStack() as stack:
        made = Network()
        stack.callback(made.close)
        made.start = stack.enter_context(programs())
        for network in subnets:
            made.add_subnet(network)
        yield made
