"""Files over TLS: with the server's key, whoever has signed its certificate, and with no other."""

from datetime import UTC, datetime
from pathlib import Path

from twisted.internet import reactor

from chatd.tls.certificate import self_signed
from chatd.tls.contexts import ServerContext, server_factory
from chatd.tls.server_key import make_key
from tests.client.files.page import Client, Page
from tests.fakes import on_reactor


def context() -> ServerContext:
    now = datetime.now(UTC).replace(microsecond=0)
    return ServerContext(self_signed(make_key(), "party", [], ["127.0.0.1"], now))


async def sent(client: Client, path: Path) -> str:
    ended = client.ended()
    client.transfers.send(str(path), "#dev", client.on_end)
    await ended
    return client.ends[-1]


def page_with(server: ServerContext) -> Page:
    return Page(lambda factory: server_factory(server, factory, reactor))


@on_reactor
async def test_the_servers_own_key_is_enough(tmp_path: Path) -> None:
    path = tmp_path / "sheet.pdf"
    path.write_bytes(b"x" * 300_000)
    server = context()
    page = page_with(server)
    url = page.url.replace("http:", "https:")
    try:
        assert await sent(Client(page, url=url, fingerprint=server.fingerprint), path) == ""
    finally:
        await page.stop()
    assert page.uploads[0][2] == path.read_bytes()


@on_reactor
async def test_whoever_has_another_key_gets_neither_the_token_nor_a_byte(tmp_path: Path) -> None:
    path = tmp_path / "sheet.pdf"
    path.write_bytes(b"x")
    page = page_with(context())
    url = page.url.replace("http:", "https:")
    try:
        problem = await sent(Client(page, url=url, fingerprint=context().fingerprint), path)
    finally:
        await page.stop()
    assert problem == f"{path} was not sent: the page does not have the server's key."
    assert page.uploads == []
