"""What holds threads or callers is reset in a forked child, and the child hears each signal."""

import gc
import os
import signal
import subprocess
import sys
from collections.abc import Callable

from huey_tasks.processes import forked_children

#: A worker's handlers first; then, as a task's import may be, one more thing to reset.
LATE = """
import os, signal, time
from huey_tasks.processes.plain_children import reset_in_forks
signal.signal(signal.SIGINT, lambda signum, frame: None)
reset_in_forks({signal.SIGINT: signal.getsignal(signal.SIGINT)})
from huey_tasks.processes import forked_children

class Late:
    def forget(self):
        os.kill(os.getpid(), signal.SIGINT)

late = Late()
forked_children.reset(late.forget)
if (child := os.fork()) == 0:
    time.sleep(60)
    os._exit(0)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_signal_that_comes_during_a_reset_ends_the_child() -> None:
    said = subprocess.run(
        [sys.executable, "-c", LATE], capture_output=True, text=True, check=True, timeout=90
    )
    assert said.stdout.strip() == str(-signal.SIGINT), said.stderr


class _Object:
    def __init__(self) -> None:
        self.pid = os.getpid()
        forked_children.reset(self.begin)

    def begin(self) -> None:
        self.pid = os.getpid()


def test_an_object_is_reset_in_a_child_while_it_lives() -> None:
    kept, gone = _Object(), _Object()
    resets = forked_children._resets  # pyright: ignore[reportPrivateUsage]
    of_gone = [one for one in resets if one() == gone.begin]
    del gone
    gc.collect()
    assert of_gone and not set(map(id, of_gone)) & set(map(id, resets))
    assert _in_child(lambda: kept.pid == os.getpid()) == 0
    assert kept.pid == os.getpid()


def _in_child(holds: Callable[[], bool]) -> int:
    if (child := os.fork()) == 0:
        os._exit(0 if holds() else 1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
