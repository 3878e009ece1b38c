"""Clients that talk, in one process: ``talkers COUNT FIRST SECONDS OPTIONS…``.

They are chatd's own clients, with the options of ``chatd client``. Their nicknames are t and a
number, from FIRST on. Each receives 0, 1, 2 … of every other one, or reports a fault. Lines of
standard input say what to do:

``talk``
    Each says a numbered line every so many seconds.
``stop``
    They stop, and report how many lines each has said.
a JSON object
    How many lines everybody has said: they report what is not confirmed or not received yet.

At the end of input they leave. Each line of standard output is a JSON object.
"""

import json
import sys
from collections import Counter
from random import Random
from time import monotonic
from typing import Any

from twisted.internet import reactor as global_reactor
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import Protocol
from twisted.internet.stdio import StandardIO
from twisted.internet.task import LoopingCall

from chatd.chat.commands import SendMessage
from chatd.chat.events import Message, Missed
from chatd.client.service import ChatClient
from chatd.client.status import Online, Status, Waiting
from chatd.taps.client import Options, make_client
from tests.fakes import FakeUI

reactor: Any = global_reactor

#: What a client says if a line may be lost.
_UNCERTAIN = "may not have arrived"


def report(**what: object) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


class Talker(FakeUI):
    """A client's user: says lines, and checks those of the others.

    :ivar received: how many lines of each other one have come.
    :ivar longest_absence: seconds between losing a connection and being online again.
    :ivar longest_silence: seconds between two lines of others.
    """

    def __init__(self, nickname: str, options: Options) -> None:
        super().__init__()
        self.nickname = nickname
        self.said = 0
        self.received: Counter[str] = Counter()
        self.counts: Counter[str] = Counter()
        self.longest_absence = self.longest_silence = 0.0
        self._heard_at = 0.0
        self._lost_at = 0.0
        self.last_status: Status | None = None
        self.client: ChatClient = make_client(options, nickname, self, reactor)

    def entered(self, result: None) -> None:
        """It is online for the first time."""
        report(online=self.nickname)

    def say(self) -> None:
        """Say the next line."""
        text = str(self.said)
        self.said += 1
        self.client.session.submit(text, SendMessage(text))

    def show_event(self, event: object) -> None:
        if isinstance(event, Message):
            now = monotonic()
            if self._heard_at:
                self.longest_silence = max(self.longest_silence, now - self._heard_at)
            self._heard_at = now
            number, expected = int(event.text), self.received[event.source]
            if number != expected:
                report(
                    fault=f"{self.nickname} received line {number} of {event.source} "
                    f"instead of {expected}"
                )
            self.received[event.source] = number + 1
        elif isinstance(event, Missed) and event.gap:
            report(fault=f"{self.nickname} was told of a gap in {event.room}")

    def set_status(self, status: Status) -> None:
        self.last_status = status
        if isinstance(status, Waiting) and not self._lost_at:
            self._lost_at = monotonic()
            self.counts["lost"] += 1
        elif isinstance(status, Online):
            self.counts["resumed" if status.is_resumed else "entered"] += 1
            if self._lost_at:
                self.longest_absence = max(self.longest_absence, monotonic() - self._lost_at)
            self._lost_at = 0.0

    def notify(self, message: str) -> None:
        if _UNCERTAIN in message or message.startswith(("Refused", "Not sent")):
            report(fault=f"{self.nickname}: {message}")

    def missing(self, said: dict[str, int]) -> dict[str, int]:
        """How many lines of each other one are still to come."""
        left = {name: count - self.received[name] for name, count in said.items()}
        return {name: n for name, n in left.items() if n and name != self.nickname}

    def describe(self) -> str:
        """The state of its connection, for a fault."""
        session = self.client.session
        return (
            f"{'online' if session.is_online else 'offline'}, {session.unconfirmed_count} "
            f"lines, {dict(self.counts)}, {self.last_status}"
        )

    @property
    def is_confirmed(self) -> bool:
        """Whether the server has everything."""
        return not self.client.session.unconfirmed_count


class Talkers(Protocol):
    """All talkers of this process, told by standard input what to do."""

    def __init__(self, talkers: list[Talker], seconds: float) -> None:
        self._talkers = talkers
        self._seconds = seconds
        self._random = Random(talkers[0].nickname)  # noqa: S311  # not a secret
        self._talking: list[tuple[LoopingCall, IDelayedCall]] = []
        self._input = b""

    def dataReceived(self, data: bytes) -> None:
        self._input += data
        *lines, self._input = self._input.split(b"\n")
        for line in lines:
            match line:
                case b"talk":
                    self._talk()
                case b"stop":
                    self._stop()
                case _:
                    self._report_missing(json.loads(line))

    def _talk(self) -> None:
        for talker in self._talkers:
            talking = LoopingCall(talker.say)
            begin = self._random.uniform(0, self._seconds)
            call = reactor.callLater(begin, talking.start, self._seconds)
            self._talking.append((talking, call))

    def _stop(self) -> None:
        for talking, call in self._talking:
            if call.active():
                call.cancel()
            else:
                talking.stop()
        report(said={each.nickname: each.said for each in self._talkers})

    def _report_missing(self, said: dict[str, int]) -> None:
        missing = {each.nickname: each.missing(said) for each in self._talkers}
        report(
            unconfirmed={
                each.nickname: each.describe() for each in self._talkers if not each.is_confirmed
            },
            missing={name: lines for name, lines in missing.items() if lines},
        )

    def connectionLost(self, reason: object = None) -> None:
        for talker in self._talkers:
            talker.client.session.end_of_input()


def main(count: str, first: str, seconds: str, *words: str) -> None:
    options = Options()
    options.parseOptions(words)
    talkers = [Talker(f"t{int(first) + number}", options) for number in range(int(count))]
    left: list[int] = []

    def ended(status: int, talker: Talker) -> None:
        left.append(status)
        report(
            left=talker.nickname,
            status=status,
            longest_absence=round(talker.longest_absence, 1),
            longest_silence=round(talker.longest_silence, 1),
            **talker.counts,
        )
        if len(left) == len(talkers):
            reactor.callLater(0, reactor.stop)

    for talker in talkers:
        talker.client.when_online.addCallback(talker.entered)
        talker.client.when_ended.addCallback(ended, talker)
        talker.client.startService()
    StandardIO(Talkers(talkers, float(seconds)))
    reactor.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
