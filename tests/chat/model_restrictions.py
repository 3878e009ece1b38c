"""What hosts and operators have decided, in a model as simple as possible."""

from dataclasses import dataclass, replace

from chatd.chat import names
from chatd.chat.outbox import MemberId


@dataclass(frozen=True)
class ModelRestriction:
    """A ban or a mute.

    :ivar life: the number of the room's life; 0 for the whole chat.
    :ivar until: None if it has to be lifted.
    :ivar member: for whom it was made; None if nobody had the nickname.
    """

    what: str
    life: int
    nickname: str
    until: int | None
    member: MemberId | None
    has_looks: bool

    def lasts(self, now: int) -> bool:
        return self.until is None or now < self.until

    def is_same(self, other: "ModelRestriction") -> bool:
        return (self.what, self.life, names.casefold(self.nickname)) == (
            other.what,
            other.life,
            names.casefold(other.nickname),
        )

    def is_for_name(self, nickname: str) -> bool:
        if names.casefold(self.nickname) == names.casefold(nickname):
            return True
        return self.has_looks and look_alike(self.nickname, nickname)

    def is_for(self, nickname: str, member: MemberId | None) -> bool:
        return self.is_for_name(nickname) or (member is not None and self.member == member)


def look_alike(one: str, other: str) -> bool:
    return bool(names.skeletons(one) & names.skeletons(other))


class ModelRestrictions:
    """All bans and mutes, in the order in which they were made."""

    def __init__(self) -> None:
        self.all: list[ModelRestriction] = []

    def found(
        self, what: str, life: int, nickname: str, member: MemberId | None, now: int
    ) -> list[ModelRestriction]:
        """Those that hold for that nickname, or that member."""
        return [
            each
            for each in self.all
            if (each.what, each.life) == (what, life)
            and each.lasts(now)
            and each.is_for(nickname, member)
        ]

    def add(self, made: ModelRestriction) -> None:
        for before in [each for each in self.all if each.is_same(made)]:
            self.all.remove(before)
            made = replace(
                made,
                member=before.member if made.member is None else made.member,
                has_looks=made.has_looks or before.has_looks,
            )
        self.all.append(made)

    def renamed(self, member: MemberId, old: str, new: str, now: int) -> None:
        """What rooms have decided for the old nickname follows the member."""
        places = {(each.what, each.life) for each in self.all if each.life}
        for what, life in sorted(places):
            by_name = self.found(what, life, old, None, now)
            if by_name and not any(
                each.member == member for each in self.found(what, life, old, member, now)
            ):
                ends = [each.until for each in by_name]
                until = None if None in ends else max(each or 0 for each in ends)
                self.add(ModelRestriction(what, life, new, until, member, has_looks=False))
