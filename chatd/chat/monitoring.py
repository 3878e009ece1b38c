"""Monitoring: a member is told when users with certain nicknames come and go.

Source: https://ircv3.net/specs/extensions/monitor. A member whose connection is lost, and who may
come back, is still there.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from chatd.chat import events, irc_commands, irc_limits
from chatd.chat.members import Nicknames
from chatd.chat.model import Member
from chatd.chat.names import casefold
from chatd.chat.outbox import Outbox
from chatd.chat.user_events import (
    AccountChanged,
    MonitoredChange,
    MonitorStatus,
    RealNameChanged,
)


class Monitoring:
    """Knows who monitors whom.

    To come or to go costs one step for each member that monitors the nickname, and no more.

    :ivar handlers: carry out the commands about it.
    """

    def __init__(self, nicknames: Nicknames, outbox: Outbox) -> None:
        self._nicknames = nicknames
        self._outbox = outbox
        # By casefolded nickname; dicts in place of sets, so that the order is fixed.
        self._monitors: dict[str, dict[int, Member]] = {}
        self.handlers: Mapping[type, Callable[[Member, Any, int], MonitorStatus]] = {
            irc_commands.Monitor: self.change,
            irc_commands.ReadMonitored: lambda member, command, now: self.status(member),
        }

    # --- the list of a member -------------------------------------------------------------------

    def change(self, member: Member, command: irc_commands.Monitor, now: int) -> MonitorStatus:
        """Change what `member` monitors; the reply has the state of what was added."""
        for nickname in command.remove:
            self._remove(member, casefold(nickname))
        if command.clears:
            self.forget(member)
        added, rejected = [], []
        for nickname in command.add:
            key = casefold(nickname)
            if len(member.monitored) >= irc_limits.IRC_MONITORED_NICKNAMES and (
                key not in member.monitored
            ):
                rejected.append(nickname)
                continue
            member.monitored.setdefault(key, nickname)
            self._monitors.setdefault(key, {})[member.member_id] = member
            added.append(nickname)
        return self._status(added, tuple(rejected))

    def status(self, member: Member) -> MonitorStatus:
        """The state of all that `member` monitors."""
        return self._status(member.monitored.values())

    def _status(self, nicknames: Iterable[str], rejected: tuple[str, ...] = ()) -> MonitorStatus:
        online, offline = [], []
        for nickname in nicknames:
            found = self._nicknames.get(nickname)
            if found is None:
                offline.append(nickname)
            else:
                online.append(found.nickname)
        return MonitorStatus(tuple(online), tuple(offline), rejected)

    def forget(self, member: Member) -> None:
        """`member` monitors nobody any more."""
        for key in list(member.monitored):
            self._remove(member, key)

    def _remove(self, member: Member, key: str) -> None:
        if member.monitored.pop(key, None) is not None:
            monitors = self._monitors[key]
            del monitors[member.member_id]
            if not monitors:
                del self._monitors[key]

    def replace(self, old: Member, new: Member) -> None:
        """`new` monitors what `old` did."""
        new.monitored, old.monitored = old.monitored, {}
        for key in new.monitored:
            del self._monitors[key][old.member_id]
            self._monitors[key][new.member_id] = new

    def restore(self, members: Iterable[Member]) -> None:
        """Know what `members`, who have their lists already, monitor."""
        self._monitors.clear()
        for member in members:
            for key in member.monitored:
                self._monitors.setdefault(key, {})[member.member_id] = member

    # --- what is told of others -----------------------------------------------------------------

    def came(self, nickname: str) -> None:
        """A member has entered with `nickname`, or was renamed to it."""
        self._tell(nickname, MonitorStatus(online=(nickname,)))

    def went(self, nickname: str) -> None:
        """The member that had `nickname` has left, or was renamed."""
        self._tell(nickname, MonitorStatus(offline=(nickname,)))

    def _tell(self, nickname: str, status: MonitorStatus) -> None:
        for member_id in self._monitors.get(casefold(nickname), ()):
            self._outbox.to_member(member_id, status)

    def changed(
        self, member: Member, change: events.AwayChanged | AccountChanged | RealNameChanged
    ) -> None:
        """Tell of a change of `member`: all who share a room with it, and all who monitor it."""
        rooms = frozenset(member.rooms)
        self._outbox.to_all(change, member.member_id, rooms)
        for monitor in self._monitors.get(casefold(member.nickname), {}).values():
            if rooms.isdisjoint(monitor.rooms):
                self._outbox.to_member(monitor.member_id, MonitoredChange(change))
