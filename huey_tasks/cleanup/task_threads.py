"""A task's threads count as the task: what they log and report is kept with it.

A thread that a task starts, and what it gives to an executor, runs for the attempt that did so,
also when that attempt is over: its token is void then, so nothing of it reaches the next one.
Threads that Python would wait for at the end of a program are waited for at the end of the attempt.
"""

import concurrent.futures
import concurrent.futures.thread
import logging
import threading
from collections.abc import Callable
from typing import Any

from huey_tasks.execution.attempt import Attempt, current_attempt

logger = logging.getLogger(__name__)

#: Seconds after which the log says for which thread an attempt waits.
SAY_AFTER_S = 10.0

_start_thread = threading.Thread.start
_submit = concurrent.futures.ThreadPoolExecutor.submit
#: What an executor's thread runs; Python has no public name for it.
_EXECUTOR_BODY: Any = concurrent.futures.thread._worker  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


def count_as_the_task() -> None:
    """Let threads that tasks start in this process count as those tasks."""
    threading.Thread.start = _start_for_attempt
    concurrent.futures.ThreadPoolExecutor.submit = _submit_for_attempt


def wait_for_threads(attempt: Attempt) -> None:
    """Wait for the threads and the work that the attempt has left running, as Python does.

    Daemon threads and idle ones of executors are not waited for.
    """
    while attempt.threads or attempt.work:
        for thread in list(attempt.threads):
            thread.join(SAY_AFTER_S)
            if thread.is_alive():
                _say_what_lasts(attempt, thread.name)
            else:
                attempt.threads.discard(thread)
        if concurrent.futures.wait(list(attempt.work), SAY_AFTER_S).not_done:
            _say_what_lasts(attempt, "of an executor")


def _say_what_lasts(attempt: Attempt, thread: str) -> None:
    extra = {"task_id": attempt.claim.id, "waits_for": thread}
    logger.warning("the task has returned, and its thread still runs", extra=extra)


def _start_for_attempt(self: threading.Thread) -> None:
    attempt = current_attempt.get()
    if attempt is None or _is_of_executor(self):
        _start_thread(self)
        return
    run = self.run

    def run_for_attempt() -> None:
        current_attempt.set(attempt)
        try:
            run()
        finally:
            attempt.threads.discard(self)
            del self.run  # it and the thread would keep each other alive

    self.run = run_for_attempt
    if not self.daemon:
        attempt.threads.add(self)
    try:
        _start_thread(self)
    except BaseException:
        attempt.threads.discard(self)
        raise


def _is_of_executor(thread: threading.Thread) -> bool:
    """Whether the thread belongs to an executor, and may be idle for ever."""
    body = getattr(thread, "_target", None)
    return body is _EXECUTOR_BODY or type(thread).__module__ == "concurrent.futures.process"


def _submit_for_attempt(
    self: concurrent.futures.ThreadPoolExecutor,
    function: Callable[..., Any],
    /,
    *args: Any,
    **kwargs: Any,
) -> concurrent.futures.Future[Any]:
    attempt = current_attempt.get()
    if attempt is None:
        return _submit(self, function, *args, **kwargs)
    future = _submit(self, _run_for, attempt, function, args, kwargs)
    attempt.work.add(future)
    future.add_done_callback(attempt.work.discard)
    return future


def _run_for(
    attempt: Attempt, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    outer = current_attempt.set(attempt)
    try:
        return function(*args, **kwargs)
    finally:
        current_attempt.reset(outer)
