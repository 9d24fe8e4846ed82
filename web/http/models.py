"""What every schema of the API is made of, and the one form of its errors, as pydantic models.

A model is the JSON, field for field; `Outbound` models read the records of `huey_tasks` by
attribute. The OpenAPI document is made from them.
"""

from pydantic import BaseModel, ConfigDict, Field


class Inbound(BaseModel):
    """Anything a caller sends: no field that is not known, nothing converted."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Outbound(BaseModel):
    """Anything we send, read from a record by attribute."""

    model_config = ConfigDict(from_attributes=True, ser_json_bytes="base64")


class FieldError(BaseModel):
    """One thing that is wrong, and where (RFC 6901)."""

    pointer: str
    code: str
    message: str


class ProblemView(BaseModel):
    """An error, as RFC 9457 has it."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    request_id: str
    errors: list[FieldError] = Field(default=[], description="Only in a 422.")
    reasons: list[str] = Field(default=[], description="Only when the service is not healthy.")
    task_id: str | None = Field(
        default=None, description="Of a submit whose answer from Redis was lost: the id to ask for."
    )
