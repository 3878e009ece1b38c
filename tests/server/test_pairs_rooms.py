"""Two people go into rooms and out of them, whatever each of them speaks."""

from tests.server.dialect_speakers import Can
from tests.server.meeting import Pair, every_pair
from tests.server.speakers import LOBBY


@every_pair(ice=Can.GO, moon=Can.GO)
def test_in_a_room_those_who_are_in_it_hear_each_other(pair: Pair) -> None:
    pair.ice.join("#dev")
    pair.moon.join("#dev")
    pair.settle()
    assert pair.ice.saw_notice("moon has joined #dev")
    pair.ice.say("hello", "#dev")
    pair.moon.say("welcome", "#dev")
    pair.settle()
    assert ("ice", "hello") in pair.moon.saw_messages("#dev")
    assert ("moon", "welcome") in pair.ice.saw_messages("#dev")
    assert pair.ice.saw_messages(LOBBY) == pair.moon.saw_messages(LOBBY) == []


@every_pair(ice=Can.GO, moon=Can.GO)
def test_who_left_a_room_hears_it_no_more_and_may_not_speak_there(pair: Pair) -> None:
    pair.ice.join("#dev")
    pair.moon.join("#dev")
    pair.everyone_forgets()
    pair.moon.leave("#dev")
    pair.settle()
    assert pair.ice.saw_notice("moon has left #dev")
    pair.everyone_forgets()
    pair.ice.say("hello", "#dev")
    pair.moon.say("is it you?", "#dev")
    pair.settle()
    assert pair.moon.saw_messages("#dev") == []
    assert pair.moon.was_refused("You are not in #dev")
    assert ("moon", "is it you?") not in pair.ice.saw_messages("#dev")


@every_pair(ice=Can.GO)
def test_who_is_not_in_a_room_hears_nothing_of_it(pair: Pair) -> None:
    pair.ice.join("#dev")
    pair.ice.say("hello", "#dev")
    pair.ice.leave("#dev")
    pair.settle()
    assert pair.moon.saw() == []


@every_pair(ice=Can.GO)
def test_who_left_the_lobby_hears_it_no_more_and_is_still_there(pair: Pair) -> None:
    pair.ice.leave(LOBBY)
    pair.settle()
    assert pair.moon.saw_notice("ice has left #lobby")
    pair.everyone_forgets()
    pair.moon.say("anybody here?")
    pair.settle()
    assert pair.ice.saw_messages() == []
    pair.ice.join(LOBBY)
    pair.moon.say("welcome back")
    pair.settle()
    assert pair.ice.saw_messages() == [("moon", "welcome back")]
