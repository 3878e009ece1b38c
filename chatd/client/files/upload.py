"""Sends one file to the server's page."""

from typing import Any, Final

from twisted.internet.defer import ensureDeferred
from twisted.internet.task import Cooperator
from twisted.web.client import FileBodyProducer
from twisted.web.iweb import IResponse

from chatd.client.files import http
from chatd.client.files.file_server import FileServer
from chatd.client.files.local_files import SourceFile
from chatd.client.files.problem import FileProblem, LinkLost, Unconfirmed
from chatd.client.files.silence import SilenceTimeout

_CREATED: Final = 201


async def upload(
    reactor: Any, server: FileServer, file: SourceFile, target: str, silence: SilenceTimeout
) -> None:
    """Send `file`, and close it.

    :param target: a room, ``#dev``, or a private talk, ``@ice,moon``.
    :param silence: to be restarted whenever a part of the file is sent.
    :raises FileProblem: if it was not sent.
    """
    try:
        url = server.upload_url(file.name, target)
        await silence.watch(ensureDeferred(_put(reactor, server, file, url)))
    except LinkLost as problem:
        if file.sent < file.size:
            raise
        # As with a line that was not confirmed, the user decides whether to send it again.
        raise Unconfirmed(f"{problem}, and the server had not replied") from None
    finally:
        file.close()


async def _put(reactor: Any, server: FileServer, file: SourceFile, url: str) -> None:
    headers = {
        "Authorization": f"Bearer {server.token}",
        "Content-Type": "application/octet-stream",
    }
    body = FileBodyProducer(file, Cooperator(scheduler=lambda step: reactor.callLater(0, step)))
    body.length = file.size
    response: IResponse = await http.request(reactor, "PUT", url, server.fingerprint, headers, body)
    if response.code != _CREATED:
        raise FileProblem(await http.read_refusal(response))
    await http.read_body(response, lambda piece: None)
