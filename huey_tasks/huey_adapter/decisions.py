"""Records on the attempt what Huey decides about the task that runs, instead of storing it.

All of it is committed once, after Huey is done. Each override names the seam of Huey 3.5.4 that it
uses.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from huey import RedisHuey, signals
from huey.api import Task
from huey.utils import Error

from huey_tasks.execution import failed_attempts, waits
from huey_tasks.execution.attempt import Attempt, current_attempt
from huey_tasks.huey_adapter import huey_seams
from huey_tasks.huey_adapter.plain_task import PlainTask
from huey_tasks.huey_adapter.storage import ReliableStorage
from huey_tasks.values.safe_repr import unwrapped


class RecordingHuey(RedisHuey):
    """A RedisHuey on ReliableStorage, whose decisions become the outcome of the attempt."""

    storage_class = ReliableStorage
    storage: ReliableStorage

    #: All queues, this one among them, by their names.
    queues: Mapping[str, Any] = MappingProxyType({})

    def put_result(self, key: str, data: Any) -> None:
        attempt = current_attempt.get()
        if attempt is None or attempt.claim.id != key:
            super().put_result(key, data)
        elif not isinstance(data, Error):
            attempt.succeed(data)

    def delete(self, key: str) -> Any:
        """Huey deletes the revocation of each task that has run (api.py:509); it expires by itself.

        That would be a round trip for every task, and a failed one would lose the outcome.
        """
        attempt = current_attempt.get()
        if attempt is not None and key == f"r:{attempt.claim.id}":
            return False
        return super().delete(key)

    def is_revoked(self, task: Any, timestamp: Any = None, peek: bool = True) -> bool:
        """Huey asks before each task (api.py:422); a round trip only if anything is revoked.

        Not of one that has run: what is revoked meanwhile comes too late for this attempt.
        """
        attempt = self._attempt_of(task)
        if attempt is not None and (attempt.has_run or not self.storage.slot.revocations):
            return False
        return super().is_revoked(task, timestamp, peek)

    def build_error_result(self, task: Task, exception: BaseException) -> dict[str, Any]:
        """Huey asks for this when an attempt has failed (api.py:526)."""
        exception = unwrapped(exception)
        metadata = failed_attempts.failure_of(task, exception)
        if (attempt := self._attempt_of(task)) is not None:
            attempt.fail_with(exception, metadata["error"], metadata["traceback"])
        return metadata

    def _run_post_execute(
        self, task: Task, task_value: Any, exception: BaseException | None
    ) -> None:
        """Of a task that waits for a lock or a limit, Huey asks for no error (api.py:524)."""
        attempt = None if exception is None else self._attempt_of(task)
        error = unwrapped(exception)
        if attempt is not None and not attempt.has_outcome:
            if waits.is_wait(error) and waits.may_wait(task, attempt):
                attempt.block()
            else:
                attempt.postpone(failed_attempts.why_not_yet(error))
        super()._run_post_execute(task, task_value, error)

    def _emit(self, signal: str, task: Task, *args: Any, **kwargs: Any) -> None:
        """Record the ends that Huey announces by a signal only (api.py:422, 426, 439, 516)."""
        if (attempt := self._attempt_of(task)) is not None:
            if signal == signals.SIGNAL_COMPLETE and not attempt.has_outcome:
                attempt.succeed(None)  # a periodic task, whose result Huey does not keep
            elif signal in (signals.SIGNAL_REVOKED, signals.SIGNAL_CANCELED):
                attempt.end_as("REVOKED", "revoked before it started")
            elif signal == signals.SIGNAL_LOCKED and waits.may_wait(task, attempt):
                task.retries += 1  # which Huey takes off again: to wait costs none
            elif signal == signals.SIGNAL_EXPIRED:
                attempt.end_as("EXPIRED", "it was not started in time")
            elif not attempt.verdict.again:
                task.retries = 0
        elif signal == signals.SIGNAL_ENQUEUED and (owner := self._owner(task)) is not self:
            huey_seams.emit(owner, signal, task)
            return
        super()._emit(signal, task, *map(unwrapped, args), **kwargs)

    def _owner(self, task: Any) -> Any:
        return self.queues.get(getattr(task, "home", None) or "", self)

    def _attempt_of(self, task: Any) -> Attempt | None:
        attempt = current_attempt.get()
        is_task = isinstance(task, Task | PlainTask)
        is_current = attempt is not None and is_task and task.id == attempt.claim.id
        return attempt if is_current else None
