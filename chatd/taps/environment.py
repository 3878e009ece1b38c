"""The environment of a program: its signals, files, locale, time zone and names.

All of it is respected. A setting that cannot be used has a substitute, and the log says which one.
"""

import getpass
import locale
import os
import re
import signal
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from twisted.logger import Logger

from chatd.chat import names
from chatd.chat.errors import Refusal
from chatd.wire.discovery import is_server_id

_log: Final = Logger()

#: Values of TERM for terminals that cannot move the cursor.
DUMB_TERMINALS: Final = frozenset({"", "dumb", "unknown"})

#: The server's id where neither the option nor the host's name gives one.
_FALLBACK_ID: Final = "chatd"

#: Where the C library looks for the files of time zones; TZDIR replaces it.
_ZONE_DIRECTORY: Final = "/usr/share/zoneinfo"

#: The beginning of a time zone that is given by its rules, such as ``CET-1CEST,M3.5.0,M10.5.0``
#: (POSIX.1-2017, section 8.3).
_ZONE_RULES: Final = re.compile(r"([A-Za-z]{3,}|<[A-Za-z0-9+-]{3,}>)[+-]?[0-9]")


def open_standard_streams() -> None:
    """Open /dev/null in place of a standard stream that was closed (``chatd server 2>&-``).

    Otherwise the next socket would have its number, and whatever writes to standard error would
    write into a chat.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number: this one


def ignored_signals() -> frozenset[int]:
    """The signals that are ignored now. To be asked before a reactor has set its handlers.

    nohup has SIGHUP ignored, and a script SIGINT for a program in its background: whoever started
    this program wants it to go on.
    """
    return frozenset(
        number for number in signal.valid_signals() if signal.getsignal(number) is signal.SIG_IGN
    )


def has_controlling_terminal() -> bool:
    """Whether this program has a terminal that would send it SIGHUP, and is still there."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


def log_unusable(environment: Mapping[str, str]) -> None:
    """Log what cannot be used of the time zone and the locale, and what is used instead."""
    for sentence in (*_unusable_time_zone(environment), *_unusable_locales(environment)):
        _log.warn("{sentence}", sentence=sentence)


def _unusable_time_zone(environment: Mapping[str, str]) -> Iterator[str]:
    value = environment.get("TZ", "")
    name = value.removeprefix(":")
    if os.name != "posix" or not name or (_ZONE_RULES.match(name) and not value.startswith(":")):
        return
    try:
        with (Path(environment.get("TZDIR") or _ZONE_DIRECTORY) / name).open("rb") as file:
            is_zone = file.read(4) == b"TZif"
    except OSError:
        is_zone = False
    if not is_zone:
        yield f"the time zone {value!r} (TZ) is unknown here, so times are in UTC"


def _unusable_locales(environment: Mapping[str, str]) -> Iterator[str]:
    variables = ("LC_ALL",) if environment.get("LC_ALL") else ("LC_CTYPE", "LANG")
    before = locale.setlocale(locale.LC_CTYPE)
    for variable in variables:
        value = environment.get(variable)
        if value:
            try:
                locale.setlocale(locale.LC_CTYPE, value)
            except (locale.Error, UnicodeError):
                yield f"the locale {value!r} ({variable}) is unknown here, so text is in UTF-8"
    locale.setlocale(locale.LC_CTYPE, before)


def server_id() -> str:
    """The host's name, if it can be a server's id."""
    name = socket.gethostname()
    if is_server_id(name):
        return name
    _log.warn(
        "the host's name {name!r} cannot be the server's id, so that is {id}; --id sets another",
        name=name,
        id=_FALLBACK_ID,
    )
    return _FALLBACK_ID


def nickname() -> str:
    """The user's login name as a nickname; another name, which the log gives, if it is none."""
    name = login_name()
    chosen = substitute_nickname(name)
    if not _is_nickname(name):
        what = "you have no login name" if not name else f"your login name {name!r} is no nickname"
        _log.warn(
            "{what}, so your nickname is {nickname}; --nickname sets another",
            what=what,
            nickname=chosen,
        )
    return chosen


def login_name() -> str:
    """The user's login name; empty if there is none."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""


def substitute_nickname(login: str) -> str:
    """`login` if it is a valid nickname; else the user in ``user@domain``, or the user's number."""
    for candidate in (login, login.partition("@")[0]):
        if _is_nickname(candidate):
            return names.nickname(candidate)
    return f"user-{os.getuid()}" if hasattr(os, "getuid") else "user"


def _is_nickname(text: str) -> bool:
    try:
        names.nickname(text)
    except Refusal:
        return False
    return True
