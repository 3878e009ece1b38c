"""The plain dialect (SPEC §5): lines of text for ``nc`` and ``telnet``.

Someone who has read nothing can use it: the server asks for what it needs, and says what it did.
What a line means depends on what was asked for: a nickname, a password, or nothing in particular.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import ClassVar

from chatd.chat import commands, events, refusals
from chatd.chat.events import Event
from chatd.chat.names import LOBBY, folded
from chatd.chat.refusals import Refusal, RequestId
from chatd.wire import lines, typed
from chatd.wire.dialect import ALL_OWN, Dialect, Note, Outcome, Request


class Asked(Enum):
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
    hears_own: ClassVar[frozenset[type]] = ALL_OWN
    first_rooms: ClassVar[tuple[str, ...]] = (LOBBY,)
    greeting: ClassVar[bytes] = b"Welcome. Your nickname?\n"
    probe: ClassVar[bytes] = b""
    enters_unasked: ClassVar[bool] = False
    asked: Asked = Asked.NICKNAME
    before: Asked = Asked.NICKNAME
    account: str = ""
    room: str = LOBBY

    @property
    def _is_in(self) -> bool:
        return Asked.NOTHING in (self.asked, self.before)

    def hearing(self, unit: bytes) -> Dialect:
        """It is this one."""
        return self

    def decode(self, unit: bytes) -> Request:
        """The request in one line; see :meth:`chatd.wire.dialect.Dialect.decode`."""
        try:
            line = unit.removesuffix(b"\r").decode("utf-8")
        except UnicodeDecodeError:
            raise refusals.InvalidUtf8 from None
        if self.asked is Asked.PASSWORD and line.strip() not in typed.GOODBYES:
            return Request(commands.Authenticate(self.account, line))
        if self.asked is not Asked.NOTHING:
            word = line.strip()
            return Request(commands.Quit() if word in typed.GOODBYES else commands.Enter(word))
        return Request(_command(typed.read(line, self.room)))

    def encode(self, event: Event, now: int = 0) -> bytes:
        """The lines that tell of `event`."""
        return _lines(lines.lines(event))

    def answer(self, outcome: Outcome, request_id: RequestId = None, now: int = 0) -> bytes:
        """The lines that answer, and where one is needed the next question."""
        match outcome:
            case Refusal():
                return _lines([self._refused(outcome)])
            case Note():
                return _lines(outcome.lines)
            case events.Welcome():
                return _lines([f"You are {outcome.nickname} on {outcome.server}. /help helps."])
            case events.RoomJoined():
                return _lines([f"You write to {outcome.room} now; /room {LOBBY} goes back."])
            case events.Goodbye():
                return _lines([lines.notice(f"Goodbye ({outcome.reason})")])
            case events.HistoryRead(messages=messages):
                return _newest(
                    line for each in reversed(messages) for line in lines.past(each)[::-1]
                )
            case _:
                return _newest(map(lines.notice, reversed(lines.sentences(outcome))))

    def _refused(self, refusal: Refusal) -> str:
        is_unread = self.asked is Asked.PASSWORD and isinstance(refusal, refusals.Malformed)
        if is_unread or isinstance(refusal, refusals.PasswordRequired):
            return f"{refusal} Your password? (It is shown as you type.)"
        if self._is_in:
            return lines.notice(str(refusal))
        return str(refusal) if refusal.closes else f"{refusal} Your nickname?"

    def after(self, request: Request, outcome: Outcome) -> Dialect:
        """What the next line will be, and where lines go."""
        match outcome:
            case refusals.PasswordRequired():
                return replace(
                    self, asked=Asked.PASSWORD, account=outcome.nickname, before=self.asked
                )
            case events.Welcome():
                return replace(self, asked=Asked.NOTHING)
            case _ if self.asked is Asked.PASSWORD:
                return replace(self, asked=self.before)
            case events.RoomJoined() | _Gone():
                return replace(self, room=outcome.room)
            case refusals.AlreadyInRoom() if isinstance(request.command, commands.Join):
                return replace(self, room=request.command.room)
            case events.Done() if isinstance(request.command, commands.Leave) and folded(
                request.command.room
            ) == folded(self.room):
                return replace(self, room=LOBBY)
            case _:
                return self


@dataclass(frozen=True, slots=True)
class _Gone(Note):
    """Lines go to that room from now on."""

    room: str = LOBBY


def _command(meant: typed.Typed | None) -> commands.Asked | Note:
    """What the hub is asked, or what this dialect answers by itself."""
    match meant:
        case None:
            return Note()
        case typed.Help():
            return Note(tuple(typed.help_lines()))
        case typed.GoTo(room):
            return _Gone((f"You write to {room} now.",), room)
        case typed.AskWhom():
            return Note(("Write it in one line: @NAME TEXT, or /msg NAME,NAME TEXT",))
        case _:
            return meant


def _newest(shown: Iterable[str]) -> bytes:
    """As many lines as one reply may have; the newest are given first."""
    return lines.newest(f"{line}\n".encode() for line in shown)


def _lines(shown: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in shown).encode()
