"""The QR code of the page's address, as it is to be seen at a real terminal."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chatd.taps import web_address
from tests.e2e.namespaces import Host, create_network
from tests.e2e.programs import CHATD
from tests.e2e.pty_terminal import Terminal, terminals

OFFICE = "10.35.11.0/24"
URL = "http://10.35.11.111:8080/"
CODE = web_address.qr_code(URL, 80, has_colours=False)


@pytest.fixture
def host() -> Iterator[Host]:
    """A host that a phone could reach; loopback is of no use to it."""
    with create_network([OFFICE]) as network:
        yield network.add_host("host1", {OFFICE: "10.35.11.111/24"})


@pytest.fixture
def launch(host: Host, tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    """Starts a launch in a window, and waits until one may type."""
    with terminals() as open_one:

        def launched(*words: str, columns: int = 80, **environment: str) -> Terminal:
            there = ("ip", "netns", "exec", host.namespace)
            window: Terminal = open_one(
                [*there, *CHATD, "launch", "--nickname", "ice", *words],
                {"XDG_STATE_HOME": str(tmp_path), **environment},
                columns=columns,
            )
            window.expect("//TEXT")
            return window

        yield launched


def test_the_code_stands_whole_above_the_chat(launch: Callable[..., Terminal]) -> None:
    window = launch()
    lines = window.text.split("\n")
    start = lines.index(CODE[0])
    assert lines[start : start + len(CODE)] == CODE
    assert f"In a browser: {URL} or http://127.0.0.1:8080/" in lines
    assert "\x1b[97;40m" in window.raw.decode()


def test_without_colours_it_is_blocks_alone(launch: Callable[..., Terminal]) -> None:
    window = launch(NO_COLOR="1")
    window.expect("\n".join(CODE))
    assert "\x1b[97;40m" not in window.raw.decode()


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
def test_where_it_is_of_no_use_there_is_the_address_alone(
    launch: Callable[..., Terminal], words: list[str], columns: int, environment: dict[str, str]
) -> None:
    window = launch(*words, columns=columns, **environment)
    window.expect("In a browser:")
    assert "\N{FULL BLOCK}" not in window.text
