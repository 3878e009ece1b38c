"""Whether a node has read all that is in the log by now: ``python -m tests.cluster.caught_up IP``.

A node that was cut off lags behind the others until it has read what they have said meanwhile. It
says nothing of that at once. But it answers a connection only after it has read back that this one
has come, and so after everything that was in the log before; a node that is cut off refuses it. The
exit status is 1 if the node has refused, or cannot be reached.
"""

import sys
from contextlib import closing
from socket import create_connection

from chatd.discovery.subnets import DEFAULT_PORT
from tests.e2e.native_peer import Peer
from tests.timeouts import TIMEOUT_SECONDS


def ask(host: str, port: int = DEFAULT_PORT) -> str:
    """Connect to the node, and wait for its answer: why it has not caught up, or nothing."""
    try:
        with closing(Peer(create_connection((host, port), TIMEOUT_SECONDS))) as peer:
            peer.send("hello", {"nickname": "", "version": 1})  # nobody shall enter
            refused = peer.receive("error")["data"]
    except (OSError, AssertionError) as error:
        return f"no answer: {error}"
    return "" if refused["code"] == "bad-nickname" else f"refused: {refused}"


if __name__ == "__main__":
    sys.exit(ask(sys.argv[1]) or None)
