"""Messages with what IRC clients are told besides: see :mod:`chatd.chat.tags`.

They are messages for everybody who does not look for more.
"""

from chatd.chat.events import Message, PrivateMessage
from chatd.chat.tags import NO_TAGS, Tags


class TaggedMessage(Message, frozen=True, gc=False, omit_defaults=True):
    """A message in a room, and its tags."""

    tags: Tags = NO_TAGS


class TaggedPrivate(PrivateMessage, frozen=True, omit_defaults=True):
    """A private message, and its tags.

    :ivar number: counts what is in no room: 1, 2, 3 … With the time it says which message it is, to
        everybody who gets it. A chat that is not kept begins again, but at another time.
    """

    number: int = 0
    tags: Tags = NO_TAGS


def tagged(message: Message, tags: Tags) -> TaggedMessage:
    """`message` with `tags`."""
    return TaggedMessage(
        message.room,
        message.seq,
        message.time,
        message.source,
        message.text,
        message.action,
        message.file,
        message.removed,
        message.notice,
        tags,
    )


def untagged(message: Message) -> Message:
    """`message` as it is kept, and as everybody but IRC clients is told of it."""
    if type(message) is not TaggedMessage:
        return message
    return Message(
        message.room,
        message.seq,
        message.time,
        message.source,
        message.text,
        message.action,
        message.file,
        message.removed,
        message.notice,
    )


def untagged_private(message: PrivateMessage) -> PrivateMessage:
    """The same of a private message."""
    return PrivateMessage(
        message.source,
        message.to,
        message.time,
        message.text,
        message.seq,
        message.action,
        message.file,
        message.notice,
    )
