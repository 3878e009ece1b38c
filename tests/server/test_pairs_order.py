"""A room full of people who speak different dialects: one order for all, and one's own doings."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.server.dialect_speakers import (
    ABILITIES,
    BasicSpeaker,
    Can,
    JimSpeaker,
    NativeSpeaker,
    OtherJimSpeaker,
    PlainSpeaker,
)
from tests.server.meeting import Meeting
from tests.server.speakers import Notice, Speaker

EVERYONE = list(ABILITIES)

#: What a member hears of its own message, renaming, joining and leaving a room (SPEC §4).
HEARS_OWN_WORDS = [BasicSpeaker, PlainSpeaker]
HEARS_OWN_RENAMING = [NativeSpeaker, BasicSpeaker, PlainSpeaker]
HEARS_OWN_COMING_AND_GOING = [NativeSpeaker, BasicSpeaker, PlainSpeaker]

every_dialect = pytest.mark.parametrize("dialect", EVERYONE)


def those_who(can: Can) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        "dialect", [dialect for dialect in EVERYONE if can in ABILITIES[dialect]]
    )


@given(st.lists(st.integers(0, len(EVERYONE) - 1), max_size=15))
def test_everyone_sees_the_others_messages_in_the_order_of_the_history(turns: list[int]) -> None:
    with Meeting(flood=0) as meeting:
        speakers = [
            meeting.enter(dialect, f"member{number}") for number, dialect in enumerate(EVERYONE)
        ]
        meeting.everyone_forgets()
        said = [(f"member{turn}", f"text {count}") for count, turn in enumerate(turns)]
        for turn, (_, text) in zip(turns, said, strict=True):
            speakers[turn].say(text)
        meeting.settle()
        for number, speaker in enumerate(speakers):
            hears_all = type(speaker) in HEARS_OWN_WORDS
            assert speaker.saw_messages() == [
                each for each in said if hears_all or each[0] != f"member{number}"
            ]
        meeting.everyone_forgets()
        speakers[0].ask_history()
        assert speakers[0].history() == said


@every_dialect
def test_ones_own_message_is_heard_as_the_dialect_has_it(dialect: type[Speaker]) -> None:
    with Meeting() as meeting:
        ice = meeting.enter(dialect, "ice")
        ice.say("hello")
        meeting.settle()
        assert ice.saw_messages() == [("ice", "hello")] * (dialect in HEARS_OWN_WORDS)


@those_who(Can.RENAME)
def test_ones_own_renaming_is_heard_as_the_dialect_has_it(dialect: type[Speaker]) -> None:
    with Meeting() as meeting:
        ice = meeting.enter(dialect, "ice")
        ice.rename("snow")
        meeting.settle()
        assert ice.saw_notice("ice renamed to snow") == (dialect in HEARS_OWN_RENAMING)


@those_who(Can.GO)
def test_ones_own_coming_and_going_is_heard_as_the_dialect_has_it(dialect: type[Speaker]) -> None:
    with Meeting() as meeting:
        ice = meeting.enter(dialect, "ice")
        meeting.everyone_forgets()
        ice.join("#dev")
        ice.leave("#dev")
        meeting.settle()
        heard = dialect in HEARS_OWN_COMING_AND_GOING
        assert ice.saw_notice("ice has joined #dev") == heard
        assert ice.saw_notice("ice has left #dev") == heard


@pytest.mark.parametrize("dialect", [JimSpeaker, OtherJimSpeaker])
def test_what_a_jim_member_asks_is_answered_and_nothing_else(dialect: type[Speaker]) -> None:
    with Meeting() as meeting:
        ice = meeting.enter(dialect, "ice")
        meeting.everyone_forgets()
        ice.say("hello")
        ice.join("#dev")
        ice.leave("#dev")
        ice.say("hello", "#dev")
        meeting.settle()
        assert len(ice.saw()) == 4
        assert not [each for each in ice.saw() if isinstance(each, Notice)]
        assert ice.was_refused("There is no room #dev")
