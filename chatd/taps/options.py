"""Base classes and coerce functions for the options of all commands.

Values are coerced while Twisted's `usage.Options` parses them (the fifth field of a row of
``optParameters``), so that ``options["slots"]`` is an int wherever it is read.
"""

import difflib
import getopt
import re
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from socket import AddressFamily
from typing import Any, ClassVar, Final

from twisted.internet.endpoints import serverFromString
from twisted.logger import ILogObserver
from twisted.python import usage
from typing_extensions import override

import chatd
from chatd import logs
from chatd.background_writer import BackgroundWriter
from chatd.chat import names
from chatd.chat.errors import Refusal
from chatd.discovery.subnets import (
    HostAddress,
    Subnet,
    default_subnets,
    host_addresses,
    named_subnets,
    split_addresses,
)
from chatd.logfile import KEEP_FILES, LogFile, parse_rotation
from chatd.stderr import write_line
from chatd.taps.environment import open_standard_streams
from chatd.taps.rlimits import check_open_file_limit
from chatd.wire.discovery import is_server_id
from chatd.wire.rendering import escape

# --- coerce functions: text becomes a value, or ValueError says what is wrong with it ------------


def integer(minimum: int, maximum: int) -> Callable[[str], int]:
    """Coerce to a whole number from `minimum` to `maximum`."""

    def coerce(value: str) -> int:
        if not re.fullmatch(r"[0-9]{1,18}", value) or not minimum <= int(value) <= maximum:
            raise ValueError(f"is not a whole number from {minimum} to {maximum}")
        return int(value)

    return coerce


def non_negative_number(unit: str) -> Callable[[str], float]:
    """Coerce to a number of `unit`, 0 or more."""

    def coerce(value: str) -> float:
        if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{0,9})?", value):
            raise ValueError(f"is not a number of {unit}, 0 or more")
        return float(value)

    return coerce


def positive_number(unit: str) -> Callable[[str], float]:
    """Coerce to a number of `unit`, more than 0."""

    def coerce(value: str) -> float:
        try:
            number = non_negative_number(unit)(value)
        except ValueError:
            number = 0.0
        if not number:
            raise ValueError(f"is not a number of {unit}, more than 0")
        return number

    return coerce


def choice(choices: Sequence[str]) -> Callable[[str], str]:
    """Coerce to one of `choices`."""
    return partial(_coerce_choice, tuple(choices))


def _coerce_choice(choices: tuple[str, ...], value: str) -> str:
    if value not in choices:
        raise ValueError(f"must be one of: {', '.join(choices)}")
    return value


def server_id(value: str) -> str:
    """Coerce to a server's id.

    :raises ValueError: the value is not 1 to 64 printable characters, or nobody can see it.
    """
    if value.isspace():
        raise ValueError("is blank")
    if not is_server_id(value):
        raise ValueError("is not 1 to 64 printable characters")
    return value


#: A word with one of these is a host's name or address, perhaps with a port.
_OF_AN_ADDRESS: Final = re.compile(r"[.:\[\]]")


def may_be_id(word: str) -> bool:
    """Whether `word`, given in the place of an address, may be a server's id."""
    return is_server_id(word) and not _OF_AN_ADDRESS.search(word) and word.casefold() != "localhost"


def nickname(value: str) -> str:
    """Coerce to a nickname, normalized.

    :raises ValueError: the value is not a valid nickname.
    """
    try:
        return names.nickname(value)
    except Refusal as refusal:
        raise ValueError(f"is not a valid nickname: {str(refusal).removesuffix('.')}") from None


#: The endpoint types whose peers have an address and a port.
_TCP_ENDPOINTS: Final = frozenset({"tcp", "tcp6", "ssl", "tls", "systemd"})
_IP_FAMILIES: Final = frozenset({AddressFamily.AF_INET, AddressFamily.AF_INET6})

port_number: Final = integer(1, 65_535)


