"""A way to Redis that can be slow, or go dead without a word: a socket before the server's own.

What goes dead stays open and passes nothing on, as with a machine that lost its power; a new
connection gets through.
"""

import asyncio
import contextlib
import threading
from pathlib import Path
from types import TracebackType


class Way:
    """Passes bytes on between `socket` and `server`, in a thread of its own."""

    def __init__(self, socket: Path, server: Path) -> None:
        self.socket, self._server = socket, server
        #: Seconds by which every answer is late.
        self.delay_s = 0.0
        self._dead: set[int] = set()
        self._opened = 0
        self._loop = asyncio.new_event_loop()
        self._over = asyncio.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="way")

    def __enter__(self) -> "Way":
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    def silence(self) -> None:
        """Let every connection that is open now pass nothing any more."""
        self._dead = set(range(1, self._opened + 1))

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        server = await asyncio.start_unix_server(self._connect, self.socket)
        self._ready.set()
        await self._over.wait()
        server.close()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._opened += 1
        number = self._opened
        try:
            answers, commands = await asyncio.open_unix_connection(self._server)
        except OSError:
            writer.close()
            return
        ways = [
            asyncio.ensure_future(self._pass(reader, commands, number, late=False)),
            asyncio.ensure_future(self._pass(answers, writer, number, late=True)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            for end in (writer, commands):
                end.close()
                with contextlib.suppress(OSError):
                    await end.wait_closed()

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int, *, late: bool
    ) -> None:
        while data := await reader.read(1 << 16):
            if late and self.delay_s:
                await asyncio.sleep(self.delay_s)
            if number not in self._dead:
                writer.write(data)
                await writer.drain()
