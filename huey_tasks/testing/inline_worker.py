"""A worker in the thread that submits: it runs what waits until nothing does.

It claims, executes and commits as any other worker; only the waits before a retry are cut short,
and no time limit and no rate limit applies. A task that a running task submits runs inside of that
one.
"""

import contextlib
import sys
from collections.abc import Generator, Sequence
from contextvars import copy_context
from typing import Any, cast

from huey import signals

from huey_tasks.api.operations import act_on_tasks
from huey_tasks.api.tasks import get_task
from huey_tasks.audit.operation import Action, Operator
from huey_tasks.broker.protocol import Argument, Commit, Found, Gate, NewTask
from huey_tasks.broker.states import Ending, TaskState
from huey_tasks.errors import TaskFailed
from huey_tasks.execution.printed import Printed
from huey_tasks.flows.changes import go_on_with_flows
from huey_tasks.huey_adapter.task_queue import TaskQueue
from huey_tasks.queues import BROKERS, QUEUES
from huey_tasks.records import indexes

_BY = Operator("eager", "")
_LATER = (TaskState.SCHEDULED, TaskState.RETRY)


class InlineWorker:
    """Runs each task when it is submitted, while it is `installed`."""

    def __init__(self) -> None:
        #: Whether a submit raises TaskFailed when a task that it caused to run fails.
        self.raises = True
        self._failed: list[str] = []
        self._errors: dict[str, BaseException] = {}
        self._attempts: dict[str, int] = {}
        self._interrupt: KeyboardInterrupt | None = None
        self._depth = 0

    @contextlib.contextmanager
    def installed(self) -> Generator[None]:
        """Run what is submitted inside the block."""
        with contextlib.ExitStack() as stack:
            for queue in QUEUES.values():
                stack.enter_context(self._at(queue))
            yield

    @contextlib.contextmanager
    def _at(self, instance: TaskQueue) -> Generator[None]:
        scripts, storage = instance.broker.scripts, instance.storage
        submit, limit, run = scripts.submit, scripts.limit, scripts.run
        settled, blocking = storage.on_settled, storage.blocking

        def submit_and_run(
            queue: str,
            tasks: Sequence[NewTask],
            gates: Sequence[Gate] = (),
            *,
            may_refuse: bool = False,
        ) -> Sequence[bool | Found]:
            stored = submit(queue, tasks, gates, may_refuse=may_refuse)
            self._run()
            return stored

        def run_and_work(script: str, queue: str, *more: Argument, **named: Argument) -> Any:
            reply = run(script, queue, *more, **named)
            if script in ("flow_begin", "flow_retry"):
                self._run()
            return reply

        def uses(queue: str, name: str, *, per_ms: int, most: int = 1) -> tuple[int, int]:
            used, left_ms = limit(queue, name, per_ms=per_ms, most=most)
            return min(used, most), left_ms  # nobody waits here for the next window

        def on_settled(commit: Commit, accepted: bool) -> None:
            settled(commit, accepted)
            if accepted and commit.state in (TaskState.FAILURE, Ending.DEAD):
                self._failed.append(commit.id)

        def on_error(signal: str, task: Any, error: BaseException) -> None:
            self._errors[task.id] = error
            if isinstance(error, KeyboardInterrupt):
                self._interrupt = error

        scripts.submit, scripts.limit = submit_and_run, uses
        scripts.run = run_and_work
        storage.on_settled, storage.blocking = on_settled, False
        instance.signal(signals.SIGNAL_ERROR)(on_error)
        try:
            yield
        finally:
            instance.disconnect_signal(on_error, signals.SIGNAL_ERROR)
            storage.on_settled, storage.blocking = settled, blocking
            del scripts.submit, scripts.limit, scripts.run  # the methods of the class are back

    def _run(self) -> None:
        self._depth += 1
        try:
            while any(map(self._run_queue, QUEUES.values())) or self._hasten() or _move_flows():
                continue
        finally:
            self._depth -= 1
        if self._depth == 0 and self._failed:
            failed, errors = self._failed[0], self._errors
            self._failed, self._errors, self._attempts = [], {}, {}
            if self.raises:
                record = get_task(failed)
                raise TaskFailed(
                    failed, record.status, record.error, record.traceback
                ) from errors.get(failed)

    def _run_queue(self, queue: TaskQueue) -> int:
        """Run what waits in one queue; return how many tasks that were."""
        number = 0
        queue.broker.scripts.promote(queue.name)  # a retry without a wait is due at once
        with queue.storage.own_slot(f"{queue.name}@eager/{self._depth}") as slot:
            slot.most = 1
            while (task := queue.dequeue()) is not None:
                with contextlib.redirect_stdout(cast(Any, Printed(sys.stdout))):
                    copy_context().run(queue.execute, task)
                number += 1
                if self._interrupt is not None:
                    break
            slot.flush()
        self._stop_if_interrupted()
        return number

    def _stop_if_interrupted(self) -> None:
        """Let Ctrl-C during a task end the tests, as it ends any other."""
        interrupt, self._interrupt = self._interrupt, None
        if interrupt is not None:
            raise interrupt

    def _hasten(self) -> bool:
        """Let what waits for its time run now; False if nothing does, or only in vain."""
        hastened = False
        for broker in BROKERS.values():
            for state in _LATER:
                for _, task_id in indexes.ids_in_state(broker, state, 200):
                    attempt = get_task(task_id).attempt
                    if self._attempts.get(task_id) != attempt:
                        self._attempts[task_id] = attempt
                        act_on_tasks(Action.REQUEUE, [task_id], _BY)
                        hastened = True
        return hastened


def _move_flows() -> bool:
    """Do what consumers do for flows; return whether there is more of it."""
    return go_on_with_flows() is not None
