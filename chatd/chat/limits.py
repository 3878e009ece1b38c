"""Every limit of chatd: its name, its unit (the last word of the name) and its default.

docs/reference/limits.rst is generated from this module. A limit that an option sets names it; the
others are fixed. Where a number was taken from elsewhere, its source stands beside it.
"""

from typing import Final

# --- what one member may send -------------------------------------------------------------------

#: A line of the native dialect, without its line end.
LINE_BYTES: Final = 65_536
#: The text of one message, in code points.
MESSAGE_CHARACTERS: Final = 4_096
#: Lines of one message. A plain member is sent the sender's nickname with each of them.
MESSAGE_LINES: Final = 256
#: The topic of a room, in one line.
TOPIC_CHARACTERS: Final = 300
#: Why a user is away, in one line.
AWAY_CHARACTERS: Final = 200
#: Why a member is kicked, banned or muted, or what it says as it leaves, in one line.
REASON_CHARACTERS: Final = 200
#: The word that joining a keyed room needs.
KEY_CHARACTERS: Final = 64
#: The code that makes a member a host.
HOST_CODE_CHARACTERS: Final = 64
#: A nickname. The JIM protocol allows an account name 25 characters.
NICKNAME_CHARACTERS: Final = 25
#: A room name, including the ``#``. Networks of IRC have 50 or 64.
ROOM_NAME_CHARACTERS: Final = 64
#: A request id that is a string. An id that is a number is below 2**53, which every JSON parser
#: reads exactly.
REQUEST_ID_CHARACTERS: Final = 64
#: The token of a session. The server's own have 22, which are 128 bits.
SESSION_TOKEN_CHARACTERS: Final = 64
#: Frames per second from one member; ``--flood``. Above it the server reads more slowly, and
#: nothing is lost.
FLOOD_FRAMES_PER_SECOND: Final = 10
#: One object from a JIM client.
JIM_OBJECT_BYTES: Final = 4_096
#: The text of a message from a JIM client, in code points.
JIM_MESSAGE_CHARACTERS: Final = 500
#: A room name in an object from a JIM client, including the ``#``.
JIM_ROOM_NAME_CHARACTERS: Final = 25
#: The ``action`` or ``event`` of an object from a JIM client.
JIM_ACTION_CHARACTERS: Final = 15
#: One object to a JIM client: many of them read one object per ``recv(1024)``.
JIM_SENT_BYTES: Final = 1_024
#: Objects that wait for a JIM client. Beyond it the oldest room messages are dropped.
JIM_QUEUE_OBJECTS: Final = 200
#: Recipients of one private message.
RECIPIENTS: Final = 32
#: How many seconds' worth of its flood rate a member may send at once.
FLOOD_BURST_FACTOR: Final = 2
#: Bytes, received or sent in reply, that count as one more frame. So a long reply uses up as much
#: of the flood rate as it costs the server.
FLOOD_FRAME_BYTES: Final = 8_192
#: Time to handle a frame that counts as one more frame.
FLOOD_FRAME_MILLISECONDS: Final = 2
#: How long a connection that is new, or has sent a frame that counts as more than one, may be read
#: later because of the limit below: it may send another.
FLOOD_SUSPECT_SECONDS: Final = 10
#: Time of one reactor turn that such frames may take before other connections that may send one are
#: read later. Smaller, and a thousand members who enter together would wait for too many turns.
EXPENSIVE_WORK_MILLISECONDS: Final = 10
#: The most that the time of one frame counts for, in frames: the server may have been stopped.
FLOOD_MAX_TIME_FRAMES: Final = 20
#: How many times the flood rate one address may use, by frames that count as more than one, over
#: all its connections: a new connection is no new allowance.
FLOOD_ADDRESS_FACTOR: Final = 20
#: How many seconds' worth of that an address may use at once.
FLOOD_ADDRESS_BURST_FACTOR: Final = 10
#: Commands of one client that have no result yet; the server does not read on until they have. As
#: many as an entry of the journal may have: fewer, and one busy client would need several entries.
UNANSWERED_COMMANDS: Final = 256

# --- what one member may hold -------------------------------------------------------------------

