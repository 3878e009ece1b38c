"""The manual pages, made from the options' own tables; ``generate.py`` writes them to docs/man."""

from collections.abc import Iterator, Sequence

import chatd
from chatd.cli import Options as MainOptions
from chatd.taps.option_table import Command, Option, all_commands


def pages() -> dict[str, str]:
    """The name of each page's file, and its text."""
    commands = all_commands()
    names = [f"chatd-{command.name}" for command in commands]
    made = {"chatd.1": _main_page(commands, names)}
    for name, command in zip(names, commands, strict=True):
        others = ["chatd", *(each for each in names if each != name)]
        made[f"{name}.1"] = _command_page(name, command, others)
    return made


def _main_page(commands: Sequence[Command], names: Sequence[str]) -> str:
    lines = [
        *_begin("chatd", "chat for people who share a network and nothing else"),
        ".SH SYNOPSIS",
        r"\fBchatd\fR \fICOMMAND\fR [\fIoptions\fR]",
        ".SH DESCRIPTION",
        _text(MainOptions.longdesc),
        ".SH COMMANDS",
    ]
    for command in commands:
        lines += [".TP", rf"\fB{_text(command.name)}\fR", _text(command.help)]
    return _page([*lines, *_see_also(names)])


def _command_page(name: str, command: Command, others: Sequence[str]) -> str:
    lines = [
        *_begin(name, command.help),
        ".SH SYNOPSIS",
        rf"\fBchatd {_text(command.name)}\fR {_text(command.synopsis)}",
        ".SH DESCRIPTION",
        _text(command.description),
        ".SH OPTIONS",
    ]
    for option in command.options:
        lines += _option(option)
    return _page([*lines, *_see_also(others)])


def _option(option: Option) -> list[str]:
    value = "" if option.value is None else r"=\fIVALUE\fR"
    short = rf"\fB\-{option.short}\fR, " if option.short else ""
    default = f" [default: {option.default}]" if option.default else ""
    return [
        ".TP",
        rf"{short}\fB\-\-{_text(option.long)}\fR{value}",
        _text(option.description + default),
    ]


def _begin(name: str, help_text: str) -> Iterator[str]:
    # Without a date: the page is the same whenever it is made.
    yield f'.TH {_text(name.upper())} 1 "" "chatd {chatd.__version__}" "chatd"'
    # Neither hyphens nor spread lines: names and commands can be copied.
    yield ".nh"
    yield ".ad l"
    yield ".SH NAME"
    yield rf"{_text(name)} \- {_text(help_text)}"


def _see_also(names: Sequence[str]) -> list[str]:
    # A control line for each: roff would break a long one within a name.
    cited = [f".BR {_text(name)} (1)" for name in names]
    return [".SH SEE ALSO", *(f"{line} ," for line in cited[:-1]), cited[-1]]


def _text(text: str) -> str:
    """`text` for roff: no escape, no control line, and dashes that can be copied."""
    escaped = text.replace("\\", r"\e").replace("-", r"\-").replace("~", r"\(ti")
    escaped = escaped.replace("^", r"\(ha").replace("`", r"\(ga").replace("'", r"\(aq")
    ascii_only = "".join(each if each.isascii() else rf"\[u{ord(each):04X}]" for each in escaped)
    return rf"\&{ascii_only}" if ascii_only.startswith(".") else ascii_only


def _page(lines: Sequence[str]) -> str:
    return "\n".join([*lines, ""])
