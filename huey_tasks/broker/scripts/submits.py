"""The scripts that take new tasks from outside, or refuse them."""

from collections.abc import Sequence
from typing import Any

import redis

from huey_tasks.broker.deadline import default_limit
from huey_tasks.broker.protocol import Found, Gate, NewTask, Refusal, encode, width_of
from huey_tasks.broker.room import NO_BOUNDS
from huey_tasks.broker.script_runner import ScriptRunner
from huey_tasks.errors import MemoryLow, QueueDraining, QueueFull, QueueRefuses


class SubmitScripts(ScriptRunner):
    """Submits on one Redis. Raises QueueUnavailable when Redis cannot serve now."""

    def __init__(self, client: redis.Redis, room: str = NO_BOUNDS) -> None:
        """`room`: how many tasks may wait in which queue, as `broker.room` writes it."""
        super().__init__(client)
        self.bounds = room

    def submit(
        self,
        queue: str,
        tasks: Sequence[NewTask],
        gates: Sequence[Gate] = (),
        *,
        may_refuse: bool = False,
    ) -> Sequence[bool | Found]:
        """Store new tasks and put them in their queue, all in one go; False: its id is there.

        Found: a submit before was the same, and this one stored nothing. With `may_refuse` it
        raises QueueRefuses if one of their queues takes no tasks now; then none is stored.
        """
        width = width_of(tasks)
        more = [argument for task in tasks for argument in task.arguments(width)]
        room = self.bounds if may_refuse else ""
        opened = encode(list(gates)) if gates else ""
        with default_limit():
            flags = self.run("submit", queue, *more, gates=opened, room=room, width=width)
        if flags and isinstance(flags[0], bytes):
            raise refused(Refusal.read(flags))
        return [found_of(flag) if isinstance(flag, list) else bool(flag) for flag in flags]

    def found(self, queue: str, once: str) -> Found | None:
        """Return what a submit with that `once` would find."""
        reply = self.run("found", queue, once=once)
        return found_of(reply) if reply else None

    def room(self, queue: str) -> None:
        """Raise the QueueRefuses that a submit to this queue would raise now."""
        if reply := self.run("room", queue, room=self.bounds):
            raise refused(Refusal.read(reply))


def found_of(reply: Any) -> Found:
    """Return what a submit found, as a script answers it."""
    return Found(*(part.decode() for part in reply))


def refused(why: Refusal) -> QueueRefuses:
    """Return the error that a refusal is."""
    if why.how == "draining":
        return QueueDraining.of(why.queue)
    later = f"try again in {why.retry_after_s} s."
    if why.how == "full":
        text = f"{why.number:,} tasks wait, and queue '{why.queue}' takes none from {why.most:,} on"
        return QueueFull(f"{text}: {later}", why.retry_after_s)
    used, most = (number / 2**20 for number in (why.number, why.most))
    text = f"Redis uses {used:,.0f} MB, and queue '{why.queue}' takes no tasks from {most:,.0f} on"
    return MemoryLow(f"{text}: {later}", why.retry_after_s)
