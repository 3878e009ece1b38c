"""The limits of what is sent in the IRC dialect, in the form of :mod:`chatd.chat.limits`."""

from typing import Final

# --- what an IRC client may send ----------------------------------------------------------------

#: A line of IRC with its CR LF, without its tags (RFC 1459, section 2.3).
IRC_LINE_BYTES: Final = 512
#: The tags before such a line, from a client (IRCv3, message-tags).
IRC_TAGS_BYTES: Final = 4_094
#: The text of one line to an IRC client; a longer one goes out as several. With its sender a line
#: may have more than 512 bytes, which clients take.
IRC_TEXT_BYTES: Final = 500
#: Lines of one message of an IRC client that cost it together as much as one frame.
IRC_BATCH_LINES: Final = 10
#: The user name of an IRC client.
IRC_USER_CHARACTERS: Final = 10
#: The real name of an IRC client's user, in one line. A longer one is cut.
REAL_NAME_CHARACTERS: Final = 100
#: What an IRC client sends to authenticate, in base64.
IRC_SASL_BYTES: Final = 2_048
#: The nicknames that one IRC client monitors.
IRC_MONITORED_NICKNAMES: Final = 100
#: The forms, such as ``#dev*``, that one LIST compares with each room.
LIST_FORMS: Final = 4

# --- what IRC clients are told ------------------------------------------------------------------

#: Those who have left last, for ``WHOWAS``.
PAST_NICKNAMES: Final = 200
#: Rooms and users of which it is kept up to when one user has read what was said there. The mark
#: that was set longest ago is forgotten.
READ_MARKS: Final = 64
#: The same for all accounts of a server together. The account that has set none for longest loses
#: its oldest one.
ALL_READ_MARKS: Final = 16_384
