"""The messages of a room between two places: those of the archive, and those in memory."""

from collections.abc import Callable
from dataclasses import replace

from chatd.chat.commands import ReadMessages
from chatd.chat.errors import Refusal, SearchFailed
from chatd.chat.events import Message, Reply, RoomMessages
from chatd.chat.reading import select
from chatd.server.chat import Chat

_Done = Callable[[Reply | Refusal], None]


def complete_messages(
    command: ReadMessages,
    chat: Chat,
    lives: frozenset[int],
    ask_again: Callable[[_Done], None],
    done: _Done,
) -> None:
    """Call `done` with the messages of the archive, and then those that are in memory by now."""
    if chat.archive is not None:
        found = chat.archive.between(command, lives)
        found.addErrback(lambda failure: None)
        found.addCallback(
            lambda archived: ask_again(
                lambda result: done(_joined(command, archived, result, chat))
            )
        )


def _joined(
    command: ReadMessages,
    archived: tuple[Message, ...] | None,
    result: Reply | Refusal,
    chat: Chat,
) -> Reply | Refusal:
    """The messages of both; `archived` is None if the archive cannot be read."""
    if not isinstance(result, RoomMessages):
        return result
    if archived is None:
        # The messages in memory must not look as if none were before them.
        return SearchFailed() if command.oldest or not result.messages else result
    messages = {each.seq: each for each in (*archived, *result.messages)}
    # One may have been removed in the meantime.
    in_order = chat.hub.archived.without_removed(
        result.room, (messages[seq] for seq in sorted(messages))
    )
    return replace(result, messages=select(in_order, command), is_complete=True)
