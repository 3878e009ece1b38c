"""A file that is written as a whole, or not at all."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO


@contextmanager
def replaced_file(path: Path) -> Iterator[TextIO]:
    """A text file that takes the place of the one at `path` if the block ends without an exception.

    A new file is for this user only (mode 0600); otherwise the mode stays. A pipe, or
    anything else that is no regular file, is written to as it is.

    :raises OSError: if it cannot be written.
    """
    real = Path(os.path.realpath(path))
    if real.exists() and not real.is_file():
        with real.open("w", encoding="utf-8") as device:
            yield device
        return
    descriptor, name = tempfile.mkstemp(prefix=".chatd-", dir=real.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            yield file
            file.flush()
            if real.exists():
                os.fchmod(file.fileno(), real.stat().st_mode & 0o777)
            os.fsync(file.fileno())
        os.replace(name, real)  # noqa: PTH105
    except BaseException:
        os.unlink(name)  # noqa: PTH108
        raise
