"""Why something asked of the server is refused: a code for programs, a sentence for people.

::

    Refusal
    ├── Malformed                not a command at all
    │   ├── InvalidUtf8          invalid-utf8
    │   ├── InvalidJson          invalid-json
    │   ├── UnknownType          unknown-type
    │   ├── BadFrame             bad-frame
    │   ├── BadCommand           bad-line
    │   ├── BrokenObject         broken-object         (closes the connection)
    │   └── LineTooLong          line-too-long         (closes the connection)
    ├── BadNickname              bad-nickname
    ├── NicknameTaken            nickname-taken
    ├── AccountRefusal           about accounts and their passwords
    │   ├── PasswordRequired     password-required
    │   ├── WrongPassword        wrong-password
    │   ├── TooManyAttempts      too-many-attempts
    │   └── Blocked              blocked
    ├── BadText                  bad-text
    ├── NotReached               not-reached
    ├── BadRecipients            bad-recipients
    ├── BadRoomName              bad-room-name
    ├── NoSuchRoom               no-such-room
    ├── NotInRoom                not-in-room
    ├── AlreadyInRoom            already-in-room
    ├── TooManyRooms             too-many-rooms
    ├── ServerFailed             server-failed
    └── RegistrationRefusal      about entering and watching
        ├── BadVersion           version               (closes the connection)
        ├── RegistrationTimeout  too-late              (closes the connection)
        ├── Full                 full                  (closes the connection)
        │   └── FullForNow       full
        ├── TooManyUnregistered  too-many-connections  (closes the connection)
        ├── TooManyWatchers      too-many-watchers     (closes the connection)
        ├── NotRegistered        not-entered
        └── AlreadyRegistered    already-entered

The codes are stable; the sentences may get better. docs/reference/protocol.rst explains each.
"""

from typing import ClassVar

from chatd.chat import limits
from chatd.chat.events import Undelivered

#: What a client calls one of its requests, so that it knows the answer.
RequestId = str | int | None


class Refusal(Exception):
    """Something asked of the server that it will not do.

    :cvar code: the stable name of the refusal.
    :cvar closes_connection: the connection cannot go on after it.
    :ivar request_id: the request it answers, where a malformed frame still told.
    """

    code: ClassVar[str]
    closes_connection: ClassVar[bool] = False

    def __init__(self, message: str, request_id: RequestId = None) -> None:
        super().__init__(message)
        self.request_id = request_id


class Malformed(Refusal):
    """What came is not a command of the dialect."""


class InvalidUtf8(Malformed):
    """The bytes are not UTF-8."""

    code = "invalid-utf8"

    def __init__(self) -> None:
        super().__init__("This line is not valid UTF-8; send text in UTF-8.")


class InvalidJson(Malformed):
    """The text is not JSON."""

    code = "invalid-json"

    def __init__(self) -> None:
        super().__init__("This line is not one valid JSON object; send one object a line.")


class UnknownType(Malformed):
    """A frame of a type that there is none of."""

    code = "unknown-type"


class BadFrame(Malformed):
    """A frame of a known type that lacks something or has it in the wrong shape."""

    code = "bad-frame"


class BadCommand(Malformed):
    """A line that a person typed, and that means nothing."""

    code = "bad-line"


class BrokenObject(Malformed):
    """Bytes that cannot become a JSON object; where the next one starts is anyone's guess."""

    code = "broken-object"
    closes_connection = True

    def __init__(self, why: str) -> None:
        super().__init__(f"The server closes the connection: {why}.")


class LineTooLong(Malformed):
    """A line over the limit; where the next one starts is anyone's guess."""

    code = "line-too-long"
    closes_connection = True

    def __init__(self) -> None:
        super().__init__(f"A line may have at most {limits.LINE_BYTES} bytes.")


class BadNickname(Refusal):
    """Not a possible nickname."""

    code = "bad-nickname"


class NicknameTaken(Refusal):
    """Somebody else has that nickname."""

    code = "nickname-taken"

    def __init__(self, nickname: str) -> None:
        super().__init__(f"The nickname {nickname} is taken; choose another one.")


