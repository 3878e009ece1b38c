"""Runs axe-core, the accessibility checker, in a page.

``npm ci --prefix tests/browser`` installs it, in the version that package-lock.json pins.
"""

from pathlib import Path
from typing import Any, Final

from tests.browser.chromium import skip_or_fail
from tests.browser.tab import Tab

_SOURCE: Final = Path(__file__).with_name("node_modules") / "axe-core" / "axe.min.js"

_RUN: Final = """axe.run(document, {resultTypes: ['violations']}).then(({violations}) =>
  violations.flatMap(({id, help, nodes}) => nodes.map((node) =>
    `${id}: ${help}: ${node.target.join(' ')}: ${node.failureSummary}`)))"""


def read_axe() -> str:
    """The source of axe-core; skip the test if it is not installed, unless it is required."""
    if not _SOURCE.exists():
        skip_or_fail("axe-core is missing: npm ci --prefix tests/browser")
    return _SOURCE.read_text()


def violations(tab: Tab, axe: str) -> list[str]:
    """The violations that axe-core finds in the page as it is now."""
    frame = tab.call("Page.getFrameTree")["frameTree"]["frame"]["id"]
    # In an isolated world, so that neither the page nor its Content Security Policy sees axe-core.
    world = tab.call("Page.createIsolatedWorld", frameId=frame)["executionContextId"]
    tab.call("Runtime.evaluate", expression=axe, contextId=world)
    response: dict[str, Any] = tab.call(
        "Runtime.evaluate",
        expression=_RUN,
        contextId=world,
        awaitPromise=True,
        returnByValue=True,
    )
    assert "exceptionDetails" not in response, response["exceptionDetails"]
    found: list[str] = response["result"]["value"]
    return found
