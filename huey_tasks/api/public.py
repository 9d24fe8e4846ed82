"""All public names of `huey_tasks`.

Importing this module reads the settings, makes the three queues and registers the demo tasks and
those of TASKS_PATH; it opens no connection. `huey_tasks` imports it at the first use of a name.
"""

import os
import sys
from typing import Any

from huey_tasks.access.api_keys import ApiKey
from huey_tasks.access.api_keys import read as read_api_keys
from huey_tasks.api.monitoring import (
    audit_trail,
    failure_group,
    failure_groups,
    read_history,
    read_log,
)
from huey_tasks.api.operations import act_on_search, act_on_tasks, retry_failures, undo
from huey_tasks.api.queues import (
    Purged,
    consumers,
    drain,
    pause,
    ping,
    purge,
    queue_stats,
    redis_info,
    resume,
    server_troubles,
    stats,
)
from huey_tasks.api.search import search_tasks
from huey_tasks.api.task_functions import TaskCall, TaskFunction, task
from huey_tasks.api.task_handle import TaskHandle
from huey_tasks.api.tasks import (
    RetriedTask,
    cancel,
    explain_task,
    get_task,
    list_tasks,
    retry,
    stop_waiting,
    wait_for_end,
)
from huey_tasks.audit.operation import OPERATION_ID, Action, Operation, Operator
from huey_tasks.audit.trail import AuditEntry, AuditPage
from huey_tasks.broker.deadline import time_limit
from huey_tasks.config import Config, Setting
from huey_tasks.declaration.failed_member import FailedMember
from huey_tasks.errors import (
    ConfigError,
    DucklineError,
    FailuresNotFound,
    InvalidPayload,
    InvalidQuery,
    InvalidTaskType,
    OperationOver,
    Problem,
    QueueDraining,
    QueueUnavailable,
    ScheduleExists,
    ScheduleNotFound,
    ScheduleRunning,
    ServiceBusy,
    TaskFailed,
    TaskFinished,
    TaskNotFound,
    TaskNotRetryable,
    TooManySchedules,
    UndoNotFound,
    UnknownQueue,
    UnknownTaskType,
)
from huey_tasks.execution.attempt import TaskCancelled, TaskInterrupted
from huey_tasks.execution.current_task import current_task
from huey_tasks.execution.retry_rules import Fail, Retry, TaskTimeout
from huey_tasks.huey_adapter.task_queue import TaskQueue
from huey_tasks.monitoring.explain import Explanation
from huey_tasks.monitoring.failure_groups import FailureGroup, Failures
from huey_tasks.monitoring.history import History, Span
from huey_tasks.operations.bulk import Acted, Skipped
from huey_tasks.operations.failure_retry import GroupRetry
from huey_tasks.operations.undo import Undone
from huey_tasks.queues import CONFIG, QUEUES, default, high, low
from huey_tasks.records.log_lines import TaskLine
from huey_tasks.records.models import (
    AttemptRecord,
    ConsumerRecord,
    Kept,
    LastMinute,
    LogLine,
    Progress,
    QueueStats,
    Stats,
    TaskRecord,
    TaskState,
    WorkerRecord,
)
from huey_tasks.records.rows import TaskRow
from huey_tasks.records.statistics import Point, Totals
from huey_tasks.registry.loading import load_task_types, load_tasks
from huey_tasks.registry.types import TaskType, task_types
from huey_tasks.schedules.put import put_schedule
from huey_tasks.schedules.records import ScheduleRecord
from huey_tasks.schedules.service import (
    ScheduleChanges,
    SchedulePreview,
    change_schedule,
    create_schedule,
    delete_schedule,
    get_schedule,
    list_schedules,
    preview_schedule,
    run_schedule,
)
from huey_tasks.search.pages import Page, Sort
from huey_tasks.submission.batch import Batch, Outcome, Submission, Unanswered, submit_many
from huey_tasks.submission.options import SubmitOptions
from huey_tasks.submission.submit import SubmittedTask, submit
from huey_tasks.values.field_words import as_sentence, message_of
from huey_tasks.values.plain_text import escaped, is_plain

__all__ = [
    "CONFIG",
    "OPERATION_ID",
    "QUEUES",
    "Acted",
    "Action",
    "ApiKey",
    "AttemptRecord",
    "AuditEntry",
    "AuditPage",
    "Batch",
    "Config",
    "ConfigError",
    "ConsumerRecord",
    "DucklineError",
    "Explanation",
    "Fail",
    "FailedMember",
    "FailureGroup",
    "Failures",
    "FailuresNotFound",
    "GroupRetry",
    "History",
    "InvalidPayload",
    "InvalidQuery",
    "InvalidTaskType",
    "Kept",
    "LastMinute",
    "LogLine",
    "Operation",
    "OperationOver",
    "Operator",
    "Outcome",
    "Page",
    "Point",
    "Problem",
    "Progress",
    "Purged",
    "QueueDraining",
    "QueueStats",
    "QueueUnavailable",
    "RetriedTask",
    "Retry",
    "ScheduleChanges",
    "ScheduleExists",
    "ScheduleNotFound",
    "SchedulePreview",
    "ScheduleRecord",
    "ScheduleRunning",
    "ServiceBusy",
    "Setting",
    "Skipped",
    "Sort",
    "Span",
    "Stats",
    "Submission",
    "SubmitOptions",
    "SubmittedTask",
    "TaskCall",
    "TaskCancelled",
    "TaskFailed",
    "TaskFinished",
    "TaskFunction",
    "TaskHandle",
    "TaskInterrupted",
    "TaskLine",
    "TaskNotFound",
    "TaskNotRetryable",
    "TaskRecord",
    "TaskRow",
    "TaskState",
    "TaskTimeout",
    "TaskType",
    "TooManySchedules",
    "Totals",
    "Unanswered",
    "UndoNotFound",
    "Undone",
    "UnknownQueue",
    "UnknownTaskType",
    "WorkerRecord",
    "act_on_search",
    "act_on_tasks",
    "as_sentence",
    "audit_trail",
    "cancel",
    "change_schedule",
    "consumers",
    "create_schedule",
    "current_task",
    "default",
    "delete_schedule",
    "drain",
    "escaped",
    "explain_task",
    "failure_group",
    "failure_groups",
    "get_schedule",
    "get_task",
    "high",
    "is_plain",
    "list_schedules",
    "list_tasks",
    "load_tasks",
    "low",
    "message_of",
    "pause",
    "ping",
    "preview_schedule",
    "purge",
    "put_schedule",
    "queue_stats",
    "read_api_keys",
    "read_history",
    "read_log",
    "redis_info",
    "resume",
    "retry",
    "retry_failures",
    "run_schedule",
    "search_tasks",
    "server_troubles",
    "stats",
    "stop_waiting",
    "submit",
    "submit_many",
    "task",
    "task_types",
    "time_limit",
    "undo",
    "wait_for_end",
]


def _make_consumer(self: TaskQueue, options: dict[str, Any]) -> Any:
    from huey_tasks.consumer.supervisor import (
        Consumer,
    )  # a process that only submits does not import it

    try:
        return Consumer.from_huey_options(self, options)
    except ConfigError as error:  # `huey_consumer` would print a traceback
        print(f"duckline: {error}", file=sys.stderr)
        raise SystemExit(os.EX_CONFIG) from error


TaskQueue.make_consumer = _make_consumer

load_task_types(CONFIG)  # the task modules import the names above
