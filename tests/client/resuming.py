"""A client that can resume, and messages for it."""

from typing import Any

from chatd.chat import events, limits
from chatd.wire import frames
from tests.client.service_harness import TOKEN, ClientHarness, online


def resumable(**options: Any) -> ClientHarness:
    """A client that is online with a session that it can resume; what it said is forgotten."""
    client = online(session=TOKEN, **options)
    client.ui.notices.clear()
    return client


def message(seq: int, text: str, room: str = "#lobby") -> events.Message:
    return events.Message(room, seq, 1_000 * seq, "moon", text)


def private(seq: int, text: str) -> frames.PrivateMessage:
    return frames.PrivateMessage(data=events.PrivateMessage("moon", ("ice",), 0, text, seq))


def reconnect(client: ClientHarness) -> None:
    client.lose_connection()
    client.advance(limits.RETRY_SECONDS + 1)
    client.connect()
