"""A server that people come to, each with a dialect of their own, and every pair of dialects."""

from itertools import product
from typing import Any, Self

import pytest
from twisted.internet.address import IPv4Address

from tests.server.dialect_speakers import ABILITIES, Can
from tests.server.hall import Hall
from tests.server.speakers import Speaker

#: What ice speaks, and what moon does.
Dialects = tuple[type[Speaker], type[Speaker]]


class Meeting:
    """A server, and people who come to it, each with a dialect of their own."""

    def __init__(self, **settings: Any) -> None:
        self.hall = Hall(**settings)
        self.speakers: list[Speaker] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if error is None:
            for speaker in self.speakers:
                if not speaker.is_gone:
                    speaker.hang_up()
            self.hall.close()

    def connect(self, dialect: type[Speaker], port: int = 0) -> Any:
        address = IPv4Address("TCP", "10.35.11.112", port or 50_001 + len(self.speakers))
        self.speakers.append(dialect(self.hall.chat, address))
        return self.speakers[-1]

    def enter(self, dialect: type[Speaker], nickname: str) -> Any:
        speaker = self.connect(dialect)
        speaker.enter(nickname)
        self.settle()
        return speaker

    def settle(self) -> None:
        """Let everyone read, also those who take one object at a time; too short to be inactive."""
        for _ in range(40):
            self.hall.clock.advance(0.05)

    def everyone_forgets(self) -> None:
        self.settle()
        for speaker in self.speakers:
            speaker.forget()


class Pair(Meeting):
    """Ice and moon are in the lobby, and have forgotten how they came."""

    def __init__(self, *dialects: type[Speaker], **settings: Any) -> None:
        super().__init__(**settings)
        self.ice = self.enter(dialects[0], "ice")
        self.moon = self.enter(dialects[1], "moon")
        self.everyone_forgets()


def every_pair(ice: Can | None = None, moon: Can | None = None) -> pytest.MarkDecorator:
    """Run a test with the dialects of every ordered pair in which both have these abilities."""
    return pytest.mark.parametrize(
        "dialects",
        [
            pytest.param((first, second), id=f"{first.__name__[:-7]}-{second.__name__[:-7]}")
            for first, second in product(ABILITIES, repeat=2)
            if ice in (None, *ABILITIES[first]) and moon in (None, *ABILITIES[second])
        ],
    )
