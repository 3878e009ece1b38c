"""Queue every server's writes, as with ``--writes queued``, to run the suite once more so.

With ``CHATD_WRITES=queued`` (``make test-queued``) the tests do so for servers in their own
process, and start all others as ``python -m tests.queued_writes chatd …`` or ``… twistd …``.
"""

import os
import sys

from chatd.server.service import WRITE_MODES

ARE_QUEUED = os.environ.get("CHATD_WRITES") == "queued"


def queue_writes() -> None:
    """Make the default way to write the queued one."""
    WRITE_MODES["eager"] = WRITE_MODES["queued"]


def main() -> None:
    """Run the program that the first argument names, with the others."""
    queue_writes()
    del sys.argv[0]
    if sys.argv[0] == "twistd":
        from twisted.scripts.twistd import run
    else:
        from chatd.cli import main as run
    run()


if __name__ == "__main__":
    main()
