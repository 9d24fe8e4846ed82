"""All public names of `huey_tasks`.

Importing this module reads the settings, makes the queues and registers the demo tasks and
those of TASKS_PATH; it opens no connection. `huey_tasks` imports it at the first use of a name.
"""

from huey_tasks.access.api_keys import function_key
from huey_tasks.access.errors import (
    Forbidden,
    KeyFixed,
    KeyNameTaken,
    KeyNotFound,
    KeysLost,
    LastAdmin,
    RateExceeded,
    TooManyKeys,
)
from huey_tasks.access.roles import EVERYTHING, Holder, Reach, Role
from huey_tasks.api import aws
from huey_tasks.api.changes import change_task
from huey_tasks.api.compositions import chain, chord, group
from huey_tasks.api.following import Following, follow_answer
from huey_tasks.api.forecasts import Forecast, foresee
from huey_tasks.api.functions import (
    FunctionAnswer,
    FunctionName,
    answer_of,
    configure_function,
    dead_letters_of,
    delete_saved_event,
    find_function,
    function_arn,
    function_extras,
    function_states,
    ignored_files,
    invoke_function,
    is_at_limit,
    list_environments,
    list_functions,
    notes_of,
    packages_of,
    parse_function_name,
    save_event,
    saved_event,
    saved_events,
    watch_problem,
    withdraw,
)
from huey_tasks.api.huey_consumer import make_consumer
from huey_tasks.api.missing_functions import why_no_function
from huey_tasks.api.monitoring import (
    audit_trail,
    failure_group,
    failure_groups,
    look_at_service,
    read_history,
    read_log,
    read_totals,
    silent_queues,
)
from huey_tasks.api.operations import act_on_search, act_on_tasks, retry_failures, undo
from huey_tasks.api.queues import (
    Purged,
    consumers,
    drain,
    left_behind_queues,
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
    follow_events,
    get_task,
    is_stopping,
    list_tasks,
    queue_of_type,
    read_tasks,
    retry,
    stop_waiting,
    wait_for_end,
    watch_task,
)
from huey_tasks.api.type_limits import breaker_states, limits_of, set_limits, stored_limits
from huey_tasks.audit.operation import OPERATION_ID, Action, Operation, Operator
from huey_tasks.audit.trail import AuditEntry, AuditPage
from huey_tasks.broker.deadline import time_limit
from huey_tasks.config import Config
from huey_tasks.credentials.known_keys import KnownKeys
from huey_tasks.credentials.records import KeyRecord
from huey_tasks.credentials.service import create_key, list_keys, revoke_key
from huey_tasks.credentials.sessions import LIFE_S as SESSION_LIFE_S
from huey_tasks.credentials.sessions import Sessions
from huey_tasks.declaration.failed_member import FailedMember
from huey_tasks.errors import (
    ChangedMeanwhile,
    ConfigError,
    DucklineError,
    FailuresNotFound,
    FlowFinished,
    FlowNotFound,
    FlowNotRetryable,
    FunctionNotFound,
    IdempotencyKeyReused,
    InvalidFlow,
    InvalidPayload,
    InvalidQuery,
    InvalidTaskType,
    MemoryLow,
    OperationOver,
    Problem,
    QueueDraining,
    QueueFull,
    QueueRefuses,
    QueueUnavailable,
    SavedEventNotFound,
    ScheduleExists,
    ScheduleNotFound,
    ScheduleRunning,
    ServiceBusy,
    TaskFailed,
    TaskFinished,
    TaskNotFound,
    TaskNotRetryable,
    TaskRunning,
    TaskTypeNotFound,
    TooManySavedEvents,
    TooManySchedules,
    UndoNotFound,
    UnknownQueue,
    UnknownTaskType,
)
from huey_tasks.events.journal import Follower, Missed
from huey_tasks.execution.attempt import TaskCancelled, TaskInterrupted
from huey_tasks.execution.current_task import current_task
from huey_tasks.execution.retry_rules import Fail, Retry, TaskTimeout
from huey_tasks.flows.changes import cancel_flow, retry_flow
from huey_tasks.flows.graph import FlowNode
from huey_tasks.flows.reading import (
    FlowPage,
    FlowRecord,
    NodePage,
    NodeRecord,
    flow_nodes,
    get_flow,
    list_flows,
)
from huey_tasks.flows.submit import SubmittedFlow, submit_flow
from huey_tasks.functions.arns import BadName
from huey_tasks.functions.function import Function, Ignored
from huey_tasks.huey_adapter.task_queue import TaskQueue
from huey_tasks.invocations import function_types
from huey_tasks.invocations.function_state import FunctionError, FunctionState
from huey_tasks.invocations.invocation import MOST_DEPTH, Kind
from huey_tasks.invocations.invoke import Invoked
from huey_tasks.monitoring.conditions import CODES as CONDITIONS
from huey_tasks.monitoring.conditions import Condition, Seen, Severity, conditions, fine_title
from huey_tasks.monitoring.explain import Explanation
from huey_tasks.monitoring.failure_groups import FailureGroup, Failures
from huey_tasks.monitoring.history import History, Span
from huey_tasks.monitoring.totals import EDGES_S, Histogram, QueueTotals, TypeCounts
from huey_tasks.operations.bulk import Acted, Skipped
from huey_tasks.operations.failure_retry import GroupRetry
from huey_tasks.operations.undo import Undone
from huey_tasks.queues import CONFIG, QUEUES, default, high, low, unknown_queue
from huey_tasks.records.breakers import BreakerState
from huey_tasks.records.events import Position, TaskEvent
from huey_tasks.records.log_lines import TaskLine
from huey_tasks.records.models import (
    AttemptRecord,
    ConsumerRecord,
    Kept,
    LastMinute,
    LogLine,
    PartialResult,
    Progress,
    QueueStats,
    Stats,
    TaskRecord,
    TaskState,
    WorkerRecord,
)
from huey_tasks.records.rows import TaskRow
from huey_tasks.records.statistics import Point, Totals
from huey_tasks.records.tasks import WatchedTask
from huey_tasks.records.type_limits import Breaker, LimitsSource, StoredLimits, TypeLimits
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
from huey_tasks.search.of_events import event_filter
from huey_tasks.search.pages import Page, Sort
from huey_tasks.search.query import state_named
from huey_tasks.settings.setting import Setting
from huey_tasks.submission.batch import Batch, Outcome, Submission, Unanswered, submit_many
from huey_tasks.submission.once import check_idempotency_key, once_of
from huey_tasks.submission.options import SubmitOptions
from huey_tasks.submission.submit import SubmittedTask, submit, submit_with
from huey_tasks.values.field_words import Meant, as_sentence, message_of
from huey_tasks.values.plain_text import escaped, is_plain
from huey_tasks.webhooks.deliveries import (
    DeliveryPage,
    list_deliveries,
    replay_delivery,
    send_sample,
)
from huey_tasks.webhooks.errors import DeliveryNotFound, TooManyWebhooks, WebhookNotFound
from huey_tasks.webhooks.records import DeliveryAttempt, DeliveryRecord, WebhookRecord
from huey_tasks.webhooks.service import (
    WebhookChanges,
    change_webhook,
    create_webhook,
    delete_webhook,
    get_webhook,
    list_webhooks,
    rotate_webhook_secret,
)

