"""The plain dialect (SPEC §5): lines of text for ``nc`` and ``telnet``.

Someone who has read nothing can use it: the server asks for what it needs, and says what it did.
What a line means depends on what was asked for: a nickname, a password, or nothing in particular.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import ClassVar

from chatd.chat import commands, errors, events
from chatd.chat.errors import Refusal, RequestId
from chatd.chat.events import Event
from chatd.chat.names import LOBBY, casefold
from chatd.wire import rendering, slash_commands
from chatd.wire.dialect import ALL_ECHOES, Dialect, LocalReply, Request, Result


class Prompt(Enum):
    """What the next line answers."""

    NICKNAME = auto()
    PASSWORD = auto()
    NOTHING = auto()


@dataclass(frozen=True, slots=True)
class Plain:
    """What a person types into ``nc``.

    :ivar asked: what the next line is.
    :ivar account: whose password is asked for; `before`, what was asked before that.
    :ivar room: where lines go.
    """

    variant: ClassVar[str] = "plain"
    echoes: ClassVar[frozenset[type]] = ALL_ECHOES
    initial_rooms: ClassVar[tuple[str, ...]] = (LOBBY,)
    greeting: ClassVar[bytes] = b"Welcome. Your nickname?\n"
    probe: ClassVar[bytes] = b""
    auto_registers: ClassVar[bool] = False
    prompt: Prompt = Prompt.NICKNAME
    previous_prompt: Prompt = Prompt.NICKNAME
    account: str = ""
    room: str = LOBBY

    @property
    def _is_registered(self) -> bool:
        return Prompt.NOTHING in (self.prompt, self.previous_prompt)

    def detect(self, frame: bytes) -> Dialect:
        """It is this one."""
        return self

    def decode(self, frame: bytes) -> Request:
        """The request in one line; see :meth:`chatd.wire.dialect.Dialect.decode`."""
        try:
            line = frame.removesuffix(b"\r").decode("utf-8")
        except UnicodeDecodeError:
            raise errors.InvalidUtf8 from None
        if self.prompt is Prompt.PASSWORD and line.strip() not in slash_commands.QUIT_COMMANDS:
            return Request(commands.Authenticate(self.account, line))
        if self.prompt is not Prompt.NOTHING:
            word = line.strip()
            return Request(
                commands.Quit() if word in slash_commands.QUIT_COMMANDS else commands.Enter(word)
            )
        return Request(_command(slash_commands.parse(line, self.room)))

    def encode_event(self, event: Event, now: int = 0) -> bytes:
        """The lines that tell of `event`."""
        return _lines(rendering.render(event))

    def encode_reply(self, result: Result, request_id: RequestId = None, now: int = 0) -> bytes:
        """The lines that answer, and where one is needed the next question."""
        match result:
            case Refusal():
                return _lines([self._refused(result)])
            case LocalReply():
                return _lines(result.lines)
            case events.Welcome():
                return _lines([f"You are {result.nickname} on {result.server}. /help helps."])
            case events.JoinDone():
                return _lines([f"You write to {result.room} now; /room {LOBBY} goes back."])
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

    def _refused(self, refusal: Refusal) -> str:
        is_unread = self.prompt is Prompt.PASSWORD and isinstance(refusal, errors.Malformed)
        if is_unread or isinstance(refusal, errors.PasswordRequired):
            return f"{refusal} Your password? (It is shown as you type.)"
        if self._is_registered:
            return rendering.render_notice(str(refusal))
        return str(refusal) if refusal.closes_connection else f"{refusal} Your nickname?"

    def updated(self, request: Request, result: Result) -> Dialect:
        """What the next line will be, and where lines go."""
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
    """Lines go to that room from now on."""

    room: str = LOBBY


def _command(user_input: slash_commands.UserInput | None) -> commands.ClientCommand | LocalReply:
    """What the hub is asked, or what this dialect answers by itself."""
    match user_input:
        case None:
            return LocalReply()
        case slash_commands.Help():
            return LocalReply(tuple(slash_commands.help_lines()))
        case slash_commands.SwitchRoom(room):
            return _RoomSwitched((f"You write to {room} now.",), room)
        case slash_commands.PromptPrivate():
            return LocalReply(("Write it in one line: @NAME TEXT, or /msg NAME,NAME TEXT",))
        case _:
            return user_input


def _newest(rendered: Iterable[str]) -> bytes:
    """As many lines as one reply may have; the newest are given first."""
    return rendering.newest_that_fit(f"{line}\n".encode() for line in rendered)


def _lines(rendered: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in rendered).encode()
