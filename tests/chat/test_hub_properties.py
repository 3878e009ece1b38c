"""Random commands in random order: the hub behaves like a simple model."""

from collections.abc import Collection, Sequence

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
    ReadMessages,
    ReadTopic,
    Rename,
    Search,
    SendMessage,
    SendPrivate,
    SendPrivateTagged,
    SendTagged,
    SetAway,
    SetTopic,
    Watch,
    WhoIs,
)
from chatd.chat.errors import Full, NotRegistered, Refusal
from chatd.chat.events import MemberEntered, MemberRenamed, Message, Reply
from chatd.chat.hub import Hub, HubSettings
from chatd.chat.irc_commands import MarkRead, ReadMarker, SendTags, SetBot
from chatd.chat.marker_events import Marker
from chatd.chat.moderation_events import Bans, Invited, Moderation, Restricted
from chatd.chat.names import LOBBY
from chatd.chat.order_commands import (
    Ban,
    GrantHost,
    Invite,
    Kick,
    ListBans,
    Mute,
    SetRole,
    Unban,
    Unmute,
)
from chatd.chat.outbox import MemberId
from chatd.chat.tagged_messages import TaggedPrivate, tagged
from chatd.chat.tags import Tags, TagsSent
from tests.chat.model import Decision, Model, ModelRoom
from tests.chat.replay import Step, comparable, run_step
from tests.chat.strategies import ANYTHING, NICKNAMES
from tests.fakes import RecordingOutbox


