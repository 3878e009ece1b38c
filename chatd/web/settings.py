"""What the web port is told by the options of the server."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from chatd.web.invitation import Invitation


@dataclass(frozen=True, slots=True)
class WebSettings:
    """The settings of a web port.

    :ivar names: other names of this server in ``Host``, as :func:`chatd.web.hosts.normalize`
        writes them: with a port, ``chat.example:8443``, or with an empty one, ``chat.example:``,
        for the port that the connection reached.
    :ivar proxies: the addresses of the reverse proxies whose ``X-Forwarded-…`` are believed.
    :ivar dist: the folder with packages for others to install; None if there is none.
    :ivar invitation: returns how others come into this chat, as of now.
    :ivar has_irc: whether the WebSocket speaks IRC with clients that ask for it.
    """

    names: frozenset[str] = frozenset()
    proxies: frozenset[str] = frozenset()
    dist: Path | None = None
    invitation: Callable[[], Invitation] = Invitation
    has_irc: bool = False
