"""The plain dialect: lines of text, for a person with ``nc`` or ``telnet``.

The server prompts for what it needs, and tells what it did, so that it can be used without a
manual. The meaning of a line depends on the prompt before it: a nickname, a password, or a message
or command. docs/reference/plain.rst has an example.

A user may type a nickname and its password at once, without waiting for the answer. If the nickname
is refused, no password was asked for, and the next line would be said to everyone or become a
nickname. So the first line after such a refusal is withheld.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from functools import lru_cache
from typing import ClassVar, Final

from typing_extensions import override

from chatd.chat import commands, errors, events, limits
from chatd.chat.errors import Refusal, RequestId
from chatd.chat.events import Event
from chatd.chat.moderation_events import Invited
from chatd.chat.names import LOBBY, casefold
from chatd.wire import rendering, slash_commands, user_inputs
from chatd.wire.dialect import ALL_ECHOES, Dialect, LocalReply, Request, Result
from chatd.wire.identity import Identity
from chatd.wire.telnet import edited

#: The blanks that programs put behind a line, up to a fixed length. A password may end with them.
_TRAILING_PADDING: Final = re.compile(r"[ \t]{2,}\Z")
_BYTE_ORDER_MARK: Final = "\ufeff"
#: What users and port scanners type to leave, as in other protocols, besides the commands.
_QUIT_WORDS: Final = frozenset({"quit", "exit"})
#: What users type who expect a command line before the chat.
_HELP_WORDS: Final = frozenset({"help", "/help", "?"})
_NICKNAME_HELP: Final = LocalReply(
    ("This is a chat. Type the nickname by which the others shall know you. Your nickname?",)
)
_NO_MORE_RESULTS: Final = LocalReply((rendering.render_notice(slash_commands.NO_MORE_RESULTS),))
#: More than the sentence behind the results of a search has.
_NOTICE_BYTES: Final = 256
_TAKE_IT: Final = " An empty line takes it."
_KEPT: Final = "[Server]: You keep your nickname."


class Prompt(Enum):
    """The question that the next line answers."""

    NICKNAME = auto()
    PASSWORD = auto()
    NOTHING = auto()


@dataclass(frozen=True, slots=True)
class Plain(Dialect):
    """The dialect of a plain connection.

    :ivar prompt: what the next line is.
    :ivar previous_prompt: what it will be after a password: a member that renames itself to an
        account stays a member, whether the password is right or wrong.
    :ivar account: the account whose password is or was asked for.
    :ivar refused_account: the account that was refused as a nickname: the next line may be its
        password. Empty if there is none.
    :ivar room: where messages go.
    :ivar more_results: the search for the next page of what the last one found.
    :ivar identity: who the client is, and how private its connection.
    :ivar suggestion: the nickname that a blank line takes, after one that is not allowed.
    :ivar ignored: the casefolded nicknames whose messages are not shown.
    :ivar files_url: the URL under which files are; empty if the server takes none.
    :ivar variant: members who ignore the same nicknames, and have the same URL, are sent the same
        bytes.
    """

    echoes: ClassVar[frozenset[type]] = ALL_ECHOES
    initial_rooms: ClassVar[tuple[str, ...]] = (LOBBY,)
    greeting: ClassVar[bytes] = b"Welcome. Your nickname?\n"
    entering_history: ClassVar[int] = limits.ENTERING_HISTORY_MESSAGES
    auto_registers: ClassVar[bool] = False
    prompt: Prompt = Prompt.NICKNAME
    previous_prompt: Prompt = Prompt.NICKNAME
    account: str = ""
    refused_account: str = ""
    room: str = LOBBY
    more_results: commands.Search | None = None
    identity: Identity = field(default_factory=Identity)
    suggestion: str = ""
    ignored: frozenset[str] = frozenset()
    files_url: str = ""
    variant: str = "plain"

    @property
    def _is_registered(self) -> bool:
        return Prompt.NOTHING in (self.prompt, self.previous_prompt)

    @override
    def detect(self, frame: bytes) -> Dialect:
        return self

    @override
    def decode(self, frame: bytes) -> Request:
        try:
            line = edited(frame.decode("utf-8")).removesuffix("\r")
        except UnicodeDecodeError:
            raise errors.InvalidUtf8 from None
        if self.prompt is Prompt.PASSWORD:
            return Request(self._password_command(line))
        line = _TRAILING_PADDING.sub("", line)
        if self.suggestion and not line.strip():
            return Request(self._take_suggestion())
        if self.prompt is Prompt.NICKNAME:
            command = _nickname_command(line.removeprefix(_BYTE_ORDER_MARK).strip())
        else:
            command = self._command(slash_commands.parse(line, self.room))
        return Request(self._withheld(command))

    def _take_suggestion(self) -> commands.ClientCommand:
        make = commands.Enter if self.prompt is Prompt.NICKNAME else commands.Rename
        return make(self.suggestion)

    def _password_command(self, line: str) -> commands.ClientCommand | LocalReply:
        if slash_commands.is_quit(line):
            return commands.Quit()
        return commands.Authenticate(self.account, line) if line else _PasswordCanceled()

    def _command(
        self, user_input: user_inputs.UserInput | None
    ) -> commands.ClientCommand | LocalReply:
        """The command for the hub, or the reply that needs none."""
        match user_input:
            case None:
                return LocalReply()
            case user_inputs.Help(is_for_hosts):
                return LocalReply(tuple(slash_commands.help_lines(is_for_hosts=is_for_hosts)))
            case user_inputs.SwitchRoom(room):
                return _RoomSwitched((f"You now write to {room}.",), room)
            case user_inputs.PromptPrivate():
                return LocalReply(("Usage: @NAME TEXT, or /msg NAME[,NAME] TEXT",))
            case user_inputs.MoreResults():
                return self.more_results or _NO_MORE_RESULTS
            case _ if isinstance(user_input, user_inputs.LocalInput):
                return self._local_reply(user_input)
            case _:
                return user_input

    def _local_reply(self, user_input: user_inputs.LocalInput) -> LocalReply:
        match user_input:
            case user_inputs.OpenPrivate(to):
                names = ",".join(to)
                return _notice(f"Type @{names} TEXT, each time, to write to {names} alone.")
            case user_inputs.Ignore() | user_inputs.Unignore():
                return self._ignore(user_input)
            case user_inputs.WhoAmI():
                return LocalReply(self.identity.describe())
            case _:
                return _notice("This command works in chatd's own client and on its page.")

    def _ignore(self, user_input: user_inputs.Ignore | user_inputs.Unignore) -> LocalReply:
        nickname = user_input.nickname
        if nickname is None:
            names = ", ".join(sorted(self.ignored))
            return _notice(f"You ignore: {names}" if names else "You ignore nobody.")
        name = casefold(nickname)
        if isinstance(user_input, user_inputs.Unignore):
            if name not in self.ignored:
                return _notice(f"You do not ignore {nickname}.")
            return _Ignoring(
                (rendering.render_notice(f"You see again what {nickname} says."),),
                self.ignored - {name},
            )
        if len(nickname) > limits.NICKNAME_CHARACTERS:
            return _notice("This is no nickname.")
        if len(self.ignored | {name}) > limits.IGNORED_NICKNAMES:
            return _notice(
                f"You may ignore at most {limits.IGNORED_NICKNAMES} nicknames; "
                "/unignore NAME shows one again."
            )
        sentence = f"You do not see what {nickname} says from now on; /unignore {nickname} ends it."
        return _Ignoring((rendering.render_notice(sentence),), self.ignored | {name})

    def _withheld(
        self, command: commands.ClientCommand | LocalReply
    ) -> commands.ClientCommand | LocalReply:
        """`command`, unless it would show the others a line that may be a password."""
        match command:
            case _ if not self.refused_account:
                return command
            case commands.SendMessage() | commands.SendPrivate():
                return _Withheld(
                    (
                        f"[Server]: Not said, as it may be the password of {self.refused_account}. "
                        "Type it again to say it.",
                    )
                )
            case commands.Enter(nickname) if nickname and not self._is_refused(nickname):
                return _Withheld(
                    (
                        f"This was not taken for a nickname, as it may be the password of "
                        f"{self.refused_account}. Type it again if it is none. Your nickname?",
                    )
                )
            case _:
                return command

    def _is_refused(self, nickname: str) -> bool:
        return casefold(nickname) == casefold(self.refused_account)

    @override
    def encode_probe(self, now: int) -> bytes:
        return b""

    @override
    def encode_event(self, event: Event, now: int = 0) -> bytes:
        if self.ignored and casefold(_sender(event)) in self.ignored:
            return b""
        return _lines(rendering.render(event, now, self.files_url))

    @override
    def encode_reply(self, result: Result, request_id: RequestId = None, now: int = 0) -> bytes:
        """The lines of the reply, and the next prompt if there is one."""
        match result:
            case Refusal():
                return _lines([self._refusal(result)])
            case _PasswordCanceled():
                return _lines([_KEPT if self._is_registered else "Your nickname?"])
            case LocalReply():
                return _lines(result.lines)
            case events.Goodbye():
                return _lines([rendering.render_notice(f"Goodbye ({result.reason})")])
            case events.SearchResult():
                return _fit(result, self.files_url)[1]
            case events.History(messages=messages):
                return _newest(
                    line
                    for each in reversed(messages)
                    if not (self.ignored and casefold(each.source) in self.ignored)
                    for line in rendering.render_history_entry(each, self.files_url)[::-1]
                )
        lines = _done(result)
        sentences = rendering.describe(result, now)
        return _lines(lines) + _newest(map(rendering.render_notice, reversed(sentences)))

    def _refusal(self, refusal: Refusal) -> str:
        if isinstance(refusal, errors.PasswordRequired):
            warning = "" if self.identity.is_private else ", and this connection is not encrypted"
            return f"{refusal} Your password? (It is shown as you type{warning}.)"
        if self._asks_again(refusal):
            return f"{refusal} Your password? (An empty line: another nickname.)"
        offer = _TAKE_IT if self.suggestion and isinstance(refusal, errors.BadNickname) else ""
        if isinstance(refusal, errors.NotInRoom) and self.room != LOBBY:
            offer = f" /room {LOBBY} switches back."  # a host has thrown the member out, perhaps
        if self._is_registered:
            return rendering.render_notice(f"{refusal}{offer}")
        return str(refusal) if refusal.closes_connection else f"{refusal}{offer} Your nickname?"

    def _asks_again(self, refusal: Refusal) -> bool:
        """Whether the next line is a password again: the user mistyped it, and types it anew.

        Taken for a message, it would be said to everyone.
        """
        return self.prompt is Prompt.PASSWORD and not refusal.closes_connection

    @override
    def updated(self, request: Request, result: Result) -> Dialect:
        suggestion = _offered(request, result)
        identity = self.identity.after(request.command, result)
        updated = self._updated(request, result)
        if (suggestion, identity) == (self.suggestion, self.identity):
            return updated
        return replace(updated, suggestion=suggestion, identity=identity)

    def _updated(self, request: Request, result: Result) -> "Plain":
        match result:
            case _Ignoring(ignored=ignored):
                return replace(self, ignored=ignored, variant=_variant(ignored, self.files_url))
            case errors.PasswordRequired():
                return replace(
                    self,
                    prompt=Prompt.PASSWORD,
                    account=result.nickname,
                    refused_account="",
                    previous_prompt=self.prompt,
                )
            case events.Welcome():
                return self._entered(result.files or "")
            case Refusal() if self._asks_again(result):
                return self
            case _ if self.prompt is Prompt.PASSWORD:
                return replace(self, prompt=self.previous_prompt)
            case events.SearchResult():
                return replace(self, more_results=self._next_page(request.command, result))
            case _:
                room = self._room_after(request, result)
                refused = self._refused_account_after(request, result)
                if (room, refused) == (self.room, self.refused_account):
                    return self
                return replace(self, room=room, refused_account=refused)

    def _entered(self, files_url: str) -> "Plain":
        return replace(
            self,
            prompt=Prompt.NOTHING,
            refused_account="",
            files_url=files_url,
            variant=_variant(self.ignored, files_url),
        )

    def _next_page(self, command: object, result: events.SearchResult) -> commands.Search | None:
        before = _fit(result, self.files_url)[0].before
        if before is None or not isinstance(command, commands.Search):
            return None
        return replace(command, before=before)

    def _room_after(self, request: Request, result: Result) -> str:
        match result:
            case events.JoinDone() | _RoomSwitched():
                return result.room
            # A user who types /join wants to write there, even if the member is in it already.
            case errors.AlreadyInRoom() if isinstance(request.command, commands.JoinRoom):
                return request.command.room
            case events.Ok() if isinstance(request.command, commands.LeaveRoom) and casefold(
                request.command.room
            ) == casefold(self.room):
                return LOBBY
            case _:
                return self.room

    def _refused_account_after(self, request: Request, result: Result) -> str:
        match result:
            case errors.AccountTaken() | errors.NicknameConfusable() | errors.Blocked():
                return result.nickname
            case events.Ok() if isinstance(request.command, commands.Rename):
                # Renamed to the account that the user has entered with already: no password was
                # asked for, either.
                is_own = casefold(request.command.nickname) == casefold(self.account)
                return self.account if is_own else ""
            case _Withheld():
                return ""
            case _:
                return self.refused_account


@dataclass(frozen=True, slots=True)
class _RoomSwitched(LocalReply):
    """The reply to a command that changes the dialect, and nothing in the hub."""

    room: str = LOBBY


@dataclass(frozen=True, slots=True)
class _Ignoring(LocalReply):
    """The reply to a command after which other nicknames are ignored."""

    ignored: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _PasswordCanceled(LocalReply):
    """The reply to an empty line in place of a password."""


@dataclass(frozen=True, slots=True)
class _Withheld(LocalReply):
    """The reply to a line that may be a password which nothing has asked for."""


def connected(dialect: Dialect, *, is_encrypted: bool, is_local: bool) -> Dialect:
    """The dialect of a new connection, which is under TLS or not."""
    if not isinstance(dialect, Plain):
        return dialect
    return replace(dialect, identity=Identity(is_encrypted, is_local))


def enters(dialect: Dialect, line: bytes) -> bool:
    """Whether `line` is a nickname to a client of `dialect` that has not entered yet."""
    if not (isinstance(dialect, Plain) and dialect.prompt is Prompt.NICKNAME):
        return False
    try:
        command = dialect.decode(line).command
    except Refusal:
        return False
    return isinstance(command, commands.Enter) and bool(command.nickname)


def is_blank(line: bytes) -> bool:
    """Whether `line` is empty: pressed Enter, or the blank line at the end of a request."""
    return not line.strip(b"\0\r")


def is_quit(line: bytes) -> bool:
    """Whether `line` is an answer to the question for a nickname that leaves the chat."""
    return _is_quit(line.decode("utf-8", "replace").strip())


def _is_quit(word: str) -> bool:
    return slash_commands.is_quit(word) or word.lower() in _QUIT_WORDS


def _nickname_command(word: str) -> commands.ClientCommand | LocalReply:
    """The request in the answer to the question for a nickname."""
    if _is_quit(word):
        return commands.Quit()
    return _NICKNAME_HELP if word.lower() in _HELP_WORDS else commands.Enter(word)


def _done(result: Result) -> list[str]:
    """The lines of this dialect alone about a request that was carried out."""
    match result:
        case events.Welcome():
            return [f"You are {result.nickname} on {result.server}. Type /help for help."]
        case events.JoinDone():
            made = "You are its operator: /help hosts. " * result.created
            return [f"{made}You now write to {result.room}; /room {LOBBY} switches back."]
        case events.PrivateSent(to=to) if to:
            return [rendering.render_notice(f"Sent to {', '.join(to)}.")]
        case _:
            return []


def _offered(request: Request, result: Result) -> str:
    """The nickname that a blank line takes from now on."""
    if not isinstance(result, errors.BadNickname):
        return ""
    # "GET / HTTP/1.0" and the like have a blank line behind them, and are no nickname.
    is_request = isinstance(request.command, commands.Enter) and "/" in request.command.nickname
    return "" if is_request else result.suggestion


def _sender(event: Event) -> str:
    """The nickname behind an event that ``/ignore`` hides; empty if it hides none of that kind."""
    match event:
        case (
            events.Message(source=source)
            | events.PrivateMessage(source=source)
            | Invited(by=source)
        ):
            return source
        case (
            events.MemberEntered(nickname)
            | events.MemberLeft(nickname=nickname)
            | events.RoomJoined(nickname=nickname)
            | events.RoomLeft(nickname=nickname)
        ):
            return nickname
        case _:
            return ""


def _variant(ignored: frozenset[str], files_url: str) -> str:
    return "\0".join(("plain", *[files_url] * bool(files_url), *sorted(ignored)))


def _notice(sentence: str) -> LocalReply:
    return LocalReply((rendering.render_notice(sentence),))


@lru_cache(maxsize=1)  # it is asked for the next page first, and then for the lines
def _fit(result: events.SearchResult, files_url: str) -> tuple[events.SearchResult, bytes]:
    """The messages that fit into one reply, and their lines, oldest first."""
    kept: list[bytes] = []
    size = 0
    for message in result.messages:
        lines = _lines(rendering.render_found(message, files_url))
        size += len(lines)
        if size > limits.REPLY_BYTES - _NOTICE_BYTES:
            break
        kept.append(lines)
    page = result.first(len(kept))
    notices = map(rendering.render_notice, rendering.describe(page))
    return page, b"".join(reversed(kept)) + _lines(notices)


def _newest(rendered: Iterable[str]) -> bytes:
    """The newest of `rendered`, which has them first, as far as they fit into one reply."""
    return rendering.newest_that_fit(f"{line}\n".encode() for line in rendered)


def _lines(rendered: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in rendered).encode()
