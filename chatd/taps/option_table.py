"""The options of the commands as data: for completion in shells, and for the manual pages."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any, Final

from twisted.python import usage

from chatd.taps.commands import COMMANDS

#: The values of these options are files, or folders.
_FILE_OPTIONS: Final = frozenset({"log-file", "output", "store", "tls-cert", "tls-key"})
_FOLDER_OPTIONS: Final = frozenset({"dist"})

#: The commands whose last argument is a file, or a folder.
_FILE_COMMANDS: Final = frozenset({"account", "export", "import"})
_FOLDER_COMMANDS: Final = frozenset({"bundle"})


@dataclass(frozen=True, slots=True)
class Value:
    """What may follow an option, or a command.

    :ivar words: all that is possible, or at least some of it; none if that is not known.
    """

    words: tuple[str, ...] = ()
    is_file: bool = False
    is_folder: bool = False


@dataclass(frozen=True, slots=True)
class Option:
    """An option of a command.

    :ivar long: its name, without dashes.
    :ivar short: its other name, of one character; empty for none.
    :ivar value: what follows it; None for a flag.
    :ivar default: the value without the option, as text; empty if the description has it.
    """

    long: str
    short: str
    description: str
    value: Value | None
    default: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    """A command of ``chatd``.

    :ivar synopsis: what may follow its name.
    :ivar argument: what follows the options.
    """

    name: str
    help: str
    synopsis: str
    description: str
    options: tuple[Option, ...]
    argument: Value


def all_commands() -> tuple[Command, ...]:
    """All commands, in the order of the help."""
    return tuple(_command(name, import_module(module), text) for name, module, text in COMMANDS)


def _command(name: str, module: Any, text: str) -> Command:
    options = module.Options()
    return Command(
        name,
        text,
        options.synopsis,
        options.longdesc,
        tuple(sorted((_option(options, each) for each in options.longOpt), key=_long)),
        Value(
            tuple(getattr(module, "ACTIONS", ())), name in _FILE_COMMANDS, name in _FOLDER_COMMANDS
        ),
    )


def _long(option: Option) -> str:
    return option.long


def _option(options: usage.Options, name: str) -> Option:
    long = name.removesuffix("=")
    shorts = [key for key, value in options.synonyms.items() if value == long and len(key) == 1]
    default = options.defaults.get(long)
    is_default_shown = name.endswith("=") and default is not None
    return Option(
        long,
        shorts[0] if shorts else "",
        " ".join(str(options.docs[long] or "").split()),
        _value(options, long) if name.endswith("=") else None,
        str(default) if is_default_shown else "",
    )


def _value(options: usage.Options, long: str) -> Value:
    words = known_values(getattr(options._dispatch[long], "coerce", None))  # noqa: SLF001  # it has no other name
    words = words or tuple(getattr(options, f"{long}_values", ()))
    return Value(words, long in _FILE_OPTIONS, long in _FOLDER_OPTIONS)


def known_values(coerce: Callable[[str], Any] | None) -> tuple[str, ...]:
    """The words that `coerce` takes, if it was made by ``chatd.taps.options.choice``."""
    while isinstance(coerce, partial):
        last = coerce.args[-1]
        if isinstance(last, tuple):
            return last
        coerce = last
    return ()
