"""Command lines as a person types them, under ``chatd`` and under ``twistd``."""

import shlex
from collections.abc import Sequence
from ipaddress import IPv4Interface
from typing import Any

import pytest
from twisted.scripts.twistd import (  # type: ignore[attr-defined]  # this platform's
    ServerOptions,
)

from chatd.discovery.subnets import HostAddress, Subnet
from chatd.taps import client, doctor, launch, server, servers
from chatd.taps.options import CommandOptions
from twisted.plugins import chatd_plugins

#: A host with the addresses of the examples. The tests' own host has none but 127.0.0.0/8.
EXAMPLE_HOST = [
    HostAddress("eth0", IPv4Interface("10.35.11.113/24"), True),
    HostAddress("eth0", IPv4Interface("10.35.11.112/24"), True),
    HostAddress("eth1", IPv4Interface("192.168.1.124/24"), True),
    HostAddress("eth1", IPv4Interface("192.168.1.123/24"), True),
]


class _OnExampleHost(CommandOptions):
    def subnets(self, host: Sequence[HostAddress] | None = None) -> tuple[Subnet, ...]:
        return super().subnets(EXAMPLE_HOST)


class ServerOnExampleHost(_OnExampleHost, server.Options):
    """The server's options, on a host with the addresses of the examples."""


class ClientOnExampleHost(_OnExampleHost, client.Options):
    """The client's options, on a host with the addresses of the examples."""


COMMANDS: dict[str, type[CommandOptions]] = {
    "server": server.Options,
    "client": client.Options,
    "launch": launch.Options,
    "servers": servers.Options,
    "doctor": doctor.Options,
}


def parse(options: CommandOptions, line: str) -> Any:
    """`options`, once they have read the words of `line`."""
    options.parseOptions(shlex.split(line))
    return options


def error_message(role: str, line: str) -> str:
    """The one line that a person is message in place of what they wanted; exit status 1."""
    options = COMMANDS[role]()
    with pytest.raises(SystemExit) as ended:
        options.parseOptions(shlex.split(line))
    # sys.exit prints a text on standard error, and the status is 1.
    assert isinstance(ended.value.code, str)
    assert len(ended.value.code.splitlines()) == 1
    return ended.value.code


class Twistd(ServerOptions):
    """Twistd's own options, with chatd's plugins and no others."""

    @staticmethod
    def _getPlugins(interface: object, package: object = None) -> list[Any]:
        return [chatd_plugins.chatserver, chatd_plugins.chatclient]


def twistd(line: str) -> Any:
    """What twistd makes of its arguments."""
    options = Twistd()
    options.parseOptions(shlex.split(line))
    return options
