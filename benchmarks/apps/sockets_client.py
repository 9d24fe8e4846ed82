"""Opens WebSockets to /ws/stats and notes when frames come: `sockets_client.py <port> <count>`.

One process and one event loop, no WebSocket library: a frame of the server is unmasked, and only
its length is read. Answers "open" when all are open. On a line of input with a number, waits
that many seconds and answers with JSON: for each frame number, the times at which it arrived.
"""

import asyncio
import json
import sys
import time

HELLO = (
    "GET /ws/stats HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
    "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Version: 13\r\n\r\n"
)
arrivals = []  # (socket, Unix time)
refused = []


async def listen(number, port, opened):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(HELLO.format(port=port).encode())
    head = await reader.readuntil(b"\r\n\r\n")
    opened.release()
    if b" 101 " not in head.split(b"\r\n")[0]:
        refused.append(head.decode()[:200])
        return
    while True:
        first, length = await reader.readexactly(2)
        if length == 126:
            length = int.from_bytes(await reader.readexactly(2), "big")
        elif length == 127:
            length = int.from_bytes(await reader.readexactly(8), "big")
        await reader.readexactly(length)
        if first & 0x0F == 1:
            arrivals.append((number, time.time()))


async def main():
    port, count = int(sys.argv[1]), int(sys.argv[2])
    opened, tasks = asyncio.Semaphore(0), []
    for number in range(count):
        tasks.append(asyncio.create_task(listen(number, port, opened)))
        if number % 50 == 49:
            for _ in range(50):
                await opened.acquire()
    print(json.dumps({"open": count - len(refused), "refused": refused[:1]}), flush=True)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        del arrivals[:]
        await asyncio.sleep(float(line))
        print(json.dumps(arrivals), flush=True)


asyncio.run(main())
