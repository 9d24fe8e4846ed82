"""End a process that has done its work, although threads of task modules would keep it."""

import atexit
import logging
import os
import signal
import threading
from types import FrameType

logger = logging.getLogger(__name__)

#: Seconds that such a process has for an end of its own.
END_S = 2.0

#: Seconds that Python has afterwards to free its memory.
REST_S = 60.0


def end_soon() -> None:
    """End in END_S seconds at most: Python waits for each thread that is no daemon."""
    signal.set_wakeup_fd(-1)  # nobody waits for signals any more
    signal.signal(signal.SIGALRM, _end)
    signal.setitimer(signal.ITIMER_REAL, END_S)


@atexit.register
def _leave_the_rest_to_python() -> None:
    """Let no alarm come soon, nor another stop: Python forgets its handlers of signals now.

    Each would kill the process, whose status would say that it died. This module is imported before
    those of tasks, so that this comes behind what they do at the exit.
    """
    if signal.getsignal(signal.SIGALRM) is _end:
        for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(signum, signal.SIG_IGN)
        signal.setitimer(signal.ITIMER_REAL, REST_S)


def _end(signum: int, frame: FrameType | None) -> None:
    main = threading.main_thread()
    names = sorted({t.name for t in threading.enumerate() if t is not main and not t.daemon})
    if names:
        threads = {"threads": ", ".join(names)}
        logger.warning("threads of task modules are left, and end with the process", extra=threads)
    logging.shutdown()
    os._exit(0)
