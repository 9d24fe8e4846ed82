"""The public face, whole: everything that `huey_tasks` offers, and the task types registered.

Importing this module reads the settings, makes the three queues and registers the demo tasks and
those of TASKS_PATH; it connects to nothing. `huey_tasks` imports it at the first use of a name.
"""

from importlib import import_module

from huey_tasks.attempt import TaskCancelled, TaskInterrupted, current_task
from huey_tasks.client import (
    cancel,
    consumers,
    drain,
    get_task,
    list_tasks,
    load_tasks,
    pause,
    ping,
    purge,
    queue_stats,
    redis_info,
    resume,
    retry,
    server_troubles,
    stats,
    stop_waiting,
    wait_for_end,
)
from huey_tasks.config import Config, Setting
from huey_tasks.counts import Point, Totals
from huey_tasks.errors import (
    ConfigError,
    DucklineError,
    InvalidPayload,
    InvalidQuery,
    Problem,
    QueueDraining,
    QueueUnavailable,
    TaskFinished,
    TaskNotFound,
    TaskNotRetryable,
    UnknownQueue,
    UnknownTaskType,
)
from huey_tasks.history import History, Span
from huey_tasks.live_log import TaskLine
from huey_tasks.operations import read_history, read_log, search_tasks
from huey_tasks.patience import time_limit
from huey_tasks.queues import CONFIG, QUEUES, default, high, low
from huey_tasks.records import (
    ConsumerRecord,
    LogLine,
    Progress,
    QueueStats,
    Stats,
    TaskRecord,
    TaskState,
    WorkerRecord,
)
from huey_tasks.registry import TaskType, task, task_types
from huey_tasks.rows import TaskRow
from huey_tasks.search import Page, Sort
from huey_tasks.submission import (
    Batch,
    Outcome,
    Submission,
    SubmittedTask,
    Unanswered,
    submit,
    submit_many,
)

__all__ = [
    "CONFIG",
    "QUEUES",
    "Batch",
    "Config",
    "ConfigError",
    "ConsumerRecord",
    "DucklineError",
    "History",
    "InvalidPayload",
    "InvalidQuery",
    "LogLine",
    "Outcome",
    "Page",
    "Point",
    "Problem",
    "Progress",
    "QueueDraining",
    "QueueStats",
    "QueueUnavailable",
    "Setting",
    "Sort",
    "Span",
    "Stats",
    "Submission",
    "SubmittedTask",
    "TaskCancelled",
    "TaskFinished",
    "TaskInterrupted",
    "TaskLine",
    "TaskNotFound",
    "TaskNotRetryable",
    "TaskRecord",
    "TaskRow",
    "TaskState",
    "TaskType",
    "Totals",
    "Unanswered",
    "UnknownQueue",
    "UnknownTaskType",
    "WorkerRecord",
    "cancel",
    "consumers",
    "current_task",
    "default",
    "drain",
    "get_task",
    "high",
    "list_tasks",
    "load_tasks",
    "low",
    "pause",
    "ping",
    "purge",
    "queue_stats",
    "read_history",
    "read_log",
    "redis_info",
    "resume",
    "retry",
    "search_tasks",
    "server_troubles",
    "stats",
    "stop_waiting",
    "submit",
    "submit_many",
    "task",
    "task_types",
    "time_limit",
    "wait_for_end",
]

import_module("huey_tasks.tasks")  # registers the demo tasks; needs the names above
load_tasks(CONFIG.tasks_path)
