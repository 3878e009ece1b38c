"""A user whom a host removes: the client ends, says why, and does not come back by itself."""

import pytest

from chatd.chat import events
from chatd.chat.moderation_events import Restricted
from chatd.wire import frames
from tests.client.service_harness import TOKEN, ClientHarness, online


def goodbye(reason: str) -> frames.Goodbye:
    return frames.Goodbye(data=events.Goodbye(reason))


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        ("kicked", "A host has removed you from the chat. You may come back."),
        ("banned", "A host has banned you from the chat."),
        ("blocked", "Your account is blocked."),
    ],
)
@pytest.mark.parametrize("once", [False, True])
def test_the_client_ends_with_one_sentence_and_status_1(
    reason: str, sentence: str, once: bool
) -> None:
    client = online(session=TOKEN, once=once, is_interactive=True)
    client.ui.notices.clear()
    client.receive(goodbye(reason))
    client.lose_connection(clean=True)
    assert client.ui.notices == [sentence]
    assert client.exit_statuses == [1]
    client.advance(60)
    assert client.finder.search_count == 1, "it must not come back by itself"


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ("kick", "You were removed from the chat by ana: spam. You may come back."),
        ("ban", "You are banned from the chat: spam."),
    ],
)
@pytest.mark.parametrize("has_goodbye", [True, False])
def test_it_says_who_did_it_and_why_once(what: str, sentence: str, has_goodbye: bool) -> None:
    client = online(session=TOKEN)
    client.ui.notices.clear()
    client.receive(frames.Restricted(data=Restricted(what, "ana", reason="spam")))
    if has_goodbye:
        client.receive(goodbye(f"{what}ed"))
    client.lose_connection()
    assert client.ui.notices == [sentence]
    assert client.ui.shown == []
    assert client.exit_statuses == [1]


def test_who_is_removed_from_a_room_stays_in_the_chat() -> None:
    client = online(session=TOKEN)
    client.receive(frames.Restricted(data=Restricted("kick", "ana", "#dev")))
    client.lose_connection()
    client.resume()
    assert client.exit_statuses == []


def test_the_lines_that_were_not_sent_are_named() -> None:
    client = online(session=TOKEN)
    client.lose_connection()
    client.type("one")
    client.advance(5)
    client.connect()
    client.refuse("banned", "You are banned from the chat for 2 h: spam.")
    assert client.ui.notices[-3:] == [
        "You are banned from the chat for 2 h: spam.",
        "These lines were not sent:",
        "  one",
    ]
    assert client.exit_statuses == [1]


def test_whoever_is_banned_cannot_enter() -> None:
    client = ClientHarness()
    client.connect()
    client.refuse("banned", "You are banned from the chat.")
    assert client.ui.notices[-1] == "You are banned from the chat."
    assert client.exit_statuses == [1]
