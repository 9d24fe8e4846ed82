"""The Lua scripts as Python functions: every change of a task's state is one call of these.

Writes no key itself; how a script is found and called is in `script_runner`.
"""

import secrets
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, cast

from huey_tasks.broker import keys
from huey_tasks.broker.protocol import NewTask
from huey_tasks.broker.script_runner import Call
from huey_tasks.broker.scripts.submits import SubmitScripts
from huey_tasks.broker.step import Answer, Step, answer_of

#: Milliseconds. A consumer without a heartbeat for this long does not count as live.
ONLINE_MS = 5000

#: Milliseconds. Within this time the next consumer on its machine can see that it has died.
KNOWN_MS = 50_000

#: How many tasks one call promotes of a state, or purges: 15 µs of Redis each, 30 in a slow hour.
BATCH = 50

#: How many expired leases one call handles, which are kept as attempts: 50 µs each.
RECOVERED = 25

#: How many finished tasks one call looks at: 0.6 ms of Redis, of many that it has not used for
#: long. 150 took up to 8 ms in a slow hour.
PRUNED = 50


class Pruned(NamedTuple):
    """How many tasks a call has forgotten, and whether the next one may forget more."""

    removed: int
    more: bool


class Seen(NamedTuple):
    """What a heartbeat sees: the data set, how far the clock has gone back, what is to be done."""

    dataset: str  # '' when its mark was gone
    back_ms: int
    moved: int  # tasks whose due time went back with it
    is_known: bool  # whether it is known which task types the consumer knows
    unknown_types: frozenset[str]  # for which tasks wait that some consumer did not know
    consumers: int  # with a heartbeat lately, this one included
    words: frozenset[str]  # of the control channel: what a consumer has to look at


