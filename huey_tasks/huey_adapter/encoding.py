"""Converts Huey's task to the one that scripts store: relative times, and the gate it passes."""

import re
from typing import Any

from huey.api import Task
from huey.utils import utcnow

from huey_tasks import serializer
from huey_tasks.broker.protocol import NewTask

#: How a message begins. Redis keeps of it what is in a group: a claim has the id, too.
_BEGINNING = re.compile(
    rb"""\A({"\$message":{)"id":"[^"]*",("name":"[^"]*",)"""
    rb"""(?:"retries":0,)?("retry_delay":[\d.]*,)?(?:"args":\[\],)?"""
)
_SHORTENED = b'{"$message":{"name":'


def new_task_of(task: Task, message: bytes, queue: str = "") -> NewTask:
    """Return what is stored for a task of Huey's; `message` is the task as Huey writes it."""
    delay_s = expires_s = 0.0
    if task.eta is not None:
        delay_s = max((task.eta - utcnow()).total_seconds(), 0.0)
    if task.expires_resolved is not None:
        left_s = (task.expires_resolved - utcnow()).total_seconds()
        expires_s = left_s if left_s > 0.001 else -0.001  # too late at any claim
    gate, passes_on = gate_of(task)
    return NewTask(
        task.id,
        shortened(message),
        type(task).__name__,
        priority=int(task.priority or 0),
        delay_ms=round(delay_s * 1000),
        max_attempts=int(task.retries) + 1,
        retry_delay_s=float(task.retry_delay) if task.retries else 0.0,
        expires_ms=round(expires_s * 1000),
        gate=gate,
        passes_on=passes_on,
        tags=getattr(task, "tags", ""),
        queue=queue,
        webhook_url=getattr(task, "webhook_url", ""),
    )


def shortened(message: bytes) -> bytes:
    """Return a message of Huey's as Redis keeps it: each waiting task takes memory for one."""
    return _BEGINNING.sub(rb"\1\2\3", message)


def as_huey_writes(message: bytes, task_id: str) -> bytes:
    """Return a message that Redis has kept with what was left out, so that Huey can read it."""
    if not message.startswith(_SHORTENED):
        return message
    rest = message[message.index(b'"name":') :]
    return b'{"$message":{"id":%b,"retries":0,%b' % (serializer.dumps(task_id), rest)


def gate_of(task: Task) -> tuple[str, bool]:
    """The gate that a task, or the end of the pipeline it begins, passes; and which of the two."""
    tail: Any = task
    while tail.chord_config is None:
        if tail.on_complete is None:
            return "", False
        tail = tail.on_complete
    return tail.chord_config.callback.id, tail is not task
