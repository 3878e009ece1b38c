"""The conditions of LIST: which channels are listed. Pure.

Source: https://modern.ircdocs.horse/#elist-parameter.
"""

import re
from collections.abc import Iterable
from typing import Final

from chatd.chat import irc_limits
from chatd.chat.events import RoomEntry
from chatd.chat.names import casefold
from chatd.wire.irc.masks import matches
from chatd.wire.irc.targets import split_list

_COUNT: Final = re.compile(r"[<>][0-9]{1,9}\Z")
_FORM: Final = re.compile(r"!|.*[*?]")


def picked(rooms: Iterable[RoomEntry], param: str) -> list[RoomEntry]:
    """Those of `rooms` that the conditions in `param` pick; all, if there are none.

    ``>3`` and ``<3`` are members, ``!x*`` is not of that form; any other one is a name or a form,
    and it is enough to be one of those. Of the forms the first ones count, as each is compared with
    each room.
    """
    conditions = split_list(param)
    counts = [each for each in conditions if _COUNT.match(each)]
    others = [each for each in conditions if not _COUNT.match(each)]
    forms = [each for each in others if _FORM.match(each)][: irc_limits.LIST_FORMS]
    names = {casefold(each) for each in others if not _FORM.match(each)}
    excluded = [each[1:] for each in forms if each.startswith("!")]
    wanted = [each for each in forms if not each.startswith("!")]

    def is_picked(room: RoomEntry) -> bool:
        return (
            all(_has_count(room.members, each) for each in counts)
            and (not (names or wanted) or _is_one(room.room, names, wanted))
            and not any(matches(each, room.room) for each in excluded)
        )

    return [each for each in rooms if is_picked(each)]


def _has_count(members: int, condition: str) -> bool:
    limit = int(condition[1:])
    return members > limit if condition[0] == ">" else members < limit


def _is_one(room: str, names: set[str], forms: list[str]) -> bool:
    return casefold(room) in names or any(matches(each, room) for each in forms)
