"""The files of this computer: the one that is sent, and the one that is saved."""

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

from chatd.chat import limits
from chatd.client.files.problem import FileProblem, os_problem
from chatd.files.names import clean_name
from chatd.wire.rendering import format_size

#: The most names that are tried for one file: ``sheet.pdf``, ``sheet (2).pdf`` …
_MAX_COPIES: Final = 1_000

_PART: Final = ".part"


def typed_path(typed: str) -> Path:
    """The path that the user has typed, with the home directory in place of a tilde.

    As in a shell, a tilde that is nobody's home directory stays: ``~$letter.docx`` is a name.
    """
    with suppress(RuntimeError):
        return Path(typed).expanduser()
    return Path(typed)


class SourceFile:
    """A file that is sent: as many bytes of it as it had at the beginning.

    It has those methods of a file that Twisted's ``FileBodyProducer`` calls.

    :param on_progress: called whenever more of it was read.
    :ivar name: without its folder.
    :ivar size: in bytes.
    :ivar sent: how many bytes were read.
    """

    def __init__(self, typed: str, on_progress: Callable[[], None]) -> None:
        """Open it.

        :param typed: its path as the user has typed it.
        :raises FileProblem: if it cannot be sent.
        """
        path = typed_path(typed)
        self.name = path.name
        self.sent = 0
        self._on_progress = on_progress
        try:
            # Non-blocking: opening a pipe would wait for a writer.
            handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            raise FileProblem("there is no such file") from None
        except OSError as error:
            raise os_problem(path, "read", error) from None
        except ValueError:  # it has a NUL
            raise FileProblem("there is no such file") from None
        status = os.fstat(handle)
        self.size = status.st_size
        if problem := _describe_unfit(status):
            os.close(handle)
            raise FileProblem(problem)
        self._file: BinaryIO = os.fdopen(handle, "rb")

    def read(self, size: int) -> bytes:
        """The next bytes; none beyond those that it had at the beginning."""
        data = self._file.read(min(size, self.size - self.sent))
        self.sent += len(data)
        self._on_progress()
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """As that of a file."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """As that of a file."""
        return self._file.tell()

    def close(self) -> None:
        """Close it."""
        self._file.close()


def _describe_unfit(status: os.stat_result) -> str:
    if stat.S_ISDIR(status.st_mode):
        return "it is a folder, and only files can be sent"
    if not stat.S_ISREG(status.st_mode):
        return "it is not an ordinary file"
    if not status.st_size:
        return "it is empty"
    if status.st_size > limits.FILE_BYTES:
        most = format_size(limits.FILE_BYTES)
        return f"it has {format_size(status.st_size)}, and a file may have at most {most}"
    return ""


class SavedFile:
    """A file that is being saved, under another name until it is complete.

    :param wanted: the path, or the folder, that the user has given; empty for the present folder.
    :param name: the file's name as the server has told it.
    :ivar size: how many bytes it has so far.
    """

    def __init__(self, wanted: str, name: str) -> None:
        """Begin it.

        :raises FileProblem: if nothing can be written there.
        """
        path = typed_path(wanted)
        is_folder = not wanted or wanted.endswith("/") or path.is_dir()
        self._path = path / clean_name(name) if is_folder else path
        self.size = 0
        try:
            self._part, self._file = _create(self._path.with_name(f"{self._path.name}{_PART}"))
        except OSError as error:
            raise os_problem(self._path, "written", error) from None
        except ValueError:  # it has a NUL
            raise FileProblem("no file can have that path") from None

    def restart(self) -> None:
        """Begin again."""
        self._file.seek(0)
        self._file.truncate()
        self.size = 0

    def write(self, data: bytes) -> None:
        """Add `data`.

        :raises FileProblem: if the disk is full, for example.
        """
        try:
            self._file.write(data)
        except OSError as error:
            raise os_problem(self._path, "written", error) from None
        self.size += len(data)

    def finish(self) -> Path:
        """Give it its name, with a number if there is such a file already; return its path.

        :raises FileProblem: if that cannot be done.
        """
        try:
            self._file.close()
            # The free name is taken before it is given, so that nothing is ever overwritten.
            path, placeholder = _create(self._path)
            placeholder.close()
            self._part.replace(path)
        except OSError as error:
            self.discard()
            raise os_problem(self._path, "written", error) from None
        return path.absolute()

    def discard(self) -> None:
        """Remove what there is of it under the other name, and close it."""
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            self._part.unlink()


def _create(path: Path) -> tuple[Path, BinaryIO]:
    """Make a file that was not there: `path`, or else that with a number.

    :raises OSError: if it cannot be made.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    for each in _numbered(path):
        with suppress(FileExistsError):
            return each, os.fdopen(os.open(each, flags, 0o666), "wb")
    raise OSError(0, "there are too many files of that name")


def _numbered(path: Path) -> Iterator[Path]:
    yield path
    for number in range(2, _MAX_COPIES):
        yield path.with_name(f"{path.stem} ({number}){path.suffix}")
