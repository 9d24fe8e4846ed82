"""What engine tests do again and again: submit, wait for a state, step by hand."""

from typing import Any

import huey_tasks as tq
from huey_tasks.broker.protocol import Claim, Commit, NewTask, only_of
from huey_tasks.broker.scripts.tasks import Scripts
from huey_tasks.broker.step import Step
from huey_tasks.huey_adapter.task_queue import TaskQueue
from tests.waiting import wait_until

QUEUE = "default"


def scripts() -> Scripts:
    """The scripts on the private server."""
    return tq.default.broker.scripts


def store(task_id: str, message: bytes = b"{}", task_type: str = "echo", **fields: Any) -> bool:
    """Store a task as it is, past the client."""
    return scripts().submit(QUEUE, [NewTask(task_id, message, task_type, **fields)])[0] is True


def recover(max_losses: int = 30) -> list[tuple[str, str]]:
    """Recover what has no lease, as a consumer does every second."""
    return scripts().recover(QUEUE, max_losses=max_losses, lease_ms=60_000)


def release(claim: Claim, *, crashed: bool = True, worker: str = "hand") -> list[tuple[str, str]]:
    """Release what a dead worker held; if it crashed, that claim was to blame."""
    blamed = claim.token if crashed else ""
    return scripts().release(QUEUE, worker, kind="crashes", blamed=blamed, limit=3)


def submit(task_type: str, **payload: Any) -> str:
    """Submit and return the id."""
    return tq.submit(task_type, payload).task_id


def state(task_id: str) -> str:
    """The state of a task."""
    return tq.get_task(task_id).status


def wait_for(task_id: str, wanted: str, timeout_s: float = 30.0) -> tq.TaskRecord:
    """Wait until the task is in that state; return it."""

    def reached() -> tq.TaskRecord | None:
        record = tq.get_task(task_id)
        if record.status.terminal and record.status != wanted:
            raise AssertionError(f"the task ended as {record.status}: {record.error}")
        return record if record.status == wanted else None

    found = wait_until(reached, description=f"task {task_id} is {wanted}", timeout_s=timeout_s)
    assert found is not None
    return found


class HandWorker:
    """A worker that a test moves step by step."""

    def __init__(self, name: str = "hand", queue: TaskQueue = tq.default) -> None:
        self.name, self.queue = name, queue.name
        self.sequence = 0
        self.scripts = queue.broker.scripts
        #: Whether its consumer says which types it knows.
        self.announces = False

    def step(
        self, *commits: Commit, want: int = 1, lease_ms: int = 60_000, worth: str = "{}"
    ) -> tuple[list[bool], list[Claim]]:
        """Commit and claim."""
        self.sequence += 1
        return self.again(*commits, want=want, lease_ms=lease_ms, worth=worth)

    def again(
        self, *commits: Commit, want: int = 1, lease_ms: int = 60_000, worth: str = "{}"
    ) -> tuple[list[bool], list[Claim]]:
        """Send the last step once more."""
        step = Step(
            self.queue,
            self.name,
            self.sequence,
            list(commits),
            want=want,
            lease_ms=lease_ms,
            ttl_ms=60_000,
            databases="",
            outcomes=[],
            worth=worth,
            only=only_of(self.name),
            announces=self.announces,
        )
        answer = self.scripts.step(step)
        return answer.accepted, [Claim.read(claim) for claim in answer.claims]

    def claim(self, lease_ms: int = 60_000) -> Claim:
        """Claim one task, which must be there."""
        _, claims = self.step(lease_ms=lease_ms)
        assert len(claims) == 1
        return claims[0]


def commit(claim: Claim, state: str, **fields: Any) -> Commit:
    """A commit of that claim."""
    return Commit(claim.id, claim.token, state, **fields)
