"""The servers that are compared: how each is started, how a client registers and sends.

To change how a server is run, change its row in :data:`PEERS`.
"""

import dataclasses
import importlib.metadata
import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks import configurations
from benchmarks.compiling import BUILD, HERE

#: Replaced by a member's number, in as many digits.
NUMBER: Final = b"@@@@@@"
#: Replaced by the server's address and port.
HOST: Final = b"$HOST"
#: Each message contains this byte once; nothing else that a server sends contains it (members.h).
MARKER: Final = b"|"
TEXT: Final = MARKER + b"Sixty-four bytes, about as long as what people say to each other.."[:63]


@dataclasses.dataclass(frozen=True)
class ServerConfig:
    """Where a server listens, and the directory for its files."""

    address: str
    port: int
    discovery_port: int
    directory: Path


Command = Callable[[ServerConfig], list[str]]
#: What to send, and what a successful reply contains.
Step = tuple[bytes, bytes]


@dataclasses.dataclass(frozen=True)
class Peer:
    """One row of the tables.

    :ivar steps: how a member registers.
    :ivar openings: what members send in turn in place of the first step's text.
    :ivar program: the program that must be installed, and `package`: its Debian package.
    :ivar module: the Python package that must be installed.
    :ivar node_module: the package of Node that must be installed, in this directory.
    :ivar option: an option that ``chatd server`` must have.
    :ivar checkout: the directory from which chatd is imported, if not this one.
    :ivar version: arguments that make `program` print its version.
    :ivar echo: whether senders receive their own messages.
    :ivar senders: how many members take turns at sending.
    :ivar at_once: how many members may be registering at the same time.
    :ivar max_members: with more, joining takes too long.
    :ivar note: printed below the table.
    """

    key: str
    name: str
    command: Command
    steps: tuple[Step, ...]
    message: bytes
    openings: tuple[bytes, ...] = ()
    program: str = ""
    package: str = ""
    module: str = ""
    node_module: str = ""
    option: str = ""
    checkout: Path | None = None
    version: tuple[str, ...] = ()
    echo: bool = False
    senders: int = 1
    at_once: int = 50
    max_members: int = 1_000_000
    note: str = ""


def _configured(
    program: str, arguments: tuple[str, ...], text: str, config: ServerConfig
) -> list[str]:
    """Write the configuration file, whose path replaces ``{}`` in the arguments."""
    path = config.directory / "configuration"
    path.write_text(text.format_map(dataclasses.asdict(config)))
    return [program, *(str(path) if each == "{}" else each for each in arguments)]


#: Of a chatd that can keep its chat: in memory only.
UNKEPT: Final = ("--store", "none")


def _chatd(*options: str) -> Command:
    """Chatd with its defaults, except for the limits on one member; it logs to a file.

    :param options: ``{}`` in one stands for the directory of the server's files.
    """

    def command(config: ServerConfig) -> list[str]:
        arguments = [sys.executable, "-m", "chatd", "server", "--id", "bench"]
        arguments += ["--ifaddrs", f"{config.address}/8", "--port", str(config.port)]
        arguments += ["--discovery-port", str(config.discovery_port)]
        arguments += ["--flood", "0", "--accept-rate", "0", "--timeout", "0", "--slots", "20000"]
        arguments += ["--log-file", str(config.directory / "log")]
        return arguments + [each.replace("{}", str(config.directory)) for each in options]

    return command


def _chatd_page(*options: str) -> Command:
    """The same, where the port is that of its page."""

    def command(config: ServerConfig) -> list[str]:
        main = dataclasses.replace(config, port=config.discovery_port)
        return _chatd("--web", str(config.port), *options)(main)

    return command


def _chatd_irc(*options: str) -> Command:
    """The same, where the port is that for IRC clients."""

    def command(config: ServerConfig) -> list[str]:
        main = dataclasses.replace(config, port=config.discovery_port)
        port = f"tcp:{config.port}:interface={config.address}"
        return _chatd("--irc", port, *options)(main)

    return command


def _with_address(*command: str | Path) -> Command:
    return lambda config: [*map(str, command), config.address, str(config.port)]


def _mqtt(kind: int, *fields: bytes) -> bytes:
    """A packet of MQTT 3.1.1 with fewer than 128 bytes."""
    body = b"".join(fields)
    return bytes((kind, len(body))) + body


def _mqtt_text(text: bytes) -> bytes:
    return len(text).to_bytes(2, "big") + text


def _upgrade(path: bytes) -> bytes:
    """A browser's request for a WebSocket (RFC 6455, section 4.1)."""
    return (
        b"GET " + path + b" HTTP/1.1\r\nHost: " + HOST + b"\r\nUpgrade: websocket\r\n"
        b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )


