"""The JIM dialect: JSON objects without delimiters, replies with numbers.

JIM clients differ in their words, such as ``action`` or ``event`` for the same key. The server uses
the words of each client, see ``jim_vocabulary``. docs/reference/jim.rst has the requests, the
response codes and an example; ``jim_framing`` finds the objects in a stream.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar, Final

import msgspec
from typing_extensions import override

from chatd.chat import commands, errors, events, limits, names
from chatd.chat.commands import ClientCommand
from chatd.chat.errors import BadFrame, Refusal, RequestId
from chatd.chat.events import Event
from chatd.chat.moderation_errors import ModerationRefusal, NoSuchBan, NoSuchMessage
from chatd.chat.moderation_events import Invited, Restricted
from chatd.chat.names import LOBBY
from chatd.chat.tagged_messages import TaggedPrivate
from chatd.wire import jim_moderation, rendering, slash_commands
from chatd.wire.dialect import Dialect, KeepAlive, LocalReply, Request, Result
from chatd.wire.jim_moderation import room_name, room_of
from chatd.wire.jim_vocabulary import (
    CONTACT_CHANGES,
    CONTACT_LIST,
    EVERYBODY,
    NOTHING_KNOWN,
    USER_LISTS,
    ClientObject,
    User,
    Vocabulary,
    account_of,
    recipients_of,
    text_key_of,
    vocabulary_of,
)

_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(ClientObject)

#: The hosts in a list of users take no more than this of the object.
_HOSTS_BYTES: Final = limits.JIM_SENT_BYTES // 4


@dataclass(frozen=True, slots=True)
class Jim(Dialect):
    """The dialect of a JIM client.

    It has no variant: each object must arrive by itself, and no two clients need have one
    vocabulary.

    :ivar nickname: the member's nickname; empty until it has entered.
    :ivar hears_notices: whether the client has joined a room. Many clients know no rooms, and take
        the notice of an event for the reply to their request.
    :ivar files_url: the URL under which files are; empty if the server takes none.
    """

    variant: ClassVar[None] = None
    echoes: ClassVar[frozenset[type]] = frozenset({events.PrivateMessage, TaggedPrivate})
    initial_rooms: ClassVar[tuple[str, ...]] = ()
    greeting: ClassVar[bytes] = b""
    entering_history: ClassVar[int] = 0
    auto_registers: ClassVar[bool] = False
    vocabulary: Vocabulary = NOTHING_KNOWN
    nickname: str = ""
    hears_notices: bool = False
    files_url: str = ""

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
        vocabulary = vocabulary_of(
            client_object, verb, self.vocabulary, is_entering=not self.nickname
        )
        return Request(parse(self, client_object), name, vocabulary)

    @override
    def encode_event(self, event: Event, now: int = 0) -> bytes:
        """The objects for `event`, each in a line of its own: the send queue divides them there."""
        match event:
            case events.Message(room=room, time=time, source=source):
                text = rendering.as_text(event, self.files_url)
                return self._encode_message(source, room, time, text)
            case events.PrivateMessage(source=source, to=to, time=time):
                recipients = to[0] if len(to) == 1 else to
                text = rendering.as_text(event, self.files_url)
                return self._encode_message(source, recipients, time, text)
            case Restricted():  # whether or not the client hears notices
                return encode_important("; ".join(rendering.describe(event, now)), now)
            case Invited():
                return encode_notice("; ".join(rendering.describe(event)), now)
            case _:
                sentences = rendering.describe(event) if self.hears_notices else []
                return encode_notice("; ".join(sentences), now) if sentences else b""

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
                if request_id not in USER_LISTS:
                    nicknames = [each for each in nicknames if each != self.nickname]
                hosts = [each.nickname for each in users if each.host]
                return _encode_list(nicknames, hosts, now, self.vocabulary, request_id)
            case _ if code >= 400:
                return _encode_response(code, now, error=_alert(result, now))
            case Refusal():  # a 101
                return _encode_response(code, now, error=str(result), alert=str(result))
            case _:
                return _encode_response(code, now, alert=_alert(result, now))

    @override
    def updated(self, request: Request, result: Result) -> Dialect:
        """The same with the words of `request`, and with the nickname after entering."""
        vocabulary = (
            request.vocabulary if isinstance(request.vocabulary, Vocabulary) else self.vocabulary
        )
        if isinstance(result, events.Welcome):
            return Jim(vocabulary, result.nickname, self.hears_notices, result.files or "")
        hears_notices = self.hears_notices or isinstance(result, events.JoinDone)
        return Jim(vocabulary, self.nickname, hears_notices, self.files_url)

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
        frame |= dict.fromkeys(vocabulary.senders, source)
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


def encode_important(sentence: str, now: int) -> bytes:
    """A 101, the notice of an event that concerns the member itself."""
    return _encode_response(101, now, alert=sentence)


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


def _encode_list(
    nicknames: list[str],
    hosts: list[str],
    now: int,
    vocabulary: Vocabulary,
    request_id: RequestId,
) -> bytes:
    """A 202 with as many of `nicknames`, the newest, as fit into one object.

    A mark at a nickname would be a part of it, so the ``alert`` says who is a host. For a client
    with ``contact_list``, the nicknames come in an object each, too.
    """
    alert = split_text(f"Hosts: {', '.join(hosts)}" if hosts else "OK", _HOSTS_BYTES)[0]
    frame: dict[str, Any] = {"response": 202, "time": now / 1000, "alert": alert, "data_list": []}
    size = len(_encoder.encode(frame | {"quantity": len(nicknames)}))
    listed: list[str] = []
    for nickname in reversed(nicknames):
        size += len(_encoder.encode(nickname)) + 1
        if size > limits.JIM_SENT_BYTES:
            break
        listed.append(nickname)
    listed.reverse()
    if request_id != CONTACT_LIST or not vocabulary.contact_list:
        return _encode_line(frame | {"data_list": listed})
    contacts = (
        {
            vocabulary.key: "contact_list",
            "time": now / 1000,
            "user_id": nickname,
            "account_name": nickname,
        }
        for nickname in listed
    )
    frame |= {"quantity": len(listed), "data_list": listed}
    return b"".join(map(_encode_line, (frame, *contacts)))


_Parse = Callable[[Jim, ClientObject], ClientCommand | LocalReply]

# --- requests -----------------------------------------------------------------------------------


def _parse_presence(jim: Jim, client_object: ClientObject) -> ClientCommand | LocalReply:
    account = account_of(client_object)
    if not jim.nickname:
        return commands.Enter(account, jim.initial_rooms)
    if names.casefold(account) != names.casefold(jim.nickname):
        raise errors.AlreadyRegistered
    return KeepAlive((f"You are {jim.nickname}.",))


def _parse_authenticate(jim: Jim, client_object: ClientObject) -> ClientCommand:
    user = client_object.user
    of_user = user.password if isinstance(user, User) else None
    password = of_user if client_object.password is None else client_object.password
    if password is None:
        raise BadFrame("password is missing.")
    if jim.nickname:
        raise errors.AlreadyRegistered
    return commands.Authenticate(account_of(client_object), password)


def _parse_message(jim: Jim, client_object: ClientObject) -> ClientCommand:
    key = text_key_of(client_object)
    if key is None:
        raise BadFrame("message is missing.")
    text: str = getattr(client_object, key)
    if len(text) > limits.JIM_MESSAGE_CHARACTERS:
        raise errors.BadText(
            f"A message may have at most {limits.JIM_MESSAGE_CHARACTERS} characters."
        )
    to = recipients_of(client_object)
    is_lobby = not to or (len(to) == 1 and to[0].casefold() in EVERYBODY)
    rooms = [name for name in to if name.startswith("#")]
    if not (rooms or is_lobby):
        return commands.SendPrivate(text, tuple(to))
    if len(to) > 1:
        raise errors.BadRecipients("Send a message to nicknames, or to one room.")
    room = LOBBY if is_lobby else room_name(rooms[0])
    if order := slash_commands.parse_order(text, room):
        return order
    if is_lobby and not (to and jim.hears_notices):
        return commands.SendToLobby(text)  # a client without rooms need not join it
    return commands.SendMessage(text, room)


def _list_users(jim: Jim, client_object: ClientObject) -> ClientCommand:
    return commands.ListUsers()


def _keep_contacts(jim: Jim, client_object: ClientObject) -> ClientCommand | LocalReply:
    if client_object.seq is not None:
        return jim_moderation.remove_message(client_object)
    return LocalReply(("Your contacts are all who are here.",))


def _join(jim: Jim, client_object: ClientObject) -> ClientCommand:
    return commands.JoinRoom(room_of(client_object), client_object.key or "")


def _of_host(parse: Callable[[ClientObject], ClientCommand]) -> _Parse:
    return lambda jim, client_object: parse(client_object)


_USERS: Final = {
    **dict.fromkeys((*USER_LISTS, CONTACT_LIST), _list_users),
    **dict.fromkeys(CONTACT_CHANGES, _keep_contacts),
}

_PARSERS: Final[dict[str, _Parse]] = {
    **_USERS,
    **{name: _of_host(parse) for name, parse in jim_moderation.MODERATION_PARSERS.items()},
    "presence": _parse_presence,
    "authenticate": _parse_authenticate,
    "msg": _parse_message,
    "message": _parse_message,
    "join": _join,
    "leave": lambda jim, client_object: commands.LeaveRoom(room_of(client_object)),
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
    errors.CutOff: 101,
    errors.RegistrationTimeout: 101,
    errors.NotRegistered: 401,
    errors.PasswordRequired: 401,
    errors.WrongPassword: 402,
    errors.TooManyAttempts: 402,
    errors.Blocked: 403,
    errors.NoSuchRoom: 404,
    errors.NotInRoom: 404,
    ModerationRefusal: 403,
    NoSuchBan: 404,
    NoSuchMessage: 404,
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


def _alert(result: Result, now: int) -> str:
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
            return "; ".join(rendering.describe(result, now)) or "OK"


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
