"""The connections, in pools with a limit each, and the members' nicknames.

A connection is in one of three pools:

- ``unregistered``: it is on the page's port, and has neither entered nor begun to watch; or it is
  on another port, no slot is free, and it is about to resume a session whose member has one;
- ``watchers``: it receives what is public, without a nickname;
- ``slots``: it is a member; or it is on another port, where a connection takes its slot when it is
  accepted, and has not entered yet.

A watcher is not a member, and nobody is told of it. As watchers and unregistered connections have
limits of their own, they cannot take a member's slot. In a cluster each node has pools of its own.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain

from chatd.chat import events, limits, names
from chatd.chat.errors import (
    AccountTaken,
    BadRecipients,
    Blocked,
    Full,
    NicknameConfusable,
    NicknameTaken,
    NotReached,
    PasswordRequired,
    Refusal,
    TooManyWatchers,
)
from chatd.chat.model import SLOTS, UNREGISTERED, WATCHERS, Member, Pool
from chatd.chat.outbox import MemberId
from chatd.chat.state import MemberState, PoolState

#: Creates the refusal that is raised when a pool is full.
MakeRefusal = Callable[[], Refusal]


class Pools:
    """The pools of one node, or of the only server.

    :param slots: how many members, and connections that are about to become members, there may be.
    """

    def __init__(self, node: str, slots: int) -> None:
        self.unregistered = Pool(UNREGISTERED, limits.UNREGISTERED_CONNECTIONS, node)
        self.watchers = Pool(WATCHERS, limits.WATCHERS, node)
        self.slots = Pool(SLOTS, slots, node)

    def __iter__(self) -> Iterator[Pool]:
        return iter((self.unregistered, self.watchers, self.slots))


class Connections:
    """All connections, each in one pool of its node.

    :param slots: of a server that is no cluster.
    :ivar next_id: the id of the next connection.
    """

    def __init__(self, slots: int) -> None:
        self._pools = {"": Pools("", slots)}
        self._members: dict[MemberId, Member] = {}
        self.next_id: MemberId = 1

    def add_node(self, node: str, slots: int) -> None:
        """Let connections come to a node with that number of slots."""
        if node in self._pools:
            self._pools[node].slots.capacity = slots
        else:
            self._pools[node] = Pools(node, slots)

    def remove_node(self, node: str) -> None:
        """Forget a node to which nobody is connected."""
        del self._pools[node]

    def pools(self, node: str) -> Pools:
        """The pools of that node."""
        return self._pools[node]

    def all_slots(self) -> int:
        """The number of slots on all nodes."""
        return sum(pools.slots.capacity for pools in self._pools.values())

    def with_slot(self) -> Iterable[Member]:
        """The connections that have a slot, in the order in which they got it, or entered."""
        pools = [pools.slots.members.values() for pools in self._pools.values()]
        if len(pools) == 1:
            return pools[0]
        return sorted(chain.from_iterable(pools), key=lambda each: (each.since, each.member_id))

    def get(self, member_id: MemberId) -> Member | None:
        """The connection with that id; None if it is gone."""
        return self._members.get(member_id)

    def add(self, address: str, pool: Pool, make_refusal: MakeRefusal) -> Member:
        """Create a connection from `address` (``ADDRESS:PORT``) in `pool`.

        :raises Refusal: the one that `make_refusal` creates, if the pool is full.
        """
        check_capacity(pool, make_refusal)
        member = Member(self.next_id, address, pool)
        self.next_id += 1
        self._members[member.member_id] = pool.members[member.member_id] = member
        return member

    def take_slot(self, member: Member) -> None:
        """Move `member` to the slots of its node; nothing happens if it has one.

        :raises Full: if there is none; `member` then stays where it was.
        """
        self._move(member, self._pools[member.pool.node].slots, Full)

    def watch(self, member: Member) -> None:
        """Move `member` to the watchers of its node.

        :raises TooManyWatchers: if that is not possible; `member` then stays where it was.
        """
        self._move(member, self._pools[member.pool.node].watchers, TooManyWatchers)

    def _move(self, member: Member, pool: Pool, make_refusal: MakeRefusal) -> None:
        if member.pool is not pool:
            check_capacity(pool, make_refusal)
            del member.pool.members[member.member_id]
            pool.members[member.member_id] = member
            member.pool = pool

    def check_slot(self, member: Member) -> None:
        """Check that `member` has a slot, or can get one.

        :raises Full: if not; it may stay, and try again.
        """
        if member.pool.name != SLOTS:
            slots = self._pools[member.pool.node].slots
            check_capacity(slots, lambda: Full(closes_connection=False))

    def replace(self, old: Member, new: Member) -> None:
        """Remove `old`, and give its slot to `new`; on another node that takes a slot of its own.

        :raises Full: if there is none; then nothing has changed.
        """
        if old.pool.node != new.pool.node:
            self.check_slot(new)
        self.remove(old.member_id)
        del new.pool.members[new.member_id]
        new.pool = self._pools[new.pool.node].slots
        new.pool.members[new.member_id] = new

    def count(self) -> int:
        """How many connections there are, without the watchers."""
        watchers = sum(len(pools.watchers.members) for pools in self._pools.values())
        return len(self._members) - watchers

    def remove(self, member_id: MemberId) -> Member | None:
        """Remove a connection and return it; None if it was gone before."""
        member = self._members.pop(member_id, None)
        if member is not None:
            del member.pool.members[member_id]
        return member

    def all(self) -> Iterable[Member]:
        """All connections, in the order in which they came."""
        return self._members.values()

    def state(self, node: str) -> tuple[PoolState, ...]:
        """The connections to that node."""
        return tuple((pool.name, tuple(pool.members)) for pool in self._pools[node])

    def member_states(self) -> tuple[MemberState, ...]:
        """All connections."""
        return tuple(
            MemberState(
                member.member_id,
                member.address,
                member.pool.name,
                member.nickname,
                member.since,
                tuple(member.rooms),
                member.away_until,
                member.away_text,
                member.is_authenticated,
                has_host_code=member.has_host_code,
                named_since=member.named_since,
                user_name=member.user_name,
                real_name=member.real_name,
                monitored=tuple(member.monitored.values()),
                invited=member.invited,
                is_bot=member.is_bot,
                read_markers=tuple(member.read_markers.items()),
            )
            for member in self._members.values()
        )

    def restore(
        self,
        next_id: MemberId,
        members: Iterable[MemberState],
        nodes: Mapping[str, tuple[int, Iterable[PoolState]]],
    ) -> Mapping[MemberId, Member]:
        """Replace all connections; the members have neither nicknames nor rooms yet.

        :param nodes: for each node, its slots and pools.
        """
        self.next_id = next_id
        self._members.clear()
        self._pools = {node: Pools(node, slots) for node, (slots, _) in nodes.items()}
        places = {
            member_id: pool
            for node, (_, pools) in nodes.items()
            for pool, (_, member_ids) in zip(self._pools[node], pools, strict=True)
            for member_id in member_ids
        }
        for state in members:
            self._members[state.member_id] = Member(
                state.member_id,
                state.address,
                places[state.member_id],
                since=state.since,
                away_until=state.away_until,
                away_text=state.away_text,
                is_authenticated=state.is_authenticated,
                has_host_code=state.has_host_code,
                invited=state.invited,
                named_since=state.named_since,
                user_name=state.user_name,
                real_name=state.real_name,
                monitored={names.casefold(each): each for each in state.monitored},
                is_bot=state.is_bot,
                read_markers=dict(state.read_markers),
            )
        for member_id, pool in places.items():
            pool.members[member_id] = self._members[member_id]
        return self._members


def check_capacity(pool: Pool, make_refusal: MakeRefusal) -> None:
    """Check that `pool` has room for one more.

    :raises Refusal: the one that `make_refusal` creates, if not.
    """
    if len(pool.members) >= pool.capacity:
        raise make_refusal()


#: For each skeleton of a name, the scripts of the names that have it, and how many have these.
_Looks = dict[str, Counter[frozenset[str]]]


class Nicknames:
    """The nicknames in use, each by its case-insensitive form.

    :ivar most: how many there have been at once.
    """

    def __init__(self) -> None:
        self.most = 0
        self._members: dict[str, Member] = {}
        self._looks: _Looks = {}
        self._accounts: frozenset[str] = frozenset()
        self._account_looks: _Looks = {}

    def set_accounts(self, accounts: Iterable[str]) -> None:
        """Let no nickname look like that of one of `accounts`, whether connected or not."""
        self._accounts = frozenset(accounts)
        self._account_looks = {}
        for name in self._accounts:
            _add_look(self._account_looks, name)

    def __len__(self) -> int:
        return len(self._members)

    def clear(self) -> None:
        """Free all nicknames."""
        self._members.clear()
        self._looks.clear()

    def check_available(self, member: Member, name: str) -> str:
        """The nickname `name`, normalised, if no other member has it.

        `member` may have it already, perhaps in another case.

        :raises Refusal: if it is not a valid nickname, or another member has it.
        """
        nickname = names.nickname(name, member.address)
        key = names.casefold(nickname)
        if self._members.get(key, member) is not member:
            raise (AccountTaken if key in self._accounts else NicknameTaken)(nickname)
        if self._is_confusable(member, nickname):
            raise NicknameConfusable(nickname)
        return nickname

    def _is_confusable(self, member: Member, nickname: str) -> bool:
        """Whether `nickname` looks like another name that is written in other scripts.

        The Cyrillic ``\u0456\u0441\u0435`` is refused beside ``ice``. But ``l1`` may sit beside
        ``Il``: letters of one script look alike too often.
        """
        own = names.skeletons(member.nickname) if member.nickname else frozenset()
        for skeleton in names.skeletons(nickname):
            members = Counter(self._looks.get(skeleton))
            if skeleton in own:
                members[names.scripts(member.nickname)] -= 1
            others = +members + self._account_looks.get(skeleton, Counter())
            if others.keys() - {names.scripts(nickname)}:
                return True
        return False

    def has_look_alike(self, nickname: str, member: Member | None) -> bool:
        """Whether a member other than `member` has a nickname that looks like `nickname`."""
        own = frozenset() if member is None else names.skeletons(member.nickname)
        return any(
            sum(self._looks.get(skeleton, Counter()).values()) > (skeleton in own)
            for skeleton in names.skeletons(nickname)
        )

    def assign(self, member: Member, nickname: str) -> None:
        """Give `member` a nickname that :meth:`check_available` returned; free its old one."""
        self.release(member)
        self._members[names.casefold(nickname)] = member
        self.most = max(self.most, len(self._members))
        _add_look(self._looks, nickname)
        member.nickname = nickname

    def get(self, name: str) -> Member | None:
        """The member with the nickname `name`, in any case."""
        return self._members.get(names.casefold(name))

    def release(self, member: Member) -> None:
        """Free the nickname of `member`, if it has one."""
        if self._members.pop(names.casefold(member.nickname), None) is not None:
            _remove_look(self._looks, member.nickname)

    def resolve_recipients(
        self, to: Sequence[str], accounts: Mapping[str, bool]
    ) -> tuple[list[Member], tuple[events.Undelivered, ...]]:
        """The members with the nicknames `to`, each once, and the nicknames that no member has.

        :param accounts: the casefolded nicknames of all accounts: such a user is ``offline``, and
            not ``unknown``.
        :raises Refusal: if there is no recipient, there are too many, or none is connected.
        """
        # Before the names are folded, which takes time.
        if not 0 < len(to) <= limits.RECIPIENTS:
            raise BadRecipients(f"A private message needs 1 to {limits.RECIPIENTS} recipients.")
        recipients: dict[str, str] = {}
        for name in to:
            recipients.setdefault(names.casefold(name), name[: limits.NICKNAME_CHARACTERS])
        reached = [self._members[key] for key in recipients if key in self._members]
        undelivered = tuple(
            events.Undelivered(name, "offline" if key in accounts else "unknown")
            for key, name in recipients.items()
            if key not in self._members
        )
        if not reached:
            raise NotReached(undelivered)
        return reached, undelivered


def _add_look(looks: _Looks, name: str) -> None:
    for skeleton in names.skeletons(name):
        looks.setdefault(skeleton, Counter())[names.scripts(name)] += 1


def _remove_look(looks: _Looks, name: str) -> None:
    for skeleton in names.skeletons(name):
        looks[skeleton][names.scripts(name)] -= 1
        looks[skeleton] = +looks[skeleton]
        if not looks[skeleton]:
            del looks[skeleton]


def check_needs_no_password(
    nickname: str, accounts: Mapping[str, bool], *, is_given: bool = False
) -> None:
    """Check that a guest may have `nickname`.

    :param accounts: the casefolded nicknames of all accounts, and whether each is blocked.
    :param is_given: whether the password was given before.
    :raises PasswordRequired: if it is an account.
    :raises Blocked: if it is a blocked account.
    """
    is_blocked = accounts.get(names.casefold(nickname))
    if is_blocked or (is_blocked is not None and not is_given):
        raise (Blocked if is_blocked else PasswordRequired)(nickname)