class AccountRefusal(Refusal):
    """Something about an account or its password."""


class PasswordRequired(AccountRefusal):
    """The nickname is an account's; its password was not given."""

    code = "password-required"

    def __init__(self, nickname: str) -> None:
        self.nickname = nickname
        super().__init__(f"The nickname {nickname} needs its password.")


class WrongPassword(AccountRefusal):
    """No such account, or not its password; which of the two is not said."""

    code = "wrong-password"

    def __init__(self) -> None:
        super().__init__("That account and password do not go together.")


class TooManyAttempts(AccountRefusal):
    """Too many wrong passwords, from one address or for one account."""

    code = "too-many-attempts"

    def __init__(self) -> None:
        super().__init__("Too many passwords at once, or wrong ones before; try again later.")


class Blocked(AccountRefusal):
    """The account may not be used."""

    code = "blocked"

    def __init__(self, nickname: str) -> None:
        super().__init__(f"{nickname} is blocked.")


class BadText(Refusal):
    """Text that cannot be a message."""

    code = "bad-text"


class NotReached(Refusal):
    """Nobody that a private message was for could be reached.

    :ivar missed: who, and why.
    """

    code = "not-reached"

    def __init__(self, missed: tuple[Undelivered, ...]) -> None:
        self.undelivered = missed
        super().__init__(f"Not reached: {', '.join(map(str, missed))}.")


class BadRecipients(Refusal):
    """A private message to nobody, or to too many."""

    code = "bad-recipients"


class BadRoomName(Refusal):
    """Not a possible room name."""

    code = "bad-room-name"


class NoSuchRoom(Refusal):
    """A room that does not exist."""

    code = "no-such-room"

    def __init__(self, room: str) -> None:
        super().__init__(f"There is no room {room}.")


class NotInRoom(Refusal):
    """A room that the member is not in."""

    code = "not-in-room"

    def __init__(self, room: str) -> None:
        super().__init__(f"You are not in {room}.")


class AlreadyInRoom(Refusal):
    """A second join."""

    code = "already-in-room"

    def __init__(self, room: str) -> None:
        super().__init__(f"You are in {room} already.")


class TooManyRooms(Refusal):
    """No more rooms, for this member or on this server."""

    code = "too-many-rooms"


class ServerFailed(Refusal):
    """A mistake in the server; the log says more."""

    code = "server-failed"

    def __init__(self) -> None:
        super().__init__("The server failed to do this; it is not your fault.")


class RegistrationRefusal(Refusal):
    """Something is wrong at the door."""


class BadVersion(RegistrationRefusal):
    """A version of the protocol that this server does not speak."""

    code = "version"
    closes_connection = True


class RegistrationTimeout(RegistrationRefusal):
    """The connection has not registered in time."""

    code = "too-late"
    closes_connection = True


class Full(RegistrationRefusal):
    """Every slot is taken."""

    code = "full"
    closes_connection = True

    def __init__(self) -> None:
        super().__init__("The server is full; try again later.")


class FullForNow(Full):
    """The same, said to one that has no slot and may go on without."""

    closes_connection = False


class TooManyUnregistered(RegistrationRefusal):
    """Too many connections that have neither entered nor watch."""

    code = "too-many-connections"
    closes_connection = True

    def __init__(self) -> None:
        super().__init__("Too many connections are about to enter; try again later.")


class TooManyWatchers(RegistrationRefusal):
    """As many watch as may."""

    code = "too-many-watchers"
    closes_connection = True

    def __init__(self) -> None:
        super().__init__("Too many are watching already; try again later.")


class NotRegistered(RegistrationRefusal):
    """A command before ``hello`` was answered with ``welcome``."""

    code = "not-entered"

    def __init__(self) -> None:
        super().__init__("You must enter with a nickname first.")


class AlreadyRegistered(RegistrationRefusal):
    """A second ``hello``."""

    code = "already-entered"

    def __init__(self) -> None:
        super().__init__("You are in already; renaming is another thing.")
