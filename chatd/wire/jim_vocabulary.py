"""The words of a JIM client, and those in which it must be answered.

Public JIM messengers say the same things in different words. docs/reference/jim.rst says which
words are common. Here is what each word means, and what it tells about the client.
"""

from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

from msgspec import UNSET, Struct

from chatd.chat.errors import BadFrame
from chatd.chat.names import LOBBY
from chatd.chat.order_commands import KeptNumber
from chatd.wire.hidden_fields import safe_repr


class User(Struct, frozen=True):
    """The user in an object."""

    account_name: str | None = None
    password: str | None = None
    status: Any = UNSET
    pubkey: Any = UNSET
    __repr__ = safe_repr


class ClientObject(Struct, frozen=True):
    """All keys that an object of any client may have. Others are ignored."""

    action: str | None = None
    event: str | None = None
    response: Any = None
    type: Any = UNSET
    user: User | str | None = None
    account_name: str | None = None
    client_name: str | None = None
    password: str | None = None
    to: str | tuple[str, ...] | None = None
    destination: str | tuple[str, ...] | None = None
    room: str | None = None
    message: str | None = None
    message_text: str | None = None
    mess_text: str | None = None
    msg_text: str | None = None
    message_txt: str | None = None
    text: str | None = None
    sender: Any = None
    # Those of the commands of hosts and operators, as in the native dialect.
    nickname: str | None = None
    reason: str = ""
    seconds: KeptNumber | None = None
    seq: KeptNumber | None = None
    read_only: bool | None = None
    slow: KeptNumber | None = None
    closed: bool | None = None
    key: str | None = None
    topic_locked: bool | None = None
    limit: KeptNumber | None = None
    private: bool | None = None
    code: str | None = None
    role: str = ""
    given: bool = True
    __repr__ = safe_repr


class _TextKey(NamedTuple):
    """The vocabulary of a client by the key of its message's text.

    :ivar knows_codes: whether it knows other codes than 200 and 400.
    :ivar senders: the keys where it looks for the sender, besides ``from``.
    """

    knows_codes: bool = False
    senders: tuple[str, ...] = ()


#: The keys of a message's text, the commonest first.
_TEXT_KEYS: Final = {
    "message": _TextKey(knows_codes=True),
    "message_text": _TextKey(knows_codes=True),
    "mess_text": _TextKey(),
    "msg_text": _TextKey(),
    "message_txt": _TextKey(),
    "text": _TextKey(senders=("_from",)),
}
#: The text of a message has these keys as long as the client has not shown its own.
_USUAL_TEXT_KEYS: Final = ("message", "message_text")
#: The same for a client whose ``presence`` was bare: most of them use the third.
_BARE_TEXT_KEYS: Final = ("message", "message_text", "mess_text")

#: The requests for a list of users, and for a change of the contacts. There is one list for all:
#: everyone who is here is a contact of everyone.
USER_LISTS: Final = frozenset({"get_users", "users_request", "get_known_users"})
CONTACT_LIST: Final = "get_contacts"
CONTACT_CHANGES: Final = frozenset({"add", "add_contact", "remove", "del_contact"})

