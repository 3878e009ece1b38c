"""The limits: named after what they count, explained, used, and announced."""

import re
from pathlib import Path

from chatd.chat import commands, events, irc_limits, limits

ROOT = Path(limits.__file__).parent.parent
MODULES = (limits, irc_limits)
SOURCE = "".join(Path(str(module.__file__)).read_text() for module in MODULES)
LIMITS = {
    name: value for module in MODULES for name, value in vars(module).items() if name.isupper()
}

#: Units of a limit: the last word of its name.
UNITS = {
    "BYTES",
    "CHARACTERS",
    "SECONDS",
    "MILLISECONDS",
    "SECOND",
    "FACTOR",
    "DATAGRAMS",
    "COMMANDS",
    "TICKS",
    "ENTRIES",
    "OPERATIONS",
    "FRAMES",
    "MESSAGES",
    "LINES",
    "SLOTS",
    "CONNECTIONS",
    "ADDRESSES",
    "OFFERS",
    "REQUESTS",
    "OBJECTS",
    "RECIPIENTS",
    "ROOMS",
    "PASSWORDS",
    "ACCOUNTS",
    "MARKS",
    "ROWS",
    "SERVERS",
    "SESSIONS",
    "WATCHERS",
    "PASSES",
    "THREADS",
    "REVISIONS",
    "NICKNAMES",
    "FILES",
    "FORMS",
    "VIEWS",
    "ARRIVALS",
    "BANS",
    "MEMBERS",
}

#: Defaults that docs/reference/ names outside the generated table.
PROMISED = {
    "LINE_BYTES": 64 * 1024,
    "MESSAGE_CHARACTERS": 4_096,
    "NICKNAME_CHARACTERS": 25,
    "ROOM_NAME_CHARACTERS": 64,
    "JIM_ROOM_NAME_CHARACTERS": 25,
    "JIM_OBJECT_BYTES": 4_096,
    "JIM_MESSAGE_CHARACTERS": 500,
    "JIM_ACTION_CHARACTERS": 15,
    "JIM_SENT_BYTES": 1_024,
    "JIM_QUEUE_OBJECTS": 200,
    "RECIPIENTS": 32,
    "JOINED_ROOMS": 32,
    "ROOMS": 1_024,
    "JIM_PAUSE_MILLISECONDS": 50,
    "DIALECT_DETECTION_MILLISECONDS": 500,
    "PLAIN_IDLE_LINE_MILLISECONDS": 200,
    "PLAIN_NICKNAME_MILLISECONDS": 500,
    "FLOOD_FRAMES_PER_SECOND": 10,
    "FLOOD_BURST_FACTOR": 2,
    "OUTBOUND_BYTES": 1024 * 1024,
    "LIST_FRAME_BYTES": 64 * 1024,
    "REPLY_BYTES": 256 * 1024,
    "HISTORY_REPLY_MESSAGES": 50,
    "FIRST_LINE_TIMEOUT_SECONDS": 5,
    "REGISTRATION_SECONDS": 60,
    "SHUTDOWN_SECONDS": 2,
    "SLOTS": 1_000,
    "REJECTED_CONNECTIONS": 64,
    "ACCEPT_CONNECTIONS_PER_SECOND": 50,
    "HISTORY_MESSAGES": 1_000,
    "SERVER_ID_CHARACTERS": 64,
    "DATAGRAM_BYTES": 1_024,
    "DISCOVERY_PERIOD_SECONDS": 3,
    "OFFER_COLLECT_SECONDS": 1,
    "CONNECT_SECONDS": 3,
    "WELCOME_SECONDS": 3,
    "RETRY_SECONDS": 4,
    "RETRY_JITTER_SECONDS": 1,
    "OFFLINE_AT_END_SECONDS": 30,
}


def test_a_limit_is_an_integer_with_its_unit_in_its_name() -> None:
    assert {name.rpartition("_")[2] for name in LIMITS} <= UNITS
    assert not [name for name, value in LIMITS.items() if type(value) is not int]
    assert not [name for name, value in LIMITS.items() if value <= 0]


def test_a_limit_is_explained_where_it_is_defined() -> None:
    explained = re.findall(r"^#: .*\n(?:#: .*\n)*([A-Z_]+): Final = ", SOURCE, re.MULTILINE)
    assert set(explained) == set(LIMITS)


def test_a_limit_is_used_somewhere() -> None:
    code = "".join(path.read_text() for path in ROOT.rglob("*.py"))
    assert not [name for name in LIMITS if not re.search(rf"limits\.{name}\b", code)]


def test_the_documented_defaults_are_unchanged() -> None:
    assert {name: LIMITS[name] for name in PROMISED} == PROMISED


def test_a_dead_peer_is_noticed_within_a_minute() -> None:
    assert limits.DEAD_PEER_SECONDS <= 60


def test_the_welcome_announces_the_limits_of_what_a_client_sends() -> None:
    announced = events.Welcome("work", 0, "ice", ()).limits
    assert (announced.message, announced.nickname, announced.line) == (4_096, 25, 65_536)


def test_history_has_50_messages_by_default() -> None:
    assert commands.ReadHistory().limit == 50
