"""A way to Redis that can lose answers: a unix socket in front of the server's own.

While `losing`, half of the scripts run and the connection breaks before their answer, so that what
is sent again gets through. It is the fault for which a step must give the same answer twice.
"""

import asyncio
import random
import threading
from pathlib import Path

#: Share of the answers that are lost.
LOST = 0.5


class LossyProxy:
    """Passes bytes on between `listen` and `upstream`, in a thread of its own."""

    def __init__(self, listen: Path, upstream: Path) -> None:
        self._listen, self._upstream = listen, upstream
        self.losing = False
        self._chance = random.Random(0)
        self._loop = asyncio.new_event_loop()
        self._over = asyncio.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="proxy")

    def start(self) -> None:
        """Listen."""
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        """Break every connection and stop listening."""
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        server = await asyncio.start_unix_server(self._connect, self._listen)
        self._ready.set()
        await self._over.wait()
        server.close()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            answers, commands = await asyncio.open_unix_connection(self._upstream)
        except OSError:  # Redis is down: so is the way to it
            writer.close()
            return
        doomed = asyncio.Event()
        ways = [
            asyncio.ensure_future(self._pass_commands(reader, commands, doomed)),
            asyncio.ensure_future(self._pass_answers(answers, writer, doomed)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            writer.close()
            commands.close()

    async def _pass_commands(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, doomed: asyncio.Event
    ) -> None:
        while data := await reader.read(1 << 16):
            if self.losing and b"EVALSHA" in data and self._chance.random() < LOST:
                doomed.set()
            writer.write(data)
            await writer.drain()

    async def _pass_answers(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, doomed: asyncio.Event
    ) -> None:
        while data := await reader.read(1 << 16):
            if doomed.is_set():
                return
            writer.write(data)
            await writer.drain()
