"""What a page should not have done, out of all that the browser tells of it."""

from collections.abc import Callable, Mapping
from typing import Any, Final


def fault_of(method: str, params: Mapping[str, Any]) -> str:
    """What is wrong with what the browser tells; nothing, for most of it.

    Errors and warnings are, those of the Content Security Policy among them, and dialogs.
    """
    note = _FAULTS.get(method)
    return note(params) if note else ""


def _of_console(params: Mapping[str, Any]) -> str:
    said = [part.get("value", part.get("description")) for part in params["args"]]
    return f"console.{params['type']}: {said}" if params["type"] in ("error", "warning") else ""


def _of_log(params: Mapping[str, Any]) -> str:
    entry = params["entry"]
    said = f"{entry['source']}: {entry['text']} {entry.get('url', '')}"
    return said if entry["level"] in ("error", "warning") else ""


#: What the browser tells of that a page should not do, and how to say it.
_FAULTS: Final[dict[str, Callable[[Mapping[str, Any]], str]]] = {
    "Runtime.exceptionThrown": lambda params: f"exception: {params['exceptionDetails']}",
    "Runtime.consoleAPICalled": _of_console,
    "Log.entryAdded": _of_log,
    "Page.javascriptDialogOpening": lambda params: f"dialog: {params['message']}",
}
