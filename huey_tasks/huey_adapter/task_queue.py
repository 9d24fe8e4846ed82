"""TaskQueue: Huey with a queue that does not lose tasks.

Huey's own `execute` runs the tasks, with its retries, hooks, pipelines and chords. This class only
listens: whatever Huey decides about the task that runs is recorded on its `Attempt`, and committed
once, after Huey is done. Each override names the seam of Huey 3.5.4 that it uses.
"""

import datetime as dt
import logging
from collections.abc import Callable, Mapping
from typing import Any, cast

from huey import RedisHuey, signals
from huey.api import RateLimit, Task, TaskWrapper, chord
from huey.utils import ChordConfig, Error

from huey_tasks.broker.broker import Broker, Brokers
from huey_tasks.broker.connection import redis_errors
from huey_tasks.broker.protocol import Claim, Commit
from huey_tasks.broker.room import NO_BOUNDS
from huey_tasks.broker.states import Ending, TaskState
from huey_tasks.cleanup.leftovers import Leftovers
from huey_tasks.cleanup.own_code import OwnCode
from huey_tasks.errors import QueueUnavailable
from huey_tasks.execution import attempt_log, failed_attempts, waits
from huey_tasks.execution.attempt import Attempt, current_attempt
from huey_tasks.huey_adapter import composition, decoding, encoding, huey_seams
from huey_tasks.huey_adapter.decoding import Unreadable
from huey_tasks.huey_adapter.rate_limit import QueueRateLimit
from huey_tasks.huey_adapter.storage import ReliableStorage, TaskMessage
from huey_tasks.huey_adapter.task_class import (
    QueueTaskWrapper,
    TypeRegistry,
    by_name,
    retry_rules_of,
)
from huey_tasks.records import tasks
from huey_tasks.serializer import JsonSerializer
from huey_tasks.values.safe_repr import unwrapped

logger = logging.getLogger(__name__)


