"""The client's search: its results, page by page."""

from chatd.chat.commands import Search
from chatd.chat.events import Message
from chatd.wire import frames
from chatd.wire.slash_commands import NO_MORE_RESULTS
from tests.client.session_harness import SessionHarness


def found(
    request_id: object, *texts: str, more: bool = False, before: int | None = None
) -> frames.SearchResult:
    messages = tuple(Message("#dev", n, 0, "moon", text) for n, text in enumerate(texts, 1))
    return frames.SearchResult(
        id=request_id,  # type: ignore[arg-type]  # any number
        data=frames.SearchResultData(messages, more, before),
    )


def shown(ice: SessionHarness) -> list[str]:
    """The texts of the messages that were shown."""
    return [line.partition("moon: ")[2] for line in ice.ui.shown if "moon: " in line]


def test_a_result_is_shown_once_it_is_complete() -> None:
    ice = SessionHarness()
    ice.type("/search tea in:dev")
    [(command, request_id)] = ice.sent
    assert command == Search("tea", "#dev")
    ice.session.frame_received(found(request_id, "3", "2", more=True))
    assert shown(ice) == []
    ice.session.frame_received(found(request_id, "1"))
    assert shown(ice) == ["1", "2", "3"]


def test_more_asks_for_the_next_page_until_there_is_none() -> None:
    ice = SessionHarness()
    ice.type("/more")
    assert ice.ui.notices == [NO_MORE_RESULTS]
    ice.type("/search tea")
    ice.session.frame_received(found(ice.sent[-1][1], "3", before=30))
    ice.type("/more")
    assert ice.commands[-1] == Search("tea", before=30)
    ice.session.frame_received(found(ice.sent[-1][1], "2"))
    ice.type("/more")
    assert ice.ui.notices == [NO_MORE_RESULTS] * 2
    assert len(ice.sent) == 2
    assert shown(ice) == ["3", "2"]


def test_half_a_result_is_forgotten_with_its_connection() -> None:
    ice = SessionHarness()
    ice.type("/search tea")
    ice.session.frame_received(found(ice.sent[-1][1], "lost", more=True))
    ice.reconnect()
    ice.type("/search tea")
    ice.session.frame_received(found(ice.sent[-1][1], "found"))
    assert shown(ice) == ["found"]


def test_a_result_that_nobody_asked_for_is_not_shown() -> None:
    ice = SessionHarness()
    ice.type("/users")
    ice.session.frame_received(found(None, "1"))
    ice.session.frame_received(found(ice.sent[-1][1], "2"))
    assert shown(ice) == []


def test_a_client_at_the_end_of_its_input_waits_for_the_result() -> None:
    ice = SessionHarness()
    ice.type("/search tea")
    ice.session.end_of_input()
    ice.session.frame_received(found(ice.sent[-1][1], "1", more=True))
    assert ice.leave_calls == 0
    ice.session.frame_received(found(ice.sent[-1][1], "2"))
    assert ice.leave_calls == 1
    assert ice.session.status == 0


def test_a_server_without_search_has_its_refusal_shown() -> None:
    ice = SessionHarness()
    ice.type("/search tea")
    ice.refuse(ice.sent[-1][1], "unknown-type", "There is no frame type 'search'.")
    assert ice.ui.notices == ["Refused (/search tea): There is no frame type 'search'."]
