"""Submit tasks to Duckline over HTTP, and read how they end."""

from duckline_client.async_client import AsyncClient
from duckline_client.client import Client
from duckline_client.errors import (
    AccessDenied,
    ApiError,
    Conflict,
    ConnectionFailed,
    DucklineError,
    FieldError,
    InvalidRequest,
    NotFound,
    RateLimited,
    ServerError,
    ServiceUnavailable,
    TaskFailed,
    UnexpectedAnswer,
    WaitTimeout,
)
from duckline_client.exchange import RetryPolicy
from duckline_client.models import Refused, Stats, Submitted, Task
from duckline_client.new_task import NewTask, Options
from duckline_client.streams import Event

__all__ = [
    "AccessDenied",
    "ApiError",
    "AsyncClient",
    "Client",
    "Conflict",
    "ConnectionFailed",
    "DucklineError",
    "Event",
    "FieldError",
    "InvalidRequest",
    "NewTask",
    "NotFound",
    "Options",
    "RateLimited",
    "Refused",
    "RetryPolicy",
    "ServerError",
    "ServiceUnavailable",
    "Stats",
    "Submitted",
    "Task",
    "TaskFailed",
    "UnexpectedAnswer",
    "WaitTimeout",
]
