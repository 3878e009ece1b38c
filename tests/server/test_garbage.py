"""A closed connection is freed at once, without the garbage collector."""

import gc
import weakref
from collections.abc import Callable, Iterator

import pytest

from tests.server.harness import Client, Harness, connect_basic, connect_jim, connect_plain


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


def _native(harness: Harness) -> Client:
    return harness.enter("ice")


def _basic(harness: Harness) -> Client:
    client = connect_basic(harness)
    client.send("set-name", "ice")
    return client


def _plain(harness: Harness) -> Client:
    client = connect_plain(harness)
    client.type("ice")
    return client


def _jim(harness: Harness) -> Client:
    client = connect_jim(harness)
    client.present("ice")
    return client


def _hang_up(harness: Harness, client: Client) -> None:
    pass


def _stop_reading(harness: Harness, client: Client) -> None:
    harness.enter("moon").say("hello")
    client.stop_reading()
    client.send_bytes(b"something\n")


def _be_refused(harness: Harness, client: Client) -> None:
    client.send_bytes(b"{}\n\xff\n")


def _be_silent(harness: Harness, client: Client) -> None:
    harness.pass_time(2_000)


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("leave", [_hang_up, _stop_reading, _be_refused, _be_silent])
@pytest.mark.parametrize("enter", [_native, _basic, _plain, _jim])
def test_a_closed_connection_is_freed_without_the_garbage_collector(
    enter: Callable[[Harness], Client], leave: Callable[[Harness, Client], None]
) -> None:
    with Harness() as harness:
        client = enter(harness)
        leave(harness, client)
        client.hang_up()
        connection = weakref.ref(client.connection)
        session = weakref.ref(client.connection.session)
        harness.clients.remove(client)
        del client
        assert connection() is None
        assert session() is None
