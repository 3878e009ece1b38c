"""Whatever members do, in whatever order: the hub is driven at random, beside a simple model."""

from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chatd.chat import events, names
from chatd.chat.commands import Command, Enter, ListUsers, Ping, Quit, ReadHistory, Rename, Say
from chatd.chat.events import Entered, Event, Left, Renamed, Reply, Said
from chatd.chat.hub import Hub, HubSettings
from chatd.chat.outbox import MemberId
from chatd.chat.refusals import Full, NicknameTaken, Refusal
from tests.fakes import RecordingOutbox

#: Few, so that they collide: equal in case or form, somebody's address, and impossible ones.
NICKNAMES = st.sampled_from(
    [
        "ice",
        "ICE",
        "\uff49ce",
        "moon",
        "Moon",
        "stra\u00dfe",
        "STRASSE",
        "127.0.0.1:1",
        "127.0.0.1:2",
        "#x",
        "ic\u200be",
    ]
) | st.text(max_size=3)
TEXTS = st.sampled_from(["hello", "two\nlines", "", "\x00", "x" * 4097]) | st.text(max_size=5)
ROOMS = st.sampled_from(["#lobby", "#Lobby", "#dev", "lobby", "#", ""])
NUMBERS = st.integers(-2, 30) | st.sampled_from([2**63, 10**30])

COMMANDS: st.SearchStrategy[Command] = st.one_of(
    st.builds(Say, TEXTS),
    st.builds(Say, TEXTS, ROOMS),
    st.builds(Rename, NICKNAMES),
    st.builds(Enter, NICKNAMES),
    st.builds(ListUsers, st.none() | ROOMS),
    st.builds(ReadHistory, ROOMS, NUMBERS, st.none() | NUMBERS),
    st.just(Ping()),
)


@dataclass
class Model:
    """What must be so, kept in the simplest way there is."""

    slots: int
    kept: int
    names: dict[MemberId, str] = field(default_factory=dict)
    seated: set[MemberId] = field(default_factory=set)
    heard: dict[MemberId, list[Event]] = field(default_factory=dict)
    said: list[Said] = field(default_factory=list)

    def tell(self, origin: MemberId, event: Event) -> None:
        for member in self.names:
            if member != origin:
                self.heard[member].append(event)

    def is_taken(self, wanted: str, by_other_than: MemberId) -> bool:
        return any(
            names.folded(name) == names.folded(names.nickname(wanted))
            for member, name in self.names.items()
            if member != by_other_than
        )


@dataclass(frozen=True)
class Step:
    """One call of the hub, to be made again: a command, somebody's end, or a seat for `address`."""

    member: MemberId
    now: int
    command: Command | None = None
    reason: str = ""
    address: str = ""


class Chatting(RuleBasedStateMachine):
    """Members come, talk, are renamed and go, at random."""

    @initialize(slots=st.integers(1, 6), kept=st.integers(0, 10))
    def start(self, slots: int, kept: int) -> None:
        self.model = Model(slots, kept)
        self.outbox = RecordingOutbox()
        self.hub = Hub(HubSettings("work", slots, kept), self.outbox, 0)
        self.now = 0
        self.steps: list[Step] = []
        self.outcomes: list[object] = []

    def do(self, step: Step) -> MemberId | Reply | Refusal | None:
        """Make one call, and write it down with what came of it."""
        outcome = make(self.hub, step)
        self.steps.append(step)
        self.outcomes.append(told(outcome))
        return outcome

    def some(self, pick: int) -> MemberId:
        """One of those who are seated."""
        seated = sorted(self.model.seated)
        return seated[pick % len(seated)]

    @rule()
    def somebody_comes(self) -> None:
        was_full = len(self.model.seated) == self.model.slots
        outcome = self.do(Step(0, self.now, address=f"127.0.0.1:{len(self.steps) + 1}"))
        assert isinstance(outcome, Full) == was_full
        if isinstance(outcome, int):
            assert outcome not in self.model.heard, "a number was used again"
            self.model.seated.add(outcome)
            self.model.heard[outcome] = []

    @precondition(lambda self: self.model.seated)
    @rule(pick=st.integers(0, 5), command=COMMANDS, later=st.integers(0, 1_000))
    def somebody_asks(self, pick: int, command: Command, later: int) -> None:
        self.now += later
        member = self.some(pick)
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
        self._gone(member, "quit")

    @precondition(lambda self: self.model.heard)
    @rule(pick=st.integers(0, 20), reason=st.sampled_from(["inactive", "connection lost"]))
    def somebody_is_lost_perhaps_once_more(self, pick: int, reason: str) -> None:
        everyone = sorted(self.model.heard)
        member = everyone[pick % len(everyone)]
        self.do(Step(member, self.now, None, reason))
        self._gone(member, reason)

    def _gone(self, member: MemberId, reason: str) -> None:
        self.model.seated.discard(member)
        if name := self.model.names.pop(member, ""):
            self.model.tell(member, Left(name, reason))

    def _refused(self, member: MemberId, command: Command, refusal: Refusal) -> None:
        if isinstance(refusal, NicknameTaken):
            assert isinstance(command, Enter | Rename)
            assert self.model.is_taken(command.nickname, member)
        if isinstance(command, Ping):
            assert member not in self.model.names

    def _done(self, member: MemberId, command: Command, reply: Reply) -> None:
        match command, reply:
            case Enter(), events.Welcome(nickname=name):
                assert member not in self.model.names
                self.model.names[member] = name
                self.model.tell(member, Entered(name))
            case Rename(), events.Done():
                old, new = self.model.names[member], self.hub.nickname(member)
                self.model.names[member] = new
                if old != new:
                    self.model.tell(member, Renamed(old, new))
            case Say(text=text), events.Done():
                said = Said(
                    "#lobby", len(self.model.said) + 1, self.now, self.nickname(member), text
                )
                assert reply == events.Done(said.room, said.seq, said.time)
                self.model.said.append(said)
                self.model.tell(member, said)
            case ListUsers(), events.Users(users=users):
                assert {user.nickname for user in users} == set(self.model.names.values())
                assert len(users) == len(self.model.names)
            case ReadHistory(limit=limit, before=before), events.HistoryRead(messages=messages):
                kept = self.model.said[-self.model.kept :] if self.model.kept else []
                older = [said for said in kept if before is None or said.seq < before]
                assert list(messages) == (older[-limit:] if limit > 0 else [])
            case Ping(), events.Pong():
                pass
            case _:
                raise AssertionError(f"{command} was answered with {reply}")

    def nickname(self, member: MemberId) -> str:
        return self.model.names[member]

    @invariant()
    def slots_never_leak(self) -> None:
        assert self.hub.free == self.model.slots - len(self.model.seated) >= 0

    @invariant()
    def every_member_has_a_nickname_of_its_own(self) -> None:
        current = [self.hub.nickname(member) for member in self.model.names]
        assert current == list(self.model.names.values())
        assert len({names.folded(name) for name in current}) == len(current)
        assert not [name for name in current if not name]

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


def make(hub: Hub, step: Step) -> MemberId | Reply | Refusal | None:
    try:
        if step.command is not None:
            return hub.handle(step.member, step.command, step.now)
        if step.reason:
            hub.leave(step.member, step.reason)
            return None
        return hub.seat(step.address)
    except Refusal as refusal:
        return refusal


def told(outcome: object) -> object:
    """An outcome that can be compared."""
    return (type(outcome), str(outcome)) if isinstance(outcome, Refusal) else outcome


TestChatting = Chatting.TestCase
TestChatting.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
