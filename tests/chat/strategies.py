"""Strategies for commands: valid ones, and all kinds of invalid ones."""

from hypothesis import strategies as st

from chatd.chat.commands import (
    Command,
    Enter,
    JoinRoom,
    LeaveRoom,
    ListRooms,
    ListUsers,
    Ping,
    Place,
    ReadHistory,
    ReadMessages,
    ReadTopic,
    Rename,
    Search,
    SendMessage,
    SendPrivate,
    SendPrivateTagged,
    SendTagged,
    SetAway,
    SetTopic,
    Watch,
    WhoIs,
)
from chatd.chat.irc_commands import MarkRead, ReadMarker, SendTags, SetBot
from chatd.chat.names import LOBBY
from chatd.chat.order_commands import (
    Ban,
    ChangeRoom,
    GrantHost,
    Invite,
    Kick,
    ListBans,
    Mute,
    RemoveFound,
    SetRole,
    Unban,
    Unmute,
)

#: Few, so that they collide: some differ only in case or form, or are addresses, or are not valid.
NICKNAMES = st.sampled_from(
    [
        "ice",
        "ICE",
        "\uff49ce",
        "moon",
        "Moon",
        "stra\u00dfe",
        "STRASSE",
        "127.0.0.1:1",
        "127.0.0.1:2",
        "#x",
        "ic\u200be",
    ]
) | st.text(max_size=3)
TEXTS = st.sampled_from(["hello", "two\nlines", "", "\x00", "x" * 4097]) | st.text(max_size=5)
ROOMS = st.sampled_from(["#lobby", "#Lobby", "#dev", "#DEV", "#\uff44ev", "#x", "lobby", "#", ""])
NUMBERS = st.integers(-2, 30) | st.sampled_from([2**63, 10**30])

A_PLACE_IN_HISTORY = st.none() | st.builds(Place, st.integers(-1, 3_000), NUMBERS)

SECONDS = st.none() | st.sampled_from([-1, 0, 1, 40, 31_622_400, 31_622_401, 2**53 - 1])

COMMANDS: st.SearchStrategy[Command] = st.one_of(
    st.builds(SendMessage, TEXTS),
    st.builds(SendMessage, TEXTS, ROOMS, st.booleans()),
    st.builds(SetTopic, ROOMS, TEXTS),
    st.builds(ReadTopic, ROOMS),
    st.builds(SetAway, TEXTS),
    st.builds(WhoIs, NICKNAMES),
    st.builds(Rename, NICKNAMES),
    st.builds(Enter, NICKNAMES, st.sampled_from([(), (LOBBY,)])),
    st.builds(SendPrivate, TEXTS, st.lists(NICKNAMES, max_size=4).map(tuple)),
    st.builds(JoinRoom, ROOMS),
    st.builds(JoinRoom, st.just("#dev")),
    st.builds(LeaveRoom, ROOMS, TEXTS),
    st.just(ListRooms()),
    st.builds(ListUsers, st.none() | ROOMS),
    st.builds(ReadHistory, ROOMS, NUMBERS, st.none() | NUMBERS),
    st.builds(ReadMessages, ROOMS, NUMBERS, A_PLACE_IN_HISTORY, A_PLACE_IN_HISTORY, st.booleans()),
    st.builds(MarkRead, ROOMS | NICKNAMES, st.integers(-1, 3_000)),
    st.builds(ReadMarker, ROOMS | NICKNAMES),
    st.builds(Search, TEXTS, st.none() | ROOMS, st.none() | NICKNAMES, before=NUMBERS),
    st.just(Ping()),
    st.just(Watch()),
    st.builds(Kick, NICKNAMES, st.none() | ROOMS, TEXTS),
    st.builds(Ban, NICKNAMES, st.none() | ROOMS, SECONDS, TEXTS),
    st.builds(Mute, NICKNAMES, st.none() | ROOMS, SECONDS, TEXTS),
    st.builds(Unban, NICKNAMES, st.none() | ROOMS),
    st.builds(Unmute, NICKNAMES, st.none() | ROOMS),
    st.builds(ListBans, st.none() | ROOMS),
    st.builds(Invite, NICKNAMES, ROOMS),
    st.builds(SetRole, NICKNAMES, ROOMS, st.sampled_from(["operator", "voice"]), st.booleans()),
)

