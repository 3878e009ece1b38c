"""Every limit of chatd: its name, its unit (the last word of the name) and its default.

A limit that an option sets says so; ``--help`` shows the same default. docs/reference/limits.rst
lists them all. Where a number was taken over from elsewhere, its source stands beside it.
"""

from typing import Final

# --- what one member may send -------------------------------------------------------------------

#: A line of the native dialect, its end not counted.
LINE_BYTES: Final = 65_536
#: The text of one message, in code points.
MESSAGE_CHARACTERS: Final = 4_096
#: The lines of it; a plain member is sent its sender with each of them.
MESSAGE_LINES: Final = 256
#: A nickname; 25 is what the JIM protocol allows an account name.
NICKNAME_CHARACTERS: Final = 25
#: A room name, the leading ``#`` included.
ROOM_NAME_CHARACTERS: Final = 25
#: A request id that is a string. One that is a number stays below 2**53, as JSON readers do.
REQUEST_ID_CHARACTERS: Final = 64
#: Frames a member may send each second, and twice that in one burst; ``--flood``. Above it the
#: server reads more slowly; nothing is lost.
FLOOD_FRAMES_PER_SECOND: Final = 10
#: One object of a JIM client, on the wire.
JIM_OBJECT_BYTES: Final = 4_096
#: The text of a JIM client's message, in code points.
JIM_MESSAGE_CHARACTERS: Final = 500
#: The ``action`` of a JIM object.
JIM_ACTION_CHARACTERS: Final = 15
#: One object sent to a JIM client: they read so much at a time.
JIM_SENT_BYTES: Final = 1_024
#: Objects that may wait for a JIM client, before the oldest room messages go.
JIM_QUEUE_OBJECTS: Final = 200
#: Recipients of one private message.
RECIPIENTS: Final = 32
#: How many times the flood rate one burst may be.
FLOOD_BURST_FACTOR: Final = 2

# --- what one member may hold -------------------------------------------------------------------

#: What may wait for a member who reads slowly, before the member is dropped as ``too slow``.
OUTBOUND_BYTES: Final = 1_048_576
#: Rooms that one member may be in.
JOINED_ROOMS: Final = 32
#: One frame of a list that comes in several (``users``, ``history``).
LIST_FRAME_BYTES: Final = 65_536
#: All the frames of one reply; beyond it the oldest entries are left out.
REPLY_BYTES: Final = 262_144
#: Messages in one ``history`` reply when the request does not say how many.
HISTORY_REPLY_MESSAGES: Final = 50

# --- what goes out ------------------------------------------------------------------------------

#: What one audience, or one member alone, is told in one turn of the reactor, before it is written
#: without waiting for the end of the turn.
BATCH_BYTES: Final = 65_536

# --- time ---------------------------------------------------------------------------------------

#: From the connection to what says who it is.
FIRST_LINE_TIMEOUT_SECONDS: Final = 5
#: From the connection to the welcome, once a nickname or a password was refused: a person may be
#: choosing another one.
REGISTRATION_SECONDS: Final = 60
#: Between two objects that are sent to a JIM client, so that each arrives on its own.
JIM_PAUSE_MILLISECONDS: Final = 50
#: From the connection on, before one that says nothing enters as basic.
DIALECT_DETECTION_MILLISECONDS: Final = 500
#: Silence that ends a line of a plain connection that has never sent a line end.
PLAIN_IDLE_LINE_MILLISECONDS: Final = 200
#: Silence after which a member is disconnected; ``--timeout``, 0 for never.
INACTIVITY_SECONDS: Final = 600
#: What a stopping server gives its members to take what is queued for them.
SHUTDOWN_SECONDS: Final = 2
#: A peer that is gone without a word is found within this, at both ends, whatever is sent to it.
DEAD_PEER_SECONDS: Final = 57

# --- the server as a whole ----------------------------------------------------------------------

#: Members and connections that are about to become members; ``--slots``.
SLOTS: Final = 1_000
#: Connections that are told there is no free slot, at the same time; more are closed silently.
REJECTED_CONNECTIONS: Final = 64
#: Connections that see what is public, and have neither a slot nor a nickname.
WATCHERS: Final = 256
#: Connections that have no slot and are about to enter or to watch, at the same time.
UNREGISTERED_CONNECTIONS: Final = 128
#: Connections to the web page's port that are no WebSocket.
HTTP_CONNECTIONS: Final = 256
#: Connections to the web page's port from one address, WebSockets too; this host's own exempt.
ADDRESS_PAGE_CONNECTIONS: Final = 64
#: What answering HTTP requests may take of one turn of the reactor, before the chat has it again.
PAGE_TURN_MILLISECONDS: Final = 2
#: The first line of an HTTP request, and its headers.
HTTP_HEAD_BYTES: Final = 16_384
#: New connections each second from one address, loopback exempt; ``--accept-rate``, 0 for no limit.
ACCEPT_CONNECTIONS_PER_SECOND: Final = 50
#: Addresses whose accept rate is remembered at the same time.
ACCEPT_ADDRESSES: Final = 4_096
#: Rooms, the lobby included.
ROOMS: Final = 1_024
#: Messages kept for each room; ``--history``.
HISTORY_MESSAGES: Final = 1_000
#: Text kept for each room, all its messages together, in code points.
HISTORY_CHARACTERS: Final = 262_144
#: A server's id, in code points; it must fit into one datagram with the rest of the offer.
SERVER_ID_CHARACTERS: Final = 64
#: A discovery datagram; it fits any link's smallest packet.
DATAGRAM_BYTES: Final = 1_024

