"""A chat server as the documentation of websockets writes it: it broadcasts each message.

``python naive_websockets.py ADDRESS PORT``
"""

import asyncio
import sys

from websockets.asyncio.server import broadcast, serve

members = set()


async def chat(member):
    members.add(member)
    await member.send("welcome")
    try:
        async for message in member:
            broadcast(members - {member}, message)
    finally:
        members.discard(member)


async def main():
    # Without its pings, which the load generator does not answer.
    async with serve(chat, sys.argv[1], int(sys.argv[2]), ping_interval=None) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
