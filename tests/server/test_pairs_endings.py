"""One of two people goes, or cannot come in; the other one is told, whatever each speaks."""

import pytest

from tests.server.dialect_speakers import Can, JimSpeaker, NativeSpeaker, PlainSpeaker
from tests.server.meeting import Dialects, Meeting, Pair, every_pair
from tests.server.speakers import Speaker


@every_pair(ice=Can.QUIT)
def test_who_quits_is_dropped_and_the_other_is_told(pair: Pair) -> None:
    pair.ice.quit()
    pair.settle()
    assert pair.ice.is_dropped()
    assert pair.moon.saw_notice("ice has left the chat (quit)")


@every_pair()
def test_who_is_lost_is_told_of_and_the_nickname_is_free(pair: Pair) -> None:
    pair.ice.hang_up()
    pair.settle()
    assert pair.moon.saw_notice("ice has left the chat (connection lost)")
    again = pair.enter(NativeSpeaker, "ice")
    assert not again.was_refused("taken")


@every_pair()
def test_who_is_silent_is_disconnected_with_a_word_and_the_other_is_told(
    dialects: Dialects,
) -> None:
    with Pair(*dialects, timeout=60) as pair:
        for _ in range(4):
            pair.hall.pass_time(20)
            pair.ice.say("still here")
        pair.settle()
        assert pair.moon.is_dropped()
        assert pair.moon.was_told("inactive")
        assert pair.ice.saw_notice("moon has left the chat (inactive)")
        assert not pair.ice.is_dropped()


@every_pair()
def test_who_finds_no_slot_is_told_so_and_the_other_notices_nothing(dialects: Dialects) -> None:
    with Meeting(slots=1) as meeting:
        first = meeting.enter(dialects[0], "ice")
        meeting.everyone_forgets()
        second = meeting.enter(dialects[1], "moon")
        assert second.was_told("The server is full")
        assert second.is_dropped()
        assert first.saw() == []
        first.hang_up()
        second.hang_up()
        third = meeting.enter(dialects[1], "moon")
        assert not third.is_dropped()


@pytest.mark.parametrize("side", [JimSpeaker, PlainSpeaker])
def test_where_the_dialect_is_known_a_full_server_says_so_at_once(side: type[Speaker]) -> None:
    with Meeting(slots=0) as meeting:
        speaker = meeting.connect(side)
        meeting.settle()
        assert speaker.was_told("The server is full")
        assert speaker.is_dropped()


@every_pair()
def test_everyone_is_told_that_the_server_is_stopping(pair: Pair) -> None:
    ended: list[None] = []
    pair.hall.chat.end().addCallback(ended.append)
    pair.settle()
    for each in (pair.ice, pair.moon):
        assert each.was_told("server is stopping")
        assert each.is_dropped()
        each.hang_up()
    assert ended == [None]


def test_who_finds_no_slot_at_the_plain_port_is_asked_nothing() -> None:
    with Meeting(slots=0) as meeting:
        speaker = meeting.connect(PlainSpeaker)
        meeting.settle()
        assert speaker.received == b"The server is full; try again later.\n"


def test_who_is_too_late_at_the_plain_port_is_asked_nothing_more() -> None:
    with Meeting() as meeting:
        speaker = meeting.connect(PlainSpeaker)
        speaker.enter("[ice]")
        assert speaker.received.endswith(b"Your nickname?\n")
        speaker.forget()
        meeting.hall.pass_time(61)
        assert speaker.is_dropped()
        assert speaker.received == b"No nickname within 60 s, so the server closes.\n"
