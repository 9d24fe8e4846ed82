"""An account of every accepted task: `python app.py verify`.

Two questions, for each queue. Do the numbers add up: accepted = live + ended? And does every task
stand in exactly the index of its state? Both can be asked of a live system: the first is one
consistent look, and what the second finds amiss in passing is looked at again in one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from huey_tasks import keys, losses
from huey_tasks.connection import redis_errors
from huey_tasks.dataset_scripts import DatasetScripts
from huey_tasks.records import TaskState
from huey_tasks.task_queue import TaskQueue

#: How many tasks are looked at in one round trip.
STEP = 500


@dataclass(frozen=True)
class Account:
    """The account of one queue; `gaps` says, one a line, what does not add up."""

    queue: str
    accepted: int
    states: Mapping[str, int]  # how many live tasks in each state, how many ever ended in each
    looked_at: int
    gaps: tuple[str, ...]


def verify(queue: TaskQueue) -> Account:
    """Account for every task of a queue, in small steps. Raises QueueUnavailable."""
    numbers = queue.storage.scripts.stats([queue.name])[0]
    states: dict[str, int] = {state.value: numbers[state] for state in TaskState}
    accepted, gaps = numbers["SUBMITTED"], list(losses.losses(queue.name, numbers))
    if numbers["written_off"]:
        states["written off"] = numbers["written_off"]
    looked_at = 0
    for state in TaskState:
        for ids in _steps(queue, keys.index(queue.name, state)):
            looked_at += len(ids)
            gaps += _gaps(queue, state, ids)
    for ids in _steps(queue, keys.submitted(queue.name)):
        gaps += _gaps(queue, None, ids)
    return Account(queue.name, accepted, states, looked_at, tuple(dict.fromkeys(gaps)))


def write_off(queue: TaskQueue) -> int:
    """Take note of what is lost, so that the account adds up again; returns how many tasks.

    Raises QueueUnavailable.
    """
    return DatasetScripts(queue.storage.scripts).write_off(queue.name)


def _gaps(queue: TaskQueue, expected: TaskState | None, ids: list[str]) -> Iterator[str]:
    """Say what is wrong with these tasks; `expected` is the index they were found in, if one."""
    with redis_errors(), queue.storage.broker.pipeline(transaction=False) as pipe:
        for task_id in ids:
            pipe.hget(keys.task(queue.name, task_id), "state")
        found = pipe.execute()
    for task_id, state in zip(ids, found, strict=True):
        if expected is not None and state == expected.encode():
            continue
        gap = _look_again(queue, task_id)
        if gap is not None:
            yield gap


def _look_again(queue: TaskQueue, task_id: str) -> str | None:
    state, standing = queue.storage.scripts.whereabouts(queue.name, task_id)
    if not state:
        # The record of an ended task expires by itself, a little before its index is pruned.
        live = [index for index in standing if not TaskState(index).terminal]
        return f"task {task_id} stands in {', '.join(live)} and does not exist" if live else None
    if standing != [state]:
        return f"task {task_id} is {state} and stands in {', '.join(standing) or 'no index'}"
    return None


def _steps(queue: TaskQueue, index: str) -> Iterator[list[str]]:
    cursor = None
    while cursor != 0:
        with redis_errors():
            cursor, rows = queue.storage.broker.zscan(index, cursor or 0, count=STEP)
        if rows:
            yield [task_id.decode() for task_id, _ in rows]