# --- accounts -----------------------------------------------------------------------------------

#: The password of an account, when it is made.
PASSWORD_CHARACTERS: Final = 128
#: Wrong passwords that one address may have in a burst, whatever the account.
ADDRESS_WRONG_PASSWORDS: Final = 5
#: Before an address that has used them up may have another one.
ADDRESS_ATTEMPT_SECONDS: Final = 10
#: Wrong passwords that one account may have in a burst, from wherever. An account may have more
#: than an address, or somebody at one address could shut the owner out.
ACCOUNT_WRONG_PASSWORDS: Final = 10
#: Before an account that has used them up may have another one.
ACCOUNT_ATTEMPT_SECONDS: Final = 5
#: Addresses whose wrong passwords are remembered at the same time.
ATTEMPT_ADDRESSES: Final = 4_096
#: Accounts whose wrong passwords are remembered at the same time.
ATTEMPT_ACCOUNTS: Final = 4_096
#: Passwords that wait to be checked; one is checked at a time.
WAITING_PASSWORDS: Final = 64
#: Of these, from one address.
ADDRESS_WAITING_PASSWORDS: Final = 8
#: Between two looks whether the password file has changed.
PASSWORD_FILE_SECONDS: Final = 2

# --- the client ---------------------------------------------------------------------------------

#: Between two rounds of broadcasts.
DISCOVERY_PERIOD_SECONDS: Final = 3
#: After the first offer, for the others to come in, when no server was named.
OFFER_COLLECT_SECONDS: Final = 1
#: What ``chatd doctor`` asks each subnet, spread over ``--wait``: one lost broadcast shows as such.
DOCTOR_REQUESTS: Final = 3
#: For a TCP connection to be made.
CONNECT_SECONDS: Final = 3
#: For the server to answer ``hello``.
WELCOME_SECONDS: Final = 3
#: For the server to check a password, when others wait as well.
PASSWORD_SECONDS: Final = 15
#: Before the client looks for its server again.
RETRY_SECONDS: Final = 4
#: Added at random to the retry after a lost connection, so that the clients of a server that
#: went down do not all come back in the same instant.
RETRY_JITTER_SECONDS: Final = 1
#: For the server's goodbye, once everything was confirmed.
GOODBYE_SECONDS: Final = 2
#: For a client at the end of its input, to come online and send what it has; anew with each line
#: that is confirmed.
OFFLINE_AT_END_SECONDS: Final = 30
#: Lines kept while the client is offline, or its server reads slowly; no more are read then.
UNSENT_LINES: Final = 10_000
#: Lines under way that the server has not yet confirmed; the others wait in the client.
UNCONFIRMED_LINES: Final = 32
#: Different servers remembered while offers are collected.
MAX_OFFERS: Final = 256

# --- what people are shown ----------------------------------------------------------------------

#: Marks on one character; scripts need up to five or six.
MAX_COMBINING_MARKS: Final = 8

# --- the client on a terminal -------------------------------------------------------------------

#: Lines of input remembered for later runs.
INPUT_HISTORY_LINES: Final = 1_000
#: What is read of the file they are in.
INPUT_HISTORY_BYTES: Final = 1_048_576
#: A message of at most so many lines is sent without a question, also if it was pasted.
PASTE_CONFIRM_LINES: Final = 6
#: Messages of a room that are shown on entering it.
ENTERING_HISTORY_MESSAGES: Final = 20
#: Lines that are shown at once; between two such batches what is typed is looked at.
OUTPUT_BATCH_LINES: Final = 200
#: Lines that wait to be shown, before the server is read more slowly.
OUTPUT_QUEUE_LINES: Final = 2_000
#: Between two batches of lines that are shown.
OUTPUT_INTERVAL_MILLISECONDS: Final = 30
#: Servers in the list to choose from that are seen at the same time.
LISTED_SERVERS: Final = 8
#: Rows of the window that a half-typed message may take.
EDITOR_ROWS: Final = 6
