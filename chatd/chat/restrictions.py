"""Restrictions: who is banned or muted, in one room or in the whole chat.

A restriction is for a nickname, in any case, and for what looks like it. That of a member who was
there is for its session and its connection as well, and for its address unless others share that.
So whoever is renamed, reconnects or resumes is still meant.
"""

from collections.abc import Iterable, Iterator, Sized
from functools import lru_cache
from math import inf
from typing import Final, NamedTuple

from chatd.chat import limits, names
from chatd.chat.moderation_events import BanEntry
from chatd.chat.outbox import MemberId

BAN: Final = "ban"
MUTE: Final = "mute"

#: What a restriction and a member may have in common: of which kind it is, and its value.
_Key = tuple[str, str | MemberId]


class Identity(NamedTuple):
    """What a member, or a connection that is about to become one, is known by.

    :ivar nicknames: that it has or may get.
    :ivar host: its address without the port; empty if that is not known.
    :ivar session: the digest of its session's token; empty if it has none.
    """

    nicknames: tuple[str, ...]
    host: str = ""
    session: str = ""
    member_id: MemberId = 0


class Restriction(NamedTuple):
    """A ban or a mute.

    :ivar what: :data:`BAN` or :data:`MUTE`.
    :ivar by: the nickname of the host or operator.
    :ivar until: when it ends, in milliseconds since 1970; 0 if it has to be lifted.
    :ivar host: the address; empty if it is not for one.
    :ivar session: the digest of the token of a session; empty if it is not for one.
    :ivar member_id: 0 if it is not for a connection.
    :ivar has_looks: whether it is for nicknames that look like this one, too.
    """

    what: str
    nickname: str
    by: str
    reason: str = ""
    until: int = 0
    host: str = ""
    session: str = ""
    member_id: MemberId = 0
    has_looks: bool = False

    def lasts(self, now: int) -> bool:
        """Whether it has not ended yet."""
        return not self.until or now < self.until

    def milliseconds_left(self, now: int) -> int:
        """How long it still lasts; 0 if it has to be lifted."""
        return self.until and max(1, self.until - now)

    def entry(self) -> BanEntry:
        """What a list says of it: not the address itself."""
        return BanEntry(self.what, self.nickname, self.by, self.reason, self.until, bool(self.host))


class Restrictions:
    """The restrictions of one room, or of the whole chat, in the order in which they were made.

    :ivar mutes: empty if nobody is muted; each message asks for it.
    """

    def __init__(self, restrictions: Iterable[Restriction] = ()) -> None:
        self._restrictions: list[Restriction] = []
        # For each key, the restriction that lasts longest among those that have it.
        self._by_key: dict[str, dict[_Key, Restriction]] = {BAN: {}, MUTE: {}}
        self.mutes: Sized = self._by_key[MUTE]
        self._set(restrictions)

    def __len__(self) -> int:
        return len(self._restrictions)

    def __iter__(self) -> Iterator[Restriction]:
        return iter(self._restrictions)

    def find(self, what: str, identity: Identity, now: int) -> Restriction | None:
        """The one of that kind that holds for `identity`, and lasts longest."""
        by_key = self._by_key[what]
        if not by_key:
            return None
        found = [by_key[key] for key in _identity_keys(identity) if key in by_key]
        return max((each for each in found if each.lasts(now)), key=_end, default=None)

    def all_for(self, what: str, identity: Identity) -> list[Restriction]:
        """All of that kind that are for `identity`, also those that have ended."""
        keys = frozenset(_identity_keys(identity))
        return [
            each
            for each in self._restrictions
            if each.what == what and not keys.isdisjoint(_restriction_keys(each))
        ]

    def same(self, what: str, nickname: str) -> Restriction | None:
        """The one of that kind that was made for that nickname, in any case."""
        key = names.casefold(nickname)
        return next(
            (
                each
                for each in self._restrictions
                if each.what == what and names.casefold(each.nickname) == key
            ),
            None,
        )

    def add(self, restriction: Restriction) -> None:
        """Add one; it takes the place of the one of its kind for its nickname.

        It then keeps what only that one knew: the address of a member who is gone, for example.
        """
        before = self.same(restriction.what, restriction.nickname)
        if before is not None:
            self.remove([before])
            restriction = restriction._replace(
                host=restriction.host or before.host,
                session=restriction.session or before.session,
                member_id=restriction.member_id or before.member_id,
                has_looks=restriction.has_looks or before.has_looks,
            )
        self._append(restriction)

    def remove(self, restrictions: Iterable[Restriction]) -> None:
        """Remove those."""
        removed = set(restrictions)
        self._set([each for each in self._restrictions if each not in removed])

    def end_outdated(self, now: int) -> None:
        """Remove those that have ended."""
        outdated = [each for each in self._restrictions if not each.lasts(now)]
        if outdated:
            self.remove(outdated)

    def next_end(self) -> int | None:
        """When the next one ends, in milliseconds since 1970."""
        return min((each.until for each in self._restrictions if each.until), default=None)

    def _set(self, restrictions: Iterable[Restriction]) -> None:
        self._restrictions.clear()
        for by_key in self._by_key.values():
            by_key.clear()
        for each in restrictions:
            self._append(each)

    def _append(self, restriction: Restriction) -> None:
        self._restrictions.append(restriction)
        by_key = self._by_key[restriction.what]
        for key in _restriction_keys(restriction):
            if key not in by_key or _end(by_key[key]) <= _end(restriction):
                by_key[key] = restriction


def _end(restriction: Restriction) -> float:
    return restriction.until or inf


def _restriction_keys(restriction: Restriction) -> Iterator[_Key]:
    name, *looks = _name_keys(restriction.nickname)
    yield name
    if restriction.has_looks:
        yield from looks
    yield from _other_keys(restriction.host, restriction.session, restriction.member_id)


def _identity_keys(identity: Identity) -> Iterator[_Key]:
    for nickname in identity.nicknames:
        yield from _name_keys(nickname)
    yield from _other_keys(identity.host, identity.session, identity.member_id)


# While anybody is muted, this is asked for with each message.
@lru_cache(maxsize=2 * limits.BANS)
def _name_keys(nickname: str) -> tuple[_Key, ...]:
    looks = sorted(names.skeletons(nickname))
    return (("name", names.casefold(nickname)), *(("look", each) for each in looks))


def _other_keys(host: str, session: str, member_id: MemberId) -> Iterator[_Key]:
    if host:
        yield "address", host
    if session:
        yield "session", session
    if member_id:
        yield "member", member_id
