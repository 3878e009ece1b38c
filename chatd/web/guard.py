"""Whom a request may be for, and from which page: what keeps other people's pages out.

A browser lets any page send requests to any address. A page whose name is then said to be *here*
(DNS rebinding) may even read the answers; but it can change neither what the browser calls this
server (``Host``), nor where that says the page is from (``Origin``).
"""

import re
from collections.abc import Collection
from typing import Final

from chatd.web.answers import HTTPError
from chatd.web.requests import Request

#: The port that a browser leaves out, by the scheme of the page.
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}

_PORT: Final = re.compile(":[0-9]+$")


def allowed_hosts(address: str, port: int, names: Collection[str]) -> frozenset[str]:
    """What a browser may call a server that it has reached at this address and port."""
    known = frozenset({f"[{address}]" if ":" in address else address, *names})
    with_port = frozenset(f"{host}:{port}" for host in known)
    return with_port | known if port in _DEFAULT_PORTS.values() else with_port


def check_host_and_origin(request: Request, allowed: Collection[str]) -> str:
    """The host that `request` is for, which is one of those `allowed`.

    :raises Rejected: it is for another one, or comes from a page of another one.
    """
    named = [host.lower() for host in request.values("host")]
    if len(named) != 1 or named[0] not in allowed:
        raise HTTPError("foreign-host", "This server is not called that.")
    for origin in request.values("origin"):
        scheme, _, host = origin.lower().partition("://")
        port = "" if _PORT.search(host) else f":{_DEFAULT_PORTS.get(scheme)}"
        if scheme not in _DEFAULT_PORTS or f"{host}{port}" not in allowed:
            raise HTTPError("foreign-origin", "Pages from elsewhere may not use this server.")
    return named[0]
