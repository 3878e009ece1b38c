"""The files that are being sent and saved: one at a time, in the order that the user asked for."""

from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from twisted.internet.defer import CancelledError, Deferred, ensureDeferred
from twisted.internet.interfaces import IDelayedCall
from twisted.python.failure import Failure

from chatd.chat import limits
from chatd.chat.events import File
from chatd.client.files.file_server import FileServer
from chatd.client.files.local_files import SavedFile, SourceFile
from chatd.client.files.problem import FileProblem, LinkLost, Unconfirmed
from chatd.client.files.silence import SilenceTimeout
from chatd.wire.rendering import escape, format_size

#: Called at the end: with what was done, and with what went wrong; each a sentence, or empty.
OnEnd = Callable[[str, str], None]


class TransferUI(Protocol):
    """The user interface, as far as transfers need it."""

    def show_transfer(self, description: str) -> None:
        """Show how far a file is; nothing more if `description` is empty."""


@dataclass(frozen=True, slots=True)
class _Transfer:
    """A file that waits, or is being sent or saved.

    :ivar name: of the file, as the user knows it.
    :ivar doing: ``sending``, for example.
    :ivar done: ``sent``.
    :ivar run: returns a sentence for the user, perhaps an empty one.
    """

    name: str
    doing: str
    done: str
    run: Callable[[], Coroutine[Deferred[Any], Any, str]]
    on_end: OnEnd

    def describe_problem(self, reason: str, *, is_unconfirmed: bool = False) -> str:
        """The sentence that says that it was not done, and why."""
        verb = "may not have been" if is_unconfirmed else "was not"
        return f"{escape(self.name)} {verb} {self.done}: {escape(reason).rstrip('.')}."


class Transfers:
    """Carries them out.

    :param server: returns where the files are; None while the client is not connected.
    """

    def __init__(
        self, reactor: Any, ui: TransferUI, server: Callable[[], FileServer | None]
    ) -> None:
        self._reactor = reactor
        self._ui = ui
        self._server = server
        self._waiting: deque[_Transfer] = deque()
        self._next: IDelayedCall | None = None
        self._current: _Transfer | None = None
        self._running: Deferred[str] | None = None
        self._stop_reason = ""
        self._shown = ""

    @property
    def is_active(self) -> bool:
        """Whether a file is being sent or saved, or waits for that."""
        return self._current is not None or bool(self._waiting)

    def send(self, path: str, target: str, on_end: OnEnd) -> None:
        """Send the file at `path` to a room, ``#dev``, or a private talk, ``@ice,moon``."""

        async def run() -> str:
            from chatd.client.files.upload import upload

            server = self._server()
            if server is None:
                raise LinkLost("there is no connection to the server")
            silence = SilenceTimeout(self._reactor)

            def on_progress() -> None:
                silence.restart()
                self._show_progress(file.sent, file.size)

            file = SourceFile(path, on_progress)
            await upload(self._reactor, server, file, target, silence)
            return ""  # the message that comes now says it

        self._add(_Transfer(path, "sending", "sent", run, on_end))

    def save(self, file: File, path: str, on_end: OnEnd) -> None:
        """Save `file` at `path`, or in that folder; in the present one if it is empty."""

        async def run() -> str:
            from chatd.client.files.download import Download

            saved = SavedFile(path, file.name)
            where = await Download(
                *(self._reactor, self._server, file, saved),
                lambda: self._show_progress(saved.size, file.bytes),
            ).save()
            return f"Saved: {escape(str(where))} ({format_size(file.bytes)})"

        self._add(_Transfer(file.name, "saving", "saved", run, on_end))

    def cancel(self) -> None:
        """End what is being sent or saved; what waits comes next."""
        self._stop("you have stopped it")

    def stop(self) -> None:
        """End everything: the client leaves."""
        if self._next is not None and self._next.active():
            self._next.cancel()
        waiting = list(self._waiting)
        self._waiting.clear()
        self._stop("this client leaves")
        for each in waiting:
            each.on_end("", each.describe_problem("this client leaves"))

    def _add(self, transfer: _Transfer) -> None:
        if len(self._waiting) >= limits.WAITING_FILES:
            transfer.on_end("", transfer.describe_problem("too many files wait already"))
            return
        self._waiting.append(transfer)
        if self._current is None and len(self._waiting) == 1:
            self._next = self._reactor.callLater(0, self._start_next)

    def _start_next(self) -> None:
        self._current = self._waiting.popleft()
        self._stop_reason = ""
        self._show_progress(0, 1)
        self._running = ensureDeferred(self._current.run())
        self._running.addCallbacks(lambda done: self._ended(done, ""), self._failed)

    def _failed(self, failure: Failure) -> None:
        failure.trap(FileProblem, CancelledError)
        if self._current is not None:
            problem = self._current.describe_problem(
                self._stop_reason or str(failure.value),
                is_unconfirmed=failure.check(Unconfirmed) is not None,
            )
            self._ended("", problem)

    def _ended(self, done: str, problem: str) -> None:
        transfer, self._current, self._running = self._current, None, None
        self._show("")
        if self._waiting:
            self._next = self._reactor.callLater(0, self._start_next)
        if transfer is not None:
            transfer.on_end(done, problem)

    def _stop(self, reason: str) -> None:
        if self._running is not None:
            self._stop_reason = reason
            self._running.cancel()

    def _show_progress(self, count: int, size: int) -> None:
        if self._current is not None:
            name = escape(Path(self._current.name).name)
            self._show(f"{self._current.doing} {name} {100 * count // max(size, 1)} %")

    def _show(self, description: str) -> None:
        if description != self._shown:
            self._shown = description
            self._ui.show_transfer(description)
