"""Where etcd is, and as whom it is used: what a user writes behind ``--cluster``.

::

    etcd://10.0.0.1:2379,10.0.0.2,10.0.0.3
    etcds://chatd@etcd1.example,etcd2.example?ca=ca.pem&password-file=/etc/chatd/etcd-password
    etcds://10.0.0.1?ca=ca.pem&cert=node.pem&key=node-key.pem
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import AddressValueError, IPv6Address
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from typing_extensions import override

#: The port on which etcd listens for clients.
DEFAULT_PORT: Final = 2_379

#: The environment variable that has the password, if the address names a user.
PASSWORD_VARIABLE: Final = "CHATD_ETCD_PASSWORD"  # noqa: S105  # its name, not its value

EXAMPLE: Final = "etcd://10.0.0.1:2379,10.0.0.2,10.0.0.3"

_ADDRESS: Final = re.compile(
    r"(?P<scheme>etcds?)://(?:(?P<user>[^@/?#]*)@)?(?P<servers>[^@/?#]*)/?(?:\?(?P<query>[^#]*))?"
)
_HOST: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,252}[A-Za-z0-9])?")
_FILES: Final = ("ca", "cert", "key")
_PASSWORD_BYTES: Final = 4_096


@dataclass(frozen=True, slots=True)
class Server:
    """One server of etcd: its host, without brackets, and its port."""

    host: str
    port: int = DEFAULT_PORT

    @override
    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class EtcdAddress:
    """The servers of one etcd, in the order in which they are tried, and how to use them.

    :ivar user: empty where etcd demands none.
    :ivar ca: the certificates that may have signed those of the servers; None for the system's.
    :ivar cert: the certificate that etcd is shown, and `key` its key; both or none.
    """

    servers: tuple[Server, ...]
    is_tls: bool = False
    user: str = ""
    password: str = field(default="", repr=False)
    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None

    @override
    def __str__(self) -> str:
        """The servers as a user names them; without anything that is secret."""
        scheme = "etcds" if self.is_tls else "etcd"
        return f"{scheme}://{','.join(map(str, self.servers))}"


def parse_address(value: str, environment: Mapping[str, str]) -> EtcdAddress:
    """Parse an address of etcd; the password may be in a file or in the environment.

    :raises ValueError: with a sentence that does not repeat `value`, as it may have a password.
    """
    match = _ADDRESS.fullmatch(value)
    if match is None:
        raise ValueError(f"must be an address of etcd, such as {EXAMPLE}")
    servers = tuple(_server(each) for each in match["servers"].split(","))
    if len(set(servers)) != len(servers):
        raise ValueError("names a server twice")
    options = _options(match["query"] or "")
    is_tls = match["scheme"] == "etcds"
    files = {name: Path(options[name]) for name in _FILES if name in options}
    if files and not is_tls:
        raise ValueError(f"has {min(files)}=, which is for etcds:// (TLS)")
    if ("cert" in files) != ("key" in files):
        raise ValueError("has only one of cert= and key=; the certificate and its key go together")
    user, password = _credentials(match["user"] or "", options, environment)
    return EtcdAddress(servers, is_tls, user, password, **files)


def _server(text: str) -> Server:
    host, bracket, rest = text.removeprefix("[").partition("]")
    if text.startswith("[") and bracket:
        port = rest.removeprefix(":") if rest.startswith(":") else rest and "?"
        is_host = _is_ipv6(host)
    else:
        host, colon, port = text.partition(":")
        port = port or (colon and "?")
        is_host = _HOST.fullmatch(host) is not None
    if not is_host:
        raise ValueError(f"has {host!r} where a host is due; an example is {EXAMPLE}")
    if not port:
        return Server(host)
    if not re.fullmatch(r"[0-9]{1,5}", port) or not 0 < int(port) < 65_536:
        raise ValueError(f"has no valid port behind {host!r}; IPv6 addresses go in brackets")
    return Server(host, int(port))


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except AddressValueError:
        return False
    return True


def _options(query: str) -> dict[str, str]:
    options: dict[str, str] = {}
    for part in query.split("&") if query else ():
        name, _, value = part.partition("=")
        if name not in (*_FILES, "password-file") or name in options or not value:
            raise ValueError(
                "may have behind the question mark: ca=FILE, cert=FILE, key=FILE and "
                "password-file=FILE, each once"
            )
        options[name] = unquote(value)
    return options


def _credentials(
    userinfo: str, options: Mapping[str, str], environment: Mapping[str, str]
) -> tuple[str, str]:
    """The user and the password: of the file, of the address itself, or of the environment."""
    user, _, password = userinfo.partition(":")
    user, password = unquote(user), unquote(password)
    if "password-file" in options:
        password = _read_password(Path(options["password-file"]))
    elif user and not password:
        password = environment.get(PASSWORD_VARIABLE, "")
    if password and not user:
        raise ValueError("has a password without a user: etcd://USER@HOST…")
    if user and not password:
        raise ValueError(
            f"has the user {user!r} without a password; set {PASSWORD_VARIABLE}, or add "
            "?password-file=FILE"
        )
    return user, password


def _read_password(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            password = file.read(_PASSWORD_BYTES + 1).removesuffix("\n")
    except OSError as error:
        raise ValueError(
            f"has password-file={str(path)!r}, which cannot be read: {error.strerror}"
        ) from None
    except UnicodeDecodeError:
        raise ValueError(f"has password-file={str(path)!r}, which is not UTF-8 text") from None
    if not password or len(password) > _PASSWORD_BYTES or not password.isprintable():
        raise ValueError(f"has password-file={str(path)!r}, which must be one line: the password")
    return password
