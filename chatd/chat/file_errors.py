"""The refusals about files. They are a part of the tree in ``errors``."""

from chatd.chat import limits
from chatd.chat.errors import Refusal


class FileRefusal(Refusal):
    """A refusal that concerns a file."""


class NoFiles(FileRefusal):
    """The server takes no files."""

    code = "no-files"

    def __init__(self) -> None:
        super().__init__("This server takes no files.")


class EmptyFile(FileRefusal):
    """A file without content."""

    code = "empty-file"

    def __init__(self) -> None:
        super().__init__("The file is empty.")


class FileTooLarge(FileRefusal):
    """A file over the limit."""

    code = "file-too-large"

    def __init__(self) -> None:
        super().__init__(f"A file may have at most {limits.FILE_BYTES // 1_000_000} MB.")


class TooManyUploads(FileRefusal):
    """More files at once than a member, an address or all together may send."""

    code = "too-many-uploads"

    def __init__(self, whose: str) -> None:
        super().__init__(f"{whose} too many files at once; try again in a moment.")


class NoSuchFile(FileRefusal):
    """No file has that id."""

    code = "no-such-file"

    def __init__(self) -> None:
        super().__init__("There is no such file here, or not any more.")


class FileGone(FileRefusal):
    """The file was removed, or has made room for newer ones."""

    code = "file-gone"

    def __init__(self) -> None:
        super().__init__(
            "This file is gone: it was removed, or has made room for newer ones. "
            "Ask whoever sent it to send it again."
        )


class DiskFull(FileRefusal):
    """The server's disk has no room for the file."""

    code = "disk-full"

    def __init__(self) -> None:
        super().__init__(
            "The server's disk is full, so it takes no file at present; the chat goes on."
        )


class FilesFailed(FileRefusal):
    """The folder with the files cannot be written to, or read."""

    code = "files-failed"

    def __init__(self) -> None:
        super().__init__(
            "The server cannot keep or read files at present, and its log says why; the chat "
            "goes on."
        )
