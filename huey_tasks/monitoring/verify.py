"""An account of every accepted task: `python app.py verify`.

Two checks of each queue: accepted = live + ended, and every task is in exactly the index of its
state. Both work while tasks run: the first reads all numbers in one script, and the second reads
each task that it finds in a wrong index once more, with its indexes, in one script.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from huey_tasks.broker import keys
from huey_tasks.broker.broker import Broker, Brokers
from huey_tasks.broker.scripts.dataset import DatasetScripts
from huey_tasks.records import indexes, losses
from huey_tasks.records.models import TaskState


@dataclass(frozen=True)
class Account:
    """The account of one queue; each of `gaps` is a line about tasks that are missing or wrong."""

    queue: str
    accepted: int
    states: Mapping[
        str, int
    ]  # tasks: live ones by state, ended ones by terminal state since the start
    looked_at: int
    gaps: tuple[str, ...]


def verify(broker: Broker) -> Account:
    """Account for every task of a queue, in short script calls. Raises QueueUnavailable."""
    numbers = broker.scripts.stats([broker.name])[0]
    states: dict[str, int] = {state.value: numbers[state] for state in TaskState}
    accepted, gaps = numbers["SUBMITTED"], list(losses.losses(broker.name, numbers))
    if numbers["written_off"]:
        states["written off"] = numbers["written_off"]
    looked_at = 0
    for state in TaskState:
        for ids in indexes.scan(broker, keys.index(broker.name, state)):
            looked_at += len(ids)
            gaps += _gaps(broker, state, ids)
    for ids in indexes.scan(broker, keys.submitted(broker.name)):
        gaps += _gaps(broker, None, ids)
    return Account(broker.name, accepted, states, looked_at, tuple(dict.fromkeys(gaps)))


def write_off(broker: Broker) -> int:
    """Record lost tasks as written off, so that later gaps show; returns how many tasks.

    Raises QueueUnavailable.
    """
    return DatasetScripts(broker.scripts).write_off(broker.name)


def _gaps(broker: Broker, expected: TaskState | None, ids: list[str]) -> Iterator[str]:
    """Yield a line for each wrong task; `expected`: the state whose index has these ids."""
    found = indexes.states(Brokers([broker]), [(broker.name, task_id) for task_id in ids])
    for task_id, state in zip(ids, found, strict=True):
        if expected is not None and state == expected:
            continue
        gap = _look_again(broker, task_id)
        if gap is not None:
            yield gap


def _look_again(broker: Broker, task_id: str) -> str | None:
    state, containing = broker.scripts.whereabouts(broker.name, task_id)
    if not state:
        gap = f"task {task_id} is in {', '.join(containing)} and does not exist"
        return gap if containing else None
    if containing != [state]:
        return f"task {task_id} is {state} and is in {', '.join(containing) or 'no index'}"
    return None
