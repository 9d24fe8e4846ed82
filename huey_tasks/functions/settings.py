"""The settings of one function, with AWS's ranges; pydantic checks them.

Both `functions.toml` and a SAM template become these, so that a limit has one meaning and one text.
"""

import difflib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
)

from huey_tasks.functions.function import Durable, Fault, Schedule, Url
from huey_tasks.settings.queue_list import how_to_add
from huey_tasks.values import field_words

#: Bytes of all variables, names and values.
_MOST_ENV_BYTES = 4096
#: The platform sets these itself, on AWS too; the answers to a function depend on some.
_RESERVED = frozenset({
    "_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
    "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR",
})  # fmt: skip
_RATE = re.compile(
    r"rate\((?:1 (?:minute|hour|day)|(?:[2-9]|[1-9]\d{1,8}) (?:minutes|hours|days))\)"
)
_CRON = re.compile(r"cron\([^\s()]+(?: +[^\s()]+){5}\)")
_AT = re.compile(r"at\(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\)")


def _variable(value: object) -> object:
    """Numbers and truth values are texts in an environment; CloudFormation writes them so, too."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


def _check_env(env: dict[str, str]) -> dict[str, str]:
    for name, value in env.items():
        if not re.fullmatch(r"[a-zA-Z][a-zA-Z0-9_]+", name):
            raise ValueError(
                f"'{name[:64]}' is no name of a variable: two or more letters, digits, '_'"
            )
        if name in _RESERVED:
            raise ValueError(f"'{name}' is set by the platform, on AWS too")
        if "\0" in value:
            raise ValueError(f"the value of '{name}' has a NUL character")
    size = sum(len(f"{name}{value}".encode()) for name, value in env.items())
    if size > _MOST_ENV_BYTES:
        raise ValueError(f"{size} bytes; all variables together have at most {_MOST_ENV_BYTES}")
    return env


def _check_expression(text: str) -> str:
    if not any(kind.fullmatch(text) for kind in (_RATE, _CRON, _AT)):
        raise ValueError(
            f"'{text[:64]}' is none of rate(5 minutes), cron(0 8 * * ? *), at(2026-11-28T08:00:00)"
        )
    return text


def _check_queue(name: str, info: ValidationInfo) -> str:
    queues: Sequence[str] = (info.context or {}).get("queues", ())
    if queues and name not in queues:
        near = difflib.get_close_matches(name, queues, n=1)
        other = f"it is one of {', '.join(queues)}{how_to_add(name, queues)}"
        hint = f"did you mean '{near[0]}'?" if near else other
        raise ValueError(f"there is no queue '{name[:64]}'; {hint}")
    return name


def _check_watch(glob: str) -> str:
    if not glob or glob.startswith(("/", "~")) or ".." in glob.split("/"):
        raise ValueError("a pattern below the folder of the functions, such as inbox/*.png")
    return glob


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _DurableTable(_Table):
    timeout: int = Field(31_622_400, ge=1, le=31_622_400)
    retention: int = Field(14, ge=1, le=90)


class _UrlTable(_Table):
    auth: Literal["NONE", "AWS_IAM"] = "NONE"
    stream: bool = False


class _ScheduleTable(_Table):
    expression: Annotated[str, AfterValidator(_check_expression)]
    input: str | None = None


class _Pattern(_Table):
    source: list[Any] = Field([], min_length=1)
    type: list[Any] = Field([], min_length=1)
    detail: dict[str, Any] = {}


def _expression_alone(value: object) -> object:
    return {"expression": value} if isinstance(value, str) else value


def _flag_alone(value: object) -> object:
    """`durable = true` and `url = true` ask for the defaults, `false` for nothing."""
    return {True: {}, False: None}.get(value, value) if isinstance(value, bool) else value


_Target = Annotated[
    str, Field(pattern=r"^(arn:aws[a-z-]*:[a-z0-9-]+:\S+|[a-zA-Z0-9_-]{1,64})$", max_length=350)
]


class Settings(_Table):
    """The options of `[name]` in functions.toml, with their defaults. Units: seconds, MB."""

    handler: str | None = Field(None, pattern=r"^[^\s.:]\S*$", max_length=128)
    timeout: int = Field(30, ge=1, le=900)
    memory: int = Field(512, ge=128, le=32_768)
    env: Annotated[
        dict[str, Annotated[str, BeforeValidator(_variable)]], AfterValidator(_check_env)
    ] = {}
    queue: Annotated[str, AfterValidator(_check_queue)] = "default"
    reserved_concurrency: int | None = Field(None, ge=0)
    retries: int = Field(2, ge=0, le=2)
    max_age: int = Field(21_600, ge=60, le=21_600)
    on_success: _Target | None = None
    on_failure: _Target | None = None
    dead_letter: _Target | None = None
    durable: Annotated[_DurableTable | None, BeforeValidator(_flag_alone)] = None
    url: Annotated[_UrlTable | None, BeforeValidator(_flag_alone)] = None
    schedule: list[Annotated[_ScheduleTable, BeforeValidator(_expression_alone)]] = []
    events: list[_Pattern] = []
    watch: list[Annotated[str, AfterValidator(_check_watch)]] = []
    debug: bool = False
    description: str = Field("", max_length=256)

    def durable_limits(self, is_seen: bool) -> Durable | None:
        """Return the limits; `is_seen` says that the code has the decorator."""
        if self.durable is not None:
            return Durable(self.durable.timeout, self.durable.retention)
        return Durable() if is_seen and "durable" not in self.model_fields_set else None

    def function_url(self) -> Url | None:
        """Return how the URL is served, None if the settings ask for none."""
        return None if self.url is None else Url(self.url.auth, self.url.stream)

    def schedules(self) -> tuple[Schedule, ...]:
        """Return what the clock calls."""
        return tuple(Schedule(each.expression, each.input) for each in self.schedule)

    def patterns(self) -> tuple[Mapping[str, Any], ...]:
        """Return which published events call the function."""
        return tuple(each.model_dump(exclude_unset=True) for each in self.events)


DEFAULTS = Settings.model_validate({})


def check(
    values: Mapping[str, Any], queues: Sequence[str]
) -> Settings | tuple[tuple[str, ...], str]:
    """Return the settings, or where the first wrong value is and what is wrong with it."""
    try:
        return Settings.model_validate(dict(values), context={"queues": queues})
    except ValidationError as error:
        first, *more = error.errors(include_url=False)
        message = field_words.message_of(first, Settings.model_json_schema())
        message = message.replace("There is no field", "there is no option")
        message = message.removeprefix("Value error, ").replace("Input should", "it should")
        if first["type"] == "list_type":
            message += "; write it between [ and ]"
        rest = f" ({len(more)} more wrong)" if more else ""
        return tuple(str(part) for part in first["loc"]), " ".join(message.split()) + rest


def of_valid(values: Mapping[str, Any], queues: Sequence[str]) -> Settings:
    """Return the settings without what is wrong: a mistake in one changes none of the others."""
    valid = {name for name in values if isinstance(check({name: values[name]}, queues), Settings)}
    context = {"queues": queues}
    return Settings.model_validate({name: values[name] for name in valid}, context=context)


def fault(text: str, file: Path, line: int | None = None) -> Fault:
    """Return the fault of a function whose settings are wrong."""
    return Fault("InvalidParameterValueException", text, file, line)
