"""The JSON API: the handlers of members, rooms, messages and health.

Each handler takes a request and the chat, and returns the hub's reply in JSON. A list that would
make the response larger than ``REPLY_BYTES`` loses its first entries, and ``more`` is true.

docs/reference/web.rst has examples.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, TypeVar

import msgspec
from twisted.internet.defer import Deferred

from chatd.chat import events, limits
from chatd.chat.commands import ReadHistory, Search
from chatd.chat.names import LOBBY
from chatd.server.chat import Chat
from chatd.server.slow_reads import completed, is_incomplete
from chatd.web.messages import Request, Response, json_response, parse_integer, query_parameters

#: JavaScript keeps integers exactly up to here (``Number.MAX_SAFE_INTEGER``).
_MAX_SEQ: Final = 2**53 - 1

#: More bytes than a response has around its entries.
_ENVELOPE_BYTES: Final = 1_024

_encoder: Final = msgspec.json.Encoder()

_Entry = TypeVar("_Entry", events.User, events.RoomEntry, events.Message)


def users(request: Request, chat: Chat) -> Response:
    """``/api/users``: the members, or with ``room`` those of one room."""
    parameters = query_parameters(request.query, ("room",))
    reply = chat.hub.users(parameters.get("room"))
    last = _last_that_fit(reply.users)
    return json_response(replace(reply, users=last, more=len(last) < len(reply.users)))


def rooms(request: Request, chat: Chat) -> Response:
    """``/api/rooms``: the rooms, each with its number of members."""
    query_parameters(request.query, ())
    reply = chat.hub.rooms()
    last = _last_that_fit(reply.rooms)
    return json_response(replace(reply, rooms=last, more=len(last) < len(reply.rooms)))


def messages(request: Request, chat: Chat) -> Response | Deferred[Response]:
    """``/api/messages``: the last ``limit`` messages of ``room`` before the ``seq`` ``before``."""
    parameters = query_parameters(request.query, ("room", "before", "limit"))
    before, limit = None, limits.HISTORY_REPLY_MESSAGES
    if "before" in parameters:
        before = parse_integer("before", parameters["before"], 1, _MAX_SEQ)
    if "limit" in parameters:
        limit = parse_integer("limit", parameters["limit"], 1, limits.HISTORY_MESSAGES)
    # One more than the limit shows whether there are older messages.
    command = ReadHistory(parameters.get("room", LOBBY), limit + 1, before)

    def answer(reply: events.History) -> Response:
        last = _last_that_fit(reply.messages[-limit:])
        return json_response(replace(reply, messages=last, more=len(last) < len(reply.messages)))

    reply = chat.hub.read_history(command.room, command.limit, command.before)
    if not is_incomplete(command, reply, chat):
        return answer(reply)
    return completed(command, chat).addCallback(answer)


def search(request: Request, chat: Chat) -> Deferred[Response]:
    """``/api/search``: the messages with these ``words``, newest first."""
    parameters = query_parameters(
        request.query, ("words", "room", "from", "since", "before", "limit")
    )
    before = since = None
    limit = limits.SEARCH_PAGE_MESSAGES
    if "since" in parameters:
        since = _parse_since(parameters["since"])
    if "before" in parameters:
        before = parse_integer("before", parameters["before"], 1, _MAX_SEQ)
    if "limit" in parameters:
        limit = parse_integer("limit", parameters["limit"], 1, limits.SEARCH_REPLY_MESSAGES)
    command = Search(
        *(parameters.get("words", ""), parameters.get("room"), parameters.get("from")),
        *(since, before, limit),
    )
    chat.hub.check_search(command)

    def answer(reply: events.SearchResult) -> Response:
        page = reply.first(len(_last_that_fit(reply.messages[::-1])))
        return json_response({"messages": page.messages, "before": page.before})

    return completed(command, chat).addCallback(answer)


def health(request: Request, chat: Chat) -> Response:
    """``/health``: the server's id, its start, and its slots."""
    query_parameters(request.query, ())
    hub = chat.hub
    return json_response(
        {
            "status": "ok",
            "server": chat.settings.server_id,
            "started": hub.started,
            "members": hub.member_count,
            "slots": chat.settings.slots,
            "free": chat.free_slots,
        }
    )


def _parse_since(value: str) -> int:
    """A time in milliseconds since 1970; a negative one is before now.

    :raises HTTPError: if it is neither.
    """
    if value.startswith("-"):
        return -parse_integer("since", value[1:], 1, _MAX_SEQ)
    return parse_integer("since", value, 0, _MAX_SEQ)


def _last_that_fit(entries: Sequence[_Entry]) -> tuple[_Entry, ...]:
    """The longest tail of `entries` that fits into one response."""
    bytes_left = limits.REPLY_BYTES - _ENVELOPE_BYTES
    for index in range(len(entries) - 1, -1, -1):
        bytes_left -= len(_encoder.encode(entries[index])) + 1
        if bytes_left < 0:
            return tuple(entries[index + 1 :])
    return tuple(entries)
