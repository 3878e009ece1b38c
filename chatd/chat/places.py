"""Where connections are: at the door, watching, or in a slot. Each place has room for so many."""

from collections.abc import Callable

from chatd.chat import limits
from chatd.chat.membership import Member, Pool
from chatd.chat.outbox import MemberId
from chatd.chat.refusals import Refusal

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
