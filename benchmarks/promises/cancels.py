"""How long a cancel of a running task takes: to the state, and to a worker that is free again.

The next task waits in the queue already. The worker is free when that one begins.
"""

import time

import huey_tasks as tq
from benchmarks.promises.arena import Arena
from benchmarks.promises.promise import Promise, seconds_to_ms
from benchmarks.promises.recovery import start

#: Milliseconds.
STATE_GOAL, FREE_GOAL = 50.0, 250.0


def of_running_tasks(arena: Arena, cancels: int, kills: int) -> list[Promise]:
    """Cancel tasks that let the exception pass, and some that swallow it and are killed."""
    found: list[Promise] = []
    for worker_type in ("process", "greenlet"):
        start(arena, "one", workers=1, worker_type=worker_type)
        to_state, to_free = _cancel(arena, "run_until_stopped", cancels)
        found += [
            Promise(f"cancel to state, {worker_type}", to_state, goal=STATE_GOAL),
            Promise(f"cancel to free worker, {worker_type}", to_free, goal=FREE_GOAL),
        ]
        if worker_type == "process":
            _, killed = _cancel(arena, "swallow_the_cancel", kills)
            grace_s = tq.CONFIG.cancel_grace_s
            found.append(Promise(f"the same, killed after a grace of {grace_s:g} s", killed))
        arena.stop_all()
    return found


def _cancel(
    arena: Arena, task_type: str, cancels: int
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    to_state: list[float] = []
    to_free: list[float] = []
    for _ in range(cancels):
        task_id = tq.submit(task_type, {}).task_id
        following = tq.submit("begin", {}).task_id
        arena.ledger.wait_for(task_id)
        asked_at = time.time()
        record = tq.cancel(task_id)
        to_state.append(time.time() - asked_at)
        if record.status is not tq.TaskState.REVOKED:
            raise RuntimeError(f"the cancelled task is {record.status}")
        to_free.append(arena.ledger.wait_for(following).at - asked_at)
    return seconds_to_ms(to_state), seconds_to_ms(to_free)
