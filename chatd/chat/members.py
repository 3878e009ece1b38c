"""Where connections are: at the door, watching, or in a slot. Each place has room for so many."""

from collections.abc import Callable, Iterable, Mapping

from chatd.chat import events, limits, names
from chatd.chat.errors import (
    BadRecipients,
    Blocked,
    NicknameTaken,
    NotReached,
    PasswordRequired,
    Refusal,
)
from chatd.chat.model import Member, Pool
from chatd.chat.outbox import MemberId

#: Makes what one too many is told.
MakeRefusal = Callable[[], Refusal]


class Connections:
    """All places, and who is in each of them.

    :ivar door: for those who have no slot, and neither entered nor watch.
    :ivar gallery: for those who watch.
    :ivar slots: for members, and those who have had a slot since they came.
    """

    def __init__(self, slots: int) -> None:
        self.unregistered = Pool(limits.UNREGISTERED_CONNECTIONS)
        self.watchers = Pool(limits.WATCHERS)
        self.slots = Pool(slots)
        self._members: dict[MemberId, Member] = {}
        self._next_id: MemberId = 1

    def __getitem__(self, member_id: MemberId) -> Member:
        """Who has that number.

        :raises KeyError: if nobody has it any more.
        """
        return self._members[member_id]

    def get(self, member_id: MemberId) -> Member | None:
        """Who has that number, if anybody does."""
        return self._members.get(member_id)

    def add(self, address: str, pool: Pool, make_refusal: MakeRefusal) -> Member:
        """A new connection from `address`, in `place`.

        :raises Refusal: the one that `refused` makes, if there is no room.
        """
        check_capacity(pool, make_refusal)
        member = Member(self._next_id, address, pool)
        self._next_id += 1
        self._members[member.member_id] = pool.members[member.member_id] = member
        return member

    def move(self, member: Member, pool: Pool, make_refusal: MakeRefusal) -> None:
        """Have `member` be in `place` from now on, if it is not there already.

        :raises Refusal: the one that `refused` makes, if there is no room; then nothing changes.
        """
        if member.pool is not pool:
            check_capacity(pool, make_refusal)
            del member.pool.members[member.member_id]
            pool.members[member.member_id] = member
            member.pool = pool

    def remove(self, member_id: MemberId) -> Member | None:
        """The connection is gone; the answer is which it was, if there still was one."""
        member = self._members.pop(member_id, None)
        if member is not None:
            del member.pool.members[member_id]
        return member

    def clear(self) -> list[Member]:
        """All connections are gone; the answer is which there were."""
        return [member for each in list(self._members) if (member := self.remove(each)) is not None]


def check_capacity(pool: Pool, make_refusal: MakeRefusal) -> None:
    """Check that one more may come to `place`.

    :raises Refusal: the one that `refused` makes, if not.
    """
    if len(pool.members) >= pool.capacity:
        raise make_refusal()


class Nicknames:
    """The nicknames of the members."""

    def __init__(self) -> None:
        self._members: dict[str, Member] = {}

    def __len__(self) -> int:
        return len(self._members)

    def check_available(self, member: Member, name: str) -> str:
        """The nickname `wanted`, if `member` may have it as far as others go.

        :raises Refusal: if it is no nickname, or somebody else's.
        """
        nickname = names.nickname(name, member.address)
        if self._members.get(names.casefold(nickname), member) is not member:
            raise NicknameTaken(nickname)
        return nickname

    def assign(self, member: Member, nickname: str) -> None:
        """`member` is called `nickname` from now on, which is available."""
        self.release(member)
        self._members[names.casefold(nickname)] = member
        member.nickname = nickname

    def release(self, member: Member) -> None:
        """The nickname of `member`, if it has one, is free."""
        self._members.pop(names.casefold(member.nickname), None)

    def resolve_recipients(
        self, to: Iterable[str], accounts: Mapping[str, bool]
    ) -> tuple[list[Member], tuple[events.Undelivered, ...]]:
        """The members who are meant by the nicknames `to`, and who is not here.

        :raises Refusal: if there are too many of them, or nobody is here.
        """
        wanted: dict[str, str] = {}
        for name in to:
            wanted.setdefault(names.casefold(name), name[: limits.NICKNAME_CHARACTERS])
        if not 0 < len(wanted) <= limits.RECIPIENTS:
            raise BadRecipients(f"A private message goes to 1 to {limits.RECIPIENTS} nicknames.")
        reached = [self._members[key] for key in wanted if key in self._members]
        missed = tuple(
            events.Undelivered(name, "offline" if key in accounts else "unknown")
            for key, name in wanted.items()
            if key not in self._members
        )
        if not reached:
            raise NotReached(missed)
        return reached, missed


def check_needs_no_password(nickname: str, accounts: Mapping[str, bool]) -> None:
    """Check that `nickname` needs no password.

    :param accounts: the nicknames that need one, folded, and whether each is blocked.
    :raises Refusal: if it does, or is blocked.
    """
    is_blocked = accounts.get(names.casefold(nickname))
    if is_blocked is not None:
        raise (Blocked if is_blocked else PasswordRequired)(nickname)
