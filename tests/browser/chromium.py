"""A headless Chromium, controlled by the DevTools protocol over a pair of pipes.

All tests share one process; each tab has a browser context of its own, as if it were on another
computer. Everything is synchronous: a call returns with its response, and events that arrive
meanwhile are passed to the listener of their tab.
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

from tests.timeouts import TIMEOUT_SECONDS

#: The names of the executable.
_EXECUTABLES: Final = ("chromium", "chromium-browser", "google-chrome")

#: No window, no downloads that a test did not ask for, and the same pixels everywhere.
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

#: The file descriptors from which Chromium reads the protocol, and to which it writes it.
_BROWSER_INPUT: Final = 3
_BROWSER_OUTPUT: Final = 4


class DevToolsError(Exception):
    """The browser responded with an error."""


def find_chromium() -> str:
    """The path of Chromium; skip the test if it is not installed, unless it is required."""
    found = next(filter(None, map(shutil.which, _EXECUTABLES)), None)
    if found is None:
        skip_or_fail(f"none of {', '.join(_EXECUTABLES)} is installed")
    return str(found)


def skip_or_fail(reason: str) -> None:
    """Skip the test, or fail it if ``CHATD_REQUIRE_BROWSER`` is set."""
    if os.environ.get("CHATD_REQUIRE_BROWSER"):
        pytest.fail(reason)
    pytest.skip(reason)


class Chromium:
    """One running browser.

    :param executable: its path.
    :param profile: an empty directory for its files.
    """

    def __init__(self, executable: str, profile: Path) -> None:
        self._input, browser_output = _pipe()
        browser_input, self._output = _pipe()
        self._pending = b""
        self._ids = count(1)
        self._listeners: dict[str, Callable[[str, Mapping[str, Any]], None]] = {}
        log = str(profile / "chromium.log")
        write = os.O_WRONLY | os.O_CREAT
        self._process = os.posix_spawn(
            executable,
            [executable, *_SWITCHES, f"--user-data-dir={profile}"],
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, log, write, 0o600),
                (os.POSIX_SPAWN_DUP2, 1, 2),
                (os.POSIX_SPAWN_DUP2, browser_input, _BROWSER_INPUT),
                (os.POSIX_SPAWN_DUP2, browser_output, _BROWSER_OUTPUT),
            ],
            setpgroup=0,
        )
        os.close(browser_input)
        os.close(browser_output)

    def call(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        """Send a command; return its result.

        :param session: the session of the tab; empty for the browser itself.
        :raises DevToolsError: if the response is an error.
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
            raise DevToolsError(f"{method}: {message['error']['message']}")
        result: dict[str, Any] = message["result"]
        return result

    def post(self, method: str, session: str = "", **parameters: Any) -> int:
        """Send a command without waiting for the response; return its id."""
        number = next(self._ids)
        command = {"id": number, "method": method, "params": parameters}
        if session:
            command["sessionId"] = session
        data = json.dumps(command).encode() + b"\0"
        while data:
            data = data[os.write(self._output, data) :]
        return number

    def set_listener(
        self, session: str, listener: Callable[[str, Mapping[str, Any]], None]
    ) -> None:
        """Call `listener` with the method and the parameters of each event of a tab."""
        self._listeners[session] = listener

    def remove_listener(self, session: str) -> None:
        """Ignore the events of a tab from now on."""
        self._listeners.pop(session, None)

    def _receive(self) -> dict[str, Any]:
        end = monotonic() + TIMEOUT_SECONDS
        while b"\0" not in self._pending:
            if not select.select([self._input], [], [], max(0, end - monotonic()))[0]:
                raise AssertionError("the browser does not respond")
            data = os.read(self._input, 1 << 20)
            assert data, "the browser has exited"
            self._pending += data
        line, _, self._pending = self._pending.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        return message

    def close(self) -> None:
        """Close the browser; kill it if it does not respond."""
        with suppress(AssertionError, OSError):
            self.call("Browser.close")
        with suppress(ProcessLookupError):
            os.killpg(self._process, signal.SIGKILL)
        os.waitpid(self._process, 0)
        os.close(self._input)
        os.close(self._output)


def _pipe() -> tuple[int, int]:
    """A pipe whose file descriptors are above those that the browser gets."""
    ends = os.pipe()
    moved = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in ends]
    for end in ends:
        os.close(end)
    return moved[0], moved[1]
