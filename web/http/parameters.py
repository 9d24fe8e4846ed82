"""The types of path and query parameters: ids, queue names, numbers and switches.

Each has one accepted form: pydantic would also read " 5 ", "5.0" and "1_0" as a number, and "yes"
as true.
"""

import re
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

import huey_tasks as tq

TASK_ID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_RFC_3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_EXAMPLE_ID = "6f1c2f0e-8a47-4a6b-9d52-0c6f4d1f3a11"


def _known_form(task_id: str) -> str:
    if not re.fullmatch(TASK_ID, task_id):
        raise tq.TaskNotFound("No task has this id: ids are UUIDs in lower case.")
    return task_id


def _digits(value: object) -> object:
    if isinstance(value, str) and not re.fullmatch(r"-?[0-9]{1,10}", value):
        raise PydanticCustomError("whole_number", "Input should be a whole number")
    return value


def _plain_seconds(value: object) -> object:
    if isinstance(value, str) and not re.fullmatch(r"-?[0-9]{1,10}(\.[0-9]{1,6})?", value):
        raise PydanticCustomError("seconds", "Input should be a number of seconds")
    return value


def _true_or_false(value: object) -> object:
    if isinstance(value, str) and value not in ("true", "false"):
        raise PydanticCustomError("true_or_false", "Input should be true or false")
    return value


def _one_or_nought(value: object) -> object:
    return _true_or_false({"1": "true", "0": "false"}.get(str(value), value))


def _instant(value: object) -> object:
    """Return the time of an RFC 3339 text; without a zone it would mean another time elsewhere."""
    try:
        if isinstance(value, str) and _RFC_3339.fullmatch(value):
            return datetime.fromisoformat(value.upper())
    except ValueError:  # such as a 30th of February
        pass
    rule = "Input should be a time with a zone, such as 2026-12-24T18:00:00+01:00"
    raise PydanticCustomError("time", rule)


#: An id in its only accepted form; any other form is a 404, like an unknown id.
TaskId = Annotated[
    str,
    AfterValidator(_known_form),
    WithJsonSchema({"type": "string", "format": "uuid", "example": _EXAMPLE_ID}),
]
#: The name of a queue of QUEUES.
if TYPE_CHECKING:
    QueueName = str
else:
    QueueName = Literal[*tq.QUEUES]
#: The name of a queue in something that is kept: QUEUES may have named it only then.
StoredQueueName = str
Limit = Annotated[int, BeforeValidator(_digits)]
Seconds = Annotated[float, BeforeValidator(_plain_seconds)]
Instant = Annotated[
    datetime, BeforeValidator(_instant), WithJsonSchema({"type": "string", "format": "date-time"})
]
IfUpdatedAt = Annotated[
    Instant | None,
    Field(
        description="The `updated_at` that you read: if somebody has changed it since, nothing is "
        "changed and the answer is a 409."
    ),
]
#: As the contract writes it, `?dry_run=1`; also true and false.
DryRun = Annotated[
    bool,
    BeforeValidator(_one_or_nought),
    WithJsonSchema({"type": "string", "enum": ["1", "0", "true", "false"]}),
]
#: A label of a task, as `huey_tasks` checks it.
Tag = Annotated[str, WithJsonSchema({"type": "string", "pattern": r'^[^\s,"\\]{1,64}$'})]
Switch = Annotated[bool, BeforeValidator(_true_or_false)]


class Query(BaseModel):
    """The query parameters of a route: unknown names are errors."""

    model_config = ConfigDict(extra="forbid", defer_build=True)

    @classmethod
    def model_json_schema(cls, *arguments: Any, **options: Any) -> dict[str, Any]:
        """Cache pydantic's schema: flask-openapi3 asks for it at every request, which is slow."""
        if arguments or options:
            return super().model_json_schema(*arguments, **options)
        if cls not in _schemas:
            _schemas[cls] = super().model_json_schema()
        return _schemas[cls]


_schemas: dict[type[Query], dict[str, Any]] = {}
