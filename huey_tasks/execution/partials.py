"""Partial results: what a running task emits, as it is kept with the task."""

import datetime as dt
import json
from typing import Any

from huey_tasks import serializer
from huey_tasks.execution import results

#: Bytes of one partial result, as JSON: 500 of a task take at most 2 MB of Redis.
MOST_BYTES = 4096


def partial_result(attempt: int, value: Any) -> str:
    """Return a partial result (JSON): what JSON cannot carry, or is too large, has a note instead.

    Raises what an iterator in the value raises.
    """
    outcome = serializer.loads(results.encode(value)[1])
    plain, note = serializer.plain(outcome["result"]), outcome.get("note")
    text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
    size = len(text.encode("utf-8", "backslashreplace"))
    if size > MOST_BYTES:
        plain, note = None, f"too large: {size} bytes, of at most {MOST_BYTES}"
    fields = {"attempt": attempt, "at": dt.datetime.now(dt.UTC).isoformat(), "value": plain}
    return json.dumps(fields | ({"note": note} if note else {}))
