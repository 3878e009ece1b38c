"""Whatever happens to the links: every line arrives once, and in order, at everybody else."""

from collections.abc import Callable
from typing import Any, Final

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from chatd.chat import limits
from tests.log.memory_engine import MemoryEngine
from tests.server.faulty_link import FaultyChat, Talker

NICKNAMES = ("ice", "moon", "sun")
ROOMS = ("#lobby", "#dev")

Step = tuple[str, int, Any]

#: More lines than may be unconfirmed.
MANY = limits.UNCONFIRMED_LINES + 3

#: The text that stands for a notice that a private message reached nobody.
NONE = "Not reached"

_who = st.integers(0, len(NICKNAMES) - 1)
#: Some bytes, half a line, or all that is under way.
_bytes = st.one_of(st.integers(1, 100), st.just(1 << 20))

#: What may happen, to whom, and with what.
STEPS = st.one_of(
    st.tuples(st.just("say"), _who, st.sampled_from(ROOMS)),
    st.tuples(st.just("say"), _who, st.sampled_from(ROOMS)),
    st.tuples(st.just("say much"), _who, st.sampled_from(ROOMS)),
    st.tuples(st.just("whisper"), _who, st.sampled_from(NICKNAMES)),
    st.tuples(st.just("deliver up"), _who, _bytes),
    st.tuples(st.just("deliver down"), _who, _bytes),
    st.tuples(st.just("deliver all"), _who, st.none()),
    st.tuples(st.just("cut"), _who, st.sampled_from([None, "client", "server"])),
    st.tuples(st.just("time"), _who, st.sampled_from([0.5, 1, 3, 4, 11])),
    st.tuples(st.just("commit"), _who, st.none()),
)
KILLS = st.tuples(st.just("kill"), _who, st.none())


def schedules(steps: st.SearchStrategy[Step]) -> st.SearchStrategy[list[Step]]:
    """Schedules of some dozen steps; a list of lists, as Hypothesis makes lists of five mostly."""
    return st.lists(st.lists(steps, max_size=30), max_size=30).map(
        lambda parts: [step for part in parts for step in part]
    )


#: These take milliseconds each.
MANY_EXAMPLES = settings(max_examples=3 * settings().max_examples)


def _whisper(chat: FaultyChat, talker: Talker, to: str) -> None:
    if to != talker.nickname:
        talker.whisper(to)


def _cut(chat: FaultyChat, talker: Talker, end: str | None) -> None:
    """Cut the talker's connection; one end may notice at once."""
    connection = talker.current
    if connection is not None:
        connection.is_cut = True
        if end is not None:
            connection.notice(getattr(connection, end))


#: What happens in each step of a schedule.
ACTIONS: Final[dict[str, Callable[[FaultyChat, Talker, Any], object]]] = {
    "say": lambda chat, talker, room: talker.say(room),
    "say much": lambda chat, talker, room: talker.say(room, MANY),
    "whisper": _whisper,
    "deliver up": lambda chat, talker, count: talker.deliver_up(count),
    "deliver down": lambda chat, talker, count: talker.deliver_down(count),
    "deliver all": lambda chat, talker, _: chat.deliver_all(),
    "cut": _cut,
    "time": lambda chat, talker, seconds: chat.pass_time(seconds),
    "commit": lambda chat, talker, _: chat.commit(),
    "kill": lambda chat, talker, _: chat.restart(),
}


def start(engine: MemoryEngine | None = None) -> FaultyChat:
    """A chat whose talkers are in all rooms."""
    chat = FaultyChat(*NICKNAMES, engine=engine)
    chat.deliver_all()
    for talker in chat.talkers:
        talker.type("/join #dev")
    chat.deliver_all()
    return chat


def check(chat: FaultyChat) -> None:
    """Nothing was lost, doubled or mixed up, and nobody was told that it may have been."""
    for listener in chat.talkers:
        for speaker in chat.talkers:
            if speaker is listener:
                continue
            for room in ROOMS:
                said = [text for where, text in speaker.said if where == room]
                assert listener.heard(speaker.nickname, room) == said
            whispered = [text for to, text in speaker.whispered if to == listener.nickname]
            heard = listener.heard_privately(speaker.nickname)
            # One who is away for longer than the grace is not in the chat; the speaker is told so.
            assert heard == [text for text in whispered if text in heard]
            not_reached = len(whispered) - len(heard)
            told = [said for said in speaker.ui.notices if f"{listener.nickname} (" in said]
            assert len(told) == not_reached
        assert not [said for said in listener.ui.notices if "may not have arrived" in said]
        assert not [said for said in listener.ui.notices if "Refused" in said and NONE not in said]


def leave(chat: FaultyChat) -> None:
    """Everybody leaves, with everything confirmed."""
    for talker in chat.talkers:
        talker.client.session.end_of_input()
        chat.deliver_all()
        assert talker.statuses == [int(any(NONE in said for said in talker.ui.notices))]


def run(schedule: list[Step], engine: MemoryEngine | None = None) -> None:
    chat = start(engine)
    for step, who, argument in schedule:
        ACTIONS[step](chat, chat.talkers[who], argument)
        chat.end_turn()
    chat.heal()
    for talker in chat.talkers:
        note(f"{talker.nickname}: {talker.ui.shown} {talker.ui.notices}")
    check(chat)
    leave(chat)


@MANY_EXAMPLES
@given(schedules(STEPS))
def test_every_line_arrives_once_and_in_order_in_a_chat_in_memory(
    schedule: list[Step],
) -> None:
    run(schedule)


@MANY_EXAMPLES
@given(schedules(st.one_of(STEPS, KILLS)))
def test_every_line_arrives_once_and_in_order_in_a_chat_that_is_kept_and_whose_server_is_killed(
    schedule: list[Step],
) -> None:
    run(schedule, MemoryEngine())


@pytest.mark.parametrize("engine", [None, MemoryEngine()], ids=["memory", "kept"])
def test_these_tests_deliver_what_is_said_on_links_that_work(engine: MemoryEngine | None) -> None:
    chat = start(engine)
    for talker in chat.talkers:
        talker.say("#lobby")
        talker.say("#dev")
        chat.deliver_all()
    chat.heal()
    check(chat)
    leave(chat)


def test_a_hello_that_comes_after_that_of_the_next_connection_does_not_end_the_client() -> None:
    chat = start()
    ice = chat.talkers[0]
    _cut(chat, ice, "client")
    chat.pass_time(limits.RETRY_SECONDS)
    assert ice.connect(), "and its hello is late"
    chat.pass_time(limits.WELCOME_SECONDS)
    chat.pass_time(limits.RETRY_SECONDS)
    assert ice.connect()
    chat.deliver_all()
    ice.say("#lobby")
    chat.heal()
    check(chat)
    leave(chat)
