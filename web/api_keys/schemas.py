"""The schemas of API keys."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field, WithJsonSchema

import huey_tasks as tq
from web.http.models import Inbound, Outbound
from web.operations.operator import Reason

_QUEUES = "The queues that it reaches. Empty: all."
_TYPES = "The task types that it reaches, at most 20. Empty: all."

#: A role, as `huey_tasks` checks it.
RoleName = Annotated[str, WithJsonSchema({"type": "string", "enum": [str(r) for r in tq.Role]})]


class KeyPath(BaseModel):
    key_id: str = Field(description="The id of the key.")


class KeyBody(Inbound):
    """A new API key."""

    name: str = Field(
        description="Who or what uses it, for the audit log and as `submitted_by` of tasks: 1 to "
        "32 characters. Of no other key; it is free again when that is revoked or has expired.",
        examples=["billing"],
    )
    role: RoleName = Field(
        description="`viewer` reads; `submitter` also submits; `operator` also cancels, retries, "
        "pauses and schedules; `admin` also makes keys and webhooks."
    )
    queues: list[str] = Field(
        default=[], min_length=1, description="The queues that it reaches; without it, all."
    )
    task_types: list[str] = Field(
        default=[],
        min_length=1,
        description="The task types that it reaches, at most 20; without it, all.",
    )
    rate: float | None = Field(
        default=None,
        description="Requests a second, on average; null for any number.",
        json_schema_extra={"minimum": 0.01, "maximum": 100_000},
    )
    expires_in: float | None = Field(
        default=None,
        description="Seconds from now until it expires; null for never.",
        json_schema_extra={"minimum": 1, "maximum": 316_224_000},
    )
    reason: Reason = None


class KeyView(Outbound):
    """An API key, without its secret."""

    id: str
    name: str
    role: tq.Role
    queues: list[str] = Field(description=_QUEUES)
    task_types: list[str] = Field(description=_TYPES)
    rate: float | None = Field(description="Requests a second; null: any number.")
    created_at: datetime | None = Field(description="Null for one of API_KEYS.")
    created_by: str | None
    expires_at: datetime | None
    last_used_at: datetime | None = Field(description="To within a minute.")
    is_fixed: bool = Field(description="It is one of API_KEYS: only the setting changes it.")


class KeyWithSecret(KeyView):
    """An API key with what to send, which no other answer shows."""

    key: str = Field(description="Send it as `Authorization: Bearer <key>`.")


class KeyList(Outbound):
    """All API keys; those of API_KEYS come first."""

    keys: list[KeyView]
