"""Refusals: why a request is not carried out, as a code for programs and a sentence for users.

Each dialect encodes a refusal in its own way; docs/reference/protocol.rst lists all of them.

::

    Refusal
    ├── Malformed                not a command at all
    │   ├── InvalidUtf8          invalid-utf8
    │   ├── InvalidJson          invalid-json
    │   ├── UnknownType          unknown-type
    │   ├── BadFrame             bad-frame
    │   │   └── NoType           bad-frame
    │   ├── BadCommand           bad-line
    │   ├── InputTooLong         input-too-long
    │   ├── BrokenObject         broken-object         (closes the connection)
    │   └── LineTooLong          line-too-long         (closes the connection)
    ├── BadNickname              bad-nickname
    ├── NicknameTaken            nickname-taken
    │   ├── AccountTaken         nickname-taken
    │   └── NicknameConfusable   nickname-taken
    ├── AccountRefusal           about accounts and their passwords
    │   ├── PasswordRequired     password-required
    │   ├── WrongPassword        wrong-password
    │   ├── TooManyAttempts      too-many-attempts
    │   └── Blocked              blocked
    ├── BadText                  bad-text
    ├── NotReached               not-reached
    │   └── NoSuchUser           not-reached
    ├── BadRecipients            bad-recipients
    ├── BadRoomName              bad-room-name
    ├── NoSuchRoom               no-such-room
    ├── NotInRoom                not-in-room
    ├── AlreadyInRoom            already-in-room
    │   └── UserInRoom           already-in-room
    ├── TooManyRooms             too-many-rooms
    ├── OutdatedNumber           outdated-number
    ├── NumberReused             number-reused
    ├── BadSearch                bad-search
    ├── SearchFailed             search-failed
    ├── ServerFailed             server-failed
    ├── RegistrationRefusal      about entering and watching
    │   ├── BadVersion           version               (closes the connection)
    │   ├── RegistrationTimeout  too-late              (closes the connection)
    │   ├── Full                 full                  (closes the connection)
    │   ├── TlsRequired          tls-required          (closes the connection)
    │   ├── CutOff               cut-off               (closes the connection)
    │   ├── TooManyUnregistered  too-many-connections  (closes the connection)
    │   ├── TooManyWatchers      too-many-watchers     (closes the connection)
    │   ├── NotRegistered        not-entered
    │   └── AlreadyRegistered    already-entered
    ├── FileRefusal              about files: file_errors
    │   ├── NoFiles              no-files
    │   ├── EmptyFile            empty-file
    │   ├── FileTooLarge         file-too-large
    │   ├── TooManyUploads       too-many-uploads
    │   ├── NoSuchFile           no-such-file
    │   ├── FileGone             file-gone
    │   ├── DiskFull             disk-full
    │   └── FilesFailed          files-failed
    └── ModerationRefusal        about hosts, operators and their decisions: moderation_errors
        ├── NotHost              not-host
        ├── NotAllowedHere       not-allowed-here
        │   └── UserNotInRoom    not-allowed-here
        ├── WrongHostCode        wrong-code
        ├── Muted                muted
        ├── ReadOnly             read-only
        ├── Slow                 slow
        ├── Closed               closed
        ├── RoomFull             room-full
        ├── WrongKey             wrong-key
        ├── Banned               banned
        │   └── NicknameBanned   banned
        ├── TooManyBans          too-many-bans
        ├── NoSuchBan            no-such-ban
        └── NoSuchMessage        no-such-message

The codes are part of the protocol and stable; the sentences are for people and may be reworded.
"""

from typing import ClassVar

from chatd.chat import irc_limits, limits
from chatd.chat.events import Undelivered

#: The id that a client gives to a request; the reply carries it.
RequestId = str | int | None


class Refusal(Exception):
    """A request that the server does not carry out; nothing has changed.

    Its text is one sentence for the user.

    :cvar code: the stable code on the wire.
    :ivar closes_connection: whether the server closes the connection after it.
    :ivar request_id: the id of the refused request, if a malformed frame has a readable one.
    """

    code: ClassVar[str]
    closes_connection: bool = False

    def __init__(self, message: str, request_id: RequestId = None) -> None:
        super().__init__(message)
        self.request_id = request_id


