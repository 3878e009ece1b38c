"""Compares typed words with the names of commands: finds near misses and dangerous slips.

``chatd/web/static/command_names.js`` does the same in the web page.
"""

import re
from collections.abc import Collection
from typing import Final

from chatd.chat import limits, names
from chatd.chat.errors import BadCommand
from chatd.wire import recipients
from chatd.wire.arguments import split_word

#: The length to which a word is compared, and to which an error quotes a line.
QUOTED_CHARACTERS: Final = 80

#: These send private texts, so a slip in their names must not go unnoticed.
PRIVATE_COMMANDS: Final = frozenset({"/msg", "/message"})
#: Nor in these: a code, the word of a room, or the reason of a ban follows them.
SECRET_COMMANDS: Final = frozenset({"/host", "/key", "/kick", "/ban", "/mute"})

#: What keyboards and input methods give for ``/``, or for a key beside it.
_ALMOST_SLASH: Final = re.compile(
    r"[\\\uff3c\ufe68|\u00a6.,;:!?\u00bf_\-7&#\u3002\u3001\u30fb\uff65\u00f7\u00a5\uffe5\u20a9]{1,3}"
)
#: Of these, what other words begin with: ``#ban``, ``-host``.
_BEFORE_WORDS: Final = frozenset("#-_:")

#: The most characters that may be wrong in the name of a command for an error to suggest it.
_MAX_TYPING_ERRORS: Final = 2


def command_name(word: str) -> str:
    """`word` in the form in which commands are compared."""
    # A long word is no command, and casefold() cuts it before it does any work.
    name = names.casefold(recipients.without_invisibles(word[:QUOTED_CHARACTERS]))
    return f"/{name[1:]}" if name[:1] != "" and name[0] in recipients.SLASH else name


def check_no_slip(name: str, argument: str) -> None:
    """Refuse a line whose first word `name` is that of a private message but for its slash."""
    found = _ALMOST_SLASH.match(name)
    if found and f"/{name[found.end() :]}" in PRIVATE_COMMANDS:
        raise _slip(f"/{name[found.end() :]}")
    check_no_secret_slip(name, argument)


def check_no_secret_slip(name: str, argument: str) -> None:
    """Refuse a line whose first word `name` is a command with a secret but for its slash."""
    found = _ALMOST_SLASH.match(name)
    if not (found and argument and _BEFORE_WORDS.isdisjoint(found[0])):
        return
    if f"/{name[found.end() :]}" in SECRET_COMMANDS:
        raise _slip(f"/{name[found.end() :]}")


def _slip(meant: str) -> BadCommand:
    return BadCommand(f"Did you mean {meant}? Commands begin with /. Nothing was sent.")


def meant_for_few(line: str) -> str:
    """The private message or command that a pasted line would be by itself; empty if it is none."""
    word, argument = split_word(recipients.without_invisibles(line))
    if not argument:
        return ""
    is_mention = len(word) > 1 and word[0] in recipients.AT and word[1] not in recipients.AT
    name = command_name(word)
    if is_mention or name in PRIVATE_COMMANDS:
        return "a private message"
    return f"the command {name}" if name in SECRET_COMMANDS else ""


def unknown_command(word: str, argument: str, known: Collection[str]) -> str:
    """The sentence about a first word that is none of the names `known`."""
    nearest = meant_command(command_name(word), argument, known)
    suggestion = f"; did you mean {nearest}? /help" if nearest else "; /help"
    quoted = recipients.without_invisibles(word)[: limits.NICKNAME_CHARACTERS]
    return (
        f"There is no command {quoted}{suggestion} lists them, "
        "and //… sends a line that begins with /."
    )


def meant_command(name: str, argument: str, known: Collection[str]) -> str:
    """The command that was probably meant by `name`, which is none; empty if none is near."""
    # "/ msg ice hi": the space is too much.
    meant = command_name(f"/{split_word(argument)[0]}") if name == "/" else name
    return meant if meant in known else _nearest_command(meant, known)


def _nearest_command(name: str, known: Collection[str]) -> str:
    """The command that `name` is a beginning of, or differs least from; empty if none is near."""
    if not 1 < len(name) <= limits.NICKNAME_CHARACTERS:
        return ""
    errors = {
        each: 1 if each.startswith(name) else _typing_errors(name, each)
        for each in known
        if each.startswith("/")
    }
    nearest = min(errors, key=errors.__getitem__)
    # "/x" is as far from each of them as it is long.
    return nearest if errors[nearest] <= min(_MAX_TYPING_ERRORS, len(name) - 2) else ""


def _typing_errors(one: str, other: str) -> int:
    """The number of characters that are missing, too many, wrong or swapped with the next one."""
    rows = [list(range(len(other) + 1))]
    for i, left in enumerate(one, 1):
        row = [i]
        for j, right in enumerate(other, 1):
            cost = min(rows[-1][j] + 1, row[j - 1] + 1, rows[-1][j - 1] + (left != right))
            if i > 1 and j > 1 and (left, one[i - 2]) == (other[j - 2], right):
                cost = min(cost, rows[-2][j - 2] + 1)
            row.append(cost)
        rows.append(row)
    return rows[-1][-1]
