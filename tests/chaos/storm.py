"""One storm from start to history: work and faults at once, then calm, then a look at everything.

Imports the engine, so the arena's settings must be in the environment before this is imported.
"""

import contextlib
import threading
import time

import huey_tasks as tq
from huey_tasks import accounting
from tests.chaos.arena import Arena
from tests.chaos.history import History, read_ledger
from tests.chaos.injector import Injector
from tests.chaos.observer import Observer, live
from tests.chaos.schedule import CONSUMERS, LEASE_S, faults
from tests.chaos.workload import Workload
from tests.waiting import wait_until

#: Seconds. After the last fault all that was accepted must have ended within this time.
SETTLE_S = 60.0


def run(arena: Arena, seed: int, seconds: float) -> History:
    """Run a storm and return what happened; the arena's processes are gone then."""
    workload = Workload(seed, arena.web_socket)
    observer = Observer(lambda: [s.task_id for s in list(workload.submissions) if s.task_id])
    injector = Injector(arena)
    try:
        arena.start_all()
        wait_until(_all_online, description="both consumers are online", timeout_s=60)
        workload.start()
        observer.start()
        try:
            injector.run(faults(seed, seconds))
        finally:
            workload.stop()
            _settle()
            observer.stop()
        observer.look_at_all()
        threading.Event().wait(1.5 * LEASE_S)  # what has ended stays so after every lease
        observer.look_at_all()
        accounts = [accounting.verify(queue.broker) for queue in tq.QUEUES.values()]
    finally:
        left_behind = arena.stop_all()
        lines = "".join(f"{hit}\n" for hit in injector.hits)
        (arena.folder / "hits.log").write_text(lines, "utf-8")
    return History(
        tuple(workload.submissions),
        tuple(workload.cancels),
        read_ledger(arena.ledger),
        {task_id: tuple(seen) for task_id, seen in observer.sightings.items()},
        frozenset(observer.claims),
        tuple(injector.hits),
        tuple(gap for account in accounts for gap in account.gaps),
        (*injector.orphans, *left_behind),
    )


def _all_online() -> bool:
    try:
        return len(tq.consumers()) == len(CONSUMERS)
    except tq.QueueUnavailable:
        return False


def _settle() -> None:
    """Wait until nothing is live any more, or the time is over; the checker sees the difference."""
    deadline = time.monotonic() + SETTLE_S

    def calm() -> bool:
        with contextlib.suppress(tq.QueueUnavailable):
            return live() == 0 or time.monotonic() > deadline
        return False

    wait_until(calm, description="Redis answers after the storm", timeout_s=SETTLE_S + 10)
