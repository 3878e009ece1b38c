"""Who is gone leaves nothing behind that waits for the garbage collector, which comes seldom."""

import gc
import weakref
from collections.abc import Callable, Iterator

import pytest

from tests.server.hall import Guest, Hall
from tests.server.sides import basic, jim, plain


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


def _native(hall: Hall) -> Guest:
    return hall.enter("ice")


def _basic(hall: Hall) -> Guest:
    guest = basic(hall)
    guest.send("set-name", "ice")
    return guest


def _plain(hall: Hall) -> Guest:
    guest = plain(hall)
    guest.type("ice")
    return guest


def _jim(hall: Hall) -> Guest:
    guest = jim(hall)
    guest.present("ice")
    return guest


def _hang_up(hall: Hall, guest: Guest) -> None:
    pass


def _stop_reading(hall: Hall, guest: Guest) -> None:
    hall.enter("moon").say("hello")
    guest.stop_reading()
    guest.send_bytes(b"something\n")


def _be_refused(hall: Hall, guest: Guest) -> None:
    guest.send_bytes(b"{}\n\xff\n")


def _be_silent(hall: Hall, guest: Guest) -> None:
    hall.pass_time(2_000)


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("leave", [_hang_up, _stop_reading, _be_refused, _be_silent])
@pytest.mark.parametrize("enter", [_native, _basic, _plain, _jim])
def test_nothing_of_a_connection_is_left(
    enter: Callable[[Hall], Guest], leave: Callable[[Hall, Guest], None]
) -> None:
    with Hall() as hall:
        guest = enter(hall)
        leave(hall, guest)
        guest.hang_up()
        connection = weakref.ref(guest.connection)
        participant = weakref.ref(guest.connection.session)
        hall.guests.remove(guest)
        del guest
        assert connection() is None
        assert participant() is None
