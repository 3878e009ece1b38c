"""The conversations in docs/reference/, run against the server.

A line that begins with ``>`` is sent, a line in parentheses is another action, and any other line
is received. Two spaces at its beginning continue a line.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from twisted.internet.defer import Deferred, fail, succeed

from chatd.chat.commands import Authenticate
from chatd.chat.errors import Blocked, Refusal, WrongPassword
from tests.server.users import (
    BasicUser,
    JimUser,
    NativeUser,
    PlainUser,
    User,
    UsersHarness,
)

REFERENCE: Final = Path(__file__).parents[2] / "docs" / "reference"

#: The pages on the dialects: "protocol" has the native one and the basic one.
PAGES: Final = {
    name: (REFERENCE / f"{name}.rst").read_text(encoding="utf-8")
    for name in ("protocol", "jim", "plain")
}

_BLOCK: Final = re.compile(
    r"^\.\. code-block:: text\n   :class: (\w+)\n\n((?:   .*\n)+)", re.MULTILINE
)

#: A time of day, which is different in each run.
_TIME: Final = re.compile(r"(?:\d{4}-\d\d-\d\d )?\d\d:\d\d(?::\d\d)?(?= )|(?<=since ).*")

USERS: Final[dict[str, type[User]]] = {
    "basic": BasicUser,
    "jim": JimUser,
    "plain": PlainUser,
}


#: The code of the server's start.
HOST_CODE: Final = "k7xp-m2qa"


@dataclass
class Step:
    """An action, and the lines that are received after it."""

    action: str
    received: list[str] = field(default_factory=list)


def transcripts(kind: str) -> list[Step]:
    """All the blocks of one dialect, as one conversation."""
    steps: list[Step] = []
    blocks = _BLOCK.findall("".join(PAGES.values()))
    for line in "".join(text for marked, text in blocks if marked == kind).split("\n"):
        shown = line[3:]
        if shown.startswith((">", "(")):
            steps.append(Step(shown))
        elif shown.startswith("  ") and steps[-1].received:
            steps[-1].received[-1] += shown[1:]
        elif shown.startswith("  "):
            steps[-1].action += shown[1:]
        elif shown:
            steps[-1].received.append(shown.removeprefix("< "))
    return steps


class TranscriptHarness(UsersHarness):
    """A server with moon in its lobby, and the client of the transcript.

    *star* and *nova* are accounts, nova is blocked.
    """

    def __init__(self, kind: str) -> None:
        super().__init__(timeout=600)
        self.kind = kind
        self.harness.chat.hub.accounts = {"star": False, "nova": True}
        self.harness.chat.host_code.code = HOST_CODE
        self.harness.chat.check_password = self._check_password
        self.moon = self.enter(NativeUser, "moon")
        self.client: Any = None
        self._actions: list[tuple[str, Callable[..., object]]] = [
            (r"> ?(.*)", self._send),
            (r"\(you connect\)", self._connect),
            (r"\(moon says: (.*)\)", self.moon.say),
            (r"\(moon says in (\S+): (.*)\)", lambda room, text: self.moon.say(text, room)),
            (r"\(moon tells (\S+): (.*)\)", lambda to, text: self.moon.send_private(text, to)),
            (r"\(moon joins (\S+)\)", self.moon.join),
            (r"\(moon leaves (\S+)\)", self.moon.leave),
            (r"\(moon renames to (\S+)\)", self.moon.rename),
            (r"\(moon is a host and types: (.*)\)", self._order),
            (r"\(nothing happens for (\d+) s\)", self._wait),
            (r"\(the server stops\)", self.harness.chat.end),
        ]

    def _check_password(self, command: Authenticate, address: str) -> Deferred[str]:
        if command.account == "nova":
            return fail(Blocked("nova"))
        right = (command.account, command.password) == ("star", "sesame")
        refusal: Refusal = WrongPassword()
        return succeed("star") if right else fail(refusal)

    def _order(self, line: str) -> None:
        self.moon.order(f"/host {HOST_CODE}")
        self.settle()
        self.client.clear()
        self.moon.order(line)

    def _send(self, text: str) -> None:
        self.client.send(text.encode() + (b"" if self.kind == "jim" else b"\n"))

    def _connect(self) -> None:
        if self.client is not None and not self.client.is_lost:
            self.client.hang_up()
        self.client = self.connect(USERS[self.kind], 57_354)

    def _wait(self, seconds: str) -> None:
        self.harness.pass_time(int(seconds))

    def run(self, step: Step) -> list[Any]:
        """Run a step; returns what was received, in the form in which it is compared."""
        for pattern, act in self._actions:
            if found := re.fullmatch(pattern, step.action):
                act(*found.groups())
                break
        else:
            raise AssertionError(f"unknown action: {step.action}")
        if step.action != "(you connect)" or step.received:
            self.settle()
        shown = [self.read(line) for line in self._lines()]
        self.client.clear()
        return shown

    def _lines(self) -> list[str]:
        received = self.client.received.decode()
        if self.kind != "jim":
            return [line for line in received.split("\n") if line]
        units = []
        while received:
            _, end = json.JSONDecoder().raw_decode(received)
            units.append(received[:end])
            received = received[end:]
        return units

    def read(self, line: str) -> Any:
        """A line in the form in which it is compared: without the time."""
        if self.kind == "plain":
            return _TIME.sub("…", line)
        frame = json.loads(line)
        if "time" in frame:
            assert isinstance(frame["time"], int | float)
            frame["time"] = 0
        if "data" in frame:
            frame["data"]["message"] = _TIME.sub("…", frame["data"]["message"])
        return frame