def _websocket_text(text: bytes) -> bytes:
    """A text message of fewer than 126 bytes, with a masking key of zeros (section 5.2)."""
    return bytes((0x81, 0x80 | len(text), 0, 0, 0, 0)) + text


GREETING: Final[tuple[Step, ...]] = ((b"", b"welcome\n"),)
LINE: Final = TEXT + b"\n"
NATIVE: Final[tuple[Step, ...]] = (
    (
        b'{"type":"hello","data":{"nickname":"m' + NUMBER + b'","version":1}}\n',
        b'"type":"welcome"',
    ),
)
NATIVE_MESSAGE: Final = b'{"type":"message","data":{"text":"' + TEXT + b'"}}\n'
PAGE: Final[tuple[Step, ...]] = (
    (_upgrade(b"/socket"), b"\r\n\r\n"),
    (_websocket_text(NATIVE[0][0].rstrip()), NATIVE[0][1]),
)
PAGE_MESSAGE: Final = _websocket_text(NATIVE_MESSAGE.rstrip())
WEBSOCKET: Final[tuple[Step, ...]] = ((_upgrade(b"/"), b"welcome"),)
WEBSOCKET_MESSAGE: Final = _websocket_text(TEXT)
IRC: Final[tuple[Step, ...]] = (
    (b"NICK m" + NUMBER + b"\r\nUSER m 0 * :m\r\n", b" 001 "),
    (b"JOIN #lobby\r\n", b" 366 "),
)
IRC_MESSAGE: Final = b"PRIVMSG #lobby :" + TEXT + b"\r\n"
#: What clients ask for, of what both servers offer: a simple client, WeeChat, irssi,
#: irc-framework (The Lounge), HexChat. The sender is the first one, and is sent no echo.
CAPABILITIES: Final = (
    b"multi-prefix",
    b"message-tags server-time account-notify setname away-notify extended-join",
    b"account-notify away-notify extended-join server-time setname",
    b"message-tags server-time echo-message batch account-notify setname away-notify",
    b"away-notify account-notify extended-join server-time setname",
)
OPENINGS: Final = tuple(b"CAP REQ :" + each + b"\r\n" for each in CAPABILITIES)
IRC_CAPABLE: Final[tuple[Step, ...]] = (
    (OPENINGS[0], b" ACK "),
    (b"NICK m" + NUMBER + b"\r\nUSER m 0 * :m\r\nCAP END\r\n", b" 001 "),
    IRC[1],
)
MQTT: Final[tuple[Step, ...]] = (
    (
        _mqtt(0x10, _mqtt_text(b"MQTT"), b"\x04\x02\x00\x00", _mqtt_text(NUMBER)),
        b"\x20\x02\x00\x00",
    ),
    (_mqtt(0x82, b"\x00\x01", _mqtt_text(b"lobby"), b"\x00"), b"\x90\x03\x00\x01\x00"),
)
MQTT_MESSAGE: Final = _mqtt(0x30, _mqtt_text(b"lobby"), TEXT)