#: Recipients that mean everybody, in any case.
EVERYBODY: Final = frozenset({"#", "all", "#all", "for_all", "everyone", "everybody", LOBBY})


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words that one client uses, as far as its requests have shown them.

    :ivar key: the key of a request's name, ``action`` or ``event``.
    :ivar verb: the name of a message, ``msg`` or ``message``. Until the client has sent a message:
        the first with ``action``, the second with ``event`` and after a bare ``presence``.
    :ivar text_keys: the keys of a message's text: the client's own, or the usual ones.
    :ivar senders: the keys where the client looks for the sender, besides ``from``.
    :ivar destination: whether it puts the recipient into ``destination``, and not into ``to``.
    :ivar everybody: the client's word for everybody; empty if it names no recipient then, and None
        until it has written to everybody.
    :ivar knows_codes: whether it knows other codes than 200 and 400, and 202 with a list.
    :ivar contact_list: whether each of its contacts comes in an object of its own, after their
        number.
    """

    key: str = "action"
    verb: str | None = None
    text_keys: tuple[str, ...] = _USUAL_TEXT_KEYS
    senders: tuple[str, ...] = ()
    destination: bool = False
    everybody: str | None = None
    knows_codes: bool = True
    contact_list: bool = False


NOTHING_KNOWN: Final = Vocabulary()


def vocabulary_of(
    client_object: ClientObject, verb: str, known: Vocabulary, *, is_entering: bool
) -> Vocabulary:
    """The vocabulary after a request.

    :param verb: the request's name.
    :param known: what was known before. It counts no more after a ``presence`` that enters.
    """
    name = verb.lower()
    vocabulary = replace(known, key="event" if client_object.action is None else "action")
    if name == "presence" and is_entering:
        is_bare = _is_bare(client_object)
        return replace(
            vocabulary,
            verb="message" if is_bare else None,
            text_keys=_BARE_TEXT_KEYS if is_bare else _USUAL_TEXT_KEYS,
            senders=("sender",) if is_bare else (),
            knows_codes=not _has_key(client_object),
        )
    if name == CONTACT_LIST and _names_nobody(client_object):
        is_unknown = len(vocabulary.text_keys) > 1
        return replace(
            vocabulary,
            verb=None if is_unknown else vocabulary.verb,  # those clients say msg
            text_keys=_USUAL_TEXT_KEYS if is_unknown else vocabulary.text_keys,
            knows_codes=False,
            contact_list=True,
        )
    if name in (CONTACT_LIST, *USER_LISTS) or is_contact_change(name, client_object):
        return replace(vocabulary, knows_codes=False)
    text_key = text_key_of(client_object)
    if name not in ("msg", "message") or text_key is None:
        return vocabulary
    return replace(
        vocabulary,
        verb=verb,
        text_keys=(text_key,),
        senders=_senders(client_object, text_key, vocabulary),
        destination=client_object.destination is not None,
        everybody=_word_for_everybody(client_object, vocabulary.everybody),
        knows_codes=vocabulary.knows_codes and _TEXT_KEYS[text_key].knows_codes,
    )


def _is_bare(client_object: ClientObject) -> bool:
    """Whether a ``presence`` has neither a type nor a status."""
    user = client_object.user
    return client_object.type is UNSET and not (isinstance(user, User) and user.status is not UNSET)


def _has_key(client_object: ClientObject) -> bool:
    """Whether a ``presence`` has a public key: such clients take a 409 for a success."""
    user = client_object.user
    return isinstance(user, User) and user.pubkey is not UNSET


def is_contact_change(name: str, client_object: ClientObject) -> bool:
    """Whether the request `name` is about a contact: ``remove`` with a number is of a message."""
    return name in CONTACT_CHANGES and client_object.seq is None


def _names_nobody(client_object: ClientObject) -> bool:
    """Whether a request for the contacts does not say whose.

    The clients of an older course ask so. They are sent one object for each contact.
    """
    return client_object.user is None and client_object.account_name is None


def _senders(client_object: ClientObject, text_key: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    # The first message shows whether the client knows `sender`: an assumption ends here.
    shown = vocabulary.senders if len(vocabulary.text_keys) == 1 else ()
    said = () if client_object.sender is None else ("sender",)
    return tuple(dict.fromkeys((*shown, *said, *_TEXT_KEYS[text_key].senders)))


def text_key_of(client_object: ClientObject) -> str | None:
    """The key of a message's text."""
    return next((key for key in _TEXT_KEYS if getattr(client_object, key) is not None), None)


def account_of(client_object: ClientObject) -> str:
    """Whose request it is."""
    user = client_object.user
    of_user = user.account_name if isinstance(user, User) else user
    for account in (client_object.account_name, of_user, client_object.client_name):
        if account is not None:
            return account
    raise BadFrame("user.account_name is missing.")


def member_of(client_object: ClientObject) -> str:
    """The nickname of the member that a host's or operator's command concerns."""
    user = client_object.user
    of_user = user.account_name if isinstance(user, User) else user
    for nickname in (client_object.nickname, of_user, client_object.account_name):
        if nickname is not None:
            return nickname
    raise BadFrame("nickname is missing.")


def recipients_of(client_object: ClientObject) -> list[str]:
    """The nicknames, rooms or words for everybody that a message is to."""
    said = client_object.destination if client_object.to is None else client_object.to
    to = said.split(",") if isinstance(said, str) else list(said or ())
    return [name.strip() for name in to if name.strip()]


def _word_for_everybody(client_object: ClientObject, before: str | None) -> str | None:
    """The word in this message, if it is to everybody and no room, or else the one `before`."""
    match recipients_of(client_object):
        case []:
            return ""
        case [name] if name.casefold() in EVERYBODY and not name.startswith("#"):
            return name
        case _:
            return before
