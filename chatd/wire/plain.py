"""The plain dialect: lines of text, for a person with ``nc`` or ``telnet``.

The server prompts for what it needs, and tells what it did, so that it can be used without a
manual. What a line means depends on the prompt before it: a nickname, a password, or a message or
command. docs/reference/plain.rst has an example.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import ClassVar

from typing_extensions import override

from chatd.chat import commands, errors, events
from chatd.chat.errors import Refusal, RequestId
from chatd.chat.events import Event
from chatd.chat.names import LOBBY, casefold
from chatd.wire import rendering, slash_commands
from chatd.wire.dialect import ALL_ECHOES, Dialect, LocalReply, Request, Result


class Prompt(Enum):
    """What the server has asked for: what the next line is."""

    NICKNAME = auto()
    PASSWORD = auto()
    NOTHING = auto()


@dataclass(frozen=True, slots=True)
class Plain(Dialect):
    """The dialect of a plain connection.

    :ivar prompt: what the next line is.
    :ivar previous_prompt: what it will be after a password: a member that renames itself to an
        account stays a member, whether the password is right or wrong.
    :ivar account: the account whose password is asked for.
    :ivar room: where messages go.
    """

    variant: ClassVar[str] = "plain"
    echoes: ClassVar[frozenset[type]] = ALL_ECHOES
    initial_rooms: ClassVar[tuple[str, ...]] = (LOBBY,)
    greeting: ClassVar[bytes] = b"Welcome. Your nickname?\n"
    auto_registers: ClassVar[bool] = False
    prompt: Prompt = Prompt.NICKNAME
    previous_prompt: Prompt = Prompt.NICKNAME
    account: str = ""
    room: str = LOBBY

    @property
    def _is_registered(self) -> bool:
        return Prompt.NOTHING in (self.prompt, self.previous_prompt)

    @override
    def detect(self, frame: bytes) -> Dialect:
        return self

    @override
    def decode(self, frame: bytes) -> Request:
        try:
            line = frame.removesuffix(b"\r").decode("utf-8")
        except UnicodeDecodeError:
            raise errors.InvalidUtf8 from None
        if self.prompt is Prompt.PASSWORD and not slash_commands.is_quit(line):
            return Request(commands.Authenticate(self.account, line))
        if self.prompt is not Prompt.NOTHING:
            word = line.strip()
            return Request(
                commands.Quit() if slash_commands.is_quit(line) else commands.Enter(word)
            )
        return Request(_command(slash_commands.parse(line, self.room)))

    @override
    def encode_probe(self, now: int) -> bytes:
        return b""

    @override
    def encode_event(self, event: Event, now: int = 0) -> bytes:
        return _lines(rendering.render(event))

    @override
    def encode_reply(self, result: Result, request_id: RequestId = None, now: int = 0) -> bytes:
        """The lines of the reply, and the next prompt if there is one."""
        match result:
            case Refusal():
                return _lines([self._refusal(result)])
            case LocalReply():
                return _lines(result.lines)
            case events.Welcome():
                return _lines(
                    [f"You are {result.nickname} on {result.server}. Type /help for help."]
                )
            case events.JoinDone():
                return _lines([f"You now write to {result.room}; /room {LOBBY} switches back."])
            case events.Goodbye():
                return _lines([rendering.render_notice(f"Goodbye ({result.reason})")])
            case events.History(messages=messages):
                return _newest(
                    line
                    for each in reversed(messages)
                    for line in rendering.render_history_entry(each)[::-1]
                )
            case _:
                return _newest(map(rendering.render_notice, reversed(rendering.describe(result))))

    def _refusal(self, refusal: Refusal) -> str:
        # A password that is not UTF-8 was not decoded, so the prompt is still the same.
        is_unread = self.prompt is Prompt.PASSWORD and isinstance(refusal, errors.Malformed)
        if is_unread or isinstance(refusal, errors.PasswordRequired):
            return f"{refusal} Your password? (It is shown as you type.)"
        if self._is_registered:
            return rendering.render_notice(str(refusal))
        return str(refusal) if refusal.closes_connection else f"{refusal} Your nickname?"

    @override
    def updated(self, request: Request, result: Result) -> Dialect:
        match result:
            case errors.PasswordRequired():
                return replace(
                    self,
                    prompt=Prompt.PASSWORD,
                    account=result.nickname,
                    previous_prompt=self.prompt,
                )
            case events.Welcome():
                return replace(self, prompt=Prompt.NOTHING)
            case _ if self.prompt is Prompt.PASSWORD:
                return replace(self, prompt=self.previous_prompt)
            case events.JoinDone() | _RoomSwitched():
                return replace(self, room=result.room)
            # A user who types /join wants to write there, even if the member is in it already.
            case errors.AlreadyInRoom() if isinstance(request.command, commands.JoinRoom):
                return replace(self, room=request.command.room)
            case events.Ok() if isinstance(request.command, commands.LeaveRoom) and casefold(
                request.command.room
            ) == casefold(self.room):
                return replace(self, room=LOBBY)
            case _:
                return self


@dataclass(frozen=True, slots=True)
class _RoomSwitched(LocalReply):
    """The reply to a command that changes the dialect, and nothing in the hub."""

    room: str = LOBBY


def _command(user_input: slash_commands.UserInput | None) -> commands.ClientCommand | LocalReply:
    """The command for the hub, or the reply that needs none."""
    match user_input:
        case None:
            return LocalReply()
        case slash_commands.Help():
            return LocalReply(tuple(slash_commands.help_lines()))
        case slash_commands.SwitchRoom(room):
            return _RoomSwitched((f"You now write to {room}.",), room)
        case slash_commands.PromptPrivate():
            return LocalReply(("Usage: @NAME TEXT, or /msg NAME[,NAME] TEXT",))
        case _:
            return user_input


def _newest(rendered: Iterable[str]) -> bytes:
    """The newest of `rendered`, which has them first, as far as they fit into one reply."""
    return rendering.newest_that_fit(f"{line}\n".encode() for line in rendered)


def _lines(rendered: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in rendered).encode()