class Malformed(Refusal):
    """The frame is not a request of its dialect."""


class InvalidUtf8(Malformed):
    """The bytes are not UTF-8."""

    code = "invalid-utf8"

    def __init__(self) -> None:
        super().__init__("This line is not valid UTF-8; send text in UTF-8.")


class InvalidJson(Malformed):
    """The text is not a JSON object."""

    code = "invalid-json"

    def __init__(self) -> None:
        super().__init__("This is not a valid JSON object; send one object per line.")


class UnknownType(Malformed):
    """A frame of an unknown type."""

    code = "unknown-type"


class BadFrame(Malformed):
    """A frame of a known type whose data is missing or has the wrong shape."""

    code = "bad-frame"


class NoType(BadFrame):
    """A frame without a type: it need not be meant for a chat."""


class BadCommand(Malformed):
    """A typed line that begins like a command and is none."""

    code = "bad-line"


class InputTooLong(Malformed):
    """A line over the limit of IRC. The next one is read."""

    code = "input-too-long"

    def __init__(self) -> None:
        super().__init__(
            f"A line may have at most {irc_limits.IRC_LINE_BYTES} bytes, and "
            f"{irc_limits.IRC_TAGS_BYTES} of tags before it."
        )


class BrokenObject(Malformed):
    """Bytes that cannot become a JSON object; nothing shows where the next object starts."""

    code = "broken-object"
    closes_connection = True

    def __init__(self, reason: str) -> None:
        super().__init__(f"The server closes the connection: {reason}.")


class LineTooLong(Malformed):
    """A line over the limit; the server does not wait for its end."""

    code = "line-too-long"
    closes_connection = True

    def __init__(self) -> None:
        super().__init__(f"A line may have at most {limits.LINE_BYTES} bytes.")


class BadNickname(Refusal):
    """A nickname that breaks the rules for names.

    :ivar suggestion: a valid one that is like it; empty if there is none.
    """

    code = "bad-nickname"

    def __init__(self, message: str, suggestion: str = "") -> None:
        self.suggestion = suggestion
        offer = f'{message.rstrip(".")}; "{suggestion}" is possible.'
        super().__init__(offer if suggestion else message)


class NicknameTaken(Refusal):
    """Another member has the nickname."""

    code = "nickname-taken"

    def __init__(self, nickname: str) -> None:
        self.nickname = nickname
        super().__init__(f"The nickname {nickname} is taken; choose another one.")


class AccountTaken(NicknameTaken):
    """Another member has the nickname, which is an account: its owner, logged in twice perhaps."""


class NicknameConfusable(NicknameTaken):
    """The nickname looks like another one, in letters of another script."""

    def __init__(self, nickname: str) -> None:
        self.nickname = nickname
        Refusal.__init__(
            self, f"The nickname {nickname} looks like another one here; choose another one."
        )


class AccountRefusal(Refusal):
    """A refusal that concerns an account or its password."""


class PasswordRequired(AccountRefusal):
    """The nickname is an account, and the client has not given its password."""

    code = "password-required"

    def __init__(self, nickname: str) -> None:
        self.nickname = nickname
        super().__init__(f"The nickname {nickname} needs its password.")


class WrongPassword(AccountRefusal):
    """No such account, or not its password. The server does not say which of the two."""

    code = "wrong-password"

    def __init__(self) -> None:
        super().__init__("Wrong account or password.")


class TooManyAttempts(AccountRefusal):
    """Too many wrong passwords from one address or for one account, or too many being checked."""

    code = "too-many-attempts"

    def __init__(self) -> None:
        super().__init__("Too many login attempts; try again later.")


class Blocked(AccountRefusal):
    """The account is blocked in the password file."""

    code = "blocked"

    def __init__(self, nickname: str) -> None:
        self.nickname = nickname
        super().__init__(f"The account {nickname} is blocked.")


class BadText(Refusal):
    """Text that cannot be a message."""

    code = "bad-text"


class NotReached(Refusal):
    """A private message reached none of its recipients.

    :ivar undelivered: the recipients, and why it did not reach each of them.
    """

    code = "not-reached"

    def __init__(self, undelivered: tuple[Undelivered, ...]) -> None:
        self.undelivered = undelivered
        super().__init__(f"Not reached: {', '.join(map(str, undelivered))}.")


