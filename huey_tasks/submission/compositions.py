"""Submit tasks that belong together by Huey's pipelines, groups and chords, all or none."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from huey.api import Task, chord, group

from huey_tasks.execution.attempt import current_attempt
from huey_tasks.huey_adapter.task_class import QueueTask
from huey_tasks.queues import QUEUES
from huey_tasks.submission.submit import naming_lost

Steps = Sequence[QueueTask]


def submit_chain(steps: Steps) -> None:
    """Submit the first of these tasks; each of the others follows the one before it."""
    _submit(_pipeline(steps), steps[0], steps[0])


def submit_group(members: Sequence[Steps]) -> None:
    """Submit several such chains at once."""
    if members:
        _submit(group([_pipeline(steps) for steps in members]), members[0][0], members[0][0])


def submit_chord(members: Sequence[Steps], callback: Steps) -> None:
    """Submit several such chains, and one that starts when all of them have ended."""
    work = chord([_pipeline(steps) for steps in members], _pipeline(callback))
    _submit(work, callback[0], members[0][0] if members else callback[0])


def _pipeline(steps: Steps) -> Task:
    for before, after in pairwise(steps):
        before.on_complete = after
    return steps[0]


def _submit(work: Any, first: QueueTask, stored: QueueTask) -> None:
    """Store all in one step; a queue may refuse them, unless a running task submits.

    `stored`: one of those that are there when all are, for who asks whether they are.
    """
    queue = QUEUES[first.home or "default"]
    if queue.immediate:
        queue.enqueue(work)
        return
    from_outside = current_attempt.get() is None
    with naming_lost(stored.id), queue.storage.together.block(may_refuse=from_outside):
        queue.enqueue(work)
