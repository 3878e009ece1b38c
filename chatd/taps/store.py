"""Where a server keeps its chat: the options, and the file."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from twisted.logger import Logger

from chatd.log.engine import Store, StoreFailed, StoreInUse
from chatd.state_directory import state_directory
from chatd.store.engine import SQLiteEngine
from chatd.store.lock import check_unused
from chatd.store.retention import Keep, parse_keep
from chatd.taps.options import OneLineOptions, choice, parameter

_log: Final = Logger()

#: The value of ``--store`` with which nothing is kept.
NONE: Final = "none"


def store_parameters(default: str | None, default_text: str) -> list[Any]:
    """The options that say where a chat is kept.

    :param default: the value of ``--store``; None for a file in the state directory.
    """
    return [
        parameter(
            "store",
            default,
            "the file in which the chat is kept, so that a restart loses nothing; or none. "
            f"[default: {default_text}]",
            str,
        ),
        parameter(
            "store-sync",
            "normal",
            "what was confirmed survives: normal, the end of the server, however it ends; full, a "
            "power failure, too, at the price of slower replies",
            choice(("normal", "full")),
        ),
        parameter(
            "keep",
            Keep(),
            "how long messages are kept: an age, a number, and a size of the file, such as "
            "30d,100000,1G; or all. [default: 30d,1G]",
            parse_keep,
        ),
    ]


def open_store(
    options: Mapping[str, Any], server_id: str, environment: Mapping[str, str], reactor: Any
) -> Store | None:
    """The store that `options` ask for; None for none.

    The file is opened, and locked, when the server starts.
    """
    if options["store"] == NONE:
        return None
    if options["store"] is not None:
        path = Path(options["store"])
    else:
        try:
            path = default_path(server_id, environment)
        except (OSError, RuntimeError) as error:
            _log.warn("nothing is kept of this chat: {error}", error=str(error))
            return None
    engine = SQLiteEngine(path, reactor, sync=options["store-sync"], keep=options["keep"])
    return Store(engine, engine.archive, str(path))


def default_path(server_id: str, environment: Mapping[str, str]) -> Path:
    """The file of the chat with that id, in a directory that exists.

    systemd names the directory of a service in ``STATE_DIRECTORY`` (systemd.exec(5)).

    :raises OSError: if the directory cannot be made.
    :raises RuntimeError: if the user has no home directory.
    """
    path = chat_path(server_id, environment)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def named_path(value: str, environment: Mapping[str, str]) -> Path:
    """The file that `value` names: a path, or else the id of a chat in the default file.

    A name with a slash, or of a file that is there, is a path.

    :raises RuntimeError: if it is an id, and the user has no home directory.
    """
    path = Path(value)
    return path if "/" in value or path.is_file() else chat_path(value, environment)


def existing_path(value: str, environment: Mapping[str, str]) -> Path:
    """Like :func:`named_path`, for a file that has to be there.

    :raises StoreFailed: if there is none.
    """
    path = named_path(value, environment)
    if path.exists():
        return path
    if "/" in value:
        raise StoreFailed(f"There is no file {path}.")
    raise StoreFailed(f"There is no file {value}, and none of a chat of that id: {path}.")


def chat_path(server_id: str, environment: Mapping[str, str]) -> Path:
    """The file of the chat with that id, in a directory that may not exist.

    :raises RuntimeError: if the user has no home directory.
    """
    given = environment.get("STATE_DIRECTORY", "").partition(":")[0]
    directory = Path(given) if given else state_directory(environment)
    return directory / f"{quote(server_id, safe='')}.sqlite"


def check_named_store(options: Mapping[str, Any]) -> None:
    """Check that no other server has the file that was named, before this one can be found.

    :raises StoreInUse: if another one has it.
    """
    if options["store"] not in (None, NONE):
        check_unused(Path(options["store"]))


def describe_used_store(error: Exception, command: str) -> str:
    """One line for the user: the option, and that the file belongs to another server."""
    return f"{command}: --store: {error}"


def report_problem(
    problem: Exception | None, options: OneLineOptions, abort: Callable[[str], None]
) -> None:
    """Say that nothing is kept, or `abort` if the file that was named belongs to another server."""
    if options["store"] is not None and isinstance(problem, StoreInUse):
        abort(describe_used_store(problem, options.typed_command))
    elif problem is not None:
        _log.error("nothing is kept of this chat: {error}", error=str(problem))
