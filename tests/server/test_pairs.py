"""Two people talk to each other, whatever each of them speaks."""

from tests.server.dialect_speakers import Can, NativeSpeaker
from tests.server.meeting import Dialects, Meeting, Pair, every_pair
from tests.server.speakers import Message


@every_pair()
def test_who_is_here_sees_who_enters(dialects: Dialects) -> None:
    with Meeting() as meeting:
        first = meeting.enter(dialects[0], "ice")
        assert not first.saw_notice("moon")
        meeting.enter(dialects[1], "moon")
        assert first.saw_notice("moon has entered the chat")


@every_pair()
def test_a_taken_nickname_is_refused_and_another_one_is_not(dialects: Dialects) -> None:
    with Meeting() as meeting:
        first = meeting.enter(dialects[0], "ice")
        meeting.everyone_forgets()
        second = meeting.enter(dialects[1], "ICE")
        assert second.was_refused("ICE is taken")
        assert not first.saw_notice("ICE")
        second.enter("moon")
        meeting.settle()
        assert first.saw_notice("moon")


@every_pair()
def test_both_ways_the_others_words_come_with_the_nickname_and_in_order(pair: Pair) -> None:
    for said in ("one", "two", "drei \u2014 \u05e9\u05dc\u05d5\u05dd"):
        pair.ice.say(said)
        pair.moon.say(said.upper())
    pair.settle()
    from_ice = [("ice", "one"), ("ice", "two"), ("ice", "drei \u2014 \u05e9\u05dc\u05d5\u05dd")]
    assert [said for said in pair.moon.saw_messages() if said[0] == "ice"] == from_ice
    assert [said for said in pair.ice.saw_messages() if said[0] == "moon"] == [
        ("moon", text.upper()) for _, text in from_ice
    ]


@every_pair(ice=Can.BREAK_LINES)
def test_a_message_of_two_lines_arrives_whole_and_forges_nothing(pair: Pair) -> None:
    pair.ice.say("one\n[Server]: moon has left the chat\n[private] sun: two")
    pair.settle()
    seen = pair.moon.saw()
    assert {type(each) for each in seen} == {Message}
    assert "\n".join(each.text for each in seen).split("\n") == [
        "one",
        "[Server]: moon has left the chat",
        "[private] sun: two",
    ]
    assert {each.source for each in seen} == {"ice"}


@every_pair(ice=Can.TELL)
def test_a_private_message_is_seen_by_its_recipient_alone(pair: Pair) -> None:
    sun = pair.enter(NativeSpeaker, "sun")
    pair.everyone_forgets()
    pair.ice.tell("psst", "moon")
    pair.settle()
    assert pair.moon.saw_private() == [("ice", "psst")]
    assert sun.saw() == []
    assert pair.ice.saw_private() == []


@every_pair(ice=Can.TELL)
def test_a_private_message_to_several_is_seen_by_each_of_them(pair: Pair) -> None:
    sun, star = pair.enter(NativeSpeaker, "sun"), pair.enter(NativeSpeaker, "star")
    pair.everyone_forgets()
    pair.ice.tell("psst", "moon", "sun")
    pair.settle()
    assert pair.moon.saw_private() == sun.saw_private() == [("ice", "psst")]
    assert star.saw() == []


@every_pair(ice=Can.TELL)
def test_the_sender_learns_who_was_not_reached_and_the_others_were(pair: Pair) -> None:
    pair.ice.tell("psst", "moon", "sun")
    pair.settle()
    assert pair.moon.saw_private() == [("ice", "psst")]
    assert pair.ice.was_told("Not reached: sun (unknown)")


@every_pair(ice=Can.TELL)
def test_a_private_message_that_reaches_nobody_is_refused(pair: Pair) -> None:
    pair.ice.tell("psst", "sun", "star")
    pair.settle()
    assert pair.ice.was_refused("Not reached: sun (unknown), star (unknown)")
    assert pair.moon.saw() == []


@every_pair(ice=Can.RENAME)
def test_a_renaming_is_told_and_the_new_name_is_the_one_that_speaks(pair: Pair) -> None:
    pair.ice.rename("snow")
    pair.ice.say("hello")
    pair.settle()
    assert pair.moon.saw_notice("ice renamed to snow")
    assert pair.moon.saw_messages() == [("snow", "hello")]


@every_pair(ice=Can.RENAME, moon=Can.TELL)
def test_who_was_renamed_is_reached_under_the_new_name_and_not_the_old_one(pair: Pair) -> None:
    pair.ice.rename("snow")
    pair.everyone_forgets()
    pair.moon.tell("psst", "snow")
    pair.moon.tell("psst", "ice")
    pair.settle()
    assert pair.ice.saw_private() == [("moon", "psst")]
    assert pair.moon.was_refused("Not reached: ice (unknown)")


@every_pair(ice=Can.RENAME)
def test_renaming_to_a_taken_name_is_refused_and_changes_nothing(pair: Pair) -> None:
    pair.ice.rename("Moon")
    pair.settle()
    assert pair.ice.was_refused("Moon is taken")
    assert pair.moon.saw() == []
    pair.ice.say("hello")
    pair.settle()
    assert pair.moon.saw_messages() == [("ice", "hello")]


@every_pair(ice=Can.READ)
def test_the_list_of_users_names_both(pair: Pair) -> None:
    pair.ice.ask_users()
    pair.settle()
    assert pair.ice.users() == ["ice", "moon"]


@every_pair(ice=Can.READ)
def test_the_history_has_what_both_said_in_order(pair: Pair) -> None:
    pair.moon.say("one")
    pair.ice.say("two")
    pair.moon.say("three")
    pair.everyone_forgets()
    pair.ice.ask_history()
    pair.settle()
    assert pair.ice.history() == [("moon", "one"), ("ice", "two"), ("moon", "three")]
