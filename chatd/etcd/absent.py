"""The errors of a log that is not in etcd."""

from chatd.log.shared_engine import LogUnusable


def not_made(server_id: str) -> LogUnusable:
    """The log was never made, or it was removed."""
    return LogUnusable(
        f'There is no cluster "{server_id}" in this etcd. Make it once with: chatd cluster init'
    )


def removed(server_id: str) -> LogUnusable:
    """The log was removed while a node was using it."""
    return LogUnusable(
        f'The cluster "{server_id}" was removed from etcd. If it was made again, restart this node.'
    )
