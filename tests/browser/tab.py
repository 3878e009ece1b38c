"""One tab: what can be seen in it is waited for, and keys and clicks are a person's.

Controls are found as a screen reader finds them, by their role and name.
"""

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final

from tests.browser.chromium import PATIENCE, BrowserRefused, Chromium
from tests.browser.faults import fault_of

#: Keys that are no text: their code, and their number on Windows.
_KEYS: Final = {
    "Tab": ("Tab", 9),
    "Enter": ("Enter", 13),
    "Escape": ("Escape", 27),
    " ": ("Space", 32),
    "End": ("End", 35),
    "Home": ("Home", 36),
    "ArrowUp": ("ArrowUp", 38),
    "ArrowDown": ("ArrowDown", 40),
}
#: What those write that write something.
_TEXTS: Final = {"Enter": "\r", " ": " "}
_SHIFT: Final = 8

#: Asks again at each change of the page, and a few times a second for what changes silently.
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

#: Whether a click in the middle of it would be its own.
_IS_ON_TOP: Final = """function (x, y) {
  const hit = document.elementFromPoint(x, y)
  return hit !== null && (this.contains(hit) || hit.contains(this))
}"""


@dataclass(frozen=True, slots=True)
class Control:
    """Something on the page, as assistive technology sees it.

    :ivar node: what the browser calls it.
    """

    role: str
    name: str
    node: int


