"""The servers that are compared: how each is started, how one enters, how one speaks.

To change how a server is run, change its row in :data:`PEERS`.
"""

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks import configurations
from benchmarks.compiling import BUILD, HERE

#: Stands for a member's number, in as many digits.
NUMBER: Final = b"@@@@@@"
#: The byte that says "a message"; it occurs in nothing else that a server sends (crowd.h).
MARKER: Final = b"|"
TEXT: Final = MARKER + b"Sixty-four bytes, about as long as what people say to each other.."[:63]


@dataclass(frozen=True)
class Place:
    """Where a server listens, and where it may write."""

    address: str
    port: int
    discovery_port: int
    directory: Path


Command = Callable[[Place], list[str]]
#: What to send, and what the answer holds once it worked.
Step = tuple[bytes, bytes]


@dataclass(frozen=True)
class Peer:
    """One row of the table."""

    key: str
    name: str
    command: Command
    steps: tuple[Step, ...]
    message: bytes
    #: The program it needs, and the Debian package that has it.
    program: str = ""
    package: str = ""
    #: An option that ``chatd server`` must have for it.
    option: str = ""
    #: Arguments that make `program` tell its version.
    version: tuple[str, ...] = ()
    #: Whether one who speaks hears its own message.
    echo: bool = False
    #: Members who take turns at speaking.
    senders: int = 1
    #: Members who may be registering at the same time.
    at_once: int = 50
    #: More take too long to join.
    most_members: int = 1_000_000
    #: What a reader of its figures must know.
    note: str = ""


def _configured(program: str, arguments: tuple[str, ...], text: str, place: Place) -> list[str]:
    """Write the configuration file; the arguments name it by ``{}``."""
    path = place.directory / "configuration"
    path.write_text(text.format(address=place.address, port=place.port, directory=place.directory))
    return [program, *(str(path) if word == "{}" else word for word in arguments)]


def _chatd(*options: str) -> Command:
    """Chatd as people run it, its limits on one member apart; the log, at its level, in a file."""

    def command(place: Place) -> list[str]:
        words = [sys.executable, "-m", "chatd", "server", "--id", "bench"]
        words += ["--ifaddrs", f"{place.address}/8", "--port", str(place.port)]
        words += ["--discovery-port", str(place.discovery_port)]
        words += ["--flood", "0", "--accept-rate", "0", "--timeout", "0", "--slots", "20000"]
        return [*words, "--log-file", str(place.directory / "log"), *options]

    return command


def _with_address(*words: str | Path) -> Command:
    return lambda place: [*map(str, words), place.address, str(place.port)]


def _mqtt(kind: int, *fields: bytes) -> bytes:
    """A packet of MQTT 3.1.1; all of these are shorter than 128 bytes."""
    body = b"".join(fields)
    return bytes((kind, len(body))) + body


def _mqtt_text(text: bytes) -> bytes:
    return len(text).to_bytes(2, "big") + text


GREETING: Final[tuple[Step, ...]] = ((b"", b"welcome\n"),)
LINE: Final = TEXT + b"\n"
NATIVE: Final[tuple[Step, ...]] = (
    (
        b'{"type":"hello","data":{"nickname":"m' + NUMBER + b'","version":1}}\n',
        b'"type":"welcome"',
    ),
)
NATIVE_MESSAGE: Final = b'{"type":"message","data":{"text":"' + TEXT + b'"}}\n'
IRC: Final[tuple[Step, ...]] = (
    (b"NICK m" + NUMBER + b"\r\nUSER m 0 * :m\r\n", b" 001 "),
    (b"JOIN #lobby\r\n", b" 366 "),
)
IRC_MESSAGE: Final = b"PRIVMSG #lobby :" + TEXT + b"\r\n"
MQTT: Final[tuple[Step, ...]] = (
    (
        _mqtt(0x10, _mqtt_text(b"MQTT"), b"\x04\x02\x00\x00", _mqtt_text(NUMBER)),
        b"\x20\x02\x00\x00",
    ),
    (_mqtt(0x82, b"\x00\x01", _mqtt_text(b"lobby"), b"\x00"), b"\x90\x03\x00\x01\x00"),
)
MQTT_MESSAGE: Final = _mqtt(0x30, _mqtt_text(b"lobby"), TEXT)

PEERS: Final = (
    Peer("chatd", "chatd", _chatd(), NATIVE, NATIVE_MESSAGE),
    Peer(
        "chatd-unlogged",
        "chatd, no messages logged",
        _chatd("--log-level", "warn"),
        NATIVE,
        NATIVE_MESSAGE,
    ),
    Peer(
        "chatd-queued",
        "chatd, writes queued",
        _chatd("--writes", "queued"),
        NATIVE,
        NATIVE_MESSAGE,
        option="--writes",
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
        "ngircd",
        "ngIRCd",
        partial(_configured, "ngircd", ("--nodaemon", "--config", "{}"), configurations.NGIRCD),
        IRC,
        IRC_MESSAGE,
        program="ngircd",
        package="ngircd",
        version=("--version",),
        senders=20,
        note="20 members take turns at speaking: it disconnects one who has sent more than 2 KiB "
        "that it has not yet handled",
        at_once=10,  # its backlog
        most_members=1_000,  # 5,000 take it minutes to let in: it lists everyone to each
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
        "obvious Twisted",
        _with_address(sys.executable, HERE / "obvious_twisted.py"),
        GREETING,
        LINE,
    ),
    Peer(
        "asyncio",
        "obvious asyncio",
        _with_address(sys.executable, HERE / "obvious_asyncio.py"),
        GREETING,
        LINE,
    ),
    Peer("relay", "bare relay in C", _with_address(BUILD / "relay"), GREETING, LINE),
)

#: Where Debian has daemons, which is not on everybody's PATH.
SYSTEM_PATH: Final = "/usr/local/sbin:/usr/sbin:/sbin"


def missing(peer: Peer, options: str) -> str:
    """Why `peer` cannot run here, or nothing; `options` is what ``chatd server --help`` says."""
    if peer.program and not find(peer.program):
        return f"missing: {peer.program} (apt install {peer.package})"
    if peer.option and peer.option not in options:
        return f"missing: this chatd server has no {peer.option}"
    return ""


def find(program: str) -> str | None:
    """The path of a program."""
    return shutil.which(program) or shutil.which(program, path=SYSTEM_PATH)


def version_of(peer: Peer) -> str:
    """The first line in which the peer's program tells its version."""
    if not peer.version:
        return ""
    told = subprocess.run(
        [find(peer.program) or peer.program, *peer.version],
        capture_output=True,
        text=True,
        check=False,
    )
    return (told.stdout or told.stderr).partition("\n")[0].strip()
