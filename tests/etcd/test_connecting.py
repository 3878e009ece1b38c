"""Connecting to a server of etcd that does not answer."""

import pytest
from twisted.internet.defer import CancelledError
from twisted.internet.protocol import Factory
from twisted.internet.testing import MemoryReactorClock

from chatd.etcd.address import EtcdAddress, Server
from chatd.etcd.connecting import connector

HOST = Server("10.0.0.1")


@pytest.fixture
def reactor() -> MemoryReactorClock:
    return MemoryReactorClock()


def test_to_give_up_connecting_is_to_be_cancelled_like_anything_else(
    reactor: MemoryReactorClock,
) -> None:
    failures: list[object] = []
    connecting = connector(reactor, EtcdAddress((HOST,)))(HOST, Factory())
    connecting.addErrback(lambda failure: failures.append(failure.type))
    connecting.cancel()
    assert failures == [CancelledError]
