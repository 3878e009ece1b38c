"""The answers of etcd, as JSON in the words of its gRPC gateway, and the meaning of its refusals.

msgspec turns base64 into bytes. The gateway writes 64-bit numbers as strings, and leaves out
fields that are zero, empty or false.
"""

from typing import Any, Final, TypeVar

import msgspec
from msgspec import Struct
from typing_extensions import override

from chatd.log.shared_engine import LogUnreachable, LogUnusable

_Answer = TypeVar("_Answer", bound="Answer")

#: How much of a refusal by etcd a user is shown.
_SHOWN_CHARACTERS: Final = 200


class Header(Struct):
    """Which etcd has answered, and its revision by then."""

    cluster_id: int = 0
    member_id: int = 0
    revision: int = 0


class Answer(Struct):
    """The part that every answer has."""

    header: Header = msgspec.field(default_factory=Header)


class KeyValue(Struct):
    """A key and its value, and the revisions at which it was made and changed last."""

    key: bytes = b""
    value: bytes = b""
    create_revision: int = 0
    mod_revision: int = 0


class Range(Answer):
    """The keys that were asked for, and how many there are."""

    kvs: list[KeyValue] = []
    count: int = 0


class Response(Struct):
    """The answer to one part of a transaction."""

    response_range: Range = msgspec.field(default_factory=Range)


class Transaction(Answer):
    """Whether the comparison held, and the answers to the requests that were done therefore."""

    succeeded: bool = False
    responses: list[Response] = []

    def found(self, number: int) -> KeyValue | None:
        """The key that the part with that number has read; None if there is no such key."""
        kvs = self.responses[number].response_range.kvs if number < len(self.responses) else []
        return kvs[0] if kvs else None


class Token(Answer):
    """A token, which names the user in further requests until it expires."""

    token: str = ""

    @override
    def __repr__(self) -> str:
        return "Token()"  # it is as good as a password


class Status(Answer):
    """The state of one server."""

    version: str = ""
    leader: int = 0
    size: int = msgspec.field(default=0, name="dbSize")
    size_in_use: int = msgspec.field(default=0, name="dbSizeInUse")
    errors: list[str] = []


class Event(Struct):
    """A change of a key."""

    type: str = "PUT"
    kv: KeyValue = msgspec.field(default_factory=KeyValue)


class Watched(Answer):
    """One line of a watch: changes, or that it ends."""

    events: list[Event] = []
    canceled: bool = False
    cancel_reason: str = ""
    compact_revision: int = 0


class WatchLine(Struct):
    """A line of a watch, or the refusal of one."""

    result: Watched | None = None
    error: Any = None


class Refusal(Exception):
    """etcd has not done what it was asked for; the text is its reason."""


class UsersUnread(LogUnusable):
    """The address has no user, or a needless one; or the server has not read its users yet.

    A server of etcd answers so for a moment as it begins.
    """


class TokenExpired(Exception):
    """etcd does not know the token any longer; another one has to be asked for."""


class Compacted(Exception):
    """The revision is gone, or was compacted already."""


def decode(data: bytes | bytearray, answer: type[_Answer]) -> _Answer:
    """Decode an answer.

    :raises ValueError: if it is none.
    """
    decoded: _Answer = _decode(data, answer)
    return decoded


def decode_line(data: bytes) -> Watched:
    """Decode a line of a watch.

    :raises ValueError: if it is none.
    :raises Exception: as :func:`refuse` does, if it is a refusal.
    """
    line: WatchLine = _decode(data, WatchLine)
    if line.error is not None:
        raise refuse(_message(line.error))
    if line.result is None:
        raise ValueError("neither a result nor an error")
    return line.result


def check(status: int, data: bytes | bytearray) -> None:
    """Make sure that a response has the status 200.

    :raises Exception: as :func:`refuse` does, or ValueError if it is not etcd's.
    """
    if status == 200:
        return
    try:
        message = _message(msgspec.json.decode(data))
    except (ValueError, RecursionError):
        raise ValueError(f"HTTP status {status}") from None
    raise refuse(message)


def refuse(message: str) -> Exception:
    """The exception that a refusal with that message means.

    The messages are those of ``etcdserver/api/v3rpc/rpctypes/error.go``, which has kept them from
    etcd 3.4 to 3.6. The numbers of gRPC's errors tell too little.
    """
    for part, exception, sentence in _MEANINGS:
        if part in message:
            return exception(sentence)
    shown = "".join(each if each.isprintable() else "?" for each in message[:_SHOWN_CHARACTERS])
    return Refusal(shown)


def _decode(data: bytes | bytearray, kind: Any) -> Any:
    try:
        return msgspec.json.decode(data, type=kind, strict=False)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _message(error: object) -> str:
    """The message in ``{"message": …}``, ``{"error": …}`` or both, one in the other."""
    while isinstance(error, dict):
        error = error.get("message") or error.get("error")
    return error if isinstance(error, str) else "no reason"


#: Parts of etcd's messages, and what they mean for chatd.
_MEANINGS: Final[tuple[tuple[str, type[Exception], str], ...]] = (
    ("invalid auth token", TokenExpired, ""),
    ("revision of auth store is old", TokenExpired, ""),
    ("revision has been compacted", Compacted, ""),
    (
        "database space exceeded",
        LogUnreachable,
        "The quota of etcd is used up (NOSPACE). Start its servers with a larger "
        '--quota-backend-bytes, or free space with "etcdctl defrag"; then: etcdctl alarm disarm',
    ),
    (
        "invalid user ID or password",
        LogUnusable,
        "etcd does not accept that user with that password.",
    ),
    (
        "user name is empty",
        UsersUnread,
        "etcd demands a user and a password: etcd://USER@HOST…, and CHATD_ETCD_PASSWORD or "
        "?password-file=FILE.",
    ),
    (
        "authentication is not enabled",
        UsersUnread,
        "etcd does not check users. Leave the user out of --cluster, or have etcd check them: "
        "etcdctl auth enable",
    ),
    (
        "permission denied",
        LogUnusable,
        "etcd denies access to the keys of this chat. Permit it: etcdctl role grant-permission "
        "ROLE readwrite --prefix /chatd/",
    ),
    (
        "request is too large",
        LogUnusable,
        "etcd refuses requests of the size that chatd needs. Leave its --max-request-bytes as it "
        "is by default, 1.5 MiB.",
    ),
)
