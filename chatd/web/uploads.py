"""Receiving files: ``PUT /files/NAME?room=%23dev``, or ``?to=ice,moon``.

A file is accepted by its head, before anything of the body is read. The body then goes to the disk
piece by piece, and the client is read no faster than that. When all of it is there, the hub is
asked to send the message; if that is refused, nothing is kept.
"""

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import quote, unquote

from msgspec import structs
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from chatd.chat import limits
from chatd.chat.commands import SendFile
from chatd.chat.errors import CutOff, Refusal
from chatd.chat.events import File, Ok, PrivateSent
from chatd.chat.file_errors import NoFiles
from chatd.chat.model import Member
from chatd.chat.names import casefold
from chatd.files.incoming import IncomingFile, Sender
from chatd.files.names import clean_name
from chatd.log.operations import Handle
from chatd.server.chat import Chat
from chatd.server.resuming import digest
from chatd.web.messages import HTTPError, Request, Response, json_response, query_parameters

#: What the paths of files begin with.
PREFIX = "/files/"

_NOT_ENTERED = (
    "Only members send files: give the token of the session of a connected one, with "
    "Authorization: Bearer."
)
_NO_LENGTH = "Say how many bytes the file has, with Content-Length."
_NO_TARGET = "Say where the file goes, with either room or to."


class Upload:
    """A file that the server has accepted, and whose body a connection hands over.

    :param clock: for the time limits.
    :param is_member: returns whether whoever sends it is still in the chat.
    :param send: sends the message with the file.
    :ivar response: fires with the response, or fails. That may be before the end of the body, which
        is then of no use.
    """

    def __init__(
        self,
        incoming: IncomingFile,
        clock: IReactorTime,
        room: str,
        is_member: Callable[[], bool],
        send: Callable[[File], Deferred[Response]],
    ) -> None:
        self.response: Deferred[Response] = Deferred()
        self._incoming = incoming
        self._clock = clock
        self._ends_at = clock.seconds() + limits.UPLOAD_SECONDS
        self._room = room
        self._is_member = is_member
        self._send = send
        self._pieces: list[bytes] = []
        self._bytes = 0
        self._is_writing = self._is_complete = self._is_over = False
        self._on_ready: Callable[[], None] | None = None

    def receive(self, data: bytes) -> None:
        """Take the next bytes of the body."""
        if self._is_over:
            return
        if not self._is_member():
            self._fail(_not_entered())
            return
        self._pieces.append(data)
        self._bytes += len(data)
        self._write()

    def complete(self) -> None:
        """The body has ended."""
        self._is_complete = True
        self._write()

    def when_ready(self, on_ready: Callable[[], None]) -> None:
        """Call `on_ready` when the disk has taken what has arrived, or all but a piece of it."""
        if self._bytes < limits.FILE_PIECE_BYTES or self._is_over:
            on_ready()
        else:
            self._on_ready = on_ready

    def seconds_left(self) -> float:
        """How long the client has for the next bytes."""
        left = self._ends_at - self._clock.seconds()
        return max(0.0, min(left, limits.UPLOAD_SILENT_SECONDS))

    def cancel(self) -> None:
        """Keep nothing of it, and respond nothing: the client is gone, or too slow."""
        if not self._is_over:
            self._is_over = True
            self._pieces.clear()
            self._incoming.discard()

    def _write(self) -> None:
        if self._is_writing or self._is_over:
            return
        if self._pieces:
            self._is_writing = True
            data = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
            self._pieces.clear()
            self._bytes = 0
            self._incoming.write(data).addCallbacks(self._written, self._failed)
        elif self._is_complete:
            self._is_writing = True  # nothing more
            kept = self._incoming.complete(self._room).addCallback(self._send)
            kept.addCallbacks(self._sent, self._failed)

    def _written(self, result: None) -> None:
        self._is_writing = False
        if self._on_ready is not None:
            on_ready, self._on_ready = self._on_ready, None
            on_ready()
        self._write()

    def _sent(self, response: Response) -> None:
        # Also if the client is gone by now: the others have the message.
        if not self._is_over:
            self._is_over = True
            self.response.callback(response)

    def _failed(self, failure: Failure) -> None:
        self._fail(failure)

    def _fail(self, error: Failure | Exception) -> None:
        if not self._is_over:
            self.cancel()
            self.response.errback(error)
            if self._on_ready is not None:
                self._on_ready()