def port_or_endpoint(value: str) -> int | str:
    """Coerce to a port number, or keep the description of a TCP server endpoint.

    :raises ValueError: the value is neither. Descriptions are those of
        `twisted.internet.endpoints.serverFromString`.
    """
    if re.fullmatch(r"[0-9]+", value):
        return port_number(value)
    try:
        endpoint = serverFromString(None, value)
    except Exception as error:  # each kind of endpoint has exceptions of its own
        raise ValueError(
            f"is neither a port nor an endpoint, such as tcp:7778:interface=127.0.0.1: {error}"
        ) from None
    # Only a systemd: endpoint has the attribute; its socket may be of another family.
    family = getattr(endpoint, "addressFamily", AddressFamily.AF_INET)
    if value.partition(":")[0] not in _TCP_ENDPOINTS or family not in _IP_FAMILIES:
        raise ValueError("must be a TCP endpoint (tcp:, tcp6:, ssl:, tls:, systemd:)")
    return value


# --- options ------------------------------------------------------------------------------------


def parameter(
    name: str,
    default: object,
    description: str,
    coerce: Callable[[str], Any],
    short: str | None = None,
) -> list[Any]:
    """A row of ``optParameters`` whose values are coerced by `coerce`.

    :param default: the value without the option, already coerced.
    :param coerce: raises ValueError with the rest of the sentence that begins with the option and
        the value: "--slots: 'x' is not a whole number from 1 to 1000000".
    """
    return [name, short, default, description, partial(coerce_value, f"--{name}", coerce)]


def coerce_value(name: str, coerce: Callable[[str], Any], value: str) -> Any:
    """Coerce `value`; for values that `usage.Options` does not coerce, too.

    :param name: the option or argument that the sentence names: ``--port`` or ``PORT``.
    :raises UsageError: one line with that, the value and what is wrong with it.
    """
    try:
        return coerce(value)
    except ValueError as error:
        raise usage.UsageError(f"{name}: {value!r} {error}") from None


def log_parameters(level: str = "info") -> list[list[Any]]:
    """The rows of ``optParameters`` for the log.

    :param level: the default of ``--log-level``.
    """
    return [
        # Kept as text: postOptions opens the file, last of all.
        ["log-file", None, None, "append the log to this file. [default: standard error]"],
        parameter(
            "log-level",
            level,
            f"log events of this level and above: {', '.join(logs.LEVELS)}",
            choice(logs.LEVELS),
        ),
        parameter(
            "log-format",
            "text",
            f"the log's format: {' or '.join(logs.FORMATS)}",
            choice(logs.FORMATS),
        ),
        parameter(
            "log-rotate",
            None,
            "when to start a new log file: at midnight; on a weekday, W0 (Monday) to W6; after an "
            "interval such as 30m, 6h or 7d; or before it exceeds a size such as 500K, 10M or 1G. "
            "[default: never]",
            parse_rotation,
        ),
        parameter(
            "log-keep",
            KEEP_FILES,
            "how many old log files to keep, with --log-rotate",
            integer(1, 1_000),
        ),
    ]


class VersionOptions(usage.Options):
    """Options with ``--version`` and ``-h``."""

    opt_h = usage.Options.opt_help

    @override
    def opt_version(self) -> None:
        """Show the version and exit."""
        print(f"chatd {chatd.__version__}")  # noqa: T201  # the requested output
        sys.exit(0)


class OneLineOptions(VersionOptions):
    """The options of one command. A bad value is one line on standard error and exit status 1.

    :cvar command: as the user types it, but for ``twistd``.
    """

    command: ClassVar[str] = "chatd"

    @property
    def typed_command(self) -> str:
        """The command as the user has typed it; error messages begin with it."""
        if self.parent is not None and "pidfile" in self.parent:  # run by twistd
            return f"twistd {self.parent.subCommand}"
        return self.command

    @override
    def parseOptions(self, options: Sequence[str] | None = None) -> None:
        try:
            super().parseOptions(self.arrange(sys.argv[1:] if options is None else options))
        except usage.UsageError as error:
            # getopt and Twisted's endpoints quote what was typed as it is, line ends included.
            raise SystemExit(f"{self.typed_command}: {escape(str(error))}") from None

    def arrange(self, argv: Sequence[str]) -> list[str]:
        """`argv` as `usage.Options` can parse it.

        :raises UsageError: if an option is unknown.
        """
        return options_first(self, argv)


