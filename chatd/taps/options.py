"""What the options of all roles have in common: several values, any order, one line for each fault.

The values of the known options are checked here and nowhere else; what comes out is typed.
"""

import getopt
import getpass
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from socket import AddressFamily
from typing import Any, ClassVar, Final

from twisted.internet.endpoints import serverFromString
from twisted.logger import ILogObserver
from twisted.python import usage

import chatd
from chatd import logs
from chatd.chat import names
from chatd.chat.errors import Refusal
from chatd.discovery.subnets import (
    HostAddress,
    Subnet,
    default_subnets,
    host_addresses,
    named_subnets,
)
from chatd.logfile import KEEP_FILES, LogFile, parse_rotation
from chatd.wire.discovery import is_server_id


def integer(minimum: int, maximum: int) -> Callable[[str], int]:
    """A reader of whole numbers between `least` and `most`."""

    def read(value: str) -> int:
        if not re.fullmatch(r"[0-9]{1,18}", value) or not minimum <= int(value) <= maximum:
            raise ValueError(f"is not a whole number from {minimum} to {maximum}")
        return int(value)

    return read


def positive_number(unit: str) -> Callable[[str], float]:
    """A reader of numbers that are more than 0, of `unit`."""

    def read(value: str) -> float:
        try:
            number = non_negative_number(unit)(value)
        except ValueError:
            number = 0.0
        if not number:
            raise ValueError(f"is not a number of {unit}, more than 0")
        return number

    return read


def non_negative_number(unit: str) -> Callable[[str], float]:
    """A reader of numbers that are 0 or more, of `unit`."""

    def read(value: str) -> float:
        if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{0,9})?", value):
            raise ValueError(f"is not a number of {unit}, 0 or more")
        return float(value)

    return read


def choice(choices: Sequence[str]) -> Callable[[str], str]:
    """A reader of one of `choices`."""

    def read(value: str) -> str:
        if value not in choices:
            raise ValueError(f"is none of {', '.join(choices)}")
        return value

    return read


def server_id(value: str) -> str:
    """Read the id of a server.

    :raises ValueError: if no server can be called that.
    """
    if not is_server_id(value):
        raise ValueError("is not 1 to 64 printable characters")
    return value


def nickname(value: str) -> str:
    """Read a nickname.

    :raises ValueError: if nobody can be called that.
    """
    try:
        return names.nickname(value)
    except Refusal as refusal:
        raise ValueError(f"cannot be a nickname: {refusal}") from None


#: Kinds of endpoints whose connections come from an address and a port.
_OF_TCP: Final = frozenset({"tcp", "tcp6", "ssl", "tls", "systemd"})
_INTERNET: Final = frozenset({AddressFamily.AF_INET, AddressFamily.AF_INET6})

PORT: Final = integer(1, 65_535)


def port_or_endpoint(value: str) -> int | str:
    """Read a port number, or the description of an endpoint as Twisted has it.

    :raises ValueError: if it is neither, or an endpoint of something else than TCP.
    """
    if re.fullmatch(r"[0-9]+", value):
        return PORT(value)
    try:
        endpoint = serverFromString(None, value)
    except Exception as error:  # each kind of endpoint complains in its own way
        raise ValueError(
            f"is neither a port nor an endpoint, such as tcp:7778:interface=127.0.0.1: {error}"
        ) from None
    family = getattr(endpoint, "addressFamily", AddressFamily.AF_INET)  # which systemd: may choose
    if value.partition(":")[0] not in _OF_TCP or family not in _INTERNET:
        raise ValueError("is no endpoint of TCP, as those that begin with tcp:, tcp6: or ssl: are")
    return value


IFADDRS_HELP: Final = (
    "this host's addresses with their prefix, such as 10.35.11.111/24, one or several, "
    "separated by spaces or commas. [default: every IPv4 address of an interface that is up]"
)

LOG_PARAMETERS: Final = [
    ["log-file", None, None, "append the log to this file. [default: standard error]"],
    ["log-level", None, "info", f"leave out what is below: {', '.join(logs.LEVELS)}"],
    ["log-format", None, "text", " or ".join(logs.FORMATS)],
    [
        "log-rotate",
        None,
        None,
        "begin a new log file at midnight, on a weekday (W0 is Monday, to W6), every 30m, 6h or "
        "7d, or before it is larger than 500K, 10M or 1G. [default: never]",
    ],
    ["log-keep", None, str(KEEP_FILES), "with --log-rotate: how many old log files to keep"],
]


