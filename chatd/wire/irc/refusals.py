"""Refusals as IRC has them: numerics, ERROR where the connection ends, and standard replies. Pure.

Sources: https://modern.ircdocs.horse/#numerics and
https://ircv3.net/specs/extensions/standard-replies. The sentence is always that of the refusal: it
says what to do, which the usual ones do not.
"""

from typing import Final

from chatd.chat import errors, moderation_errors
from chatd.chat.errors import Refusal
from chatd.wire.irc import numerics
from chatd.wire.irc.client import Client
from chatd.wire.irc.lines import Line
from chatd.wire.irc.targets import is_channel

#: The numeric of each refusal: that of its class, or of its nearest base class here.
_NUMBERS: Final[dict[type, str]] = {
    Refusal: numerics.UNKNOWNERROR,
    errors.InputTooLong: numerics.INPUTTOOLONG,
    errors.BadNickname: numerics.ERRONEUSNICKNAME,
    # A client then tries another nickname by itself.
    errors.NicknameTaken: numerics.NICKNAMEINUSE,
    errors.PasswordRequired: numerics.NICKNAMEINUSE,
    errors.Blocked: numerics.NICKNAMEINUSE,
    errors.WrongPassword: numerics.PASSWDMISMATCH,
    errors.TooManyAttempts: numerics.PASSWDMISMATCH,
    errors.NotReached: numerics.NOSUCHNICK,
    errors.BadRoomName: numerics.NOSUCHCHANNEL,
    errors.NoSuchRoom: numerics.NOSUCHCHANNEL,
    errors.NotInRoom: numerics.NOTONCHANNEL,
    errors.TooManyRooms: numerics.TOOMANYCHANNELS,
    errors.NotRegistered: numerics.NOTREGISTERED,
    errors.AlreadyRegistered: numerics.ALREADYREGISTERED,
    moderation_errors.WrongHostCode: numerics.PASSWDMISMATCH,
    moderation_errors.Muted: numerics.CANNOTSENDTOCHAN,
    moderation_errors.ReadOnly: numerics.CANNOTSENDTOCHAN,
    moderation_errors.Slow: numerics.CANNOTSENDTOCHAN,
    moderation_errors.Closed: numerics.INVITEONLYCHAN,
    moderation_errors.RoomFull: numerics.CHANNELISFULL,
    moderation_errors.WrongKey: numerics.BADCHANNELKEY,
    moderation_errors.Banned: numerics.BANNEDFROMCHAN,
    moderation_errors.TooManyBans: numerics.BANLISTFULL,
    moderation_errors.NotHost: numerics.NOPRIVILEGES,
    moderation_errors.NotAllowedHere: numerics.NOPRIVILEGES,
}
#: Numerics without a parameter before their sentence.
_WITHOUT_TARGET: Final = frozenset(
    {
        numerics.PASSWDMISMATCH,
        numerics.NOTREGISTERED,
        numerics.ALREADYREGISTERED,
        numerics.NOPRIVILEGES,
        numerics.YOUREBANNEDCREEP,
        numerics.INPUTTOOLONG,
    }
)
#: Numerics that become CANNOTSENDTOCHAN where a message to a channel is refused.
_NOT_SENT: Final = frozenset({numerics.NOTONCHANNEL, numerics.UNKNOWNERROR})
_SENDING: Final = frozenset({"PRIVMSG", "NOTICE", "TAGMSG"})


def refused(client: Client, refusal: Refusal, command: str, target: str = "") -> Line:
    """The line that refuses `command`, because of `target` if that has a value."""
    if isinstance(refusal, errors.InvalidUtf8):
        # utf8-only: a standard reply, whatever the client has agreed on.
        return failed(client, command or "*", "INVALID_UTF8", text=str(refusal))
    if isinstance(refusal, moderation_errors.UserNotInRoom | errors.UserInRoom):
        is_in = isinstance(refusal, errors.UserInRoom)
        number = numerics.USERONCHANNEL if is_in else numerics.USERNOTINCHANNEL
        return client.numeric(number, refusal.nickname, refusal.room, text=str(refusal))
    number = _number(refusal, command, target)
    params = () if number in _WITHOUT_TARGET else (target or command or "*",)
    return client.numeric(number, *params, text=str(refusal))


def _number(refusal: Refusal, command: str, target: str) -> str:
    number = next(_NUMBERS[base] for base in type(refusal).__mro__ if base in _NUMBERS)
    if is_channel(target):
        if number == numerics.NOPRIVILEGES:
            return numerics.CHANOPRIVSNEEDED
        if command in _SENDING and number in _NOT_SENT:
            return numerics.CANNOTSENDTOCHAN
    elif number == numerics.BANNEDFROMCHAN:
        return numerics.YOUREBANNEDCREEP
    return number


def not_enough(client: Client, command: str) -> Line:
    """The line that says that `command` lacks a parameter."""
    return client.numeric(numerics.NEEDMOREPARAMS, command)


def failed(client: Client, command: str, code: str, *context: str, text: str) -> Line:
    """A standard reply: `command` has failed, for the reason `code`."""
    return Line("FAIL", (command, code, *context, text), client.server.name, has_text=True)


def closing(reason: str) -> Line:
    """The last line of a connection: https://modern.ircdocs.horse/#error-message."""
    return Line("ERROR", (f"Closing Link: {reason}",), has_text=True)
