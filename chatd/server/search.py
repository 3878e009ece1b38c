"""Searches: in the archive of a chat that is kept, otherwise in what the hub has in memory.

The archive is read in a thread. Memory is looked through in the work queue, a few messages at a
time, so that nobody waits for it either.
"""

from collections import Counter
from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatd.chat import limits, names, search_words
from chatd.chat.commands import Search
from chatd.chat.errors import Refusal, SearchFailed, ServerFailed
from chatd.chat.events import Message, SearchResult
from chatd.chat.outbox import MemberId
from chatd.log.engine import StoreFailed
from chatd.server.chat import Chat

_log: Final = Logger()

#: Text that is looked through in one step of the work queue, in code points.
_STEP_CHARACTERS: Final = 1_024
#: The position of a message in memory is its time, times this, and its place among those that were
#: found with that time. It stays below 2**53, the largest integer that every JSON parser keeps.
_SAME_TIME: Final = 1_024


def search(
    chat: Chat, query: Search, member_id: MemberId | None
) -> Deferred[SearchResult | Refusal]:
    """Fire with a page of what was found, or with why the search cannot be made; never fail.

    :param member_id: who asks; None for one who is no member.
    """
    if query.since is not None and query.since < 0:
        query = replace(query, since=max(0, chat.now() + query.since))
    found: Deferred[Any]
    if chat.archive is None:
        found = _in_memory(chat, query, member_id)
    else:
        found = chat.archive.search(query, chat.hub.archived.readable_lives(member_id))
    return found.addErrback(_failed)


def _failed(failure: Failure) -> Refusal:
    if isinstance(failure.value, Refusal):
        return failure.value.with_traceback(None)
    if failure.check(StoreFailed):
        _log.warn("a search failed: {error}", error=str(failure.value))
        return SearchFailed()
    _log.failure("a search failed", failure)
    return ServerFailed()


def _in_memory(chat: Chat, query: Search, member_id: MemberId | None) -> Deferred[SearchResult]:
    done: Deferred[SearchResult] = Deferred()
    steps = _steps(chat, query, member_id)

    def step() -> None:
        try:
            next(steps)
        except StopIteration as end:
            done.callback(end.value)
        except Exception:
            done.errback()
        else:
            chat.work_queue.add(step)

    step()
    return done


def _steps(
    chat: Chat, query: Search, member_id: MemberId | None
) -> Generator[None, None, SearchResult]:
    phrases = search_words.parse_search(query)
    source = None if query.source is None else names.casefold(query.source)
    found: list[tuple[int, int, Message]] = []
    unpaid = 0
    for number, message in _messages(chat, query, member_id):
        is_from = source is None or names.casefold(message.source) == source
        if is_from and message.time >= (query.since or 0) and not message.removed:
            if search_words.matches(phrases, message.text):
                found.append((message.time, number, message))
            unpaid += len(message.text)
        unpaid += 16
        if unpaid >= _STEP_CHARACTERS:
            unpaid = 0
            yield
    found.sort(key=lambda each: each[:2])
    return _page(query, [message for _, _, message in found])


def _messages(
    chat: Chat, query: Search, member_id: MemberId | None
) -> Iterator[tuple[int, Message]]:
    """The messages that are in memory, room by room, each with the number of its room."""
    wanted = None if query.room is None else names.casefold(query.room)
    for number, room in enumerate(chat.hub.archived.names()):
        if wanted is None or names.casefold(room) == wanted:
            for message in chat.hub.archived.messages(member_id, room):
                yield number, message


def _page(query: Search, found: list[Message]) -> SearchResult:
    """A page of `found`, which has the oldest first."""
    same_time: Counter[int] = Counter()
    numbered = []
    for message in found:
        place = min(same_time[message.time], _SAME_TIME - 1)
        same_time[message.time] += 1
        position = message.time * _SAME_TIME + place
        if query.before is None or position < query.before:
            numbered.append((position, message))
    numbered.reverse()
    limit = max(1, min(query.limit, limits.SEARCH_REPLY_MESSAGES))
    return SearchResult(
        tuple(message for _, message in numbered), None, tuple(position for position, _ in numbered)
    ).first(limit)
