"""The client's connection status, and its description for the user. Pure."""

from dataclasses import dataclass

from chatd.wire.rendering import escape


@dataclass(frozen=True, slots=True)
class Searching:
    """The client is searching for servers.

    :ivar server_id: the id of the server it wants; empty for any.
    :ivar subnet_count: how many subnets it has queried.
    :ivar found_count: how many servers the user can choose from so far.
    """

    server_id: str
    subnet_count: int
    found_count: int = 0


@dataclass(frozen=True, slots=True)
class Connecting:
    """The client is connecting, or connected and not yet welcome."""

    server: str


@dataclass(frozen=True, slots=True)
class Asking:
    """The user is asked for another nickname or a password; there is no connection."""


@dataclass(frozen=True, slots=True)
class Online:
    """The client is a member: lines are sent at once.

    :ivar is_resumed: whether it is the member that it was before the connection was lost.
    """

    nickname: str
    is_resumed: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """The next attempt to connect is in `seconds`, counted from when the status was set."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Leaving:
    """The client has sent ``quit``, and waits for the server's goodbye."""


Status = Searching | Connecting | Asking | Online | Waiting | Leaving


def describe(status: Status | None, seconds_left: float) -> str:
    """A status in words; empty if there is none yet.

    :param seconds_left: until the next attempt, while the status is :class:`Waiting`.
    """
    match status:
        case Searching():
            return _describe_search(status)
        case Connecting(server):
            return f"connecting to {escape(server)}…"
        case Asking():
            return "not connected"
        case Online(nickname):
            return f"online as {escape(nickname)}"
        case Waiting():
            # Rounded up, and at least 1: it never says 0 s while still waiting.
            return f"reconnecting in {max(1, -int(-seconds_left // 1))} s"
        case Leaving():
            return "leaving…"
    return ""


def _describe_search(status: Searching) -> str:
    server = escape(status.server_id) or "a server"
    subnets = f"{status.subnet_count} subnet{'' if status.subnet_count == 1 else 's'}"
    found = f" {status.found_count} found" if status.found_count else ""
    return f"searching {server} on {subnets}…{found}"
