"""The option ``--cluster``: which etcd keeps the log that the nodes of a cluster share."""

import os
from typing import Any

from twisted.python import usage

from chatd.etcd.address import EtcdAddress, parse_address
from chatd.etcd.connecting import check_tls, connector
from chatd.log.shared_engine import SharedEngine


def cluster_parameter(description: str) -> list[Any]:
    """The row of ``optParameters`` for ``--cluster``, whose default is None.

    A value that is refused is not repeated, as other options do: it may have a password.
    """
    return ["cluster", None, None, description, _coerce]


def open_engine(address: EtcdAddress, server_id: str, reactor: Any) -> SharedEngine:
    """The log of the cluster with that id."""
    # A server that is no node needs none of it.
    from chatd.etcd.client import EtcdClient
    from chatd.etcd.engine import EtcdEngine

    return EtcdEngine(reactor, EtcdClient(reactor, address, connector(reactor, address)), server_id)


def _coerce(value: str) -> EtcdAddress:
    try:
        address = parse_address(value, os.environ)
        check_tls(address)
    except ValueError as error:
        raise usage.UsageError(f"--cluster: {error}") from None
    return address
