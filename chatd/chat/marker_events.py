"""What a user is told of its read markers: :mod:`chatd.chat.read_markers`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Marker:
    """Up to which `time` the user has read what was said in a room or with a user; 0 for not."""

    target: str
    time: int