class Tab:
    """One tab, in a context of its own.

    :ivar faults: what the page should not have done: errors, warnings, refusals of the Content
        Security Policy, dialogs.
    """

    def __init__(self, browser: Chromium, width: int, height: int, **options: Any) -> None:
        self._browser = browser
        self.faults: list[str] = []
        self._context = browser.call("Target.createBrowserContext")["browserContextId"]
        self._target = browser.call(
            "Target.createTarget", url="about:blank", browserContextId=self._context
        )["targetId"]
        self._session = browser.call("Target.attachToTarget", targetId=self._target, flatten=True)[
            "sessionId"
        ]
        browser.listen(self._session, self._told)
        for domain in ("Page", "Runtime", "Log", "DOM", "Accessibility"):
            self.call(f"{domain}.enable")
        # Each tab believes that it is the one in front, so that all run at full speed.
        self.call("Emulation.setFocusEmulationEnabled", enabled=True)
        self.resize(width, height)
        self.look(**options)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Have the browser do something with this tab."""
        return self._browser.call(method, self._session, **parameters)

    def _told(self, method: str, params: Mapping[str, Any]) -> None:
        if fault := fault_of(method, params):
            self.faults.append(fault)
        if method == "Page.javascriptDialogOpening":
            self._browser.post("Page.handleJavaScriptDialog", self._session, accept=True)

    # --- the window -----------------------------------------------------------------------------

    def resize(self, width: int, height: int) -> None:
        """Make the window so large, in CSS pixels."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def look(self, scheme: str = "light", timezone: str = "UTC") -> None:
        """What the person likes, and where the person is."""
        features = {"prefers-color-scheme": scheme, "prefers-reduced-motion": "reduce"}
        self.call(
            "Emulation.setEmulatedMedia",
            features=[{"name": name, "value": value} for name, value in features.items()],
        )
        self.call("Emulation.setTimezoneOverride", timezoneId=timezone)
        self.call("Emulation.setLocaleOverride", locale="en-GB")

    def hide(self) -> None:
        """Put another tab in front of it."""
        self.call("Emulation.setFocusEmulationEnabled", enabled=False)
        self._browser.call("Target.createTarget", url="about:blank", browserContextId=self._context)
        self.until("() => document.visibilityState === 'hidden'")

    def show(self) -> None:
        """Come back to it."""
        self._browser.call("Target.activateTarget", targetId=self._target)
        self.call("Emulation.setFocusEmulationEnabled", enabled=True)
        self.until("() => document.visibilityState === 'visible'")

    def open(self, url: str) -> None:
        """Go there."""
        answer = self.call("Page.navigate", url=url)
        assert "errorText" not in answer, answer
        self.until("() => document.readyState === 'complete' && location.href !== 'about:blank'")

    def reload(self) -> None:
        """Load the page anew."""
        self.run("() => { window.isOld = true }")
        self.call("Page.reload")
        self.until("() => document.readyState === 'complete' && !window.isOld")

    def picture(self) -> bytes:
        """What is to be seen, as PNG."""
        return base64.b64decode(self.call("Page.captureScreenshot")["data"])

    # --- what is there --------------------------------------------------------------------------

    def run(self, function: str, *arguments: Any) -> Any:
        """What that JavaScript function returns."""
        return self.evaluate(f"({function})({_listed(arguments)})")

    def evaluate(self, expression: str) -> Any:
        """The value of that JavaScript expression; a promise is waited for."""
        answer = self.call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def until(self, function: str, *arguments: Any) -> Any:
        """Wait until that JavaScript function returns something true; what it returns."""

        def ask() -> Any:
            try:
                return self.evaluate(_UNTIL % (function, _listed(arguments)))
            except BrowserRefused:  # another page has come meanwhile
                return None

        return self._wait(ask, lambda: f"{function}{arguments}")

    def find(self, role: str, name: str = "", within: str = "body") -> Control:
        """Wait for the control with that role whose name matches a regular expression."""

        def look() -> Control | None:
            found = [
                control
                for control in self.controls(role, within)
                if not name or re.fullmatch(name, control.name)
            ]
            if not found:
                self._pause()
            return found[0] if found else None

        found: Control = self._wait(
            look, lambda: f"{role} {name!r} among {self.controls(role, within)}"
        )
        return found

    def controls(self, role: str, within: str = "body") -> list[Control]:
        """All that have that role, in the order of the page, the hidden ones left out."""
        try:
            root = self._object(f"document.querySelector({json.dumps(within)})")
            nodes = self.call("Accessibility.queryAXTree", objectId=root, role=role)["nodes"]
        except BrowserRefused:  # it is gone, or not there yet
            return []
        return [_control(node) for node in nodes if not node["ignored"]]

    def focused(self) -> Control:
        """Where the keys go."""
        there = self._object("document.activeElement")
        seen = self.call("Accessibility.getPartialAXTree", objectId=there, fetchRelatives=False)
        return _control(seen["nodes"][0])

    def _object(self, expression: str) -> str:
        answer = self.call("Runtime.evaluate", expression=expression)["result"]
        if "objectId" not in answer:
            raise BrowserRefused(f"there is no {expression}")
        return str(answer["objectId"])

    def _pause(self) -> None:
        """Let the page go on until something of it changes."""
        try:
            self.evaluate(_UNTIL % ("((first) => () => first.pop())([0, 1])", ""))
        except BrowserRefused:
            return

    def _wait(self, ask: Callable[[], Any], what: Callable[[], str]) -> Any:
        end = monotonic() + PATIENCE
        while not (found := ask()):
            assert monotonic() < end, f"{what()}\n{self._seen()}"
        return found

    def _seen(self) -> str:
        """The page in words, for the report of a failure."""
        text = self.evaluate("document.body.dataset.state + '\\n' + document.body.innerText")
        return f"{text}\nfaults: {self.faults}"

    # --- what is done ---------------------------------------------------------------------------

    def click(self, control: Control) -> None:
        """Click into the middle of it, once nothing is in the way."""
        self.call("DOM.scrollIntoViewIfNeeded", backendNodeId=control.node)
        there = self.call("DOM.resolveNode", backendNodeId=control.node)["object"]["objectId"]

        def middle() -> tuple[float, float] | None:
            quads = self.call("DOM.getContentQuads", backendNodeId=control.node)["quads"]
            x, y = sum(quads[0][::2]) / 4, sum(quads[0][1::2]) / 4
            answer = self.call(
                "Runtime.callFunctionOn",
                functionDeclaration=_IS_ON_TOP,
                objectId=there,
                arguments=[{"value": x}, {"value": y}],
            )
            if not answer["result"]["value"]:
                self._pause()
                return None
            return x, y

        x, y = self._wait(middle, lambda: f"{control} is covered")
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
        """Press a key that is no letter."""
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
        """Write that where the keys go."""
        self.call("Input.insertText", text=text)

    def close(self) -> None:
        """Close it; its context and all that it kept go with it."""
        self._browser.forget(self._session)
        self._browser.call("Target.disposeBrowserContext", browserContextId=self._context)


def _listed(arguments: tuple[Any, ...]) -> str:
    """Arguments as JavaScript; JSON's own escapes keep lone surrogates what they are."""
    return ", ".join(map(json.dumps, arguments))


def _control(node: Mapping[str, Any]) -> Control:
    name = node.get("name", {}).get("value", "")
    return Control(node.get("role", {}).get("value", ""), name, node["backendDOMNodeId"])
