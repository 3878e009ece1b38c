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

    __repr__ = safe_repr


class _ClientObject(Struct, frozen=True):
    """All keys that an object of any client may have. Others are ignored."""

    action: str | None = None
    event: str | None = None
    user: _User = _User()
    account_name: str | None = None
    password: str | None = None
    to: str | tuple[str, ...] | None = None
    room: str | None = None
    message: str | None = None
    message_text: str | None = None
    sender: Any = None

    __repr__ = safe_repr


_decoder: Final = msgspec.json.Decoder(_ClientObject)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words that one client uses, as far as its requests have shown them.

    :ivar key: the key of a request's name, ``action`` or ``event``.
    :ivar verb: the name of a message, ``msg`` or ``message``. Until the client has sent a message:
        the first with ``action``, the second with ``event``.
    :ivar text: the key of a message's text, ``message`` or ``message_text``. Until the client has
        sent a message: both.
    :ivar sender: whether the client puts the sender into ``sender``, and not only into ``from``.
    """

    key: str = "action"
    verb: str | None = None
    text: str | None = None
    sender: bool = False


@dataclass(frozen=True, slots=True)
class Jim(Dialect):
    """The dialect of a JIM client.

    It has no variant: each object must arrive by itself, and no two clients need have one
    vocabulary.

    :ivar nickname: the member's nickname; empty until it has entered.
    """

    variant: ClassVar[None] = None
    echoes: ClassVar[frozenset[type]] = frozenset({events.PrivateMessage})
    initial_rooms: ClassVar[tuple[str, ...]] = ()
    greeting: ClassVar[bytes] = b""
    auto_registers: ClassVar[bool] = False
    vocabulary: Vocabulary = Vocabulary()
    nickname: str = ""

    @property
    @override
    def probe(self) -> bytes:
        return _encoder.encode({self.vocabulary.key: "probe"})

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
        verb = client_object.action if client_object.action is not None else client_object.event
        if verb is None or len(verb) > limits.JIM_ACTION_CHARACTERS:
            raise BadFrame("An object needs an action, or an event, of at most 15 characters.")
        if not self.nickname and verb not in ("presence", "authenticate"):
            raise errors.NotRegistered
        parse = _PARSERS.get(verb)
        if parse is None:
            raise errors.UnknownType(f"There is no action {verb!r}.")
        return Request(parse(self, client_object), None, self._vocabulary_of(client_object, verb))

    @override
    def encode_event(self, event: Event, now: int = 0) -> bytes:
        """The objects for `event`, each in a line of its own: the send queue divides them there."""
        match event:
            case events.Message(room=room, time=time, source=source, text=text):
                return self._encode_message(source, room, time, text)
            case events.PrivateMessage(source=source, to=to, time=time, text=text):
                return self._encode_message(source, to[0] if len(to) == 1 else to, time, text)
            case _:
                return encode_notice("; ".join(rendering.describe(event)), now)

    @override
    def encode_reply(self, result: Result, request_id: RequestId = None, now: int = 0) -> bytes:
        code = _response_code(result)
        if code >= 400:
            return _encode_response(code, now, error=str(result))
        return _encode_response(code, now, alert=_alert(result))

    @override
    def updated(self, request: Request, result: Result) -> Dialect:
        """The same with the words of `request`, and with the nickname after entering."""
        vocabulary = (
            request.vocabulary if isinstance(request.vocabulary, Vocabulary) else self.vocabulary
        )
        nickname = result.nickname if isinstance(result, events.Welcome) else self.nickname
        return replace(self, vocabulary=vocabulary, nickname=nickname)

    def _vocabulary_of(self, client_object: _ClientObject, verb: str) -> Vocabulary:
        key = "event" if client_object.action is None else "action"
        if verb not in ("msg", "message"):
            return replace(self.vocabulary, key=key)
        return Vocabulary(
            key=key,
            verb=verb,
            text="message" if client_object.message is not None else "message_text",
            sender=self.vocabulary.sender or client_object.sender is not None,
        )

    def _encode_message(
        self, source: str, to: str | tuple[str, ...], time: int, text: str
    ) -> bytes:
        """A message in as many objects as it needs: each has at most JIM_SENT_BYTES."""
        vocabulary = self.vocabulary
        verb = vocabulary.verb or ("msg" if vocabulary.key == "action" else "message")
        fields = (vocabulary.text,) if vocabulary.text else ("message", "message_text")
        frame: dict[str, Any] = {
            vocabulary.key: verb,
            "time": time / 1000,
            "from": source,
            "to": to,
        }
        if vocabulary.sender:
            frame["sender"] = source
        if len(_encoder.encode(frame)) > limits.JIM_SENT_BYTES // 2:
            frame["to"] = self.nickname  # a list of 32 recipients would leave no space for the text
        max_bytes = limits.JIM_SENT_BYTES - len(_encoder.encode(frame | dict.fromkeys(fields, "")))
        return b"".join(
            _encode_line(frame | dict.fromkeys(fields, part))
            for part in split_text(text, max_bytes // len(fields))
        )


def encode_notice(sentence: str, now: int) -> bytes:
    """A 100, the notice of an event."""
    return _encode_response(100, now, alert=sentence)


def _encode_line(frame: dict[str, Any]) -> bytes:
    return _encoder.encode(frame) + b"\n"


def _encode_response(code: int, now: int, **alert_or_error: str) -> bytes:
    [(field, sentence)] = alert_or_error.items()
    frame = {"response": code, "time": now / 1000, field: ""}
    max_bytes = limits.JIM_SENT_BYTES - len(_encoder.encode(frame))
    return _encode_line(frame | {field: split_text(sentence, max_bytes)[0]})


# --- requests -----------------------------------------------------------------------------------


def _account(client_object: _ClientObject) -> str:
    account = (
        client_object.user.account_name
        if client_object.account_name is None
        else client_object.account_name
    )
    if account is None:
        raise BadFrame("user.account_name is missing.")
    return account


def _parse_presence(jim: Jim, client_object: _ClientObject) -> ClientCommand | LocalReply:
    account = _account(client_object)
    if not jim.nickname:
        return commands.Enter(account, jim.initial_rooms)
    if names.casefold(account) != names.casefold(jim.nickname):
        raise errors.AlreadyRegistered
    return KeepAlive((f"You are {jim.nickname}.",))


def _parse_authenticate(jim: Jim, client_object: _ClientObject) -> ClientCommand:
    password = (
        client_object.user.password if client_object.password is None else client_object.password
    )
    if password is None:
        raise BadFrame("password is missing.")
    if jim.nickname:
        raise errors.AlreadyRegistered
    return commands.Authenticate(_account(client_object), password)


def _parse_message(jim: Jim, client_object: _ClientObject) -> ClientCommand:
    text = (
        client_object.message if client_object.message is not None else client_object.message_text
    )
    if text is None:
        raise BadFrame("message is missing.")
    if len(text) > limits.JIM_MESSAGE_CHARACTERS:
        raise errors.BadText(
            f"A message may have at most {limits.JIM_MESSAGE_CHARACTERS} characters."
        )
    to = (
        client_object.to.split(",")
        if isinstance(client_object.to, str)
        else list(client_object.to or ())
    )
    to = [name.strip() for name in to if name.strip()]
    rooms = [name for name in to if name.startswith("#")]
    if not rooms:
        return commands.SendPrivate(text, tuple(to))
    if len(to) > 1:
        raise errors.BadRecipients("Send a message to nicknames, or to one room.")
    return commands.SendMessage(text, _room_name(rooms[0]))


def _room(client_object: _ClientObject) -> str:
    if client_object.room is None:
        raise BadFrame("room is missing.")
    return _room_name(client_object.room)


def _room_name(room: str) -> str:
    return LOBBY if room == "#" else room


_PARSERS: Final[dict[str, Any]] = {
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