class NoSuchUser(NotReached):
    """A nickname that no member has."""

    def __init__(self, nickname: str) -> None:
        self.undelivered = (Undelivered(nickname, "unknown"),)
        Refusal.__init__(self, f"There is no user {nickname} here.")


class BadRecipients(Refusal):
    """A private message without recipients, or with too many."""

    code = "bad-recipients"


class BadRoomName(Refusal):
    """A room name that breaks the rules for names."""

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
    """A join of a room that the member is in."""

    code = "already-in-room"

    def __init__(self, room: str) -> None:
        super().__init__(f"You are already in {room}.")


class UserInRoom(AlreadyInRoom):
    """An invitation of somebody who is in the room."""

    def __init__(self, nickname: str, room: str) -> None:
        self.nickname, self.room = nickname, room
        Refusal.__init__(self, f"{nickname} is already in {room}.")


class TooManyRooms(Refusal):
    """The member is in as many rooms as it may be, or the server has as many as it may have."""

    code = "too-many-rooms"


class OutdatedNumber(Refusal):
    """A command whose number is not above the last one, and whose outcome is not known any more."""

    code = "outdated-number"

    def __init__(self, number: int) -> None:
        super().__init__(
            f"What became of the command with number {number} is not known any more; "
            "look in the history before you send it again."
        )


class NumberReused(Refusal):
    """A command with the number of another one."""

    code = "number-reused"

    def __init__(self, number: int) -> None:
        super().__init__(f"Another command had the number {number}; send each one with its own.")


class BadSearch(Refusal):
    """A search that is too long, or has nothing to search for."""

    code = "bad-search"


class SearchFailed(Refusal):
    """A search in messages that cannot be read now, as their file is damaged or gone."""

    code = "search-failed"

    def __init__(self) -> None:
        super().__init__("The kept messages cannot be read at present; try again later.")


class ServerFailed(Refusal):
    """A bug in the server; its log has the traceback."""

    code = "server-failed"

    def __init__(self) -> None:
        super().__init__("The server failed to do this; its log has the details.")


class RegistrationRefusal(Refusal):
    """A refusal of a connection that is not a member, or of a second entering."""


class BadVersion(RegistrationRefusal):
    """A version of the protocol that the server does not support."""

    code = "version"
    closes_connection = True


class RegistrationTimeout(RegistrationRefusal):
    """The connection did not register in time."""

    code = "too-late"
    closes_connection = True


class Full(RegistrationRefusal):
    """No slot is free.

    :param closes_connection: False for a connection that can go on without a slot.
    """

    code = "full"
    closes_connection = True

    def __init__(self, *, closes_connection: bool = True) -> None:
        super().__init__("The server is full; try again later.")
        self.closes_connection = closes_connection


class TlsRequired(RegistrationRefusal):
    """This server speaks TLS only, and the client does not."""

    code = "tls-required"
    closes_connection = True

    def __init__(self) -> None:
        super().__init__("This server speaks TLS only, as chatd's own client does.")


class CutOff(RegistrationRefusal):
    """The node has lost the other nodes of its cluster."""

    code = "cut-off"
    closes_connection = True

    def __init__(self) -> None:
        super().__init__("This server is cut off from the others; try another one, or again later.")


class TooManyUnregistered(RegistrationRefusal):
    """Too many connections that have neither entered nor begun to watch."""

    code = "too-many-connections"
    closes_connection = True

    def __init__(self) -> None:
        super().__init__("Too many unregistered connections; try again later.")


class TooManyWatchers(RegistrationRefusal):
    """Too many watchers."""

    code = "too-many-watchers"
    closes_connection = True

    def __init__(self) -> None:
        super().__init__("Too many watchers; try again later.")


class NotRegistered(RegistrationRefusal):
    """A command from a connection that is not a member."""

    code = "not-entered"

    def __init__(self) -> None:
        super().__init__("You must enter with a nickname first.")


class AlreadyRegistered(RegistrationRefusal):
    """A ``hello`` or ``watch`` from a member."""

    code = "already-entered"

    def __init__(self) -> None:
        super().__init__("You have already entered under a nickname.")