#: Bytes that wait for a member. One that reads more slowly is disconnected as ``too slow``.
OUTBOUND_BYTES: Final = 1_048_576
#: What an object that waits for a JIM client costs besides its own bytes.
QUEUED_OBJECT_BYTES: Final = 128
#: Rooms that one member may be in.
JOINED_ROOMS: Final = 32
#: One frame of a reply that may have several (``users``, ``rooms``, ``history``).
LIST_FRAME_BYTES: Final = 65_536
#: All frames of one reply. A longer list loses its oldest entries.
REPLY_BYTES: Final = 262_144
#: Messages in a reply to ``history``, if the request does not say how many.
HISTORY_REPLY_MESSAGES: Final = 50
#: How long an empty room waits for its members to come back, whose connections were lost.
EMPTY_ROOM_SECONDS: Final = 60
#: How long a member whose connection is lost keeps its slot, its nickname and its rooms.
AWAY_SECONDS: Final = 10
#: How long after that a client can resume its session.
SESSION_SECONDS: Final = 3_600
#: Sessions of a server, for each slot.
SLOT_SESSIONS: Final = 2
#: Private messages that wait in a session: the client may not have got them.
PRIVATE_BOX_MESSAGES: Final = 32
#: The text of them, all together, in code points.
PRIVATE_BOX_CHARACTERS: Final = 16_384
#: The text of all private messages that wait in the sessions of a server. The fullest lose theirs.
PRIVATE_CHARACTERS: Final = 1_048_576
#: Missed messages that a client is sent at once. The next are sent when it has read them.
MISSED_MESSAGES: Final = 100
#: The text of them, all together, in code points.
MISSED_CHARACTERS: Final = 16_384

# --- delivery -----------------------------------------------------------------------------------

#: Bytes for one audience, or for one member alone, that wait for the end of the reactor turn.
#: Beyond it they are written at once.
BATCH_BYTES: Final = 65_536

# --- time ---------------------------------------------------------------------------------------

#: Time to send the first line after connecting.
FIRST_LINE_TIMEOUT_SECONDS: Final = 5
#: Time to enter after connecting, once a nickname or a password was refused: the user may be
#: choosing another one.
REGISTRATION_SECONDS: Final = 60
#: Pause between two objects to a JIM client, so that each arrives on its own.
JIM_PAUSE_MILLISECONDS: Final = 50
#: Time after which a silent connection on the main port enters as a basic client.
DIALECT_DETECTION_MILLISECONDS: Final = 500
#: Silence that ends a line on a plain connection that has never sent a line end.
PLAIN_IDLE_LINE_MILLISECONDS: Final = 200
#: Time for which a plain connection must stay open behind a nickname that no other line follows.
#: A port scanner, which sends a word and closes, does not enter.
PLAIN_NICKNAME_MILLISECONDS: Final = 500
#: Time that a stopping server waits for its members to read what is queued for them.
SHUTDOWN_SECONDS: Final = 2
#: Time in which both ends notice that the other end is gone without closing the connection.
DEAD_PEER_SECONDS: Final = 57

# --- the server as a whole ----------------------------------------------------------------------

