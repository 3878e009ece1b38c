"""``chatd client`` with a fault in it: ``python -m tests.e2e.faulty_client FAULT client …``.

``log`` writes to the log at each message "boom"; ``draw`` cannot draw the status line any more when
a member called "boom" is there.
"""

import sys

from twisted.logger import Logger

from chatd.chat.events import Message
from chatd.cli import main
from chatd.client.terminal.roster import Roster
from chatd.client.terminal.status_bar import StatusBar


def log_at_boom() -> None:
    update = Roster.update

    def logging(self: Roster, event: object) -> None:
        if isinstance(event, Message) and event.text == "boom":
            Logger().warn("a line for the log")
        update(self, event)

    Roster.update = logging  # type: ignore[method-assign]  # this is the fault


def break_at_boom() -> None:
    status = StatusBar.status

    def breaking(self: StatusBar, columns: int) -> str:
        if "boom" in self.completions("bo")[1]:
            raise ZeroDivisionError("division by zero")
        return status(self, columns)

    StatusBar.status = breaking  # type: ignore[method-assign]  # this is the fault


if __name__ == "__main__":
    {"log": log_at_boom, "draw": break_at_boom}[sys.argv.pop(1)]()
    main(sys.argv[1:])
