"""What whoever starts a program has set up is respected, and harmless where it cannot be used."""

import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Final

import pytest

from tests.e2e.native_peer import Peer, enter
from tests.e2e.programs import CHATD, TWISTD, Program, programs
from tests.ports import HOST, IFADDRS, free_port, free_udp_port
from tests.timeouts import TIMEOUT_SECONDS


@dataclass(frozen=True)
class Setup:
    """What a shell does before it becomes the program.

    :ivar says: what the program then says.
    :ivar has_output: whether it still has standard output and standard error.
    """

    script: str
    says: tuple[str, ...] = ()
    has_output: bool = True


#: A user that no database knows: in a namespace of its own, so that the program can be read.
_UNKNOWN_USER: Final = 'unset HOME USER LOGNAME; set -- unshare --user --map-user=54321 "$@"'

_UTC: Final = "(TZ) is unknown here, so times are in UTC"
_UTF_8: Final = "is unknown here, so text is in UTF-8"

#: Several at once where none hides another: each is a run of five programs.
SETUPS: Final = {
    "unknown time zone and locale": Setup(
        "export TZ=Nowhere/Nothing LC_ALL=xx_XX HOME=/etc/passwd; umask 0777",
        (f"the time zone 'Nowhere/Nothing' {_UTC}", f"the locale 'xx_XX' (LC_ALL) {_UTF_8}"),
    ),
    "unknown language": Setup(
        "unset LC_ALL LC_CTYPE; export LANG=xx_XX.UTF-8 TZ=:Europe HOME=; umask 0",
        (f"the time zone ':Europe' {_UTC}", f"the locale 'xx_XX.UTF-8' (LANG) {_UTF_8}"),
    ),
    "C locale": Setup("export LC_ALL=C HOME=/nowhere TMPDIR=/nowhere COLUMNS=x"),
    "no user": Setup(_UNKNOWN_USER),
    "the directory is gone": Setup('d=$(mktemp -d); cd "$d"; rmdir "$d"'),
    "few and small files": Setup("ulimit -n 40; ulimit -f 0"),
    "signals ignored": Setup('trap "" PIPE INT HUP QUIT USR1 ALRM CHLD TSTP TTIN TTOU'),
    "no standard input": Setup("exec <&-"),
    "no standard output": Setup("exec >&-", has_output=False),
    "no standard streams": Setup("exec <&- >&- 2>&-", has_output=False),
    "full devices": Setup("exec >/dev/full 2>/dev/full", has_output=False),
}

#: More text than ASCII has.
_TEXT: Final = "привет \N{SNOWMAN}"


@pytest.fixture
def start() -> Iterator[Callable[..., Program]]:
    """Starts a program after a shell's script."""
    with programs() as start_one:
        yield lambda setup, *command: start_one(
            ["sh", "-c", f'{setup.script}; exec "$@"', "sh", *command]
        )


@pytest.fixture
def moon(server_ports: SimpleNamespace) -> Iterator[Peer]:
    """A member of the server that the clients connect to."""
    peer = enter(server_ports.tcp, "moon")
    yield peer
    peer.close()


def _server_options(port: int) -> list[str]:
    words = [*IFADDRS, "--port", str(port), "--discovery-port", str(free_udp_port())]
    return [*words, "--web", str(free_port())]


def _wait_until_it_listens(port: int, server: Program) -> None:
    def answers() -> bool:
        with suppress(OSError), socket.create_connection((HOST, port), TIMEOUT_SECONDS):
            return True
        return False

    server.wait_until(answers, "a port")


def _is_fine(program: Program, setup: Setup) -> None:
    output = "\n".join([*program.stdout, *program.stderr])
    assert "Traceback" not in output
    if setup.has_output:
        assert all(sentence in output for sentence in setup.says)


@pytest.mark.parametrize("command", [(*CHATD, "server"), (*TWISTD, "-n", "chatserver")])
@pytest.mark.parametrize("setup", SETUPS.values(), ids=SETUPS)
def test_a_server_serves_and_ends(
    setup: Setup, command: tuple[str, ...], start: Callable[..., Program]
) -> None:
    port = free_port()
    server = start(setup, *command, *_server_options(port))
    _wait_until_it_listens(port, server)
    ice = enter(port, "ice")
    ice.send("message", {"text": _TEXT}, id=1)
    ice.receive("ok")
    ice.close()
    server.send_signal(signal.SIGTERM)
    assert server.wait() == 0
    _is_fine(server, setup)


