"""Chromium without a window, driven by the DevTools protocol over a pair of pipes.

One process serves all tests; each tab has a context of its own, as if it were another person's
machine. Everything is synchronous: a call returns with its answer, and what the browser tells
meanwhile is handed to the tab that it is about.
"""

import fcntl
import json
import os
import select
import shutil
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from itertools import count
from pathlib import Path
from time import monotonic
from typing import Any, Final

import pytest

#: How long to wait for the browser before the test has failed, in seconds.
PATIENCE: Final = 30.0

#: Names it goes by.
_PROGRAMS: Final = ("chromium", "chromium-browser", "google-chrome")

#: No window, nothing fetched that a test did not ask for, and the same pixels everywhere.
_SWITCHES: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-startup-window",
    "--no-proxy-server",
    "--mute-audio",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--password-store=basic",
    "--remote-debugging-pipe",
)

#: Where Chromium reads and writes the protocol.
_ITS_INPUT: Final = 3
_ITS_OUTPUT: Final = 4


class BrowserRefused(Exception):
    """The browser could not do what it was asked."""


def find_chromium() -> str:
    """Where Chromium is; skip if it is nowhere, unless the environment says this is a failure."""
    found = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    if found is None:
        missing(f"there is none of {', '.join(_PROGRAMS)}")
    return str(found)


def missing(reason: str) -> None:
    """Skip for that reason, or fail where the browser is required."""
    if os.environ.get("CHATD_REQUIRE_BROWSER"):
        pytest.fail(reason)
    pytest.skip(reason)


class Chromium:
    """One running browser.

    :param program: where it is.
    :param home: an empty directory for what it keeps.
    """

    def __init__(self, program: str, home: Path) -> None:
        ours_in, theirs_out = _pipe()
        theirs_in, ours_out = _pipe()
        self._input, self._output = ours_in, ours_out
        self._pending = b""
        self._numbers = count(1)
        self._listeners: dict[str, Callable[[str, Mapping[str, Any]], None]] = {}
        log = str(home / "chromium.log")
        write = os.O_WRONLY | os.O_CREAT
        self._process = os.posix_spawn(
            program,
            [program, *_SWITCHES, f"--user-data-dir={home}"],
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, log, write, 0o600),
                (os.POSIX_SPAWN_DUP2, 1, 2),
                (os.POSIX_SPAWN_DUP2, theirs_in, _ITS_INPUT),
                (os.POSIX_SPAWN_DUP2, theirs_out, _ITS_OUTPUT),
            ],
            setpgroup=0,
        )
        os.close(theirs_in)
        os.close(theirs_out)

    def call(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        """Have it done; the answer is what the browser answers.

        :param session: the tab that it is about; none for the browser itself.
        :raises BrowserRefused: if it cannot be done.
        """
        number = self.post(method, session, **parameters)
        while True:
            message = self._receive()
            if message.get("id") == number:
                break
            listener = self._listeners.get(message.get("sessionId", ""))
            if listener and "method" in message:
                listener(message["method"], message["params"])
        if "error" in message:
            raise BrowserRefused(f"{method}: {message['error']['message']}")
        result: dict[str, Any] = message["result"]
        return result

    def post(self, method: str, session: str = "", **parameters: Any) -> int:
        """Ask for it without waiting for the answer; which number it has."""
        number = next(self._numbers)
        asked = {"id": number, "method": method, "params": parameters}
        if session:
            asked["sessionId"] = session
        data = json.dumps(asked).encode() + b"\0"
        while data:
            data = data[os.write(self._output, data) :]
        return number

    def listen(self, session: str, listener: Callable[[str, Mapping[str, Any]], None]) -> None:
        """Have `listener` hear what the browser tells of that tab."""
        self._listeners[session] = listener

    def forget(self, session: str) -> None:
        """Tell nobody any more of that tab."""
        self._listeners.pop(session, None)

    def _receive(self) -> dict[str, Any]:
        """The next message."""
        end = monotonic() + PATIENCE
        while b"\0" not in self._pending:
            if not select.select([self._input], [], [], max(0, end - monotonic()))[0]:
                raise AssertionError("the browser does not answer")
            data = os.read(self._input, 1 << 20)
            assert data, "the browser is gone"
            self._pending += data
        line, _, self._pending = self._pending.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        return message

    def close(self) -> None:
        """End it, whatever it is doing."""
        with suppress(AssertionError, OSError):
            self.call("Browser.close")
        with suppress(ProcessLookupError):
            os.killpg(self._process, signal.SIGKILL)
        os.waitpid(self._process, 0)
        os.close(self._input)
        os.close(self._output)


def _pipe() -> tuple[int, int]:
    """A pipe whose ends are not among the numbers that the browser's own ends will have."""
    ends = os.pipe()
    moved = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends]
    for end in ends:
        os.close(end)
    return moved[0], moved[1]
