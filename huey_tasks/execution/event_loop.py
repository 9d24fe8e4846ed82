"""Runs the coroutine of an `async def` task in the event loop of its worker.

A worker keeps its loop between tasks. What an attempt leaves running in it ends with the attempt; a
loop that is not as new afterwards is closed, and the next task gets another. What stops an attempt
(a cancel, a time limit, a consumer that stops) cancels the coroutine, so that it can clean up, and
is raised when the coroutine has ended.
"""

import asyncio
import atexit
import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable, Coroutine
from contextvars import copy_context
from types import FrameType
from typing import Any

from huey_tasks.execution.attempt import current_attempt
from huey_tasks.processes import fork_copies

logger = logging.getLogger(__name__)

#: Seconds in which what a task has left in the loop may clean up.
ORDERLY_S = 1.0

#: Those that stop an attempt in a worker, and the one of Ctrl-C elsewhere.
_SIGNALS = (signal.SIGUSR1, signal.SIGALRM, signal.SIGINT)

#: The code with which a loop calls everything else.
_LOOP_CALLS = asyncio.Handle._run.__code__

_kept: Any = None


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine to its end and return its value; raises what it raises.

    Raises RuntimeError in a pool of greenlets: asyncio would hold up all of them.
    """
    if _is_patched_by_gevent():
        coroutine.close()
        raise RuntimeError(
            "greenlet workers run no 'async def': let a consumer of worker type 'process' run it"
        )
    if asyncio._get_running_loop() is not None:  # that of a test which runs tasks at once
        return _run_in_a_thread(coroutine)
    attempt = current_attempt.get()
    loop = _take(keep=attempt is not None and attempt.has_worker)
    try:
        return _run(loop, coroutine)
    finally:
        if loop is not _kept or not _is_as_new(loop):
            _close(loop)


def _run(loop: Any, coroutine: Coroutine[Any, Any, Any]) -> Any:
    main, attempt = loop.create_task(coroutine), current_attempt.get()
    if attempt is not None:
        attempt.coroutine = main
    with _Stops(loop, main) as stops:
        try:
            returned = loop.run_until_complete(main)
        except asyncio.CancelledError as error:
            if stops.error is None:
                raise
            raise stops.error from error
        finally:
            fork_copies.end_if_copy(sys.exc_info()[1])
            if attempt is not None:
                attempt.coroutine = None
            _end_what_is_left(loop)
        if stops.came_late and stops.error is not None:
            raise stops.error
        return returned


class _Stops:
    """Turns the exceptions that signal handlers raise into a cancel of the coroutine.

    Raised in the midst of the loop they would reach any of its tasks, or none.
    """

    def __init__(self, loop: Any, main: "asyncio.Task[Any]") -> None:
        self._loop, self._main = loop, main
        self._handlers: dict[int, Callable[[int, FrameType | None], Any]] = {}
        #: What a handler has raised, and whether the coroutine had ended by then.
        self.error: BaseException | None = None
        self.came_late = False

    def __enter__(self) -> "_Stops":
        if threading.current_thread() is threading.main_thread():
            for signum in _SIGNALS:
                handler = signal.getsignal(signum)
                if callable(handler):
                    self._handlers[signum] = handler
                    signal.signal(signum, self._heed)
        return self

    def __exit__(self, *error: object) -> None:
        for signum, handler in self._handlers.items():
            signal.signal(signum, handler)

    def _heed(self, signum: int, frame: FrameType | None) -> None:
        try:
            self._handlers[signum](signum, frame)
        except BaseException as error:
            self.error = error
            self.came_late = self._main.done()
        else:
            return
        running = asyncio.current_task(self._loop)
        # It computes, or waits without await, and would not see a cancel.
        in_own_code = running is not None and _is_inside(running, frame)
        if not self.came_late and not (in_own_code and running is self._main):
            self._loop.call_soon_threadsafe(self._main.cancel)
        if in_own_code:
            raise asyncio.CancelledError


def _is_inside(task: "asyncio.Task[Any]", frame: FrameType | None) -> bool:
    """Whether the task's own code has called this frame; what the loop calls must not raise."""
    own = getattr(task.get_coro(), "cr_frame", None)
    while frame is not None and frame is not own and frame.f_code is not _LOOP_CALLS:
        frame = frame.f_back
    return own is not None and frame is own


def _end_what_is_left(loop: Any) -> None:
    """Cancel what the attempt has left running in the loop, and abort its connections."""
    left = asyncio.all_tasks(loop)
    for one in left:
        one.cancel()
    if left:
        loop.run_until_complete(asyncio.wait(left, timeout=ORDERLY_S))
        logger.info("what the coroutine had left running is cancelled", extra={"tasks": len(left)})
    for one in left:
        if one.done() and not one.cancelled() and (error := one.exception()) is not None:
            logging.getLogger("asyncio").error("what a coroutine left failed", exc_info=error)
    if getattr(loop, "_asyncgens", None):
        loop.run_until_complete(loop.shutdown_asyncgens())
    if transports := list(getattr(loop, "_transports", {}).values()):
        for transport in transports:
            transport.abort()
        loop.run_until_complete(asyncio.sleep(0))


def _is_as_new(loop: Any) -> bool:
    """Whether nothing of the last task is in a loop; False if that is not known."""
    try:
        return (
            len(loop._selector.get_map()) == 1  # its own socket, which wakes it up
            and not loop._ready
            and not any(not timer.cancelled() for timer in loop._scheduled)
            and not loop._signal_handlers
            and not loop._asyncgens_shutdown_called
            and loop._exception_handler is None
            and loop._task_factory is None
            and not asyncio.all_tasks(loop)
        )
    except AttributeError:
        return False


def _take(*, keep: bool) -> Any:
    """Return the loop of this worker, or a new one."""
    global _kept
    if not keep or threading.current_thread() is not threading.main_thread():
        return asyncio.new_event_loop()
    if _kept is None:
        _kept = asyncio.new_event_loop()
    return _kept


def _close(loop: Any) -> None:
    """Close a loop, with the sockets at which a server of the task still listens."""
    global _kept
    if loop is _kept:
        _kept = None
    selector = getattr(loop, "_selector", None)
    handles = [one for key in selector.get_map().values() for one in key.data] if selector else []
    loop.close()
    for handle in handles:
        for argument in getattr(handle, "_args", None) or ():
            if isinstance(argument, socket.socket):
                argument.close()


@atexit.register
def _close_the_kept() -> None:
    if _kept is not None:
        _close(_kept)


def _run_in_a_thread(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run it beside the loop that runs in this thread, which waits."""
    ended: list[Any] = []
    failed: list[BaseException] = []

    def body() -> None:
        try:
            ended.append(run(coroutine))
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=copy_context().run, args=(body,), name="coroutine")
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return ended[0]


def _is_patched_by_gevent() -> bool:
    monkey = sys.modules.get("gevent.monkey")
    return monkey is not None and bool(monkey.is_module_patched("select"))