def receive(request: Request, chat: Chat) -> Deferred[Upload]:
    """Accept a file by the head of its request.

    The Deferred fails with a :class:`Refusal` if it cannot be taken.

    :raises HTTPError: if the request is not one of a member, or says too little.
    :raises Refusal: if the member may not send it.
    """
    parameters = query_parameters(request.query, ("room", "to"))
    if chat.files is None:
        raise NoFiles
    if chat.ordered_log.is_cut_off:
        raise CutOff
    session = _session_digest(request)
    member = _member(chat, session)
    if len(parameters) != 1:
        raise HTTPError("bad-query", _NO_TARGET)
    size = request.body_size
    if size is None:
        raise HTTPError("length-required", _NO_LENGTH)
    name = clean_name(unquote(request.path.removeprefix(PREFIX)))
    room = parameters.get("room")
    to = tuple(parameters["to"].split(",")) if "to" in parameters else ()
    about = SendFile(File("", name, size, ""), room, to)
    chat.hub.messages.check_file(member, about, chat.now())
    host = request.peer.rpartition(":")[0]
    is_local = chat.connection_throttle.is_local(host)
    sender = Sender(casefold(member.nickname), "" if is_local else host)
    begun = chat.files.begin(name, size, sender)

    def accept(incoming: IncomingFile) -> Upload:
        return Upload(
            incoming,
            chat.clock,
            room or "",
            lambda: chat.member_of(session) is not None,
            partial(_send, chat, session, about, incoming),
        )

    return begun.addCallback(accept)


def _session_digest(request: Request) -> str:
    for value in request.values("authorization")[:1]:
        scheme, _, token = value.partition(" ")
        if scheme.lower() == "bearer" and len(token) <= limits.SESSION_TOKEN_CHARACTERS:
            return digest(token.strip(), request.is_encrypted)
    return ""


def _member(chat: Chat, session: str) -> Member:
    """The connected member with that session.

    :raises HTTPError: if there is none.
    """
    member = chat.member_of(session) if session else None
    if member is None or member.away_until is not None:
        raise _not_entered()
    return member


def _not_entered() -> HTTPError:
    return HTTPError("not-entered", _NOT_ENTERED, (("WWW-Authenticate", "Bearer"),))


def _send(
    chat: Chat, session: str, about: SendFile, incoming: IncomingFile, file: File
) -> Deferred[Response]:
    """Send the message with a file that is complete."""
    member = _member(chat, session)  # its connection may be another one by now
    if chat.settings.node:
        file = structs.replace(file, id=f"{file.id}@{chat.settings.node}")
    result: Deferred[Any] = Deferred()
    chat.ordered_log.ask(
        Handle(member.member_id, SendFile(file, about.room, about.to)), result.callback
    )

    def sent(reply: Ok | PrivateSent | Refusal) -> Response | Deferred[Response]:
        if isinstance(reply, Refusal):
            raise reply
        described = {**structs.asdict(file), "room": None, "seq": None, "time": reply.time}
        location = (("Location", path_of(file)),)
        if isinstance(reply, PrivateSent):
            described["missed"] = reply.undelivered
            return json_response(described, 201, location)
        described |= {"room": reply.room, "seq": reply.seq}
        noted = incoming.sent(reply.room or "", reply.seq or 0)
        return noted.addCallback(lambda _: json_response(described, 201, location))

    return result.addCallback(sent)


def path_of(file: File) -> str:
    """Where a file is on the page's server."""
    return f"{PREFIX}{quote(file.id, safe='@')}/{quote(file.name, safe='')}"
