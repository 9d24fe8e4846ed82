"""One storm from start to history: work and faults at once, then calm, then a look at everything.

Imports the engine, so the arena's settings must be in the environment before this is imported.
"""

import contextlib
import threading
import time

import huey_tasks as tq
from huey_tasks import accounting
from tests.chaos import ledger
from tests.chaos.arena import Arena
from tests.chaos.harm import Harm
from tests.chaos.history import History
from tests.chaos.injector import Injector
from tests.chaos.observer import Observer, live
from tests.chaos.schedule import CONCURRENCY, CONSUMERS, LEASE_S, faults, harms
from tests.chaos.workload import Workload
from tests.waiting import wait_until

#: Seconds. After the last fault all that was accepted must have ended within this time.
SETTLE_S = 60.0

#: Seconds. So long after a storm every consumer has all its workers again.
MANNED_S = 20.0


def run(arena: Arena, seed: int, seconds: float) -> History:
    """Run a storm and return what happened; the arena's processes are gone then."""
    workload = Workload(seed, arena.web_socket)
    harm, injector = Harm(), Injector(arena)

    def known_ids() -> list[str]:
        submissions = [*workload.submissions, *harm.submissions]
        return [submission.task_id for submission in submissions if submission.task_id]

    observer = Observer(known_ids, arena.ledger)
    try:
        arena.start_all()
        wait_until(_all_online, description="both consumers are online", timeout_s=60)
        workload.start()
        harm.start(harms(seed, seconds))
        observer.start()
        try:
            injector.run(faults(seed, seconds))
        finally:
            workload.stop()
            harm.stop()
            _settle(injector)
            observer.stop()
        unmanned = [name for name in CONSUMERS if not _is_manned(arena, name)]
        observer.look_at_all()
        threading.Event().wait(1.5 * LEASE_S)  # what has ended stays so after every lease
        observer.look_at_all()
        observer.look_for_leftovers()
        accounts = [accounting.verify(queue) for queue in tq.QUEUES.values()]
    finally:
        left_behind = arena.stop_all()
        hits = sorted([*injector.hits, *ledger.harms(arena.ledger)], key=lambda hit: hit.at)
        lines = "".join(f"{hit}\n" for hit in hits)
        (arena.folder / "hits.log").write_text(lines, "utf-8")
    return History(
        (*workload.submissions, *harm.submissions),
        tuple(workload.cancels),
        ledger.executions(arena.ledger),
        {task_id: tuple(seen) for task_id, seen in observer.sightings.items()},
        frozenset(observer.claims),
        tuple(hits),
        tuple(gap for account in accounts for gap in account.gaps),
        (*injector.orphans, *left_behind),
        tuple(observer.outlived),
        tuple(injector.held_up),
        tuple(f"{name} has not all its workers again" for name in unmanned),
    )


def _all_online() -> bool:
    try:
        return len(tq.consumers()) == len(CONSUMERS)
    except tq.QueueUnavailable:
        return False


def _is_manned(arena: Arena, name: str) -> bool:
    try:
        wait_until(
            lambda: len(arena.workers(name)) >= CONCURRENCY,
            description="all workers are there",
            timeout_s=MANNED_S,
        )
    except AssertionError:
        return False
    return True


def _settle(injector: Injector) -> None:
    """Wait until nothing is live any more, or the time is over; the checker sees the difference."""
    deadline = time.monotonic() + SETTLE_S

    def calm() -> bool:
        injector.revive()
        with contextlib.suppress(tq.QueueUnavailable):
            return live() == 0 or time.monotonic() > deadline
        return False

    wait_until(calm, description="Redis answers after the storm", timeout_s=SETTLE_S + 10)
