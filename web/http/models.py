"""The base classes of all schemas of the API, and the schema of its errors.

A model has the fields of the JSON, one for one. `Outbound` models read the records of `huey_tasks`
by attribute. The OpenAPI document is made from them. Each is built when it is first used
(`defer_build`), which keeps a start short.
"""

from pydantic import BaseModel, ConfigDict, Field


class Inbound(BaseModel):
    """A body that a caller sends: unknown fields are errors, no value is converted."""

    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)


class Outbound(BaseModel):
    """A body of an answer, read from a record by attribute."""

    model_config = ConfigDict(from_attributes=True, ser_json_bytes="base64", defer_build=True)


class FieldError(BaseModel):
    """One invalid field; `pointer` is an RFC 6901 JSON pointer."""

    pointer: str
    code: str
    message: str


class ProblemView(BaseModel):
    """An error as an RFC 9457 problem."""

    type: str
    title: str
    status: int
    detail: str
    instance: str = Field(
        default="", description="The path; absent if the request was refused before it was read."
    )
    code: str
    request_id: str
    errors: list[FieldError] = Field(default=[], description="Only in a 422.")
    reasons: list[str] = Field(default=[], description="Only when the service is unhealthy.")
    redis: str | None = Field(default=None, description="Only of `unhealthy`: `ok` or `away`.")
    queues: dict[str, dict[str, int]] = Field(
        default={}, description="Only of `unhealthy`: the live `consumers` of each queue."
    )
    retry_after_s: int | None = Field(
        default=None, description="Only of `too_many_failures`: as `Retry-After` says."
    )
    task_id: str | None = Field(
        default=None,
        description="Only if the answer of Redis to a submit was lost: the id of the task, if it "
        "was stored.",
    )
