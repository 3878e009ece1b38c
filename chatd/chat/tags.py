"""What IRC clients are told of a message besides its text, and messages that are nothing else.

Most messages have none of it: then nothing here is made. It is in no history and in no archive, and
the other dialects have no use for it.
"""

from typing import Final

from msgspec import Struct


class Tags(Struct, frozen=True, gc=False, omit_defaults=True):
    """The tags of a message, and what IRC clients are told of its sender.

    :ivar client: tags that the sender's client has put to it, as IRC writes them: ``+typing=done``.
    :ivar account: whether the sender has its nickname with a password.
    :ivar bot: whether the sender says that it is a program.
    :ivar cuts: where in the text, in code points, a piece of a line begins that the sender's client
        has sent by itself.
    """

    client: str = ""
    account: bool = False
    bot: bool = False
    cuts: tuple[int, ...] = ()


#: Of a message from somebody of whom there is nothing to say.
NO_TAGS: Final = Tags()


class TagsSent(Struct, frozen=True):
    """Tags without a text, such as that `source` is typing, for a room or the nicknames in `to`.

    :ivar number: as in :class:`chatd.chat.tagged_messages.TaggedPrivate`.
    """

    source: str
    room: str | None
    to: tuple[str, ...]
    time: int
    number: int
    tags: Tags
