"""axe-core in the page: what it finds that keeps people out.

``npm ci --prefix tests/browser`` fetches it, in the version that package-lock.json pins.
"""

from pathlib import Path
from typing import Any, Final

from tests.browser.chromium import missing
from tests.browser.tab import Tab

_SOURCE: Final = Path(__file__).with_name("node_modules") / "axe-core" / "axe.min.js"

_CHECK: Final = """axe.run(document, {resultTypes: ['violations']}).then(({violations}) =>
  violations.flatMap(({id, help, nodes}) => nodes.map((node) =>
    `${id}: ${help}: ${node.target.join(' ')}: ${node.failureSummary}`)))"""


def require_axe() -> str:
    """The source of axe-core; skip where it is not installed, unless the browser is required."""
    if not _SOURCE.exists():
        missing("axe-core is missing: npm ci --prefix tests/browser")
    return _SOURCE.read_text()


def barriers(tab: Tab, axe: str) -> list[str]:
    """What axe-core has against the page as it stands."""
    frame = tab.call("Page.getFrameTree")["frameTree"]["frame"]["id"]
    # A world of its own: the page never sees the checker.
    world = tab.call("Page.createIsolatedWorld", frameId=frame)["executionContextId"]
    tab.call("Runtime.evaluate", expression=axe, contextId=world)
    answer: dict[str, Any] = tab.call(
        "Runtime.evaluate",
        expression=_CHECK,
        contextId=world,
        awaitPromise=True,
        returnByValue=True,
    )
    assert "exceptionDetails" not in answer, answer["exceptionDetails"]
    found: list[str] = answer["result"]["value"]
    return found
