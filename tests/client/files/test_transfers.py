"""Files to and from a page, over real sockets: whole, resumed, refused, stopped."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet.protocol import Protocol

from chatd.chat import limits
from chatd.chat.events import File
from tests.client.files.page import TOKEN, Client, Page
from tests.fakes import on_reactor

SHEET = File("k3", "sheet.pdf", 256_000, "application/octet-stream")


@pytest_twisted.async_yield_fixture  # type: ignore[untyped-decorator]  # it has no types
async def page() -> AsyncIterator[Page]:
    page = Page()
    yield page
    await page.stop()


@pytest.fixture
def client(page: Page) -> Client:
    return Client(page)


@pytest.fixture
def path(tmp_path: Path, page: Page) -> Path:
    path = tmp_path / "work sheet.pdf"
    path.write_bytes(page.content)
    return path


async def send(client: Client, path: Path | str, target: str = "#dev") -> str:
    ended = client.ended()
    client.transfers.send(str(path), target, client.on_end)
    await ended
    return client.ends[-1]


async def save(client: Client, folder: Path, file: File = SHEET) -> str:
    ended = client.ended()
    client.transfers.save(file, str(folder), client.on_end)
    await ended
    return client.ends[-1]


# --- sending ------------------------------------------------------------------------------------


@on_reactor
async def test_a_file_arrives_whole_with_the_token_and_to_whom_it_goes(
    page: Page, client: Client, path: Path
) -> None:
    assert await send(client, path, "@ice,moon") == ""
    assert page.uploads == [
        ("/files/work%20sheet.pdf?to=ice,moon", f"Bearer {TOKEN}", page.content)
    ]
    assert not client.transfers.is_active


@on_reactor
async def test_how_far_it_is_is_shown_and_at_the_end_nothing(client: Client, path: Path) -> None:
    await send(client, path)
    assert client.ui.transfers[0] == "sending work sheet.pdf 0 %"
    assert "sending work sheet.pdf 100 %" in client.ui.transfers
    assert client.ui.transfers[-1] == ""


@on_reactor
async def test_a_refusal_is_said_in_the_servers_words(
    page: Page, client: Client, path: Path
) -> None:
    page.refusal = (403, "You are muted in #dev\x1b for 10 min.")
    assert await send(client, path) == (
        f"{path} was not sent: You are muted in #dev<U+001B> for 10 min."
    )


@on_reactor
async def test_several_files_go_one_after_the_other_and_a_bad_one_holds_up_none(
    page: Page, client: Client, path: Path
) -> None:
    client.transfers.send(str(path), "#one", client.on_end)
    client.transfers.send("/missing", "#two", client.on_end)
    await send(client, path, "#three")
    while client.transfers.is_active:
        await client.ended()
    assert client.ends == ["", "/missing was not sent: there is no such file.", ""]
    assert [uri.rpartition("%23")[2] for uri, *_ in page.uploads] == ["one", "three"]


@on_reactor
async def test_a_server_that_cannot_be_reached_is_said(
    page: Page, client: Client, path: Path
) -> None:
    await page.stop()
    assert await send(client, path) == (
        f"{path} was not sent: connection refused, no server listens there."
    )


@on_reactor
async def test_while_offline_nothing_is_sent(client: Client, path: Path) -> None:
    client.server = None
    assert "was not sent: there is no connection to the server." in await send(client, path)


@on_reactor
async def test_a_file_whose_end_is_not_confirmed_may_have_been_sent(
    page: Page, client: Client, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "UPLOAD_SILENT_SECONDS", 0.2)
    page.never_replies = True
    assert await send(client, path) == (
        f"{path} may not have been sent: no sign of the server for 0.2 s, and the server had not "
        "replied."
    )


@on_reactor
async def test_the_user_can_stop_it(page: Page, client: Client, path: Path) -> None:
    page.never_replies = True
    ended = client.ended()
    client.transfers.send(str(path), "#dev", client.on_end)
    client.transfers.cancel()  # it has not begun
    while not page.uploads:
        await _turn()
    client.transfers.cancel()
    await ended
    assert client.ends == [f"{path} was not sent: you have stopped it."]


@on_reactor
async def test_what_waits_when_the_client_leaves_is_named(client: Client, path: Path) -> None:
    client.transfers.send("one", "#dev", client.on_end)
    client.transfers.send("two", "#dev", client.on_end)
    client.transfers.stop()
    assert client.ends == [
        "one was not sent: this client leaves.",
        "two was not sent: this client leaves.",
    ]


def names(folder: Path) -> list[str]:
    """What is in the folder."""
    return [each.name for each in folder.iterdir()]


async def _turn() -> None:
    from twisted.internet import reactor
    from twisted.internet.task import deferLater

    await deferLater(reactor, 0)


# --- saving -------------------------------------------------------------------------------------


@on_reactor
async def test_a_file_is_saved_whole_and_it_is_said_where(
    page: Page, client: Client, tmp_path: Path
) -> None:
    assert await save(client, tmp_path) == f"Saved: {tmp_path}/sheet.pdf (0.3 MB)"
    assert (tmp_path / "sheet.pdf").read_bytes() == page.content
    assert page.authorizations == [None], "whoever has the link needs no token"


@on_reactor
async def test_after_lost_connections_it_goes_on_where_it_was(
    page: Page, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "RETRY_SECONDS", 0)
    page.breaks = [10_000, 5_000, 0, 0, 0]
    await save(client, tmp_path)
    assert (tmp_path / "sheet.pdf").read_bytes() == page.content
    assert page.ranges[:3] == ["", "bytes=10000-", "bytes=15000-"]


@on_reactor
async def test_a_server_that_brings_nothing_any_more_is_given_up(
    page: Page, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "RETRY_SECONDS", 0)
    page.breaks = [100] + [0] * 100
    assert await save(client, tmp_path) == "sheet.pdf was not saved: the connection was lost."
    assert len(page.ranges) == limits.FILE_REQUESTS
    assert names(tmp_path) == []


@on_reactor
async def test_no_more_is_taken_than_was_announced(
    page: Page, client: Client, tmp_path: Path
) -> None:
    page.content += b"!"
    assert await save(client, tmp_path) == (
        "sheet.pdf was not saved: the server sent more than it had announced."
    )
    assert names(tmp_path) == []


@on_reactor
async def test_a_file_that_is_gone_is_said_in_the_servers_words(
    page: Page, client: Client, tmp_path: Path
) -> None:
    page.refusal = (410, "This file is gone.")
    assert await save(client, tmp_path) == "sheet.pdf was not saved: This file is gone."
    assert names(tmp_path) == []


@on_reactor
async def test_another_node_may_have_it(page: Page, client: Client, tmp_path: Path) -> None:
    gym = Page()
    page.moved_to = f"http://127.0.0.1:{gym.port}"
    try:
        assert "none of its nodes" in await save(client, tmp_path)
        gym_client = Client(page, origins=frozenset({page.moved_to}))
        await save(gym_client, tmp_path)
    finally:
        await gym.stop()
    assert (tmp_path / "sheet.pdf").read_bytes() == gym.content


@on_reactor
async def test_two_nodes_that_name_each_other_are_given_up(
    page: Page, client: Client, tmp_path: Path
) -> None:
    page.moved_to = page.url.removesuffix("/files/")
    assert await save(client, tmp_path) == (
        "sheet.pdf was not saved: the page answered with status 307."
    )


@on_reactor
async def test_what_is_no_page_is_said(page: Page, tmp_path: Path) -> None:
    from twisted.internet import reactor
    from twisted.internet.protocol import Factory

    class Nonsense(Protocol):
        transport: Any

        def connectionMade(self) -> None:
            self.transport.write(b"nonsense\r\n\r\n")
            self.transport.loseConnection()

    listening: Any = reactor
    port = listening.listenTCP(0, Factory.forProtocol(Nonsense), interface="127.0.0.1")
    client = Client(page, url=f"http://127.0.0.1:{port.getHost().port}/files/")
    file = tmp_path / "sheet.pdf"
    file.write_bytes(b"x")
    assert await send(client, file) == (
        f"{file} was not sent: what answered there is no page of chatd."
    )
    await port.stopListening()
