"""Replies that take a while: histories beyond the messages in memory, and searches.

The hub has looked at the command first. A session reads nothing else from its client until the
reply is there, so a client has one such command under way.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeGuard

from twisted.internet.defer import Deferred

from chatd.chat.commands import ReadHistory, ReadMessages, Search
from chatd.chat.errors import Refusal
from chatd.chat.events import History, Message, Reply, RoomMessages
from chatd.chat.outbox import MemberId
from chatd.server.chat import Chat
from chatd.server.room_messages import complete_messages
from chatd.server.search import search

_Done = Callable[[Reply | Refusal], None]


def is_incomplete(
    command: object, result: Reply | Refusal, chat: Chat
) -> TypeGuard[ReadHistory | ReadMessages | Search]:
    """Whether `result`, that of the hub, is not yet the reply to `command`."""
    if type(command) is Search:
        return not isinstance(result, Refusal)
    if chat.archive is None:
        return False
    if isinstance(result, RoomMessages):
        return not result.is_complete
    return (
        type(command) is ReadHistory
        and isinstance(result, History)
        and len(result.messages) < command.limit
    )


def complete(
    command: ReadHistory | ReadMessages | Search,
    chat: Chat,
    member_id: MemberId | None,
    ask_again: Callable[[_Done], None],
    done: _Done,
) -> None:
    """Call `done` with the reply to `command`.

    :param member_id: who asks; None for one who is no member.
    :param ask_again: asks the hub once more: what was said while the archive was read has been
        sent already, so a history must have it as well.
    """
    if isinstance(command, Search):
        search(chat, command, member_id).addCallback(done)
        return
    lives = chat.hub.archived.readable_lives(member_id)
    if isinstance(command, ReadMessages):
        complete_messages(command, chat, lives, ask_again, done)
        return

    def found(archived: tuple[Message, ...]) -> None:
        ask_again(lambda result: done(_with_archived(result, archived, command.limit)))

    if chat.archive is None:
        found(())
        return
    older = chat.archive.last(command.room, command.limit, command.before, lives)
    older.addErrback(lambda failure: ())  # then there is only what is in memory
    older.addCallback(found)


def completed(command: ReadHistory | Search, chat: Chat) -> Deferred[Any]:
    """The same for one who is no member: fire with the reply, or fail with the refusal."""
    completed: Deferred[Any] = Deferred()

    def ask_again(done: _Done) -> None:
        if isinstance(command, ReadHistory):
            try:
                done(chat.hub.read_history(command.room, command.limit, command.before))
            except Refusal as refusal:  # the room has ended meanwhile
                done(refusal)

    def done(result: Reply | Refusal) -> None:
        if isinstance(result, Refusal):
            completed.errback(result)
        else:
            completed.callback(result)

    complete(command, chat, None, ask_again, done)
    return completed


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
