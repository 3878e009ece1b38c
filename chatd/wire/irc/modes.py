"""The modes of channels: the parameters of MODE, and their text. Pure.

Source: https://modern.ircdocs.horse/#mode-message. What a mode means here:

====  ===========================================================================================
mode  meaning
====  ===========================================================================================
b     a nickname is banned from the room
i     the room is closed: nobody else may join it
k     joining the room needs a word
m     the room is read-only: hosts and its operators write there
n     only members write to the room; this is always so
o     a host, or an operator of the room
s     the room is private: only its members know of it; on with the first key, for the room's life
t     only hosts and operators of the room set its topic
====  ===========================================================================================
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from chatd.chat.moderation_events import RoomSettings

#: The value of CHANMODES in 005: lists, those with a parameter, those with one when they are set,
#: those without.
CHANMODES: Final = "b,k,,imnst"
#: The value of PREFIX in 005: the modes of a member, and what stands before its nickname.
PREFIX: Final = "(o)@"
OPERATOR_PREFIX: Final = "@"
#: All modes, for RPL_MYINFO.
LETTERS: Final = "bikmnost"
#: Those with a parameter.
LETTERS_WITH_PARAM: Final = "bko"

#: Without a parameter, ``b`` asks for the list; ``-k`` needs none.
_PARAM_OPTIONAL: Final = frozenset({"+b", "-b", "-k"})


@dataclass(frozen=True, slots=True)
class ModeChange:
    """One mode that is set or unset.

    :ivar param: None if it has none, as a ``b`` that asks for the list of bans.
    """

    is_set: bool
    letter: str
    param: str | None = None

    @property
    def is_list(self) -> bool:
        """Whether it asks for the list of bans."""
        return self.letter == "b" and self.param is None


def parse_changes(params: Iterable[str], max_changes: int) -> list[ModeChange]:
    """The changes that the parameters of MODE ask for, behind the name of the channel.

    One that lacks its parameter is left out, as Modern asks for. More than `max_changes` are too.
    """
    letters, *rest = params
    given = iter(rest)
    changes = []
    is_set = True
    for letter in letters:
        if letter in "+-":
            is_set = letter == "+"
            continue
        param = next(given, None) if letter in LETTERS_WITH_PARAM else None
        sign = "+" if is_set else "-"
        if letter in LETTERS_WITH_PARAM and param is None and sign + letter not in _PARAM_OPTIONAL:
            continue
        changes.append(ModeChange(is_set, letter, param))
        if len(changes) == max_changes:
            break
    return changes


def format_changes(changes: Iterable[ModeChange]) -> tuple[str, ...]:
    """The parameters of MODE that tell of `changes`: ``+o-b``, ``ice``, ``moon!*@*``."""
    letters, params, sign = "", [], ""
    for change in changes:
        new_sign = "+" if change.is_set else "-"
        letters += change.letter if new_sign == sign else new_sign + change.letter
        sign = new_sign
        if change.param is not None:
            params.append(change.param)
    return (letters, *params)


def room_modes(settings: RoomSettings) -> str:
    """The modes of a room, as RPL_CHANNELMODEIS has them. The word itself is not shown."""
    flags = {
        "n": True,
        "t": settings.topic_locked,
        "m": settings.read_only,
        "i": settings.closed,
        "s": settings.private,
        "k": settings.keyed,
    }
    return "+" + "".join(letter for letter, is_set in flags.items() if is_set)
