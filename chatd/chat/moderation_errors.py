"""The refusals about hosts and operators, and about what they have decided.

They are a part of the tree in ``errors``.
"""

from chatd.chat import limits
from chatd.chat.durations import because, duration, lasting
from chatd.chat.errors import Refusal


class ModerationRefusal(Refusal):
    """A refusal that concerns what hosts and operators do, and what they have decided."""


class NotHost(ModerationRefusal):
    """Only a host may do this, or an operator of the room.

    :param room: None for the whole chat.
    """

    code = "not-host"

    def __init__(self, room: str | None = None) -> None:
        who = "a host" if room is None else f"a host or an operator of {room}"
        super().__init__(f"Only {who} may do this; /host CODE makes you a host.")


class NotAllowedHere(ModerationRefusal):
    """What cannot be done to this member, or in this room."""

    code = "not-allowed-here"


class UserNotInRoom(NotAllowedHere):
    """The member is not in the room in which something is done to it.

    :param hint: a sentence that says what can be done instead.
    """

    def __init__(self, nickname: str, room: str, hint: str = "") -> None:
        self.nickname, self.room = nickname, room
        super().__init__(f"{nickname} is not in {room}{hint or '.'}")


class WrongHostCode(ModerationRefusal):
    """Not the host code of this start."""

    code = "wrong-code"

    def __init__(self) -> None:
        super().__init__("That is not the host code; the server shows it when it starts.")


class Muted(ModerationRefusal):
    """A host or an operator has muted the member.

    :param room: None for the whole chat.
    :param milliseconds: how long this still lasts; 0 if it has to be lifted.
    """

    code = "muted"

    def __init__(self, room: str | None = None, milliseconds: int = 0, reason: str = "") -> None:
        place = "" if room is None else f" in {room}"
        super().__init__(f"You are muted{place}{lasting(milliseconds)}{because(reason)}.")


class ReadOnly(ModerationRefusal):
    """Only hosts and operators may write in the room."""

    code = "read-only"

    def __init__(self, room: str) -> None:
        super().__init__(f"{room} is read-only: hosts and its operators write there.")


class Slow(ModerationRefusal):
    """The room is slow, and the member's last message there was not long ago.

    :param milliseconds: the time until the member may send the next one.
    """

    code = "slow"

    def __init__(self, room: str, milliseconds: int) -> None:
        super().__init__(f"{room} is slow: you can write again in {duration(milliseconds)}.")


class Closed(ModerationRefusal):
    """The room is closed: only those who are invited may join it."""

    code = "closed"

    def __init__(self, room: str) -> None:
        super().__init__(f"{room} is closed: nobody else may join it at present.")


class RoomFull(ModerationRefusal):
    """The room has as many members as it may have for others to join."""

    code = "room-full"

    def __init__(self, room: str) -> None:
        super().__init__(f"{room} is full: it has as many members as its limit allows.")


class WrongKey(ModerationRefusal):
    """Joining the room needs a word, and this is not the word.

    :param is_given: whether there was a word at all.
    """

    code = "wrong-key"

    def __init__(self, room: str, *, is_given: bool = False) -> None:
        wrong = "That is not the word. " if is_given else ""
        super().__init__(f"{wrong}Joining {room} needs its word: /join {room} WORD.")


class Banned(ModerationRefusal):
    """A host or an operator has banned the member.

    :param room: None for the whole chat; then the connection is closed.
    :param milliseconds: how long this still lasts; 0 if it has to be lifted.
    """

    code = "banned"

    def __init__(self, room: str | None = None, milliseconds: int = 0, reason: str = "") -> None:
        place = "the chat" if room is None else room
        super().__init__(f"You are banned from {place}{lasting(milliseconds)}{because(reason)}.")
        self.closes_connection = room is None


class NicknameBanned(Banned):
    """The nickname is banned, or looks like one that is; the member who asks for it may stay."""

    def __init__(self, nickname: str) -> None:
        super().__init__()
        self.args = (f"The nickname {nickname} is banned from the chat; choose another one.",)
        self.closes_connection = False


class TooManyBans(ModerationRefusal):
    """The server has as many bans and mutes as it may have."""

    code = "too-many-bans"

    def __init__(self) -> None:
        super().__init__(f"There may be at most {limits.BANS} bans and mutes; lift some of them.")


class NoSuchBan(ModerationRefusal):
    """There is nothing to lift."""

    code = "no-such-ban"

    def __init__(self, nickname: str, what: str) -> None:
        super().__init__(f"{nickname} is not {what}; /bans lists those who are.")


class NoSuchMessage(ModerationRefusal):
    """The room has no message with that number."""

    code = "no-such-message"

    def __init__(self, room: str, seq: int) -> None:
        super().__init__(f"{room} has no message {seq}.")
