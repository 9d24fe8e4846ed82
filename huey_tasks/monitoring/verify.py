"""An account of every accepted task: `python app.py verify`.

Two questions, for each queue. Do the numbers add up: accepted = live + ended? And does every task
stand in exactly the index of its state? Both can be asked of a live system: the first is one
consistent look, and what the second finds amiss in passing is looked at again in one.
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
    """The account of one queue; `gaps` says, one a line, what does not add up."""

    queue: str
    accepted: int
    states: Mapping[str, int]  # how many live tasks in each state, how many ever ended in each
    looked_at: int
    gaps: tuple[str, ...]


def verify(broker: Broker) -> Account:
    """Account for every task of a queue, in small steps. Raises QueueUnavailable."""
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
    """Take note of what is lost, so that the account adds up again; returns how many tasks.

    Raises QueueUnavailable.
    """
    return DatasetScripts(broker.scripts).write_off(broker.name)


def _gaps(broker: Broker, expected: TaskState | None, ids: list[str]) -> Iterator[str]:
    """Say what is wrong with these tasks; `expected` is the index they were found in, if one."""
    found = indexes.states(Brokers([broker]), [(broker.name, task_id) for task_id in ids])
    for task_id, state in zip(ids, found, strict=True):
        if expected is not None and state == expected:
            continue
        gap = _look_again(broker, task_id)
        if gap is not None:
            yield gap


def _look_again(broker: Broker, task_id: str) -> str | None:
    state, standing = broker.scripts.whereabouts(broker.name, task_id)
    if not state:
        # The record of an ended task expires by itself, a little before its index is pruned.
        live = [index for index in standing if not TaskState(index).terminal]
        return f"task {task_id} stands in {', '.join(live)} and does not exist" if live else None
    if standing != [state]:
        return f"task {task_id} is {state} and stands in {', '.join(standing) or 'no index'}"
    return None
