"""The JIM dialect: JSON objects without delimiters, replies with numbers.

JIM clients differ in their words, such as ``action`` or ``event`` for the same key. The server uses
the words of each client, see :class:`Vocabulary`. docs/reference/jim.rst has the requests, the
response codes and an example; ``jim_framing`` finds the objects in a stream.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, ClassVar, Final

import msgspec
from msgspec import Struct
from typing_extensions import override

from chatd.chat import commands, errors, events, limits, names
from chatd.chat.commands import ClientCommand
from chatd.chat.errors import BadFrame, Refusal, RequestId
from chatd.chat.events import Event
from chatd.chat.names import LOBBY
from chatd.wire import rendering
from chatd.wire.dialect import Dialect, KeepAlive, LocalReply, Request, Result
from chatd.wire.hidden_fields import safe_repr

_encoder: Final = msgspec.json.Encoder()


class _User(Struct, frozen=True):
    account_name: str | None = None
    password: str | None = None
    status: Any = None
    __repr__ = safe_repr


class _ClientObject(Struct, frozen=True):
    """All keys that an object of any client may have. Others are ignored."""

    action: str | None = None
    event: str | None = None
    response: Any = None
    type: Any = None
    user: _User | str = _User()
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
    __repr__ = safe_repr


_decoder: Final = msgspec.json.Decoder(_ClientObject)

# --- vocabularies -------------------------------------------------------------------------------
# Public JIM messengers say the same things in different words. docs/reference/jim.rst says which
# words are common. Here is what each word means, and what it tells about the client.

#: The keys of a message's text, the commonest first, and whether a client with this key knows
#: other codes than 200 and 400.
_TEXT_KEYS: Final = {
    "message": True,
    "message_text": True,
    "mess_text": False,
    "msg_text": False,
    "message_txt": False,
    "text": False,
}
#: The text of a message has these keys as long as the client has not shown its own.
_USUAL_TEXT_KEYS: Final = ("message", "message_text")
#: The same for a client whose ``presence`` was bare: most of them use the third.
_BARE_TEXT_KEYS: Final = ("message", "message_text", "mess_text")

#: Recipients that mean everybody, in any case.
_EVERYBODY: Final = frozenset({"#", "all", "#all", "for_all", "everyone", "everybody", LOBBY})


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words that one client uses, as far as its requests have shown them.

    :ivar key: the key of a request's name, ``action`` or ``event``.
    :ivar verb: the name of a message, ``msg`` or ``message``. Until the client has sent a message:
        the first with ``action``, the second with ``event`` and after a bare ``presence``.
    :ivar text_keys: the keys of a message's text: the client's own, or the usual ones.
    :ivar sender: whether the client puts the sender into ``sender``, and not only into ``from``.
    :ivar destination: whether it puts the recipient into ``destination``, and not into ``to``.
    :ivar everybody: the client's word for everybody; empty if it names no recipient then, and None
        until it has written to everybody.
    :ivar knows_codes: whether it knows other codes than 200 and 400, and 202 with a list.
    """

    key: str = "action"
    verb: str | None = None
    text_keys: tuple[str, ...] = _USUAL_TEXT_KEYS
    sender: bool = False
    destination: bool = False
    everybody: str | None = None
    knows_codes: bool = True


