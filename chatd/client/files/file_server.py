"""The URLs of a server's files, and the checks that nothing is sent to another server."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from chatd.chat.events import File
from chatd.client.files.problem import FileProblem
from chatd.wire.rendering import escape, file_link


@dataclass(frozen=True, slots=True)
class FileServer:
    """The server that the client is connected to, as far as files are concerned.

    A server, and whoever claims to be one, can name any URL. So the session's token goes to the
    address of the chat alone, and where that is over TLS, over TLS with the same key.

    :ivar url: under which the files are.
    :ivar host: the address that the client is connected to.
    :ivar fingerprint: of the server's key; empty without TLS.
    :ivar token: of the session; a secret.
    :ivar origins: of the pages of the other nodes of a cluster, which may have a file.
    """

    url: str
    host: str
    fingerprint: str
    token: str = field(repr=False)
    origins: frozenset[str] = frozenset()

    def upload_url(self, name: str, target: str) -> str:
        """The URL to send a file to.

        :param target: a room, ``#dev``, or a private talk, ``@ice,moon``.
        :raises FileProblem: if nothing may be sent there.
        """
        self._check_own()
        if urlsplit(self.url).hostname != self.host:
            raise FileProblem(
                f"the server's address for files, {escape(self.url)}, is not the one that you are "
                "connected to"
            )
        key, value = ("to", target[1:]) if target.startswith("@") else ("room", target)
        return f"{self.url}{quote(name, safe='')}?{key}={quote(value, safe=',')}"

    def file_url(self, file: File) -> str:
        """The URL of a file.

        :raises FileProblem: if it must not be read there.
        """
        self._check_own()
        return file_link(file, self.url)

    def moved_url(self, location: str) -> str:
        """The URL that the server has named in place of :meth:`file_url`: that of another node.

        :raises FileProblem: if it must not be read there.
        """
        self._check(location)
        if _origin(location) not in self.origins | {_origin(self.url)}:
            raise FileProblem(
                f"the server names another place for it, {escape(location)}, which is none "
                "of its nodes"
            )
        return location

    def _check_own(self) -> None:
        if not self.url:
            raise FileProblem("this server takes no files: it has no page")
        self._check(self.url)

    def _check(self, url: str) -> None:
        """Check that a URL is of the page of a server, and as well encrypted as the chat.

        :raises FileProblem: if not.
        """
        try:
            parts = urlsplit(url)
            is_complete = bool(parts.hostname) and parts.port != 0
        except ValueError:
            is_complete = False
        if not (url.isascii() and url.isprintable() and " " not in url and is_complete):
            raise FileProblem(f"the server's address for files is not valid: {escape(url)}")
        if self.fingerprint and parts.scheme == "http":
            raise FileProblem(
                "the server's page is not encrypted, but this chat is; its host can add "
                "--web-tls PORT"
            )
        if parts.scheme != ("https" if self.fingerprint else "http"):
            raise FileProblem(
                f"the server's address for files, {escape(url)}, is not that of its page"
            )


def origins_of(urls: Iterable[str]) -> frozenset[str]:
    """The origins of these URLs; those that are not valid are left out."""
    return frozenset(filter(None, map(_origin, urls)))


def _origin(url: str) -> str:
    """The origin of a URL, such as ``http://10.0.0.1:8080``; empty if it is not valid."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    default = 443 if parts.scheme == "https" else 80
    return f"{parts.scheme}://{parts.hostname}:{port or default}" if parts.hostname else ""
