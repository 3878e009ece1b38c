"""The sessions: what a member keeps when its connection is lost, and what makes it the same again.

A session belongs to a client that can resume, and lasts longer than its connections. It knows which
of the client's commands were carried out, and which private messages it was sent. So a command that
is sent again is not carried out twice, and a private message is delivered once.

The life of a session::

    connected ──connection lost──▶ absent, its member away ──10 s──▶ absent ──1 h──▶ ended
        ▲                                   │                           │
        └───────────── resumed ─────────────┴───────────────────────────┘

While the member is away it keeps its slot, its nickname and its rooms, and nobody is told. After
that it has left, and resuming makes it enter again.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from itertools import chain
from typing import Any, Final, NamedTuple
from zlib import crc32

from chatd.chat import commands, limits, names, order_commands
from chatd.chat.errors import NumberReused, OutdatedNumber
from chatd.chat.events import (
    AwayDone,
    AwayNote,
    JoinDone,
    Ok,
    PrivateMessage,
    PrivateSent,
    Reply,
    Undelivered,
)
from chatd.chat.members import Connections
from chatd.chat.model import Member
from chatd.chat.outbox import MemberId
from chatd.chat.state import JoinedRoomState, OutcomeState, SessionState


def _action(command: commands.SendMessage | commands.SendPrivate) -> tuple[str, ...]:
    return ("action",) * command.action + ("notice",) * command.notice


def _restriction(command: order_commands.Ban | order_commands.Mute) -> tuple[str, ...]:
    return (command.room or "", command.nickname, str(command.seconds), command.reason)


#: The commands that change the chat, and what makes one different from another.
_CONTENTS: Final[dict[type, Callable[[Any], tuple[str, ...]]]] = {
    commands.SendMessage: lambda command: (command.room, command.text, *_action(command)),
    commands.SendPrivate: lambda command: (*command.to, command.text, *_action(command)),
    commands.SetTopic: lambda command: (command.room, command.text),
    commands.SetAway: lambda command: (command.text,),
    commands.JoinRoom: lambda command: (command.room,),
    order_commands.Kick: lambda command: (command.room or "", command.nickname, command.reason),
    order_commands.Ban: lambda command: _restriction(command),
    order_commands.Unban: lambda command: (command.room or "", command.nickname),
    order_commands.Mute: lambda command: _restriction(command),
    order_commands.Unmute: lambda command: (command.room or "", command.nickname),
    order_commands.Invite: lambda command: (command.room, command.nickname),
    order_commands.SetRole: lambda command: (
        *(command.room, command.nickname, command.role),
        str(command.given),
    ),
    order_commands.ChangeRoom: lambda command: tuple(
        repr(getattr(command, each.name)) for each in fields(command)
    ),
    order_commands.RemoveFound: lambda command: (command.room, str(command.seq)),
    commands.LeaveRoom: lambda command: (command.room, *[command.text] * bool(command.text)),
    commands.Rename: lambda command: (command.nickname,),
}


class Outcome(NamedTuple):
    """The reply to a numbered command; the `checksum` tells the command from another one."""

    number: int
    checksum: int
    reply: Reply


@dataclass(slots=True)
class JoinedRoom:
    """A room that a session is in: which life of it, and the number of its last message then.

    :ivar is_operator: whether the member keeps order there.
    :ivar is_voiced: whether it writes there also while the room is read-only.
    :ivar is_maker: whether it has created the room.
    """

    life: int
    seq: int
    is_operator: bool = False
    is_voiced: bool = False
    is_maker: bool = False


@dataclass(slots=True)
class MemberSession:
    """The part of a member that lasts longer than its connection.

    :ivar digest: of the token, which the hub does not know.
    :ivar member: the member, also while it is away; None when it has left.
    :ivar nickname: the last nickname.
    :ivar is_authenticated: whether it was entered, or renamed to, with a password.
    :ivar last_number: of the commands that were carried out.
    :ivar outcomes: of those with the highest numbers, in the order of these.
    :ivar private_seq: the number of the last private message.
    :ivar private: the last private messages, each with its number: the client may not have them.
    :ivar private_characters: the length of their texts.
    :ivar rooms: the rooms it is in, or was in when it left, by their names.
    :ivar absent_since: when its connection was lost, in milliseconds since 1970.
    :ivar has_host_code: whether its member is a host as it has given the server's code.
    """

    digest: str
    member: Member | None
    nickname: str = ""
    is_authenticated: bool = False
    last_number: int = 0
    outcomes: deque[Outcome] = field(default_factory=lambda: deque(maxlen=limits.UNCONFIRMED_LINES))
    private_seq: int = 0
    private: deque[PrivateMessage] = field(default_factory=deque)
    private_characters: int = 0
    rooms: dict[str, JoinedRoom] = field(default_factory=dict)
    absent_since: int | None = None
    has_host_code: bool = False

    def outcome(self, number: int, command: commands.Command) -> Reply | None:
        """The reply to a command that was carried out before; None if `number` is new.

        :raises OutdatedNumber: if what became of it is not known any more.
        :raises NumberReused: if that was another command.
        """
        if number > self.last_number:
            return None
        for outcome in self.outcomes:
            if outcome.number == number:
                if outcome.checksum != _checksum(command):
                    raise NumberReused(number)
                return outcome.reply
        if self._is_forgotten(number):
            raise OutdatedNumber(number)
        # It was refused, and has changed nothing, or it would be remembered: it is tried again.
        return None

    def carried_out(self, number: int, command: commands.Command, reply: Reply) -> None:
        """Remember what became of a command."""
        outcome = Outcome(number, _checksum(command), reply)
        if number > self.last_number:
            self.last_number = number
            self.outcomes.append(outcome)
        else:  # it was refused before; the order is that of the numbers, see _is_forgotten
            self.outcomes = deque(
                sorted((*self.outcomes, outcome), key=lambda each: each.number),
                maxlen=self.outcomes.maxlen,
            )

    def _is_forgotten(self, number: int) -> bool:
        """Whether a command with that number may have been carried out, and is not remembered.

        The outcomes are those of the highest numbers. So of all numbers above the lowest one that
        is remembered, those that are missing were never carried out.
        """
        return len(self.outcomes) == self.outcomes.maxlen and number < self.outcomes[0].number

    def own_messages(self) -> frozenset[tuple[str, int]]:
        """The rooms and numbers of the messages that the client has sent last."""
        return frozenset(
            (reply.room, reply.seq)
            for _, _, reply in self.outcomes
            if isinstance(reply, Ok) and reply.room is not None and reply.seq is not None
        )

    def number_private(self, message: PrivateMessage) -> PrivateMessage:
        """`message` with its number in this session; it is kept in the box."""
        self.private_seq += 1
        message = PrivateMessage(
            message.source,
            message.to,
            message.time,
            message.text,
            self.private_seq,
            message.action,
            message.file,
            message.notice,
        )
        self.private.append(message)
        self.private_characters += len(message.text)
        return message

    def forget_private(self) -> int:
        """Forget the oldest private message; returns the length of its text."""
        characters = len(self.private.popleft().text)
        self.private_characters -= characters
        return characters


def is_numbered(command: commands.Command) -> bool:
    """Whether the number of such a command counts: it changes the chat."""
    return type(command) in _CONTENTS


class Sessions:
    """All sessions, by the digests of their tokens: at most ``SLOT_SESSIONS`` for each slot.

    Those that are absent are in the order in which they became so.

    :ivar forgotten_private: counts the private messages that are in no box any more.
    :ivar fingerprints: of the passwords, by the casefolded names of accounts that are not blocked.
    """

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._connected: dict[str, MemberSession] = {}
        self._absent: dict[str, MemberSession] = {}
        self._by_member: dict[MemberId, MemberSession] = {}
        # The members that are away, in the same order: their sessions are the last absent ones.
        self._away: dict[MemberId, Member] = {}
        self._private_characters = 0
        self.forgotten_private = 0
        self.fingerprints: Mapping[str, str] = {}

    def get(self, digest: str) -> MemberSession | None:
        """The session with that digest."""
        return self._connected.get(digest) or self._absent.get(digest)

    def member(self, digest: str, node: str) -> Member | None:
        """The member on `node`, perhaps one that is away, that has the session with that digest."""
        session = self.get(digest)
        member = None if session is None else session.member
        return member if member is not None and member.pool.node == node else None

    def of(self, member_id: MemberId) -> MemberSession | None:
        """The session of that member; None if its client cannot resume."""
        return self._by_member.get(member_id)

    def has_host(self, nickname: str) -> bool:
        """Whether a host who gave the server's code has, or had last, that nickname."""
        key = names.casefold(nickname)
        return any(
            session.has_host_code and names.casefold(session.nickname) == key
            for session in (*self._connected.values(), *self._absent.values())
        )

    def set_fingerprints(self, fingerprints: Mapping[str, str]) -> list[MemberSession]:
        """Replace the fingerprints; returns the sessions of accounts whose password has changed.

        An account that had no fingerprint before loses none.
        """
        before, self.fingerprints = self.fingerprints, fingerprints
        changed = {name for name, old in before.items() if fingerprints.get(name) != old}
        return [
            session
            for session in (*self._connected.values(), *self._absent.values())
            if session.is_authenticated and names.casefold(session.nickname) in changed
        ]

    def begin(self, digest: str, member: Member, *, is_authenticated: bool) -> None:
        """Begin the session of a member that has entered.

        If there are too many, the one that is absent for longest ends.
        """
        session = MemberSession(digest, member, member.nickname, is_authenticated)
        session.has_host_code = member.has_host_code
        session.rooms = {
            room.name: JoinedRoom(
                *(room.life, room.history.seq, member.member_id in room.operators),
                *(member.member_id in room.voiced, member.member_id == room.maker),
            )
            for room in member.rooms.values()
        }
        self._connected[digest] = self._by_member[member.member_id] = session
        capacity = self._connections.all_slots() * limits.SLOT_SESSIONS
        while len(self._connected) + len(self._absent) > capacity:
            oldest = next((each for each in self._absent.values() if each.member is None), None)
            if oldest is None:
                break  # the others are members, which the slots bound
            self.end(oldest)

    def disconnected(self, session: MemberSession, now: int) -> None:
        """The connection is lost."""
        if session.absent_since is None:
            session.absent_since = now
            del self._connected[session.digest]
            self._absent[session.digest] = session
            if session.member is not None:
                self._away[session.member.member_id] = session.member

    def resumed(self, session: MemberSession, member: Member, private: int) -> None:
        """`member` has resumed it, and has the private messages up to the number `private`."""
        self._absent.pop(session.digest, None)
        self._connected[session.digest] = session
        session.absent_since = None
        self.has_left(session)
        session.member = member
        self._by_member[member.member_id] = session
        while session.private and session.private[0].seq <= private:
            self._forget_private(session)

    def has_left(self, session: MemberSession) -> None:
        """Its member is gone; a client that resumes it enters again."""
        if session.member is not None:
            del self._by_member[session.member.member_id]
            self._away.pop(session.member.member_id, None)
            session.member = None

    def end(self, session: MemberSession) -> None:
        """End it: nobody can resume it any more."""
        self._connected.pop(session.digest, None)
        self._absent.pop(session.digest, None)
        while session.private:
            self._forget_private(session)
        self.has_left(session)

    def add_private(self, session: MemberSession, message: PrivateMessage) -> PrivateMessage:
        """Keep a private message to that session; with its number there."""
        message = session.number_private(message)
        self._private_characters += len(message.text)
        while (
            len(session.private) > limits.PRIVATE_BOX_MESSAGES
            or session.private_characters > limits.PRIVATE_BOX_CHARACTERS
        ):
            self._forget_private(session)
        while self._private_characters > limits.PRIVATE_CHARACTERS:
            # The fullest box gives way: a member who fills boxes on purpose loses their own.
            everybody = chain(self._connected.values(), self._absent.values())
            self._forget_private(max(everybody, key=lambda each: each.private_characters))
        return message

    def _forget_private(self, session: MemberSession) -> None:
        self._private_characters -= session.forget_private()
        self.forgotten_private += 1

    def next_to_leave(self, now: int) -> Member | None:
        """The member that was away for longest, if it was so for too long."""
        member = next(iter(self._away.values()), None)
        is_due = member is not None and member.away_until is not None and member.away_until <= now
        return member if is_due else None

    def end_outdated(self, now: int) -> list[Member]:
        """End those that were absent for too long; returns the members that were still away."""
        members = []
        for session in list(self._absent.values()):
            if (session.absent_since or 0) + 1_000 * limits.SESSION_SECONDS > now:
                break
            if session.member is not None:
                members.append(session.member)
            self.end(session)
        return members

    def next_end(self) -> int | None:
        """When the next one ends, or its member leaves, unless the client resumes before that."""
        away = next(iter(self._away.values()), None)
        absent = next(iter(self._absent.values()), None)
        ends = []
        if away is not None and away.away_until is not None:
            ends.append(away.away_until)
        if absent is not None and absent.absent_since is not None:
            ends.append(absent.absent_since + 1_000 * limits.SESSION_SECONDS)
        return min(ends, default=None)

    def state(self) -> tuple[SessionState, ...]:
        """All sessions: those that are connected, and then those that are absent."""
        return tuple(
            _session_state(session)
            for sessions in (self._connected, self._absent)
            for session in sessions.values()
        )

    def restore(self, states: Iterable[SessionState], members: Mapping[MemberId, Member]) -> None:
        """Put back what :meth:`state` returned, with the `members` whom it names."""
        self._connected.clear()
        self._absent.clear()
        self._by_member.clear()
        self._away.clear()
        self._private_characters = 0
        for state in states:
            session = _restored(state, members)
            sessions = self._connected if session.absent_since is None else self._absent
            sessions[session.digest] = session
            self._private_characters += session.private_characters
            if session.member is not None:
                self._by_member[session.member.member_id] = session
                if session.absent_since is not None:
                    self._away[session.member.member_id] = session.member


