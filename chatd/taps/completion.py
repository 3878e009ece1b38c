"""``chatd completion``: scripts with which shells complete the commands and options of chatd.

They are made from the options' own tables, and hold all that they need: completing a word runs no
program and asks no network.
"""

import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from twisted.python import usage
from typing_extensions import override

from chatd.taps.option_table import Command, Option, Value, all_commands
from chatd.taps.options import OneLineOptions
from chatd.taps.program import write_stdout


class Options(OneLineOptions):
    """The options of ``chatd completion``.

    :ivar shell: a key of `ACTIONS`.
    """

    command = "chatd completion"
    synopsis = "[options] bash|zsh|fish"
    longdesc = (
        "Print a script that has the shell complete chatd's commands, options and known values. "
        "For bash: chatd completion bash > ~/.local/share/bash-completion/completions/chatd. For "
        'zsh: chatd completion zsh > "${fpath[1]}/_chatd". For fish: chatd completion fish > '
        "~/.config/fish/completions/chatd.fish."
    )

    @override
    def parseArgs(self, *words: str) -> None:
        if len(words) != 1 or words[0] not in ACTIONS:
            raise usage.UsageError(f"name one of: {', '.join(ACTIONS)}; see --help")
        self.shell = words[0]


def run(options: Options) -> int:
    """Print the script, and return the exit status."""
    lines = ACTIONS[options.shell](all_commands())
    write_stdout("\n".join([f"# Made by: chatd completion {options.shell}", *lines, ""]))
    return 0


# --- bash ---------------------------------------------------------------------------------------

_BASH_BEGIN: Final = """\
_chatd() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}
    local command= options= words= files= index
    COMPREPLY=()
    for ((index = 1; index < COMP_CWORD; index++)); do
        if [[ ${COMP_WORDS[index]} != -* ]]; then
            command=${COMP_WORDS[index]}
            break
        fi
    done
    # bash takes the = of --option=value for a word of its own.
    if [[ $current == = ]]; then
        current=
    elif [[ $previous == = ]]; then
        previous=${COMP_WORDS[COMP_CWORD-2]}
    fi
    case $command in"""

_BASH_END: Final = """\
    esac
    if [[ $current == -* ]]; then
        words=$options files=
    fi
    if [[ $words ]]; then
        COMPREPLY=($(compgen -W "$words" -- "$current"))
    fi
    if [[ $files ]]; then
        compopt -o filenames 2>/dev/null
        local IFS=$'\\n'
        COMPREPLY+=($(compgen "$files" -- "$current"))
    fi
}
complete -F _chatd chatd"""


def _bash(commands: Sequence[Command]) -> Iterator[str]:
    yield _BASH_BEGIN
    names = _joined(command.name for command in commands)
    yield f'        "") options="-h --help --version" words="{names}" ;;'
    for command in commands:
        yield f"        {command.name})"
        names = _joined(name for option in command.options for name in _dashed(option))
        yield f'            options="{names}"'
        yield "            case $previous in"
        before: dict[Value, list[str]] = {}
        for option in command.options:
            if option.value is not None:
                before.setdefault(option.value, []).extend(_dashed(option))
        for value, options in before.items():
            yield f"                {'|'.join(options)}) {_bash_value(value)};;"
        yield f"                *) {_bash_value(command.argument)};;"
        yield "            esac"
        yield "            ;;"
    yield _BASH_END


def _bash_value(value: Value) -> str:
    files = "-d" if value.is_folder else "-f" if value.is_file else ""
    return f'words="{_joined(value.words)}" files={files} '


# --- zsh ----------------------------------------------------------------------------------------


def _zsh(commands: Sequence[Command]) -> Iterator[str]:
    yield "#compdef chatd"
    yield "_chatd() {"
    yield "    local -a commands"
    yield "    commands=("
    for command in commands:
        yield f"        {shlex.quote(f'{command.name}:{command.help}')}"
    yield "    )"
    yield "    if (( CURRENT == 2 )); then"
    yield "        _describe command commands"
    yield "        return"
    yield "    fi"
    yield "    shift words"
    yield "    (( CURRENT-- ))"
    yield "    case $words[1] in"
    for command in commands:
        yield f"        {command.name})"
        specs = [_zsh_option(each, name) for each in command.options for name in _dashed(each)]
        if command.argument != Value():
            # Where nothing is known, zsh would say so instead of completing an option.
            specs.append(f"*:argument:{_zsh_value(command.argument)}")
        yield "            _arguments \\"
        yield from (f"                {shlex.quote(spec)} \\" for spec in specs[:-1])
        yield f"                {shlex.quote(specs[-1])}"
        yield "            ;;"
    yield "    esac"
    yield "}"
    yield "if [[ $funcstack[1] == _chatd ]]; then"
    yield '    _chatd "$@"'
    yield "else"
    yield "    compdef _chatd chatd"
    yield "fi"


def _zsh_option(option: Option, name: str) -> str:
    escaped = "".join(f"\\{each}" if each in "[]:\\" else each for each in option.description)
    if option.value is None:
        return f"*{name}[{escaped}]"
    equals = "=" if name.startswith("--") else ""
    return f"*{name}{equals}[{escaped}]:{option.long}:{_zsh_value(option.value)}"


def _zsh_value(value: Value) -> str:
    if value.is_folder:
        return "_files -/"
    if value.words and value.is_file:
        return f"{{compadd {_joined(value.words)}; _files}}"
    if value.is_file:
        return "_files"
    return f"({_joined(value.words)})" if value.words else " "


# --- fish ---------------------------------------------------------------------------------------


def _fish(commands: Sequence[Command]) -> Iterator[str]:
    names = _joined(command.name for command in commands)
    yield "complete -c chatd -f"
    first = f"-n 'not __fish_seen_subcommand_from {names}'"
    for command in commands:
        yield f"complete -c chatd {first} -a {command.name} -d {_fish_quoted(command.help)}"
    for command in commands:
        here = f"complete -c chatd -n '__fish_seen_subcommand_from {command.name}'"
        for option in command.options:
            short = f" -s {option.short}" if option.short else ""
            description = _fish_quoted(option.description)
            yield f"{here} -l {option.long}{short}{_fish_value(option.value)} -d {description}"
        argument = _fish_value(command.argument).removeprefix(" -x").removeprefix(" -r")
        if argument:
            yield f"{here}{argument}"


def _fish_value(value: Value | None) -> str:
    if value is None:
        return ""
    words = f" -a {_fish_quoted(_joined(value.words))}" if value.words else ""
    if value.is_folder:
        return " -x -a '(__fish_complete_directories)'"
    return f" -r -F{words}" if value.is_file else f" -x{words}"


def _fish_quoted(text: str) -> str:
    """`text` in single quotes, in which fish knows two escapes."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _dashed(option: Option) -> list[str]:
    return [*([f"-{option.short}"] if option.short else []), f"--{option.long}"]


def _joined(words: Iterable[str]) -> str:
    return " ".join(words)


#: Each shell, and what makes the lines of its script.
ACTIONS: Final[dict[str, Callable[[Sequence[Command]], Iterator[str]]]] = {
    "bash": _bash,
    "zsh": _zsh,
    "fish": _fish,
}
