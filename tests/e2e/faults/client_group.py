"""Clients in one process: ``client_group COUNT OPTIONS…``, with the options of ``chatd client``.

A client's nickname is ``--nickname`` and its number. Each event is a line of output: the client's
number, the time of the monotonic clock, which all processes of a machine share, and the event.
"""

import sys
from time import monotonic
from typing import Any

from twisted.internet import reactor as global_reactor

from chatd.client.status import Online, Status, Waiting
from chatd.taps.client import Options, make_client
from tests.fakes import FakeUI

reactor: Any = global_reactor


class EventPrinter(FakeUI):
    """The user interface of a client: it prints events."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self._number = number

    def set_status(self, status: Status) -> None:
        if isinstance(status, Online):
            self.note("in")
        elif isinstance(status, Waiting):
            self.note("out")

    def notify(self, message: str) -> None:
        self.note(message)

    def show_event(self, event: object) -> None:
        pass

    def gone(self, status: int) -> int:
        self.note(f"gone {status}")
        return status

    def note(self, what: str) -> None:
        sys.stdout.write(f"{self._number} {monotonic():.3f} {what}\n")
        sys.stdout.flush()


def main(count: str, *words: str) -> None:
    options = Options()
    options.parseOptions(words)
    for number in range(int(count)):
        guest = EventPrinter(number)
        client = make_client(options, f"{options.nickname}{number}", guest, reactor)
        client.when_ended.addCallback(guest.gone)
        client.startService()
    reactor.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
