"""The Lua scripts as Python functions: every change of a task's state is one call of these.

A script lives in `lua/<verb>.lua`; its `-- args:` line names its arguments, which the loader turns
into Lua locals, so that both sides use names and never count positions. Writes no key itself.
"""

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, cast

import redis
from redis.commands.core import Script

from huey_tasks import keys
from huey_tasks.connection import redis_errors

LUA = Path(__file__).parent / "lua"

#: Milliseconds. A consumer that was not heard of for so long does not count as live.
ONLINE_MS = 5000

#: How many expired leases, due tasks or old records one call handles.
BATCH = 100

#: How many lines of a task's log are kept.
LOG_LINES = 500

Argument = str | bytes | int | float


class Claim(NamedTuple):
    """A task given to a worker for the time of a lease."""

    id: str
    token: str
    message: bytes
    attempt: int
    retries_left: int
    retry_delay_s: float
    deliveries: int


@dataclass(frozen=True)
class NewTask:
    """A task to be stored: its serialised form, and what Redis keeps beside it."""

    id: str
    message: bytes
    type: str
    priority: int = 0
    delay_ms: int = 0
    max_attempts: int = 1
    retry_delay_s: float = 0.0
    expires_ms: int = 0


@dataclass(frozen=True)
class Child:
    """A task that is submitted with its parent's commit, or, behind a gate, with the last of
    `size` commits that name the same gate with different members."""

    task: NewTask
    gate: str = ""
    member: int = 0
    size: int = 0


@dataclass(frozen=True)
class About:
    """What the log says of an attempt beyond its commit; Redis does not get it."""

    task_type: str
    attempt: int
    took_s: float
    where: str  # file, line and function where it failed


@dataclass(frozen=True)
class Commit:
    """How an attempt ended: the state the task goes to. PENDING hands it back uncounted."""

    id: str
    token: str
    state: str
    delay_ms: int = 0
    retries_left: int = 0
    retry_delay_s: float = 0.0
    reason: str = ""
    children: tuple[Child, ...] = ()
    about: About | None = None

    def arguments(self) -> list[Argument]:
        """The commit as `step.lua` reads it."""
        flat: list[Argument] = [self.id, self.token, self.state, self.delay_ms, self.retries_left]
        flat += [self.retry_delay_s, self.reason, len(self.children)]
        for child in self.children:
            flat += [child.gate, child.member, child.size, *vars(child.task).values()]
        return flat


@cache
def _source(name: str) -> tuple[tuple[str, ...], str]:
    """The argument names and the full text of a script."""
    body = (LUA / f"{name}.lua").read_text("utf-8")
    header = re.search(r"^-- args: (.+)$", body, re.MULTILINE)
    if header is None:
        raise ValueError(f"lua/{name}.lua has no line '-- args:'")
    names = tuple(header[1].split())
    values = ", ".join(f"ARGV[{i}]" for i in range(1, len(names) + 1))
    prelude = (LUA / "prelude.lua").read_text("utf-8")
    return names, f"{prelude}\nlocal {', '.join(names)} = {values}\n{body}"


