"""The nicknames that are not used any more, and who had them: WHOWAS of IRC clients reads them."""

from collections import deque
from collections.abc import Iterable

from chatd.chat import irc_commands, irc_limits
from chatd.chat.model import Member
from chatd.chat.names import casefold
from chatd.chat.user_events import PastMember, PastMembers


class PastNicknames:
    """The last nicknames that are not used any more."""

    def __init__(self) -> None:
        self._members: deque[PastMember] = deque(maxlen=irc_limits.PAST_NICKNAMES)

    def add(self, member: Member, nickname: str, now: int) -> None:
        """`member` had `nickname` until now, in milliseconds since 1970."""
        if nickname != member.address:  # else it had none of its own, and addresses are not kept
            self._members.append(PastMember(nickname, member.user_name, member.real_name, now))

    def find(self, command: irc_commands.WhoWas) -> PastMembers:
        """Those who had the nickname, newest first."""
        key = casefold(command.nickname)
        found = [each for each in reversed(self._members) if casefold(each.nickname) == key]
        return PastMembers(tuple(found[: command.count] if command.count > 0 else found))

    def state(self) -> tuple[PastMember, ...]:
        """All of them, oldest first."""
        return tuple(self._members)

    def restore(self, members: Iterable[PastMember]) -> None:
        """Know these, oldest first, and no others."""
        self._members.clear()
        self._members.extend(members)
