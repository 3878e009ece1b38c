"""Typed lines that have a secret in them: a host code, or the word of a room. Pure.

Such a line is neither shown again nor stored, in the input history or elsewhere.
"""

from typing import Final

from chatd.chat import commands, order_commands
from chatd.wire.arguments import split_word
from chatd.wire.command_names import command_name
from chatd.wire.recipients import skip_blanks
from chatd.wire.user_inputs import UserInput

#: The commands of which every argument may be a secret.
_SECRET_COMMANDS: Final = frozenset({"/host", "/key"})


def without_secret(line: str, user_input: UserInput | None) -> str:
    """`line` as it may be shown: ``/host …`` for ``/host k7xp-m2qa``.

    :param user_input: what the line was parsed to; None if it is not valid.
    """
    match user_input:
        case order_commands.GiveHostCode():
            return "/host …"
        case commands.JoinRoom(room, key) if key:
            return f"/join {room} …"
        case order_commands.ChangeRoom(room, key=str(key)) if key:
            return f"/key {room} …"
        case None:
            return _invalid_without_secret(line)
        case _:
            return line


def _invalid_without_secret(line: str) -> str:
    """The same for a line that is not valid, such as ``/join #exam two words``."""
    word, argument = split_word(line[skip_blanks(line) :])
    name = command_name(word)
    room, words = split_word(argument)
    if name == "/join" and words:
        return f"/join {room} …"
    return f"{name} …" if name in _SECRET_COMMANDS else line


def has_secret(line: str, user_input: UserInput | None) -> bool:
    """Whether `line` must not be stored."""
    return without_secret(line, user_input) != line
