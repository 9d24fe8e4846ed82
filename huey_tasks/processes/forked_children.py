"""What a forked child does not have of its parent, such as threads: there it is reset.

All resets are one handler of forks, registered at import. One that a task's own import registered
would come behind the handlers of a worker (`plain_children`), which let signals in again: Python
ignores what a signal raises there, so the child would survive its SIGINT.
"""

import os
import weakref
from collections.abc import Callable

_resets: list[weakref.WeakMethod[Callable[[], None]]] = []


def reset(method: Callable[[], None]) -> None:
    """Call a bound method in each child that this process forks, while its object lives."""
    _resets.append(weakref.WeakMethod(method, _resets.remove))


def _reset_all() -> None:
    for reference in list(_resets):
        if (method := reference()) is not None:
            method()


os.register_at_fork(after_in_child=_reset_all)
