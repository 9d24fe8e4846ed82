"""The events that schedules send to functions, in AWS's form.

An event may have the context attributes of EventBridge Scheduler, such as
`<aws.scheduler.scheduled-time>`: each run gets its own values. They are stored as they are, so one
and the same schedule makes another event at each due time.
"""

import datetime as dt
from typing import Any, cast

from huey_tasks.config import Config

_MARK = "<aws.scheduler."
EXECUTION_ID = f"{_MARK}execution-id>"
SCHEDULED_TIME = f"{_MARK}scheduled-time>"


def rule_event(config: Config, name: str) -> dict[str, Any]:
    """Return what an EventBridge rule sends when it is due, for `schedule` in functions.toml."""
    arn = f"arn:aws:events:{config.aws_region}:{config.aws_account_id}:rule/{name}"
    return _event(config, "aws.events", arn, {})


def scheduler_event(config: Config, arn: str) -> dict[str, Any]:
    """Return what EventBridge Scheduler sends for a target without an input."""
    return _event(config, "aws.scheduler", arn, "{}")


def _event(config: Config, source: str, arn: str, detail: Any) -> dict[str, Any]:
    return {
        "version": "0",
        "id": EXECUTION_ID,
        "detail-type": "Scheduled Event",
        "source": source,
        "account": config.aws_account_id,
        "time": SCHEDULED_TIME,
        "region": config.aws_region,
        "resources": [arn],
        "detail": detail,
    }


def schedule_arn(config: Config, name: str) -> str:
    """Return the ARN of a schedule, as EventBridge Scheduler writes it."""
    return f"arn:aws:scheduler:{config.aws_region}:{config.aws_account_id}:schedule/default/{name}"


def has_attributes(stored: str) -> bool:
    """Return whether a stored payload has a context attribute."""
    return _MARK in stored


def filled(payload: dict[str, Any], arn: str, task_id: str, due_ms: int) -> dict[str, Any]:
    """Return the payload with the values of one run in the place of the context attributes."""
    at = dt.datetime.fromtimestamp(due_ms / 1000, dt.UTC)
    values = {
        EXECUTION_ID: task_id,
        SCHEDULED_TIME: f"{at:%Y-%m-%dT%H:%M:%SZ}",
        f"{_MARK}schedule-arn>": arn,
        f"{_MARK}attempt-number>": "1",
    }

    def fill(value: Any) -> Any:
        if isinstance(value, str):
            for attribute, of_run in values.items():
                value = value.replace(attribute, of_run)
        elif isinstance(value, dict):
            return {key: fill(each) for key, each in value.items()}
        elif isinstance(value, list):
            return [fill(each) for each in value]
        return value

    return cast(dict[str, Any], fill(payload))
