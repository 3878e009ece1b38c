"""Up to when users have read what was said: https://ircv3.net/specs/extensions/read-marker.

That is told to nobody else. What the user of an account has read is kept when it leaves, so that
its next client knows it; a guest, whose nickname anybody may have next, has it while it is here.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from chatd.chat import irc_limits, names
from chatd.chat.irc_commands import MarkRead, ReadMarker
from chatd.chat.marker_events import Marker
from chatd.chat.model import Member
from chatd.chat.state import AccountMarkers


class ReadMarkers:
    """Keeps the markers of accounts, in the order in which they were set.

    :ivar handlers: carry out the commands about them.
    """

    def __init__(self) -> None:
        self._accounts: dict[str, dict[str, int]] = {}
        self._count = 0
        self.handlers: Mapping[type, Callable[[Member, Any, int], Marker]] = {
            MarkRead: self.mark,
            ReadMarker: self.read,
        }

    def mark(self, member: Member, command: MarkRead, now: int) -> Marker:
        """Move a marker forwards, to `now` at the latest; it never goes back.

        :raises Refusal: if the target is neither the name of a room nor a nickname.
        """
        key = _key(command.target)
        markers = self._markers(member)
        time = max(markers.get(key, 0), min(command.time, now))
        if time > markers.get(key, 0):
            if member.is_authenticated:
                self._mark_account(names.casefold(member.nickname), key, time)
            else:
                _mark(markers, key, time)
        return Marker(command.target, time)

    def read(self, member: Member, command: ReadMarker, now: int) -> Marker:
        """The marker of `member` for that target.

        :raises Refusal: as of :meth:`mark`.
        """
        return Marker(command.target, self._markers(member).get(_key(command.target), 0))

    def _markers(self, member: Member) -> dict[str, int]:
        if member.is_authenticated:
            return self._accounts.get(names.casefold(member.nickname), {})
        return member.read_markers

    def _mark_account(self, account: str, key: str, time: int) -> None:
        markers = self._accounts.pop(account, {})
        self._accounts[account] = markers  # the last one
        self._count -= len(markers)
        _mark(markers, key, time)
        self._count += len(markers)
        if self._count > irc_limits.ALL_READ_MARKS:
            oldest, others = next(iter(self._accounts.items()))
            del others[next(iter(others))]
            self._count -= 1
            if not others:
                del self._accounts[oldest]

    def keep(self, accounts: Collection[str]) -> None:
        """Forget those of other accounts: there are only these, by their casefolded nicknames."""
        self.restore([each for each in self.state() if each[0] in accounts])

    def state(self) -> tuple[AccountMarkers, ...]:
        """All markers of accounts."""
        return tuple(
            (account, tuple(markers.items())) for account, markers in self._accounts.items()
        )

    def restore(self, state: Iterable[AccountMarkers]) -> None:
        """Put back what was in a state."""
        self._accounts = {account: dict(markers) for account, markers in state}
        self._count = sum(map(len, self._accounts.values()))


def _key(target: str) -> str:
    is_room = target.startswith("#")
    return names.casefold(names.room_name(target) if is_room else names.nickname(target, target))


def _mark(markers: dict[str, int], key: str, time: int) -> None:
    markers.pop(key, None)
    markers[key] = time
    if len(markers) > irc_limits.READ_MARKS:
        del markers[next(iter(markers))]