class CommandOptions(usage.Options):
    """The options of one role, under ``chatd`` and under ``twistd`` alike.

    A fault is one line on standard error and exit status 1, before anything is bound.

    :cvar readers: what reads the value of which option; each raises ValueError with what is wrong.
    :cvar role: what the person called.
    :ivar twistd_observer: what ``twistd`` shall log to, unless the person told it otherwise.
    :ivar log_lines: where the log goes that would go to standard error, if not there.
    """

    command: ClassVar[str] = "chatd"
    readers: ClassVar[dict[str, Callable[[str], Any]]] = {}
    # usage.Options adds up the flags of all bases.
    optFlags: ClassVar = [["log-utc", None, "times in the log, and its midnight, are UTC"]]

    def __init__(self) -> None:
        super().__init__()
        self.ifaddrs: list[str] = []
        self.read: dict[str, Any] = {}
        self.twistd_observer: ILogObserver | None = None
        self.log_lines: logs.Writable | None = None

    def parseOptions(self, options: Sequence[str] | None = None) -> None:
        """Parse `options`, in any order."""
        try:
            super().parseOptions(
                self._reorder_for_getopt(sys.argv[1:] if options is None else options)
            )
        except usage.UsageError as error:
            raise SystemExit(f"{self.command}: {error}") from None

    def opt_ifaddrs(self, value: str) -> None:
        """One or several of this host's addresses."""
        self.ifaddrs.append(value)

    opt_ifaddrs.__doc__ = IFADDRS_HELP

    def opt_version(self) -> None:
        """Show the version and exit."""
        print(f"chatd {chatd.__version__}")  # noqa: T201  # what was asked for
        sys.exit(0)

    def parseArgs(self, *words: str) -> None:
        """Take the positional arguments; most roles have none.

        :raises UsageError: naming the first word too many.
        """
        if words:
            raise usage.UsageError(f"{words[0]!r} is one word too many; see --help")

    def postOptions(self) -> None:
        """Read every value, then fit in with ``twistd``.

        :raises UsageError: naming the first bad one.
        """
        self._read(self.readers)
        self.validate()
        self._read(_LOG_READERS)
        if self["log-file"] is not None:
            # Last, as it makes a file: a refused run leaves nothing behind.
            self.read["log-file"] = self.checked("log-file", self._log_file, self["log-file"])
        elif self["log-rotate"] is not None:
            raise usage.UsageError(f"--log-rotate: {self['log-rotate']!r} needs --log-file as well")
        if self.parent is not None and "pidfile" in self.parent:
            self._adapt_to_twistd(self.parent)

    def validate(self) -> None:
        """Read what depends on more than one value.

        :raises UsageError: naming what does not go together.
        """

    def _read(self, readers: Mapping[str, Callable[[str], Any]]) -> None:
        for option, read in readers.items():
            value = self.get(option)
            if value is not None:
                self.read[option] = self.checked(option, read, value)

    def checked(self, option: str, read: Callable[[str], Any], value: str) -> Any:
        """What `read` makes of the value.

        :raises UsageError: with one line that names both.
        """
        try:
            return read(value)
        except ValueError as error:
            raise usage.UsageError(f"--{option}: {value!r} {error}") from None

    def subnets(self, host: Sequence[HostAddress] | None = None) -> tuple[Subnet, ...]:
        """The known subnets: those named, or all that the host has.

        :raises UsageError: if one of those named cannot be.
        """
        have = host_addresses() if host is None else host
        if not self.ifaddrs:
            return default_subnets(have)
        try:
            return named_subnets(self.ifaddrs, have)
        except ValueError as error:
            raise usage.UsageError(f"--ifaddrs: {error}") from None

    def observer(self) -> ILogObserver:
        """The log observer that was asked for."""
        return logs.observer(
            self.read["log-level"],
            self.read["log-format"],
            self.read.get("log-file") or self.log_lines,
            utc=bool(self["log-utc"]),
        )

    def _log_file(self, value: str) -> LogFile:
        try:
            return LogFile(
                Path(value),
                self.read.get("log-rotate"),
                self.read["log-keep"],
                utc=bool(self["log-utc"]),
            )
        except OSError as error:
            raise ValueError(f"cannot be written: {error.strerror}") from None

    def _adapt_to_twistd(self, twistd: usage.Options) -> None:
        """With ``-n``, let several run in one directory, and keep standard output free."""
        if twistd["nodaemon"]:
            if twistd["pidfile"] == "twistd.pid":
                twistd["pidfile"] = ""
            if not (twistd["logfile"] or twistd["syslog"]):
                self.twistd_observer = self.observer()
        elif "log-file" in self.read:
            self.twistd_observer = self.observer()

    def _reorder_for_getopt(self, argv: Sequence[str]) -> list[str]:
        """`argv` as getopt wants it: one value for each ``--ifaddrs``, positional ones last.

        :raises UsageError: if getopt does.
        """
        try:
            options, positional = getopt.gnu_getopt(
                _expand_ifaddrs(argv), self.shortOpt, self.longOpt
            )
        except getopt.GetoptError as error:
            raise usage.UsageError(f"{error}; see --help") from None
        flat = []
        for option, value in options:
            if option.startswith("--"):
                flat.append(f"{option}={value}" if f"{option[2:]}=" in self.longOpt else option)
            else:
                flat.extend([option, value] if f"{option[1:]}:" in self.shortOpt else [option])
        return [*flat, "--", *positional]


def _expand_ifaddrs(argv: Sequence[str]) -> list[str]:
    """`argv` with one ``--ifaddrs=VALUE`` for each value that follows an ``--ifaddrs``.

    :raises UsageError: if none follows.
    """
    spread: list[str] = []
    values_due = values_taken = False
    for number, word in enumerate([*argv, "--"]):
        if word.startswith("-"):
            if values_due and not values_taken:
                raise usage.UsageError("--ifaddrs: needs at least one ADDRESS/PREFIX after it")
            values_due, values_taken = _is_ifaddrs(word), False
            if word == "--":
                return [*spread, *argv[number:]]
            if not values_due:
                spread.append(word)
        else:
            values_taken = values_due
            spread.append(f"--ifaddrs={word}" if values_due else word)
    return spread


_LOG_READERS: Final[dict[str, Callable[[str], Any]]] = {
    "log-level": choice(logs.LEVELS),
    "log-format": choice(logs.FORMATS),
    "log-rotate": parse_rotation,
    "log-keep": integer(1, 1_000),
}


def login_name() -> str:
    """What this person is called on this host.

    :raises UsageError: if that cannot be a nickname.
    """
    try:
        return nickname(getpass.getuser())
    except (ValueError, OSError, KeyError):
        raise usage.UsageError(
            "--nickname: your login name cannot be a nickname; say which one you want"
        ) from None


def _is_ifaddrs(word: str) -> bool:
    """Whether getopt takes `word` for ``--ifaddrs``, which may be cut short."""
    return len(word) > len("--i") and "--ifaddrs".startswith(word)
