"""The options of a server's web page, besides its port."""

import re
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from chatd.taps import files
from chatd.taps.options import CommandOptions, coerce_value, parameter

if TYPE_CHECKING:
    from chatd.web.invitation import Invitation
    from chatd.web.settings import WebSettings

#: A name or an address in ``Host``: more is allowed there, but browsers send no more.
_NAME: Final = re.compile(r"[a-z0-9._-]+|\[[0-9a-f:.]+\]", re.ASCII)


def web_name(value: str) -> str:
    """Coerce to a name of this server as ``Host`` has it; with an empty port unless it has one.

    :raises ValueError: the value is not ``NAME`` or ``NAME:PORT``.
    """
    from chatd.web.hosts import normalize

    if not value.isascii():
        raise ValueError("must be in the form that browsers send, which is ASCII: xn--…")
    name = normalize(value)
    host, _, port = (name or "").rpartition(":")
    if name is None or not _NAME.fullmatch(host) or int(port or 1) not in range(1, 65_536):
        raise ValueError("is not a name, such as chat.example, or a name and a port")
    return name


def proxy_address(value: str) -> str:
    """Coerce to an IP address.

    :raises ValueError: the value is none.
    """
    try:
        address = ip_address(value)
    except ValueError:
        raise ValueError("is not an IP address") from None
    # On a socket for IPv6, too, connections over IPv4 count as those of the IPv4 address.
    return str(getattr(address, "ipv4_mapped", None) or address)


def folder(value: str) -> Path:
    """Coerce to the absolute path of a folder.

    :raises ValueError: the value is none that can be read.
    """
    path = Path(value).absolute()
    try:
        next(path.iterdir(), None)
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from None
    return path


class WebOptions(CommandOptions):
    """The options of the web page.

    :ivar web_names: the other names of this server, as :func:`web_name` returns them.
    :ivar web_proxies: the addresses of reverse proxies.
    """

    optParameters: ClassVar = [
        parameter(
            "dist",
            None,
            "a folder whose wheels and source archives the web page offers under Get chatd, such "
            "as one that chatd bundle has filled. [default: none]",
            folder,
        ),
        files.PARAMETER,
    ]

    def __init__(self) -> None:
        super().__init__()
        self.web_names: set[str] = set()
        self.web_proxies: set[str] = set()

    def opt_web_name(self, value: str) -> None:  # noqa: D102  # its docstring is the --help below
        self.web_names.add(coerce_value("--web-name", web_name, value))

    opt_web_name.__doc__ = (
        "another name of this server for the web page, such as chat.example, or chat.example:8443 "
        "if its port is another one; may be repeated. [default: this host's name and addresses]"
    )

    def opt_web_proxy(self, value: str) -> None:  # noqa: D102  # its docstring is the --help below
        self.web_proxies.add(coerce_value("--web-proxy", proxy_address, value))

    opt_web_proxy.__doc__ = (
        "the address of a reverse proxy, whose X-Forwarded-For, -Host and -Proto are believed; may "
        "be repeated. [default: none]"
    )

    def web_settings(self, invitation: "Callable[[], Invitation]") -> "WebSettings":
        """The settings of the web page.

        :param invitation: returns how others come into the chat.
        """
        from chatd.web.settings import WebSettings

        return WebSettings(
            frozenset(self.web_names),
            frozenset(self.web_proxies),
            self["dist"],
            invitation,
            has_irc=any(self[name] is not None for name in ("irc", "irc-tls")),
        )