class Scripts(SubmitScripts):
    """The scripts on one Redis. Raises QueueUnavailable when Redis cannot serve now."""

    def step(self, step: Step) -> Answer:
        """Commit finished attempts and claim tasks. Safe to send again as it is."""
        return answer_of(self.run("step", step.queue, *step.sent(), **step.arguments()))

    def pack_step(self, step: Step) -> bytes:
        """Return a step for `send`; its reply is for `answer_of`."""
        return self.pack("step", step.queue, *step.sent(), **step.arguments())

    def renew(
        self, queue: str, held: list[tuple[str, str]], *, lease_ms: int
    ) -> dict[tuple[str, str], bool]:
        """Extend the leases of (id, token) pairs; returns those that hold none any more.

        True stands for a task that is not there at all.
        """
        flat = [part for pair in held for part in pair]
        lost = self.run("renew", queue, *flat, lease_ms=lease_ms)
        return {
            (id.decode(), token.decode()): bool(erased)
            for id, token, erased in zip(lost[::3], lost[1::3], lost[2::3], strict=True)
        }

    def release(
        self,
        queue: str,
        holder: str,
        *,
        kind: str,
        blamed: str,
        limit: int,
        how: str = "",
    ) -> list[tuple[str, str]]:
        """Release the tasks of a dead worker or consumer; returns (id, new state) of each.

        A task is counted as `kind` ("crashes" or "losses") if its token is `blamed`, or that is
        "*"; at `limit` it is quarantined. `how` the holder died is kept with it.
        """
        rows = self.run(
            "release",
            queue,
            holder=holder,
            kind=kind,
            blamed=blamed,
            limit=limit,
            how=how,
            request=secrets.token_hex(8),
        )
        return [(id.decode(), state.decode()) for id, state in rows]

    def stopped(self, queue: str, task_id: str, token: str) -> None:
        """Record that the worker of a cancelled attempt is free."""
        self.run("stopped", queue, id=task_id, token=token)

    def recover(self, queue: str, *, max_losses: int, lease_ms: int) -> list[tuple[str, str]]:
        """Recover tasks whose lease has ended; returns (id, new state) of each.

        If the last call was longer than half a lease ago, leases are extended instead, once.
        """
        rows = self.run("recover", queue, max_losses=max_losses, limit=RECOVERED, lease_ms=lease_ms)
        return [(id.decode(), state.decode()) for id, state in rows]

    def promote(self, queue: str, *, lease_ms: int = 30_000) -> float | None:
        """Promote due tasks, and wake those whose lock is free or whose rate limit has room.

        Returns the seconds until the next is due, None if none waits. A cancelled attempt keeps its
        lock for `lease_ms` at most.
        """
        next_ms = self.run("promote", queue, limit=BATCH, lease_ms=lease_ms)
        return None if next_ms < 0 else next_ms / 1000

    def expire(self, queue: str) -> float | None:
        """End tasks that were not started in time.

        Returns the seconds until the next may be too late, None if none must start in time.
        """
        next_ms = self.run("expire", queue, limit=BATCH)
        return None if next_ms < 0 else next_ms / 1000

    def cancel(self, queue: str, task_id: str, reason: str, *, operation: str = "") -> str:
        """Revoke a task that has not ended; returns the state it was in, '' if unknown."""
        state = self.run(
            "cancel", queue, id=task_id, reason=reason,
            request=secrets.token_hex(8), operation=operation,
        )  # fmt: skip
        return cast(bytes, state).decode()

    def retry(
        self, queue: str, task_id: str, new: NewTask, *, operation: str = ""
    ) -> tuple[str, str]:
        """Submit an ended task again; returns its state and the id of the task that follows it.

        One that follows it already is the answer, unless it is gone.
        """
        state, new_id = self.run(
            "retry", queue, *new.arguments(), id=task_id, undo="", again=1, operation=operation
        )
        return state.decode(), new_id.decode()

    def mode(self, queue: str, mode: str, *, operation: str = "") -> None:
        """Let the queue be "flowing", "paused" or "draining"."""
        self.run("mode", queue, mode=mode, operation=operation)

    def purge(self, queue: str, reason: str, *, limit: int = BATCH, operation: str = "") -> int:
        """Revoke waiting tasks; returns how many. As many as `limit`: there may be more."""
        purged = self.run(
            "purge", queue, reason=reason, limit=limit, operation=operation,
            request=secrets.token_hex(8),
        )  # fmt: skip
        return int(purged)

    def withdraw(self, queue: str, task_id: str) -> bool:
        """Remove a task that has never started; False: it has, or there is none."""
        request = secrets.token_hex(8)
        return cast(bytes, self.run("withdraw", queue, id=task_id, request=request)) == b"PENDING"

    def awaited(self, queue: str, task_id: str) -> str:
        """Have the end of a task announced on the channel; returns its state, '' if unknown."""
        return cast(bytes, self.run("awaited", queue, id=task_id)).decode()

    def progress(self, queue: str, task_id: str, token: str, progress: str) -> bool:
        """Store how far a running task is (JSON); False when its lease is lost."""
        return bool(self.run("progress", queue, id=task_id, token=token, progress=progress))

    def emit(self, queue: str, task_id: str, token: str, partial: str) -> bool:
        """Keep a partial result (JSON) of a running task; False when its lease is lost."""
        return bool(self.run("emit", queue, id=task_id, token=token, partial=partial))

    def log(self, queue: str, task_id: str, token: str, *lines: str) -> bool:
        """Keep lines (JSON) that a running task logged; False when its lease is lost."""
        return bool(self.run("log", queue, *lines, id=task_id, token=token))

    def answer_piece(
        self, queue: str, task_id: str, token: str, at: int, piece: bytes, *, ttl_ms: int
    ) -> int | None:
        """Keep a piece of an answer that begins at `at`; returns how many bytes are kept now.

        Fewer than `at`: earlier ones are gone, and must be sent again. None: the lease is lost.
        """
        kept = int(
            self.run(
                "answer_piece", queue, id=task_id, token=token, at=at, piece=piece, ttl_ms=ttl_ms
            )
        )
        return None if kept < 0 else kept

    def lock(
        self,
        queue: str,
        name: str,
        holder: tuple[str, str],
        *,
        ttl_ms: int,
        lease_ms: int,
        runs_on: str | None = None,
    ) -> bool:
        """Take a lock for an (id, token) pair, ("", "") outside of a task; False: it is held.

        `runs_on`: the queue that the holder runs on, if it is another than `queue`.
        """
        task_id, token = holder
        taken = self.run(
            "lock", queue, name=name, id=task_id, token=token, home=keys.root(runs_on or queue),
            ttl_ms=ttl_ms, lease_ms=lease_ms, request=secrets.token_hex(8),
        )  # fmt: skip
        return bool(taken)

    def unlock(self, queue: str, name: str, token: str) -> bool:
        """Free a lock if that token holds it, or any lock if it is "*"."""
        others = " ".join(keys.root(other) for other in keys.queue_names() if other != queue)
        freed = self.run(
            "unlock", queue, name=name, token=token, others=others, request=secrets.token_hex(8)
        )
        return bool(freed)

    def limit(self, queue: str, name: str, *, per_ms: int, most: int = 1) -> tuple[int, int]:
        """Count a use of a rate limit; returns the uses and the ms left of its window."""
        used, left_ms = self.run(
            "limit", queue, name=name, per_ms=per_ms, most=most, request=secrets.token_hex(8)
        )
        return int(used), int(left_ms)

    def prune(self, queue: str, *, ttl_ms: int, cap: int) -> Pruned:
        """Forget finished tasks older than `ttl_ms` or beyond `cap` a state."""
        removed, more = self.run("prune", queue, ttl_ms=ttl_ms, cap=cap, limit=PRUNED)
        return Pruned(int(removed), bool(more))

    def knows(self, queue: str, consumer: str, types: Iterable[str]) -> None:
        """Say which task types a consumer knows: its workers claim no others."""
        self.run("knows", queue, *types, consumer=consumer, known_ms=KNOWN_MS)

    def heartbeat(
        self, queue: str, consumer: str, info: str, concurrency: int, dataset: str = ""
    ) -> Seen:
        """Say that a consumer is here; `info` is JSON. Returns what it sees."""
        found, back_ms, moved, known, unknown, consumers, words = self.run(
            "heartbeat", queue, consumer=consumer, info=info, concurrency=concurrency,
            known_ms=KNOWN_MS, dataset=dataset,
        )  # fmt: skip
        types, said = (frozenset(name.decode() for name in names) for names in (unknown, words))
        found_now = (found.decode(), int(back_ms), int(moved), bool(known))
        return Seen(*found_now, types, int(consumers), said)

    def leave(self, queue: str, consumer: str) -> None:
        """Take a consumer off the list."""
        self.run("leave", queue, consumer=consumer)

    def stats(self, queues: Iterable[str]) -> list[dict[str, Any]]:
        """Return the numbers of each queue, each one consistent look, all in one round trip."""
        calls = [Call(queue, {"online_ms": ONLINE_MS, "room": self.bounds}) for queue in queues]
        return [numbers_of(flat) for flat in self.run_many("stats", calls)]

    def outcome(self, queue: str, outcomes: dict[str, bytes], *, ttl_ms: int) -> None:
        """Keep outcomes under their keys; to be called on the result backend."""
        flat = [part for pair in outcomes.items() for part in pair]
        self.run("outcome", queue, *flat, ttl_ms=ttl_ms)

    def whereabouts(self, queue: str, task_id: str) -> tuple[str, list[str]]:
        """Return the state of a task, '' if there is none, and every index it is in."""
        state, indexes = self.run("whereabouts", queue, id=task_id)
        return state.decode(), [index.decode() for index in indexes]

    def online(self, queue: str, *, within_ms: int = ONLINE_MS) -> list[tuple[str, bytes, int]]:
        """Return the consumers with a heartbeat in that time: (id, info JSON, last seen in ms)."""
        rows = self.run("online", queue, within_ms=within_ms)
        return [(id.decode(), info, int(seen)) for id, info, seen in rows]


def numbers_of(flat: Sequence[Any]) -> dict[str, Any]:
    """Return the reply of `stats` as a dict: numbers, and texts."""
    return {
        name.decode(): value.decode("utf-8", "replace") if isinstance(value, bytes) else value
        for name, value in zip(flat[::2], flat[1::2], strict=True)
    }
