"""The host code is shown to the user of this machine: on the terminal, or else in a file."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from twisted.application.service import Service
from twisted.logger import Logger
from typing_extensions import override

from chatd.taps.replaced_file import replaced_file
from chatd.taps.store import NONE, chat_path

_SUFFIX: Final = ".host-code"


def is_on_terminal(stream: Any) -> bool:
    """Whether what is written to `stream` is seen on a terminal, and nowhere else."""
    return stream is not None and stream.isatty()


def describe_host_code(code: str) -> str:
    """The sentence about the code for the user of a terminal."""
    return f"Whoever types /host {code} becomes a host, and can keep order here."


class HostCodeFile(Service):
    """The file with the host code, for this user only. It is there while the server runs."""

    log = Logger()

    def __init__(self, path: Path, code: str) -> None:
        self._path = path
        self._code = code
        self._is_written = False

    @override
    def startService(self) -> None:
        super().startService()
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._path.unlink(missing_ok=True)  # another one may have a mode of its own
            with replaced_file(self._path) as file:
                file.write(f"{self._code}\n")
        except OSError as error:
            self.log.warn(
                "nobody can become a host by a code, as it cannot be written: {error}",
                error=str(error),
            )
        else:
            self._is_written = True
            self.log.info("The host code is in {path}", path=str(self._path))

    @override
    def stopService(self) -> None:
        super().stopService()
        if self._is_written:
            self._path.unlink(missing_ok=True)


def host_code_path(
    options: Mapping[str, Any], store_id: str, environment: Mapping[str, str]
) -> Path | None:
    """The file beside that of the store, or in the state directory if nothing is kept.

    :param store_id: in the name of the default file.
    :return: None if the user has no home directory.
    """
    if options["store"] not in (None, NONE):
        store = Path(os.path.abspath(options["store"]))  # noqa: PTH100  # no link is followed
        return store.with_name(store.name + _SUFFIX)
    try:
        return chat_path(store_id, environment).with_name(quote(store_id, safe="") + _SUFFIX)
    except RuntimeError:
        return None
