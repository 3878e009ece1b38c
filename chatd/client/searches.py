"""The user's search: its results as they arrive, and the way to the next page."""

from dataclasses import replace

from chatd.chat import limits
from chatd.chat.commands import Search
from chatd.chat.events import Message, SearchResult
from chatd.client.unconfirmed import PendingCommand
from chatd.wire.frames import SearchResultData


class Searches:
    """Puts the frames of a result together, and remembers where the next page begins.

    :ivar next_page: the search for older messages; None if there are none.
    """

    def __init__(self) -> None:
        self.next_page: Search | None = None
        self._messages: tuple[Message, ...] = ()

    def received(
        self, pending: PendingCommand | None, data: SearchResultData
    ) -> SearchResult | None:
        """Take one frame of a reply; the whole result with the last one.

        :param pending: the search.
        """
        if pending is None or not isinstance(pending.command, Search):
            return None
        # A false server may send any number of frames.
        messages = (self._messages + data.messages)[: limits.SEARCH_REPLY_MESSAGES]
        self._messages = messages if data.more else ()
        if data.more:
            return None
        self.next_page = (
            None if data.before is None else replace(pending.command, before=data.before)
        )
        return SearchResult(messages, data.before)
