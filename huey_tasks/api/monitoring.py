"""What has happened in the queues of this process: failures, history, log lines, operations."""

from huey_tasks.audit import trail
from huey_tasks.audit.operation import Action
from huey_tasks.audit.trail import AuditPage
from huey_tasks.monitoring import failure_groups as failures
from huey_tasks.monitoring import history
from huey_tasks.monitoring.failure_groups import FailureGroup, Failures
from huey_tasks.monitoring.history import History, Span
from huey_tasks.queues import BROKERS, brokers_of
from huey_tasks.records import log_lines
from huey_tasks.records.log_lines import TaskLine


def failure_groups(
    *,
    queue: str | None = None,
    task_type: str | None = None,
    limit: int = 50,
    samples: bool = True,
) -> Failures:
    """The failed tasks that are kept, grouped by their cause, the one seen last first.

    With `queue`, only what that queue has of each group. `samples`: read an error and its
    traceback for each group. Raises UnknownQueue, QueueUnavailable.
    """
    return failures.groups(brokers_of(queue), task_type=task_type, limit=limit, samples=samples)


def failure_group(fingerprint: str) -> FailureGroup:
    """One group of failed tasks. Raises FailuresNotFound, QueueUnavailable."""
    return failures.group(BROKERS, fingerprint)


def read_history(
    span: Span = Span.HOUR, *, queue: str | None = None, task_type: str | None = None
) -> History:
    """What has happened in the queues, or in one, of all types of task or of one, up to now.

    Every step of the span has its point; the last is partial. Raises UnknownQueue,
    QueueUnavailable.
    """
    return history.read(brokers_of(queue), span, task_type=task_type)


def read_log(
    *,
    queue: str | None = None,
    level: str | None = None,
    task_type: str | None = None,
    limit: int = 200,
) -> list[TaskLine]:
    """The last lines that tasks logged, the newest first; a thousand of each queue are kept.

    `level`: only lines of at least this one ("INFO"). Raises UnknownQueue, QueueUnavailable.
    """
    return log_lines.read(brokers_of(queue), level=level, task_type=task_type, limit=limit)


def audit_trail(
    *, action: Action | None = None, cursor: str | None = None, limit: int = 50
) -> AuditPage:
    """What operators have done, the newest first. Raises InvalidQuery for a forged cursor."""
    return trail.read(BROKERS, action=action, cursor=cursor, limit=limit)