@pytest.mark.parametrize("command", [(*CHATD, "client"), (*TWISTD, "-n", "chatclient")])
@pytest.mark.parametrize("setup", SETUPS.values(), ids=SETUPS)
def test_a_client_says_its_lines_and_ends(
    setup: Setup,
    command: tuple[str, ...],
    start: Callable[..., Program],
    server_ports: SimpleNamespace,
    moon: Peer,
) -> None:
    client = start(setup, *command, HOST, str(server_ports.tcp), *IFADDRS, "-n", "мир")
    has_input = "<&-" not in setup.script
    if has_input:
        client.send_line(_TEXT)
        assert moon.receive("message")["data"]["text"] == _TEXT
    client.close_stdin()
    assert client.wait() == 0
    _is_fine(client, setup)


@pytest.mark.parametrize("setup", SETUPS.values(), ids=SETUPS)
def test_launch_says_its_lines_and_ends(setup: Setup, start: Callable[..., Program]) -> None:
    port = free_port()
    launch = start(setup, *CHATD, "launch", *_server_options(port), "-n", "мир")
    leaves_by_itself = ">/dev/full" in setup.script  # perhaps before anybody could connect
    if "<&-" not in setup.script:
        if not leaves_by_itself:
            _wait_until_it_listens(port, launch)
        launch.send_line(_TEXT)
    launch.close_stdin()
    assert launch.wait() == (1 if leaves_by_itself else 0)
    _is_fine(launch, setup)
    if setup.has_output and "<&-" not in setup.script:
        assert f"[guest-2] мир: {_TEXT}" in launch.stdout


# --- names --------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [(*CHATD, "client"), (*TWISTD, "-n", "chatclient")])
@pytest.mark.parametrize(
    ("script", "nickname", "says"),
    [
        (_UNKNOWN_USER, "user-54321", "you have no login name, so your nickname is user-54321"),
        (
            "export LOGNAME=mia@example.org",  # whom no other test of the shared server has
            "mia",
            "your login name 'mia@example.org' is no nickname, so your nickname is mia",
        ),
    ],
)
def test_a_login_name_that_is_no_nickname_has_a_substitute_that_is_said(
    script: str,
    nickname: str,
    says: str,
    command: tuple[str, ...],
    start: Callable[..., Program],
    server_ports: SimpleNamespace,
    moon: Peer,
) -> None:
    client = start(Setup(script), *command, HOST, str(server_ports.tcp), *IFADDRS)
    assert moon.receive("entered")["data"]["nickname"] == nickname
    client.close_stdin()
    assert client.wait() == 0
    assert says in "\n".join(client.stderr)


# --- what cannot be respected is said -----------------------------------------------------------


@pytest.mark.parametrize("command", [(*CHATD, "client"), (*TWISTD, "-n", "chatclient")])
def test_a_client_whose_output_is_full_says_so(
    command: tuple[str, ...],
    start: Callable[..., Program],
    server_ports: SimpleNamespace,
    moon: Peer,
) -> None:
    setup = Setup("exec >/dev/full")
    client = start(setup, *command, HOST, str(server_ports.tcp), *IFADDRS, "-n", "zoe")
    client.expect_stderr("Connected to")
    moon.send("message", {"text": "hello"}, id=1)
    client.expect_stderr("Standard output cannot be written, so this client leaves.")
    client.wait()
    _is_fine(client, setup)


@pytest.mark.parametrize(
    "command",
    [
        (*CHATD, "server"),
        (*CHATD, "client", HOST),
        (*CHATD, "launch"),
        (*TWISTD, "-n", "chatserver"),
        (*TWISTD, "-n", "chatclient", HOST),
    ],
)
def test_a_limit_of_too_few_files_is_one_line_and_status_1(
    command: tuple[str, ...], start: Callable[..., Program]
) -> None:
    program = start(
        Setup("ulimit -n 9"), *command, "-n" if "erver" not in command[-1] else "--id", "x"
    )
    assert program.wait() == 1
    [line] = program.stderr
    assert "may have only 9 open files, and needs" in line


@pytest.mark.parametrize("command", [(*CHATD, "server"), (*TWISTD, "-n", "chatserver")])
@pytest.mark.parametrize("name", ["INT", "TERM", "HUP"])
def test_an_ignored_signal_stays_ignored(
    name: str, command: tuple[str, ...], start: Callable[..., Program]
) -> None:
    port = free_port()
    server = start(Setup(f'trap "" {name}'), *command, *_server_options(port))
    _wait_until_it_listens(port, server)
    enter(port, "ice").close()  # so the reactor runs, and has its handlers
    server.send_signal(signal.Signals[f"SIG{name}"])
    enter(port, "ice").close()
    server.send_signal(signal.SIGINT if name == "TERM" else signal.SIGTERM)
    assert server.wait() == 0
