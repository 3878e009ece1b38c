"""Members that write as fast as their connections take it, until standard input ends.

    python -m benchmarks.abuse.flooder COUNT [CHARACTERS]

At the end it says how much it wrote, and how many of its connections the server has ended.
"""

import json
import select
import sys
from typing import Final

from benchmarks.abuse.hosted import HOST, PORTS
from benchmarks.abuse.member import Member
from benchmarks.abuse.tongues import NATIVE

_AT_ONCE: Final = 64
_READ_BYTES: Final = 262_144


class Flood:
    """Some flooders."""

    def __init__(self, count: int, characters: int) -> None:
        frame = json.dumps({"type": "message", "data": {"text": "x" * characters}})
        self._batch = f"{frame}\n".encode() * _AT_ONCE
        self._rest: dict[int, bytes] = {}
        self._poll = select.epoll()
        self._members: dict[int, Member] = {}
        for number in range(count):
            member = Member(NATIVE, f"flooder-{number}", (HOST, PORTS["main"]))
            self._members[member.socket.fileno()] = member
            self._poll.register(member.socket, select.EPOLLIN | select.EPOLLOUT)
        self.written = 0
        self.ended = 0

    def run(self) -> None:
        """Write until standard input ends."""
        self._poll.register(sys.stdin, select.EPOLLIN | select.EPOLLHUP)
        while True:
            for handle, happened in self._poll.poll():
                if handle == sys.stdin.fileno():
                    return
                self._turn(handle, happened)

    def _turn(self, handle: int, happened: int) -> None:
        member = self._members[handle]
        try:
            if happened & select.EPOLLIN and not member.socket.recv(_READ_BYTES):
                raise ConnectionError  # an end like any other
            if happened & select.EPOLLOUT:
                data = self._rest.get(handle) or self._batch
                sent = member.socket.send(data)
                self._rest[handle] = data[sent:]
                self.written += sent
        except OSError:
            self.ended += 1
            self._poll.unregister(handle)


def main() -> None:
    count, characters = int(sys.argv[1]), int([*sys.argv, "20"][2])
    flood = Flood(count, characters)
    print("they are in", flush=True)
    flood.run()
    print(json.dumps({"written": flood.written, "ended": flood.ended}))


if __name__ == "__main__":
    main()
