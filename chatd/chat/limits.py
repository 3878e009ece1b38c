"""Every limit of chatd: its name, its unit (the last word of the name) and its default.

A limit that an option sets says so; ``--help`` shows the same default. docs/operating.rst lists
them all. Where a number was taken over from elsewhere, its source stands beside it.
"""

from typing import Final

# --- what one member may send -------------------------------------------------------------------

#: A line of the native dialect, its end not counted.
LINE_BYTES: Final = 65_536
#: The text of one message, in code points.
MESSAGE_CHARACTERS: Final = 4_096
#: A nickname; 25 is what the JIM protocol allows an account name.
NICKNAME_CHARACTERS: Final = 25
#: A room name, the leading ``#`` included.
ROOM_NAME_CHARACTERS: Final = 25
#: A request id that is a string. One that is a number stays below 2**53, as JSON readers do.
REQUEST_ID_CHARACTERS: Final = 64
#: Frames a member may send each second, and twice that in one burst; ``--flood``. Above it the
#: server reads more slowly; nothing is lost.
FLOOD_FRAMES_PER_SECOND: Final = 10
#: How many times the flood rate one burst may be.
FLOOD_BURST_FACTOR: Final = 2

# --- what one member may hold -------------------------------------------------------------------

#: What may wait for a member who reads slowly, before the member is dropped as ``too slow``.
OUTBOUND_BYTES: Final = 1_048_576
#: One frame of a list that comes in several (``users``, ``history``).
LIST_FRAME_BYTES: Final = 65_536
#: All the frames of one reply; beyond it the oldest entries are left out.
REPLY_BYTES: Final = 262_144
#: Messages in one ``history`` reply when the request does not say how many.
HISTORY_REPLY_MESSAGES: Final = 50

# --- time ---------------------------------------------------------------------------------------

#: From the connection to the first full line.
FIRST_LINE_SECONDS: Final = 5
#: From the connection to the welcome, once a first line has come: a person may be choosing
#: another nickname.
REGISTRATION_SECONDS: Final = 60
#: Silence after which a member is disconnected; ``--timeout``, 0 for never.
INACTIVITY_SECONDS: Final = 600
#: What a stopping server gives its members to take what is queued for them.
ENDING_SECONDS: Final = 2
#: A peer that no longer answers is found after this long, at both ends.
HALF_OPEN_SECONDS: Final = 50

# --- the server as a whole ----------------------------------------------------------------------

#: Members and connections that are about to become members; ``--slots``.
SLOTS: Final = 1_000
#: Connections that are told there is no free slot, at the same time; more are closed silently.
TURNED_AWAY_CONNECTIONS: Final = 64
#: New connections each second from one address, loopback exempt; ``--accept-rate``, 0 for no limit.
ACCEPT_CONNECTIONS_PER_SECOND: Final = 50
#: Addresses whose accept rate is remembered at the same time.
ACCEPT_ADDRESSES: Final = 4_096
#: Messages kept for each room; ``--history``.
HISTORY_MESSAGES: Final = 1_000
#: A server's id, in code points; it must fit into one datagram with the rest of the offer.
SERVER_ID_CHARACTERS: Final = 64
#: A discovery datagram; it fits any link's smallest packet.
DATAGRAM_BYTES: Final = 1_024

# --- the client ---------------------------------------------------------------------------------

#: Between two rounds of broadcasts.
DISCOVERY_PERIOD_SECONDS: Final = 3
#: After the first offer, for the others to come in, when no server was named.
CHOICE_SECONDS: Final = 1
#: For a TCP connection to be made.
CONNECT_SECONDS: Final = 3
#: For the server to answer ``hello``.
WELCOME_SECONDS: Final = 3
#: Before the client looks for its server again.
RETRY_SECONDS: Final = 4
#: Added at random to the retry after a lost connection, so that the clients of a server that
#: went down do not all come back in the same instant.
RETRY_JITTER_SECONDS: Final = 1
#: For the server's goodbye, once everything was confirmed.
GOODBYE_SECONDS: Final = 2
#: For a client at the end of its input that is offline, to come online and send what it has.
OFFLINE_AT_END_SECONDS: Final = 30
#: Lines kept while the client is offline.
UNSENT_LINES: Final = 1_000
#: Lines under way that the server has not yet confirmed; the others wait in the client.
UNCONFIRMED_LINES: Final = 32
#: Different servers remembered while offers are collected.
OFFERS: Final = 256
