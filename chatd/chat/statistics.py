"""What can be counted in a chat."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Statistics:
    """How many there are, at a time.

    :ivar time: in milliseconds since 1970.
    :ivar members: also those whose connections are lost, and that may resume.
    :ivar max_members: the most that there have been at once since the chat began.
    :ivar hosts: of the members.
    :ivar unregistered: connections that have neither entered nor begun to watch.
    :ivar rooms: with members, without private rooms of others.
    """

    time: int
    members: int
    max_members: int
    hosts: int
    unregistered: int
    rooms: int
