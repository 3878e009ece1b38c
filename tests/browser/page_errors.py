"""Errors of a page, among the DevTools events of its tab."""

from collections.abc import Callable, Mapping
from typing import Any, Final


def describe_error(method: str, params: Mapping[str, Any]) -> str:
    """The error that a DevTools event reports; empty for other events.

    Errors are: uncaught exceptions, errors and warnings in the console or the browser's log (those
    of the Content Security Policy among them), and dialogs.
    """
    describe = _DESCRIBE.get(method)
    return describe(params) if describe else ""


def _describe_console_call(params: Mapping[str, Any]) -> str:
    args = [part.get("value", part.get("description")) for part in params["args"]]
    return f"console.{params['type']}: {args}" if params["type"] in ("error", "warning") else ""


def _describe_log_entry(params: Mapping[str, Any]) -> str:
    entry = params["entry"]
    text = f"{entry['source']}: {entry['text']} {entry.get('url', '')}"
    return text if entry["level"] in ("error", "warning") else ""


_DESCRIBE: Final[dict[str, Callable[[Mapping[str, Any]], str]]] = {
    "Runtime.exceptionThrown": lambda params: f"exception: {params['exceptionDetails']}",
    "Runtime.consoleAPICalled": _describe_console_call,
    "Log.entryAdded": _describe_log_entry,
    "Page.javascriptDialogOpening": lambda params: f"dialog: {params['message']}",
}
