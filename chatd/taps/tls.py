"""TLS of a server: the options, and the key and certificate that it uses."""

import os
import socket
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, Final

from OpenSSL import SSL
from twisted.logger import Logger
from twisted.python import usage
from typing_extensions import override

from chatd.server.service import ChatServer
from chatd.taps.options import parameter, port_number, port_or_endpoint
from chatd.taps.store import chat_path, default_path
from chatd.tls import certificate_service, fingerprint
from chatd.tls.certificate import Identity, own_identity, read_identity
from chatd.tls.certificate_service import CertificateService
from chatd.tls.server_key import (
    KeyUnusable,
    PrivateKey,
    make_key,
    read_key,
    read_or_make_key,
    write_key,
)

_log: Final = Logger()

_OFF: Final = "off"
_ON: Final = "on"
_ONLY: Final = "only"

#: The ports of other dialects, and of the page. Each has a port with TLS, whose option ends so.
SUFFIX: Final = "-tls"
#: The ports that close to other hosts where TLS is required.
PLAIN_PORTS: Final = ("irc", "jim", "plain", "web")


@dataclass(frozen=True, slots=True)
class TlsMode:
    """A value of ``--tls``.

    :ivar port: of a port of its own; None for none.
    :ivar is_given: whether it is not the default.
    """

    is_on: bool
    is_required: bool = False
    port: int | None = None
    is_given: bool = True

    @override
    def __str__(self) -> str:
        return str(self.port or (_ONLY if self.is_required else _ON if self.is_on else _OFF))


DEFAULT_OFF: Final = TlsMode(is_on=False, is_given=False)
DEFAULT_ON: Final = TlsMode(is_on=True, is_given=False)


def tls_mode(value: str) -> TlsMode:
    """Coerce a value of ``--tls``.

    :raises ValueError: the value is none.
    """
    if value in (_OFF, _ON, _ONLY):
        return TlsMode(is_on=value != _OFF, is_required=value == _ONLY)
    try:
        return TlsMode(is_on=True, port=port_number(value))
    except ValueError:
        raise ValueError(f"must be {_OFF}, {_ON}, {_ONLY} or a port") from None


def _tcp_endpoint(value: str) -> int | str:
    port = port_or_endpoint(value)
    if str(port).startswith(("ssl:", "tls:")):
        raise ValueError("must be a port or a tcp: endpoint, as it speaks TLS anyway")
    return port


def _absolute(value: str) -> Path:
    return Path(value).absolute()  # a daemon changes its working directory


def tls_parameter(default: TlsMode) -> list[Any]:
    """The option that says whether a server speaks TLS."""
    return parameter(
        "tls",
        default,
        "speak TLS: on, with the clients that do, on the same port; only, with all from other "
        "hosts, and open --irc, --jim, --plain and --web to this host alone; a port, as on, and at "
        "that port nothing else; or off",
        tls_mode,
    )


#: The other options.
TLS_PARAMETERS: Final = [
    parameter("irc-tls", None, "also serve IRC clients over TLS, on this TCP port", _tcp_endpoint),
    parameter(
        "jim-tls", None, "also serve JIM messengers over TLS, on this TCP port", _tcp_endpoint
    ),
    parameter(
        "plain-tls",
        None,
        "also serve lines of text over TLS, such as those of openssl s_client, on this TCP port",
        _tcp_endpoint,
    ),
    parameter(
        "web-tls", None, "also serve the web page over HTTPS, on this TCP port", _tcp_endpoint
    ),
    parameter(
        "tls-cert",
        None,
        "a certificate of your own, in PEM, with those of the authorities behind it. SIGHUP has it "
        "read again. [default: the server makes one, signed by itself]",
        _absolute,
    ),
    parameter("tls-key", None, "the key of --tls-cert, in PEM, without a password", _absolute),
]
PORT_OPTIONS: Final = tuple(f"{name}{SUFFIX}" for name in PLAIN_PORTS)


def checked_mode(options: Mapping[str, Any]) -> TlsMode:
    """How the server speaks TLS: as ``--tls`` says, and also if another option needs it.

    :raises UsageError: if the options contradict each other.
    """
    mode: TlsMode = options["tls"]
    given = [name for name in (*PORT_OPTIONS, "tls-cert", "tls-key") if options[name] is not None]
    if given and not mode.is_on:
        if mode.is_given:
            raise usage.UsageError(f"--{given[0]}: needs TLS, and --tls off turns that off")
        mode = TlsMode(is_on=True)
    if (options["tls-cert"] is None) != (options["tls-key"] is None):
        raise usage.UsageError(f"--{given[-1]}: give both --tls-cert and --tls-key")
    return mode


