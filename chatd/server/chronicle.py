"""What happened in the chat, for the log: entering, leaving, renaming, each room message in order.

Private text never comes through here.
"""

from typing import Final

from twisted.logger import Logger

from chatd.chat import events
from chatd.chat.events import Event
from chatd.chat.outbox import MemberId, Outbox

_FORMATS: Final[dict[type, str]] = {
    events.Entered: "{event.nickname} has entered the chat",
    events.Left: "{event.nickname} has left the chat ({event.reason})",
    events.Renamed: "{event.old} is now {event.new}",
    events.Said: "{event.room} {event.source}: {event.text!r}",
}


class Chronicle:
    """An outbox that logs what is told to many, and hands everything on to `outbox`."""

    log = Logger()

    def __init__(self, outbox: Outbox) -> None:
        self.enter = outbox.enter
        self.leave = outbox.leave
        self.join = outbox.join
        self._outbox = outbox

    def to_all(self, event: Event, origin: MemberId) -> None:
        """Log it, and tell everyone."""
        self.log.info(_FORMATS[type(event)], event=event)
        self._outbox.to_all(event, origin)

    def to_room(self, room: str, event: Event, origin: MemberId) -> None:
        """Log it, and tell everyone who hears `room`."""
        self.log.info(_FORMATS[type(event)], event=event)
        self._outbox.to_room(room, event, origin)
