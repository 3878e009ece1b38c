"""Members that write as fast as their connections take it, until standard input ends.

    python -m tests.load.flooder COUNT [CHARACTERS]

It prints a line when all have entered; at the end, as JSON, the bytes ``written``, and how many
connections the server ``closed``.
"""

import json
import select
import sys
from typing import Final

from tests.load.dialects import NATIVE
from tests.load.member import Member
from tests.load.server_process import HOST, PORTS

_BATCH_MESSAGES: Final = 64
_READ_BYTES: Final = 262_144


class Flood:
    """The flooders."""

    def __init__(self, count: int, characters: int) -> None:
        frame = json.dumps({"type": "message", "data": {"text": "x" * characters}})
        self._batch = f"{frame}\n".encode() * _BATCH_MESSAGES
        self._unsent: dict[int, bytes] = {}
        self._poll = select.epoll()
        self._members: dict[int, Member] = {}
        for number in range(count):
            member = Member(NATIVE, f"flooder-{number}", (HOST, PORTS["main"]))
            self._members[member.socket.fileno()] = member
            self._poll.register(member.socket, select.EPOLLIN | select.EPOLLOUT)
        self.written = 0
        self.closed = 0

    def run(self) -> None:
        """Write until standard input ends."""
        self._poll.register(sys.stdin, select.EPOLLIN | select.EPOLLHUP)
        while True:
            for descriptor, events in self._poll.poll():
                if descriptor == sys.stdin.fileno():
                    return
                self._handle(descriptor, events)

    def _handle(self, descriptor: int, events: int) -> None:
        member = self._members[descriptor]
        try:
            if events & select.EPOLLIN and not member.socket.recv(_READ_BYTES):
                raise ConnectionError  # the server has closed it
            if events & select.EPOLLOUT:
                data = self._unsent.get(descriptor) or self._batch
                sent = member.socket.send(data)
                self._unsent[descriptor] = data[sent:]
                self.written += sent
        except OSError:
            self.closed += 1
            self._poll.unregister(descriptor)


def main() -> None:
    count, characters = int(sys.argv[1]), int([*sys.argv, "20"][2])
    flood = Flood(count, characters)
    print("all have entered", flush=True)
    flood.run()
    print(json.dumps({"written": flood.written, "closed": flood.closed}))


if __name__ == "__main__":
    main()
