"""What callers write at first in a submit or in limits: the message says what is meant.

Python and other task queues have other words than these bodies, and a search for the nearest name
would take `args` for `tags`; limits in code have texts for numbers. Payloads are not concerned:
their fields are the user's.
"""

from collections.abc import Mapping

import huey_tasks as tq

_QUEUE = ("priority", "the queue is 'priority'")
_PAYLOAD = ("payload", "the arguments are the object 'payload'")
_DELAY = ("delay", "the seconds until it may start are 'delay'")
_OF_THE_TYPE = ("payload", "that is of the task type: @task(retries=3, timeout=60)")
_FIELDS = {
    **dict.fromkeys(("queue", "queue_name", "routing_key"), _QUEUE),
    **dict.fromkeys(("args", "kwargs", "arguments", "params"), _PAYLOAD),
    **dict.fromkeys(("countdown", "delay_s"), _DELAY),
    **dict.fromkeys(("retries", "max_retries", "retry_delay", "timeout"), _OF_THE_TYPE),
    # A query of a submit, and of a bulk, whose tasks nobody waits for.
    "wait": ("dry_run", "the header 'Prefer: wait=10' of a submit waits for the end"),
    "task": ("task_type", "the function is 'task_type'"),
    "eta": ("run_at", "the time from which it may start is 'run_at'"),
    "task_id": ("task_type", "an id of the caller's own is the header Idempotency-Key"),
}

#: Numbers of limits, which are often written as texts: the type, a field beside each, what it is.
_SECONDS = "a number of seconds, such as 60"
_NUMBERS = {
    "rate": ("int", "per", "a whole number and 'per' its seconds: for 100/m write 100 and 60"),
    "per": ("float", "rate", _SECONDS),
    "concurrency": ("int", "rate", "a whole number, such as 5"),
    "failures": ("float", "tries", "a share from 0.01 to 1, such as 0.5 for 50%"),
    "of": ("int", "tries", "a whole number, such as 20"),
    "within_s": ("float", "tries", _SECONDS),
    "pause_s": ("float", "tries", _SECONDS),
    "tries": ("int", "of", "a whole number, such as 3"),
}

#: By the type of pydantic's error and the field.
WORDS: Mapping[tuple[str, str], tq.Meant] = {
    **{
        ("extra_forbidden", field): tq.Meant(beside, f"There is no field '{field}'; {hint}")
        for field, (beside, hint) in _FIELDS.items()
    },
    **{
        (f"{kind}_type", field): tq.Meant(beside, f"'{field}' is {what}")
        for field, (kind, beside, what) in _NUMBERS.items()
    },
    # Of a submit, a node of a flow, a change, a schedule, a key: a text such as "1h" is often sent.
    **{
        ("float_type", field): tq.Meant(field, f"'{field}' is {_SECONDS}")
        for field in ("delay", "expires_in", "unique_for", "every_s")
    },
    ("model_type", "breaker"): tq.Meant("rate", "'breaker' is an object, {} for the usual one"),
    ("string_type", "priority"): tq.Meant(
        "queue_priority",
        f"'priority' is a queue: {', '.join(tq.QUEUES)}; "
        "the order within it is 'queue_priority', a number",
    ),
}