#: Members, and connections that are about to become members; ``--slots``.
SLOTS: Final = 1_000
#: Connections at the same time that are told that no slot is free. Further ones are closed
#: silently.
REJECTED_CONNECTIONS: Final = 64
#: Connections that receive what is public, without a slot and without a nickname.
WATCHERS: Final = 256
#: Connections without a slot that have neither entered nor begun to watch.
UNREGISTERED_CONNECTIONS: Final = 128
#: Connections to the web page's port that are not WebSockets.
HTTP_CONNECTIONS: Final = 256
#: Connections to the web page's port from one address, including WebSockets. Connections from this
#: host do not count.
ADDRESS_PAGE_CONNECTIONS: Final = 64
#: Time in one reactor turn for HTTP requests and files, and for the frames of clients that ask for
#: much, so that nobody else waits longer.
QUEUED_WORK_MILLISECONDS: Final = 1
#: The first line and the headers of an HTTP request.
HTTP_HEAD_BYTES: Final = 16_384
#: Packages in the folder of ``--dist`` that its index lists.
DIST_FILES: Final = 1_000
#: Addresses of the page, and lines to type, in an invitation.
INVITATION_ADDRESSES: Final = 16
#: New connections per second from one address, loopback exempt; ``--accept-rate``, 0 disables it.
ACCEPT_CONNECTIONS_PER_SECOND: Final = 50
#: Addresses whose accept rate and flood rate are remembered.
THROTTLED_ADDRESSES: Final = 4_096
#: Rooms, including the lobby.
ROOMS: Final = 1_024
#: Bans and mutes, those of rooms included.
BANS: Final = 1_024
#: How long a ban or a mute may last; one without an end lasts until it is lifted.
BAN_SECONDS: Final = 31_622_400
#: How long a member of a slow room may have to wait between two messages.
SLOW_SECONDS: Final = 3_600
#: Rooms into which a member is invited and has not come yet.
INVITED_ROOMS: Final = 32
#: The highest limit that hosts may set for the members of a room.
ROOM_MEMBERS: Final = 100_000
#: Rooms that were private, of which a node of a cluster that was away is told.
PRIVATE_ROOMS: Final = 1_024
#: Removed messages of which a node of a cluster that was away is told.
REMOVED_MESSAGES: Final = 1_024
#: Messages kept of each room; ``--history``.
HISTORY_MESSAGES: Final = 1_000
#: Text kept of each room, all its messages together, in code points.
HISTORY_CHARACTERS: Final = 262_144
#: A server's id, in code points. An offer with it must fit into one datagram.
SERVER_ID_CHARACTERS: Final = 64
#: The name of a server in its cluster, in code points. It is in offers, too.
NODE_NAME_CHARACTERS: Final = 64
#: The id of a cluster, in code points.
CLUSTER_ID_CHARACTERS: Final = 64
#: Datagrams that one socket receives in one reactor turn.
TURN_DATAGRAMS: Final = 32
#: Rejected datagrams per second that are in the log, at level debug. All are counted.
LOGGED_DATAGRAMS_PER_SECOND: Final = 10
#: Offers per second to one address, other than this host's own. A forged sender's address must not
#: be sent much. If more is asked for, a lot decides which queries are answered.
ADDRESS_OFFERS_PER_SECOND: Final = 20
#: Offers per second, to all addresses together; a whole class may start at once. If more is asked
#: for, a lot decides.
OFFERS_PER_SECOND: Final = 1_000
#: A discovery datagram. It fits into the smallest packet of any link.
DATAGRAM_BYTES: Final = 1_024

# --- the log ------------------------------------------------------------------------------------

#: Memory for lines that wait to be written to the log file or to standard error. Beyond it they are
#: dropped, and the log says how many.
LOG_BUFFER_BYTES: Final = 4_194_304
#: Time between two writes, so that many lines become one. The first one after a silence is written
#: at once.
LOG_PAUSE_MILLISECONDS: Final = 10
#: Time that the end of a program waits for its last lines to be written.
LOG_FLUSH_SECONDS: Final = 2

# --- the store ----------------------------------------------------------------------------------

#: Entries of the journal after which a snapshot takes their place. A restart reads both.
JOURNAL_BYTES: Final = 4_194_304
#: Age of the journal at which the next entry leads to a snapshot, too: what ``--keep`` has deleted
#: must not stay in the journal of a quiet server.
JOURNAL_SECONDS: Final = 86_400
#: Pause after an entry of the journal that several commands share: what they lead to shares the
#: next one. An entry of one command has none.
JOURNAL_PAUSE_MILLISECONDS: Final = 1
#: Time for which the text of a private message stays in the store's files, unless somebody may
#: still be sent it.
PRIVATE_TRIM_SECONDS: Final = 60
#: Messages that are kept in memory while the store fails, to be archived later.
UNARCHIVED_MESSAGES: Final = 10_000
#: Time after which a store that has failed is tried again.
STORE_RETRY_SECONDS: Final = 10
#: Time between two looks for messages that ``--keep`` does not allow any longer.
RETENTION_SECONDS: Final = 3_600
#: Messages that are deleted at once. A message that arrives meanwhile waits for no more than that.
DELETED_MESSAGES: Final = 256
#: A clock that is further ahead than it was an hour ago, or when the server ran last, is believed
#: only after so long: until then no message is deleted because of its age.
DOUBTED_CLOCK_SECONDS: Final = 86_400
#: The words of one search in the messages that are kept, in code points.
SEARCH_CHARACTERS: Final = 256
#: Messages in a reply to a search, if the request does not say how many.
SEARCH_PAGE_MESSAGES: Final = 50
#: Messages in a reply to a search at most.
SEARCH_REPLY_MESSAGES: Final = 100
#: What a search costs of the flood rate, in bytes: as much as a reply of this size.
SEARCH_COST_BYTES: Final = 40_960
#: Messages that ``chatd export`` reads at once. In between a server may empty its write-ahead log.
EXPORT_PAGE_MESSAGES: Final = 1_000