def make_certificate_service(
    options: Any,
    server_id: str,
    addresses: Callable[[], Iterable[IPv4Address]],
    environment: Mapping[str, str],
    clock: Any,
) -> CertificateService:
    """The service with the server's key and certificate.

    :param options: of the server.
    :param addresses: returns those of the server, as of now.
    :raises KeyUnusable: if they cannot be used; the text is a sentence.
    """
    certificate, key_path = options["tls-cert"], options["tls-key"]
    try:
        if certificate is not None:
            return CertificateService(
                clock, lambda: read_identity(certificate, key_path), is_own=False
            )
        key, path = _own_key(options, server_id, environment)

        def load() -> Identity:
            others = (name.rpartition(":")[0] for name in sorted(options.web_names))
            names = ("localhost", socket.gethostname(), *others)
            ips = [str(each) for each in (IPv4Address("127.0.0.1"), *addresses())]
            return own_identity(key, path, server_id, names, ips, datetime.now(UTC))

        return CertificateService(clock, load, is_own=True)
    except SSL.Error as error:
        raise KeyUnusable(f"OpenSSL refuses the certificate or its key: {error}") from None


def _own_key(
    options: Any, server_id: str, environment: Mapping[str, str]
) -> tuple[PrivateKey, Path | None]:
    """The server's own key, and the file of its certificate.

    Where TLS is on by default, a new key that cannot be kept is one for this run.
    """
    new = make_key()
    is_node = options.get("cluster") is not None
    try:
        path = key_path(server_id, environment)
        if not (is_node or os.path.lexists(path)):
            with suppress(FileExistsError):  # another server was faster: both use its key
                write_key(path, new)
    except (OSError, RuntimeError, KeyUnusable) as error:
        if options.tls_mode.is_given:
            raise KeyUnusable(
                f"A new key cannot be kept: {_text(error)}; give --tls-cert and --tls-key, or "
                "--tls off"
            ) from None
        _log.warn(
            "this server has a key for this run only, which clients will not know again: {error}",
            error=_text(error),
        )
        return new, None
    if is_node and not os.path.lexists(path):
        raise KeyUnusable(
            f"All nodes of a cluster have one key, and {path} is not there. Copy it from where "
            "chatd cluster init has made it, give --tls-cert and --tls-key, or --tls off."
        )
    return read_key(path), path.with_suffix(".crt")


def _text(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return str(error).removesuffix(".")


def key_path(server_id: str, environment: Mapping[str, str]) -> Path:
    """The file of the key of the server with that id, in a directory that exists.

    :raises OSError: if the directory cannot be made.
    :raises RuntimeError: if the user has no home directory.
    """
    default_path(server_id, environment)
    return file_path(server_id, environment)


def make_cluster_key(server_id: str, environment: Mapping[str, str]) -> str:
    """Make the key that all nodes of a cluster have, unless it is there; return what to do with it.

    It is never in etcd: whoever can read that could then speak as the server.
    """
    try:
        path = key_path(server_id, environment)
        key = read_or_make_key(path)
    except (OSError, RuntimeError, KeyUnusable) as error:
        return f"A key for TLS was not made: {_text(error)}."
    found = fingerprint.of_key(key.public_key())
    return (
        f"For TLS, copy the key {path} to each machine, to the same place or where STATE_DIRECTORY "
        "is, and let nobody but the server's user read it (chmod 600). Then start all nodes with "
        f"--tls on. In words it is: {fingerprint.words(found)}"
    )


def file_path(server_id: str, environment: Mapping[str, str]) -> Path:
    """The same, in a directory that may not exist.

    :raises RuntimeError: if the user has no home directory.
    """
    store = chat_path(server_id, environment)
    return store.with_name(f"{store.stem}.key")


def reload_certificate(server: ChatServer) -> Callable[[], None] | None:
    """What SIGHUP does: reads the operator's certificate again; None if there is none."""
    services: dict[str, Any] = server.namedServices
    service: CertificateService | None = services.get(certificate_service.NAME)
    return None if service is None or service.is_own else service.reload
