"""The page for a browser that asked for a host that this server does not know as its own."""

import re
from html import escape
from typing import Final

from chatd.web import messages
from chatd.web.messages import HTTPError, Request, Response
from chatd.wire import rendering

_MEDIA_TYPE: Final = "text/html"

#: A name that can be typed in a shell as it is.
_PLAIN_NAME: Final = re.compile("[a-z0-9.-]+(:[0-9]+)?", re.ASCII)

#: It has no style sheet: the browser would ask the refused host for it.
_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>chatd: unknown address</title>
<meta name="color-scheme" content="light dark">
</head>
<body>
<main>
<h1>This chat does not know the address <bdi>{host}</bdi></h1>
<p>You have reached a chat server by a name that it does not know as its own. It answers only to
its own addresses: otherwise a website from elsewhere could get in under a name that leads here.</p>
{instead}
<p>If the name is right, whoever runs the server can allow it, by starting it with
<code>--web-name {name}</code>.</p>
</main>
</body>
</html>
"""

_INSTEAD: Final = """<p>Type this address instead: <a href="{url}"><code>{url}</code></a></p>"""


def wants_page(request: Request, error: HTTPError) -> bool:
    """Whether a person will read the response to `request`, which is refused with `error`."""
    return (
        error.code == "foreign-host"
        and not request.path.startswith("/api/")
        and any(item.partition(";")[0].lower() == _MEDIA_TYPE for item in request.items("accept"))
    )


def page(request: Request, address: str, error: HTTPError) -> Response:
    """The page that says what has happened, and what to type.

    :param address: ``ADDRESS:PORT`` that the connection reached.
    """
    host = next(iter(request.values("host")), "").lower()
    name = host.removesuffix(f":{address.rpartition(':')[2]}")
    # Behind a proxy that address is the server's own, which the browser perhaps does not reach.
    url = "" if request.is_forwarded else escape(f"{request.scheme}://{address}/")
    body = _PAGE.format(
        host=escape(rendering.escape(host)),
        name=name if _PLAIN_NAME.fullmatch(name) else "NAME",
        instead=_INSTEAD.format(url=url) if url else "",
    )
    headers = (("Content-Type", f"{_MEDIA_TYPE}; charset=utf-8"), ("Cache-Control", "no-store"))
    return Response(messages.STATUS[error.code], headers, body.encode())
