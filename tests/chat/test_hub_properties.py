"""Whatever members do, in whatever order: the hub is driven at random, beside a simple model."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chatd.chat import events, limits, names
from chatd.chat.commands import (
    Command,
    Enter,
    JoinRoom,
    LeaveRoom,
    ListRooms,
    ListUsers,
    Ping,
    Quit,
    ReadHistory,
    Rename,
    SendMessage,
    SendPrivate,
    Watch,
)
from chatd.chat.errors import Full, NotRegistered, Refusal
from chatd.chat.events import MemberEntered, MemberRenamed, Message, PrivateMessage, Reply
from chatd.chat.hub import Hub, HubSettings
from chatd.chat.names import LOBBY
from chatd.chat.outbox import MemberId
from tests.chat.asked import ANYTHING, NICKNAMES
from tests.chat.model import Model, ModelRoom
from tests.chat.steps import Step, make, told
from tests.fakes import RecordingOutbox


class Chatting(RuleBasedStateMachine):
    """Members come, talk, are renamed and go, at random."""

    @initialize(slots=st.integers(1, 6), kept=st.integers(0, 10), here=st.integers(0, 4))
    def start(self, slots: int, kept: int, here: int) -> None:
        self.model = Model(slots, kept)
        self.outbox = RecordingOutbox()
        self.hub = Hub(HubSettings("work", slots, kept), self.outbox, 0)
        self.now = 0
        self.steps: list[Step] = []
        self.outcomes: list[object] = []
        for nickname in ("ice", "moon", "sun", "x")[:here]:
            self.somebody_comes_and_perhaps_enters(nickname, (LOBBY,))

    def do(self, step: Step) -> MemberId | Reply | Refusal | None:
        """Make one call, and write it down with what came of it."""
        outcome = make(self.hub, step)
        self.steps.append(step)
        self.outcomes.append(told(outcome))
        return outcome

    @rule(nickname=st.none() | NICKNAMES, rooms=st.sampled_from([(), (LOBBY,)]))
    def somebody_comes_and_perhaps_enters(
        self, nickname: str | None, rooms: tuple[str, ...]
    ) -> None:
        member = self._come(stands=False)
        if member is not None and nickname is not None:
            self._ask(member, Enter(nickname, rooms))

    @rule(watches=st.booleans())
    def somebody_comes_without_a_slot_and_perhaps_watches(self, watches: bool) -> None:
        member = self._come(stands=True)
        if member is not None and watches:
            self._ask(member, Watch())

    @precondition(lambda self: self.model.here)
    @rule(
        asked=st.lists(st.tuples(st.integers(0, 5), ANYTHING), min_size=1, max_size=12),
        later=st.integers(0, 1_000),
    )
    def some_ask(self, asked: list[tuple[int, Command]], later: int) -> None:
        """Several at once: of single steps, Hypothesis makes too few to come far."""
        for pick, command in asked:
            self.now += later
            here = sorted(self.model.here)
            self._ask(here[pick % len(here)], command)
            self.everyone_heard_exactly_what_they_should_in_one_order()

    def _come(self, stands: bool) -> MemberId | None:
        has_no_place = not (stands or self.model.free)
        address = f"127.0.0.1:{len(self.steps) + 1}"
        outcome = self.do(Step(0, self.now, address=address, stands=stands))
        assert isinstance(outcome, Full) == has_no_place
        if not isinstance(outcome, int):
            return None
        assert outcome not in self.model.heard, "a number was used again"
        self.model.here[outcome] = address
        self.model.heard[outcome] = []
        if stands:
            self.model.standing.add(outcome)
        return outcome

    def _ask(self, member: MemberId, command: Command) -> None:
        outcome = self.do(Step(member, self.now, command))
        assert isinstance(outcome, Refusal | Reply)
        if isinstance(outcome, Refusal):
            self._refused(member, command, outcome)
        else:
            self._done(member, command, outcome)

    @precondition(lambda self: self.model.names)
    @rule(pick=st.integers(0, 5))
    def somebody_quits(self, pick: int) -> None:
        members = sorted(self.model.names)
        member = members[pick % len(members)]
        assert self.do(Step(member, self.now, Quit())) == events.Goodbye("quit")
        self.model.go(member, "quit")

    @precondition(lambda self: self.model.heard)
    @rule(pick=st.integers(0, 20), reason=st.sampled_from(["inactive", "connection lost"]))
    def somebody_is_lost_perhaps_once_more(self, pick: int, reason: str) -> None:
        everyone = sorted(self.model.heard)
        member = everyone[pick % len(everyone)]
        self.do(Step(member, self.now, None, reason))
        self.model.go(member, reason)

    def _refused(self, member: MemberId, command: Command, refusal: Refusal) -> None:
        if member in self.model.names:
            assert not self.model.may(member, command), refusal
            return
        assert not self.model.may_outside(member, command), refusal
        if isinstance(refusal, Full):
            assert self.model.free == 0
            assert not refusal.closes_connection
        elif not (member in self.model.watching or isinstance(command, Enter)):
            assert isinstance(refusal, NotRegistered)

    def _done(self, member: MemberId, command: Command, reply: Reply) -> None:
        if member not in self.model.names:
            assert self.model.may_outside(member, command)
            self._done_outside(member, command, reply)
            return
        assert self.model.may(member, command)
        room = self.model.room(getattr(command, "room", None) or LOBBY)
        match command, reply:
            case Rename(), events.Ok():
                self._renamed(member)
            case Enter(), events.Welcome():
                self._renamed(member)
                assert reply.nickname == self.model.names[member]
                assert set(reply.rooms) == self.model.rooms_of(member)
            case SendMessage(), events.Ok() if room is not None:
                self._said(member, room, command, reply)
            case SendPrivate(), events.PrivateSent():
                self._told(member, command, reply)
            case JoinRoom(), events.JoinDone():
                self._joined(member, room, reply)
            case LeaveRoom(), events.Ok() if room is not None:
                self.model.tell_room(
                    room, member, events.RoomLeft(room.name, self.model.names[member])
                )
                self.model.take_out(member, room)
            case _:
                self._listed(command, reply, room)

    def _done_outside(self, member: MemberId, command: Command, reply: Reply) -> None:
        match command, reply:
            case Enter(), events.Welcome():
                self.model.standing.discard(member)
                self.model.watching.discard(member)
                self._entered(member, command, reply)
            case Watch(), events.Watching():
                self.model.standing.discard(member)
                self.model.watching.add(member)
            case _:
                room = self.model.room(getattr(command, "room", None) or LOBBY)
                self._listed(command, reply, room)

    def _entered(self, member: MemberId, command: Enter, welcome: events.Welcome) -> None:
        self.model.tell_all(member, MemberEntered(welcome.nickname))
        self.model.names[member] = welcome.nickname
        assert welcome.rooms == command.rooms
        if command.rooms:
            self.model.rooms[0].members.append(member)

    def _renamed(self, member: MemberId) -> None:
        old, new = self.model.names[member], self.hub.nickname(member)
        self.model.names[member] = new
        if old != new:
            self.model.tell_all(member, MemberRenamed(old, new))

    def _said(
        self, member: MemberId, room: ModelRoom, command: SendMessage, done: events.Ok
    ) -> None:
        number = len(room.said) + 1
        said = Message(room.name, number, self.now, self.model.names[member], command.text)
        assert done == events.Ok(said.room, said.seq, said.time)
        room.said.append(said)
        self.model.tell_room(room, member, said)

    def _told(self, member: MemberId, command: SendPrivate, told: events.PrivateSent) -> None:
        reached = list(dict.fromkeys(map(self.model.called, command.to)))
        found = [each for each in reached if each is not None]
        to = tuple(self.model.names[each] for each in found)
        for each in found:
            self.model.heard[each].append(
                PrivateMessage(self.model.names[member], to, self.now, command.text)
            )
        missed = {names.casefold(each.nickname) for each in told.undelivered}
        assert missed == {
            names.casefold(name[: limits.NICKNAME_CHARACTERS])
            for name in command.to
            if self.model.called(name) is None
        }
        assert {each.reason for each in told.undelivered} <= {"unknown"}

    def _joined(self, member: MemberId, room: ModelRoom | None, joined: events.JoinDone) -> None:
        assert joined.created == (room is None)
        if room is None:
            room = ModelRoom(joined.room)
            self.model.rooms.append(room)
        assert joined.room == room.name
        self.model.tell_room(room, member, events.RoomJoined(room.name, self.model.names[member]))
        room.members.append(member)

    def _listed(self, command: Command, reply: Reply, room: ModelRoom | None) -> None:
        match command, reply:
            case ListUsers(room=wanted), events.Users(users=users) if room is not None:
                listed = self.model.names if wanted is None else room.members
                assert {(user.nickname, frozenset(user.rooms)) for user in users} == {
                    (self.model.names[each], frozenset(self.model.rooms_of(each)))
                    for each in listed
                }
                assert len(users) == len(listed)
            case ReadHistory(limit=limit, before=before), events.History() if room is not None:
                assert list(reply.messages) == self.model.last(room, limit, before)
                assert reply.room == room.name
            case ListRooms(), events.Rooms():
                assert [(entry.room, entry.members) for entry in reply.rooms] == [
                    (each.name, len(each.members)) for each in self.model.rooms
                ]
            case Ping(), events.Pong():
                pass
            case _:
                raise AssertionError(f"{command} was answered with {reply}")

    @invariant()
    def slots_never_leak(self) -> None:
        assert self.hub.free_slots == self.model.free >= 0
        assert self.hub.member_count == len(self.model.names)

    @invariant()
    def every_member_has_a_nickname_of_its_own(self) -> None:
        current = [self.hub.nickname(member) for member in self.model.names]
        assert current == list(self.model.names.values())
        assert len({names.casefold(name) for name in current}) == len(current)
        assert not [name for name in current if not name]

    @invariant()
    def everyone_hears_the_rooms_that_they_are_in_and_no_others(self) -> None:
        heard = {name: members for name, members in self.outbox.rooms.items() if members}
        assert heard == {each.name: set(each.members) for each in self.model.rooms if each.members}
        assert self.outbox.everyone == set(self.model.names) | self.model.watching
        assert self.outbox.watching == self.model.watching

    @invariant()
    def everyone_heard_exactly_what_they_should_in_one_order(self) -> None:
        """Nothing of its own, nothing before it entered, nothing after it left."""
        for member, expected in self.model.heard.items():
            assert self.outbox.heard.get(member, []) == expected

    def teardown(self) -> None:
        """The same calls at the same times have the same outcome."""
        outbox = RecordingOutbox()
        hub = Hub(HubSettings("work", self.model.slots, self.model.kept), outbox, 0)
        assert [told(make(hub, step)) for step in self.steps] == self.outcomes
        assert outbox.own == self.outbox.own
        assert outbox.heard == self.outbox.heard


TestChatting = Chatting.TestCase
