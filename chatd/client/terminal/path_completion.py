"""Completion of the path that is typed behind ``/send`` or ``/get N``."""

import os
import re
from contextlib import suppress
from itertools import islice
from typing import Final

from chatd.chat import limits
from chatd.client.files.local_files import typed_path
from chatd.wire.rendering import escape

#: The command before a path, and the quotation mark that it may begin with.
_COMMAND: Final = re.compile(
    r"\s*[/\uff0f](?:send|get\s+(?:#\S+\s+)?[0-9]+)\s+(?P<quote>[\"']?)", re.IGNORECASE
)
#: Behind a path: to whom it goes.
_RECIPIENT: Final = re.compile(r"\S\s+[@#][^/]*\Z")


def path_completions(before: str) -> tuple[str, list[str]] | None:
    """The end of the path in `before`, and what it may become; None if there is no path.

    Folders get a slash, so that their files can be completed next.
    """
    found = _COMMAND.match(before)
    if found is None:
        return None
    path = before[found.end() :]
    has_ended = found["quote"] in path if found["quote"] else _RECIPIENT.search(path)
    if has_ended:
        return None
    folder, slash, beginning = path.rpartition("/")
    return beginning, _names(f"{folder}{slash}", beginning)


def _names(folder: str, beginning: str) -> list[str]:
    """The files and folders in `folder` that begin so; hidden ones only after a dot."""
    names: list[str] = []
    with suppress(OSError, ValueError), os.scandir(typed_path(folder)) as entries:
        for entry in islice(entries, limits.COMPLETED_FILES):
            name = entry.name
            is_hidden = name.startswith(".") and not beginning.startswith(".")
            if name.startswith(beginning) and not is_hidden and escape(name) == name:
                names.append(f"{name}/" if entry.is_dir() else name)
    return sorted(names)
