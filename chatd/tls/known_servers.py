"""The servers that this user has met, and their keys: trust on first use, as with SSH.

A text file in UTF-8; each line is one step, and the file only ever grows::

    party 3f1c…9a met 2026-11-27
    party 77d0…02 trusted 2026-12-01
    10.0.0.1:5555 3f1c…9a met 2026-11-27
    party - forgotten 2026-12-24

A line has four parts: a server's id, percent-encoded, or the address that was given for it; the
fingerprint of its key; what happened; and when. A server that was *met* keeps the key with which it
was met first, whatever comes later, until the user has *trusted* another one, or *forgotten* it.

One line is one ``write`` to the end of the file, so clients that meet servers at once do not lose
each other's, and a client that is killed damages no other line. A damaged line is left out.
"""

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final
from urllib.parse import quote

from chatd.chat import limits
from chatd.tls.fingerprint import is_fingerprint

FILE_NAME: Final = "known_servers"

_MET: Final = "met"
_TRUSTED: Final = "trusted"
_FORGOTTEN: Final = "forgotten"


@dataclass(frozen=True, slots=True)
class Contents:
    """What the file says.

    :ivar fingerprints: the key of each server, by :func:`id_key` or :func:`address_key`.
    :ivar damaged: the numbers of lines that say nothing.
    """

    fingerprints: dict[str, str]
    damaged: tuple[int, ...] = ()


def id_key(server_id: str) -> str:
    """How the file names the server with that id. It has no colon, which every address has."""
    return quote(server_id, safe="")


def address_key(host: str, port: int) -> str:
    """How the file names a server that was given by its address; `host` in any case."""
    return f"{quote(host.lower(), safe='')}:{port}"


class KnownServers:
    """The keys of the servers that were met before, and those that are met now.

    If the file cannot be written, what is added is known as long as this object lives.

    :param path: None for no file.
    :param warn: called with a sentence about a file that cannot be used; once for each fault.
    :param today: returns the present day.
    """

    def __init__(
        self, path: Path | None, warn: Callable[[str], None], today: Callable[[], date] = date.today
    ) -> None:
        self._path = path
        self._warn = warn
        self._today = today
        self._warned: set[str] = set()
        self._unwritten: dict[str, str] = {}

    def get(self, key: str) -> str | None:
        """The fingerprint of that server's key; None if it was not met with TLS."""
        return {**self._unwritten, **self._read().fingerprints}.get(key)

    def meet(self, key: str, fingerprint: str) -> str:
        """Remember the key of a server, unless it has one already, and return the one it has."""
        known = self.get(key)
        if known is None:
            self._append(key, fingerprint, _MET)
            # Another client may have met it at the same time, and then the first line counts.
            known = self.get(key)
        return known or fingerprint

    def trust(self, key: str, fingerprint: str) -> bool:
        """Take this key for the server's from now on. The user has compared it.

        :return: whether that is written down.
        """
        return self._append(key, fingerprint, _TRUSTED)

    def forget(self, key: str) -> bool:
        """Take the server for one that was never met.

        :return: whether that is written down.
        """
        self._unwritten.pop(key, None)
        return self._append(key, "-", _FORGOTTEN)

    def all(self) -> dict[str, str]:
        """The fingerprint of each server, by its key."""
        return {**self._unwritten, **self._read().fingerprints}

    def _read(self) -> Contents:
        if self._path is None:
            return Contents({})
        try:
            with _opened(self._path, os.O_RDONLY) as handle:
                content = os.read(handle, limits.KNOWN_SERVERS_BYTES)
        except FileNotFoundError:
            return Contents({})
        except OSError as error:
            self._warn_once(
                f"{self._path} cannot be read ({error.strerror}), so it is unknown which servers "
                "were met before."
            )
            return Contents({})
        contents = parse(content)
        if contents.damaged:
            self._warn_once(
                f"{self._path} is damaged: line {contents.damaged[0]} says nothing and is left out."
            )
        return contents

    def _append(self, key: str, fingerprint: str, what: str) -> bool:
        """Write a line; return whether that was possible."""
        if what != _FORGOTTEN:
            self._unwritten[key] = fingerprint
        if self._path is None:
            return False
        line = f"{key} {fingerprint} {what} {self._today().isoformat()}\n"
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _opened(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT) as handle:
                _append_line(handle, line)
        except OSError as error:
            self._warn_once(
                f"{self._path} cannot be written ({error.strerror}), so the key of this server is "
                "remembered only until this program ends."
            )
            return False
        self._unwritten.pop(key, None)
        return True

    def _warn_once(self, sentence: str) -> None:
        if sentence not in self._warned:
            self._warned.add(sentence)
            self._warn(sentence)


@contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    """The open file at `path`; a FIFO in its place must not block the program.

    :raises OSError: also if it is not a regular file.
    """
    handle = os.open(path, flags | getattr(os, "O_NONBLOCK", 0), 0o600)
    try:
        mode = os.fstat(handle).st_mode
        if not stat.S_ISREG(mode):
            is_directory = stat.S_ISDIR(mode)
            raise OSError(0, "Is a directory" if is_directory else "it is not a regular file")
        yield handle
    finally:
        os.close(handle)


def _append_line(handle: int, line: str) -> None:
    size = os.fstat(handle).st_size
    if size + len(line) > limits.KNOWN_SERVERS_BYTES:
        raise OSError(0, "it is full; remove it, or the lines that are not needed")
    # The end of a line that was cut off must not become the beginning of this one.
    is_cut = size and os.pread(handle, 1, size - 1) != b"\n"
    written = (f"\n{line}" if is_cut else line).encode()
    if os.write(handle, written) < len(written):
        raise OSError(0, "no space is left on the disk")


def parse(content: bytes) -> Contents:
    """What the lines of a file say, one after the other."""
    fingerprints: dict[str, str] = {}
    damaged: list[int] = []
    for number, line in enumerate(content.decode("utf-8", "replace").split("\n"), 1):
        match line.split():
            case [] | ["#", *_]:
                pass
            case [key, fingerprint, "met", _] if is_fingerprint(fingerprint):
                fingerprints.setdefault(key, fingerprint)
            case [key, fingerprint, "trusted", _] if is_fingerprint(fingerprint):
                fingerprints[key] = fingerprint
            case [key, "-", "forgotten", _]:
                fingerprints.pop(key, None)
            case _:
                damaged.append(number)
    return Contents(fingerprints, tuple(damaged))
