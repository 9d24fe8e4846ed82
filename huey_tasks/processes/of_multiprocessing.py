"""What multiprocessing has started in this process, and how it ends that itself.

Owns the private names of multiprocessing that this needs: killed from outside, its pools start
their workers again, and its helper processes make the next use of them raise. Imports nothing of
multiprocessing, so a worker whose tasks do not use it does not pay for it.
"""

import os
import sys
from collections.abc import Callable, Collection
from typing import Any

from huey_tasks.processes import offspring


def pools() -> dict[Any, Callable[[], object]]:
    """Return the call that ends each pool, by a key that stays the same."""
    util, pool = sys.modules.get("multiprocessing.util"), sys.modules.get("multiprocessing.pool")
    if util is None or pool is None:
        return {}
    ends = pool.Pool._terminate_pool.__func__
    registry: dict[Any, Any] = dict(util._finalizer_registry)
    # A pool that only its finalizer ends does not know that, and accepts work for ever.
    return {
        key: finalizer if (pool_of := finalizer._weakref()) is None else pool_of.terminate
        for key, finalizer in registry.items()
        if getattr(finalizer._callback, "__func__", None) is ends
    }


def helpers() -> list[tuple[int, Callable[[], object]]]:
    """Return the ids of the helper processes, and the call that stops each.

    A helper that multiprocessing stops is started again when it is needed.
    """
    found: list[tuple[int, Any]] = []
    server = sys.modules.get("multiprocessing.forkserver")
    if server is not None and server._forkserver._forkserver_pid:
        found.append((server._forkserver._forkserver_pid, server._forkserver._stop))
    tracker = sys.modules.get("multiprocessing.resource_tracker")
    if tracker is not None and tracker._resource_tracker._pid:
        found.append((tracker._resource_tracker._pid, tracker._resource_tracker._stop))
    own = offspring.children() if found else set[int]()
    return [(pid, stop) for pid, stop in found if pid in own]


def forget(pids: Collection[int]) -> None:
    """Let multiprocessing start its helpers again that it could not stop in time, and were killed.

    It would look for them at its next use, which would raise ChildProcessError in another task.
    """
    server = sys.modules.get("multiprocessing.forkserver")
    if server is not None and server._forkserver._forkserver_pid in pids:
        one = server._forkserver
        _close(one._forkserver_alive_fd)
        one._forkserver_pid = one._forkserver_alive_fd = one._forkserver_address = None
    tracker = sys.modules.get("multiprocessing.resource_tracker")
    if tracker is not None and tracker._resource_tracker._pid in pids:
        one = tracker._resource_tracker
        _close(one._fd)
        one._pid = one._fd = None


def _close(file: int | None) -> None:
    if file is not None:
        os.close(file)


def collect() -> None:
    """Let multiprocessing see which processes have ended, so that it signals none of them."""
    process = sys.modules.get("multiprocessing.process")
    if process is not None:
        process.active_children()