#: Mostly commands that the hub carries out, so that more happens.
A_ROOM = st.sampled_from(["#lobby", "#dev", "#DEV", "#x"])
A_MEMBER = st.sampled_from(["ice", "ICE", "moon", "sun", "x"])
A_PLACE = st.none() | A_ROOM
A_TAG = st.sampled_from(["", "+typing=done"])
A_TIME = st.none() | st.sampled_from([1, 2, 40])
VALID: st.SearchStrategy[Command] = st.one_of(
    st.builds(JoinRoom, A_ROOM),
    st.builds(LeaveRoom, A_ROOM, st.sampled_from(["", "bye"])),
    st.builds(SendMessage, st.sampled_from(["hello", "two\nlines"]), A_ROOM),
    st.builds(
        SendPrivate,
        st.just("psst"),
        st.lists(A_MEMBER, max_size=4).map(tuple),
    ),
    st.builds(SendTagged, st.just("two\nlines"), A_ROOM, tags=A_TAG, cuts=st.just((2,))),
    st.builds(
        SendPrivateTagged,
        st.just("psst"),
        st.lists(A_MEMBER, max_size=4).map(tuple),
        tags=A_TAG,
    ),
    st.builds(SendTags, A_TAG, A_ROOM),
    st.builds(SetBot, st.booleans()),
    st.builds(SetTopic, A_ROOM, st.sampled_from(["tea", "cake", ""])),
    st.builds(SetAway, st.sampled_from(["lunch", ""])),
    st.builds(Rename, st.sampled_from(["ice", "moon", "sun", "Sun"])),
    st.builds(ListUsers, st.none() | A_ROOM),
    st.builds(ReadHistory, A_ROOM),
    st.builds(
        *(ReadMessages, A_ROOM, st.integers(1, 4)),
        *(A_PLACE_IN_HISTORY, A_PLACE_IN_HISTORY, st.booleans()),
    ),
    st.builds(MarkRead, A_ROOM | A_MEMBER, st.integers(0, 3_000)),
    st.builds(ReadMarker, A_ROOM | A_MEMBER),
    st.builds(Search, st.just("hello"), st.none() | A_ROOM),
    st.just(ListRooms()),
    st.just(GrantHost()),
    st.builds(Kick, A_MEMBER, A_PLACE, st.sampled_from(["", "spam"])),
    st.builds(Ban, A_MEMBER, A_PLACE, A_TIME),
    st.builds(Mute, A_MEMBER, A_PLACE, A_TIME, st.just("spam")),
    st.builds(Unban, A_MEMBER, A_PLACE),
    st.builds(Unmute, A_MEMBER, A_PLACE),
    st.builds(ListBans, A_PLACE),
    st.builds(Invite, A_MEMBER, A_ROOM),
    st.builds(SetRole, A_MEMBER, A_ROOM, st.sampled_from(["operator", "voice"]), st.booleans()),
)


@st.composite
def _anything(draw: st.DrawFn) -> Command:
    """A function, as Hypothesis writes out what a strategy consists of, which is too long here."""
    return draw(VALID | COMMANDS)


ANYTHING = _anything()

_SWITCH = st.none() | st.booleans()
#: What rooms have besides: settings, keys, and messages that are removed.
SETTINGS: st.SearchStrategy[Command] = st.one_of(
    st.builds(
        ChangeRoom,
        A_ROOM,
        read_only=_SWITCH,
        slow=st.none() | st.sampled_from([0, 20]),
        closed=_SWITCH,
        key=st.none() | st.sampled_from(["", "word"]),
        topic_locked=_SWITCH,
        limit=st.none() | st.integers(0, 2),
        private=_SWITCH,
    ),
    st.builds(JoinRoom, A_ROOM, st.sampled_from(["", "word"])),
    st.builds(RemoveFound, A_ROOM, st.integers(1, 3), A_MEMBER, st.integers(0, 10)),
)
