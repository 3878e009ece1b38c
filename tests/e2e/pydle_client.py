"""An IRC client made with pydle, which shows what happens as lines, and does what it is told.

``python -m tests.e2e.pydle_client HOST PORT NICKNAME ROOM`` reads lines from its standard input:
each is the name of a method of pydle's client and its arguments, as JSON.
"""

import asyncio
import json
import sys

import pydle


def show(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


class Client(pydle.Client):  # type: ignore[misc]  # pydle carries no annotations
    """Shows what happens."""

    async def on_connect(self) -> None:
        await super().on_connect()
        await self.join(sys.argv[4])

    async def on_join(self, channel: str, user: str) -> None:
        show(user, "joined", channel)

    async def on_part(self, channel: str, user: str, message: str | None = None) -> None:
        show(user, "left", channel)

    async def on_quit(self, user: str, message: str | None = None) -> None:
        show(user, "quit:", message)

    async def on_kick(self, channel: str, target: str, by: str, reason: str | None = None) -> None:
        show(target, "was kicked from", channel, "by", by, reason)

    async def on_nick_change(self, old: str, new: str) -> None:
        show(old, "is now", new)

    async def on_topic_change(self, channel: str, message: str, by: str) -> None:
        show(by, "changed topic of", channel, "to", message)

    async def on_message(self, target: str, source: str, message: str) -> None:
        show(target, f"{source}:", message)

    async def on_ctcp(self, by: str, target: str, what: str, contents: str) -> None:
        show(target, "*", by, contents if what == "ACTION" else what)


async def obey(client: Client) -> None:
    """Do what the lines of the standard input say, until they end."""
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(lines), sys.stdin
    )
    while line := await lines.readline():
        method, *arguments = json.loads(line)
        await getattr(client, method)(*arguments)


async def main() -> None:
    client = Client(sys.argv[3], realname=sys.argv[3])
    await client.connect(sys.argv[1], int(sys.argv[2]))
    await obey(client)


asyncio.run(main())
