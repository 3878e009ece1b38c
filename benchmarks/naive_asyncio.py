"""A chat server as tutorials of asyncio write it: each line is written to every other member.

``python naive_asyncio.py ADDRESS PORT``
"""

import asyncio
import sys

members = set()


async def chat(reader, writer):
    members.add(writer)
    writer.write(b"welcome\n")
    try:
        while line := await reader.readline():
            for member in list(members):
                if member is not writer:
                    member.write(line)
                    await member.drain()
    finally:
        members.discard(writer)
        writer.close()


async def main():
    server = await asyncio.start_server(chat, sys.argv[1], int(sys.argv[2]))
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