class FileOptions(OneLineOptions):
    """The options of a command that does something with a store, and has no log.

    :ivar file: the store, as the user named it.
    """

    @override
    def parseArgs(self, *words: str) -> None:
        if len(words) != 1 or not words[0]:
            raise usage.UsageError("name one FILE; see --help")
        self.file = words[0]


class CommandOptions(OneLineOptions):
    """The options of one command, under ``chatd`` and under ``twistd`` alike.

    A bad value is refused before anything is bound.

    :ivar twistd_observer: where ``twistd`` logs to; None leaves the choice to ``twistd``'s own
        options.
    :ivar log_lines: if set, the log goes there instead of to standard error.
    """

    # usage.Options adds up the flags of all bases.
    optFlags: ClassVar = [
        ["log-utc", None, "use UTC instead of local time in the log, and to rotate it"]
    ]

    def __init__(self) -> None:
        super().__init__()
        self.ifaddrs: list[str] = []
        self.twistd_observer: ILogObserver | None = None
        self.log_lines: logs.Writable | None = None
        self._log_file: LogFile | None = None
        self._log_writer: BackgroundWriter | None = None

    @override
    def parseOptions(self, options: Sequence[str] | None = None) -> None:
        open_standard_streams()  # twistd has not done so, as chatd has
        super().parseOptions(options)

    @override
    def arrange(self, argv: Sequence[str]) -> list[str]:
        return super().arrange(_expand_ifaddrs(argv))

    def opt_ifaddrs(self, value: str) -> None:  # noqa: D102  # its docstring is the --help below
        self.ifaddrs.append(value)

    opt_ifaddrs.__doc__ = (
        "this host's addresses, such as 10.35.11.111/24; one or several, separated by spaces or "
        "commas. Without its prefix, an address has that of its interface. [default: every IPv4 "
        "address of an interface that is up]"
    )

    @override
    def parseArgs(self, *words: str) -> None:
        # Commands that take positional arguments override this, and pass on the excess ones.
        if words:
            raise usage.UsageError(f"unexpected argument {words[0]!r}; see --help")

    @override
    def postOptions(self) -> None:
        check_open_file_limit()
        self.validate()
        if self["log-file"] is not None:
            # Opened last, because that creates the file: a command line that is refused, by the
            # checks above or by a value of another option, leaves nothing behind.
            self._log_file = coerce_value("--log-file", self._open_log_file, self["log-file"])
            self._log_writer = BackgroundWriter(self._log_file.write)
        elif self["log-rotate"] is not None:
            raise usage.UsageError("--log-rotate: needs --log-file")
        if self.parent is not None and "pidfile" in self.parent:  # run by twistd
            self._adapt_to_twistd(self.parent)

    def validate(self) -> None:
        """Check the options together, once all are parsed.

        :raises UsageError: naming the option that is refused.
        """

    def subnets(self, host: Sequence[HostAddress] | None = None) -> tuple[Subnet, ...]:
        """The known subnets: those of ``--ifaddrs``, or all of this host's.

        :raises UsageError: a value of ``--ifaddrs`` is refused.
        """
        have = host_addresses() if host is None else host
        if not self.ifaddrs:
            return default_subnets(have)
        try:
            named = named_subnets(self.ifaddrs, have)
        except ValueError as error:
            raise usage.UsageError(f"--ifaddrs: {error}") from None
        for value, subnet in zip(split_addresses(self.ifaddrs), named, strict=True):
            if "/" not in value:
                write_line(f"{self.typed_command}: --ifaddrs: {value} is {subnet} on this host")
        return named

    def observer(self) -> ILogObserver:
        """A log observer as the ``--log-…`` options describe it."""
        return logs.observer(
            self["log-level"],
            self["log-format"],
            self._log_writer or self.log_lines,
            utc=bool(self["log-utc"]),
        )

    def _open_log_file(self, value: str) -> LogFile:
        try:
            return LogFile(
                Path(value),
                self["log-rotate"],
                self["log-keep"],
                utc=bool(self["log-utc"]),
            )
        except OSError as error:
            raise ValueError(f"cannot be written: {error.strerror}") from None

    def _adapt_to_twistd(self, twistd: usage.Options) -> None:
        """Override the defaults of ``twistd``, but nothing that the user gave it."""
        if twistd["nodaemon"]:
            # twistd.pid would be in the working directory, so a second program could not start
            # there; and with -n twistd logs to standard output, which is the chat of a client.
            if twistd["pidfile"] == "twistd.pid":
                twistd["pidfile"] = ""
            if not (twistd["logfile"] or twistd["syslog"]):
                self.twistd_observer = self.observer()
        elif self._log_file is not None:
            # A daemon has no standard error: without --log-file, twistd.log is right.
            self.twistd_observer = self.observer()


