"""One tab of the browser: waits for what is visible, and presses keys and buttons as a user does.

Controls are found in the accessibility tree, as a screen reader finds them: by role and name.
"""

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final

from tests.browser.chromium import Chromium, DevToolsError
from tests.browser.page_errors import describe_error
from tests.timeouts import TIMEOUT_SECONDS

#: Keys: their code, and their virtual key code.
_KEYS: Final = {
    "Tab": ("Tab", 9),
    "Enter": ("Enter", 13),
    "Escape": ("Escape", 27),
    " ": ("Space", 32),
    "End": ("End", 35),
    "Home": ("Home", 36),
    "ArrowLeft": ("ArrowLeft", 37),
    "ArrowUp": ("ArrowUp", 38),
    "ArrowRight": ("ArrowRight", 39),
    "ArrowDown": ("ArrowDown", 40),
}
#: The text that a key enters.
_TEXTS: Final = {"Enter": "\r", " ": " "}
_SHIFT: Final = 8

#: Calls a function until its result is true: after each change of the document, and every 100 ms
#: for what changes without one. After 2 s it gives up, so that the browser responds in time.
_UNTIL: Final = """(async () => {
  const end = performance.now() + 2000
  for (;;) {
    const found = (%s)(%s)
    if (found || performance.now() > end) return found instanceof Node ? true : found
    await new Promise((resolve) => {
      const watch = new MutationObserver(resolve)
      watch.observe(document, {subtree: true, childList: true, attributes: true,
                               characterData: true})
      setTimeout(() => { watch.disconnect(); resolve() }, 100)
    })
  }
})()"""

#: A function that is called only once the document has all its elements.
_PARSED: Final = "(...args) => document.readyState !== 'loading' && (%s)(...args)"

#: Whether a click at a point would hit the element.
_IS_ON_TOP: Final = """function (x, y) {
  const hit = document.elementFromPoint(x, y)
  return hit !== null && (this.contains(hit) || hit.contains(this))
}"""


@dataclass(frozen=True, slots=True)
class Control:
    """An element as the accessibility tree has it.

    :ivar node: its backend DOM node id.
    """

    role: str
    name: str
    node: int


