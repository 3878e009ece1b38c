"""The problems with which a file is not sent or saved."""

from chatd.wire.rendering import escape


class FileProblem(Exception):
    """A file cannot be sent or saved; the text says why, in a phrase for the user."""


class LinkLost(FileProblem):
    """The connection to the server was lost, or there is none."""


class Unconfirmed(FileProblem):
    """The whole file went out, and the server has not replied."""


def os_problem(path: object, what: str, error: OSError) -> FileProblem:
    """The problem with a path of this computer; `what` is a participle such as ``read``."""
    return FileProblem(f"{escape(str(path))} cannot be {what} ({error.strerror or error})")
