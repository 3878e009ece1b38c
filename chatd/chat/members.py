"""The connections, in pools with a limit each, and the members' nicknames.

A connection is in one of three pools:

- ``unregistered``: it is on the page's port, and has neither entered nor begun to watch; or it is
  on another port, no slot is free, and it is about to resume a session whose member has one;
- ``watchers``: it receives what is public, without a nickname;
- ``slots``: it is a member; or it is on another port, where a connection takes its slot when it is
  accepted, and has not entered yet.

A watcher is not a member, and nobody is told of it. As watchers and unregistered connections have
limits of their own, they cannot take a member's slot.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from chatd.chat import events, limits, names
from chatd.chat.errors import (
    AccountTaken,
    BadRecipients,
    Blocked,
    NicknameConfusable,
    NicknameTaken,
    NotReached,
    PasswordRequired,
    Refusal,
)
from chatd.chat.model import Member, Pool
from chatd.chat.outbox import MemberId
from chatd.chat.state import MemberState

#: Creates the refusal that is raised when a pool is full.
MakeRefusal = Callable[[], Refusal]


class Connections:
    """All connections, each in one pool.

    :param slots: how many members, and connections that are about to become members, there may be.
    :ivar next_id: the id of the next connection.
    """

    def __init__(self, slots: int) -> None:
        self.unregistered = Pool("unregistered", limits.UNREGISTERED_CONNECTIONS)
        self.watchers = Pool("watchers", limits.WATCHERS)
        self.slots = Pool("slots", slots)
        self.pools = (self.unregistered, self.watchers, self.slots)
        self._members: dict[MemberId, Member] = {}
        self.next_id: MemberId = 1

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

    def move(self, member: Member, pool: Pool, make_refusal: MakeRefusal) -> None:
        """Move `member` to `pool`; nothing happens if it is there.

        :raises Refusal: the one that `make_refusal` creates, if the pool is full; `member` then
            stays where it was.
        """
        if member.pool is not pool:
            check_capacity(pool, make_refusal)
            del member.pool.members[member.member_id]
            pool.members[member.member_id] = member
            member.pool = pool

    def replace(self, old: Member, new: Member) -> None:
        """Remove `old`, and give its slot to `new`."""
        self.remove(old.member_id)
        del new.pool.members[new.member_id]
        new.pool = self.slots
        self.slots.members[new.member_id] = new

    def remove(self, member_id: MemberId) -> Member | None:
        """Remove a connection and return it; None if it was gone before."""
        member = self._members.pop(member_id, None)
        if member is not None:
            del member.pool.members[member_id]
        return member

    def all(self) -> Iterable[Member]:
        """All connections, in the order in which they came."""
        return self._members.values()

    def restore(
        self,
        next_id: MemberId,
        members: Iterable[MemberState],
        pools: Iterable[tuple[str, tuple[MemberId, ...]]],
    ) -> Mapping[MemberId, Member]:
        """Replace all connections; the members have neither nicknames nor rooms yet."""
        self.clear()
        self.next_id = next_id
        by_name = {pool.name: pool for pool in self.pools}
        for state in members:
            self._members[state.member_id] = Member(
                state.member_id,
                state.address,
                by_name[state.pool],
                since=state.since,
                away_until=state.away_until,
            )
        for name, member_ids in pools:
            by_name[name].members.update((each, self._members[each]) for each in member_ids)
        return self._members

    def clear(self) -> list[Member]:
        """Remove all connections and return them."""
        return [member for each in list(self._members) if (member := self.remove(each)) is not None]


def check_capacity(pool: Pool, make_refusal: MakeRefusal) -> None:
    """Check that `pool` has room for one more.

    :raises Refusal: the one that `make_refusal` creates, if not.
    """
    if len(pool.members) >= pool.capacity:
        raise make_refusal()


#: For each skeleton of a name, the scripts of the names that have it, and how many have these.
_Looks = dict[str, Counter[frozenset[str]]]


class Nicknames:
    """The nicknames in use, each by its case-insensitive form."""

    def __init__(self) -> None:
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

    def assign(self, member: Member, nickname: str) -> None:
        """Give `member` a nickname that :meth:`check_available` returned; free its old one."""
        self.release(member)
        self._members[names.casefold(nickname)] = member
        _add_look(self._looks, nickname)
        member.nickname = nickname

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
