"""The packages that others install chatd from, without any other network (``--dist``).

Only wheels and source archives directly in the folder are served, each under its own name, which is
checked before it becomes a path: no request leads out of the folder, and no symbolic link is
followed. The index is a page of links, which pip reads with ``--find-links``.
"""

import os
import re
import stat
from html import escape
from itertools import islice
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote

from chatd.chat import limits
from chatd.files.store import InThread
from chatd.web.messages import FileBody, HTTPError, Request, Response, query_parameters

#: The path of the index, and what the paths of packages begin with.
PREFIX: Final = "/dist/"

#: The names of packages (PEP 427, PEP 625): no separator, and no dot in front.
_PACKAGE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+!-]{0,250}\.(?:whl|tar\.gz)", re.ASCII)

_INDEX: Final = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Packages</title></head>
<body>
<h1>Packages</h1>
<ul>
{links}
</ul>
</body>
</html>
"""

#: Without it Windows, which has no such flag, would follow a link.
_NO_FOLLOW: Final = getattr(os, "O_NOFOLLOW", 0)
#: A named pipe must not make the server wait.
_FLAGS: Final = os.O_RDONLY | _NO_FOLLOW | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def list_packages(folder: Path) -> list[str]:
    """The names of the packages in `folder`, in order, bounded.

    :raises OSError: if the folder cannot be read.
    """
    with os.scandir(folder) as entries:
        names = (
            entry.name
            for entry in entries
            if _PACKAGE.fullmatch(entry.name) and entry.is_file(follow_symlinks=False)
        )
        return sorted(islice(names, limits.DIST_FILES))


def respond(request: Request, folder: Path, in_thread: InThread) -> Response:
    """The index, or the package at the path of `request`, which begins with :data:`PREFIX`.

    :param in_thread: opens it on another thread.
    :raises HTTPError: if there is no such package.
    """
    query_parameters(request.query, ())
    name = unquote(f"{request.path}/".removeprefix(PREFIX).removesuffix("/"))
    try:
        if not name:
            return _index(folder)
        if _PACKAGE.fullmatch(name):
            return _package(folder / name, in_thread)
    except OSError:
        pass
    raise HTTPError("not-found", "There is no such package.")


def _index(folder: Path) -> Response:
    links = "\n".join(
        f'<li><a href="{PREFIX}{quote(name)}">{escape(name)}</a></li>'
        for name in list_packages(folder)
    )
    headers = (("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "no-cache"))
    return Response(200, headers, _INDEX.format(links=links).encode())


def _package(path: Path, in_thread: InThread) -> Response:
    file = path.lstat()
    if not stat.S_ISREG(file.st_mode):
        raise FileNotFoundError
    headers = (
        ("Content-Type", "application/octet-stream"),
        ("Content-Disposition", "attachment"),
        ("Cache-Control", "no-cache"),
        ("ETag", f'"{file.st_ino:x}-{file.st_mtime_ns:x}-{file.st_size:x}"'),
    )
    body = FileBody(lambda: in_thread(lambda: _open(path)), file.st_size, file.st_size)
    return Response(200, headers, b"", body)


def _open(path: Path) -> int:
    return os.open(path, _FLAGS)
