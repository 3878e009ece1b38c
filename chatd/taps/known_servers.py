"""Where the servers that the user has met are remembered."""

from collections.abc import Callable, Mapping

from chatd.state_directory import state_directory
from chatd.tls.known_servers import FILE_NAME, KnownServers


def known_servers(environment: Mapping[str, str], warn: Callable[[str], None]) -> KnownServers:
    """Those in the file of this user; without a home directory, none.

    :param warn: called with a sentence if the file cannot be used.
    """
    try:
        path = state_directory(environment) / FILE_NAME
    except RuntimeError as error:
        warn(f"Servers' keys are remembered only until this program ends: {error}.")
        return KnownServers(None, warn)
    return KnownServers(path, warn)