# --- files --------------------------------------------------------------------------------------

#: One file that a member sends.
FILE_BYTES: Final = 20_000_000
#: All files that a server keeps. The oldest make room for new ones.
FILES_BYTES: Final = 500_000_000
#: The files of one member among them: of one nickname. Its own oldest make room.
MEMBER_FILES_BYTES: Final = 100_000_000
#: The files that came from one address among them, since the start of the server. Its own oldest
#: make room; files from this host do not count.
ADDRESS_FILES_BYTES: Final = 200_000_000
#: How many files a server keeps.
KEPT_FILES: Final = 2_000
#: How long a file that was sent in private is kept.
PRIVATE_FILE_SECONDS: Final = 86_400
#: Files that are gone, and whose links say so.
GONE_FILES: Final = 10_000
#: The name of a file, in UTF-8. Some file systems take no more than 143 bytes.
FILE_NAME_BYTES: Final = 140
#: Files that all members together send at once.
UPLOADED_FILES: Final = 64
#: The bytes of these, which are on the disk besides the files that are kept.
UPLOADED_BYTES: Final = 250_000_000
#: Files that one address sends at once; this host may send more.
ADDRESS_UPLOADED_FILES: Final = 8
#: Files that one member sends at once.
MEMBER_UPLOADED_FILES: Final = 4
#: Time without any byte of a file, after which it is given up.
UPLOAD_SILENT_SECONDS: Final = 20
#: Time in which a file has to arrive as a whole.
UPLOAD_SECONDS: Final = 900
#: The piece of a file that is read or written at once; and the bytes of it that wait in memory for
#: a client or for the disk.
FILE_PIECE_BYTES: Final = 131_072
#: What stays free on the disk, for the chat itself.
FREE_DISK_BYTES: Final = 64_000_000
#: Files that wait in a client until they are sent or saved.
WAITING_FILES: Final = 1_000
#: Private files that a client can save, the last ones that it was told of.
PRIVATE_FILES: Final = 1_000
#: Files of a folder that are looked at to complete a path.
COMPLETED_FILES: Final = 1_000
#: Requests one after the other that bring nothing of a file, until a client gives it up.
FILE_REQUESTS: Final = 5
#: Threads that read and write files.
FILE_THREADS: Final = 2

# --- several machines ---------------------------------------------------------------------------

#: One entry of the shared log, with the operations of one turn. etcd takes requests of up to 1.5
#: MiB, and base64 makes an entry larger by a third.
SHARED_ENTRY_BYTES: Final = 524_288
#: Operations in one entry of the shared log.
SHARED_ENTRY_OPERATIONS: Final = 256
#: Time after which a node that has nothing to say tells the others that it is there.
NODE_TICK_SECONDS: Final = 1
#: Own ticks that a node has read back since it heard of another one, after which the other is
#: taken for dead.
NODE_SILENT_TICKS: Final = 5
#: Pause before an entry that could not be appended is sent again, and before a log that does not
#: answer is asked again. During an election etcd refuses at once.
APPEND_RETRY_MILLISECONDS: Final = 200
#: Time without any own entry after which a node is cut off: it offers no slots and accepts nobody.
#: An election in etcd took up to 2.8 s.
CUT_OFF_MILLISECONDS: Final = 3_500
#: Time after which a node that is cut off disconnects its members, who find another node.
CUT_OFF_END_SECONDS: Final = 10
#: Difference of a node's clock from that of the chat with which it does not begin. Later on it
#: takes the chat's time instead of its own.
NODE_CLOCK_SECONDS: Final = 5
#: Entries of the shared log after which a snapshot is saved. A node that begins reads up to twice
#: as many; and to make a snapshot of 20,000 members takes half a second.
SNAPSHOT_ENTRIES: Final = 10_000
#: The size of the entries after which a snapshot is saved, too: etcd has up to 2 GiB by default.
SNAPSHOT_LOG_BYTES: Final = 67_108_864
#: Time after which a node says that another one has other accounts: a password file that has
#: changed is copied to one after the other.
DIFFERENT_ACCOUNTS_SECONDS: Final = 60
#: Messages in one page of those that a node gets from another one, as it lacks them.
FETCHED_PAGE_MESSAGES: Final = 250
#: Such messages that a node gets after it has begun. It goes on when another node begins.
FETCHED_MESSAGES: Final = 1_000_000
#: Time for all of them. The other nodes read the requests no faster than those of a client.
FETCH_SECONDS: Final = 7_200
#: Time for one page of them.
FETCH_REPLY_SECONDS: Final = 30
#: Pause before the other nodes are asked again, if one of them has not answered.
FETCH_RETRY_SECONDS: Final = 60

