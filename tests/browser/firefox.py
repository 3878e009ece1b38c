"""A headless Firefox, controlled by WebDriver BiDi, which is built into it.

There is one tab. A call returns with its response; events are kept until they are asked for. The
WebSocket is this module's own, since it needs so little: one connection on loopback, text only.
"""

import base64
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
from contextlib import suppress
from itertools import count
from pathlib import Path
from time import monotonic
from typing import Any, Final

from wsproto import WSConnection
from wsproto.connection import ConnectionType
from wsproto.events import AcceptConnection, Request, TextMessage

from tests.browser.chromium import skip_or_fail
from tests.timeouts import TIMEOUT_SECONDS

_EXECUTABLES: Final = ("firefox-esr", "firefox")

#: Nothing is fetched, reported or asked.
_PREFERENCES: Final = """
user_pref("app.update.enabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("browser.startup.homepage_override.mstone", "ignore");
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("network.proxy.type", 0);
user_pref("toolkit.telemetry.enabled", false);
"""


def find_firefox() -> str:
    """The path of Firefox; skip the test if it is not installed, unless it is required."""
    found = next(filter(None, map(shutil.which, _EXECUTABLES)), None)
    if found is None:
        skip_or_fail("firefox-esr is not installed")
    return str(found)


class Firefox:
    """One running Firefox with one tab.

    :param profile: an empty directory for its files.
    :ivar events: what it has reported, the parameters by the name of the event.
    """

    def __init__(self, executable: str, profile: Path) -> None:
        (profile / "user.js").write_text(_PREFERENCES)
        self.events: list[tuple[str, dict[str, Any]]] = []
        self._ids = count(1)
        self._log = (profile / "firefox.log").open("wb")
        self._process = subprocess.Popen(
            [
                *(executable, "--headless", "--no-remote", "--remote-debugging-port", "0"),
                *("--profile", str(profile), "about:blank"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            env={**os.environ, "HOME": str(profile), "MOZ_DISABLE_CONTENT_SANDBOX": "1"},
            start_new_session=True,
        )
        try:
            self._connect(self._port(profile / "firefox.log"))
            self.call("session.new", capabilities={})
            self.call("session.subscribe", events=["log.entryAdded"])
            self._tab = self.call("browsingContext.getTree")["contexts"][0]["context"]
        except BaseException:
            self.close()
            raise

    def _port(self, log: Path) -> int:
        end = monotonic() + TIMEOUT_SECONDS
        while monotonic() < end:
            found = re.search(rb"WebDriver BiDi listening on ws://[^:]+:(\d+)", log.read_bytes())
            if found:
                return int(found[1])
            assert self._process.poll() is None, log.read_text(errors="replace")
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(0.1)
        raise AssertionError(f"Firefox does not listen: {log.read_text(errors='replace')}")

    def _connect(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), TIMEOUT_SECONDS)
        self._frames = WSConnection(ConnectionType.CLIENT)
        self._texts: list[str] = []
        self._partial = ""
        self._is_open = False
        self._socket.sendall(self._frames.send(Request(f"127.0.0.1:{port}", "/session")))
        while not self._is_open:
            self._receive()

    def _receive(self) -> None:
        assert select.select([self._socket], [], [], TIMEOUT_SECONDS)[0], "Firefox is silent"
        data = self._socket.recv(1 << 20)
        assert data, "Firefox has closed the connection"
        self._frames.receive_data(data)
        for event in self._frames.events():
            if isinstance(event, AcceptConnection):
                self._is_open = True
            elif isinstance(event, TextMessage):
                self._partial += event.data
                if event.message_finished:
                    self._texts.append(self._partial)
                    self._partial = ""

    def call(self, method: str, **parameters: Any) -> Any:
        """Send a command; return its result."""
        number = next(self._ids)
        command = json.dumps({"id": number, "method": method, "params": parameters})
        self._socket.sendall(self._frames.send(TextMessage(command)))
        while True:
            while not self._texts:
                self._receive()
            message = json.loads(self._texts.pop(0))
            if message.get("type") == "event":
                self.events.append((message["method"], message["params"]))
            elif message.get("id") == number:
                assert message["type"] == "success", message
                return message["result"]

    def open(self, url: str) -> None:
        """Load a URL."""
        self.call("browsingContext.navigate", context=self._tab, url=url, wait="complete")

    def reload(self) -> None:
        """Reload the page."""
        self.call("browsingContext.reload", context=self._tab, wait="complete")

    def resize(self, width: int, height: int) -> None:
        """Set the size of the page, in CSS pixels."""
        viewport = {"width": width, "height": height}
        self.call("browsingContext.setViewport", context=self._tab, viewport=viewport)

    def run(self, function: str, *arguments: Any) -> Any:
        """The result of a JavaScript function, as JSON has it."""
        values = ", ".join(map(json.dumps, arguments))
        result = self.call(
            "script.evaluate",
            expression=f"(async () => JSON.stringify(await ({function})({values})))()",
            target={"context": self._tab},
            awaitPromise=True,
        )
        assert result["type"] == "success", result
        return json.loads(result["result"].get("value", "null"))

    def wait_until(self, function: str, *arguments: Any) -> Any:
        """Wait until the result of a JavaScript function is true; return the result."""
        end = monotonic() + TIMEOUT_SECONDS
        polled = f"""async (...args) => {{
          for (let tries = 0; tries < 20; tries += 1) {{
            const found = await ({function})(...args)
            if (found) return found
            await new Promise((resolve) => setTimeout(resolve, 50))
          }}
        }}"""
        while not (found := self.run(polled, *arguments)):
            text = self.run("() => document.body.innerText")
            assert monotonic() < end, f"{function}{arguments}\n{text}"
        return found

    def type(self, selector: str, text: str) -> None:
        """Focus an element, and type a text; ``\\n`` is the Enter key."""
        self.run("(selector) => document.querySelector(selector).focus()", selector)
        keys = ["\ue007" if character == "\n" else character for character in text]
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        source = {"type": "key", "id": "keyboard", "actions": actions}
        self.call("input.performActions", context=self._tab, actions=[source])

    def screenshot(self) -> bytes:
        """The visible part of the page, as PNG."""
        data = self.call("browsingContext.captureScreenshot", context=self._tab)["data"]
        return base64.b64decode(data)

    @property
    def errors(self) -> list[str]:
        """The errors that the page has logged."""
        return [
            str(entry.get("text"))
            for method, entry in self.events
            if method == "log.entryAdded" and entry.get("level") == "error"
        ]

    def close(self) -> None:
        """End it, with all its processes."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._log.close()
        if hasattr(self, "_socket"):
            self._socket.close()
