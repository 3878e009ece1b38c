"""The QR code of the page's address, as it is to be seen at a real terminal."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chatd.taps import web_address
from tests.e2e.namespaces import Host, create_network
from tests.e2e.programs import CHATD
from tests.e2e.pty_terminal import StartTerminal, Terminal, terminals

OFFICE = "10.35.11.0/24"
URL = "http://10.35.11.111:8080/"
CODE = web_address.qr_code(URL, 80, has_colours=False)


@pytest.fixture
def host() -> Iterator[Host]:
    """A host that a phone could reach; loopback is of no use to it."""
    with create_network([OFFICE]) as network:
        yield network.add_host("host1", {OFFICE: "10.35.11.111/24"})


@pytest.fixture
def launch(host: Host, tmp_path: Path) -> Iterator[StartTerminal]:
    """A function that runs ``launch`` in a terminal and waits for its prompt."""
    with terminals() as open_one:

        def launched(*words: str, columns: int = 80, **environment: str) -> Terminal:
            there = ("ip", "netns", "exec", host.namespace)
            terminal: Terminal = open_one(
                [*there, *CHATD, "launch", "--nickname", "ice", *words],
                {"XDG_STATE_HOME": str(tmp_path), **environment},
                columns=columns,
            )
            terminal.expect("as ice.")
            return terminal

        yield launched


def test_the_qr_code_is_shown_whole_above_the_chat(launch: StartTerminal) -> None:
    terminal = launch()
    lines = terminal.text.split("\n")
    start = lines.index(CODE[0])
    assert lines[start : start + len(CODE)] == CODE
    terminal.expect(f"In a browser: {URL} or https://10.35.11.111:8443/")
    assert "\x1b[97;40m" in terminal.raw.decode()


def test_without_colours_the_qr_code_consists_of_blocks(launch: StartTerminal) -> None:
    terminal = launch(NO_COLOR="1")
    terminal.expect("\n".join(CODE))
    assert "\x1b[97;40m" not in terminal.raw.decode()


@pytest.mark.parametrize(
    ("words", "columns", "environment"),
    [
        ([], len(CODE[0]) - 1, {}),
        (["--plain-terminal"], 80, {}),
        ([], 80, {"TERM": "dumb"}),
        (["--ifaddrs", "127.0.0.1/8"], 80, {}),
    ],
    ids=["too narrow", "plain lines", "dumb", "loopback only"],
)
def test_where_a_qr_code_is_of_no_use_only_the_address_is_shown(
    launch: StartTerminal, words: list[str], columns: int, environment: dict[str, str]
) -> None:
    terminal = launch(*words, columns=columns, **environment)
    terminal.expect("In a browser:")
    assert "\N{FULL BLOCK}" not in terminal.text
