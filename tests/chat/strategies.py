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
    ReadHistory,
    ReadTopic,
    Rename,
    Search,
    SendMessage,
    SendPrivate,
    SetAway,
    SetTopic,
    Watch,
    WhoIs,
)
from chatd.chat.names import LOBBY

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
    st.builds(LeaveRoom, ROOMS),
    st.just(ListRooms()),
    st.builds(ListUsers, st.none() | ROOMS),
    st.builds(ReadHistory, ROOMS, NUMBERS, st.none() | NUMBERS),
    st.builds(Search, TEXTS, st.none() | ROOMS, st.none() | NICKNAMES, before=NUMBERS),
    st.just(Ping()),
    st.just(Watch()),
)

#: Mostly commands that the hub carries out, so that more happens.
A_ROOM = st.sampled_from(["#lobby", "#dev", "#DEV", "#x"])
VALID: st.SearchStrategy[Command] = st.one_of(
    st.builds(JoinRoom, A_ROOM),
    st.builds(LeaveRoom, A_ROOM),
    st.builds(SendMessage, st.sampled_from(["hello", "two\nlines"]), A_ROOM),
    st.builds(
        SendPrivate,
        st.just("psst"),
        st.lists(st.sampled_from(["ice", "ICE", "moon", "sun", "x"]), max_size=4).map(tuple),
    ),
    st.builds(SetTopic, A_ROOM, st.sampled_from(["tea", "cake", ""])),
    st.builds(SetAway, st.sampled_from(["lunch", ""])),
    st.builds(Rename, st.sampled_from(["ice", "moon", "sun", "Sun"])),
    st.builds(ListUsers, st.none() | A_ROOM),
    st.builds(ReadHistory, A_ROOM),
    st.builds(Search, st.just("hello"), st.none() | A_ROOM),
    st.just(ListRooms()),
)

ANYTHING = VALID | COMMANDS
