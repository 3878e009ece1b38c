"""``chatd``: the roles, each made by its module in ``chatd.taps``."""

import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import ClassVar, Final, NoReturn

from twisted.python import usage

import chatd

#: Each role, where it is made, and what it does. Modules are imported only when they are asked for.
COMMANDS: Final = (
    ("server", "chatd.taps.server", "run a chat server"),
    ("client", "chatd.taps.client", "chat"),
    ("launch", "chatd.taps.launch", "run a server and some clients in one process"),
    ("servers", "chatd.taps.servers", "list the servers that answer now"),
    ("doctor", "chatd.taps.doctor", "find out why a server is not found, and what to do"),
    ("account", "chatd.taps.account", "add, remove and block the nicknames that need a password"),
)
_MODULES: Final = {role: module for role, module, _ in COMMANDS}


class Options(usage.Options):
    """``chatd ROLE …``."""

    longdesc = (
        "Chat for people who share a network and nothing else. One person runs: "
        "chatd server --id party. Everyone else runs: chatd client --server party. "
        "Each role explains itself: chatd ROLE --help."
    )
    subCommands: ClassVar = [
        [role, None, lambda module=module: import_module(module).Options(), does]
        for role, module, does in COMMANDS
    ]

    def getSynopsis(self) -> str:
        """How to call it; a role's own usage goes on from here."""
        return "Usage: chatd" if self.subCommand else "Usage: chatd ROLE [options]"

    def opt_version(self) -> None:
        """Show the version and exit."""
        print(f"chatd {chatd.__version__}")  # noqa: T201  # what was asked for
        sys.exit(0)


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run the role that `argv` asks for, and exit with its status."""
    try:
        status = _run(sys.argv[1:] if argv is None else argv)
        sys.stdout.flush() if sys.stdout else None
    except KeyboardInterrupt:
        status = 128 + signal.SIGINT
    except OSError as error:
        # What was asked for, such as --help, cannot be printed. Python flushes once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(f"chatd: standard output cannot be written: {error.strerror}")
    sys.exit(status)


def _run(argv: Sequence[str]) -> int:
    options = Options()
    try:
        options.parseOptions(argv)
    except usage.UsageError as error:
        sys.exit(f"{options}\n\nchatd: {error}")
    if options.subCommand is None:
        sys.exit(f"{options}\n\nchatd: say which role")
    role = import_module(_MODULES[options.subCommand])
    if hasattr(role, "run"):
        status: int = role.run(options.subOptions)
        return status
    # Installed only now: --help, bad values and what is done at once need no reactor.
    if hasattr(role, "install_reactor"):
        role.install_reactor(options.subOptions)
    from chatd.taps.program import get_reactor, run

    reactor = get_reactor()
    program = role.makeService(options.subOptions, reactor)
    return run(program, reactor, options.subOptions.observer())