# --- accounts -----------------------------------------------------------------------------------

#: A new password of an account.
PASSWORD_CHARACTERS: Final = 128
#: Wrong passwords in one burst from one address, for any accounts.
ADDRESS_WRONG_PASSWORDS: Final = 5
#: Time after which an address that has used them up may try one more.
ADDRESS_ATTEMPT_SECONDS: Final = 10
#: Wrong passwords in one burst for one account, from any addresses. More than from one address,
#: or anyone at one address could lock the owner out.
ACCOUNT_WRONG_PASSWORDS: Final = 10
#: Time after which one more may be tried for an account that has used them up.
ACCOUNT_ATTEMPT_SECONDS: Final = 5
#: Addresses whose wrong passwords are remembered.
ATTEMPT_ADDRESSES: Final = 4_096
#: Accounts whose wrong passwords are remembered.
ATTEMPT_ACCOUNTS: Final = 4_096
#: Passwords that wait to be checked. One is checked at a time.
WAITING_PASSWORDS: Final = 64
#: Passwords from one address that wait to be checked.
ADDRESS_WAITING_PASSWORDS: Final = 8
#: Memory for one hash in the password file. The cost of one with these three limits is about four
#: times that of the hashes which ``chatd account`` makes.
HASH_MEMORY_BYTES: Final = 134_217_728
#: Passes over that memory.
HASH_PASSES: Final = 8
#: Threads that make one hash.
HASH_THREADS: Final = 8
#: The password file.
PASSWORD_FILE_BYTES: Final = 4_194_304
#: A private key or a certificate with its chain, in PEM.
PEM_FILE_BYTES: Final = 262_144
#: For so long a client does not try an address again where another key was than the expected one.
WRONG_KEY_SECONDS: Final = 60
#: The file of the servers that a user has met with TLS; some 10,000 of them.
KNOWN_SERVERS_BYTES: Final = 1_048_576
#: Removed accounts that the password file names, so that running servers know of their removal.
REMOVED_ACCOUNTS: Final = 1_024
#: How often the password file is checked for changes.
PASSWORD_FILE_SECONDS: Final = 2

# --- etcd ---------------------------------------------------------------------------------------

#: Time for a server of etcd to answer a request. After it another server is asked.
ETCD_REQUEST_SECONDS: Final = 2
#: Time for which a server may tell of nothing while the log is followed. The nodes of a cluster say
#: something every second, so it is cut off, and another server is asked.
ETCD_SILENT_SECONDS: Final = 2
#: Time for one line of what a server tells while the log is followed.
ETCD_LINE_SECONDS: Final = 10
#: Pause before the log is followed from another server.
ETCD_RETRY_MILLISECONDS: Final = 100
#: One answer of etcd. The largest has a slice of a snapshot.
ETCD_ANSWER_BYTES: Final = 4_194_304
#: One line of what a server tells while the log is followed. etcd cuts them at about 3 MiB.
ETCD_LINE_BYTES: Final = 16_777_216
#: A slice of a snapshot. etcd takes requests of up to 1.5 MiB.
SNAPSHOT_SLICE_BYTES: Final = 524_288
#: Revisions of etcd that are kept for another chat in it, whose entries they may have. A chat that
#: nobody uses, and that was not removed, must not fill etcd's quota.
KEPT_REVISIONS: Final = 100_000
#: A snapshot of the shared log; one of 20,000 members has about 6 MB.
SHARED_SNAPSHOT_BYTES: Final = 134_217_728

# --- the client ---------------------------------------------------------------------------------

