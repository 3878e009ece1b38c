"""Fixtures: a browser, servers, and pages, which must not have logged an error in the end."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import pytest

from tests.browser.chat_page import DESKTOP, ChatPage, OpenPage
from tests.browser.chromium import Chromium, find_chromium
from tests.browser.scripted_server import HELD, OpenScripted, receive_users, script
from tests.browser.server_harness import Server, free_port_of_server, running_servers
from tests.e2e.programs import CHATD
from tests.ports import HOST

_CHATD_NODE: Final = (sys.executable, str(Path(__file__).with_name("chatd_node.py")))


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """The browser that all tests share."""
    browser = Chromium(find_chromium(), tmp_path_factory.mktemp("chromium"))
    yield browser
    browser.close()


@pytest.fixture
def start_server() -> Iterator[Callable[..., Server]]:
    """A function that starts a server with options."""
    with running_servers() as start:
        yield start


@pytest.fixture
def server(start_server: Callable[..., Server]) -> Server:
    """A server without users."""
    return start_server()


@pytest.fixture
def server_with_account(tmp_path: Path, start_server: Callable[..., Server]) -> Server:
    """A server with the account ``ice``, whose password is ``cold``."""
    path = tmp_path / "accounts"
    command = [*CHATD, "account", "add", str(path), "ice"]
    subprocess.run(command, input="cold\n", text=True, check=True)
    return start_server("--auth", f"chatd:{path}")


@pytest.fixture(scope="module")
def module_page(chromium: Chromium) -> Iterator[ChatPage]:
    """A page for tests that import the page's modules."""
    with running_servers() as start:
        page = ChatPage(chromium, start().url, DESKTOP)
        yield page
        page.close()


@pytest.fixture
def open_url(chromium: Chromium) -> Iterator[OpenPage]:
    """A function that opens the page at a URL."""
    pages: list[ChatPage] = []
    with ExitStack() as stack:

        def open_(url: str, size: tuple[int, int] = DESKTOP, **options: Any) -> ChatPage:
            page = ChatPage(chromium, url, size, **options)
            stack.callback(page.close)
            pages.append(page)
            return page

        yield open_
        errors = [error for page in pages for error in page.unexpected_errors]
    assert not errors, "a page logged an error"


@pytest.fixture
def open_page(server: Server, open_url: OpenPage) -> OpenPage:
    """A function that opens the page of `server`: watching, or online under a nickname."""

    def open_(nickname: str = "", **options: Any) -> ChatPage:
        page = open_url(server.url, **options)
        page.wait_for_state("watching")
        if nickname:
            page.join(nickname)
        return page

    return open_


@pytest.fixture
def open_scripted(open_url: OpenPage, server: Server) -> OpenScripted:
    """A function that opens the page of `server` as ``ice``, for frames that the test makes."""

    def open_(size: tuple[int, int] = DESKTOP, *held: str) -> ChatPage:
        page = open_url("about:blank#", size)
        page.call("Page.addScriptToEvaluateOnNewDocument", source=script(*HELD, *held))
        page.open(server.url)
        page.wait_for_state("watching")
        page.join("ice")
        receive_users(page)
        return page

    return open_


@pytest.fixture
def start_nodes(start_server: Callable[..., Server]) -> Callable[..., list[Server]]:
    """A function that starts servers which say that they are the nodes of one cluster."""

    def start(*options: Sequence[str]) -> list[Server]:
        """:param options: those of each node."""
        ports = [free_port_of_server() for _ in options]
        nodes = ",".join(f"http://{HOST}:{port}" for port in ports)
        chatd = ("env", f"NODES={nodes}", *_CHATD_NODE)
        return [
            start_server("--store", "none", *each, chatd=chatd, web_port=port)
            for each, port in zip(options, ports, strict=True)
        ]

    return start
