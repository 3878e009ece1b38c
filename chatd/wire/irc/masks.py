"""Sources of lines, such as ``ice!~user@chatd``, and masks with ``*`` and ``?``. Pure.

Source: https://modern.ircdocs.horse/#client-to-server-protocol-structure (``nick!user@host``) and
"Wildcard Expressions" there. No dialect shows the address of a member; so the host of every source
is the same word, and a mask can only tell members apart by their nicknames.
"""

import re
from typing import Final

from chatd.chat import irc_limits
from chatd.chat.names import casefold

#: The host of every source.
HOST: Final = "chatd"
#: The user name of somebody who has given none that can be shown.
NO_USER: Final = "user"

_NOT_USER: Final = re.compile(r"[^A-Za-z0-9._-]")


def user_name(text: str) -> str:
    """The user name that a client has given, as it can be shown. It proves nothing (``~``)."""
    return _NOT_USER.sub("", text)[: irc_limits.IRC_USER_CHARACTERS] or NO_USER


def source(nickname: str, user: str = NO_USER) -> str:
    """The source of what a member says or does: ``ice!~user@chatd``."""
    return f"{nickname}!~{user}@{HOST}"


def ban_mask(nickname: str) -> str:
    """The mask that stands for a banned nickname."""
    return f"{nickname}!*@*"


def banned_nickname(mask: str) -> str | None:
    """The nickname that `mask` stands for; None if it stands for no single one.

    A mask without ``!`` and ``@`` is a nickname, as clients complete it: Modern, "Ban Channel
    Mode". Everybody has the same host, so its part says nothing: it may be that or ``*``.
    """
    nickname, _, rest = mask.partition("!")
    user, _, host = rest.partition("@")
    is_single = bool(nickname) and not re.search(r"[*?@]", nickname)
    is_anybody = matches(host or "*", HOST) and user.lstrip("~") in ("", "*")
    return nickname if is_single and is_anybody else None


def matches(mask: str, text: str) -> bool:
    """Whether `text` is of the form of `mask`: ``*`` stands for any characters, ``?`` for one.

    The case does not count, and of a text that is too long to be a name only the beginning does.
    The time is at most that of the two lengths multiplied.
    """
    mask, text = casefold(mask), casefold(text)
    position = at = 0
    star, resumed = -1, 0
    while position < len(text):
        if at < len(mask) and mask[at] == "*":
            star, resumed = at, position
            at += 1
        elif at < len(mask) and mask[at] in ("?", text[position]):
            at += 1
            position += 1
        elif star >= 0:
            # The last star stands for one character more.
            resumed += 1
            at, position = star + 1, resumed
        else:
            return False
    return not mask[at:].strip("*")
