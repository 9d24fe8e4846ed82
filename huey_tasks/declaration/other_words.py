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

#: Those of `.options(…)`, for one call.
OF_ONE_CALL = (
    "queue",
    "delay_s",
    "run_at",
    "expires_in_s",
    "tags",
    "queue_priority",
    "unique_for_s",
    "unique_key",
    "idempotency_key",
    "webhook_url",
)

#: What others call them.
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

#: Arguments of `TaskHandle.result`.
OF_RESULT = {"timeout": "timeout_s", "max_wait": "timeout_s"}

#: Arguments of `Retry`.
OF_RETRY = {"countdown": "delay_s", "delay": "delay_s", "exc": "raise Retry(…) from exc"}

#: Arguments of `schedules.declare`, and all that it has by name.
OF_SCHEDULES = {
    "every": "every_s",
    "interval": "every_s",
    "seconds": "every_s",
    "schedule": "cron",
    "crontab": "cron",
    "tz": "timezone",
    "priority": "queue",
    "args": "payload",
    "kwargs": "payload",
}
OF_ONE_SCHEDULE = ("payload", "queue", "tags", "cron", "every_s", "timezone", "overlap")

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

#: Attributes of a `TaskHandle`.
OF_HANDLES = {
    "get": ".result(timeout_s=5)",
    "wait": ".result(timeout_s=5)",
    "join": ".result(timeout_s=5)",
    "get_result": ".result(timeout_s=5)",
    "return_value": ".result(timeout_s=5)",
    "ready": ".status().terminal",
    "is_finished": ".status().terminal",
    "successful": ".status() == 'SUCCESS'",
    "failed": ".status() == 'FAILURE'",
    "is_failed": ".status() == 'FAILURE'",
    "is_revoked": ".status() == 'REVOKED'",
    "state": ".status()",
    "get_status": ".status()",
    "info": ".record().progress",
    "meta": ".record().progress",
    "error": ".record().error",
    "traceback": ".record().traceback",
    "exc_info": ".record().traceback",
    "args": ".record().payload",
    "kwargs": ".record().payload",
    "retries": ".record().attempt",
    "worker": ".record().worker",
    "date_done": ".record().finished_at",
    "ended_at": ".record().finished_at",
    "refresh": ".record(), which reads it again",
    "revoke": ".cancel()",
    "abort": ".cancel()",
    "delete": ".cancel()",
    "forget": "nothing: RESULT_TTL_S says how long results are kept",
    "task_id": ".id",
    "message_id": ".id",
    "name": ".task_type",
    "func_name": ".task_type",
    "parent": ".after",
}

#: Attributes of the list of handles that a group and `.map(…)` return.
OF_HANDLE_LISTS = dict.fromkeys(
    ("get", "join", "wait", "result", "results", "get_results"),
    "[handle.result() for handle in …]",
) | {
    "ready": "all(handle.status().terminal for handle in …)",
    "revoke": "handle.cancel() for each",
    "cancel": "handle.cancel() for each",
}

#: Methods of a chain, a group and a chord.
OF_COMPOSITIONS = {
    **dict.fromkeys(("delay", "apply_async", "apply", "run", "send", "enqueue"), ".submit()"),
    **dict.fromkeys(("get", "result", "get_result", "get_results", "wait"), ".submit() first"),
    "link": "chain(…)",
    "then": "chain(…), or chord([…], done.s(…)) after a group",
    "link_error": ".error(…) of one of its tasks",
    "on_error": ".error(…) of one of its tasks",
    "error": ".error(…) of one of its tasks",
    "set": ".options(…).s(…) of each task",
    "options": ".options(…).s(…) of each task",
}

#: Names of the package.
OF_PACKAGE = {
    "shared_task": "from huey_tasks import task",
    "actor": "from huey_tasks import task",
    "job": "from huey_tasks import task",
    "db_task": "from huey_tasks import task",
    "periodic_task": "@task(schedule='0 3 * * *')",
    "db_periodic_task": "@task(schedule='0 3 * * *')",
    "crontab": "@task(schedule='0 3 * * *')",
    "Celery": "from huey_tasks import task; there is no app object",
    "send_task": "submit('its_name', {'to': 'a@b.c'})",
    "enqueue": "submit('its_name', {'to': 'a@b.c'})",
    "AsyncResult": "TaskHandle(task_id)",
    "Job": "TaskHandle(task_id)",
    "revoke": "cancel(task_id)",
    "Signature": ".s(…) of the function",
    "signature": ".s(…) of the function",
    "pipeline": "chain(…)",
    "get_current_job": "from huey_tasks import current_task",
    "CurrentMessage": "from huey_tasks import current_task",
    "get_task_logger": "logging.getLogger(__name__): its lines are kept with the task",
    "Queue": "from huey_tasks import high, default, low",
    "Huey": "from huey_tasks import default, a Huey",
    "RedisHuey": "from huey_tasks import default, a Huey",
    "huey": "from huey_tasks import default, a Huey",
    "RetryTask": "from huey_tasks import Retry",
    "Reject": "from huey_tasks import Fail",
    "SoftTimeLimitExceeded": "from huey_tasks import TaskTimeout",
    "TimeLimitExceeded": "from huey_tasks import TaskTimeout",
    "states": "from huey_tasks import TaskState",
    "lock_task": "default.lock_task('its name')",
    "rate_limit": "@task(limits={'rate': '100/m'})",
}


def refuse_unknown(unknown: Mapping[str, Any], known: tuple[str, ...]) -> None:
    """Raise InvalidTaskType for the first unknown option of `@task`, with what to write instead."""
    for option in unknown:
        if option in OPTIONS:
            hint = f"; {OPTIONS[option]}"
        else:
            hint = nearest(option, known) or f"; it takes {', '.join(known)}"
        raise InvalidTaskType(f"@task has no option '{option[:64]}'{hint}", place_of_caller())


def no_option(
    call: str, option: str, words: Mapping[str, str], known: tuple[str, ...]
) -> TypeError:
    """Return the error of an option that a call, such as `.options(…)`, does not have."""
    if option in words:
        word = words[option]
        hint = f"; did you mean '{word}'?" if word.isidentifier() else f"; write {word}"
    else:
        hint = nearest(option, known) or f"; it takes {', '.join(known)}"
    return TypeError(f"{call} has no option '{option[:64]}'{hint}")


def options_hint(arguments: Iterable[str]) -> str:
    """Return the end of an error about arguments that are options of the call, "" if none is."""
    options = [CALL_OPTIONS.get(name, name) for name in arguments]
    ours = next((option for option in options if option in OF_ONE_CALL), None)
    return f"; write .options({ours}=…).submit(…)" if ours else ""


def no_attribute(owner: str, name: str, words: Mapping[str, str]) -> AttributeError:
    """Return the error of an attribute that there is not, with what to write instead."""
    hint = f"; write {words[name]}" if name in words else ""
    return AttributeError(f"{owner} has no attribute '{name}'{hint}")