def _checksum(command: commands.Command) -> int:
    contents = _CONTENTS[type(command)](command)
    return crc32("\0".join((type(command).__name__, *contents)).encode("utf-8", "surrogatepass"))


def _session_state(session: MemberSession) -> SessionState:
    return SessionState(
        session.digest,
        None if session.member is None else session.member.member_id,
        session.nickname,
        session.is_authenticated,
        session.last_number,
        tuple(_outcome_state(*outcome) for outcome in session.outcomes),
        session.private_seq,
        tuple(session.private),
        tuple(
            JoinedRoomState(
                *(name, room.life, room.seq),
                *(room.is_operator, room.is_voiced, room.is_maker),
            )
            for name, room in session.rooms.items()
        ),
        session.absent_since,
        session.has_host_code,
    )


def _restored(state: SessionState, members: Mapping[MemberId, Member]) -> MemberSession:
    session = MemberSession(
        state.digest,
        None if state.member_id is None else members[state.member_id],
        state.nickname,
        state.is_authenticated,
        state.last_number,
        private_seq=state.private_seq,
        private=deque(state.private),
        private_characters=sum(len(each.text) for each in state.private),
        rooms={each.name: JoinedRoom(*each[1:]) for each in state.rooms},
        absent_since=state.absent_since,
        has_host_code=state.has_host_code,
    )
    session.outcomes.extend(
        Outcome(each.number, each.checksum, _reply(each)) for each in state.outcomes
    )
    return session


def _outcome_state(number: int, checksum: int, reply: Reply) -> OutcomeState:
    match reply:
        case PrivateSent(time, undelivered, to, away, seq):
            missed = tuple((each.nickname, each.reason) for each in undelivered)
            notes = tuple((each.nickname, each.text) for each in away)
            return OutcomeState(
                number, checksum, seq=seq, time=time, to=to, undelivered=missed, away=notes
            )
        case JoinDone(room, created):
            return OutcomeState(number, checksum, room, created=created)
        case Ok(room, seq, time):
            return OutcomeState(number, checksum, room, seq, time)
        case AwayDone():  # to a client that can resume, the same as Ok
            return OutcomeState(number, checksum)
    raise TypeError(f"no numbered command has the reply {reply!r}")


def _reply(state: OutcomeState) -> Reply:
    if state.to is not None:
        undelivered = tuple(Undelivered(*each) for each in state.undelivered)
        away = tuple(AwayNote(*each) for each in state.away)
        return PrivateSent(state.time or 0, undelivered, state.to, away, state.seq or 0)
    if state.created is not None:
        return JoinDone(state.room or "", state.created)
    return Ok(state.room, state.seq, state.time)
