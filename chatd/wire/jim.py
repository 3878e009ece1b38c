"""The JIM dialect (SPEC §5): JSON objects without delimiters, numbered answers.

Messengers of this protocol differ in their words; the server speaks to each in its own.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, ClassVar, Final

import msgspec
from msgspec import Struct

from chatd.chat import commands, errors, events, limits, names
from chatd.chat.commands import ClientCommand
from chatd.chat.errors import BadFrame, Refusal, RequestId
from chatd.chat.events import Event
from chatd.chat.names import LOBBY
from chatd.wire import rendering
from chatd.wire.dialect import Dialect, KeepAlive, LocalReply, Request, Result

_encoder: Final = msgspec.json.Encoder()


class _User(Struct, frozen=True):
    account_name: str | None = None
    password: str | None = None


class _ClientObject(Struct, frozen=True):
    """Everything that any client's object may have; what is not named here is ignored."""

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


_decoder: Final = msgspec.json.Decoder(_ClientObject)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words that one client uses, as far as it has shown them.

    :ivar key: ``action`` or ``event``.
    :ivar verb: ``msg`` or ``message``; by `key` until the client has sent one.
    :ivar text: ``message`` or ``message_text``; both until the client has sent one.
    :ivar sender: whether the client names the sender ``sender``, too.
    """

    key: str = "action"
    verb: str | None = None
    text: str | None = None
    sender: bool = False


@dataclass(frozen=True, slots=True)
class Jim:
    """What a JIM messenger speaks.

    :ivar nickname: who it is, once it has entered.
    """

    variant: ClassVar[None] = None
    echoes: ClassVar[frozenset[type]] = frozenset({events.PrivateMessage})
    initial_rooms: ClassVar[tuple[str, ...]] = ()
    greeting: ClassVar[bytes] = b""
    auto_registers: ClassVar[bool] = False
    vocabulary: Vocabulary = Vocabulary()
    nickname: str = ""

    @property
    def probe(self) -> bytes:
        """Asks a silent client whether it is there."""
        return _encoder.encode({self.vocabulary.key: "probe"})

    def detect(self, frame: bytes) -> Dialect:
        """It is this one."""
        return self

    def decode(self, frame: bytes) -> Request:
        """The request in one object; see :meth:`chatd.wire.dialect.Dialect.decode`."""
        try:
            # msgspec does not look into the strings it skips: unknown keys must be UTF-8 too.
            asked = _decoder.decode(frame.decode("utf-8"))
        except UnicodeDecodeError:
            raise errors.InvalidUtf8 from None
        except msgspec.ValidationError as error:
            raise BadFrame(f"This object is not as it should be: {str(error)[:80]}.") from None
        except (ValueError, RecursionError):
            raise errors.InvalidJson from None
        verb = asked.action if asked.action is not None else asked.event
        if verb is None or len(verb) > limits.JIM_ACTION_CHARACTERS:
            raise BadFrame("An object needs an action, or an event, of at most 15 characters.")
        if not self.nickname and verb not in ("presence", "authenticate"):
            raise errors.NotRegistered
        read = _VERBS.get(verb)
        if read is None:
            raise errors.UnknownType(f"There is no action {verb!r}.")
        return Request(read(self, asked), None, self._vocabulary_of(asked, verb))

    def encode_event(self, event: Event, now: int = 0) -> bytes:
        """The objects that tell of `event`, each in a line of its own."""
        match event:
            case events.Message(room=room, time=time, source=source, text=text):
                return self._message(source, room, time, text)
            case events.PrivateMessage(source=source, to=to, time=time, text=text):
                return self._message(source, to[0] if len(to) == 1 else to, time, text)
            case _:
                return encode_notice("; ".join(rendering.describe(event)), now)

    def encode_reply(self, result: Result, request_id: RequestId = None, now: int = 0) -> bytes:
        """The numbered answer to a request."""
        code = _code(result)
        if code >= 400:
            return _response(code, now, error=str(result))
        return _response(code, now, alert=_alert(result))

    def updated(self, request: Request, result: Result) -> Dialect:
        """The words that the client used are its words from now on."""
        words = (
            request.vocabulary if isinstance(request.vocabulary, Vocabulary) else self.vocabulary
        )
        nickname = result.nickname if isinstance(result, events.Welcome) else self.nickname
        return replace(self, vocabulary=words, nickname=nickname)

    def _vocabulary_of(self, client_object: _ClientObject, verb: str) -> Vocabulary:
        words = replace(self.vocabulary, key="event" if client_object.action is None else "action")
        if verb not in ("msg", "message"):
            return words
        return Vocabulary(
            key=words.key,
            verb=verb,
            text="message" if client_object.message is not None else "message_text",
            sender=words.sender or client_object.sender is not None,
        )

    def _message(self, source: str, to: str | tuple[str, ...], time: int, text: str) -> bytes:
        """A message, in as many objects as it takes; each fits into what a client reads at once."""
        words = self.vocabulary
        verb = words.verb or ("msg" if words.key == "action" else "message")
        fields = (words.text,) if words.text else ("message", "message_text")
        frame: dict[str, Any] = {words.key: verb, "time": time / 1000, "from": source, "to": to}
        if words.sender:
            frame["sender"] = source
        if len(_encoder.encode(frame)) > limits.JIM_SENT_BYTES // 2:
            frame["to"] = self.nickname
        room = limits.JIM_SENT_BYTES - len(_encoder.encode(frame | dict.fromkeys(fields, "")))
        return b"".join(
            _line(frame | dict.fromkeys(fields, part))
            for part in split_text(text, room // len(fields))
        )


def encode_notice(sentence: str, now: int) -> bytes:
    """A 100: something that happened."""
    return _response(100, now, alert=sentence)


def _line(frame: dict[str, Any]) -> bytes:
    return _encoder.encode(frame) + b"\n"


def _response(code: int, now: int, **alert_or_error: str) -> bytes:
    [(field, sentence)] = alert_or_error.items()
    frame = {"response": code, "time": now / 1000, field: ""}
    room = limits.JIM_SENT_BYTES - len(_encoder.encode(frame))
    return _line(frame | {field: split_text(sentence, room)[0]})


# --- what a client asks -------------------------------------------------------------------------


def _account(client_object: _ClientObject) -> str:
    account = (
        client_object.user.account_name
        if client_object.account_name is None
        else client_object.account_name
    )
    if account is None:
        raise BadFrame("user.account_name is missing.")
    return account


def _presence(jim: Jim, client_object: _ClientObject) -> ClientCommand | LocalReply:
    account = _account(client_object)
    if not jim.nickname:
        return commands.Enter(account, jim.initial_rooms)
    if names.casefold(account) != names.casefold(jim.nickname):
        raise errors.AlreadyRegistered
    return KeepAlive((f"You are {jim.nickname}.",))


def _authenticate(jim: Jim, client_object: _ClientObject) -> ClientCommand:
    password = (
        client_object.user.password if client_object.password is None else client_object.password
    )
    if password is None:
        raise BadFrame("password is missing.")
    if jim.nickname:
        raise errors.AlreadyRegistered
    return commands.Authenticate(_account(client_object), password)


def _message(jim: Jim, client_object: _ClientObject) -> ClientCommand:
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
        raise errors.BadRecipients("A message goes to nicknames, or to one room.")
    return commands.SendMessage(text, _room_name(rooms[0]))


def _room(client_object: _ClientObject) -> str:
    if client_object.room is None:
        raise BadFrame("room is missing.")
    return _room_name(client_object.room)


def _room_name(room: str) -> str:
    return LOBBY if room == "#" else room


_VERBS: Final[dict[str, Any]] = {
    "presence": _presence,
    "authenticate": _authenticate,
    "msg": _message,
    "message": _message,
    "join": lambda jim, asked: commands.JoinRoom(_room(asked)),
    "leave": lambda jim, asked: commands.LeaveRoom(_room(asked)),
    "quit": lambda jim, asked: commands.Quit(),
    "exit": lambda jim, asked: commands.Quit(),
}

# --- what came of it ----------------------------------------------------------------------------

#: The nearest entry of a refusal's ancestry counts; 101 is an important notice, and no failure.
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


def _code(result: Result) -> int:
    match result:
        case errors.NotReached(undelivered=missed):
            return 410 if all(each.reason == "offline" for each in missed) else 404
        case Refusal():
            return next(_CODES[kind] for kind in type(result).__mro__ if kind in _CODES)
        case events.JoinDone(created=True):
            return 201
        case events.PrivateSent(undelivered=missed) if missed:
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


@lru_cache(maxsize=16)  # a message to a room is the same to each of its members
def split_text(text: str, max_bytes: int) -> tuple[str, ...]:
    """`text` in pieces that are encoded in at most so many bytes each; at least one."""
    if len(_encoder.encode(text)) - 2 <= max_bytes:
        return (text,)
    pieces, begin, size = [], 0, 0
    for position, character in enumerate(text):
        added = len(_encoder.encode(character)) - 2
        if size + added > max_bytes:
            pieces.append(text[begin:position])
            begin, size = position, 0
        size += added
    return (*pieces, text[begin:])
