"""One storm from start to history: work and faults at once, then calm, then a look at everything.

Imports the engine, so the arena's settings must be in the environment before this is imported.
"""

import contextlib
import sys
import threading
import time

import huey_tasks as tq
from huey_tasks.monitoring import verify
from tests.chaos import ledger
from tests.chaos.arena import Arena
from tests.chaos.callers import Callers
from tests.chaos.harm import Harm
from tests.chaos.history import History, Submission
from tests.chaos.injector import Injector
from tests.chaos.observer import Observer, live
from tests.chaos.schedule import CONCURRENCY, CONSUMERS, LEASE_S, faults, harms
from tests.chaos.workload import Workload
from tests.receivers import receiver
from tests.waiting import wait_until

#: Seconds. After the last fault so much time may pass in which nothing ends, and in all.
SETTLE_S, LONGEST_SETTLE_S = 60.0, 600.0

#: Seconds. So long after a storm every consumer has all its workers again.
MANNED_S = 20.0


def run(arena: Arena, seed: int, seconds: float) -> History:
    """Run a storm and return what happened; the arena's processes are gone then."""
    with receiver() as receives:
        return _run(arena, seed, seconds, Callers(seed, arena.web_socket, receives))


def _run(arena: Arena, seed: int, seconds: float, callers: Callers) -> History:
    workload = Workload(seed, arena.web_socket)
    harm, injector = Harm(), Injector(arena)

    def submissions() -> tuple[Submission, ...]:
        return (*workload.submissions, *harm.submissions, *callers.submissions)

    def known_ids() -> list[str]:
        return [submission.task_id for submission in submissions() if submission.task_id]

    observer = Observer(known_ids, arena.ledger)
    try:
        arena.start_all()
        wait_until(_all_online, description="both consumers are online", timeout_s=60)
        workload.start()
        callers.start()
        harm.start(harms(seed, seconds))
        observer.start()
        try:
            injector.run(faults(seed, seconds))
        finally:
            workload.stop()
            callers.stop()
            harm.stop()
            _settle(injector, callers)
            observer.stop()
        unmanned = [name for name in CONSUMERS if not _is_manned(arena, name)]
        observer.look_at_all()
        threading.Event().wait(1.5 * LEASE_S)  # what has ended stays so after every lease
        observer.look_at_all()
        observer.look_for_leftovers()
        flows = callers.flows()
        accounts = [verify.verify(queue.broker) for queue in tq.QUEUES.values()]
    finally:
        left_behind = arena.stop_all()
        hits = sorted([*injector.hits, *ledger.harms(arena.ledger)], key=lambda hit: hit.at)
        lines = "".join(f"{hit}\n" for hit in hits)
        (arena.folder / "hits.log").write_text(lines, "utf-8")
    return History(
        submissions(),
        tuple(workload.cancels),
        ledger.executions(arena.ledger),
        {task_id: tuple(seen) for task_id, seen in observer.sightings.items()},
        frozenset(observer.claims),
        flows,
        callers.arrivals(),
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


def _settle(injector: Injector, callers: Callers) -> None:
    """Wait until nothing is live and every webhook has arrived, or nothing ends any more.

    The checker sees the difference. A slow machine has a backlog when the storm is over: it gets
    the time that it needs as long as it works that off.
    """
    fewest, deadline = sys.maxsize, time.monotonic() + SETTLE_S

    def calm() -> bool:
        nonlocal fewest, deadline
        injector.revive()
        with contextlib.suppress(tq.QueueUnavailable):
            if (left := live()) < fewest:
                fewest, deadline = left, time.monotonic() + SETTLE_S
            return (left == 0 and callers.are_served()) or time.monotonic() > deadline
        return False

    wait_until(calm, description="Redis answers after the storm", timeout_s=LONGEST_SETTLE_S)