@dataclass(frozen=True, slots=True)
class Jim(Dialect):
    """The dialect of a JIM client.

    It has no variant: each object must arrive by itself, and no two clients need have one
    vocabulary.

    :ivar nickname: the member's nickname; empty until it has entered.
    :ivar hears_notices: whether the client has joined a room. Many clients know no rooms, and take
        the notice of an event for the reply to their request.
    """

    variant: ClassVar[None] = None
    echoes: ClassVar[frozenset[type]] = frozenset({events.PrivateMessage})
    initial_rooms: ClassVar[tuple[str, ...]] = ()
    greeting: ClassVar[bytes] = b""
    entering_history: ClassVar[int] = 0
    auto_registers: ClassVar[bool] = False
    vocabulary: Vocabulary = Vocabulary()
    nickname: str = ""
    hears_notices: bool = False

    @override
    def encode_probe(self, now: int) -> bytes:
        return _encoder.encode({self.vocabulary.key: "probe", "time": now / 1000})

    @override
    def detect(self, frame: bytes) -> Dialect:
        return self

    @override
    def decode(self, frame: bytes) -> Request:
        try:
            # msgspec would accept invalid UTF-8 in keys and values that it skips.
            client_object = _decoder.decode(frame.decode("utf-8"))
        except UnicodeDecodeError:
            raise errors.InvalidUtf8 from None
        except msgspec.ValidationError as error:
            raise BadFrame(f"Invalid object: {str(error)[:80]}.") from None
        except (ValueError, RecursionError):
            raise errors.InvalidJson from None
        if client_object.response is not None:
            # The reply to a probe, for example. A reply to that would be answered in turn.
            return Request(KeepAlive())
        verb = client_object.action if client_object.action is not None else client_object.event
        if verb is None or len(verb) > limits.JIM_ACTION_CHARACTERS:
            raise BadFrame("An object needs an action, or an event, of at most 15 characters.")
        name = verb.lower()
        if not self.nickname and name not in ("presence", "authenticate"):
            raise errors.NotRegistered
        parse = _PARSERS.get(name)
        if parse is None:
            raise errors.UnknownType(f"There is no action {verb!r}.")
        vocabulary = self._vocabulary_of(client_object, verb, name)
        return Request(parse(self, client_object), name, vocabulary)

    @override
    def encode_event(self, event: Event, now: int = 0) -> bytes:
        """The objects for `event`, each in a line of its own: the send queue divides them there."""
        match event:
            case events.Message(room=room, time=time, source=source, text=text):
                return self._encode_message(source, room, time, text)
            case events.PrivateMessage(source=source, to=to, time=time, text=text):
                return self._encode_message(source, to[0] if len(to) == 1 else to, time, text)
            case _:
                if not self.hears_notices:
                    return b""
                return encode_notice("; ".join(rendering.describe(event)), now)

    @override
    def encode_reply(self, result: Result, request_id: RequestId = None, now: int = 0) -> bytes:
        """The response.

        :param request_id: the name of the request.
        """
        code = _response_code(result)
        if not self.vocabulary.knows_codes:
            code = 200 if code in (200, 201, 202) else 400
        match result:
            case LocalReply(lines=()):
                return b""
            case events.Users(users=users):
                nicknames = [each.nickname for each in users]
                if request_id not in _ALL_USERS:
                    nicknames = [each for each in nicknames if each != self.nickname]
                return _encode_list(nicknames, now)
            case _ if code >= 400:
                return _encode_response(code, now, error=str(result))
            case Refusal():  # a 101
                return _encode_response(code, now, error=str(result), alert=str(result))
            case _:
                return _encode_response(code, now, alert=_alert(result))

    @override
    def updated(self, request: Request, result: Result) -> Dialect:
        """The same with the words of `request`, and with the nickname after entering."""
        vocabulary = (
            request.vocabulary if isinstance(request.vocabulary, Vocabulary) else self.vocabulary
        )
        nickname = result.nickname if isinstance(result, events.Welcome) else self.nickname
        hears_notices = self.hears_notices or isinstance(result, events.JoinDone)
        return Jim(vocabulary, nickname, hears_notices)

    def _vocabulary_of(self, client_object: _ClientObject, verb: str, name: str) -> Vocabulary:
        vocabulary = replace(
            self.vocabulary, key="event" if client_object.action is None else "action"
        )
        if name == "presence" and not self.nickname:
            is_bare = _is_bare(client_object)
            return replace(
                vocabulary,
                verb="message" if is_bare else None,
                text_keys=_BARE_TEXT_KEYS if is_bare else _USUAL_TEXT_KEYS,
                sender=is_bare,
            )
        if name in _USERS:
            return replace(vocabulary, knows_codes=False)
        text_key = _text_key(client_object)
        if name not in ("msg", "message") or text_key is None:
            return vocabulary
        return replace(
            vocabulary,
            verb=verb,
            text_keys=(text_key,),
            # The first message shows whether the client knows `sender`: an assumption ends here.
            sender=client_object.sender is not None
            or (vocabulary.sender and len(vocabulary.text_keys) == 1),
            destination=client_object.destination is not None,
            everybody=_word_for_everybody(client_object, vocabulary.everybody),
            knows_codes=vocabulary.knows_codes and _TEXT_KEYS[text_key],
        )

    def _encode_message(
        self, source: str, to: str | tuple[str, ...], time: int, text: str
    ) -> bytes:
        """A message in as many objects as it needs: each has at most JIM_SENT_BYTES."""
        vocabulary = self.vocabulary
        verb = vocabulary.verb or ("msg" if vocabulary.key == "action" else "message")
        to_key = "destination" if vocabulary.destination else "to"
        if to == LOBBY and vocabulary.everybody is not None:
            # In the client's own word. One without such a word shows what is addressed to itself.
            to = vocabulary.everybody or self.nickname
        elif not (vocabulary.knows_codes or isinstance(to, str)):
            to = self.nickname  # as a client without rooms knows no lists of recipients, either
        frame: dict[str, Any] = {
            vocabulary.key: verb,
            "time": time / 1000,
            "from": source,
            to_key: to,
            "encoding": "utf-8",
        }
        if vocabulary.sender:
            frame["sender"] = source
        if len(_encoder.encode(frame)) > limits.JIM_SENT_BYTES // 2:
            # A list of 32 recipients would leave no space for the text.
            frame[to_key] = self.nickname
        keys = vocabulary.text_keys
        max_bytes = limits.JIM_SENT_BYTES - len(_encoder.encode(frame | dict.fromkeys(keys, "")))
        return b"".join(
            _encode_line(frame | dict.fromkeys(keys, part))
            for part in split_text(rendering.escape_message(text), max_bytes // len(keys))
        )


def encode_notice(sentence: str, now: int) -> bytes:
    """A 100, the notice of an event."""
    return _encode_response(100, now, alert=sentence)


def _encode_line(frame: dict[str, Any]) -> bytes:
    return _encoder.encode(frame) + b"\n"


def _encode_response(code: int, now: int, **sentences: str) -> bytes:
    """A response with sentences for the user: ``alert``, ``error`` or the same in both."""
    frame = {"response": code, "time": now / 1000} | dict.fromkeys(sentences, "")
    max_bytes = (limits.JIM_SENT_BYTES - len(_encoder.encode(frame))) // len(sentences)
    return _encode_line(
        frame
        | {
            key: split_text(rendering.escape_message(sentence), max_bytes)[0]
            for key, sentence in sentences.items()
        }
    )


def _encode_list(nicknames: list[str], now: int) -> bytes:
    """A 202 with as many of `nicknames`, the newest, as fit into one object."""
    frame: dict[str, Any] = {"response": 202, "time": now / 1000, "alert": "OK", "data_list": []}
    size = len(_encoder.encode(frame))
    listed: list[str] = []
    for nickname in reversed(nicknames):
        size += len(_encoder.encode(nickname)) + 1
        if size > limits.JIM_SENT_BYTES:
            break
        listed.append(nickname)
    return _encode_line(frame | {"data_list": listed[::-1]})


# --- requests -----------------------------------------------------------------------------------


def _is_bare(client_object: _ClientObject) -> bool:
    """Whether a ``presence`` has neither a type nor a status."""
    user = client_object.user
    return client_object.type is None and (isinstance(user, str) or user.status is None)


def _text_key(client_object: _ClientObject) -> str | None:
    return next((key for key in _TEXT_KEYS if getattr(client_object, key) is not None), None)


def _account(client_object: _ClientObject) -> str:
    user = client_object.user
    of_user = user if isinstance(user, str) else user.account_name
    for account in (client_object.account_name, of_user, client_object.client_name):
        if account is not None:
            return account
    raise BadFrame("user.account_name is missing.")


def _parse_presence(jim: Jim, client_object: _ClientObject) -> ClientCommand | LocalReply:
    account = _account(client_object)
    if not jim.nickname:
        return commands.Enter(account, jim.initial_rooms)
    if names.casefold(account) != names.casefold(jim.nickname):
        raise errors.AlreadyRegistered
    return KeepAlive((f"You are {jim.nickname}.",))


def _parse_authenticate(jim: Jim, client_object: _ClientObject) -> ClientCommand:
    user = client_object.user
    of_user = None if isinstance(user, str) else user.password
    password = of_user if client_object.password is None else client_object.password
    if password is None:
        raise BadFrame("password is missing.")
    if jim.nickname:
        raise errors.AlreadyRegistered
    return commands.Authenticate(_account(client_object), password)


def _parse_message(jim: Jim, client_object: _ClientObject) -> ClientCommand:
    key = _text_key(client_object)
    if key is None:
        raise BadFrame("message is missing.")
    text: str = getattr(client_object, key)
    if len(text) > limits.JIM_MESSAGE_CHARACTERS:
        raise errors.BadText(
            f"A message may have at most {limits.JIM_MESSAGE_CHARACTERS} characters."
        )
    to = _recipients(client_object)
    is_lobby = len(to) == 1 and to[0].casefold() in _EVERYBODY
    if not to or (is_lobby and not jim.hears_notices):
        return commands.SendToLobby(text)  # a client without rooms need not join it
    if is_lobby:
        return commands.SendMessage(text)
    rooms = [name for name in to if name.startswith("#")]
    if not rooms:
        return commands.SendPrivate(text, tuple(to))
    if len(to) > 1:
        raise errors.BadRecipients("Send a message to nicknames, or to one room.")
    return commands.SendMessage(text, _room_name(rooms[0]))


def _recipients(client_object: _ClientObject) -> list[str]:
    said = client_object.destination if client_object.to is None else client_object.to
    to = said.split(",") if isinstance(said, str) else list(said or ())
    return [name.strip() for name in to if name.strip()]


def _word_for_everybody(client_object: _ClientObject, before: str | None) -> str | None:
    """The word in this message, if it is to everybody and no room, or else the one `before`."""
    match _recipients(client_object):
        case []:
            return ""
        case [name] if name.casefold() in _EVERYBODY and not name.startswith("#"):
            return name
        case _:
            return before


def _list_users(jim: Jim, client_object: _ClientObject) -> ClientCommand:
    return commands.ListUsers()


def _keep_contacts(jim: Jim, client_object: _ClientObject) -> LocalReply:
    return LocalReply(("Your contacts are all who are here.",))


def _room(client_object: _ClientObject) -> str:
    if client_object.room is None:
        raise BadFrame("room is missing.")
    return _room_name(client_object.room)


def _room_name(room: str) -> str:
    return LOBBY if room == "#" else room


#: The requests for a list of users, and for a change of the contacts. There is one list for all:
#: everyone who is here is a contact of everyone.
_ALL_USERS: Final = frozenset({"get_users", "users_request", "get_known_users"})
_USERS: Final = {
    **dict.fromkeys((*_ALL_USERS, "get_contacts"), _list_users),
    **dict.fromkeys(("add", "add_contact", "remove", "del_contact"), _keep_contacts),
}

_PARSERS: Final[dict[str, Any]] = {
    **_USERS,
    "presence": _parse_presence,
    "authenticate": _parse_authenticate,
    "msg": _parse_message,
    "message": _parse_message,
    "join": lambda jim, client_object: commands.JoinRoom(_room(client_object)),
    "leave": lambda jim, client_object: commands.LeaveRoom(_room(client_object)),
    "quit": lambda jim, client_object: commands.Quit(),
    "exit": lambda jim, client_object: commands.Quit(),
}

# --- replies ------------------------------------------------------------------------------------

#: The response code of each refusal: that of its class, or of its nearest base class here. JIM has
#: no code for a full server, nor for a client that registers too late. Both get 101, the important
#: notice.
_CODES: Final[dict[type, int]] = {
    Refusal: 400,
    errors.Full: 101,
    errors.RegistrationTimeout: 101,
    errors.NotRegistered: 401,
    errors.PasswordRequired: 401,
    errors.WrongPassword: 402,
    errors.TooManyAttempts: 402,
    errors.Blocked: 403,
    errors.NoSuchRoom: 404,
    errors.NotInRoom: 404,
    errors.NicknameTaken: 409,
    errors.ServerFailed: 500,
}


def _response_code(result: Result) -> int:
    match result:
        case errors.NotReached(undelivered=undelivered):
            return 410 if all(each.reason == "offline" for each in undelivered) else 404
        case Refusal():
            return next(_CODES[base] for base in type(result).__mro__ if base in _CODES)
        case events.JoinDone(created=True):
            return 201
        case events.PrivateSent(undelivered=undelivered) if undelivered:
            return 202
        case events.Goodbye(reason) if reason != "quit":
            return 101
        case _:
            return 200


def _alert(result: Result) -> str:
    match result:
        case Refusal():
            return str(result)
        case LocalReply():
            return " ".join(result.lines)
        case events.Goodbye(reason):
            return reason
        case events.Welcome():
            return f"Welcome to {result.server}, {result.nickname}."
        case _:
            return "; ".join(rendering.describe(result)) or "OK"


@lru_cache(maxsize=16)  # each member of a room is sent the same text
def split_text(text: str, max_bytes: int) -> tuple[str, ...]:
    """`text` in parts, at least one, whose JSON has at most `max_bytes` each, without the quotes.

    A character is never divided, however many bytes or escapes it has in JSON.
    """
    if len(_encoder.encode(text)) - 2 <= max_bytes:
        return (text,)
    parts, begin, size = [], 0, 0
    for position, character in enumerate(text):
        added = len(_encoder.encode(character)) - 2
        if size + added > max_bytes:
            parts.append(text[begin:position])
            begin, size = position, 0
        size += added
    return (*parts, text[begin:])
