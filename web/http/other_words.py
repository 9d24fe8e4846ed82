"""What callers write at first for a field of a submit: the message says the field that is meant.

Python and other task queues have other words than these bodies, and a search for the nearest name
would take `args` for `tags`. Payloads are not concerned: their fields are the user's.
"""

from collections.abc import Mapping

import huey_tasks as tq

_QUEUE = ("priority", "the queue is 'priority'")
_PAYLOAD = ("payload", "the arguments are the object 'payload'")
_DELAY = ("delay", "the seconds until it may start are 'delay'")
_FIELDS = {
    **dict.fromkeys(("queue", "queue_name", "routing_key"), _QUEUE),
    **dict.fromkeys(("args", "kwargs", "arguments", "params"), _PAYLOAD),
    **dict.fromkeys(("countdown", "delay_s"), _DELAY),
    "task": ("task_type", "the function is 'task_type'"),
    "eta": ("run_at", "the time from which it may start is 'run_at'"),
    "task_id": ("task_type", "an id of the caller's own is the header Idempotency-Key"),
}

#: By the type of pydantic's error and the field.
WORDS: Mapping[tuple[str, str], tq.Meant] = {
    **{
        ("extra_forbidden", field): tq.Meant(beside, f"There is no field '{field}'; {hint}")
        for field, (beside, hint) in _FIELDS.items()
    },
    ("string_type", "priority"): tq.Meant(
        "queue_priority",
        f"'priority' is a queue: {', '.join(tq.QUEUES)}; "
        "the order within it is 'queue_priority', a number",
    ),
}
