"""Who is called what: no two members by names that are the same but for their case."""

from collections.abc import Iterable, Mapping

from chatd.chat import events, limits, names
from chatd.chat.membership import Member
from chatd.chat.refusals import (
    BadRecipients,
    Blocked,
    NicknameTaken,
    NotReached,
    PasswordRequired,
)


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
