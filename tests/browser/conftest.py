"""What the tests of the page begin with: a browser, a server, and pages in it without a fault."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.browser.chromium import Chromium, find_chromium
from tests.browser.page import DESKTOP, Opened, Page
from tests.browser.servers import Server, servers
from tests.e2e.programs import CHATD


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """The browser that all tests share."""
    browser = Chromium(find_chromium(), tmp_path_factory.mktemp("chromium"))
    yield browser
    browser.close()


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Starts a server with these options."""
    with servers() as start:
        yield start


@pytest.fixture
def server(serve: Callable[..., Server]) -> Server:
    """A server with nobody on it."""
    return serve()


@pytest.fixture
def guarded(tmp_path: Path, serve: Callable[..., Server]) -> Server:
    """A server on which ``ice`` is an account, its password ``cold``."""
    path = tmp_path / "accounts"
    command = [*CHATD, "account", "add", str(path), "ice"]
    subprocess.run(command, input="cold\n", text=True, check=True)
    return serve("--auth", f"chatd:{path}")


@pytest.fixture(scope="module")
def modules(chromium: Chromium) -> Iterator[Page]:
    """A page to import its own modules into."""
    with servers() as start:
        page = Page(chromium, start().url, DESKTOP)
        yield page
        page.close()


@pytest.fixture
def visit(chromium: Chromium) -> Iterator[Callable[..., Page]]:
    """Opens a page at a URL; in the end, none of them may have had a fault."""
    pages: list[Page] = []
    with ExitStack() as stack:

        def opened(url: str, size: tuple[int, int] = DESKTOP, **options: Any) -> Page:
            page = Page(chromium, url, size, **options)
            stack.callback(page.close)
            pages.append(page)
            return page

        yield opened
        faults = [fault for page in pages for fault in page.unexpected]
    assert not faults, "a page had a fault"


@pytest.fixture
def page(server: Server, visit: Opened) -> Opened:
    """Opens a page of the server that is watching; with a nickname, one that is online."""

    def opened(nickname: str = "", **options: Any) -> Page:
        page = visit(server.url, **options)
        page.is_("watching")
        if nickname:
            page.join(nickname)
        return page

    return opened
