"""The modes of channels: the parameters of MODE, and their text. Pure.

Source: https://modern.ircdocs.horse/#mode-message. What a mode means here:

====  ===========================================================================================
mode  meaning
====  ===========================================================================================
b     a nickname is banned from the room
i     the room is closed: nobody else may join it
k     joining the room needs a word
m     the room is read-only: hosts and its operators write there
l     with so many members, nobody else may join the room
n     only members write to the room
o     a host, or an operator of the room
s     the room is private: only its members know of it, for the room's life; a key makes it so
t     only hosts and operators of the room set its topic
v     a member that writes also while the room is read-only
====  ===========================================================================================
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from chatd.chat.events import User, UserInfo
from chatd.chat.moderation_events import Moderation, RoomSettings
from chatd.wire.irc.masks import ban_mask

#: The value of CHANMODES in 005: lists, those with a parameter, those with one when they are set,
#: those without.
CHANMODES: Final = "b,k,l,imnst"
#: The value of PREFIX in 005: the modes of a member, and what stands before its nickname.
PREFIX: Final = "(ov)@+"
#: All modes, for RPL_MYINFO.
LETTERS: Final = "biklmnostv"
#: Those with a parameter.
LETTERS_WITH_PARAM: Final = "bklov"
#: The mode of a user that is a program: https://ircv3.net/specs/extensions/bot-mode.
BOT: Final = "B"
#: The modes of a user, for RPL_MYINFO.
USER_LETTERS: Final = "Bio"
#: Stands for the word of a room, which is shown to nobody.
HIDDEN_KEY: Final = "*"

#: Without a parameter, ``b`` asks for the list; ``-k`` needs none.
_PARAM_OPTIONAL: Final = frozenset({"+b", "-b", "-k"})
#: The letters of those settings of a room that have one, by what is told of their change.
_OF_SETTINGS: Final = {
    "closed": "i",
    "key": "k",
    "limit": "l",
    "private": "s",
    "read-only": "m",
    "topic-lock": "t",
}
#: Those of members, by what is told of their change.
_OF_ROLES: Final = {
    "operator": (True, "o"),
    "unoperator": (False, "o"),
    "voice": (True, "v"),
    "unvoice": (False, "v"),
}


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
        sign = "+" if is_set else "-"
        has_param = letter in LETTERS_WITH_PARAM and sign + letter != "-l"
        param = next(given, None) if has_param else None
        if has_param and param is None and sign + letter not in _PARAM_OPTIONAL:
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


def room_modes(settings: RoomSettings) -> tuple[str, ...]:
    """The modes of a room and their parameters, as RPL_CHANNELMODEIS has them."""
    params = {
        "n": "",
        "t": "" if settings.topic_locked else None,
        "m": "" if settings.read_only else None,
        "i": "" if settings.closed else None,
        "s": "" if settings.private else None,
        "k": HIDDEN_KEY if settings.keyed else None,
        "l": str(settings.limit) if settings.limit else None,
    }
    letters = "".join(letter for letter, param in params.items() if param is not None)
    return (f"+{letters}", *filter(None, params.values()))


def prefixes(user: User | UserInfo, room: str) -> str:
    """All marks of a member in `room`, the highest first; may be empty."""
    is_operator = user.host or room in user.operator
    return "@" * is_operator + "+" * (room in user.voice)


def change_of(event: Moderation) -> ModeChange | None:
    """The change of a mode that a host or an operator made in a room; None if it was another."""
    if event.what in ("ban", "unban"):
        return ModeChange(event.what == "ban", "b", ban_mask(event.nickname))
    if event.what in _OF_ROLES:
        is_set, letter_of_role = _OF_ROLES[event.what]
        return ModeChange(is_set, letter_of_role, event.nickname)
    letter = _OF_SETTINGS.get(event.what)
    if letter is None:
        return None
    is_set = bool(event.value)
    params = {"k": HIDDEN_KEY, "l": str(event.value) if is_set else None}
    return ModeChange(is_set, letter, params.get(letter))


def is_setting(event: Moderation) -> bool:
    """Whether it is about a setting that has a mode."""
    return event.what in _OF_SETTINGS