class TaskQueue(RedisHuey):
    """One of the queues: a RedisHuey on ReliableStorage."""

    storage_class = ReliableStorage
    storage: ReliableStorage

    def __init__(
        self,
        name: str,
        *,
        broker_url: str,
        result_url: str,
        result_ttl_s: float,
        lease_s: float,
        room: str = NO_BOUNDS,
        **options: Any,
    ) -> None:
        #: The queue in Redis; it stays when Huey's immediate mode takes the storage away.
        self.broker = Broker.connect(
            name,
            broker_url=broker_url,
            result_url=result_url,
            result_ttl_s=result_ttl_s,
            lease_s=lease_s,
            room=room,
        )
        self.elsewhere = list[Broker]()
        super().__init__(
            name,
            serializer=JsonSerializer(),
            store_none=True,
            utc=True,
            broker=self.broker,
            elsewhere=self.elsewhere,
            **options,
        )
        self._registry = TypeRegistry()
        #: All queues, this one among them, by their names.
        self.queues: Mapping[str, TaskQueue] = {}
        #: What a task leaves running, in a worker; elsewhere that is its caller's business.
        self.leftovers: Leftovers | None = None
        self.storage.on_settled = self._settled
        #: Called after each attempt, before its end is committed; must not raise.
        self.after_attempt: Callable[[Attempt], None] = lambda attempt: None

    # ---- submit

    def get_task_wrapper_class(self) -> type[TaskWrapper]:
        return QueueTaskWrapper

    def serialize_task(self, task: Task) -> TaskMessage:
        """What Huey writes (api.py:296), with the arguments that are complete now by name."""
        message = by_name(self._registry.create_message(task), task)
        stored = self.serializer.serialize(message._replace(queue=None))
        owner = self._owner(task)
        queue = "" if owner is self else owner.name
        return TaskMessage.of(encoding.new_task_of(task, stored, queue))

    def join(self, queues: Mapping[str, "TaskQueue"]) -> None:
        """Know the other queues: each task of a pipeline goes to its own."""
        self.queues = queues
        self._registry.siblings = huey_seams.registries(queues)
        self.elsewhere += [queue.broker for queue in queues.values() if queue is not self]

    def enqueue(self, task: Any) -> Any:
        """Submit a task; one that follows from the running task goes with that one's commit.

        Huey also enqueues the running task itself, when it is to be retried without a delay.
        """
        attempt = self._committing()
        if attempt is not None and getattr(task, "id", "") == attempt.claim.id:
            attempt.retry(0.0, task.retries, task.retry_delay)
            self._emit(signals.SIGNAL_ENQUEUED, task)
            return None
        composition.check(task)
        if self.immediate:
            return super().enqueue(task)
        with self.storage.together.block(attempt):
            return super().enqueue(task)

    def _enqueue_chord(self, chord_obj: chord) -> Any:
        """Submit the members with a gate that lets the callback through (api.py:328).

        Huey's members count themselves when they have run. One that is cancelled, expires or is
        quarantined never runs, so here each end of a task counts (`finish` in lua/lib/finish.lua).
        """
        chord_obj.callback.is_callback = True
        result = super()._enqueue_chord(chord_obj)
        if not self.immediate:
            with self.storage.together.block() as (_, gates):
                gates += composition.gates_of(chord_obj, result.results, self.serialize_task)
        return result

    def _check_chord(self, config: ChordConfig, value: Any) -> None:
        """Do nothing: the commit counts the member."""
        if self.immediate:
            super()._check_chord(config, value)

    def rate_limit(self, name: str, limit: int, per: float, retry: bool = True) -> RateLimit:
        if self.immediate:
            return super().rate_limit(name, limit, per, retry)
        return QueueRateLimit(self, self.broker, name, limit, per, retry)

    def _requeue_task(self, task: Task, timestamp: Any, retry_eta: Any = None) -> None:
        """Huey doubles the delay without end (api.py:577); a verdict on the attempt comes first."""
        attempt = self._attempt_of(task)
        if attempt is not None and attempt.blocked_on:
            return
        task.retry_delay = min(task.retry_delay, failed_attempts.most_delay_s(task))
        if attempt is not None and attempt.verdict.delay_s is not None:
            delay_s = failed_attempts.delay_after(task, attempt.verdict)
            retry_eta = timestamp + dt.timedelta(seconds=delay_s)
        super()._requeue_task(task, timestamp, retry_eta)

    def add_schedule(self, task: Task) -> None:
        """Huey schedules the running task when it is to be retried after a delay (api.py:577)."""
        attempt = self._attempt_of(task)
        if attempt is None:
            super().add_schedule(task)
            return
        delay_s = (task.eta - self._get_timestamp()).total_seconds() if task.eta else 0.0
        attempt.retry(
            failed_attempts.spread(task, delay_s, attempt.verdict), task.retries, task.retry_delay
        )
        self._emit(signals.SIGNAL_SCHEDULED, task)

    # ---- run

    def dequeue(self) -> Task | None:
        claim = self.storage.claim()
        if claim is None:
            return None
        try:
            task = decoding.task_of(self, claim, self.storage.outcomes)
        except QueueUnavailable:
            self.storage.slot.finish(Commit(claim.id, claim.token, Ending.UNBEGUN))
            raise
        except Unreadable as error:
            self.storage.slot.finish(error.commit)
            return None
        # Redis has decided that the task is due, not expired, and how many attempts it has left.
        task.eta, task.expires_resolved = None, None
        task.retries, task.retry_delay = claim.retries_left, claim.retry_delay_s
        task.claim = claim
        return task

    def execute(self, task: Task, timestamp: Any = None) -> Any:
        claim = cast(Claim | None, getattr(task, "claim", None))
        if claim is None:
            return super().execute(task, timestamp)
        attempt = Attempt(claim, type(task).__name__, self.broker, self.storage.slot.cell)
        if task.on_error:  # several attempts may fail, and several tasks share it
            task.on_error.id = attempt.id_for("on_error")
        reset = current_attempt.set(attempt)
        try:
            with redis_errors():
                return super().execute(task, timestamp)
        except QueueUnavailable:  # raised by what Huey itself reads and writes
            attempt.release()
            raise
        except BaseException as error:  # raised by Huey or a hook, outside the task's own code
            self.build_error_result(task, error)
        finally:
            current_attempt.reset(reset)
            self.after_attempt(attempt)
            self.storage.slot.finish(*attempt.commit())

    def _timeout_context(self, task: Task) -> Any:
        """Huey runs the task's own code, and nothing else, inside this context (api.py:451)."""
        attempt = current_attempt.get()
        if attempt is None:
            return super()._timeout_context(task)
        limit = super()._timeout_context(task) if task.timeout else None
        return OwnCode(attempt, limit, self.leftovers, retry_rules_of(task))

    # ---- what Huey decides about the task that runs

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
        """Huey asks before each task (api.py:422); a round trip only if anything is revoked."""
        if self._attempt_of(task) is not None and not self.storage.slot.revocations:
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

    # ---- a consumer

    def create_consumer(self, **options: Any) -> Any:
        """Return the supervisor of this queue's workers; `huey_consumer` calls this."""
        return self.make_consumer(options)

    def make_consumer(self, options: dict[str, Any]) -> Any:  # `huey_tasks` puts another one here
        """Make a consumer from Huey's options."""
        raise RuntimeError("import huey_tasks before a consumer is made")

    def report_failure(self, task_id: str, where: str = "") -> None:
        """Write the one log record of a task that has finally failed, however it came about."""
        try:
            record = tasks.find(Brokers([self.broker]), task_id)
        except QueueUnavailable:
            record = None  # it is logged all the same, with what is known here
        attempt_log.task_failed(self.name, task_id, record, where)

    def _settled(self, commit: Commit, accepted: bool) -> None:
        if accepted and commit.state in (TaskState.FAILURE, Ending.DEAD):
            self.report_failure(commit.id, commit.about.where if commit.about else "")
        else:
            attempt_log.attempt_ended(commit, accepted)

    def _committing(self) -> Attempt | None:
        """The attempt with whose commit goes what is enqueued now: its own code is over."""
        attempt = current_attempt.get()
        if attempt is None or attempt.in_body or self.immediate:
            return None
        return attempt if attempt.is_here and attempt.broker is self.broker else None

    def _owner(self, task: Any) -> "TaskQueue":
        return self.queues.get(getattr(task, "home", None) or "", self)

    def _attempt_of(self, task: Any) -> Attempt | None:
        attempt = current_attempt.get()
        is_current = attempt is not None and isinstance(task, Task) and task.id == attempt.claim.id
        return attempt if is_current else None
