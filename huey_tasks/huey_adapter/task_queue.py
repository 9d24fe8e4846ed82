"""TaskQueue: Huey with a queue that does not lose tasks.

Huey's own `execute` runs the tasks, with its retries, hooks, pipelines and chords. For a task
that needs nothing of these it is called only if that has failed, or does not fit its hints. What it
decides is recorded (`decisions`) and committed once, after Huey is done. Each override names the
seam of Huey 3.5.4 that it uses.
"""

import contextlib
import datetime as dt
import logging
import math
from collections.abc import Callable, Mapping
from typing import Any

from huey import signals
from huey.api import RateLimit, Task, TaskWrapper, chord
from huey.utils import ChordConfig

from huey_tasks.broker.broker import Broker, Brokers
from huey_tasks.broker.connection import redis_errors
from huey_tasks.broker.protocol import Claim, Commit
from huey_tasks.broker.room import NO_BOUNDS
from huey_tasks.broker.states import Ending, TaskState
from huey_tasks.cleanup.leftovers import Leftovers
from huey_tasks.cleanup.own_code import OwnCode
from huey_tasks.errors import QueueUnavailable
from huey_tasks.execution import attempt_log, failed_attempts
from huey_tasks.execution.attempt import Attempt, current_attempt
from huey_tasks.huey_adapter import composition, decoding, encoding, huey_seams
from huey_tasks.huey_adapter.argument_names import by_name
from huey_tasks.huey_adapter.decisions import RecordingHuey
from huey_tasks.huey_adapter.decoding import Unreadable
from huey_tasks.huey_adapter.plain_task import NOT_RUN, PlainTask, raising
from huey_tasks.huey_adapter.rate_limit import QueueRateLimit
from huey_tasks.huey_adapter.storage import TaskMessage
from huey_tasks.huey_adapter.task_class import (
    QueueTaskWrapper,
    TypeRegistry,
    retry_rules_of,
)
from huey_tasks.records import tasks
from huey_tasks.serializer import JsonSerializer

logger = logging.getLogger(__name__)

#: How an attempt ends that is the last one of a failed task.
_FAILED = (TaskState.FAILURE, Ending.DEAD)


class TaskQueue(RecordingHuey):
    """One of the queues: submits tasks to it, and runs those that a worker has claimed."""

    def __init__(
        self,
        name: str,
        *,
        broker_url: str,
        result_url: str,
        result_ttl_s: float,
        lease_s: float,
        room: str = NO_BOUNDS,
        result_max_bytes: float = math.inf,
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
        #: A result with more fails its task.
        self.result_max_bytes = result_max_bytes
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
        message = by_name(self._registry.create_message(task), task)._replace(queue=None)
        written = self.serializer.serialize(message)
        owner = self._owner(task)
        queue = "" if owner is self else owner.name
        return TaskMessage.of(encoding.new_task_of(task, written, queue), written)

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
        return None if claim is None else self._to_run(claim)

    def begin(self, claim: Claim) -> Task | PlainTask | None:
        """Return the task of a claim, for a worker: a plain task needs nothing of Huey's.

        None if there is none that can run, which is committed. Raises QueueUnavailable.
        """
        plain_task = self._registry.plain_task(claim.type)
        if plain_task and not self.storage.slot.revocations and huey_seams.is_alone(self):
            return plain_task(claim) or self._to_run(claim)
        return self._to_run(claim)

    def _to_run(self, claim: Claim) -> Task | None:
        """Return the task of a claim; None if there is none that can run, which is committed."""
        try:
            return decoding.task_of(self, claim, self.storage.outcomes)
        except QueueUnavailable:
            self.storage.slot.finish(Commit(claim.id, claim.token, Ending.UNBEGUN))
            raise
        except Unreadable as error:
            self.storage.slot.finish(error.commit)
            return None

    def execute(self, task: Any, timestamp: Any = None) -> Any:
        """Run a task of Huey's, or a plain one."""
        claim: Claim | None = getattr(task, "claim", None)
        if claim is None:
            return super().execute(task, timestamp)
        slot = self.storage.slot
        attempt = Attempt(claim, task.name, self.broker, slot.cell)
        reset = current_attempt.set(attempt)
        unreadable: Commit | None = None
        try:
            with redis_errors():
                if type(task) is PlainTask and (task := self._run(task, attempt)) is None:
                    return None
                if task.on_error:  # several attempts may fail, and several tasks share it
                    task.on_error.id = attempt.id_for("on_error")
                return super().execute(task, timestamp)
        except QueueUnavailable:  # raised by what Huey itself reads and writes
            attempt.release()
            raise
        except Unreadable as error:
            unreadable = error.commit
        except BaseException as error:  # raised by Huey or a hook, outside the task's own code
            self.build_error_result(task, error)
        finally:
            current_attempt.reset(reset)
            self.after_attempt(attempt)
            slot.finish(*((unreadable,) if unreadable else attempt.commit()))

    def _run(self, task: PlainTask, attempt: Attempt) -> Task | None:
        """Run a plain task; return None, or the task with which Huey does the rest.

        Huey runs that one if the payload needs a closer look. If the function has raised, the task
        raises the same, and Huey decides what follows.
        """
        raised: BaseException | None = None
        try:
            with self._timeout_context(task):
                returned = task.run_json(task.payload)
            if returned is not NOT_RUN:
                attempt.succeed(returned)
                return None
        except BaseException as error:
            attempt.has_run, raised = True, error
        try:
            usual = decoding.task_of(self, task.claim, self.storage.outcomes)
        except Unreadable:
            if raised is None:
                raise
            self.build_error_result(task, raised)
            return None
        return usual if raised is None else raising(usual, raised)

    def _timeout_context(self, task: Any) -> Any:
        """Huey runs the task's own code, and nothing else, inside this context (api.py:451)."""
        attempt = current_attempt.get()
        if attempt is None:
            return super()._timeout_context(task)
        if attempt.has_run:
            return contextlib.nullcontext()
        limit = super()._timeout_context(task) if task.timeout else None
        return OwnCode(attempt, limit, self.leftovers, retry_rules_of(task))

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
        if accepted and commit.state in _FAILED:
            self.report_failure(commit.id, commit.about.where if commit.about else "")
        else:
            attempt_log.attempt_ended(commit, accepted)

    def _committing(self) -> Attempt | None:
        """The attempt with whose commit goes what is enqueued now: its own code is over."""
        attempt = current_attempt.get()
        if attempt is None or attempt.in_body or self.immediate:
            return None
        return attempt if attempt.is_here and attempt.broker is self.broker else None