class Chatting(RuleBasedStateMachine):
    """Connections come, enter, send commands and go, at random."""

    @initialize(
        slots=st.integers(1, 6),
        max_messages=st.integers(0, 10),
        count=st.integers(0, 4),
        has_host=st.booleans(),
    )
    def start(self, slots: int, max_messages: int, count: int, has_host: bool) -> None:
        self.model = Model(slots, max_messages)
        self.outbox = RecordingOutbox()
        self.hub = Hub(HubSettings("work", slots, max_messages), self.outbox, 0)
        self.now = 0
        self.steps: list[Step] = []
        self.results: list[object] = []
        for nickname in ("ice", "moon", "sun", "x")[:count]:
            self.connect_and_perhaps_enter(nickname, (LOBBY,))
        if has_host and self.model.names:
            self._send(min(self.model.names), GrantHost())

    def do(self, step: Step) -> MemberId | Reply | Refusal | None:
        """Make one call, and record it with its result."""
        result = run_step(self.hub, step)
        self.steps.append(step)
        self.results.append(comparable(result))
        return result

    @rule(nickname=st.none() | NICKNAMES, rooms=st.sampled_from([(), (LOBBY,)]))
    def connect_and_perhaps_enter(self, nickname: str | None, rooms: tuple[str, ...]) -> None:
        member = self._connect(takes_slot=True)
        if member is not None and nickname is not None:
            self._send(member, Enter(nickname, rooms))

    @rule(watches=st.booleans())
    def connect_without_slot_and_perhaps_watch(self, watches: bool) -> None:
        member = self._connect(takes_slot=False)
        if member is not None and watches:
            self._send(member, Watch())

    @precondition(lambda self: self.model.addresses)
    @rule(
        commands=st.lists(st.tuples(st.integers(0, 5), ANYTHING), min_size=1, max_size=12),
        milliseconds=st.integers(0, 1_000),
    )
    def several_send_commands(self, commands: list[tuple[int, Command]], milliseconds: int) -> None:
        """Several commands in one rule: of single steps, Hypothesis makes too few to get far."""
        for pick, command in commands:
            self.now += milliseconds
            here = sorted(self.model.addresses)
            self._send(here[pick % len(here)], command)
            self.every_member_received_exactly_its_events_in_order()

    def _connect(self, takes_slot: bool) -> MemberId | None:
        is_full = takes_slot and not self.model.free
        address = f"127.0.0.1:{len(self.steps) + 1}"
        result = self.do(Step(0, self.now, address=address, takes_slot=takes_slot))
        assert isinstance(result, Full) == is_full
        if not isinstance(result, int):
            return None
        assert result not in self.model.received, "an id was used again"
        self.model.addresses[result] = address
        self.model.received[result] = []
        if not takes_slot:
            self.model.unregistered.add(result)
        return result

    def _send(self, member: MemberId, command: Command) -> None:
        self.model.now = self.now
        before = self.hub.state()
        result = self.do(Step(member, self.now, command))
        assert isinstance(result, Refusal | Reply)
        if isinstance(result, Refusal):
            assert self.hub.state() == before, "a refused command changes nothing"
            self._refused(member, command, result)
        else:
            self._done(member, command, result)

    @precondition(lambda self: self.model.names)
    @rule(pick=st.integers(0, 5), text=st.sampled_from(["", "bye"]))
    def one_quits(self, pick: int, text: str) -> None:
        members = sorted(self.model.names)
        member = members[pick % len(members)]
        is_told = self.model.may_say_last(member)
        assert self.do(Step(member, self.now, Quit(text))) == events.Goodbye("quit")
        self.model.remove(member, "quit", text if is_told else "")

    @precondition(lambda self: self.model.received)
    @rule(pick=st.integers(0, 20), reason=st.sampled_from(["inactive", "connection lost"]))
    def one_is_lost_perhaps_again(self, pick: int, reason: str) -> None:
        everyone = sorted(self.model.received)
        member = everyone[pick % len(everyone)]
        self.do(Step(member, self.now, None, reason))
        self.model.remove(member, reason)

    def _refused(self, member: MemberId, command: Command, refusal: Refusal) -> None:
        if member in self.model.names:
            assert not self.model.may(member, command), refusal
            return
        assert not self.model.may_before_entering(member, command), refusal
        if isinstance(refusal, Full):
            assert self.model.free == 0
            assert not refusal.closes_connection
        elif not (member in self.model.watchers or isinstance(command, Enter)):
            assert isinstance(refusal, NotRegistered)

    def _done(self, member: MemberId, command: Command, reply: Reply) -> None:
        if member not in self.model.names:
            assert self.model.may_before_entering(member, command)
            self._done_before_entering(member, command, reply)
            return
        assert self.model.may(member, command)
        room = self.model.room(getattr(command, "room", None) or LOBBY)
        if isinstance(command, Decision | GrantHost):
            self._decided(member, command, reply)
            return
        match command, reply:
            case Rename(), events.Ok():
                self._renamed(member)
            case Enter(), events.Welcome():
                self._renamed(member)
                assert reply.nickname == self.model.names[member]
                assert set(reply.rooms) == self.model.rooms_of(member)
            case SendMessage(), events.Ok() if room is not None:
                self._sent(member, room, command, reply)
            case SendPrivate(), events.PrivateSent():
                self._private_sent(member, command, reply)
            case JoinRoom(), events.JoinDone():
                self._joined(member, room, reply)
            case _:
                self._told(member, command, reply, room)

    def _decided(self, member: MemberId, command: Decision | GrantHost, reply: Reply) -> None:
        """A host or an operator has kept order."""
        if isinstance(command, SetRole):
            self._role_set(member, command)
            return
        place = None if isinstance(command, GrantHost) else command.room
        room = None if place is None else self.model.room(place)
        match command, reply:
            case GrantHost(), events.Ok():
                by = self.model.names[member]
                if member not in self.model.hosts:
                    self.model.send_to_all(0, Moderation("host", by, by))
                self.model.hosts.add(member)
            case Kick(nickname=nickname), events.Ok():
                target = self.model.member_named(nickname)
                assert target is not None
                name = self.model.names[target]
                told = Restricted("kick", "", reason=command.reason.strip())
                self._tell(member, name, room, target, told)
                self._take_out(member, target, room, "kicked")
            case ((Ban() | Mute()), events.Ok()):
                self._restricted(member, command, room)
            case ((Unban() | Unmute()), events.Ok()):
                self._lifted(member, command, room)
            case ListBans(), Bans(bans=bans):
                assert [(each.what, each.nickname, each.until or None) for each in bans] == [
                    (each.what, each.nickname, each.until)
                    for each in self.model.restrictions.all
                    if each.life == (0 if room is None else room.life) and each.lasts(self.now)
                ]
            case _:
                raise AssertionError(f"{command} had the reply {reply}")

    def _role_set(self, member: MemberId, command: SetRole) -> None:
        room, target = self.model.room(command.room), self.model.member_named(command.nickname)
        assert room is not None
        assert target is not None
        what = command.role if command.given else f"un{command.role}"
        event = Moderation(what, self.model.names[member], self.model.names[target], room.name)
        members = room.operators if command.role == "operator" else room.voiced
        if (target in members) != command.given:
            self.model.send_to_room(room, member, event)
        if (target in members) == command.given or member not in room.members:
            self.model.received[member].append(event)
        (members.add if command.given else members.discard)(target)

    def _restricted(self, member: MemberId, command: Ban | Mute, room: ModelRoom | None) -> None:
        target = self.model.restrict(command)
        until = 0 if command.seconds is None else self.now + 1_000 * command.seconds
        what = type(command).__name__.lower()
        told = Restricted(what, "", reason=command.reason.strip(), until=until)
        nickname = names.nickname(command.nickname) if target is None else self.model.names[target]
        self._tell(member, nickname, room, target, told)
        if isinstance(command, Ban) and target is not None:
            self._take_out(member, target, room, "banned")

    def _lifted(self, member: MemberId, command: Unban | Unmute, room: ModelRoom | None) -> None:
        lifted = self.model.lifted(command)
        for each in lifted:
            self.model.restrictions.all.remove(each)
        target = self.model.member_named(command.nickname)
        nickname = lifted[0].nickname if target is None else self.model.names[target]
        if target is None and lifted[0].member in self.model.names:
            target = lifted[0].member
        told = Restricted(type(command).__name__.lower(), "")
        target = target if isinstance(command, Unmute) else None
        self._tell(member, nickname, room, target, told)

    def _tell(
        self,
        member: MemberId,
        nickname: str,
        room: ModelRoom | None,
        target: MemberId | None,
        told: Restricted,
    ) -> None:
        by, name = self.model.names[member], None if room is None else room.name
        public = Moderation(told.what, by, nickname, name)
        if room is not None:
            self.model.send_to_room(room, member, public)
            if member not in room.members:
                self.model.received[member].append(public)
        if target is not None:
            removed = told.what in ("kick", "ban") and room is not None and target in room.members
            event = Restricted(told.what, by, name, told.reason, told.until, removed=removed)
            self.model.received[target].append(event)
        if room is None:
            self.model.send_to_all(member, public)

    def _take_out(
        self, member: MemberId, target: MemberId, room: ModelRoom | None, reason: str
    ) -> None:
        if room is None:
            self.model.remove(target, reason)
        elif target in room.members:
            name, by = self.model.names[target], self.model.names[member]
            self.model.send_to_room(room, target, events.RoomLeft(room.name, name, by))
            self.model.leave_room(target, room)

    def _told(
        self, member: MemberId, command: Command, reply: Reply, room: ModelRoom | None
    ) -> None:
        match command, reply:
            case LeaveRoom(), events.Ok() if room is not None:
                text = "" if self.model.is_muted(member, room) else command.text.strip()
                left = events.RoomLeft(room.name, self.model.names[member], text=text)
                self.model.send_to_room(room, member, left)
                self.model.leave_room(member, room)
            case Invite(), events.Ok() if room is not None:
                self._invited(member, command, room)
            case SetTopic(), events.Ok() if room is not None:
                text = command.text.strip()
                topic = events.Topic(room.name, text, self.model.names[member], self.now)
                room.topic = topic if text else None
                self.model.send_to_room(room, member, topic)
            case SendTags(), events.Ok() if room is not None:
                self._tags_sent(member, room, command, reply)
            case SetAway(), events.AwayDone(text):
                if text != self.model.away.get(member, ""):
                    event = events.AwayChanged(self.model.names[member], text)
                    self.model.send_to_all(member, event)
                self.model.away[member] = text
            case _:
                self._told_nobody(member, command, reply, room)

    def _told_nobody(
        self, member: MemberId, command: Command, reply: Reply, room: ModelRoom | None
    ) -> None:
        match command, reply:
            case SetBot(is_bot), events.Ok():
                (self.model.bots.add if is_bot else self.model.bots.discard)(member)
            case MarkRead(target, time), Marker():
                assert reply == self.model.marker(member, target, time)
            case ReadMarker(target), Marker():
                assert reply == self.model.marker(member, target)
            case _:
                self._listed(command, reply, room)

    def _invited(self, member: MemberId, command: Invite, room: ModelRoom) -> None:
        target = self.model.member_named(command.nickname)
        assert target is not None
        by, name = self.model.names[member], self.model.names[target]
        self.model.received[target].append(Invited(room.name, by))
        self.model.send_to_room(room, member, Moderation("invite", by, name, room.name))

    def _done_before_entering(self, member: MemberId, command: Command, reply: Reply) -> None:
        match command, reply:
            case Enter(), events.Welcome():
                self.model.unregistered.discard(member)
                self.model.watchers.discard(member)
                self._entered(member, command, reply)
            case Watch(), events.Watching():
                self.model.unregistered.discard(member)
                self.model.watchers.add(member)
            case _:
                room = self.model.room(getattr(command, "room", None) or LOBBY)
                self._listed(command, reply, room)

    def _entered(self, member: MemberId, command: Enter, welcome: events.Welcome) -> None:
        self.model.send_to_all(member, MemberEntered(welcome.nickname))
        self.model.names[member] = welcome.nickname
        lobby = self.model.rooms[0]
        is_in = bool(command.rooms) and not self.model.is_restricted("ban", member, lobby)
        assert welcome.rooms == (command.rooms if is_in else ())
        if is_in:
            lobby.members.append(member)

    def _renamed(self, member: MemberId) -> None:
        old, new = self.model.names[member], self.hub.nickname(member)
        self.model.names[member] = new
        if old != new:
            self.model.restrictions.renamed(member, old, new, self.now)
            self.model.send_to_all(member, MemberRenamed(old, new))

    def _sent(
        self, member: MemberId, room: ModelRoom, command: SendMessage, reply: events.Ok
    ) -> None:
        seq = len(room.messages) + 1
        name = self.model.names[member]
        message = Message(room.name, seq, self.now, name, command.text, command.action)
        assert reply == events.Ok(message.room, message.seq, message.time)
        room.messages.append(message)  # without its tags
        tags = self._tags(member, command)
        is_tagged = isinstance(command, SendTagged) or tags.bot
        self.model.send_to_room(room, member, tagged(message, tags) if is_tagged else message)

    def _tags(self, member: MemberId, command: SendMessage | SendPrivate) -> Tags:
        is_bot = member in self.model.bots
        if isinstance(command, SendTagged | SendPrivateTagged):
            return Tags(command.tags, bot=is_bot, cuts=command.cuts)
        return Tags(bot=is_bot)

    def _tags_sent(
        self, member: MemberId, room: ModelRoom, command: SendTags, reply: events.Ok
    ) -> None:
        self.model.last_number += 1
        number = self.model.last_number
        assert reply == events.Ok(room.name, number, self.now)
        tags = Tags(command.tags, bot=member in self.model.bots)
        name = self.model.names[member]
        self.model.send_to_room(room, member, TagsSent(name, room.name, (), self.now, number, tags))

    def _private_sent(
        self, member: MemberId, command: SendPrivate, reply: events.PrivateSent
    ) -> None:
        reached = list(dict.fromkeys(map(self.model.member_named, command.to)))
        found = [each for each in reached if each is not None]
        to = tuple(self.model.names[each] for each in found)
        self.model.last_number += 1
        assert reply.number == self.model.last_number
        tags = self._tags(member, command)
        for each in found:
            self.model.received[each].append(
                TaggedPrivate(
                    *(self.model.names[member], to, self.now, command.text),
                    number=reply.number,
                    tags=tags,
                )
            )
        undelivered = {names.casefold(each.nickname) for each in reply.undelivered}
        assert undelivered == {
            names.casefold(name[: limits.NICKNAME_CHARACTERS])
            for name in command.to
            if self.model.member_named(name) is None
        }
        assert {each.reason for each in reply.undelivered} <= {"unknown"}
        assert [(each.nickname, each.text) for each in reply.away] == [
            (self.model.names[each], self.model.away[each])
            for each in found
            if self.model.away.get(each)
        ]

    def _joined(self, member: MemberId, room: ModelRoom | None, reply: events.JoinDone) -> None:
        assert reply.created == (room is None)
        if room is None:
            room = self.model.create_room(reply.room, member)
        assert reply.room == room.name
        self.model.send_to_room(
            room,
            member,
            events.RoomJoined(
                room.name,
                self.model.names[member],
                away_text=self.model.away.get(member, ""),
            ),
        )
        room.members.append(member)
        if room.topic is not None:
            self.model.received[member].append(room.topic)

    def _listed(self, command: Command, reply: Reply, room: ModelRoom | None) -> None:
        match command, reply:
            case ListUsers(), events.Users(users=users) if room is not None:
                self._users_listed(
                    self.model.names if command.room is None else room.members, users
                )
            case ReadHistory(limit=limit, before=before), events.History() if room is not None:
                assert list(reply.messages) == self.model.last(room, limit, before)
                assert reply.room == room.name
            case ReadMessages(), events.RoomMessages() if room is not None:
                between = tuple(self.model.between(room, command))
                assert reply == events.RoomMessages(room.name, between)
            case ListRooms(), events.Rooms():
                assert [(entry.room, entry.members) for entry in reply.rooms] == [
                    (each.name, len(each.members)) for each in self.model.rooms
                ]
            case ReadTopic(), events.Topic() if room is not None:
                assert reply == (room.topic or events.Topic(room.name, ""))
            case WhoIs(nickname), events.UserInfo():
                found = self.model.member_named(nickname)
                assert found is not None
                assert reply.nickname == self.model.names[found]
                assert reply.away_text == self.model.away.get(found, "")
            case (Ping(), events.Pong()) | (Search(), events.SearchResult(messages=())):
                pass
            case _:
                raise AssertionError(f"{command} had the reply {reply}")

    def _users_listed(self, listed: Collection[MemberId], users: Sequence[events.User]) -> None:
        assert {(user.nickname, frozenset(user.rooms)) for user in users} == {
            (self.model.names[each], frozenset(self.model.rooms_of(each))) for each in listed
        }
        assert len(users) == len(listed)
        by_name = {user.nickname: user for user in users}
        for each in listed:
            user = by_name[self.model.names[each]]
            assert user.host == (each in self.model.hosts)
            assert set(user.operator) == {
                other.name for other in self.model.rooms if each in other.operators
            }

    @invariant()
    def slots_never_leak(self) -> None:
        assert self.hub.free_slots() == self.model.free >= 0
        assert self.hub.member_count == len(self.model.names)

    @invariant()
    def every_member_has_a_nickname_of_its_own(self) -> None:
        current = [self.hub.nickname(member) for member in self.model.names]
        assert current == list(self.model.names.values())
        assert len({names.casefold(name) for name in current}) == len(current)
        assert not [name for name in current if not name]

    @invariant()
    def every_member_is_subscribed_to_its_rooms_only(self) -> None:
        rooms = {name: members for name, members in self.outbox.rooms.items() if members}
        assert rooms == {each.name: set(each.members) for each in self.model.rooms if each.members}
        assert self.outbox.recipients == set(self.model.names) | self.model.watchers
        assert self.outbox.watchers == self.model.watchers

    @invariant()
    def every_member_received_exactly_its_events_in_order(self) -> None:
        """No echoes, nothing before it entered, nothing after it left."""
        for member, expected in self.model.received.items():
            assert self.outbox.received.get(member, []) == expected

    def teardown(self) -> None:
        """The same calls at the same times have the same result."""
        outbox = RecordingOutbox()
        hub = Hub(HubSettings("work", self.model.slots, self.model.max_messages), outbox, 0)
        assert [comparable(run_step(hub, step)) for step in self.steps] == self.results
        assert outbox.sent == self.outbox.sent
        assert outbox.received == self.outbox.received


TestChatting = Chatting.TestCase