class Tab:
    """One tab, in a browser context of its own.

    :ivar errors: see :func:`describe_error`.
    """

    def __init__(self, browser: Chromium, width: int, height: int, **options: Any) -> None:
        self._browser = browser
        self.errors: list[str] = []
        self._context = browser.call("Target.createBrowserContext")["browserContextId"]
        self._target = browser.call(
            "Target.createTarget", url="about:blank", browserContextId=self._context
        )["targetId"]
        self._session = browser.call("Target.attachToTarget", targetId=self._target, flatten=True)[
            "sessionId"
        ]
        browser.set_listener(self._session, self._event_received)
        for domain in ("Page", "Runtime", "Log", "DOM", "Accessibility"):
            self.call(f"{domain}.enable")
        # Each tab behaves as the active one, so that none is throttled.
        self.call("Emulation.setFocusEmulationEnabled", enabled=True)
        self.resize(width, height)
        self.set_preferences(**options)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a DevTools command for this tab; return its result."""
        return self._browser.call(method, self._session, **parameters)

    def _event_received(self, method: str, params: Mapping[str, Any]) -> None:
        if error := describe_error(method, params):
            self.errors.append(error)
        if method == "Page.javascriptDialogOpening":
            self._browser.post("Page.handleJavaScriptDialog", self._session, accept=True)

    # --- the window -----------------------------------------------------------------------------

    def resize(self, width: int, height: int) -> None:
        """Set the size of the window, in CSS pixels."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def set_preferences(self, scheme: str = "light", timezone: str = "UTC") -> None:
        """Set the user's colour scheme and time zone."""
        features = {"prefers-color-scheme": scheme, "prefers-reduced-motion": "reduce"}
        self.call(
            "Emulation.setEmulatedMedia",
            features=[{"name": name, "value": value} for name, value in features.items()],
        )
        self.call("Emulation.setTimezoneOverride", timezoneId=timezone)
        self.call("Emulation.setLocaleOverride", locale="en-GB")

    def hide(self) -> None:
        """Activate another tab."""
        self.call("Emulation.setFocusEmulationEnabled", enabled=False)
        self._browser.call("Target.createTarget", url="about:blank", browserContextId=self._context)
        self.wait_until("() => document.visibilityState === 'hidden'")

    def show(self) -> None:
        """Activate this tab."""
        self._browser.call("Target.activateTarget", targetId=self._target)
        self.call("Emulation.setFocusEmulationEnabled", enabled=True)
        self.wait_until("() => document.visibilityState === 'visible'")

    def open(self, url: str) -> None:
        """Load a URL."""
        answer = self.call("Page.navigate", url=url)
        assert "errorText" not in answer, answer
        self.wait_until(
            "() => document.readyState === 'complete' && location.href !== 'about:blank'"
        )

    def reload(self) -> None:
        """Reload the page."""
        self.run("() => { window.isOld = true }")
        self.call("Page.reload")
        self.wait_until("() => document.readyState === 'complete' && !window.isOld")

    def screenshot(self) -> bytes:
        """The visible part of the page, as PNG."""
        return base64.b64decode(self.call("Page.captureScreenshot")["data"])

    # --- what the page shows --------------------------------------------------------------------

    def run(self, function: str, *arguments: Any) -> Any:
        """The result of a JavaScript function."""
        return self.evaluate(f"({function})({_arguments(arguments)})")

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression; a promise is awaited."""
        answer = self.call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait_until(self, function: str, *arguments: Any) -> Any:
        """Wait until the result of a JavaScript function is true; return the result."""

        def attempt() -> Any:
            try:
                return self.evaluate(_UNTIL % (_PARSED % function, _arguments(arguments)))
            except DevToolsError:  # another page was loaded meanwhile
                return None

        return self._wait(attempt, lambda: f"{function}{arguments}")

    def find(self, role: str, name: str = "", within: str = "body") -> Control:
        """Wait for a control with a role, whose whole name matches a regular expression."""

        def attempt() -> Control | None:
            found = [
                control
                for control in self.find_all(role, within)
                if not name or re.fullmatch(name, control.name)
            ]
            if not found:
                self._wait_for_change()
            return found[0] if found else None

        found: Control = self._wait(
            attempt, lambda: f"{role} {name!r} among {self.find_all(role, within)}"
        )
        return found

    def find_all(self, role: str, within: str = "body") -> list[Control]:
        """All visible controls with a role, in document order."""
        try:
            root = self._object(f"document.querySelector({json.dumps(within)})")
            nodes = self.call("Accessibility.queryAXTree", objectId=root, role=role)["nodes"]
        except DevToolsError:  # there is no such element
            return []
        return [_control(node) for node in nodes if not node["ignored"]]

    def focused_control(self) -> Control:
        """The control that has the focus."""
        active = self._object("document.activeElement")
        tree = self.call("Accessibility.getPartialAXTree", objectId=active, fetchRelatives=False)
        return _control(tree["nodes"][0])

    def _object(self, expression: str) -> str:
        answer = self.call("Runtime.evaluate", expression=expression)["result"]
        if "objectId" not in answer:
            raise DevToolsError(f"there is no {expression}")
        return str(answer["objectId"])

    def _wait_for_change(self) -> None:
        """Wait until the document changes, or 100 ms."""
        try:
            self.evaluate(_UNTIL % ("((first) => () => first.pop())([0, 1])", ""))
        except DevToolsError:
            return

    def _wait(self, attempt: Callable[[], Any], describe: Callable[[], str]) -> Any:
        end = monotonic() + TIMEOUT_SECONDS
        while not (found := attempt()):
            assert monotonic() < end, f"{describe()}\n{self._describe()}"
        return found

    def _describe(self) -> str:
        """The page as text, for the message of a failed assertion."""
        text = self.evaluate("document.body.dataset.state + '\\n' + document.body.innerText")
        return f"{text}\nerrors: {self.errors}"

    # --- what the user does ---------------------------------------------------------------------

    def click(self, control: Control) -> None:
        """Click on the centre of a control, once nothing covers it."""
        self.call("DOM.scrollIntoViewIfNeeded", backendNodeId=control.node)
        element = self.call("DOM.resolveNode", backendNodeId=control.node)["object"]["objectId"]

        def centre() -> tuple[float, float] | None:
            quads = self.call("DOM.getContentQuads", backendNodeId=control.node)["quads"]
            x, y = sum(quads[0][::2]) / 4, sum(quads[0][1::2]) / 4
            answer = self.call(
                "Runtime.callFunctionOn",
                functionDeclaration=_IS_ON_TOP,
                objectId=element,
                arguments=[{"value": x}, {"value": y}],
            )
            if not answer["result"]["value"]:
                self._wait_for_change()
                return None
            return x, y

        x, y = self._wait(centre, lambda: f"{control} is covered")
        for kind, buttons in (("mouseMoved", 0), ("mousePressed", 1), ("mouseReleased", 0)):
            self.call(
                "Input.dispatchMouseEvent",
                type=kind,
                x=x,
                y=y,
                button="left",
                buttons=buttons,
                clickCount=1,
            )

    def press(self, key: str, shift: bool = False) -> None:
        """Press a key of `_KEYS`."""
        code, number = _KEYS[key]
        event = {
            "key": key,
            "code": code,
            "windowsVirtualKeyCode": number,
            "modifiers": _SHIFT if shift else 0,
        }
        text = {"text": _TEXTS[key]} if key in _TEXTS else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", **event, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", **event)

    def type(self, text: str) -> None:
        """Enter text where the focus is."""
        self.call("Input.insertText", text=text)

    def close(self) -> None:
        """Close the tab, and delete its browser context with all that it has stored."""
        self._browser.remove_listener(self._session)
        self._browser.call("Target.disposeBrowserContext", browserContextId=self._context)


def _arguments(arguments: tuple[Any, ...]) -> str:
    """Arguments as JavaScript; the escapes of JSON preserve lone surrogates."""
    return ", ".join(map(json.dumps, arguments))


def _control(node: Mapping[str, Any]) -> Control:
    name = node.get("name", {}).get("value", "")
    return Control(node.get("role", {}).get("value", ""), name, node["backendDOMNodeId"])