PEERS: Final = (
    Peer("chatd", "chatd", _chatd(*UNKEPT), NATIVE, NATIVE_MESSAGE),
    Peer(
        "chatd-kept",
        "chatd, kept in a file",
        _chatd("--store", "{}/store"),
        NATIVE,
        NATIVE_MESSAGE,
        option="--store",
    ),
    Peer(
        "chatd-synced",
        "chatd, synced to the disk",
        _chatd("--store", "{}/store", "--store-sync", "full"),
        NATIVE,
        NATIVE_MESSAGE,
        option="--store-sync",
    ),
    Peer(
        "chatd-unlogged",
        "chatd, no messages logged",
        _chatd(*UNKEPT, "--log-level", "warn"),
        NATIVE,
        NATIVE_MESSAGE,
    ),
    Peer(
        "chatd-queued",
        "chatd, writes queued",
        _chatd(*UNKEPT, "--writes", "queued"),
        NATIVE,
        NATIVE_MESSAGE,
        option="--writes",
    ),
    Peer("chatd-irc", "chatd, IRC", _chatd_irc(*UNKEPT), IRC, IRC_MESSAGE, option="--irc"),
    Peer(
        "chatd-irc-mixed",
        "chatd, IRC, 5 sets of capabilities",
        _chatd_irc(*UNKEPT),
        IRC_CAPABLE,
        IRC_MESSAGE,
        OPENINGS,
        option="--irc",
    ),
    Peer("chatd-page", "chatd, browsers", _chatd_page(*UNKEPT), PAGE, PAGE_MESSAGE),
    Peer(
        "chatd-page-kept",
        "chatd, browsers, kept",
        _chatd_page("--store", "{}/store"),
        PAGE,
        PAGE_MESSAGE,
        option="--store",
    ),
    Peer(
        "inspircd",
        "InspIRCd",
        partial(
            _configured,
            "inspircd",
            ("--runasroot", "--nofork", "--config", "{}"),
            configurations.INSPIRCD,
        ),
        IRC,
        IRC_MESSAGE,
        program="inspircd",
        package="inspircd",
        version=("--version",),
        at_once=2_000,  # it completes registrations once a second
    ),
    Peer(
        "inspircd-mixed",
        "InspIRCd, 5 sets of capabilities",
        partial(
            _configured,
            "inspircd",
            ("--runasroot", "--nofork", "--config", "{}"),
            configurations.INSPIRCD + configurations.INSPIRCD_CAPABILITIES,
        ),
        IRC_CAPABLE,
        IRC_MESSAGE,
        OPENINGS,
        program="inspircd",
        package="inspircd",
        version=("--version",),
        at_once=2_000,
    ),
    Peer(
        "ngircd",
        "ngIRCd",
        partial(_configured, "ngircd", ("--nodaemon", "--config", "{}"), configurations.NGIRCD),
        IRC,
        IRC_MESSAGE,
        program="ngircd",
        package="ngircd",
        version=("--version",),
        senders=20,
        note="20 members take turns at sending: it disconnects a client with more than 2 KiB "
        "that it has not handled yet",
        at_once=10,  # its backlog
        max_members=1_000,  # 5,000 take it minutes to let in: it lists all members to each
    ),
    Peer(
        "mosquitto",
        "mosquitto, QoS 0",
        partial(_configured, "mosquitto", ("-c", "{}"), configurations.MOSQUITTO),
        MQTT,
        MQTT_MESSAGE,
        program="mosquitto",
        package="mosquitto",
        version=("-h",),
        echo=True,
    ),
    Peer(
        "twisted",
        "naive Twisted",
        _with_address(sys.executable, HERE / "naive_twisted.py"),
        GREETING,
        LINE,
    ),
    Peer(
        "asyncio",
        "naive asyncio",
        _with_address(sys.executable, HERE / "naive_asyncio.py"),
        GREETING,
        LINE,
    ),
    Peer(
        "ws",
        "naive ws, in Node",
        _with_address("node", HERE / "naive_ws.js"),
        WEBSOCKET,
        WEBSOCKET_MESSAGE,
        program="node",
        package="nodejs",
        node_module="ws",
        version=(
            "-p",
            "`${process.version}, ws ${require(process.argv[1]).version}`",
            str(HERE / "node_modules" / "ws" / "package.json"),
        ),
    ),
    Peer(
        "websockets",
        "naive websockets",
        _with_address(sys.executable, HERE / "naive_websockets.py"),
        WEBSOCKET,
        WEBSOCKET_MESSAGE,
        module="websockets",
    ),
    Peer("relay", "bare relay in C", _with_address(BUILD / "relay"), GREETING, LINE),
)


def other(checkout: Path) -> Peer:
    """The chatd of another checkout."""
    return Peer(
        "other",
        "chatd, other checkout",
        _chatd(*(UNKEPT if (checkout / "chatd" / "store").exists() else ())),
        NATIVE,
        NATIVE_MESSAGE,
        checkout=checkout,
        note=str(checkout),
    )


#: Debian's directories of daemons, which an ordinary user's PATH lacks.
SYSTEM_PATH: Final = "/usr/local/sbin:/usr/sbin:/sbin"


def missing(peer: Peer, options: str) -> str:
    """Why `peer` cannot run here, or ""; `options` is the output of ``chatd server --help``."""
    if peer.program and not find(peer.program):
        return f"missing: {peer.program} (apt install {peer.package})"
    if peer.module and not importlib.util.find_spec(peer.module):
        return f"missing: {peer.module} (pip install {peer.module})"
    if peer.node_module and not (HERE / "node_modules" / peer.node_module).exists():
        return f"missing: {peer.node_module} (npm ci --prefix benchmarks)"
    if peer.option and peer.option not in options:
        return f"missing: this chatd server has no {peer.option}"
    return ""


def find(program: str) -> str | None:
    """The path of a program, if it is installed."""
    return shutil.which(program) or shutil.which(program, path=SYSTEM_PATH)


def version_of(peer: Peer) -> str:
    """The first line of what the peer's program prints as its version."""
    if peer.module:
        return importlib.metadata.version(peer.module)
    if not peer.version:
        return ""
    result = subprocess.run(
        [find(peer.program) or peer.program, *peer.version],
        capture_output=True,
        text=True,
        check=False,
    )
    return (result.stdout or result.stderr).partition("\n")[0].strip()