__all__ = [
    "CONDITIONS",
    "CONFIG",
    "EDGES_S",
    "EVERYTHING",
    "MOST_DEPTH",
    "OPERATION_ID",
    "QUEUES",
    "SESSION_LIFE_S",
    "Acted",
    "Action",
    "AttemptRecord",
    "AuditEntry",
    "AuditPage",
    "BadName",
    "Batch",
    "Breaker",
    "BreakerState",
    "ChangedMeanwhile",
    "Condition",
    "Config",
    "ConfigError",
    "ConsumerRecord",
    "DeliveryAttempt",
    "DeliveryNotFound",
    "DeliveryPage",
    "DeliveryRecord",
    "DucklineError",
    "Explanation",
    "Fail",
    "FailedMember",
    "FailureGroup",
    "Failures",
    "FailuresNotFound",
    "FlowFinished",
    "FlowNode",
    "FlowNotFound",
    "FlowNotRetryable",
    "FlowPage",
    "FlowRecord",
    "Follower",
    "Following",
    "Forbidden",
    "Forecast",
    "Function",
    "FunctionAnswer",
    "FunctionError",
    "FunctionName",
    "FunctionNotFound",
    "FunctionState",
    "GroupRetry",
    "Histogram",
    "History",
    "Holder",
    "IdempotencyKeyReused",
    "Ignored",
    "InvalidFlow",
    "InvalidPayload",
    "InvalidQuery",
    "InvalidTaskType",
    "Invoked",
    "Kept",
    "KeyFixed",
    "KeyNameTaken",
    "KeyNotFound",
    "KeyRecord",
    "KeysLost",
    "Kind",
    "KnownKeys",
    "LastAdmin",
    "LastMinute",
    "LimitsSource",
    "LogLine",
    "Meant",
    "MemoryLow",
    "Missed",
    "NodePage",
    "NodeRecord",
    "Operation",
    "OperationOver",
    "Operator",
    "Outcome",
    "Page",
    "PartialResult",
    "Point",
    "Position",
    "Problem",
    "Progress",
    "Purged",
    "QueueDraining",
    "QueueFull",
    "QueueRefuses",
    "QueueStats",
    "QueueTotals",
    "QueueUnavailable",
    "RateExceeded",
    "Reach",
    "RetriedTask",
    "Retry",
    "Role",
    "SavedEventNotFound",
    "ScheduleChanges",
    "ScheduleExists",
    "ScheduleNotFound",
    "SchedulePreview",
    "ScheduleRecord",
    "ScheduleRunning",
    "Seen",
    "ServiceBusy",
    "Sessions",
    "Setting",
    "Severity",
    "Skipped",
    "Sort",
    "Span",
    "Stats",
    "StoredLimits",
    "Submission",
    "SubmitOptions",
    "SubmittedFlow",
    "SubmittedTask",
    "TaskCall",
    "TaskCancelled",
    "TaskEvent",
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
    "TaskRunning",
    "TaskState",
    "TaskTimeout",
    "TaskType",
    "TaskTypeNotFound",
    "TooManyKeys",
    "TooManySavedEvents",
    "TooManySchedules",
    "TooManyWebhooks",
    "Totals",
    "TypeCounts",
    "TypeLimits",
    "Unanswered",
    "UndoNotFound",
    "Undone",
    "UnknownQueue",
    "UnknownTaskType",
    "WatchedTask",
    "WebhookChanges",
    "WebhookNotFound",
    "WebhookRecord",
    "WorkerRecord",
    "act_on_search",
    "act_on_tasks",
    "answer_of",
    "as_sentence",
    "audit_trail",
    "aws",
    "breaker_states",
    "cancel",
    "cancel_flow",
    "chain",
    "change_schedule",
    "change_task",
    "change_webhook",
    "check_idempotency_key",
    "chord",
    "conditions",
    "configure_function",
    "consumers",
    "create_key",
    "create_schedule",
    "create_webhook",
    "current_task",
    "dead_letters_of",
    "default",
    "delete_saved_event",
    "delete_schedule",
    "delete_webhook",
    "drain",
    "escaped",
    "event_filter",
    "explain_task",
    "failure_group",
    "failure_groups",
    "find_function",
    "fine_title",
    "flow_nodes",
    "follow_answer",
    "follow_events",
    "foresee",
    "function_arn",
    "function_extras",
    "function_key",
    "function_states",
    "get_flow",
    "get_schedule",
    "get_task",
    "get_webhook",
    "group",
    "high",
    "ignored_files",
    "invoke_function",
    "is_at_limit",
    "is_plain",
    "is_stopping",
    "left_behind_queues",
    "limits_of",
    "list_deliveries",
    "list_environments",
    "list_flows",
    "list_functions",
    "list_keys",
    "list_schedules",
    "list_tasks",
    "list_webhooks",
    "load_tasks",
    "look_at_service",
    "low",
    "message_of",
    "notes_of",
    "once_of",
    "packages_of",
    "parse_function_name",
    "pause",
    "ping",
    "preview_schedule",
    "purge",
    "put_schedule",
    "queue_of_type",
    "queue_stats",
    "read_history",
    "read_log",
    "read_tasks",
    "read_totals",
    "redis_info",
    "replay_delivery",
    "resume",
    "retry",
    "retry_failures",
    "retry_flow",
    "revoke_key",
    "rotate_webhook_secret",
    "run_schedule",
    "save_event",
    "saved_event",
    "saved_events",
    "search_tasks",
    "send_sample",
    "server_troubles",
    "set_limits",
    "silent_queues",
    "state_named",
    "stats",
    "stop_waiting",
    "stored_limits",
    "submit",
    "submit_flow",
    "submit_many",
    "submit_with",
    "task",
    "task_types",
    "time_limit",
    "undo",
    "unknown_queue",
    "wait_for_end",
    "watch_problem",
    "watch_task",
    "why_no_function",
    "withdraw",
]


def __getattr__(name: str) -> TaskQueue:
    """Return a queue of one's own, for `huey_consumer huey_tasks.gpu`; public names come first."""
    if name not in QUEUES:
        raise AttributeError(name)
    return QUEUES[name]


TaskQueue.make_consumer = make_consumer

function_types.listen()
load_task_types(CONFIG)  # the task modules import the names above
