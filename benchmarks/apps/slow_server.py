"""A server that answers every connection with one byte after 100 ms: `slow_server.py <port>`."""

import asyncio
import sys

ANSWER_S = 0.1


async def answer(reader, writer):
    await asyncio.sleep(ANSWER_S)
    writer.write(b"!")
    writer.close()


async def main():
    server = await asyncio.start_server(answer, "127.0.0.1", int(sys.argv[1]), backlog=1024)
    await server.serve_forever()


asyncio.run(main())
