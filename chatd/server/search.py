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
from chatd.chat.errors import NoSuchRoom, Refusal, SearchFailed, ServerFailed
from chatd.chat.events import Message, SearchResult
from chatd.log.engine import StoreFailed
from chatd.server.chat import Chat

_log: Final = Logger()

#: Text that is looked through in one step of the work queue, in code points.
_STEP_CHARACTERS: Final = 1_024
#: The position of a message in memory is its time, times this, and its place among those that were
#: found with that time. It stays below 2**53, the largest integer that every JSON parser keeps.
_SAME_TIME: Final = 1_024


def search(chat: Chat, query: Search) -> Deferred[SearchResult | Refusal]:
    """Fire with a page of what was found, or with why the search cannot be made; never fail."""
    if query.since is not None and query.since < 0:
        query = replace(query, since=max(0, chat.now() + query.since))
    archive = chat.archive
    found: Deferred[Any] = _in_memory(chat, query) if archive is None else archive.search(query)
    return found.addErrback(_failed)


def _failed(failure: Failure) -> Refusal:
    if isinstance(failure.value, Refusal):
        return failure.value.with_traceback(None)
    if failure.check(StoreFailed):
        _log.warn("a search failed: {error}", error=str(failure.value))
        return SearchFailed()
    _log.failure("a search failed", failure)
    return ServerFailed()


def _in_memory(chat: Chat, query: Search) -> Deferred[SearchResult]:
    done: Deferred[SearchResult] = Deferred()
    steps = _steps(chat, query)

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


def _steps(chat: Chat, query: Search) -> Generator[None, None, SearchResult]:
    phrases = search_words.parse_search(query)
    source = None if query.source is None else names.casefold(query.source)
    found: list[tuple[int, int, Message]] = []
    unpaid = 0
    for number, message in _messages(chat, query):
        is_from = source is None or names.casefold(message.source) == source
        if is_from and message.time >= (query.since or 0):
            if search_words.matches(phrases, message.text):
                found.append((message.time, number, message))
            unpaid += len(message.text)
        unpaid += 16
        if unpaid >= _STEP_CHARACTERS:
            unpaid = 0
            yield
    found.sort(key=lambda each: each[:2])
    return _page(query, [message for _, _, message in found])


def _messages(chat: Chat, query: Search) -> Iterator[tuple[int, Message]]:
    """The messages that are in memory, room by room, each with the number of its room."""
    wanted = None if query.room is None else names.casefold(query.room)
    for number, entry in enumerate(chat.hub.rooms().rooms):
        if wanted is None or names.casefold(entry.room) == wanted:
            try:
                history = chat.hub.read_history(entry.room, chat.settings.history)
            except NoSuchRoom:  # it has ended meanwhile
                continue
            for message in history.messages:
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
