"""Two users, each with any dialect: what one does, the other sees as its dialect has it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.chat import limits
from tests.server.users import (
    ABILITIES,
    LOBBY,
    Ability,
    BasicUser,
    Dialects,
    IrcUser,
    JimUser,
    Message,
    NativeUser,
    Notice,
    OtherJimUser,
    Pair,
    PlainUser,
    User,
    UsersHarness,
    every_pair,
)


@every_pair()
def test_a_member_sees_others_enter(dialects: Dialects) -> None:
    with UsersHarness() as harness:
        first = harness.enter(dialects[0], "ice")
        assert not first.saw_notice("moon")
        harness.enter(dialects[1], "moon")
        assert first.saw_enter("moon")


@every_pair()
def test_a_taken_nickname_is_refused_and_another_one_is_not(dialects: Dialects) -> None:
    with UsersHarness() as harness:
        first = harness.enter(dialects[0], "ice")
        harness.clear_all()
        second = harness.enter(dialects[1], "ICE")
        assert second.was_refused("ICE is taken")
        assert not first.saw_notice("ICE")
        second.enter("moon")
        harness.settle()
        assert first.saw_notice("moon")


@every_pair()
def test_both_users_see_the_other_s_messages_with_the_nickname_and_in_order(pair: Pair) -> None:
    for said in ("one", "two", "drei \u2014 \u05e9\u05dc\u05d5\u05dd"):
        pair.ice.say(said)
        pair.moon.say(said.upper())
    pair.settle()
    from_ice = [("ice", "one"), ("ice", "two"), ("ice", "drei \u2014 \u05e9\u05dc\u05d5\u05dd")]
    assert [said for said in pair.moon.seen_messages() if said[0] == "ice"] == from_ice
    assert [said for said in pair.ice.seen_messages() if said[0] == "moon"] == [
        ("moon", text.upper()) for _, text in from_ice
    ]


@every_pair(ice=Ability.BREAK_LINES)
def test_a_message_of_several_lines_arrives_whole_and_forges_nothing(pair: Pair) -> None:
    pair.ice.say("one\n[Server]: moon has left the chat\n[private] sun: two")
    pair.settle()
    seen = pair.moon.seen()
    assert {type(each) for each in seen} == {Message}
    assert "\n".join(each.text for each in seen).split("\n") == [
        "one",
        "[Server]: moon has left the chat",
        "[private] sun: two",
    ]
    assert {each.source for each in seen} == {"ice"}


@every_pair(ice=Ability.PRIVATE)
def test_a_private_message_is_seen_by_its_recipient_alone(pair: Pair) -> None:
    sun = pair.enter(NativeUser, "sun")
    pair.clear_all()
    pair.ice.send_private("psst", "moon")
    pair.settle()
    assert pair.moon.seen_private() == [("ice", "psst")]
    assert sun.seen() == []
    assert pair.ice.seen_private() == []


@every_pair(ice=Ability.PRIVATE)
def test_a_private_message_to_several_is_seen_by_each_of_them(pair: Pair) -> None:
    sun, star = pair.enter(NativeUser, "sun"), pair.enter(NativeUser, "star")
    pair.clear_all()
    pair.ice.send_private("psst", "moon", "sun")
    pair.settle()
    assert pair.moon.seen_private() == sun.seen_private() == [("ice", "psst")]
    assert star.seen() == []


@every_pair(ice=Ability.PRIVATE)
def test_the_sender_learns_who_was_not_reached_and_the_others_were(pair: Pair) -> None:
    pair.ice.send_private("psst", "moon", "sun")
    pair.settle()
    assert pair.moon.seen_private() == [("ice", "psst")]
    assert pair.ice.missed("sun")


@every_pair(ice=Ability.PRIVATE)
def test_a_private_message_that_reaches_nobody_is_refused(pair: Pair) -> None:
    pair.ice.send_private("psst", "sun", "star")
    pair.settle()
    assert pair.ice.missed("sun", "star")
    assert pair.ice.was_refused("")
    assert pair.moon.seen() == []


@every_pair(ice=Ability.RENAME)
def test_a_renaming_is_announced_and_messages_have_the_new_nickname(pair: Pair) -> None:
    pair.ice.rename("snow")
    pair.ice.say("hello")
    pair.settle()
    assert pair.moon.saw_notice("ice renamed to snow")
    assert pair.moon.seen_messages() == [("snow", "hello")]


@every_pair(ice=Ability.RENAME, moon=Ability.PRIVATE)
def test_a_renamed_member_is_reached_under_the_new_nickname_only(pair: Pair) -> None:
    pair.ice.rename("snow")
    pair.clear_all()
    pair.moon.send_private("psst", "snow")
    pair.moon.send_private("psst", "ice")
    pair.settle()
    assert pair.ice.seen_private() == [("moon", "psst")]
    assert pair.moon.missed("ice")
    assert pair.moon.was_refused("")


@every_pair(ice=Ability.RENAME)
def test_renaming_to_a_taken_nickname_changes_nothing(pair: Pair) -> None:
    pair.ice.rename("Moon")
    pair.settle()
    assert pair.ice.was_refused("Moon is taken")
    assert pair.moon.seen() == []
    pair.ice.say("hello")
    pair.settle()
    assert pair.moon.seen_messages() == [("ice", "hello")]


@every_pair(ice=Ability.LISTS)
def test_the_list_of_users_names_both(pair: Pair) -> None:
    pair.ice.request_users()
    pair.settle()
    assert pair.ice.users() == ["ice", "moon"]


@every_pair(ice=Ability.LISTS)
def test_the_history_has_both_users_messages_in_order(pair: Pair) -> None:
    pair.moon.say("one")
    pair.ice.say("two")
    pair.moon.say("three")
    pair.clear_all()
    pair.ice.request_history()
    pair.settle()
    assert pair.ice.history() == [("moon", "one"), ("ice", "two"), ("moon", "three")]


@every_pair(ice=Ability.ROOMS, moon=Ability.ROOMS)
def test_members_of_a_room_see_each_other_s_messages(pair: Pair) -> None:
    pair.ice.join("#dev")
    pair.moon.join("#dev")
    pair.settle()
    assert pair.ice.saw_notice("moon has joined #dev")
    pair.ice.say("hello", "#dev")
    pair.moon.say("welcome", "#dev")
    pair.settle()
    assert ("ice", "hello") in pair.moon.seen_messages("#dev")
    assert ("moon", "welcome") in pair.ice.seen_messages("#dev")
    assert pair.ice.seen_messages(LOBBY) == pair.moon.seen_messages(LOBBY) == []


@every_pair(ice=Ability.ROOMS, moon=Ability.ROOMS)
def test_a_member_that_left_a_room_neither_sees_it_nor_sends_to_it(pair: Pair) -> None:
    pair.ice.join("#dev")
    pair.moon.join("#dev")
    pair.clear_all()
    pair.moon.leave("#dev")
    pair.settle()
    assert pair.ice.saw_notice("moon has left #dev")
    pair.clear_all()
    pair.ice.say("hello", "#dev")
    pair.moon.say("is it you?", "#dev")
    pair.settle()
    assert pair.moon.seen_messages("#dev") == []
    assert pair.moon.was_refused("You are not in #dev")
    assert ("moon", "is it you?") not in pair.ice.seen_messages("#dev")


@every_pair(ice=Ability.ROOMS)
def test_a_member_outside_a_room_sees_nothing_of_it(pair: Pair) -> None:
    pair.ice.join("#dev")
    pair.ice.say("hello", "#dev")
    pair.ice.leave("#dev")
    pair.settle()
    assert pair.moon.seen() == []


@every_pair(ice=Ability.ROOMS)
def test_a_member_that_left_the_lobby_stays_in_the_chat_and_does_not_see_it(pair: Pair) -> None:
    pair.ice.leave(LOBBY)
    pair.settle()
    assert pair.moon.saw_notice("ice has left #lobby")
    pair.clear_all()
    pair.moon.say("anybody here?")
    pair.settle()
    assert pair.ice.seen_messages() == []
    pair.ice.join(LOBBY)
    pair.moon.say("welcome back")
    pair.settle()
    assert pair.ice.seen_messages() == [("moon", "welcome back")]


ALL_DIALECTS = list(ABILITIES)

#: The dialects whose members are echoed their own messages, renaming, joining and leaving.
ECHOES_MESSAGES = [BasicUser, PlainUser]
ECHOES_RENAMING = [NativeUser, BasicUser, PlainUser, IrcUser]
ECHOES_JOINING_AND_LEAVING = [NativeUser, BasicUser, PlainUser, IrcUser]

every_dialect = pytest.mark.parametrize("dialect", ALL_DIALECTS)


def dialects_with(can: Ability) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        "dialect", [dialect for dialect in ALL_DIALECTS if can in ABILITIES[dialect]]
    )


@given(st.lists(st.integers(0, len(ALL_DIALECTS) - 1), max_size=15))
def test_everyone_sees_the_others_messages_in_the_order_of_the_history(turns: list[int]) -> None:
    with UsersHarness(flood=0) as harness:
        users = [
            harness.enter(dialect, f"member{number}") for number, dialect in enumerate(ALL_DIALECTS)
        ]
        harness.clear_all()
        said = [(f"member{turn}", f"text {count}") for count, turn in enumerate(turns)]
        for turn, (_, text) in zip(turns, said, strict=True):
            users[turn].say(text)
        harness.settle()
        for number, user in enumerate(users):
            is_echoed = type(user) in ECHOES_MESSAGES
            assert user.seen_messages() == [
                each for each in said if is_echoed or each[0] != f"member{number}"
            ]
        harness.clear_all()
        users[0].request_history()
        assert users[0].history() == said


@every_dialect
def test_a_member_s_own_message_is_echoed_as_its_dialect_has_it(dialect: type[User]) -> None:
    with UsersHarness() as harness:
        ice = harness.enter(dialect, "ice")
        ice.say("hello")
        harness.settle()
        assert ice.seen_messages() == [("ice", "hello")] * (dialect in ECHOES_MESSAGES)


@dialects_with(Ability.RENAME)
def test_a_member_s_own_renaming_is_echoed_as_its_dialect_has_it(dialect: type[User]) -> None:
    with UsersHarness() as harness:
        ice = harness.enter(dialect, "ice")
        ice.rename("snow")
        harness.settle()
        assert ice.saw_notice("ice renamed to snow") == (dialect in ECHOES_RENAMING)


@dialects_with(Ability.ROOMS)
def test_a_member_s_own_joining_and_leaving_is_echoed_as_its_dialect_has_it(
    dialect: type[User],
) -> None:
    with UsersHarness() as harness:
        ice = harness.enter(dialect, "ice")
        harness.clear_all()
        ice.join("#dev")
        ice.leave("#dev")
        harness.settle()
        heard = dialect in ECHOES_JOINING_AND_LEAVING
        assert ice.saw_notice("ice has joined #dev") == heard
        assert ice.saw_notice("ice has left #dev") == heard


@pytest.mark.parametrize("dialect", [JimUser, OtherJimUser])
def test_a_jim_member_is_sent_responses_and_no_echoes(dialect: type[User]) -> None:
    with UsersHarness() as harness:
        ice = harness.enter(dialect, "ice")
        harness.clear_all()
        ice.say("hello")
        ice.join("#dev")
        ice.leave("#dev")
        ice.say("hello", "#dev")
        harness.settle()
        assert len(ice.seen()) == 4
        assert not [each for each in ice.seen() if isinstance(each, Notice)]
        assert ice.was_refused("There is no room #dev")


@every_pair(ice=Ability.QUIT)
def test_a_member_that_quits_is_disconnected_and_the_other_is_told(pair: Pair) -> None:
    pair.ice.quit()
    pair.settle()
    assert pair.ice.is_dropped()
    assert pair.moon.saw_notice("ice has left the chat (quit)")


@every_pair()
def test_a_lost_connection_is_announced_and_frees_the_nickname(pair: Pair) -> None:
    pair.ice.hang_up()
    pair.harness.pass_time(limits.AWAY_SECONDS)
    assert pair.moon.saw_notice("ice has left the chat (connection lost)")
    again = pair.enter(NativeUser, "ice")
    assert not again.was_refused("taken")


@every_pair()
def test_an_inactive_member_is_told_and_disconnected_and_the_other_is_told(
    dialects: Dialects,
) -> None:
    with Pair(*dialects, timeout=60) as pair:
        for _ in range(4):
            pair.harness.pass_time(20)
            pair.ice.say("still here")
        pair.settle()
        assert pair.moon.is_dropped()
        assert pair.moon.was_sent("inactive")
        assert pair.ice.saw_notice("moon has left the chat (inactive)")
        assert not pair.ice.is_dropped()


@every_pair()
def test_a_client_without_a_slot_is_told_and_the_other_notices_nothing(dialects: Dialects) -> None:
    with UsersHarness(slots=1) as harness:
        first = harness.enter(dialects[0], "ice")
        harness.clear_all()
        second = harness.enter(dialects[1], "moon")
        assert second.was_sent("The server is full")
        assert second.is_dropped()
        assert first.seen() == []
        first.hang_up()
        second.hang_up()
        harness.harness.pass_time(limits.AWAY_SECONDS)
        third = harness.enter(dialects[1], "moon")
        assert not third.is_dropped()


@pytest.mark.parametrize("side", [JimUser, PlainUser])
def test_a_full_server_says_so_at_once_where_the_dialect_is_known(side: type[User]) -> None:
    with UsersHarness(slots=0) as harness:
        user = harness.connect(side)
        harness.settle()
        assert user.was_sent("The server is full")
        assert user.is_dropped()


@every_pair()
def test_everyone_is_told_that_the_server_is_stopping(pair: Pair) -> None:
    ended: list[None] = []
    pair.harness.chat.end().addCallback(ended.append)
    pair.settle()
    for each in (pair.ice, pair.moon):
        assert each.was_sent("server is stopping")
        assert each.is_dropped()
        each.hang_up()
    assert ended == [None]


def test_a_plain_client_without_a_slot_is_not_asked_for_a_nickname() -> None:
    with UsersHarness(slots=0) as harness:
        user = harness.connect(PlainUser)
        harness.settle()
        assert user.received == b"The server is full; try again later.\n"


def test_a_plain_client_that_is_too_late_is_not_asked_again() -> None:
    with UsersHarness() as harness:
        user = harness.connect(PlainUser)
        user.enter("[ice]")
        assert user.received.endswith(b"Your nickname?\n")
        user.clear()
        harness.harness.pass_time(61)
        assert user.is_dropped()
        assert user.received == b"No nickname within 60 s, so the server closes.\n"
