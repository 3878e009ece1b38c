"""The capabilities, the limits and the features that IRC clients are offered. Pure."""

from collections.abc import Iterator, Mapping
from typing import Final

from chatd.chat import irc_limits, limits
from chatd.chat.events import Message
from chatd.chat.tagged_messages import TaggedMessage
from chatd.wire.irc import modes, numerics, sasl
from chatd.wire.irc.capabilities import CAP_NOTIFY
from chatd.wire.irc.client import Client, Server
from chatd.wire.irc.isupport import isupport_lines
from chatd.wire.irc.lines import Line

MESSAGE_TAGS: Final = "message-tags"
SERVER_TIME: Final = "server-time"
ECHO_MESSAGE: Final = "echo-message"
LABELED_RESPONSE: Final = "labeled-response"
ACCOUNT_NOTIFY: Final = "account-notify"
AWAY_NOTIFY: Final = "away-notify"
BATCH: Final = "batch"
CHATHISTORY: Final = "draft/chathistory"
EXTENDED_JOIN: Final = "extended-join"
EXTENDED_MONITOR: Final = "extended-monitor"
SETNAME: Final = "setname"
INVITE_NOTIFY: Final = "invite-notify"
ACCOUNT_TAG: Final = "account-tag"
MULTILINE: Final = "draft/multiline"
REDACTION: Final = "draft/message-redaction"
READ_MARKER: Final = "draft/read-marker"
USERHOST_IN_NAMES: Final = "userhost-in-names"
MULTI_PREFIX: Final = "multi-prefix"
SASL: Final = "sasl"

#: The capabilities that every server offers, each by its specification at
#: https://ircv3.net/specs/extensions/.
_ALWAYS: Final = (
    ACCOUNT_NOTIFY,
    AWAY_NOTIFY,
    BATCH,
    CAP_NOTIFY,
    CHATHISTORY,
    ECHO_MESSAGE,
    EXTENDED_JOIN,
    EXTENDED_MONITOR,
    INVITE_NOTIFY,
    LABELED_RESPONSE,
    MESSAGE_TAGS,
    MULTI_PREFIX,
    REDACTION,
    SERVER_TIME,
    SETNAME,
    "standard-replies",
    USERHOST_IN_NAMES,
)
#: The capabilities on which the bytes of events depend.
OF_EVENTS: Final = frozenset(
    {
        ACCOUNT_NOTIFY,
        ACCOUNT_TAG,
        AWAY_NOTIFY,
        EXTENDED_JOIN,
        INVITE_NOTIFY,
        MESSAGE_TAGS,
        MULTILINE,
        REDACTION,
        SERVER_TIME,
        SETNAME,
    }
)
_OF_MESSAGES: Final = frozenset({MESSAGE_TAGS, MULTILINE, SERVER_TIME})
#: Those on which the bytes of the most frequent events depend.
OF_KIND: Final[Mapping[type, frozenset[str]]] = {
    Message: _OF_MESSAGES,
    TaggedMessage: _OF_MESSAGES | {ACCOUNT_TAG},
}
#: In bytes, as the specification has it; a message may have as many characters.
_MULTILINE_LIMITS: Final = f"max-bytes={limits.MESSAGE_CHARACTERS},max-lines={limits.MESSAGE_LINES}"

#: Changes of modes in one MODE.
MAX_MODE_CHANGES: Final = 12


def offered(server: Server) -> dict[str, str]:
    """The capabilities, with their values."""
    values = dict.fromkeys(_ALWAYS, "") | {MULTILINE: _MULTILINE_LIMITS}
    if server.has_accounts:
        values |= {ACCOUNT_TAG: "", SASL: sasl.MECHANISM}
    if server.is_kept:  # else it would promise what the next start forgets
        values[READ_MARKER] = ""
    return values


def features(server: Server) -> dict[str, str | None]:
    """The tokens of 005: https://modern.ircdocs.horse/#rplisupport-parameters."""
    recipients = limits.RECIPIENTS
    return {
        "AWAYLEN": str(limits.AWAY_CHARACTERS),
        "BOT": modes.BOT,
        # Names are compared by the stricter rules of the hub. Clients that compare ASCII alone are
        # told every name as it is spelt here, so they need not know these.
        "CASEMAPPING": "ascii",
        "CHANLIMIT": f"#:{limits.JOINED_ROOMS}",
        "CHANMODES": modes.CHANMODES,
        "CHANNELLEN": str(limits.ROOM_NAME_CHARACTERS),
        "CHANTYPES": "#",
        "CHATHISTORY": str(limits.HISTORY_REPLY_MESSAGES),
        "ELIST": "MNU",
        "KEYLEN": str(limits.KEY_CHARACTERS),
        "KICKLEN": str(limits.REASON_CHARACTERS),
        "MAXLIST": f"b:{limits.BANS}",
        "MODES": str(MAX_MODE_CHANGES),
        "MONITOR": str(irc_limits.IRC_MONITORED_NICKNAMES),
        "MSGREFTYPES": "msgid,timestamp",
        "NAMELEN": str(irc_limits.REAL_NAME_CHARACTERS),
        "NETWORK": server.network,
        "NICKLEN": str(limits.NICKNAME_CHARACTERS),
        "PREFIX": modes.PREFIX,
        "TARGMAX": f"JOIN:,KICK:,NAMES:,NOTICE:{recipients},PART:,PRIVMSG:{recipients},WHOIS:",
        "TOPICLEN": str(limits.TOPIC_CHARACTERS),
        "USERLEN": str(irc_limits.IRC_USER_CHARACTERS),
        "UTF8ONLY": None,
        "WHOX": None,
    }


def feature_lines(client: Client) -> Iterator[Line]:
    """The lines of 005."""
    for tokens in isupport_lines(features(client.server)):
        text = "are supported by this server"
        yield client.numeric(numerics.ISUPPORT, *tokens, text=text)
