"""A claimed task that is as plain as most are: byte for byte what the template of its type writes.

It has a payload and nothing else: no task that follows, no gate, no result of another to wait for.
So only the payload is decoded, straight into the types of the hints; and when the function has
returned, Huey has nothing to decide. Whatever else happens, Huey's own task is made, and Huey
decides (`TaskQueue.execute`). Why so: docs/adr/0131.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from huey.api import Task

from huey_tasks.broker.protocol import Claim
from huey_tasks.execution.retry_rules import RetryRules

#: What `PlainTask.run_json` returns if the payload does not fit the hints: nothing has run.
NOT_RUN = object()


class PlainTask(NamedTuple):
    """A claim of a task of type `name`; `payload` is JSON.

    `run_json` takes that and runs the task's own code; it returns what that returns, or NOT_RUN.
    """

    claim: Claim
    name: str
    timeout: float | None
    retry_rules: RetryRules
    run_json: Callable[[bytes], Any]
    payload: bytes

    @property
    def id(self) -> str:
        """The task's id."""
        return self.claim.id

    @property
    def retries(self) -> int:
        """How many retries are left."""
        return self.claim.retries_left


def raising(task: Task, error: BaseException) -> Task:
    """Return the task with its own code replaced by an error, which that has raised before."""

    def execute() -> None:
        raise error

    vars(task)["execute"] = execute
    return task
