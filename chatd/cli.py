"""``chatd COMMAND``: runs a command. Each is a module in ``chatd.taps``."""

import os
import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import ClassVar, Final, NoReturn

from twisted.python import usage
from typing_extensions import override

from chatd.taps.commands import COMMANDS
from chatd.taps.environment import open_standard_streams
from chatd.taps.options import VersionOptions, did_you_mean
from chatd.wire.rendering import escape

_MODULES: Final = {command: module for command, module, _ in COMMANDS}


class Options(VersionOptions):
    """The options before the command."""

    longdesc = (
        "Chat for people who share a network and nothing else. Start a server: "
        "chatd server --id party. Connect to it from any host of the network: "
        "chatd client --server party. Help for a command: chatd COMMAND --help."
    )
    subCommands: ClassVar = [
        [command, None, lambda module=module: import_module(module).Options(), description]
        for command, module, description in COMMANDS
    ]

    @override
    def parseOptions(self, options: Sequence[str] | None = None) -> None:
        words = [word for word in options or () if not word.startswith("-")]
        if words and words[0] not in _MODULES:
            raise usage.UsageError(
                f"there is no command {words[0]!r}{did_you_mean(words[0], tuple(_MODULES))}"
            )
        super().parseOptions(options)

    @override
    def getSynopsis(self) -> str:
        # A command's own usage continues this line.
        return "Usage: chatd" if self.subCommand else "Usage: chatd COMMAND [options]"


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run the command in `argv`, and exit with its status."""
    open_standard_streams()
    try:
        status = _run(sys.argv[1:] if argv is None else argv)
        if sys.stdout:
            sys.stdout.flush()
    except KeyboardInterrupt:
        status = 128 + signal.SIGINT
    except OSError as error:
        # The output, such as --help, cannot be written. Python would fail again as it flushes at
        # exit, so standard output becomes /dev/null.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        sys.exit(f"chatd: standard output cannot be written: {error.strerror}")
    sys.exit(status)


def _run(argv: Sequence[str]) -> int:
    options = Options()
    try:
        options.parseOptions(argv)
    except usage.UsageError as error:
        sys.exit(f"{options}\n\nchatd: {escape(str(error))}")
    if options.subCommand is None:
        sys.exit(f"{options}\n\nchatd: no command given")
    command = import_module(_MODULES[options.subCommand])
    if hasattr(command, "run"):
        status: int = command.run(options.subOptions)
        return status
    # A reactor is installed only now: --help, bad values and commands with `run` need none.
    if hasattr(command, "install_reactor"):
        command.install_reactor(options.subOptions)
    from chatd.taps.program import get_reactor, run

    reactor = get_reactor()
    program = command.makeService(options.subOptions, reactor)
    return run(program, reactor, options.subOptions.observer())
