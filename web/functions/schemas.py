"""The schemas of functions."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

import huey_tasks as tq
from web.http.models import Inbound, Outbound
from web.http.parameters import Query, QueueName
from web.tasks.schemas import LogLineView, ReceiptView


class FunctionPath(BaseModel):
    name: str = Field(description="The name of a function.")


class FunctionErrorView(Outbound):
    """Why a function cannot run."""

    type: str = Field(description="AWS's type of error, such as `Runtime.ImportModuleError`.")
    message: str
    file: str | None
    line: int | None
    traceback: str | None = Field(description="Only of an import that was tried.")


class LimitsView(Outbound):
    """What a function may use."""

    timeout_s: int
    memory_mb: int
    reserved_concurrency: int | None = Field(
        description="How many of it may run at once; null: as many as there are slots."
    )
    retries: int = Field(description="Further attempts of an asynchronous invocation that failed.")
    max_age_s: int = Field(description="The greatest age of an asynchronous invocation.")


class EnvironmentView(Outbound):
    """A process that holds a function."""

    pid: int
    state: Literal["busy", "idle"]
    hash: str = Field(description="The version of the function that it holds.")
    invocations: int
    rss: int | None = Field(description="Its memory now, in bytes; null where that is unknown.")
    environment: str = Field(description="Its id, as in receipts.")
    queue: QueueName
    started_at: datetime


class CountsView(Outbound):
    """What a function did in the last hour."""

    invocations: int = Field(description="Attempts that have ended.")
    failures: int = Field(description="Those of them that failed, retried or not.")
    p50_ms: float | None = Field(description="Half of them took no longer.")
    p95_ms: float | None
    cold_starts: int = Field(description="Those of them that started a process of the function.")
    init_p50_ms: float | None = Field(description="Half of those imported the file in this time.")
    init_p95_ms: float | None


class LastErrorView(Outbound):
    """The latest failure among the stored failed tasks of a function."""

    message: str = Field(
        description="The error itself or, in a list of several functions, what its failure group"
        " has in common, with an ellipsis for what varies."
    )
    at: datetime
    cause: str = Field(description="The fingerprint of its failure group.")
    task_id: str | None = Field(
        description="Null in a list, and when that task is not stored any more."
    )


class ImportView(Outbound):
    """The last import of the present version, which is a cold start."""

    at: datetime
    init_ms: float | None = Field(description="Null if it failed.")


class FunctionUrlView(Outbound):
    """How a function is called by a URL of its own."""

    address: str
    auth: Literal["NONE", "AWS_IAM"]
    stream: bool


class FunctionView(Outbound):
    """One function, as it is on disk now. Absent values are null."""

    name: str
    arn: str
    state: Literal["Active", "Failed", "Installing"] = Field(
        description="Failed: it cannot be imported, its packages cannot be installed, or its "
        "settings are wrong. "
        "Installing: its packages are installed at the next invocation, or now."
    )
    error: FunctionErrorView | None
    handler: str
    file: str
    line: int | None = Field(description="The line of the handler.")
    hash: str = Field(description="The version: of the files, the packages and the variables.")
    queue: QueueName
    description: str
    limits: LimitsView
    url: FunctionUrlView | None
    environments: list[EnvironmentView]
    counts: CountsView
    last_import: ImportView | None = Field(description="Null if there was none in 30 days.")
    last_error: LastErrorView | None


class ScheduleExpression(Outbound):
    """When a function is called by the clock."""

    expression: str
    input: str | None


class DurableView(Outbound):
    """The limits of a durable execution."""

    timeout_s: int
    retention_days: int


class DeadLettersView(Outbound):
    """Records of asynchronous invocations that could not be delivered."""

    file: str = Field(description="On the machine of this service; a line of JSON for each.")
    records: int


class FunctionDetail(FunctionView):
    """One function with all its settings."""

    root: str = Field(description="The folder that is first on `sys.path`.")
    runtime: str
    code_sha256: str
    code_size: int = Field(description="Bytes.")
    modified_at: datetime
    requirements: str | None
    env: dict[str, str]
    on_success: str | None
    on_failure: str | None
    dead_letter: str | None
    durable: DurableView | None
    schedule: list[ScheduleExpression]
    events: list[dict[str, Any]]
    watch: list[str]
    debug: bool
    notes: list[str] = Field(description="What of its settings is not applied, or not as on AWS.")
    dead_letters: DeadLettersView | None = Field(description="Null if there are none.")


class IgnoredView(Outbound):
    """What is in a folder of functions and is none."""

    path: str
    reason: str


class FunctionList(Outbound):
    """All functions by name, and what was found beside them."""

    functions: list[FunctionView]
    ignored: list[IgnoredView]
    folders: list[str] = Field(description="FUNCTIONS_PATH: where functions are looked for.")


class SourceView(Outbound):
    """The file with the handler."""

    file: str
    text: str | None = Field(description="Null if it is no text, or larger than 1 MiB.")
    hash: str


class InvokeQuery(Query):
    type: Literal["sync", "async", "dry"] = Field(
        default="sync",
        description="`sync`: wait for the answer. `async`: it is retried, and the answer comes at "
        "once. `dry`: only check.",
    )


class InvocationAnswer(Outbound):
    """The answer to an invocation. Of a `dry` one all is null."""

    task_id: str | None
    status: tq.TaskState | None
    result: Any = None
    error: dict[str, Any] | None = Field(
        default=None, description="The error as AWS reports it: errorType, errorMessage, …"
    )
    log: list[LogLineView] = Field(default=[])
    receipt: ReceiptView | None = Field(default=None, description="Of the last attempt.")


class EventPath(FunctionPath):
    event: str = Field(description="The name of a saved event.")


class SavedEventBody(Inbound):
    """The event to save."""

    event: Any = Field(description="Any JSON value; at most 64 kB.")


class EventView(Outbound):
    """A test event by its name."""

    name: str
    event: Any


class EventList(Outbound):
    """The saved events of a function, and templates to begin with."""

    events: list[EventView]
    templates: list[EventView]
