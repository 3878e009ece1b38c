"""What can be asked without a WebSocket: who is here, which rooms there are, what was said."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, TypeVar

import msgspec

from chatd.chat import events, limits
from chatd.chat.names import LOBBY
from chatd.server.chat import Chat
from chatd.web.messages import Request, Response, json_response, parse_integer, query_parameters

#: Programs that read JSON keep whole numbers below it.
_MOST_SEQ: Final = 2**53 - 1

#: What an answer has around its entries, at most.
_AROUND_BYTES: Final = 1_024

_encoder: Final = msgspec.json.Encoder()

_Entry = TypeVar("_Entry", events.User, events.RoomEntry, events.Message)


def users(request: Request, chat: Chat) -> Response:
    """Who is connected; with ``room``, who is in it."""
    asked = query_parameters(request.query, ("room",))
    found = chat.hub.users(asked.get("room"))
    kept = _last_that_fit(found.users)
    return json_response(replace(found, users=kept, more=len(kept) < len(found.users)))


def rooms(request: Request, chat: Chat) -> Response:
    """The rooms that there are, and how many are in each."""
    query_parameters(request.query, ())
    found = chat.hub.rooms()
    kept = _last_that_fit(found.rooms)
    return json_response(replace(found, rooms=kept, more=len(kept) < len(found.rooms)))


def messages(request: Request, chat: Chat) -> Response:
    """The last messages of ``room``, at most ``limit``, of those numbered below ``before``."""
    asked = query_parameters(request.query, ("room", "before", "limit"))
    before, limit = None, limits.HISTORY_REPLY_MESSAGES
    if "before" in asked:
        before = parse_integer("before", asked["before"], 1, _MOST_SEQ)
    if "limit" in asked:
        limit = parse_integer("limit", asked["limit"], 1, limits.HISTORY_MESSAGES)
    # One more than was asked for shows whether there is one.
    found = chat.hub.read_history(asked.get("room", LOBBY), limit + 1, before)
    kept = _last_that_fit(found.messages[-limit:])
    return json_response(replace(found, messages=kept, more=len(kept) < len(found.messages)))


def health(request: Request, chat: Chat) -> Response:
    """That the server is there, and how full it is."""
    query_parameters(request.query, ())
    hub = chat.hub
    return json_response(
        {
            "status": "ok",
            "server": chat.settings.server_id,
            "started": hub.started,
            "members": hub.member_count,
            "slots": chat.settings.slots,
            "free": hub.free_slots,
        }
    )


def _last_that_fit(entries: Sequence[_Entry]) -> tuple[_Entry, ...]:
    """The last of `entries` that one answer has room for."""
    left = limits.REPLY_BYTES - _AROUND_BYTES
    for index in range(len(entries) - 1, -1, -1):
        left -= len(_encoder.encode(entries[index])) + 1
        if left < 0:
            return tuple(entries[index + 1 :])
    return tuple(entries)
