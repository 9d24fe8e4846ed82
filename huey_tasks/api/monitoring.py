"""Read the past of the queues of this process: failures, history, log lines, operations."""

from huey_tasks.audit import trail
from huey_tasks.audit.operation import Action
from huey_tasks.audit.trail import AuditPage
from huey_tasks.monitoring import beats, history, totals
from huey_tasks.monitoring import conditions as rules
from huey_tasks.monitoring import failure_groups as failures
from huey_tasks.monitoring.beats import Silent
from huey_tasks.monitoring.conditions import Seen
from huey_tasks.monitoring.failure_groups import FailureGroup, Failures
from huey_tasks.monitoring.history import History, Span
from huey_tasks.monitoring.totals import QueueTotals
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
    """Return the failure groups of all stored failed tasks, the one seen last first.

    `queue`: count only the tasks of that queue. `samples`: read the error and traceback of one
    task of each group. Raises UnknownQueue, QueueUnavailable.
    """
    return failures.groups(brokers_of(queue), task_type=task_type, limit=limit, samples=samples)


def failure_group(fingerprint: str) -> FailureGroup:
    """Return one failure group. Raises FailuresNotFound, QueueUnavailable."""
    return failures.group(BROKERS, fingerprint)


def read_history(
    span: Span = Span.HOUR, *, queue: str | None = None, task_type: str | None = None
) -> History:
    """Return the history of a span that ends now, of all queues and task types or of one.

    Every step of the span has a point; the last is partial. Raises UnknownQueue,
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
    """Return the last lines that tasks logged, the newest first; Redis keeps 1000 of each queue.

    `level`: only lines of at least this level ("INFO"). Raises UnknownQueue, QueueUnavailable.
    """
    return log_lines.read(brokers_of(queue), level=level, task_type=task_type, limit=limit)


def audit_trail(
    *, action: Action | None = None, cursor: str | None = None, limit: int = 50
) -> AuditPage:
    """Return a page of operations, the newest first. Raises InvalidQuery for a forged cursor."""
    return trail.read(BROKERS, action=action, cursor=cursor, limit=limit)


def read_totals() -> list[QueueTotals]:
    """Return what each queue has counted since the beginning. Raises QueueUnavailable."""
    return totals.read(BROKERS)


def silent_queues() -> list[Silent]:
    """Return the queues whose consumers have all fallen silent. Raises QueueUnavailable."""
    return beats.silent_queues(BROKERS)


def look_at_service() -> Seen:
    """Return what the verdict is about, as it is now. Raises QueueUnavailable."""
    return rules.look(BROKERS)
