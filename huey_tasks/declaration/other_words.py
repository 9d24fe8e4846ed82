"""What other task queues call things, for the end of an error: the word to write here.

Somebody who ports a code base writes the words of Celery, RQ, Dramatiq or Huey at first.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from huey_tasks.declaration.options import nearest, place_of_caller
from huey_tasks.errors import InvalidTaskType

#: Options of `@task`.
OPTIONS = {
    "bind": "leave it out: huey_tasks.current_task is the task that runs",
    "base": "hooks of the queue do that: @default.post_execute()",
    "autoretry_for": "write retry_on=",
    "dont_autoretry_for": "write no_retry_on=",
    "throws": "write no_retry_on=",
    "max_retries": "write retries=",
    "default_retry_delay": "write retry_delay=",
    "min_backoff": "write retry_delay=",
    "max_backoff": "write max_retry_delay=",
    "retry_backoff_max": "write max_retry_delay=",
    "time_limit": "write timeout=, in seconds",
    "soft_time_limit": "write timeout=, in seconds: it raises TaskTimeout in the task",
    "job_timeout": "write timeout=, in seconds",
    "max_age": "write expires=, in seconds",
    "queue_name": "write queue=",
    "actor_name": "write name=",
    "rate_limit": "write limits={'rate': '100/m'}, over all consumers",
    "acks_late": "leave it out: a task always leaves its queue when its outcome is committed",
    "reject_on_worker_lost": "leave it out: the task of a lost worker always runs again",
    "ignore_result": "leave it out: RESULT_TTL_S says how long results are kept",
    "store_results": "leave it out: RESULT_TTL_S says how long results are kept",
    "track_started": "leave it out: it always is",
    "priority": "it belongs to a call: .options(queue_priority=5).submit(…)",
    "context": "leave it out: huey_tasks.current_task is the task that runs",
    "crontab": "write schedule='0 3 * * *'",
}

#: Options of one call, `.options(…)`.
CALL_OPTIONS = {
    "countdown": "delay_s",
    "delay": "delay_s",
    "eta": "run_at",
    "expires": "expires_in_s",
    "expires_in": "expires_in_s",
    "max_age": "expires_in_s",
    "priority": "queue_priority",
    "routing_key": "queue",
    "queue_name": "queue",
    "job_id": "idempotency_key",
    "task_id": "idempotency_key",
    "unique_for": "unique_for_s",
}

#: Methods of a function that `@task` returns.
METHODS = {
    "apply_async": ".options(delay_s=60).submit(…)",
    "apply": ".submit(…), in a test with the fixture `eager`",
    "send": ".submit(…)",
    "send_with_options": ".options(delay_s=60).submit(…)",
    "enqueue": ".submit(…)",
    "schedule": ".options(delay_s=60).submit(…)",
    "call_local": "a call of the function, which runs it here",
    "fn": "a call of the function, which runs it here",
    "run": "a call of the function, which runs it here",
    "si": ".s(…).into(None)",
    "signature": ".s(…)",
    "message": ".s(…)",
    "chunks": ".starmap(…)",
    "retry": "raise huey_tasks.Retry(delay_s=60)",
    "request": "huey_tasks.current_task",
    "update_state": "huey_tasks.current_task.progress(0.5, 'half')",
}

#: Methods of a task that `.s(…)` makes.
OF_SIGNATURES = {
    "submit": "chain(…).submit(); for one task .submit(…) of its function",
    "delay": "chain(…).submit(); for one task .submit(…) of its function",
    "apply_async": "chain(…).submit(); for one task .submit(…) of its function",
    "link": "chain(…)",
    "link_error": ".error(…)",
    "on_failure": ".error(…)",
    "on_success": ".then(…) or chain(…)",
    "set": ".options(…).s(…)",
    "clone": "another .s(…)",
    "pipe": "chain(…)",
}


def refuse_unknown(unknown: Mapping[str, Any], known: tuple[str, ...]) -> None:
    """Raise InvalidTaskType for the first unknown option of `@task`, with what to write instead."""
    for option in unknown:
        if option in OPTIONS:
            hint = f"; {OPTIONS[option]}"
        else:
            hint = nearest(option, known) or f"; it takes {', '.join(known)}"
        raise InvalidTaskType(f"@task has no option '{option[:64]}'{hint}", place_of_caller())


def no_call_option(option: str, known: Iterable[str]) -> TypeError:
    """Return the error of an option of one call that there is not."""
    names = tuple(known)
    if option in CALL_OPTIONS:
        hint = f"; did you mean '{CALL_OPTIONS[option]}'?"
    else:
        hint = nearest(option, names) or f"; it takes {', '.join(names)}"
    return TypeError(f".options(…) has no option '{option[:64]}'{hint}")


def no_attribute(owner: str, name: str, words: Mapping[str, str]) -> AttributeError:
    """Return the error of an attribute that there is not, with what to write instead."""
    hint = f"; write {words[name]}" if name in words else ""
    return AttributeError(f"{owner} has no attribute '{name}'{hint}")
