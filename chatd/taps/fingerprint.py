"""``chatd fingerprint``: how others can tell that a server is this one."""

import os
from pathlib import Path
from typing import ClassVar

from twisted.python import usage
from typing_extensions import override

from chatd.taps import environment
from chatd.taps.options import OneLineOptions, parameter, server_id
from chatd.taps.program import write_stdout
from chatd.taps.tls import file_path
from chatd.tls import fingerprint
from chatd.tls.certificate import read_fingerprint
from chatd.tls.server_key import KeyUnusable
from chatd.wire.rendering import escape


class Options(OneLineOptions):
    """The options of ``chatd fingerprint``.

    :ivar file: the key or the certificate; None for the key of the server `id` on this host.
    """

    command = "chatd fingerprint"
    synopsis = "[options] [FILE]"
    longdesc = (
        "Print the fingerprint of a server's key, as six words to read aloud, and in full: what "
        "chatd client shows when it meets the server, or warns of another key. FILE is a key or a "
        "certificate, such as that of --tls-cert; left out, it is the key that a server of this "
        "user has made. The exit status is 1 if there is none."
    )
    optParameters: ClassVar = [
        parameter("id", None, "of the server. [default: this host's name]", server_id)
    ]

    @override
    def parseArgs(self, *words: str) -> None:
        if len(words) > 1:
            raise usage.UsageError(f"unexpected argument {words[1]!r}; see --help")
        if words and self["id"] is not None:
            raise usage.UsageError(f"{words[0]!r}: give FILE or --id, not both")
        self.file = Path(words[0]) if words else None


def run(options: Options) -> int:
    """Print the fingerprint, and return the exit status.

    :raises SystemExit: with a sentence, if there is none.
    """
    try:
        path = options.file or file_path(options["id"] or environment.server_id(), os.environ)
        found = read_fingerprint(path)
    except (KeyUnusable, RuntimeError) as error:
        raise SystemExit(f"{options.command}: {escape(str(error))}") from None
    write_stdout(f"{fingerprint.words(found)}\n{found}\n")
    return 0
