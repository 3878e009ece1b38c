"""The life of a typed line: nothing is lost silently."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.chat import commands, events, limits
from chatd.chat.commands import SendMessage
from chatd.chat.errors import RequestId
from chatd.wire import frames
from chatd.wire.slash_commands import help_lines
from tests.client.session_harness import SessionHarness


def numbered(count: int) -> list[str]:
    return [f"line {number}" for number in range(1, count + 1)]


def test_each_line_is_sent_with_its_own_id() -> None:
    ice = SessionHarness()
    ice.type("hello", "/users", "hello")
    assert [command for command, _ in ice.sent] == [
        SendMessage("hello"),
        commands.ListUsers(),
        SendMessage("hello"),
    ]
    assert len({request_id for _, request_id in ice.sent}) == 3


def test_a_blank_line_and_an_invalid_one_send_nothing() -> None:
    ice = SessionHarness()
    ice.type("", "  ", "/dance", "\x07")
    assert ice.sent == []
    assert [sentence.partition(":")[0] for sentence in ice.ui.notices] == ["Not sent"] * 2


def test_help_is_shown_and_not_sent() -> None:
    ice = SessionHarness()
    ice.type("/help")
    assert ice.ui.notices == help_lines()
    assert ice.sent == []


def test_no_more_lines_are_unconfirmed_than_the_limit_allows() -> None:
    ice = SessionHarness()
    lines = numbered(limits.UNCONFIRMED_LINES + 3)
    ice.type(*lines)
    assert ice.texts == lines[:32]
    ice.confirm(ice.sent[0][1])
    assert ice.texts == lines[:33]
    for _, request_id in list(ice.sent):
        ice.confirm(request_id)
    assert ice.texts == lines


def test_input_is_paused_at_the_limit_and_resumed_when_half_of_the_lines_are_sent() -> None:
    ice = SessionHarness(online=False)
    lines = numbered(limits.UNSENT_LINES)
    ice.type(*lines[:-1])
    assert not ice.input_is_paused()
    ice.type(lines[-1])
    assert ice.input_is_paused()

    ice.session.online()
    confirmed = 0
    while len(ice.session.unsent) > limits.UNSENT_LINES // 2:
        assert ice.input_is_paused()
        ice.confirm(ice.sent[confirmed][1])
        confirmed += 1
    assert not ice.input_is_paused()


def test_a_confirmation_with_an_unknown_id_changes_nothing() -> None:
    ice = SessionHarness()
    ice.type("hello")
    for request_id in (None, 99, "1", -1):
        ice.confirm(request_id)
    ice.session.offline()
    assert "  hello" in ice.ui.notices


def test_lines_typed_offline_are_kept_and_sent_on_return_in_order() -> None:
    ice = SessionHarness()
    ice.session.offline()
    ice.type("one", "two", "three")
    assert ice.sent == []
    assert ice.ui.notices == ["You are offline. What you type is sent when you are online again."]
    ice.session.online()
    assert ice.texts == ["one", "two", "three"]
    assert ice.ui.notices[1:] == ["Sending the lines that you typed while offline."]


def test_a_refusal_names_the_line() -> None:
    ice = SessionHarness()
    ice.type("hello", "/setname moon")
    taken = frames.ErrorData("nickname-taken", "The nickname moon is taken.")
    ice.session.frame_received(frames.Error(id=ice.sent[1][1], data=taken))
    assert ice.ui.notices == ["Refused (/setname moon): The nickname moon is taken."]
    assert ice.session.nickname == "ice"


def test_a_refusal_without_an_id_is_shown_as_well() -> None:
    ice = SessionHarness()
    ice.session.frame_received(frames.Error(data=frames.ErrorData("odd", "Something \x1b[2Jodd.")))
    assert ice.ui.notices == ["Refused: Something <U+001B>[2Jodd."]


def test_a_refused_line_makes_room_for_the_next_one() -> None:
    ice = SessionHarness()
    ice.type(*numbered(33))
    ice.session.frame_received(
        frames.Error(id=ice.sent[0][1], data=frames.ErrorData("odd", "Odd."))
    )
    assert len(ice.sent) == 33


def users(more: bool, request_id: RequestId) -> frames.Users:
    return frames.Users(id=request_id, data=events.Users((), more=more))


def history(more: bool, request_id: RequestId) -> frames.History:
    return frames.History(id=request_id, data=events.History("#lobby", (), more))


@pytest.mark.parametrize(("line", "reply"), [("/users", users), ("/history", history)])
def test_a_list_is_confirmed_only_by_its_last_frame(line: str, reply: object) -> None:
    assert callable(reply)
    ice = SessionHarness()
    ice.type(line)
    ice.session.end_of_input()
    request_id = ice.sent[0][1]
    for _ in range(2):
        ice.session.frame_received(reply(True, request_id))
    assert ice.leave_calls == 0
    ice.session.frame_received(reply(False, request_id))
    assert ice.leave_calls == 1


def test_events_are_shown() -> None:
    ice = SessionHarness()
    for frame in (
        frames.MemberEntered(data=events.MemberEntered("moon")),
        frames.Message(data=events.Message("#lobby", 1, 5, "moon", "hello\nyou")),
        frames.MemberRenamed(data=events.MemberRenamed("moon", "sun")),
        frames.MemberLeft(data=events.MemberLeft("sun", "quit")),
    ):
        ice.session.frame_received(frame)
    assert ice.ui.shown == [
        "[Server]: moon has entered the chat",
        "moon: hello",
        "moon: you",
        "[Server]: moon renamed to sun",
        "[Server]: sun has left the chat (quit)",
    ]
    assert ice.session.nickname == "ice"


def test_the_users_own_rename_is_shown_and_changes_the_nickname() -> None:
    ice = SessionHarness()
    ice.session.frame_received(frames.MemberRenamed(data=events.MemberRenamed("ice", "snow")))
    assert ice.session.nickname == "snow"
    assert ice.ui.shown == ["[Server]: ice renamed to snow"]


def test_unconfirmed_lines_are_named_when_the_connection_is_lost_and_not_sent_again() -> None:
    ice = SessionHarness()
    ice.type("one", "two", "three")
    ice.confirm(ice.sent[0][1])
    ice.session.offline()
    assert ice.ui.notices == [
        "The connection was lost before these lines were confirmed; they may not have arrived:",
        "  two",
        "  three",
    ]
    assert ice.session.unconfirmed_lost
    ice.session.online()
    assert ice.texts == ["one", "two", "three"]


def test_the_end_of_input_waits_until_everything_is_confirmed() -> None:
    ice = SessionHarness()
    ice.type("one", "two")
    ice.session.end_of_input()
    assert ice.leave_calls == 0
    ice.confirm(ice.sent[1][1])
    assert ice.leave_calls == 0
    ice.confirm(ice.sent[0][1])
    assert ice.leave_calls == 1


def test_the_end_of_input_with_nothing_to_do_leaves_at_once() -> None:
    ice = SessionHarness()
    ice.session.end_of_input()
    assert ice.leave_calls == 1


@pytest.mark.parametrize("line", ["/quit", "/exit", "exit()"])
def test_quit_waits_until_the_lines_before_it_are_confirmed(line: str) -> None:
    ice = SessionHarness()
    ice.type("one", line, "too late")
    assert ice.leave_calls == 0
    ice.confirm(ice.sent[0][1])
    assert ice.leave_calls == 1
    assert ice.texts == ["one"]
    assert ice.ui.notices == ["Not sent: too late (you are leaving)"]


@pytest.mark.parametrize(("is_interactive", "left"), [(True, 1), (False, 0)])
def test_only_at_a_terminal_quit_does_not_wait_for_queued_lines_while_offline(
    is_interactive: bool, left: int
) -> None:
    ice = SessionHarness(is_interactive)
    ice.session.offline()
    ice.type("one", "/quit")
    assert ice.leave_calls == left
    assert ice.session.unsent == ["one"]


def test_before_the_first_connection_there_is_no_offline_notice_on_a_pipe() -> None:
    ice = SessionHarness(online=False)
    ice.type("one")
    assert ice.ui.notices == []
    ice.session.online()
    assert ice.texts == ["one"]
    assert ice.ui.notices == []


@given(st.lists(st.sampled_from(["type", "confirm", "offline", "online"]), max_size=200))
def test_every_line_is_sent_once_and_in_order_or_is_still_queued(happenings: list[str]) -> None:
    ice = SessionHarness(online=False)
    typed: list[str] = []
    under_way: list[RequestId] = []
    sent = 0
    for happens in happenings:
        if happens == "type":
            typed.append(f"line {len(typed)}")
            ice.type(typed[-1])
        elif happens == "confirm" and under_way:
            ice.confirm(under_way.pop(0))
        elif happens == "offline" and ice.session.is_online:
            ice.session.offline()
            under_way.clear()
        elif happens == "online" and not ice.session.is_online:
            ice.session.online()
        under_way += [request_id for _, request_id in ice.sent[sent:]]
        sent = len(ice.sent)
        assert len(under_way) <= limits.UNCONFIRMED_LINES
        assert ice.texts + ice.session.unsent == typed


def test_a_message_is_shown_as_sent_when_it_is_confirmed_and_not_before() -> None:
    ice = SessionHarness()
    ice.type("hello", "@moon psst", "/users", "refused")
    assert (ice.ui.confirmed_messages, ice.session.unconfirmed_count) == ([], 3)
    ice.refuse(ice.sent[3][1], "odd")
    ice.confirm(ice.sent[1][1])
    ice.confirm(ice.sent[0][1])
    assert ice.ui.confirmed_messages == [
        commands.SendPrivate("psst", ("moon",)),
        SendMessage("hello"),
    ]
    assert ice.session.unconfirmed_count == 0


def test_a_line_typed_offline_counts_as_undelivered_until_it_is_confirmed() -> None:
    ice = SessionHarness(online=False)
    ice.type("hello")
    assert ice.session.unconfirmed_count == 1
    ice.session.online()
    assert (ice.ui.confirmed_messages, ice.session.unconfirmed_count) == ([], 1)
    ice.confirm(ice.sent[0][1])
    assert (ice.ui.confirmed_messages, ice.session.unconfirmed_count) == ([SendMessage("hello")], 0)


def test_quit_with_undelivered_lines_says_how_many_and_a_second_one_leaves_at_once() -> None:
    ice = SessionHarness(is_interactive=True)
    ice.type("one", "two", "/quit")
    assert ice.ui.notices == ["Sending 2 lines first; /quit again leaves at once."]
    assert ice.leave_calls == 0
    ice.type("/quit")
    assert ice.leave_calls == 1


def test_quit_without_undelivered_lines_says_nothing() -> None:
    ice = SessionHarness(is_interactive=True)
    ice.type("one")
    ice.confirm(ice.sent[0][1])
    ice.type("/quit")
    assert (ice.ui.notices, ice.leave_calls) == ([], 1)