def did_you_mean(word: str, known: Sequence[str], prefix: str = "") -> str:
    """The end of an error message that names the nearest of `known`; empty if none is near."""
    nearest = difflib.get_close_matches(word.casefold(), known, 1)
    return f"; did you mean {prefix}{nearest[0]}?" if nearest else ""


def options_first(options: usage.Options, argv: Sequence[str]) -> list[str]:
    """`argv` with the options first and the positional arguments last.

    `usage.Options` calls `getopt.getopt`, which stops at the first positional argument: after
    ``10.0.0.1 --nickname ice`` it would find no option. `getopt.gnu_getopt` does not stop, so it
    parses first, and its result is written out again for `usage.Options`.

    :raises UsageError: an option is unknown, or lacks its value.
    """
    try:
        found, positional = getopt.gnu_getopt(list(argv), options.shortOpt, options.longOpt)
    except getopt.GetoptError as error:
        known = [name.removesuffix("=") for name in options.longOpt]
        nearest = "" if error.opt in known else did_you_mean(error.opt, known, "--")
        advice = f"{nearest} See --help" if nearest else "; see --help"
        raise usage.UsageError(f"{error}{advice}") from None
    flat = []
    for option, value in found:
        if option.startswith("--"):
            flat.append(f"{option}={value}" if f"{option[2:]}=" in options.longOpt else option)
        else:
            flat.extend([option, value] if f"{option[1:]}:" in options.shortOpt else [option])
    return [*flat, "--", *positional]


def _expand_ifaddrs(argv: Sequence[str]) -> list[str]:
    """`argv` with one ``--ifaddrs=VALUE`` for each value that follows an ``--ifaddrs``.

    getopt takes exactly one value for an option, so ``--ifaddrs A B -x`` becomes
    ``--ifaddrs=A --ifaddrs=B -x``.

    :raises UsageError: no value follows.
    """
    expanded: list[str] = []
    values_due = values_taken = False
    for number, word in enumerate([*argv, "--"]):
        if word.startswith("-"):
            if values_due and not values_taken:
                raise usage.UsageError("--ifaddrs: needs at least one ADDRESS/PREFIX")
            values_due, values_taken = _is_ifaddrs(word), False
            if word == "--":
                return [*expanded, *argv[number:]]
            if not values_due:
                expanded.append(word)
        else:
            values_taken = values_due
            expanded.append(f"--ifaddrs={word}" if values_due else word)
    return expanded


def _is_ifaddrs(word: str) -> bool:
    """Whether getopt takes `word` for ``--ifaddrs``, abbreviated or not; ``--i`` is ambiguous."""
    return len(word) > len("--i") and "--ifaddrs".startswith(word)
