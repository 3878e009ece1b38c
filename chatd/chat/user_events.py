"""The events and replies about users that IRC clients ask for, or are told of.

They are among those of ``events``, and frozen values like them.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AccountChanged:
    """A member has given the password of its nickname, or has it without one now."""

    nickname: str
    account: bool


@dataclass(frozen=True, slots=True)
class RealNameChanged:
    """A member has another real name, as its client says."""

    nickname: str
    real_name: str


@dataclass(frozen=True, slots=True)
class MonitorStatus:
    """Which nicknames that a member monitors are those of members now.

    :ivar online: as their members spell them.
    :ivar offline: as the member has spelt them, or the one that has left.
    :ivar rejected: those that were not added, as the list is full.
    """

    online: tuple[str, ...] = ()
    offline: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MonitoredChange:
    """A `change` of a member that is monitored, for one who shares no room with it.

    :ivar change: an ``AwayChanged``, or one of the changes here.
    """

    change: object


@dataclass(frozen=True, slots=True)
class PastMember:
    """A member that has left or was renamed at the time `left`, in milliseconds since 1970."""

    nickname: str
    user_name: str
    real_name: str
    left: int


@dataclass(frozen=True, slots=True)
class PastMembers:
    """Those who had a nickname before, newest first."""

    members: tuple[PastMember, ...]