class Scripts:
    """The scripts on one Redis. Raises QueueUnavailable when Redis cannot serve now."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._loaded: dict[str, Script] = {}

    def _run(self, script: str, queue: str, *more: Argument, **named: Argument) -> Any:
        loaded = self._load(script, named)
        with redis_errors():
            return loaded(keys=[keys.root(queue)], args=[*named.values(), *more])

    def _load(self, script: str, named: dict[str, Argument]) -> Script:
        names, source = _source(script)
        if names != tuple(named):
            raise TypeError(f"lua/{script}.lua takes {names}, not {tuple(named)}")
        if script not in self._loaded:
            self._loaded[script] = self._client.register_script(source)
        return self._loaded[script]

    def submit(self, queue: str, task: NewTask) -> bool:
        """Store a new task and put it in its queue; False when the id is there already."""
        return bool(self._run("submit", queue, **vars(task)))

    def step(
        self,
        queue: str,
        slot: str,
        sequence: int,
        commits: list[Commit],
        *,
        want: int,
        lease_ms: int,
        ttl_ms: int,
    ) -> tuple[list[bool], list[Claim]]:
        """Commit finished attempts and claim up to `want` tasks. Safe to send again as it is.

        Returns, for each commit, whether it was accepted (False: the lease was lost), and the
        claims. `sequence` grows by one with every new step of a slot.
        """
        more = [argument for commit in commits for argument in commit.arguments()]
        accepted, claims = self._run(
            "step",
            queue,
            *more,
            slot=slot,
            sequence=sequence,
            lease_ms=lease_ms,
            want=want,
            ttl_ms=ttl_ms,
        )
        return [bool(flag) for flag in accepted], [
            Claim(
                id.decode(),
                token.decode(),
                message,
                int(attempt),
                int(retries_left),
                float(retry_delay_s),
                int(deliveries),
            )
            for id, token, message, attempt, retries_left, retry_delay_s, deliveries in claims
        ]

    def renew(
        self, queue: str, held: list[tuple[str, str]], *, lease_ms: int
    ) -> set[tuple[str, str]]:
        """Extend the leases of (id, token) pairs; returns those that hold none any more."""
        flat = [part for pair in held for part in pair]
        lost = [part.decode() for part in self._run("renew", queue, *flat, lease_ms=lease_ms)]
        return set(zip(lost[::2], lost[1::2], strict=True))

    def release(
        self, queue: str, task_id: str, token: str, *, crashed: bool, max_crashes: int, ttl_ms: int
    ) -> str:
        """Give back the task of a worker that is gone; returns its new state, '' if not held."""
        state = self._run(
            "release",
            queue,
            id=task_id,
            token=token,
            crashed=int(crashed),
            max_crashes=max_crashes,
            ttl_ms=ttl_ms,
        )
        return cast(bytes, state).decode()

    def recover(
        self, queue: str, *, max_losses: int, ttl_ms: int, lease_ms: int
    ) -> list[tuple[str, str]]:
        """Take back tasks whose lease has ended; returns (id, new state) of each.

        If the last call was longer than half a lease ago, leases are extended instead, once.
        """
        rows = self._run(
            "recover",
            queue,
            max_losses=max_losses,
            ttl_ms=ttl_ms,
            limit=BATCH,
            lease_ms=lease_ms,
        )
        return [(id.decode(), state.decode()) for id, state in rows]

    def promote(self, queue: str) -> float | None:
        """Queue what is due; returns the seconds until the next is due, None if none waits."""
        next_ms = self._run("promote", queue, limit=BATCH)
        return None if next_ms < 0 else next_ms / 1000

    def cancel(self, queue: str, task_id: str, reason: str, *, ttl_ms: int) -> str:
        """Revoke a task that has not ended; returns the state it was in, '' if unknown."""
        request = secrets.token_hex(8)
        state = self._run(
            "cancel", queue, id=task_id, reason=reason, ttl_ms=ttl_ms, request=request
        )
        return cast(bytes, state).decode()

    def pause(self, queue: str, *, paused: bool) -> None:
        """Let the queue give out no tasks, or let it flow again."""
        self._run("pause", queue, paused=int(paused))

    def purge(self, queue: str, reason: str, *, ttl_ms: int) -> int:
        """Revoke every waiting task; returns how many."""
        purged, last = 0, BATCH
        while last == BATCH:
            last = int(self._run("purge", queue, reason=reason, ttl_ms=ttl_ms, limit=BATCH))
            purged += last
        return purged

    def progress(self, queue: str, task_id: str, token: str, progress: str) -> bool:
        """Store how far a running task is (JSON); False when its lease is lost."""
        return bool(self._run("progress", queue, id=task_id, token=token, progress=progress))

    def log(self, queue: str, task_id: str, token: str, line: str) -> bool:
        """Keep a line (JSON) that a running task logged; False when its lease is lost."""
        return bool(self._run("log", queue, id=task_id, token=token, line=line, cap=LOG_LINES))

    def prune(self, queue: str, *, ttl_ms: int, cap: int) -> int:
        """Forget finished tasks older than `ttl_ms` or beyond `cap` a state; returns how many."""
        return int(self._run("prune", queue, ttl_ms=ttl_ms, cap=cap, limit=BATCH))

    def heartbeat(self, queue: str, consumer: str, info: str, concurrency: int) -> None:
        """Say that a consumer is here; `info` is JSON."""
        self._run(
            "heartbeat",
            queue,
            consumer=consumer,
            info=info,
            concurrency=concurrency,
            online_ms=ONLINE_MS,
        )

    def leave(self, queue: str, consumer: str) -> None:
        """Take a consumer off the list."""
        self._run("leave", queue, consumer=consumer)

    def stats(self, queues: Iterable[str]) -> list[dict[str, int]]:
        """The numbers of each queue, each one consistent look, all in one round trip."""
        arguments: dict[str, Argument] = {"online_ms": ONLINE_MS}
        loaded = self._load("stats", arguments)
        with redis_errors(), self._client.pipeline(transaction=False) as pipe:
            for queue in queues:
                loaded(keys=[keys.root(queue)], args=list(arguments.values()), client=pipe)
            replies = pipe.execute()
        return [
            {flat[i].decode(): int(flat[i + 1]) for i in range(0, len(flat), 2)} for flat in replies
        ]

    def outcome(self, queue: str, outcomes: dict[str, bytes], *, ttl_ms: int) -> None:
        """Keep outcomes under their keys; to be called on the result backend."""
        flat = [part for pair in outcomes.items() for part in pair]
        self._run("outcome", queue, *flat, ttl_ms=ttl_ms)

    def whereabouts(self, queue: str, task_id: str) -> tuple[str, list[str]]:
        """The state of a task, '' if there is none, and every index it stands in."""
        state, standing = self._run("whereabouts", queue, id=task_id)
        return state.decode(), [index.decode() for index in standing]

    def online(self, queue: str) -> list[tuple[str, bytes, int]]:
        """The live consumers as (id, info JSON, last seen in ms)."""
        rows = self._run("online", queue, online_ms=ONLINE_MS)
        return [(id.decode(), info, int(seen)) for id, info, seen in rows]
