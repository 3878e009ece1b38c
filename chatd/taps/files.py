"""The folder for the files that members send (``--files``), and the URL of their links."""

import secrets
import sqlite3
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

from twisted.application.service import Service
from twisted.internet.task import LoopingCall
from twisted.python import usage
from typing_extensions import override

from chatd.chat import limits
from chatd.file_lock import FileLock, Locked
from chatd.files.directory import LOCK, Directory
from chatd.files.store import FileStore
from chatd.log.engine import Store
from chatd.server.chat import Chat
from chatd.server.service import ChatServer
from chatd.taps import web_address
from chatd.taps.options import parameter
from chatd.threads import WorkerThreads

#: The value of ``--files`` with which no files are taken.
OFF: Final = "off"

#: The ports of the page.
_PAGE_PORTS: Final = ("web", "web-tls")

#: The id of a file has 128 bits.
_ID_BYTES: Final = 16

PARAMETER: Final = parameter(
    "files",
    None,
    f"the folder for files that members send, which have up to {limits.FILE_BYTES // 10**6} MB "
    f"each and {limits.FILES_BYTES // 10**6} MB together (the oldest go first; "
    f"{limits.MEMBER_FILES_BYTES // 10**6} MB of one member, "
    f"{limits.ADDRESS_FILES_BYTES // 10**6} MB of one address); or off. [default: beside the "
    "chat's file; a temporary one where nothing is kept; none without the page]",
    str,
)


class FolderUnusable(Exception):
    """The folder that was named cannot be used. Its text is one line for the user."""


def check_page(options: Mapping[str, Any], ports: Mapping[str, object]) -> None:
    """Check that a server whose files were named has a page among its extra `ports`.

    :raises UsageError: if not, or if they were named with nothing.
    """
    if options["files"] == "":  # it would be the present folder; a variable was not set, perhaps
        raise usage.UsageError("--files: names no folder")
    if options["files"] not in (None, OFF) and not any(each in ports for each in _PAGE_PORTS):
        raise usage.UsageError("--files: needs the page, which serves them; give --web as well")


def check_named_folder(options: Mapping[str, Any]) -> None:
    """Check that the folder that was named can be used, before the server can be found.

    :raises FolderUnusable: if it cannot be.
    """
    if options["files"] in (None, OFF):
        return
    folder = Path(options["files"])
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        FileLock(folder / LOCK).release()
    except Locked:
        raise FolderUnusable(
            f"--files: Another server has its files in {folder}; name another folder."
        ) from None
    except (OSError, sqlite3.Error) as error:
        reason = getattr(error, "strerror", None) or error
        raise FolderUnusable(f"--files: {folder} cannot be used: {reason}") from None


def take_files(server: ChatServer, options: Any, store: Store | None, reactor: Any) -> None:
    """Have `server` take files, if it has a page and `options` do not say otherwise.

    :param store: where the chat is kept; None if it is not.
    """
    chat = server.chat
    threads = WorkerThreads(reactor, "chatd files", limits.FILE_THREADS)
    chat.in_thread = threads.call
    if options["files"] == OFF or not any(each in options.extra_ports for each in _PAGE_PORTS):
        return
    path, may_be_temporary = None, False
    if options["files"] is not None:
        path = Path(options["files"])
    elif store is not None:
        path, may_be_temporary = Path(store.name).with_suffix(".files"), options["store"] is None
    chat.files = FileStore(
        Directory(path, may_be_temporary=may_be_temporary),
        threads.call,
        chat.now,
        lambda: secrets.token_urlsafe(_ID_BYTES),
        options["keep"].seconds,
    )
    chat.fanout.on_message_removed = chat.files.remove
    chat.files_url = lambda address, is_encrypted: files_url(
        server, options, address, is_encrypted=is_encrypted
    )
    FilesService(chat.files, chat, threads).setServiceParent(server)


def files_url(server: ChatServer, options: Any, address: str, *, is_encrypted: bool) -> str:
    """The URL under which files are, for a client that has reached the server at `address`.

    It is encrypted, if possible, for a client that speaks TLS; else not, if possible. Empty if the
    page is at no address that the client can reach.
    """
    urls = [
        f"{scheme_}://{_bracketed(address)}:{port}/"
        for name, scheme_ in (("web", web_address.scheme(options["web"])), ("web-tls", "https"))
        for host, port in server.addresses(name)
        if address and (host == address or ip_address(host).is_unspecified)
    ]
    urls.sort(key=lambda url: url.startswith("https:") != is_encrypted)
    if not urls and options.web_proxies:
        # Only the proxy knows its port and scheme, and nearly all have the default one of HTTPS.
        urls = [f"https://{name.removesuffix(':')}/" for name in sorted(options.web_names)]
    if not urls and address and ip_address(address).is_loopback:
        urls = web_address.pages(server, options)
    return f"{urls[0]}files/" if urls else ""


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


class FilesService(Service):
    """Opens a file store at the start of a server, removes what is too old, closes it at the end.

    :param threads: what the store uses the disk on.
    """

    def __init__(self, files: FileStore, chat: Chat, threads: WorkerThreads) -> None:
        self._files = files
        self._threads = threads
        self._expiry = LoopingCall(files.expire)
        self._expiry.clock = chat.clock

    @override
    def startService(self) -> None:
        super().startService()
        self._files.open().addErrback(lambda failure: None)  # the log says so
        self._expiry.start(limits.RETENTION_SECONDS, now=False)

    @override
    def stopService(self) -> Any:
        super().stopService()
        if self._expiry.running:
            self._expiry.stop()
        return self._files.close().addCallback(lambda _: self._threads.stop())
