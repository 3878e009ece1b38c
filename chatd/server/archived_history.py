"""Histories that reach back beyond the messages in memory."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeGuard

from chatd.chat.commands import ReadHistory
from chatd.chat.errors import Refusal
from chatd.chat.events import History, Message, Reply
from chatd.log.engine import Archive

_Done = Callable[[Reply | Refusal], None]


def is_incomplete(command: object, result: Reply | Refusal) -> TypeGuard[ReadHistory]:
    """Whether `command` asks for more messages than the hub has in memory."""
    return (
        type(command) is ReadHistory
        and isinstance(result, History)
        and len(result.messages) < command.limit
    )


def read_archive(
    archive: Archive, command: ReadHistory, ask_again: Callable[[_Done], None], done: _Done
) -> None:
    """Call `done` with the reply to `command`, to which the archive has added.

    :param ask_again: asks the hub once more: what was said while the archive was read has been
        sent already, so the reply must have it as well.
    """

    def found(archived: tuple[Message, ...]) -> None:
        ask_again(lambda result: done(_with_archived(result, archived, command.limit)))

    older = archive.last(command.room, command.limit, command.before)
    older.addErrback(lambda failure: ())  # then there is only what is in memory
    older.addCallback(found)


def _with_archived(
    recent: Reply | Refusal, archived: tuple[Message, ...], limit: int
) -> Reply | Refusal:
    """The history `recent`, and before it the older messages of `archived`; both oldest first."""
    if not isinstance(recent, History):
        return recent
    if not recent.messages:
        return replace(recent, messages=archived)
    first = recent.messages[0].seq
    older = [message for message in archived if message.seq < first]
    return replace(recent, messages=(*older, *recent.messages)[-limit:])
