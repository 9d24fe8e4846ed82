"""Keep a list of processes alive, and stop them in the right order.

Owns restarts with backoff, the order (a process starts after the one it needs and stops before it),
the reaction to signals, and giving up when the stack cannot start. It knows nothing about Redis,
ports or HTTP, only ProcessSpecs. docs/adr/0002 says why it is not honcho or circus.
"""

import asyncio
import signal
import time
from collections.abc import Sequence

from duckline.stack.console import Console
from duckline.stack.orphans import adopt_orphans, end_orphans
from duckline.stack.process import Process, ProcessSpec
from huey_tasks.processes import stop_signals

FIRST_BACKOFF_S = 0.2
LONGEST_BACKOFF_S = 5.0
STEADY_AFTER_S = 10.0  # after this long, the next death starts at FIRST_BACKOFF_S again
DEATHS_TO_GIVE_UP = 5  # before the stack was ever ready
PROBE_EVERY_S = 0.05
COMPLAIN_EVERY_S = 10.0
ASK_AGAIN_EVERY_S = 0.5


class Supervisor:
    """Runs the processes of `specs` until a signal, stop(), or a start that cannot succeed."""

    def __init__(self, specs: Sequence[ProcessSpec], console: Console) -> None:
        self.processes = {spec.name: Process(spec, console.lines) for spec in specs}
        self.ready = asyncio.Event()
        self._console = console
        self._keepers: dict[str, asyncio.Task[None]] = {}
        self._leaving: set[str] = set()
        self._restart = {spec.name: asyncio.Event() for spec in specs}
        self._stop = asyncio.Event()
        self._hurry = asyncio.Event()
        self._failure: str | None = None

    async def run(self) -> int:
        """Run until stop() or a signal; return 0 after a clean stop, 1 when the stack gave up."""
        adopt_orphans()
        self._listen_to_signals()
        for name, process in self.processes.items():
            self._keepers[name] = asyncio.create_task(self._keep(process), name=name)
            self._keepers[name].add_done_callback(self._keeper_ended)
        readiness = asyncio.create_task(self._watch_readiness())
        await self._stop.wait()
        readiness.cancel()
        await self._stop_all()
        if self._failure:  # last, where people look: stopping processes still log lines
            self._console.say(self._failure, level="error")
        return 1 if self._failure else 0

    def stop(self) -> None:
        """Begin the orderly stop; a second call hurries it: consumers release what they run."""
        if self._stop.is_set():
            self._hurry.set()
        self._stop.set()

    def restart(self, names: Sequence[str]) -> None:
        """Restart these processes gracefully, without waiting for a backoff."""
        for name in names:
            if not self._restart[name].is_set():  # a second SIGTERM could cut a graceful stop short
                self._restart[name].set()
                self.processes[name].terminate()

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGCHLD, self._reap)
        for number in stop_signals.heard():
            loop.add_signal_handler(number, self.stop)

    def _reap(self) -> None:
        for process in self.processes.values():
            process.reap()
        end_orphans({process.pid for process in self.processes.values() if process.pid})

    async def _keep(self, process: Process) -> None:
        """Restart the process whenever it ends, until the stack stops it."""
        name = process.spec.name
        backoff_s, deaths, has_died = FIRST_BACKOFF_S, 0, False
        while name not in self._leaving:
            await self._wait_for_what_it_needs(process)
            self._restart[name].clear()
            started_at = time.monotonic()
            process.start()
            probing = asyncio.create_task(self._watch_process(process, has_died=has_died))
            reason = await process.wait()
            probing.cancel()
            if name in self._leaving or self._restart[name].is_set():
                backoff_s, has_died = FIRST_BACKOFF_S, False
                continue
            if time.monotonic() - started_at >= STEADY_AFTER_S:
                backoff_s = FIRST_BACKOFF_S
            if not self.ready.is_set() and process.refused:
                self._fail(f"{name} cannot start: {process.refusal()}")
                return
            deaths, has_died = deaths + 1, True
            if not self.ready.is_set() and deaths >= DEATHS_TO_GIVE_UP:
                self._give_up(process, reason)
                return
            self._console.lines(name, process.last_words(2))
            cause = process.spec.cause() if process.spec.cause else ""
            self._console.say(
                f"{name} died ({reason}){cause and f': {cause}'}; restarting in {backoff_s:.1f} s",
                level="error" if cause else "warning",
            )
            await self._pause(name, backoff_s)
            backoff_s = min(backoff_s * 2, LONGEST_BACKOFF_S)

    async def _wait_for_what_it_needs(self, process: Process) -> None:
        if process.spec.forked_by is not None:  # which imports while Redis starts
            await process.spec.forked_by.ready()
        if process.spec.after is not None:
            await self.processes[process.spec.after].ready.wait()

    async def _pause(self, name: str, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._restart[name].wait(), seconds)
        except TimeoutError:
            return  # no restart was requested

    def _give_up(self, process: Process, reason: str) -> None:
        self._console.lines(process.spec.name, process.last_words())
        self._fail(
            f"{process.spec.name} died {DEATHS_TO_GIVE_UP} times before the stack was ready "
            f"(last: {reason}); see its log lines above"
        )

    def _fail(self, why: str) -> None:
        """Stop because of this; run() reports the first reason."""
        self._failure = self._failure or why
        self._stop.set()

    def _keeper_ended(self, keeper: asyncio.Task[None]) -> None:
        """Stop the stack if a keeper raised: its program cannot be executed."""
        if keeper.cancelled() or (error := keeper.exception()) is None:
            return
        self._fail(f"{keeper.get_name()} cannot run: {error}")

    async def _watch_process(self, process: Process, *, has_died: bool) -> None:
        """Set the process's `ready` once its probe succeeds; log periodically why it does not.

        `has_died`: the log says that it died, so it says that it answers again, too.
        """
        complain_at = time.monotonic() + COMPLAIN_EVERY_S
        while process.spec.probe is not None:
            reason = await process.spec.probe()
            if reason is None:
                break
            if time.monotonic() >= complain_at:
                self._console.say(f"{process.spec.name} is not ready yet: {reason}")
                complain_at += COMPLAIN_EVERY_S
            await asyncio.sleep(PROBE_EVERY_S)
        if has_died and process.spec.probe is not None:
            self._console.say(f"{process.spec.name} answers again")
        process.ready.set()

    async def _watch_readiness(self) -> None:
        for process in self.processes.values():
            await process.ready.wait()
        self.ready.set()

    async def _stop_all(self) -> None:
        """Stop dependents first and together, then what they depend on."""
        for process in self.processes.values():
            if process.spec.forked_by is not None:
                process.spec.forked_by.close()
        needed = {p.spec.after for p in self.processes.values()}
        first = [p for name, p in self.processes.items() if name not in needed]
        last = [p for name, p in self.processes.items() if name in needed]
        longest_s = max((p.spec.stop_grace_s for p in first), default=0)
        self._console.say(f"stopping, in {longest_s:g} s at most; press Ctrl-C again to hurry")
        await asyncio.gather(*(self._stop_one(p, hurry=self._hurry) for p in first))
        # Hurrying does not skip this wait, in which Redis flushes its file to disk.
        await asyncio.gather(*(self._stop_one(p, hurry=asyncio.Event()) for p in last))

    async def _stop_one(self, process: Process, *, hurry: asyncio.Event) -> None:
        name = process.spec.name
        self._leaving.add(name)
        keeper = self._keepers[name]
        if not process.alive:
            keeper.cancel()
            await asyncio.wait([keeper])
            return
        process.terminate()
        hurried = asyncio.create_task(hurry.wait())
        await asyncio.wait(
            [keeper, hurried],
            timeout=process.spec.stop_grace_s,
            return_when=asyncio.FIRST_COMPLETED,
        )
        hurried.cancel()
        why = f"after {process.spec.stop_grace_s:g} s"
        if process.alive and hurry.is_set():
            await self._hurry_one(process, keeper)
            why = "hurrying"
        if process.alive:
            self._console.say(f"{name} did not stop ({why}); sending SIGKILL", level="warning")
            process.signal_group(signal.SIGKILL)
        await asyncio.wait([keeper])

    async def _hurry_one(self, process: Process, keeper: asyncio.Task[None]) -> None:
        """Send SIGTERM again, so that a consumer releases its tasks before it is killed.

        Repeat it, because two signals that arrive together count as one.
        """
        deadline = time.monotonic() + process.spec.hurry_grace_s
        while process.alive and (left_s := deadline - time.monotonic()) > 0:
            process.terminate()
            await asyncio.wait([keeper], timeout=min(ASK_AGAIN_EVERY_S, left_s))
