"""The option ``--cluster``: which etcd keeps the log that the nodes of a cluster share."""

import os
from typing import Any

from twisted.python import usage

from chatd.etcd.address import EtcdAddress, parse_address
from chatd.etcd.connecting import check_tls


def cluster_parameter(description: str) -> list[Any]:
    """The row of ``optParameters`` for ``--cluster``, whose default is None.

    A value that is refused is not repeated, as other options do: it may have a password.
    """
    return ["cluster", None, None, description, _coerce]


def _coerce(value: str) -> EtcdAddress:
    try:
        address = parse_address(value, os.environ)
        check_tls(address)
    except ValueError as error:
        raise usage.UsageError(f"--cluster: {error}") from None
    return address