#: Interval of discovery queries.
DISCOVERY_PERIOD_SECONDS: Final = 3
#: Time that a client collects offers after the first one, if it looks for no particular server.
OFFER_COLLECT_SECONDS: Final = 1
#: Time that a client collects offers after the first one of a cluster's node, to take the freest.
NODE_COLLECT_MILLISECONDS: Final = 300
#: Longest wait of a client that has lost a cluster's node, at random, before it looks for another.
NODE_JITTER_MILLISECONDS: Final = 300
#: Time in a search that a client waits for its own cluster, though another one has the same id.
OWN_CLUSTER_SECONDS: Final = 30
#: Addresses of a cluster's nodes that a client remembers.
CLUSTER_ADDRESSES: Final = 64
#: Queries that ``chatd doctor`` sends to each subnet, spread over ``--wait``, so that one lost
#: broadcast shows as such.
DOCTOR_REQUESTS: Final = 3
#: Time to make a TCP connection.
CONNECT_SECONDS: Final = 3
#: Time for the server to reply to ``hello``.
WELCOME_SECONDS: Final = 3
#: Time for the server to check a password, including those that wait before it.
PASSWORD_SECONDS: Final = 15
#: How often a client looks at its host's addresses and at what its connection has unacknowledged.
LINK_CHECK_SECONDS: Final = 1
#: Time without any sign of the server, while it has to acknowledge something, after which a client
#: that may resume its session looks for another way. In it the system repeats data five times, and
#: next only after as long again.
SILENT_SERVER_SECONDS: Final = 8
#: Time before a client looks for its server again.
RETRY_SECONDS: Final = 4
#: Random time added to that after a lost connection, so that the clients of a server that went down
#: do not all come back at the same moment.
RETRY_JITTER_SECONDS: Final = 1
#: Time that a client waits for the server's ``goodbye``, once everything was confirmed.
GOODBYE_SECONDS: Final = 2
#: How long a client waits at end of input for its lines to be confirmed; restarted by each
#: confirmation.
OFFLINE_AT_END_SECONDS: Final = 30
#: Lines that a client keeps while it is offline or its server reads slowly. Then it stops reading
#: input.
UNSENT_LINES: Final = 10_000
#: Lines that a client has sent and the server has not confirmed. Further ones wait in the client.
UNCONFIRMED_LINES: Final = 32
#: Servers that a client remembers while it collects offers.
MAX_OFFERS: Final = 256

# --- what users see -----------------------------------------------------------------------------

#: Combining marks shown on one character. Scripts need up to five or six.
MAX_COMBINING_MARKS: Final = 8

# --- the client on a terminal -------------------------------------------------------------------

#: Lines of input kept for later runs.
INPUT_HISTORY_LINES: Final = 1_000
#: How much of the file with these lines is read.
INPUT_HISTORY_BYTES: Final = 1_048_576
#: Lines of a message that is sent without confirmation, even if it was pasted.
PASTE_CONFIRM_LINES: Final = 6
#: Messages of a room that are shown on entering it.
ENTERING_HISTORY_MESSAGES: Final = 20
#: Lines that are written to the terminal at once. Keys are handled between two batches.
OUTPUT_BATCH_LINES: Final = 200
#: Lines that wait for the terminal. Beyond it the client reads more slowly from the server; with
#: ``chatd launch``, whose server must not wait, the oldest of them are dropped and counted.
OUTPUT_QUEUE_LINES: Final = 2_000
#: Interval between two such batches.
OUTPUT_INTERVAL_MILLISECONDS: Final = 30
#: Output that waits for a terminal which takes it. Beyond it nothing is drawn, and lines wait.
WINDOW_READY_BYTES: Final = 65_536
#: Output that waits for the terminal at most, all together, such as what resizing draws. Beyond it
#: output is lost, and all is drawn anew once the terminal takes output again.
WINDOW_BUFFER_BYTES: Final = 1_048_576
#: Views of a terminal. Beyond it, the private talk that has been there for longest is closed.
VIEWS: Final = 64
#: Lines that each view keeps, to be shown again.
VIEW_LINES: Final = 1_000
#: Characters of these lines, all together.
VIEW_CHARACTERS: Final = 1_048_576
#: Arrivals and departures that are shown in one line; the next one begins another line.
CONDENSED_ARRIVALS: Final = 200
#: Nicknames that a user ignores.
IGNORED_NICKNAMES: Final = 100
#: Rows of the list of servers to choose from.
LISTED_SERVERS: Final = 8
#: Rows of the terminal that the message being typed may take.
EDITOR_ROWS: Final = 6
