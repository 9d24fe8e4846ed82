"""Duckline's engine and its public face: write a task, submit it, look at it, cancel it.

    from huey_tasks import task, current_task

Importing this package reads the settings, makes the three queues and registers the demo tasks and
those of TASKS_PATH; it connects to nothing.
"""

from importlib import import_module

from huey_tasks.attempt import TaskCancelled, TaskInterrupted, current_task
from huey_tasks.client import (
    SubmittedTask,
    cancel,
    consumers,
    get_task,
    list_tasks,
    load_tasks,
    queue_stats,
    redis_info,
    stats,
    submit,
)
from huey_tasks.config import Config, Setting
from huey_tasks.errors import (
    ConfigError,
    DucklineError,
    InvalidPayload,
    Problem,
    QueueUnavailable,
    TaskFinished,
    TaskNotFound,
    UnknownQueue,
    UnknownTaskType,
)
from huey_tasks.queues import QUEUES, config, default, high, low
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

__all__ = [
    "QUEUES",
    "Config",
    "ConfigError",
    "ConsumerRecord",
    "DucklineError",
    "InvalidPayload",
    "LogLine",
    "Problem",
    "Progress",
    "QueueStats",
    "QueueUnavailable",
    "Setting",
    "Stats",
    "SubmittedTask",
    "TaskCancelled",
    "TaskFinished",
    "TaskInterrupted",
    "TaskNotFound",
    "TaskRecord",
    "TaskState",
    "TaskType",
    "UnknownQueue",
    "UnknownTaskType",
    "WorkerRecord",
    "cancel",
    "config",
    "consumers",
    "current_task",
    "default",
    "get_task",
    "high",
    "list_tasks",
    "load_tasks",
    "low",
    "queue_stats",
    "redis_info",
    "stats",
    "submit",
    "task",
    "task_types",
]

import_module("huey_tasks.tasks")  # registers the demo tasks; needs the names above
load_tasks(config.tasks_path)
